//! What streams have sent, and how long changes took to get there.
//!
//! Whoever gathers events counts by itself and reports now and then, so that threads do not wait for each other's
//! counters. Only changes are timed, not snapshots and not what a client missed while it was away: their age says
//! nothing of the delivery.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the delays that are told apart, in microseconds; beyond the last there is one class more.
pub const DELAY_BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000, 60_000_000,
];

const CLASSES: usize = DELAY_BOUNDS_US.len() + 1;

/// Event bytes on their way to a socket, and what is in them.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// The bytes; events are added behind what is there.
    pub bytes: Vec<u8>,
    pub(super) tally: Tally,
}

/// What was sent since it was last reported.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: Sent,
    from_put: Delays,
    from_source: Delays,
}

/// How much a stream, or all of them, have sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Frames of points, removed ones among them.
    pub frames: u64,
    /// Changes in them; those of a snapshot do not count.
    pub changes: u64,
    /// Changes that were overtaken by newer ones before they could be sent.
    pub skipped: u64,
    /// Bytes of events, without what HTTP puts around them.
    pub bytes: u64,
}

/// How many changes took how long, and how long all of them together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delays {
    /// By class: up to each of [`DELAY_BOUNDS_US`], and beyond.
    pub counts: [u64; CLASSES],
    /// In microseconds.
    pub sum_us: u64,
}

/// The same for all streams of one run of the gateway.
#[derive(Debug, Default)]
pub struct Totals {
    frames: AtomicU64,
    changes: AtomicU64,
    skipped: AtomicU64,
    bytes: AtomicU64,
    from_put: SharedDelays,
    from_source: SharedDelays,
}

#[derive(Debug, Default)]
struct SharedDelays {
    counts: [AtomicU64; CLASSES],
    sum_us: AtomicU64,
}

impl Outgoing {
    /// Adds what was sent to `totals`, and counts anew.
    pub fn report(&mut self, totals: &Totals) {
        let Tally { sent, from_put, from_source } = std::mem::take(&mut self.tally);
        let all = [
            (&totals.frames, sent.frames),
            (&totals.changes, sent.changes),
            (&totals.skipped, sent.skipped),
            (&totals.bytes, sent.bytes),
        ];
        all.into_iter().for_each(|(total, more)| add(total, more));
        totals.from_put.add(&from_put);
        totals.from_source.add(&from_source);
    }
}

impl Tally {
    /// A change is in a frame, so long after it was put into the table and after its source's time.
    pub(super) fn delivered(&mut self, from_put: Duration, from_source: Option<Duration>) {
        self.from_put.count(from_put);
        if let Some(delay) = from_source {
            self.from_source.count(delay);
        }
    }
}

impl Sent {
    /// What was sent since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            frames: self.frames - before.frames,
            changes: self.changes - before.changes,
            skipped: self.skipped - before.skipped,
            bytes: self.bytes - before.bytes,
        }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.frames += more.frames;
        self.changes += more.changes;
        self.skipped += more.skipped;
        self.bytes += more.bytes;
    }
}

impl Delays {
    fn count(&mut self, delay: Duration) {
        let delay_us = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        let class = DELAY_BOUNDS_US.partition_point(|bound| *bound < delay_us);
        if let Some(count) = self.counts.get_mut(class) {
            *count += 1;
        }
        self.sum_us = self.sum_us.saturating_add(delay_us);
    }

    /// How many were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The upper bound of the class in which the slowest of a share of the changes is, from 0 to 1, in microseconds;
    /// the last bound for what is beyond. `None` without any changes.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    pub fn within_us(&self, share: f64) -> Option<u64> {
        let rank = (self.total() as f64 * share).ceil().max(1.0) as u64;
        let mut up_to_here = 0;
        let class = self.counts.iter().position(|count| {
            up_to_here += count;
            up_to_here >= rank
        })?;
        DELAY_BOUNDS_US.get(class).or(DELAY_BOUNDS_US.last()).copied()
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut since = *self;
        for (count, before) in since.counts.iter_mut().zip(before.counts) {
            *count = count.saturating_sub(before);
        }
        since.sum_us = since.sum_us.saturating_sub(before.sum_us);
        since
    }
}

impl SharedDelays {
    fn add(&self, more: &Delays) {
        for (total, more) in self.counts.iter().zip(more.counts) {
            add(total, more);
        }
        add(&self.sum_us, more.sum_us);
    }

    fn now(&self) -> Delays {
        let mut delays =
            Delays { sum_us: self.sum_us.load(Ordering::Relaxed), ..Delays::default() };
        for (count, total) in delays.counts.iter_mut().zip(&self.counts) {
            *count = total.load(Ordering::Relaxed);
        }
        delays
    }
}

/// Only what is counted is touched: the counters are shared.
fn add(total: &AtomicU64, more: u64) {
    if more > 0 {
        total.fetch_add(more, Ordering::Relaxed);
    }
}

impl Totals {
    /// What was sent so far, as far as it was reported.
    #[must_use]
    pub fn sent(&self) -> Sent {
        Sent {
            frames: self.frames.load(Ordering::Relaxed),
            changes: self.changes.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// From when a change was put into the table to when it was in a frame.
    #[must_use]
    pub fn from_put(&self) -> Delays {
        self.from_put.now()
    }

    /// From a change's source time to when it was in a frame, by the gateway's clock.
    #[must_use]
    pub fn from_source(&self) -> Delays {
        self.from_source.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_told_apart_by_their_bounds() {
        let mut delays = Delays::default();
        for delay_us in [0, 100, 101, 60_000_000, 60_000_001] {
            delays.count(Duration::from_micros(delay_us));
        }
        let mut expected = [0; CLASSES];
        expected[0] = 2;
        expected[1] = 1;
        expected[CLASSES - 2] = 1;
        expected[CLASSES - 1] = 1;
        assert_eq!((delays.counts, delays.sum_us), (expected, 120_000_202));
        assert_eq!(delays.within_us(0.4), Some(100));
        assert_eq!(delays.within_us(0.5), Some(250));
        assert_eq!(delays.within_us(1.0), Some(60_000_000), "the last bound for what is beyond");
        assert_eq!(Delays::default().within_us(0.5), None);
    }

    #[test]
    fn what_was_reported_is_counted_once() {
        let totals = Totals::default();
        let mut out = Outgoing::default();
        out.tally.sent = Sent { frames: 1, changes: 3, skipped: 2, bytes: 100 };
        out.tally.delivered(Duration::from_millis(1), None);
        out.report(&totals);
        out.report(&totals);
        assert_eq!(totals.sent(), Sent { frames: 1, changes: 3, skipped: 2, bytes: 100 });
        assert_eq!((totals.from_put().total(), totals.from_source().total()), (1, 0));
    }
}
