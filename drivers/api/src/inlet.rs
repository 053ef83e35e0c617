//! The one line that goes the other way: commands to a device, each with a deadline.
//!
//! A command past its deadline is answered [`Refused::Expired`] here and never reaches a driver, so no
//! operator who was told "too late" is surprised minutes later.

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::{PointIndex, Value};

/// Most commands that may wait for one channel.
pub const COMMANDS_PER_CHANNEL: usize = 64;

/// A value to be written to a point of this driver.
#[derive(Debug)]
pub struct Command {
    /// Which of the driver's declared points.
    pub point: PointIndex,
    /// What to write.
    pub value: Value,
    /// Past this, unsent, it is never sent.
    pub deadline: Instant,
    /// Who waits for the verdict; sending to it fails when nobody does any more, which is no error.
    pub answer: oneshot::Sender<Result<Verdict, Refused>>,
}

/// What became of a command that reached the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Read back and found as written.
    Applied,
    /// Read back and found otherwise.
    Mismatch,
    /// The device took it; it could not be read back.
    Unverified,
}

/// Why a command never reached the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its deadline passed before it was sent. Asking again is safe.
    #[error("the deadline passed before it was sent")]
    Expired,
    /// The channel has no connection. Asking again later is safe.
    #[error("the device cannot be reached")]
    Unreachable,
    /// The point, or its driver, takes no writes. Asking again is of no use.
    #[error("this point cannot be written")]
    NotWritable,
}

/// A driver's end of the command queue.
#[derive(Debug)]
pub struct Inlet(mpsc::Receiver<Command>);

/// A queue of at most [`COMMANDS_PER_CHANNEL`] commands to one channel.
#[must_use]
pub fn command_queue() -> (mpsc::Sender<Command>, Inlet) {
    let (sender, receiver) = mpsc::channel(COMMANDS_PER_CHANNEL);
    (sender, Inlet(receiver))
}

impl Inlet {
    /// The oldest command still within its deadline; expired ones are answered and passed over.
    ///
    /// Waits for ever when nobody can send any more, so it can stand in a `select!` as it is.
    ///
    /// # Cancellation
    /// Safe: a command is either still queued or returned.
    pub async fn next(&mut self) -> Command {
        loop {
            let Some(command) = self.0.recv().await else {
                return std::future::pending().await;
            };
            if Instant::now() < command.deadline {
                return command;
            }
            command.refuse(Refused::Expired);
        }
    }

    /// Answers everything queued with `why`: for the time between two sessions.
    pub fn refuse_all(&mut self, why: Refused) {
        while let Ok(command) = self.0.try_recv() {
            command.refuse(why);
        }
    }
}

impl Command {
    /// Answers that the command never reached the device.
    pub fn refuse(self, why: Refused) {
        // Nobody waits any more: the answer is theirs to miss.
        let _unheard = self.answer.send(Err(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn command(in_ms: u64) -> (Command, oneshot::Receiver<Result<Verdict, Refused>>) {
        let (answer, verdict) = oneshot::channel();
        let deadline = Instant::now() + Duration::from_millis(in_ms);
        (Command { point: PointIndex(0), value: Value::Bool(true), deadline, answer }, verdict)
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_past_its_deadline_never_reaches_the_driver() {
        let (sender, mut inlet) = command_queue();
        let (late, late_verdict) = command(10);
        let (live, _live_verdict) = command(1_000);
        sender.try_send(late).unwrap();
        sender.try_send(live).unwrap();
        tokio::time::advance(Duration::from_millis(10)).await;
        assert!(inlet.next().await.deadline > Instant::now());
        assert_eq!(late_verdict.await.unwrap(), Err(Refused::Expired));
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_and_empties_with_a_reason() {
        let (sender, mut inlet) = command_queue();
        let mut verdicts = Vec::new();
        for _ in 0..COMMANDS_PER_CHANNEL {
            let (command, verdict) = command(1_000);
            sender.try_send(command).unwrap();
            verdicts.push(verdict);
        }
        assert!(sender.try_send(command(1_000).0).is_err());
        inlet.refuse_all(Refused::Unreachable);
        for verdict in verdicts {
            assert_eq!(verdict.await.unwrap(), Err(Refused::Unreachable));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_senders_it_waits_instead_of_spinning() {
        let (sender, mut inlet) = command_queue();
        drop(sender);
        let waited = tokio::time::timeout(Duration::from_secs(60), inlet.next()).await;
        assert!(waited.is_err());
    }
}
