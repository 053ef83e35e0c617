//! How long to wait before the next connection. Pure.

use std::time::Duration;

/// Until the gateway says otherwise by `retry:`.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait, whatever failed how often and whatever the gateway asked for: somebody sits and watches.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Waits that double with each failure in a row.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: FIRST_WAIT, failures: 0 }
    }
}

impl Backoff {
    /// A connection worked: the next wait is the first again.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }

    /// The gateway asked for this first wait.
    pub(super) fn asked(&mut self, first: Duration) {
        self.first = first.clamp(Duration::from_millis(1), LONGEST_WAIT);
    }

    /// The next wait: `luck` from 0 to 1 spreads it over the upper half, so that clients do not come all at
    /// once.
    pub(super) fn next(&mut self, luck: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        doubled.min(LONGEST_WAIT).mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10, 10, 10]);
        for _ in 0..100 {
            assert_eq!(backoff.next(1.0), LONGEST_WAIT);
        }
        backoff.worked();
        assert_eq!(backoff.next(0.0), Duration::from_millis(500));
    }

    #[test]
    fn the_gateways_wish_counts_within_bounds() {
        let mut backoff = Backoff::default();
        backoff.asked(Duration::from_secs(5));
        assert_eq!(backoff.next(1.0), Duration::from_secs(5));
        backoff.worked();
        backoff.asked(Duration::from_secs(100_000));
        assert_eq!(backoff.next(1.0), LONGEST_WAIT);
        backoff.worked();
        backoff.asked(Duration::ZERO);
        assert!(backoff.next(0.0) > Duration::ZERO);
    }
}
