//! What streams have sent, and how long changes took to get there.
//!
//! Whoever gathers events counts by itself and reports now and then, so that threads do not wait for each other's
//! counters. Only changes are timed, not snapshots and not what a client missed while it was away: their age says
//! nothing of the delivery.
//!
//! What is sent for no other reason than that time passes, or that statistics are told, is an *echo*: heartbeats, and
//! frames of the gateway's own points alone. It is counted like everything else, and apart: statistics that are points
//! leave it out, or each telling would change them, and they would never come to rest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::pending::Pending;

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
    /// The part of it that is an echo.
    echo: Sent,
    /// Whether the event that is being written is one.
    is_echo: bool,
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
    /// What is no echo, and what is.
    original: SharedSent,
    echo: SharedSent,
    from_put: SharedDelays,
    from_source: SharedDelays,
    pending: Pending,
}

#[derive(Debug, Default)]
struct SharedSent {
    frames: AtomicU64,
    changes: AtomicU64,
    skipped: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct SharedDelays {
    counts: [AtomicU64; CLASSES],
    sum_us: AtomicU64,
}

impl Outgoing {
    /// Adds what was sent to `totals`, and counts anew.
    pub fn report(&mut self, totals: &Totals) {
        let Tally { sent, echo, from_put, from_source, .. } = std::mem::take(&mut self.tally);
        totals.original.add(sent.since(echo));
        totals.echo.add(echo);
        totals.from_put.add(&from_put);
        totals.from_source.add(&from_source);
    }
}

impl Tally {
    /// A change is in a frame, and what it overtook. `is_own`: its point tells of the gateway itself.
    pub(super) fn change(&mut self, skipped: u64, is_own: bool) {
        let change = Sent { changes: 1, skipped, ..Sent::default() };
        self.sent.add(change);
        if is_own {
            self.echo.add(change);
        }
    }

    /// A frame of changes is complete; `before` is what [`changes`](Self::changes) was when it was begun.
    pub(super) fn frame(&mut self, before: (u64, u64)) {
        self.sent.frames += 1;
        let (all, own) = self.changes();
        self.is_echo = own > before.1 && own - before.1 == all - before.0;
        self.echo.frames += u64::from(self.is_echo);
    }

    /// How many changes there were, and how many of them of the gateway's own points.
    pub(super) fn changes(&self) -> (u64, u64) {
        (self.sent.changes, self.echo.changes)
    }

    /// The event that is being written is a heartbeat.
    pub(super) fn heartbeat(&mut self) {
        self.is_echo = true;
    }

    /// An event is complete.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.sent.bytes += bytes;
        if std::mem::take(&mut self.is_echo) {
            self.echo.bytes += bytes;
        }
    }

    /// So long after a change was put into the table, and after its source's time, it was in a frame.
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

impl SharedSent {
    fn add(&self, more: Sent) {
        add(&self.frames, more.frames);
        add(&self.changes, more.changes);
        add(&self.skipped, more.skipped);
        add(&self.bytes, more.bytes);
    }

    fn now(&self) -> Sent {
        Sent {
            frames: self.frames.load(Ordering::Relaxed),
            changes: self.changes.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
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
        let mut all = self.original.now();
        all.add(self.echo.now());
        all
    }

    /// The same without heartbeats and frames of the gateway's own points alone.
    #[must_use]
    pub fn sent_but_echo(&self) -> Sent {
        self.original.now()
    }

    /// Bytes that are to be sent as soon as slow readers take them, counted by whoever holds them.
    #[must_use]
    pub fn pending(&self) -> &Pending {
        &self.pending
    }

    /// From when a change was put into the table to when it was in a frame. The gateway's own points are not timed.
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
    fn an_echo_is_a_heartbeat_or_a_frame_of_own_points_alone() {
        let totals = Totals::default();
        let mut out = Outgoing::default();
        let mut frame = |changes: &[(u64, bool)], bytes| {
            let before = out.tally.changes();
            changes.iter().for_each(|(skipped, is_own)| out.tally.change(*skipped, *is_own));
            out.tally.frame(before);
            out.tally.wrote(bytes);
        };
        frame(&[(1, true), (0, true)], 100);
        frame(&[(5, false), (2, true)], 1_000);
        // Of removed points: no changes.
        frame(&[], 10_000);
        out.tally.heartbeat();
        out.tally.wrote(100_000);
        out.tally.wrote(1_000_000);
        out.report(&totals);
        assert_eq!(totals.sent(), Sent { frames: 3, changes: 4, skipped: 8, bytes: 1_111_100 });
        assert_eq!(
            totals.sent_but_echo(),
            Sent { frames: 2, changes: 1, skipped: 5, bytes: 1_011_000 }
        );
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
