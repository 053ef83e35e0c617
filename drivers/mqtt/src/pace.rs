//! How fast events are taken from a broker: as fast as they come, up to what a site could want. What is not
//! taken stays with the broker. Pure: told the time.

use std::time::Duration;

use tokio::time::Instant;

/// Most events taken in one slice of time: 50 000 a second, so that a broker which sends all it can takes a
/// share of one processor and not all of it.
const EVENTS_PER_SLICE: u32 = 500;
const SLICE: Duration = Duration::from_millis(10);

/// The events of the present slice.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Instant,
    taken: u32,
}

impl Pace {
    /// Nothing was taken yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, taken: 0 }
    }

    /// One event was taken.
    pub(crate) fn took(&mut self, now: Instant) {
        if now >= self.began + SLICE {
            *self = Self::new(now);
        }
        self.taken = self.taken.saturating_add(1);
    }

    /// Until when the next one is left where it is; `None`: it may be taken.
    pub(crate) fn rests_until(&self, now: Instant) -> Option<Instant> {
        let end = self.began + SLICE;
        (self.taken >= EVENTS_PER_SLICE && now < end).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_all_it_can_is_taken_from_at_a_bounded_rate() {
        let start = Instant::now();
        let (mut pace, mut now, mut taken) = (Pace::new(start), start, 0);
        while now < start + Duration::from_secs(1) {
            match pace.rests_until(now) {
                Some(end) => now = end,
                None => {
                    now += Duration::from_micros(2);
                    pace.took(now);
                    taken += 1;
                }
            }
        }
        assert!((49_000..=50_000).contains(&taken), "{taken}");
    }

    #[test]
    fn whoever_sends_what_a_site_sends_never_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for event in 0..30_000 {
            let now = start + Duration::from_micros(30) * event;
            assert_eq!(pace.rests_until(now), None);
            pace.took(now);
        }
    }
}
