//! Writes: between two requests, each as the next frame on the wire, and read back.
//!
//! What is sent is sent once. Past its deadline it is never sent: that is looked at again right before its first
//! byte goes out. One that the device was too busy to take (exception 06) is sent again within its deadline: it did
//! not act on it. A write that nobody answered is not repeated, as the device may have acted on it: what it did
//! is read back, and if that is not answered either, nobody knows ([`Unknown`](pointcast_api::Verdict::Unknown)). What is read back is an
//! ordinary reply, so the change comes to everybody as any other does.

mod look;
mod queue;

use pointcast_api::{Command, DeviceIndex, PointIndex, Refused};
use tokio::time::Instant;
use tokio_modbus::ExceptionCode;

use super::{Asked, Purpose, Session};
use crate::decode::Content;
use crate::encode::{EncodeError, Encoded, labelled};
use crate::frame::{Answer, WriteRequest};
use crate::link::{Answered, Link, Lost, Unanswered};
use crate::plan::Want;
use crate::settings::Unit;
use crate::writing::Function;
use look::Read;
use queue::{Pending, Sent, Taken};

pub(crate) use queue::{Queue, Step};
#[cfg(test)]
pub(super) use queue::{WRITES_BEFORE_A_READ, WRITES_PER_DEVICE};

/// Why nothing is sent.
enum Unsent {
    Refused(Refused),
    /// For now: the device asks for patience.
    Busy,
}

impl From<Refused> for Unsent {
    fn from(why: Refused) -> Self {
        Self::Refused(why)
    }
}

/// A point as its writes need it.
#[derive(Clone, Copy)]
struct Target {
    point: PointIndex,
    unit: Unit,
    want: Want,
    /// Where in what is read for it the value itself begins, and how long it is.
    own: (u16, u16),
    function: Function,
}

impl Target {
    /// The value itself in what was read for the point.
    fn own<'a>(&self, registers: &'a [u16]) -> Option<&'a [u16]> {
        let (at, length) = self.own;
        registers.get(at.into()..usize::from(at) + usize::from(length))
    }

    /// Whether more is read for it than the value itself: the register with its scale.
    fn has_more(&self) -> bool {
        self.own.1 != self.want.length
    }
}

impl<L: Link> Session<'_, L> {
    /// Takes a command in, or says at once why not.
    pub(super) fn accept(&mut self, command: Command) {
        let at = command.point().at();
        let (Some(Some(writing)), Some(want)) =
            (self.site.writings.get(at), self.site.wants.get(at))
        else {
            return command.refuse(Refused::NotWritable);
        };
        if self.is_lost(want.device) {
            return command.refuse(Refused::Unreachable);
        }
        let encoded = match self.encode(&command, None) {
            Ok(encoded) => Some(encoded),
            Err(EncodeError::NoScale) => None,
            Err(error) => return command.refuse(Refused::Unfit(error.to_string())),
        };
        self.writes.push(want.device, command, encoded, writing.coalesce);
    }

    /// What a command's value is in the device, by the scale that stands in `beside`, where it stands in a register.
    fn encode(&self, command: &Command, beside: Option<&Content>) -> Result<Encoded, EncodeError> {
        let at = command.point().at();
        let labels = self.site.points.get(at).map(|point| point.details.about().labels.as_slice());
        let value = labelled(command.value(), labels.unwrap_or_default())?;
        match (self.site.decoders.get(at), beside) {
            (Some(decoder), Some(content)) => decoder.encode_beside(content, &value),
            (Some(decoder), None) => decoder.encode(&value),
            (None, _) => Err(EncodeError::NoScale),
        }
    }

    /// What is to be done for writes now; or when to look again.
    pub(super) fn next_write(
        &mut self,
        now: Instant,
        reads_due: bool,
    ) -> Result<Step, Option<Instant>> {
        if self.writes.is_empty() {
            if !reads_due {
                self.writes.count_read();
            }
            return Err(None);
        }
        self.writes.expire();
        for device in (0..self.site.units.len()).filter_map(|at| u32::try_from(at).ok()) {
            // Whoever was lost meanwhile: the answer is as quick as that.
            if self.is_lost(DeviceIndex(device)) {
                self.writes.refuse(DeviceIndex(device), &Refused::Unreachable);
            }
        }
        let gate = |device: DeviceIndex| {
            let health = self.health.get(device.at())?;
            self.link.rests_until(health.unit.id).max(health.busy.not_before())
        };
        self.writes.next(now, reads_due, gate)
    }

    /// Does what is next for writes.
    ///
    /// # Errors
    /// [`Lost`]; a write under way answers by itself what is known of it.
    pub(super) async fn write_step(&mut self, step: Step) -> Result<(), Lost> {
        self.writes.count_write();
        match step {
            Step::Write(device) => match self.writes.take(device) {
                Some(pending) => self.write(device, pending).await,
                None => Ok(()),
            },
            Step::ReadBack(device) => match self.writes.take_sent(device) {
                Some(sent) => self.read_back(device, sent).await,
                None => Ok(()),
            },
        }
    }

    fn is_lost(&self, device: DeviceIndex) -> bool {
        self.health.get(device.at()).is_none_or(|health| health.patience.is_lost())
    }

    fn target(&self, command: &Command) -> Option<Target> {
        let point = command.point();
        let want = *self.site.wants.get(point.at())?;
        let own = self.site.decoders.get(point.at())?.own();
        let function = self.site.writings.get(point.at())?.as_ref()?.function;
        let unit = *self.site.units.get(want.device.at())?;
        Some(Target { point, unit, want, own, function })
    }

    /// Reads the point first, where what is written depends on what it holds; what is to be written, and the request.
    ///
    /// The inner error says why nothing is sent.
    async fn prepare(
        &mut self,
        pending: &Pending,
        target: &Target,
    ) -> Result<Result<(Encoded, WriteRequest), Unsent>, Lost> {
        let (mut encoded, mut current) = (pending.encoded.clone(), None);
        if target.function.reads_first() || encoded.is_none() {
            let content = match self.read(target).await? {
                Read::Content(content) => content,
                Read::Later => return Ok(Err(Unsent::Busy)),
                Read::Refused(error) => return Ok(Err(Refused::ByDevice(error).into())),
                Read::Nothing => return Ok(Err(Refused::Unreachable.into())),
            };
            encoded = match self.encode(&pending.command, Some(&content)) {
                Ok(encoded) => Some(encoded),
                Err(error) => return Ok(Err(Refused::Unfit(error.to_string()).into())),
            };
            if let Content::Registers(registers) = &content {
                current = target.own(registers).and_then(<[u16]>::first).copied();
            }
        }
        let prepared = encoded.and_then(|encoded| {
            let first = target.want.first.checked_add(target.own.0)?;
            let request = target.function.request(target.unit.id, first, &encoded, current)?;
            Some((encoded, request))
        });
        Ok(prepared.ok_or(Refused::NotWritable.into()))
    }

    async fn write(&mut self, device: DeviceIndex, pending: Pending) -> Result<(), Lost> {
        let Some(target) = self.target(&pending.command) else {
            pending.command.refuse(Refused::NotWritable);
            return Ok(());
        };
        let (encoded, request) = match self.prepare(&pending, &target).await? {
            Ok(prepared) => prepared,
            Err(Unsent::Refused(why)) => {
                pending.command.refuse(why);
                return Ok(());
            }
            Err(Unsent::Busy) => {
                self.writes.put_back(device, pending);
                return Ok(());
            }
        };
        let may_go = || pending.command.begin();
        let (asked, answer) =
            self.exchange(Purpose::alone(device, target.unit), request.into(), &may_go).await?;
        match answer {
            Ok(answered) => self.taken(&asked, &target, (pending, encoded), answered),
            Err(Unanswered::Silence) => {
                self.count_silence(&asked);
                self.writes.sent(device, (pending, encoded), Taken::Unanswered, 1);
            }
            Err(Unanswered::LineBusy) => self.writes.put_back(device, pending),
            // It did not answer what the link asked it before.
            Err(Unanswered::OwesAnswer) => {
                self.count_silence(&asked);
                pending.command.refuse(Refused::Unreachable);
            }
            Err(Unanswered::Withheld) => pending.command.refuse(Refused::Expired),
            // Any read tells whether the line echoes. A unit that does not answer it is not written to.
            Err(Unanswered::MaybeEcho) => match self.read(&target).await? {
                Read::Content(_) | Read::Later | Read::Refused(_) => {
                    self.writes.put_back(device, pending);
                }
                Read::Nothing => pending.command.refuse(Refused::Unreachable),
            },
        }
        self.show_state(device);
        Ok(())
    }

    /// The device answered a write.
    fn taken(
        &mut self,
        asked: &Asked,
        target: &Target,
        (pending, encoded): (Pending, Encoded),
        answered: Answered,
    ) {
        let tries = u32::from(self.site.channel.retries) + 1;
        let Answered { answer, arrived, .. } = answered;
        match answer {
            Answer::Written => {
                self.found(asked);
                self.writes.sent(asked.device, (pending, encoded), Taken::Yes, tries);
            }
            // Read back already, but for the register with its scale.
            Answer::Content(_) if target.has_more() => {
                self.found(asked);
                self.writes.sent(asked.device, (pending, encoded), Taken::Yes, tries);
            }
            Answer::Content(content) => {
                self.found(asked);
                self.put_point(target.point, &content, arrived);
                self.judge(pending.command, target, &encoded, Taken::Yes, &content);
            }
            Answer::Exception(code) => {
                let error = self.refused(asked, code);
                match code {
                    ExceptionCode::GatewayPathUnavailable => {
                        pending.command.refuse(Refused::Unreachable);
                    }
                    // The gateway sent it on, and the unit did not answer it.
                    ExceptionCode::GatewayTargetDevice => {
                        self.writes.sent(asked.device, (pending, encoded), Taken::Unanswered, 1);
                    }
                    ExceptionCode::Acknowledge => {
                        self.found(asked);
                        self.is_busy(asked);
                        self.writes.sent(asked.device, (pending, encoded), Taken::InTime, tries);
                    }
                    ExceptionCode::ServerDeviceBusy => {
                        self.found(asked);
                        self.is_busy(asked);
                        pending.command.take_back();
                        self.writes.put_back(asked.device, pending);
                    }
                    ExceptionCode::IllegalFunction
                    | ExceptionCode::IllegalDataAddress
                    | ExceptionCode::IllegalDataValue
                    | ExceptionCode::ServerDeviceFailure
                    | ExceptionCode::MemoryParityError
                    | ExceptionCode::Custom(_) => {
                        self.found(asked);
                        pending.command.refuse(Refused::ByDevice(error));
                    }
                }
            }
        }
    }

    async fn read_back(&mut self, device: DeviceIndex, mut sent: Sent) -> Result<(), Lost> {
        let Some(target) = self.target(&sent.command) else { return Ok(()) };
        sent.tries = sent.tries.saturating_sub(1);
        let read = match self.read(&target).await {
            Ok(read) => read,
            Err(lost) => {
                self.writes.put_back_sent(device, sent);
                return Err(lost);
            }
        };
        match read {
            Read::Content(content) => {
                let Sent { command, encoded, taken, .. } = sent;
                self.judge(command, &target, &encoded, taken, &content);
            }
            Read::Nothing | Read::Later if sent.tries > 0 => {
                self.writes.put_back_sent(device, sent);
            }
            read @ (Read::Later | Read::Refused(_) | Read::Nothing) => {
                if matches!(read, Read::Nothing) && sent.taken == Taken::Unanswered {
                    self.writes.refuse(device, &Refused::Unreachable);
                }
                sent.unseen();
            }
        }
        self.show_state(device);
        Ok(())
    }
}
