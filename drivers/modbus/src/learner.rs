//! How long a unit takes to answer, learned as TCP learns its own round trip (RFC 6298). Pure: told durations,
//! never asks for the time.
//!
//! What is learned only shortens waits that another try follows. **The floor:** a wait is at least
//! `timeout_min_ms` longer than the mean, and the last try of a slot always waits the whole `timeout_ms` (as does every try at a unit
//! that was silent the last time, see [`Pace::timeout`]). So nothing fails, and no unit is taken for lost, that
//! answers within its configured timeout. What guards against late answers on a serial line (rests,
//! `max_reply_delay`) stays on configured bounds and never shrinks with what was learned.

use std::time::Duration;

/// Weight of a new measure: an eighth in the mean, a quarter in the deviation (RFC 6298 §2.3).
const MEAN_PARTS: u32 = 8;
const DEVIATION_PARTS: u32 = 4;

/// A timeout lies this many deviations above the mean (§2).
const DEVIATIONS: u32 = 4;

/// Measures after which a mean is worth planning with.
const SETTLED_AFTER: u32 = 8;

/// By how much, and by what part, what a plan rests on must be off before it is made anew. Below that no other
/// plan would save what a change of rhythm costs.
const MATTERS_BY: Duration = Duration::from_millis(2);
const MATTERS_PART: u32 = 4;

/// How much longer than the mean a wait is at least, and the longest wait, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

/// How long one unit takes to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Pace {
    mean: Duration,
    deviation: Duration,
    measures: u32,
    /// Silences since the last measure: each doubles the wait (§5.5).
    silences: u32,
}

impl Pace {
    /// An answer came after `took`. Nothing is learned from one to a request that was `retried`, as it may
    /// answer either (Karn's rule, §3); and waits that grew stay so until something is learned, or a unit that
    /// became slower would be asked twice for ever (§5.7).
    pub(crate) fn answered(&mut self, took: Duration, retried: bool) {
        if retried {
            return;
        }
        self.silences = 0;
        if self.measures == 0 {
            (self.mean, self.deviation) = (took, took / 2);
        } else {
            let off = self.mean.abs_diff(took);
            self.deviation = (self.deviation * (DEVIATION_PARTS - 1) + off) / DEVIATION_PARTS;
            self.mean = (self.mean * (MEAN_PARTS - 1) + took) / MEAN_PARTS;
        }
        self.measures = self.measures.saturating_add(1);
    }

    /// No answer came in time.
    pub(crate) fn silent(&mut self) {
        self.silences = self.silences.saturating_add(1);
    }

    /// How long to wait for the next answer. `last`: whether something fails without it.
    ///
    /// The whole of what is configured for a last try and before anything was measured; else four deviations
    /// above the mean, or the least there is, and twice that after each silence.
    pub(crate) fn timeout(&self, bounds: Bounds, last: bool) -> Duration {
        if last || self.measures == 0 {
            return bounds.most;
        }
        // A device that was steady for long has no deviation left, but may pause like any other.
        let learned = self.mean + (self.deviation * DEVIATIONS).max(bounds.least);
        let doubled = learned.saturating_mul(1 << self.silences.min(16));
        doubled.min(bounds.most)
    }

    /// The mean so far.
    pub(crate) fn mean(&self) -> Option<Duration> {
        (self.measures > 0).then_some(self.mean)
    }

    /// The mean, once it is settled.
    pub(crate) fn settled(&self) -> Option<Duration> {
        (self.measures >= SETTLED_AFTER).then_some(self.mean)
    }
}

/// How long each unit of a channel takes to answer, as plans rest on it, by device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paces(Vec<Option<Duration>>);

impl Paces {
    /// That of the device at a place; `None`: as configured.
    pub(crate) fn of(&self, device: usize) -> Option<Duration> {
        self.0.get(device).copied().flatten()
    }

    /// Whether any of them is another one than in `told`, by more than `least` and more than one part in so many.
    pub(crate) fn differ_from(&self, told: &Self, part: u32, least: Duration) -> bool {
        let differs = |(at, now): (usize, &Option<Duration>)| match (now, told.of(at)) {
            (Some(now), Some(told)) => now.abs_diff(told) > (told / part).max(least),
            (now, told) => *now != told,
        };
        self.0.iter().enumerate().any(differs)
    }

    /// Takes over what was measured, and keeps what was known where nothing was.
    pub(crate) fn learn(&mut self, measured: Vec<Option<Duration>>) {
        let known = std::mem::take(&mut self.0).into_iter().chain(std::iter::repeat(None));
        self.0 = measured.into_iter().zip(known).map(|(new, old)| new.or(old)).collect();
    }
}

/// Whether a plan that rests on `planned` is to be made anew now that `learned` is known.
pub(crate) fn matters(planned: Duration, learned: Duration) -> bool {
    let off = planned.abs_diff(learned);
    off > MATTERS_BY && off > planned / MATTERS_PART
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn paces_are_others_only_by_more_than_jitter() {
        let us = Duration::from_micros;
        let of = |pace| Paces(vec![None, Some(pace)]);
        let differ = |now, told| of(now).differ_from(&of(told), 10, ms(1));
        assert!(!differ(us(290), us(180)), "much of little is little");
        assert!(!differ(us(180), us(1_180)));
        assert!(differ(us(180), us(1_181)));
        assert!(!differ(ms(110), ms(100)));
        assert!(differ(ms(111), ms(100)));
        assert!(of(us(180)).differ_from(&Paces::default(), 10, ms(1)), "nothing was known");
    }

    const BOUNDS: Bounds = Bounds { least: ms(20), most: ms(1_000) };

    fn after(measures: &[u64]) -> Pace {
        let mut pace = Pace::default();
        measures.iter().for_each(|took| pace.answered(ms(*took), false));
        pace
    }

    /// RFC 6298 §2, by hand. Do not change this test.
    #[test]
    fn a_timeout_is_learned_as_the_standard_says() {
        assert_eq!(after(&[]).timeout(BOUNDS, false), ms(1_000));
        // 100 + 4 × 50.
        assert_eq!(after(&[100]).timeout(BOUNDS, false), ms(300));
        // Deviation (3 × 50 + 60) / 4 = 52.5, mean (7 × 100 + 160) / 8 = 107.5.
        let micros = after(&[100, 160]).timeout(BOUNDS, false).as_micros();
        assert_eq!(micros, 107_500 + 4 * 52_500);
    }

    #[test]
    fn waits_double_with_each_silence_up_to_the_bound_until_something_is_learned() {
        let mut pace = after(&[100; 50]);
        let waits: Vec<_> = (0..6)
            .map(|_| {
                let wait = pace.timeout(BOUNDS, false).as_millis();
                pace.silent();
                wait
            })
            .collect();
        assert_eq!(waits, [120, 240, 480, 960, 1_000, 1_000]);
        pace.answered(ms(900), true);
        assert_eq!(pace.timeout(BOUNDS, false).as_millis(), 1_000, "retried: nothing is learned");
        pace.answered(ms(100), false);
        assert_eq!(pace.timeout(BOUNDS, false).as_millis(), 120);
    }

    #[test]
    fn a_last_try_always_waits_the_whole_time() {
        assert_eq!(after(&[1; 50]).timeout(BOUNDS, true), ms(1_000));
        assert_eq!(
            after(&[1; 50]).timeout(BOUNDS, false),
            ms(21),
            "and another the floor more than the mean"
        );
        assert_eq!(after(&[900, 10, 900]).timeout(BOUNDS, false), ms(1_000));
    }

    #[test]
    fn a_mean_is_planned_with_when_it_is_settled_and_matters() {
        assert_eq!(after(&[30; 7]).settled(), None);
        assert_eq!(after(&[30; 8]).settled(), Some(ms(30)));
        assert!(matters(ms(5), ms(30)) && matters(ms(30), ms(5)));
        assert!(!matters(ms(5), ms(6)) && !matters(ms(5), ms(7)) && !matters(ms(100), ms(120)));
    }

    proptest! {
        #[test]
        fn a_timeout_stays_within_its_bounds(
            events in proptest::collection::vec((0_u64..5_000, any::<bool>(), any::<bool>()), 0..200),
        ) {
            let mut pace = Pace::default();
            for (took, retried, silent) in events {
                if silent { pace.silent() } else { pace.answered(ms(took), retried) }
                let timeout = pace.timeout(BOUNDS, false);
                prop_assert!((BOUNDS.least..=BOUNDS.most).contains(&timeout), "{timeout:?}");
            }
        }
    }
}
