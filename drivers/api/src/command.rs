//! A value on its way to a device, and what became of it.
//!
//! Whoever asks holds a [`Ticket`], the driver a [`Command`]; between them stands one word that is decided once:
//! sent, or withdrawn. So whoever was told "it was not sent" can rely on it, however close the race.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::{PointIndex, Value};

/// A value to be written to a point of this driver.
///
/// Dropped unanswered, it answers by itself: [`Refused::Unreachable`] before it was sent, [`Verdict::Unknown`]
/// afterwards. One pointer long: each channel's queue makes room for many, and most channels never see one.
#[derive(Debug)]
pub struct Command(Box<Order>);

#[derive(Debug)]
struct Order {
    point: PointIndex,
    value: Value,
    deadline: Instant,
    fate: Arc<Fate>,
    answer: oneshot::Sender<Answer>,
}

/// What the asker of a [`Command`] holds: dropped, it withdraws what was not sent yet.
#[derive(Debug)]
pub struct Ticket {
    fate: Arc<Fate>,
    answer: oneshot::Receiver<Answer>,
}

type Answer = Result<Outcome, Refused>;

/// What became of a command that was sent to its device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the device did as it was told.
    pub verdict: Verdict,
    /// What was read back, where there is such a value.
    pub value: Option<Value>,
}

/// Whether a device did as it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Read back and found as written.
    Applied,
    /// Read back and found otherwise: the device keeps something else, or somebody wrote in between.
    Mismatch,
    /// The device took it; it could not be read back, or not as something that says more.
    Unverified,
    /// It was sent, no answer came, and nothing could be read back: nobody knows whether it was applied. Never
    /// repeated by the driver, as a device may have acted on it already.
    Unknown,
}

impl Verdict {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Mismatch => "mismatch",
            Self::Unverified => "unverified",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its deadline passed before it was sent, or before the device was free to take it. Asking again is safe.
    #[error("the deadline passed before it was sent, or before the device was free to take it")]
    Expired,
    /// There is no way to the device, or it does not answer; nothing was sent. Asking again later is safe.
    #[error("the device cannot be reached")]
    Unreachable,
    /// The point, or its driver, takes no writes. Asking again is of no use.
    #[error("this point cannot be written")]
    NotWritable,
    /// A newer write to the same point took its place before it was sent.
    #[error("a newer write to the same point took its place")]
    Superseded,
    /// Too many writes wait for the device already. Asking again later is safe.
    #[error("too many writes wait for the device already")]
    Full,
    /// The device cannot hold this value; why, and what it can hold. Nothing was sent.
    #[error("{0}")]
    Unfit(String),
    /// The device was asked and said no, in words; it did not carry it out.
    #[error("the device refused it: {0}")]
    ByDevice(String),
}

/// Whether a command was sent: decided by whoever comes first, and anew only when the device did not take it.
#[derive(Debug)]
struct Fate(AtomicU8);

const OPEN: u8 = 0;
const SENT: u8 = 1;
const WITHDRAWN: u8 = 2;

impl Fate {
    /// Whether it is `wish` now, be it by this call or an earlier one.
    fn decide(&self, wish: u8) -> bool {
        match self.0.compare_exchange(OPEN, wish, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => true,
            Err(decided) => decided == wish,
        }
    }

    fn reopen(&self) {
        // What was withdrawn stays so.
        let _not_sent = self.0.compare_exchange(SENT, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }

    fn is_withdrawn(&self) -> bool {
        self.0.load(Ordering::Acquire) == WITHDRAWN
    }
}

impl Command {
    /// A command and the ticket for it. Past `deadline`, unsent, it is never sent.
    #[must_use]
    pub fn new(point: PointIndex, value: Value, deadline: Instant) -> (Self, Ticket) {
        let (answer, answered) = oneshot::channel();
        let fate = Arc::new(Fate(AtomicU8::new(OPEN)));
        let ticket = Ticket { fate: Arc::clone(&fate), answer: answered };
        (Self(Box::new(Order { point, value, deadline, fate, answer })), ticket)
    }

    /// Which of the driver's declared points.
    #[must_use]
    pub fn point(&self) -> PointIndex {
        self.0.point
    }

    /// What to write.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// Past this, unsent, it is never sent.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.0.deadline
    }

    /// Whether nobody wants it sent any more: its deadline passed, or its asker has left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.fate.is_withdrawn() || self.0.answer.is_closed() || Instant::now() >= self.0.deadline
    }

    /// Whether it may be sent now. From a yes on it counts as sent: call it right before the first byte goes out.
    #[must_use]
    pub fn begin(&self) -> bool {
        !self.0.answer.is_closed() && Instant::now() < self.0.deadline && self.0.fate.decide(SENT)
    }

    /// The device said that it did not act on what was sent: it counts as unsent again, and may be sent once more.
    pub fn take_back(&self) {
        self.0.fate.reopen();
    }

    /// Answers what came of it.
    pub fn answer(self, outcome: Outcome) {
        // Nobody waits any more: the answer is theirs to miss.
        let _unheard = self.0.answer.send(Ok(outcome));
    }

    /// Answers that it was not carried out.
    pub fn refuse(self, why: Refused) {
        let _unheard = self.0.answer.send(Err(why));
    }
}

impl Ticket {
    /// Waits for what became of it.
    ///
    /// # Errors
    /// [`Refused`]: it was not carried out.
    ///
    /// # Cancellation
    /// Safe: an answer that was not taken is still there.
    pub async fn answer(&mut self) -> Result<Outcome, Refused> {
        match (&mut self.answer).await {
            Ok(answer) => answer,
            Err(_) if self.withdraw() => Err(Refused::Unreachable),
            Err(_) => Ok(Outcome { verdict: Verdict::Unknown, value: None }),
        }
    }

    /// Takes it back unless it was sent; whether it never was, and now never will be.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        self.fate.decide(WITHDRAWN)
    }
}

impl Drop for Ticket {
    /// Nobody waits for the answer any more: what was not sent is not sent.
    fn drop(&mut self) {
        let _was_sent = !self.withdraw();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::advance;

    fn command(in_ms: u64) -> (Command, Ticket) {
        let deadline = Instant::now() + Duration::from_millis(in_ms);
        Command::new(PointIndex(0), Value::Bool(true), deadline)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_either_sent_or_withdrawn() {
        let (command, ticket) = command(1_000);
        assert!(command.begin());
        assert!(!ticket.withdraw());
        let (command, ticket) = self::command(1_000);
        assert!(ticket.withdraw() && command.is_over() && !command.begin());
        let (command, ticket) = self::command(1_000);
        drop(ticket);
        assert!(!command.begin());
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_device_did_not_take_is_unsent_again() {
        let (command, ticket) = command(1_000);
        assert!(command.begin());
        command.take_back();
        assert!(command.begin(), "once more");
        command.take_back();
        assert!(ticket.withdraw() && !command.begin());
        command.take_back();
        assert!(!command.begin(), "withdrawn is withdrawn");
        let (command, ticket) = self::command(1_000);
        assert!(command.begin());
        drop(ticket);
        command.take_back();
        assert!(command.is_over() && !command.begin(), "nobody waits for it any more");
    }

    #[tokio::test(start_paused = true)]
    async fn past_its_deadline_it_does_not_begin() {
        let (command, ticket) = command(10);
        assert!(!command.is_over());
        advance(Duration::from_millis(10)).await;
        assert!(command.is_over() && !command.begin());
        assert!(ticket.withdraw(), "and counts as not sent");
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_it_says_what_is_known() {
        let (command, mut ticket) = command(1_000);
        drop(command);
        assert_eq!(ticket.answer().await, Err(Refused::Unreachable));
        let (command, mut ticket) = self::command(1_000);
        assert!(command.begin());
        drop(command);
        let unknown = Outcome { verdict: Verdict::Unknown, value: None };
        assert_eq!(ticket.answer().await, Ok(unknown));
    }
}
