//! Whether a channel has the time for what it is asked for, and what is revised where it has not. Pure.
//!
//! A channel asks one request at a time, so what its blocks take is a sum of shares: the time of a request by
//! its interval. Up to [`MAX_UTILISATION`] every slot can be served before it ends (earliest deadline first,
//! Liu and Layland 1973; what cannot be interrupted adds at most the longest request, Jeffay, Stanat and Martel
//! 1991). Past it intervals are **revised** before anything is read, so that what is declared can be kept.
//!
//! All that are revised are stretched alike, as their order is what somebody meant by them. Slow ones that
//! take next to nothing are spared: an hourly reading is no faster off the line for coming every two hours.

use std::collections::BTreeMap;
use std::time::Duration;

/// Share of a channel's time that reading may take by plan. The rest is needed for retries, for those who do
/// not answer (a tenth, see `patience`) and for devices that think longer than assumed.
pub(crate) const MAX_UTILISATION: f64 = 0.9;

/// Share of [`MAX_UTILISATION`] that intervals may take together and be spared.
const MAX_SPARED: f64 = 0.1;

/// Part of the channel's shortest interval that a block of a longer one may hold the bus. A block cannot be
/// interrupted: whatever is due meanwhile waits for its end.
pub(crate) const MAX_BLOCKING: f64 = 0.25;

/// What a block takes of its channel: so much time, so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) cost: Duration,
    pub(crate) interval: Duration,
}

impl Load {
    pub(crate) fn share(&self) -> f64 {
        // An interval is never nothing; if it were, its block would take all there is.
        self.cost.as_secs_f64() / self.interval.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// The share of a channel's time that all of `loads` take.
pub(crate) fn utilisation(loads: &[Load]) -> f64 {
    loads.iter().map(Load::share).sum()
}

/// How intervals are revised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    factor: f64,
    /// Intervals from this one on stay as they are.
    spared_from: Option<Duration>,
}

impl Stretch {
    /// What makes `loads` fit; `None` where they do.
    pub(crate) fn needed(loads: &[Load]) -> Option<Self> {
        let total = utilisation(loads);
        if total <= MAX_UTILISATION {
            return None;
        }
        let mut classes: BTreeMap<Duration, f64> = BTreeMap::new();
        for load in loads {
            *classes.entry(load.interval).or_default() += load.share();
        }
        let mut stretch = Self { factor: total / MAX_UTILISATION, spared_from: None };
        let mut spared = 0.0;
        let mut slowest_first = classes.into_iter().rev().peekable();
        while let Some((interval, share)) = slowest_first.next() {
            spared += share;
            let factor = (total - spared) / (MAX_UTILISATION - spared);
            // Whoever was to be read more often is not to be read less often in the end.
            let in_order = |faster: Duration| faster.mul_f64(factor) <= interval;
            if spared > MAX_SPARED * MAX_UTILISATION
                || !slowest_first.peek().is_some_and(|(faster, _)| in_order(*faster))
            {
                break;
            }
            stretch = Self { factor, spared_from: Some(interval) };
        }
        Some(stretch)
    }

    /// An interval as revised, in whole milliseconds.
    pub(crate) fn revise(&self, interval: Duration) -> Duration {
        if self.spared_from.is_some_and(|from| interval >= from) {
            return interval;
        }
        stretched(interval, self.factor)
    }
}

/// An interval so many times as long, in whole milliseconds.
pub(crate) fn stretched(interval: Duration, factor: f64) -> Duration {
    let millis = interval.mul_f64(factor).as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// By how much the intervals of each device are to be stretched for all to fit, by the share that each takes.
///
/// Whoever takes no more than an even share of what there is for all keeps it; the others get what is left in
/// even shares (max-min fairness). So a device that is slow to answer takes nothing from those that are not.
pub(crate) fn fair_factors(shares: &[f64]) -> Vec<f64> {
    let mut ascending = shares.to_vec();
    ascending.sort_by(f64::total_cmp);
    let (mut left, mut level) = (MAX_UTILISATION, f64::INFINITY);
    for (waiting, share) in
        (1..=u32::try_from(shares.len()).unwrap_or(u32::MAX)).rev().zip(ascending)
    {
        let even = left / f64::from(waiting);
        if share > even {
            level = even;
            break;
        }
        left -= share;
    }
    shares.iter().map(|share| (share / level).max(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(cost_ms: u64, interval_ms: u64) -> Load {
        Load { cost: Duration::from_millis(cost_ms), interval: Duration::from_millis(interval_ms) }
    }

    fn revised(loads: &[Load]) -> Vec<u128> {
        let stretch = Stretch::needed(loads);
        let revise =
            |load: &Load| stretch.map_or(load.interval, |stretch| stretch.revise(load.interval));
        loads.iter().map(|load| revise(load).as_millis()).collect()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let loads = [load(50, 100), load(400, 1_000)];
        assert!((utilisation(&loads) - 0.9).abs() < 1e-9);
        assert_eq!(Stretch::needed(&loads), None);
        assert_eq!(Stretch::needed(&[]), None);
    }

    #[test]
    fn what_does_not_fit_is_stretched_alike() {
        assert_eq!(revised(&[load(90, 100), load(900, 1_000)]), [200, 2_000]);
    }

    #[test]
    fn slow_ones_that_take_next_to_nothing_are_spared() {
        // Twice what fits, and 0.05 by the minute: (1.85 - 0.05) / (0.9 - 0.05) for the others.
        let loads = [load(90, 100), load(900, 1_000), load(3_000, 60_000), load(36, 3_600_000)];
        assert_eq!(revised(&loads), [212, 2_118, 60_000, 3_600_000]);
        // Nothing is spared past which faster ones would be stretched.
        assert_eq!(revised(&[load(1_800, 1_000), load(1, 1_500)]), [2_001, 3_002]);
    }

    #[test]
    fn whoever_takes_the_most_is_stretched_and_nobody_else() {
        assert_eq!(fair_factors(&[0.3, 0.3, 0.3]), [1.0; 3]);
        let close = |shares: &[f64], expected: &[f64]| {
            let factors = fair_factors(shares);
            let off = factors.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off < 1e-9, "{factors:?}");
        };
        close(&[0.05, 1.0, 0.05], &[1.0, 1.25, 1.0]);
        close(&[0.9, 0.1, 0.9], &[2.25, 1.0, 2.25]);
        close(&[1.8], &[2.0]);
        assert!(fair_factors(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn fair_shares_fit(shares in proptest::collection::vec(0.0_f64..3.0, 1..20)) {
            let factors = fair_factors(&shares);
            let used: f64 = shares.iter().zip(&factors).map(|(share, factor)| share / factor).sum();
            let total: f64 = shares.iter().sum();
            prop_assert!((used - total.min(MAX_UTILISATION)).abs() < 1e-9, "{used}");
        }

        #[test]
        fn whatever_is_asked_for_fits_afterwards_and_keeps_its_order(
            asked in proptest::collection::vec((1_u64..500, 10_u64..100_000), 1..40),
        ) {
            let loads: Vec<Load> = asked.iter().map(|(cost, every)| load(*cost, *every)).collect();
            let Some(stretch) = Stretch::needed(&loads) else { return Ok(()) };
            let after: Vec<Load> = loads
                .iter()
                .map(|load| Load { interval: stretch.revise(load.interval), ..*load })
                .collect();
            let used = utilisation(&after);
            prop_assert!(used <= MAX_UTILISATION + 1e-9, "{used}");
            for (a, b) in loads.iter().zip(&after) {
                prop_assert!(b.interval >= a.interval);
                for (c, d) in loads.iter().zip(&after) {
                    prop_assert!(a.interval > c.interval || b.interval <= d.interval);
                }
            }
        }
    }
}
