//! What is counted: a device's share of time, noise, skipped slots. Pure: told the time.

use std::time::Duration;

use pointcast_api::DeviceCounters;
use tokio::time::Instant;

use crate::link::{Stray, StrayKind};

/// "Lately": the length of the window over which use is measured.
const WINDOW: Duration = Duration::from_secs(10);

/// Valid answers in a row after which noise counts as over.
const QUIET_AFTER: u32 = 100;

/// Counts something that was thrown away, by its kind.
pub(super) fn count(counters: &mut DeviceCounters, stray: &Stray) {
    let of_kind = match stray.kind {
        StrayKind::Late => {
            counters.late += stray.count;
            return;
        }
        StrayKind::Garbled => &mut counters.damaged,
        StrayKind::Foreign | StrayKind::UnknownTransaction => &mut counters.foreign,
        StrayKind::Misshapen => &mut counters.misshapen,
    };
    *of_kind += stray.count;
    counters.malformed += stray.count;
}

/// The share of time that was spent on something lately.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    since: Instant,
    busy: Duration,
    /// The share in the last full window, and how long that was.
    last: Option<(f64, Duration)>,
}

impl Share {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, busy: Duration::ZERO, last: None }
    }

    /// So much time was spent, up to `now`.
    pub(super) fn spent(&mut self, busy: Duration, now: Instant) {
        self.busy += busy;
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed >= WINDOW {
            self.last = Some((self.busy.as_secs_f64() / elapsed.as_secs_f64(), elapsed));
            (self.since, self.busy) = (now, Duration::ZERO);
        }
    }

    /// 0 to 1, of the last full window; before there is one, or where nothing is asked any more, of the time since.
    pub(super) fn lately(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.since);
        let so_far = if elapsed.is_zero() { 0.0 } else { self.busy.div_duration_f64(elapsed) };
        // Twice as long as the last one took to be closed: nothing was spent since. One that is asked each minute has
        // windows of a minute.
        let last = self.last.filter(|(_, length)| elapsed < *length * 2);
        last.map_or(so_far, |(share, _)| share).clamp(0.0, 1.0)
    }
}

/// Whether a device's answers come with noise: told when it begins and when it is over, not in between.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Noise {
    noisy: bool,
    clean: u32,
}

impl Noise {
    /// Something malformed came; whether that is news.
    pub(super) fn heard(&mut self) -> bool {
        self.clean = 0;
        !std::mem::replace(&mut self.noisy, true)
    }

    /// A valid answer came; whether the noise is over with it.
    pub(super) fn clean(&mut self) -> bool {
        self.clean = self.clean.saturating_add(1);
        let over = self.noisy && self.clean >= QUIET_AFTER;
        self.noisy &= !over;
        over
    }
}

/// How often skipped slots are told of at most.
const SKIPS_INTERVAL: Duration = Duration::from_secs(60);

/// Slots skipped for want of time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Skips {
    untold: u64,
    told_at: Option<Instant>,
}

impl Skips {
    /// So many more were skipped; how many to tell of now, if it is time to.
    pub(super) fn add(&mut self, skipped: u64, now: Instant) -> Option<u64> {
        self.untold = self.untold.saturating_add(skipped);
        let told_lately = self.told_at.is_some_and(|told_at| now < told_at + SKIPS_INTERVAL);
        if self.untold == 0 || told_lately {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_thrown_away_counts_by_its_kind_and_late_is_not_malformed() {
        let kinds = [
            StrayKind::Late,
            StrayKind::Foreign,
            StrayKind::UnknownTransaction,
            StrayKind::Misshapen,
            StrayKind::Garbled,
        ];
        let mut counters = DeviceCounters::default();
        for (times, kind) in (1..).zip(kinds) {
            count(&mut counters, &Stray { kind, unit: None, count: times });
        }
        let DeviceCounters { late, foreign, misshapen, damaged, malformed, .. } = counters;
        assert_eq!((late, foreign, misshapen, damaged, malformed), (1, 5, 4, 5, 14));
    }

    #[test]
    fn use_is_measured_over_a_window() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut share = Share::new(start);
        assert!(share.lately(start).abs() < f64::EPSILON);
        share.spent(second, start + 2 * second);
        assert!((share.lately(start + 2 * second) - 0.5).abs() < 1e-9);
        share.spent(second, start + 10 * second);
        assert!((share.lately(start + 11 * second) - 0.2).abs() < 1e-9);
        share.spent(5 * second, start + 20 * second);
        assert!((share.lately(start + 20 * second) - 0.5).abs() < 1e-9);
        assert!(share.lately(start + 60 * second).abs() < 1e-9, "nothing since");
        share.spent(6 * second, start + 80 * second);
        for later in [0, 1, 59, 119] {
            let lately = share.lately(start + (80 + later) * second);
            assert!((lately - 0.1).abs() < 1e-9, "asked each minute: {lately} after {later} s");
        }
        assert!(share.lately(start + 200 * second).abs() < 1e-9, "nothing since");
    }

    #[test]
    fn skipped_slots_are_all_counted_and_told_now_and_then() {
        let start = Instant::now();
        let mut skips = Skips::default();
        assert_eq!(skips.add(0, start), None);
        assert_eq!(skips.add(2, start), Some(2));
        assert_eq!(skips.add(3, start + SKIPS_INTERVAL / 2), None);
        assert_eq!(skips.add(0, start + SKIPS_INTERVAL), Some(3));
        assert_eq!(skips.add(0, start + SKIPS_INTERVAL * 3), None);
    }

    #[test]
    fn noise_is_told_when_it_begins_and_when_it_is_over() {
        let mut noise = Noise::default();
        assert!(!noise.clean());
        assert!(noise.heard());
        assert!(!noise.heard());
        let over: Vec<u32> = (1..=200).filter(|_| noise.clean()).collect();
        assert_eq!(over.len(), 1);
        assert!(noise.heard());
    }
}
