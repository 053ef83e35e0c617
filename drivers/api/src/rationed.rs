//! Log lines about things that come again and again: each is told at once and then seldom. Told the time.

use std::time::Duration;

use tokio::time::Instant;

/// Least time between two log lines about the same thing.
const PAUSE: Duration = Duration::from_secs(60);

/// One thing that goes wrong and right again, perhaps a thousand times a second: a log hears of it once a
/// minute at most, whoever is at the other end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rationed {
    told_at: Option<Instant>,
}

impl Rationed {
    /// Whether it may be told now; if so, it counts as told.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.told_at.is_none_or(|told_at| now >= told_at + PAUSE);
        if is_due {
            self.told_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_and_then_one_a_minute() {
        let start = Instant::now();
        let mut rationed = Rationed::default();
        let told = |at_ms: &u64| rationed.is_due(start + Duration::from_millis(*at_ms));
        let told: Vec<u64> = (0..=150_000).step_by(10).filter(told).collect();
        assert_eq!(told, [0, 60_000, 120_000]);
    }
}
