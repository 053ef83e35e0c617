//! The way back: from a point's place in the table to the command queue of its channel.
//!
//! Off unless the configuration says otherwise. Nothing here waits: a queue that is full says so.

use pointcast_api::{Command, PointIndex, Ticket, Value};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use crate::table::Index;

/// Where each channel takes its commands. The default takes none.
#[derive(Debug, Default)]
pub struct Writes {
    /// By place of their points, without a gap between their first and last; empty while writes are off.
    routes: Vec<Route>,
    enabled: bool,
}

#[derive(Debug)]
struct Route {
    first: Index,
    count: Index,
    commands: mpsc::Sender<Command>,
}

/// Why a value was not taken. Nothing was sent, and nothing will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No channel has this point, or its channel has ended.
    #[error("no channel takes writes of this point")]
    NoChannel,
    /// Too many writes wait for its channel. Asking again later is safe.
    #[error("too many writes wait for its channel already")]
    Full,
}

impl Writes {
    /// No routes yet. While not `enabled`, nothing is taken.
    #[must_use]
    pub fn new(enabled: bool) -> Self {
        Self { routes: Vec::new(), enabled }
    }

    /// Whether the configuration allows writes at all.
    #[must_use]
    pub fn enabled(&self) -> bool {
        self.enabled
    }

    /// A channel with `count` points from `first` on takes its commands at `commands`.
    pub fn add(&mut self, first: Index, count: Index, commands: mpsc::Sender<Command>) {
        if self.enabled {
            self.routes.push(Route { first, count, commands });
        }
    }

    /// Puts `value` on its way to the point at `index`. Past `deadline`, unsent, it is never sent.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn send(&self, index: Index, value: Value, deadline: Instant) -> Result<Ticket, NotTaken> {
        let (route, point) = self
            .routes
            .iter()
            .find_map(|route| Some((route, route.point(index)?)))
            .ok_or(NotTaken::NoChannel)?;
        let (command, ticket) = Command::new(point, value, deadline);
        match route.commands.try_send(command) {
            Ok(()) => Ok(ticket),
            Err(TrySendError::Full(_)) => Err(NotTaken::Full),
            Err(TrySendError::Closed(_)) => Err(NotTaken::NoChannel),
        }
    }
}

impl Route {
    /// The point as its driver counts it, if it is one of this channel's.
    fn point(&self, index: Index) -> Option<PointIndex> {
        let at = index.checked_sub(self.first).filter(|at| *at < self.count)?;
        Some(PointIndex(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pointcast_api::{COMMANDS_PER_CHANNEL, Inlet, command_queue};
    use std::time::Duration;

    fn two_channels(enabled: bool) -> (Writes, [Inlet; 2]) {
        let mut writes = Writes::new(enabled);
        let ends = [(0, 3), (7, 2)].map(|(first, count)| {
            let (commands, inlet) = command_queue();
            writes.add(first, count, commands);
            inlet
        });
        (writes, ends)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test]
    async fn each_point_is_written_by_its_own_channel() {
        let (writes, [mut first, mut second]) = two_channels(true);
        let sent = |index| writes.send(index, Value::Bool(true), soon()).map(drop);
        let kept = writes.send(2, Value::Bool(true), soon()).unwrap();
        assert_eq!(first.next().await.point(), PointIndex(2));
        let also_kept = writes.send(7, Value::Bool(true), soon()).unwrap();
        assert_eq!(second.next().await.point(), PointIndex(0));
        drop((kept, also_kept));
        for nobodys in [3, 6, 9, Index::MAX] {
            assert_eq!(sent(nobodys), Err(NotTaken::NoChannel));
        }
        drop(first);
        assert_eq!(sent(0), Err(NotTaken::NoChannel), "its channel has ended");
    }

    #[tokio::test]
    async fn a_full_queue_says_so() {
        let (writes, _inlets) = two_channels(true);
        for _ in 0..COMMANDS_PER_CHANNEL {
            assert!(writes.send(0, Value::Bool(true), soon()).is_ok());
        }
        assert_eq!(writes.send(1, Value::Bool(true), soon()).err(), Some(NotTaken::Full));
        assert!(writes.send(8, Value::Bool(true), soon()).is_ok(), "the other channel has its own");
    }

    #[tokio::test]
    async fn while_off_nothing_is_taken() {
        let (writes, _inlets) = two_channels(false);
        assert_eq!(writes.send(0, Value::Bool(true), soon()).err(), Some(NotTaken::NoChannel));
        assert!(!Writes::default().enabled());
    }
}
