//! Medians, spreads and quantiles. Pure.

use serde::{Deserialize, Serialize};

/// What several rounds gave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of one or more rounds.
    pub(crate) fn of(rounds: impl IntoIterator<Item = f64>) -> Self {
        let mut rounds: Vec<f64> = rounds.into_iter().collect();
        rounds.sort_by(f64::total_cmp);
        let (least, most) = (rounds[0], rounds[rounds.len() - 1]);
        let upper = rounds[rounds.len() / 2];
        let lower = rounds[(rounds.len() - 1) / 2];
        Self { median: (lower + upper) / 2.0, least, most }
    }

    /// Of something measured once.
    pub(crate) fn once(value: f64) -> Self {
        Self { median: value, least: value, most: value }
    }
}

/// Round by round, what `above` is of `below`.
pub(crate) fn ratios(above: &[f64], below: &[f64]) -> Spread {
    Spread::of(above.iter().zip(below).map(|(above, below)| above / below))
}

/// A distribution, in nanoseconds.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    pub(crate) count: usize,
    pub(crate) p50_ns: u64,
    pub(crate) p99_ns: u64,
    pub(crate) worst_ns: u64,
}

impl Quantiles {
    /// Of these times; sorts them.
    pub(crate) fn of(times_ns: &mut [u64]) -> Self {
        times_ns.sort_unstable();
        let at = |share: f64| {
            let place = (times_ns.len() as f64 * share).ceil() as usize;
            times_ns.get(place.saturating_sub(1)).copied().unwrap_or(0)
        };
        Self { count: times_ns.len(), p50_ns: at(0.5), p99_ns: at(0.99), worst_ns: at(1.0) }
    }

    pub(crate) fn p50_ms(&self) -> f64 {
        self.p50_ns as f64 / 1e6
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        self.p99_ns as f64 / 1e6
    }
}
