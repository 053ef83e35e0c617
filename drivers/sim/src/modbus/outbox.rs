//! Replies that wait for their moment, so that one late slave does not hold back its neighbours.

use std::collections::BTreeMap;

use tokio::time::{Instant, sleep_until};

/// Most replies waiting on one connection or line; past it nothing more is read from there.
pub(crate) const MAX_WAITING_REPLIES: usize = 32;

/// Frames by the moment at which they are due.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: BTreeMap<(Instant, u64), Leaving>,
    /// Tells frames of the same moment apart, in the order they came.
    next: u64,
}

/// What goes out at that moment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leaving {
    pub(crate) bytes: Vec<u8>,
    /// Whether the connection ends after it.
    pub(crate) last: bool,
}

impl Outbox {
    /// Whether there is no room for another.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING_REPLIES
    }

    /// Puts a frame in. The caller looks at [`is_full`](Self::is_full) before it reads the request.
    pub(crate) fn put(&mut self, due: Instant, leaving: Leaving) {
        self.next = self.next.wrapping_add(1);
        self.waiting.insert((due, self.next), leaving);
    }

    /// The next frame once it is due; waits for ever while there is none.
    ///
    /// # Cancellation
    /// Safe: a frame is either still waiting or returned.
    pub(crate) async fn next_due(&mut self) -> Leaving {
        let Some(first) = self.waiting.first_entry() else {
            return std::future::pending().await;
        };
        let (due, _) = *first.key();
        // A timer wakes on whole milliseconds: what is due already does not wait for the next one.
        if Instant::now() < due {
            sleep_until(due).await;
        }
        first.remove()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;

    fn frame(byte: u8) -> Leaving {
        Leaving { bytes: vec![byte], last: false }
    }

    #[tokio::test(start_paused = true)]
    async fn frames_leave_when_due_and_equals_in_order() {
        let mut outbox = Outbox::default();
        let start = Instant::now();
        outbox.put(start + Duration::from_millis(300), frame(3));
        outbox.put(start, frame(1));
        outbox.put(start, frame(2));
        assert_eq!(outbox.next_due().await, frame(1));
        assert_eq!(outbox.next_due().await, frame(2));
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(outbox.next_due().await, frame(3));
        assert_eq!(start.elapsed(), Duration::from_millis(300));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_leaves_at_once() {
        let mut outbox = Outbox::default();
        outbox.put(Instant::now(), frame(1));
        assert_eq!(outbox.next_due().now_or_never(), Some(frame(1)));
        assert_eq!(outbox.next_due().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_loses_nothing() {
        let mut outbox = Outbox::default();
        outbox.put(Instant::now() + Duration::from_millis(20), frame(1));
        let early = tokio::time::timeout(Duration::from_millis(5), outbox.next_due()).await;
        assert!(early.is_err());
        assert_eq!(outbox.next_due().await, frame(1));
    }

    #[test]
    fn it_knows_when_it_is_full() {
        let mut outbox = Outbox::default();
        let now = Instant::now();
        for _ in 0..MAX_WAITING_REPLIES {
            assert!(!outbox.is_full());
            outbox.put(now, frame(0));
        }
        assert!(outbox.is_full());
    }
}
