//! Writes: between two requests, each as the next frame on the wire, and read back.
//!
//! What is sent is sent once. Past its deadline it is never sent: that is looked at again right before its first
//! byte goes out. A write that nobody answered is not repeated, as the device may have acted on it: what it did
//! is read back, and if that is not answered either, nobody knows ([`Verdict::Unknown`]). What is read back is an
//! ordinary reply, so the change comes to everybody as any other does.

mod queue;

use pointcast_api::{
    Command, DeviceIndex, Outcome, PointIndex, Reading, Refused, Sample, UnixMs, Verdict,
};
use tokio::time::Instant;
use tokio_modbus::ExceptionCode;

use super::{Asked, Purpose, Session};
use crate::decode::Content;
use crate::encode::Encoded;
use crate::frame::{Answer, ReadRequest};
use crate::link::{Answered, Link, Lost, Unanswered};
use crate::plan::Want;
use crate::settings::Unit;
use crate::writing::Function;
use queue::{Pending, Sent, Taken};

pub(crate) use queue::{Queue, Step};
#[cfg(test)]
pub(super) use queue::{WRITES_BEFORE_A_READ, WRITES_PER_DEVICE};

/// A point as its writes need it.
struct Target {
    unit: Unit,
    want: Want,
    function: Function,
}

/// What a read of a point brought.
enum Read {
    Content(Content),
    /// An exception: there is somebody.
    Refused,
    Nothing,
}

impl<L: Link> Session<'_, L> {
    /// Takes a command in, or says at once why not.
    pub(super) fn accept(&mut self, command: Command) {
        let at = command.point().at();
        let (Some(Some(writing)), Some(decoder), Some(want)) =
            (self.site.writings.get(at), self.site.decoders.get(at), self.site.wants.get(at))
        else {
            return command.refuse(Refused::NotWritable);
        };
        if self.is_lost(want.device) {
            return command.refuse(Refused::Unreachable);
        }
        match decoder.encode(command.value()) {
            Ok(encoded) => self.writes.push(want.device, command, encoded, writing.coalesce),
            Err(error) => command.refuse(Refused::Unfit(error.to_string())),
        }
    }

    /// What is to be done for writes now; or when to look again.
    pub(super) fn next_write(
        &mut self,
        now: Instant,
        reads_due: bool,
    ) -> Result<Step, Option<Instant>> {
        if self.writes.is_empty() {
            self.writes.count_read();
            return Err(None);
        }
        self.writes.expire();
        for device in (0..self.site.units.len()).filter_map(|at| u32::try_from(at).ok()) {
            // Whoever was lost meanwhile: the answer is as quick as that.
            if self.is_lost(DeviceIndex(device)) {
                self.writes.refuse(DeviceIndex(device), &Refused::Unreachable);
            }
        }
        let rest =
            |device: DeviceIndex| self.link.rests_until(self.site.units.get(device.at())?.id);
        self.writes.next(now, reads_due, rest)
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
        let at = command.point().at();
        let want = *self.site.wants.get(at)?;
        let function = self.site.writings.get(at)?.as_ref()?.function;
        Some(Target { unit: *self.site.units.get(want.device.at())?, want, function })
    }

    async fn write(&mut self, device: DeviceIndex, pending: Pending) -> Result<(), Lost> {
        let Some(target) = self.target(&pending.command) else {
            pending.command.refuse(Refused::NotWritable);
            return Ok(());
        };
        let mut current = None;
        if target.function.reads_first() {
            match self.read(&pending.command, &target).await? {
                Read::Content(Content::Registers(registers)) => {
                    current = registers.first().copied();
                }
                Read::Content(Content::Bits(_)) => {}
                Read::Refused | Read::Nothing => {
                    pending.command.refuse(Refused::Unreachable);
                    return Ok(());
                }
            }
        }
        let first = target.want.first;
        let request = target.function.request(target.unit.id, first, &pending.encoded, current);
        let Some(request) = request else {
            pending.command.refuse(Refused::NotWritable);
            return Ok(());
        };
        let may_go = || pending.command.begin();
        let (asked, answer) =
            self.exchange(Purpose::alone(device, target.unit), request.into(), &may_go).await?;
        match answer {
            Ok(answered) => self.taken(&asked, pending, answered),
            Err(Unanswered::Silence) => {
                self.count_silence(&asked);
                self.writes.sent(device, pending, Taken::Unanswered, 1);
            }
            Err(Unanswered::LineBusy) => self.writes.put_back(device, pending),
            Err(Unanswered::Withheld) => pending.command.refuse(Refused::Expired),
            // Any read tells whether the line echoes. A unit that does not answer it is not written to.
            Err(Unanswered::MaybeEcho) => match self.read(&pending.command, &target).await? {
                Read::Content(_) | Read::Refused => self.writes.put_back(device, pending),
                Read::Nothing => pending.command.refuse(Refused::Unreachable),
            },
        }
        self.show_state(device);
        Ok(())
    }

    /// The device answered a write.
    fn taken(&mut self, asked: &Asked, pending: Pending, answered: Answered) {
        let tries = u32::from(self.site.channel.retries) + 1;
        let Answered { answer, arrived, .. } = answered;
        match answer {
            Answer::Written => {
                self.found(asked);
                self.writes.sent(asked.device, pending, Taken::Yes, tries);
            }
            Answer::Content(content) => {
                self.found(asked);
                let Pending { command, encoded, .. } = pending;
                self.put_point(command.point(), &content, arrived);
                self.judge(command, &encoded, Taken::Yes, &content);
            }
            Answer::Exception(code) => {
                let error = self.refused(asked, code);
                match code {
                    ExceptionCode::GatewayPathUnavailable => {
                        pending.command.refuse(Refused::Unreachable);
                    }
                    // The gateway sent it on, and the unit did not answer it.
                    ExceptionCode::GatewayTargetDevice => {
                        self.writes.sent(asked.device, pending, Taken::Unanswered, 1);
                    }
                    ExceptionCode::Acknowledge => {
                        self.found(asked);
                        self.writes.sent(asked.device, pending, Taken::InTime, tries);
                    }
                    ExceptionCode::IllegalFunction
                    | ExceptionCode::IllegalDataAddress
                    | ExceptionCode::IllegalDataValue
                    | ExceptionCode::ServerDeviceFailure
                    | ExceptionCode::ServerDeviceBusy
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
        let read = match self.read(&sent.command, &target).await {
            Ok(read) => read,
            Err(lost) => {
                self.writes.put_back_sent(device, sent);
                return Err(lost);
            }
        };
        match read {
            Read::Content(content) => {
                let Sent { command, encoded, taken, .. } = sent;
                self.judge(command, &encoded, taken, &content);
            }
            Read::Nothing if sent.tries > 0 => self.writes.put_back_sent(device, sent),
            read @ (Read::Refused | Read::Nothing) => {
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

impl<L: Link> Session<'_, L> {
    /// Reads a point alone, as an ordinary reply: its value goes to everybody.
    async fn read(&mut self, command: &Command, target: &Target) -> Result<Read, Lost> {
        let Want { device, table, first, length, .. } = target.want;
        let request = ReadRequest { unit: target.unit.id, table, first, quantity: length };
        let (asked, answer) =
            self.exchange(Purpose::alone(device, target.unit), request.into(), &|| true).await?;
        let Answered { answer, arrived, .. } = match answer {
            Ok(answered) => answered,
            Err(_) => {
                self.count_silence(&asked);
                return Ok(Read::Nothing);
            }
        };
        match answer {
            Answer::Content(content) => {
                self.found(&asked);
                self.put_point(command.point(), &content, arrived);
                Ok(Read::Content(content))
            }
            Answer::Written => Ok(Read::Nothing),
            Answer::Exception(code) => {
                self.refused(&asked, code);
                if let ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice =
                    code
                {
                    return Ok(Read::Nothing);
                }
                self.found(&asked);
                Ok(Read::Refused)
            }
        }
    }

    fn put_point(&self, point: PointIndex, content: &Content, time: UnixMs) {
        let decoder = self.site.decoders.get(point.at());
        if let Some(reading) = decoder.and_then(|decoder| decoder.read(content, 0)) {
            self.outlet.put(&[Sample { point, reading, time }]);
        }
    }

    /// Answers a write with what was found in the device afterwards.
    fn judge(&self, command: Command, encoded: &Encoded, taken: Taken, content: &Content) {
        let Some(decoder) = self.site.decoders.get(command.point().at()) else { return };
        let reading = decoder.read(content, 0);
        let is_same = match (encoded, content) {
            (Encoded::Bits(written), Content::Bits(found)) => written == found,
            // Text may be filled up otherwise than it was written: what it says counts.
            (Encoded::Registers(written), Content::Registers(found)) => {
                written == found || decoder.read(&Content::Registers(written.clone()), 0) == reading
            }
            (Encoded::Part { mask, bits }, Content::Registers(found)) => {
                found.first().is_some_and(|register| register & mask == *bits)
            }
            (Encoded::Bits(_), Content::Registers(_))
            | (Encoded::Registers(_) | Encoded::Part { .. }, Content::Bits(_)) => false,
        };
        let verdict = match taken {
            _ if is_same => Verdict::Applied,
            Taken::InTime => Verdict::Unverified,
            Taken::Yes | Taken::Unanswered => Verdict::Mismatch,
        };
        let value = match reading {
            Some(
                Reading::Good(value)
                | Reading::OutOfRange(value)
                | Reading::Substituted(value)
                | Reading::OfUnknownAge(value),
            ) => Some(value),
            Some(Reading::NotANumber | Reading::Failed(_)) | None => None,
        };
        command.answer(Outcome { verdict, value });
    }

    /// Nobody answered; what is counted of it.
    fn count_silence(&mut self, asked: &Asked) {
        let error = format!("{}: no reply in time", self.describe(asked));
        self.reports.update(self.outlet, asked.device, |report| {
            report.counters.timeouts += 1;
            report.last_error = Some(error);
        });
    }
}
