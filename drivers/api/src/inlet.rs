//! The one line that goes the other way: commands to a device, each with a deadline.
//!
//! A command past its deadline is answered [`Refused::Expired`] here and never reaches a driver, nor does one whose
//! asker has left, so no operator who was told "too late" is surprised minutes later.

use tokio::sync::mpsc;

use crate::{Command, Refused};

/// Most commands that may wait for one channel.
pub const COMMANDS_PER_CHANNEL: usize = 64;

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
            if !command.is_over() {
                return command;
            }
            command.refuse(Refused::Expired);
        }
    }

    /// The oldest command, if there is one that is still wanted; expired ones are answered and passed over.
    pub fn try_next(&mut self) -> Option<Command> {
        loop {
            let command = self.0.try_recv().ok()?;
            if !command.is_over() {
                return Some(command);
            }
            command.refuse(Refused::Expired);
        }
    }

    /// Whether nothing is queued, not even something expired.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Answers everything queued with `why`: for the time between two sessions.
    pub fn refuse_all(&mut self, why: &Refused) {
        while let Ok(command) = self.0.try_recv() {
            command.refuse(why.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PointIndex, Ticket, Value};
    use std::time::Duration;
    use tokio::time::Instant;

    fn command(in_ms: u64) -> (Command, Ticket) {
        let deadline = Instant::now() + Duration::from_millis(in_ms);
        Command::new(PointIndex(0), Value::Bool(true), deadline)
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_past_its_deadline_never_reaches_the_driver() {
        let (sender, mut inlet) = command_queue();
        let (late, mut late_ticket) = command(10);
        let (live, _live_ticket) = command(1_000);
        let (left, left_ticket) = command(1_000);
        drop(left_ticket);
        for command in [late, left, live] {
            sender.try_send(command).unwrap();
        }
        tokio::time::advance(Duration::from_millis(10)).await;
        assert!(inlet.next().await.deadline() > Instant::now());
        assert_eq!(late_ticket.answer().await, Err(Refused::Expired));
        assert!(inlet.try_next().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_and_empties_with_a_reason() {
        let (sender, mut inlet) = command_queue();
        let mut tickets = Vec::new();
        for _ in 0..COMMANDS_PER_CHANNEL {
            let (command, ticket) = command(1_000);
            sender.try_send(command).unwrap();
            tickets.push(ticket);
        }
        assert!(sender.try_send(command(1_000).0).is_err());
        inlet.refuse_all(&Refused::Unreachable);
        for mut ticket in tickets {
            assert_eq!(ticket.answer().await, Err(Refused::Unreachable));
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
