//! What a device holds after a write, or before it: reading a point, and the verdict that follows.

use pointcast_api::{Command, Outcome, PointIndex, Reading, Sample, UnixMs, Verdict};
use tokio_modbus::ExceptionCode;

use super::queue::Taken;
use super::{Asked, Purpose, Session, Target};
use crate::decode::Content;
use crate::encode::Encoded;
use crate::frame::{Answer, ReadRequest};
use crate::link::{Answered, Link, Lost};
use crate::plan::Want;

/// What a read of a point brought.
pub(super) enum Read {
    Content(Content),
    /// The device asks for patience (exceptions 05 and 06).
    Later,
    /// Another exception, in words: there is somebody.
    Refused(String),
    Nothing,
}

impl<L: Link> Session<'_, L> {
    /// Reads a point alone, as an ordinary reply: its value goes to everybody.
    pub(super) async fn read(&mut self, target: &Target) -> Result<Read, Lost> {
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
                self.put_point(target.point, &content, arrived);
                Ok(Read::Content(content))
            }
            Answer::Written => Ok(Read::Nothing),
            Answer::Exception(code) => {
                let error = self.refused(&asked, code);
                if let ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice =
                    code
                {
                    return Ok(Read::Nothing);
                }
                self.found(&asked);
                if let ExceptionCode::Acknowledge | ExceptionCode::ServerDeviceBusy = code {
                    self.is_busy(&asked);
                    return Ok(Read::Later);
                }
                Ok(Read::Refused(error))
            }
        }
    }

    pub(super) fn put_point(&self, point: PointIndex, content: &Content, time: UnixMs) {
        let decoder = self.site.decoders.get(point.at());
        if let Some(reading) = decoder.and_then(|decoder| decoder.read(content, 0)) {
            self.outlet.put(&[Sample { point, reading, time }]);
        }
    }

    /// Answers a write with what was found in the device afterwards.
    pub(super) fn judge(
        &self,
        command: Command,
        target: &Target,
        encoded: &Encoded,
        taken: Taken,
        content: &Content,
    ) {
        let Some(decoder) = self.site.decoders.get(target.point.at()) else { return };
        let reading = decoder.read(content, 0);
        let is_same = match (encoded, content) {
            (Encoded::Bits(written), Content::Bits(found)) => written == found,
            (Encoded::Registers(written), Content::Registers(found)) => {
                // Text may be filled up otherwise than it was written: what it says counts.
                target.own(found) == Some(written)
                    || decoder.read(&with(found, target.own.0, written), 0) == reading
            }
            (Encoded::Part { mask, bits }, Content::Registers(found)) => {
                let register = target.own(found).and_then(<[u16]>::first);
                register.is_some_and(|register| register & mask == *bits)
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
    pub(super) fn count_silence(&mut self, asked: &Asked) {
        let error = format!("{}: no reply in time", self.describe(asked));
        self.reports.update(self.outlet, asked.device, |report| {
            report.counters.timeouts += 1;
            report.last_error = Some(error);
        });
    }
}

/// What was read, with `written` in it from `at` on.
fn with(registers: &[u16], at: u16, written: &[u16]) -> Content {
    let mut registers = registers.to_vec();
    registers.iter_mut().skip(at.into()).zip(written).for_each(|(to, from)| *to = *from);
    Content::Registers(registers)
}
