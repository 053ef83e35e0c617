//! What becomes of a request: values, refusals, silence.

use std::time::Duration;

use pointcast_api::{Failure, PointIndex, Reading, Sample};
use tokio_modbus::ExceptionCode;

use super::task::Task;
use super::{Asked, Health, Session, Teaches, UnixMs};
use crate::decode::Content;
use crate::frame::Answer;
use crate::link::{Answered, Link, Lost, Unanswered};
use crate::plan::Block;

impl<L: Link> Session<'_, L> {
    pub(super) fn answered(&mut self, asked: &Asked, answered: Answered) {
        self.unanswered = 0;
        let Answered { answer, arrived, response } = answered;
        self.learn(asked, &answer, response);
        self.reports.update(self.outlet, asked.device, |report| {
            report.response_ms = Some(response.as_secs_f64() * 1_000.0);
        });
        match answer {
            Answer::Written => self.found(asked),
            Answer::Content(content) => {
                self.found(asked);
                self.is_free(asked);
                self.values(asked, &content, arrived);
            }
            Answer::Exception(code) if is_of_gateway(code) => {
                // The gateway answered, the unit behind it did not: for the unit that is silence.
                let error = self.refused(asked, code);
                self.silent(asked, Failure::NoCommunication, &error);
            }
            Answer::Exception(code) => {
                self.found(asked);
                self.exception(asked, code, arrived);
            }
        }
    }

    /// What an answer tells about how long the unit takes: on a line without the time of the reply itself, as
    /// that follows from its length.
    fn learn(&mut self, asked: &Asked, answer: &Answer, response: Duration) {
        let wire = self.site.line().map(|line| match answer {
            Answer::Content(_) | Answer::Written => line.reply(&asked.request),
            Answer::Exception(_) => line.refusal(),
        });
        if matches!(answer, Answer::Exception(code) if is_of_gateway(*code)) {
            // How long a gateway waits says nothing about how long the unit behind it takes.
            return;
        }
        let took = response.saturating_sub(wire.unwrap_or_default());
        let overlaps = self.takes_several(asked.ended);
        if let Some(health) = self.health.get_mut(asked.device.at()) {
            health.pace.answered(took, asked.teaches == Teaches::Nothing);
            health.turn.answered(took, asked.teaches != Teaches::All || overlaps);
        }
    }

    /// The unit is there, whatever it said.
    pub(super) fn found(&mut self, asked: &Asked) {
        let Some(health) = self.health.get_mut(asked.device.at()) else { return };
        health.has_answered = true;
        let over = health.noise.clean();
        let back = health.patience.answered();
        if over {
            tracing::info!(device = self.name(asked.device), "its replies are clean again");
        }
        if back {
            tracing::info!(device = self.name(asked.device), "answers again");
            // All its points are bad: they are read at once, wherever in their interval they are.
            for task in self.tasks.iter_mut().filter(|task| task.block.device == asked.device) {
                task.patience.answered();
                task.probe_at(asked.ended);
            }
            self.survey_returned(asked);
        }
    }

    fn values(&mut self, asked: &Asked, content: &Content, arrived: UnixMs) {
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        if task.is_survey() {
            return self.surveyed(asked, Some(content), arrived);
        }
        let read = task.block.points.iter().filter_map(|point| {
            let want = self.layout.wants().get(point.at())?;
            let decoder = self.layout.decoder(*point)?;
            let offset = want.first.checked_sub(task.block.first)?;
            Some(Sample { point: *point, reading: decoder.read(content, offset)?, time: arrived })
        });
        let mut samples: Vec<Sample> = Vec::with_capacity(task.block.points.len());
        samples.extend(read);
        task.succeed();
        // Only what lies in a model that is not there fails although it was answered.
        let is_astray = |sample: &Sample| matches!(sample.reading, Reading::Failed(_));
        let astray = samples.iter().any(is_astray);
        task.failing |= astray;
        self.slot_served(asked);
        self.outlet.put(&samples);
        if astray {
            self.astray(asked);
        }
        self.resolve(asked, false);
    }

    /// Counts an exception; what it says.
    pub(super) fn refused(&mut self, asked: &Asked, code: ExceptionCode) -> String {
        let number = u8::from(code);
        let error = format!("{}: exception {number:02} ({code})", self.describe(asked));
        // That there is no model at a place where one is looked for is what the looking is for.
        let is_search = is_lacking(code) && self.tasks.get(asked.at).is_some_and(Task::is_survey);
        let last_error = Some(error.clone()).filter(|_| !is_search);
        self.reports.update(self.outlet, asked.device, |report| {
            report.counters.exceptions += 1;
            report.counters.exception_codes.add(number);
            report.last_error = last_error.or(report.last_error.take());
        });
        error
    }

    /// # Errors
    /// [`Lost::Deaf`] when nobody answers and the link itself is to be doubted.
    pub(super) fn unanswered(&mut self, asked: &Asked, why: Unanswered) -> Result<(), Lost> {
        let waited = asked.patience.as_millis();
        let what = match why {
            Unanswered::Silence if asked.garbled > 0 => {
                format!("only damaged bytes within {waited} ms: check baud, parity and wiring")
            }
            Unanswered::Silence => format!("no reply within {waited} ms"),
            Unanswered::OwesAnswer => format!("an earlier reply is still owed after {waited} ms"),
            Unanswered::LineBusy => format!("the line was not silent for {waited} ms"),
            // Of reads the first is never told, and the second never said.
            Unanswered::Withheld | Unanswered::MaybeEcho => "it was not sent".to_owned(),
        };
        let error = format!("{}: {what}", self.describe(asked));
        let last_error = Some(error.clone());
        self.reports.update(self.outlet, asked.device, |report| {
            report.counters.timeouts += 1;
            report.last_error = last_error;
        });
        self.silent(asked, Failure::Timeout, &error);
        self.unanswered = self.unanswered.saturating_add(1);
        let all_silent =
            self.health.iter().all(|health| health.patience.is_silent() || !health.has_answered);
        match self.link.deaf_after() {
            Some(limit) if self.unanswered >= limit && all_silent => {
                Err(Lost::Deaf { requests: self.unanswered })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The unit did not answer: another try, or its block's points fail, or it is lost as a whole.
    fn silent(&mut self, asked: &Asked, failure: Failure, error: &str) {
        let lost_after = self.lost_after();
        let tries = u32::from(self.site.channel.retries) + 1;
        let Some(Health { patience, pace, .. }) = self.health.get_mut(asked.device.at()) else {
            return;
        };
        if failure == Failure::Timeout {
            pace.silent();
        }
        let unit_lost = patience.silent(lost_after, asked.ended);
        let was_lost = patience.is_lost() && !unit_lost;
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        task.tries = task.tries.saturating_add(1);
        let given_up = task.tries >= tries || unit_lost || was_lost || task.patience.is_lost();
        if given_up {
            task.tries = 0;
            task.failing = true;
            task.patience.silent(lost_after.div_ceil(tries), asked.ended);
            self.slot_served(asked);
        }
        let block = self.tasks.get(asked.at).map(|task| task.block.clone());
        if given_up {
            self.abandon(asked);
            self.survey_unanswered(asked);
        }
        let now = UnixMs::now();
        if unit_lost {
            tracing::warn!(device = self.name(asked.device), error, "does not answer");
            self.outlet.fail_device(asked.device, failure, now);
            let all = self.tasks.iter_mut().filter(|task| task.block.device == asked.device);
            all.for_each(|task| task.failing = true);
        } else if given_up
            && !was_lost
            && let Some(block) = block
        {
            self.fail(&block, failure, now);
        }
    }

    /// On to the block's next slot. Slots skipped for want of time are counted, and told now and then.
    pub(super) fn slot_served(&mut self, asked: &Asked) {
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        let skipped = task.slot.asked(asked.started);
        // Whoever is silent skips slots too, but not for want of time.
        let Some(skipped) = self.skips.add(if task.failing { 0 } else { skipped }, asked.ended)
        else {
            return;
        };
        tracing::warn!(
            channel = self.site.name,
            skipped,
            request = self.describe(asked),
            "the channel cannot keep its scan intervals: slots are skipped"
        );
    }

    pub(super) fn fail(&self, block: &Block, failure: Failure, time: UnixMs) {
        let sample =
            |point: &PointIndex| Sample { point: *point, reading: Reading::Failed(failure), time };
        let samples: Vec<Sample> = match block.points.is_empty() {
            // Nobody will find out where these are.
            true => self.nowhere(block.device).iter().map(sample).collect(),
            false => block.points.iter().map(sample).collect(),
        };
        self.outlet.put(&samples);
    }
}

/// Whether an exception says that the unit has no such registers, or cannot be read at all: 01, 02 and 03.
pub(super) fn is_lacking(code: ExceptionCode) -> bool {
    minds_the_range(code) || code == ExceptionCode::IllegalFunction
}

/// Whether another range may be answered: 02 and 03.
pub(super) fn minds_the_range(code: ExceptionCode) -> bool {
    matches!(code, ExceptionCode::IllegalDataAddress | ExceptionCode::IllegalDataValue)
}

/// Whether an exception says that a gateway could not reach the unit: 0A and 0B.
fn is_of_gateway(code: ExceptionCode) -> bool {
    matches!(code, ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice)
}
