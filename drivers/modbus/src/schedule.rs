//! Which block is asked next. Pure: told the time, never asks for it.
//!
//! Each block has a slot every interval. Of the slots that have begun, the one that ends first is served
//! first, so no block starves, whatever its interval. There is no queue: a slot that passed unserved is
//! skipped and counted, never made up for.

use std::time::Duration;

use tokio::time::Instant;

/// The slots of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    interval: Duration,
    due: Instant,
}

impl Slot {
    /// Slots of `interval`, the first of which begins at `due`.
    pub(crate) fn new(interval: Duration, due: Instant) -> Self {
        Self { interval, due }
    }

    /// When the present slot begins.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// The block was asked at `at`: on to the next slot. How many slots were skipped.
    pub(crate) fn asked(&mut self, at: Instant) -> u64 {
        let late = at.saturating_duration_since(self.due);
        let skipped = late.as_nanos().checked_div(self.interval.as_nanos()).unwrap_or(0);
        let next = self.interval.as_nanos().saturating_mul(skipped.saturating_add(1));
        self.due += Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX));
        u64::try_from(skipped).unwrap_or(u64::MAX)
    }

    /// Lets the next slot begin at `at`.
    pub(crate) fn begin_at(&mut self, at: Instant) {
        self.due = at;
    }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask this block.
    Ask(usize),
    /// Nothing before this time; `None`: nothing at all.
    Wait(Option<Instant>),
}

/// The slot to be served at `now`, of all slots in order, each with the time before which it must not be.
pub(crate) fn next<'a>(
    now: Instant,
    slots: impl Iterator<Item = (&'a Slot, Option<Instant>)>,
) -> Next {
    let mut best: Option<(Instant, usize)> = None;
    let mut earliest: Option<Instant> = None;
    for (at, (slot, not_before)) in slots.enumerate() {
        let open = not_before.map_or(slot.due, |not_before| not_before.max(slot.due));
        if open <= now {
            let candidate = (slot.due + slot.interval, at);
            best = Some(best.map_or(candidate, |best| best.min(candidate)));
        } else {
            earliest = Some(earliest.map_or(open, |earliest| earliest.min(open)));
        }
    }
    best.map_or(Next::Wait(earliest), |(_, at)| Next::Ask(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_slot_that_ends_first_is_served_first() {
        let start = Instant::now();
        let slots =
            [Slot::new(100 * MS, start), Slot::new(50 * MS, start), Slot::new(MS, start + MS)];
        let free = |slots: &[Slot; 3], now| next(now, slots.iter().map(|slot| (slot, None)));
        assert_eq!(free(&slots, start), Next::Ask(1));
        assert_eq!(free(&slots, start + MS), Next::Ask(2));
        assert_eq!(free(&slots, start - MS), Next::Wait(Some(start)));
        let gate = Some(start + 7 * MS);
        assert_eq!(
            next(start, slots.iter().map(|slot| (slot, gate))),
            Next::Wait(Some(start + 7 * MS))
        );
        assert_eq!(next(start, [].into_iter()), Next::Wait(None));
    }

    #[test]
    fn a_missed_slot_is_skipped_and_counted() {
        let start = Instant::now();
        let mut slot = Slot::new(100 * MS, start);
        assert_eq!(slot.asked(start + 99 * MS), 0);
        assert_eq!(slot.due(), start + 100 * MS);
        assert_eq!(slot.asked(start + 350 * MS), 2);
        assert_eq!(slot.due(), start + 400 * MS);
        // Asked before it began: the rhythm stays.
        assert_eq!(slot.asked(start + 390 * MS), 0);
        assert_eq!(slot.due(), start + 500 * MS);
    }

    proptest! {
        /// A channel that takes `cost` for everything, however much there is to do.
        #[test]
        fn under_overload_every_block_is_asked_and_none_twice_in_a_slot(
            intervals in proptest::collection::vec(10_u32..2_000, 1..12),
            cost in 1_u32..300,
        ) {
            let start = Instant::now();
            let mut slots: Vec<Slot> =
                intervals.iter().map(|ms| Slot::new(MS * *ms, start)).collect();
            let (mut now, mut asked) = (start, vec![Vec::new(); slots.len()]);
            while now < start + Duration::from_secs(60) {
                match next(now, slots.iter().map(|slot| (slot, None))) {
                    Next::Ask(at) => {
                        asked[at].push(now);
                        slots[at].asked(now);
                        now += MS * cost;
                    }
                    Next::Wait(until) => now = until.unwrap(),
                }
            }
            let count = u32::try_from(slots.len()).unwrap();
            for (times, interval) in asked.iter().zip(&intervals) {
                // Whoever waits has at most two slots of each other before its own.
                let bound = MS * (*interval * 2 + cost * (count + 2));
                let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
                prop_assert!(!times.is_empty());
                prop_assert!(gaps.clone().all(|gap| gap <= bound), "{:?}", gaps.max());
                let slot_of = |time: &Instant| (*time - start).as_millis() / u128::from(*interval);
                prop_assert!(times.windows(2).all(|pair| slot_of(&pair[0]) < slot_of(&pair[1])));
            }
        }
    }
}
