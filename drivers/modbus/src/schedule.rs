//! Which block is asked next. Pure: told the time, never asks for it.
//!
//! Each block has a slot every interval. Of the slots that have begun, the one that ends first is served
//! first, so no block starves, whatever its interval. There is no queue: a slot that passed unserved is
//! skipped and counted, never made up for.
//!
//! Slots of equal intervals do not begin together: each block has a place within its interval, its
//! [`Rhythm`]. The first reading is due at once all the same; the rhythm begins with the second.
//!
//! **The bound:** while everybody answers, and admission left utilisation below one, a slot is served before
//! it has ended by more than the longest request, `B`: whatever ends before it is less than all the time there
//! is, and what cannot be interrupted adds one request. So two readings lie at most two intervals and `B` apart
//! (half an interval more between the first and the second), and on average one interval.

use std::time::Duration;

use tokio::time::Instant;

/// 2⁶⁴ divided by the golden ratio: its multiples, taken as fractions, lie apart as evenly as can be, however
/// many there are (Weyl 1916; Knuth, The Art of Computer Programming 3, §6.4).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// When the slots of a channel's blocks begin within their intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rhythm {
    start: Instant,
    seed: u64,
}

impl Rhythm {
    /// That of the channel `name`, from `start` on. Channels of other names have other places in it, and none
    /// moves because another comes or goes.
    pub(crate) fn new(name: &str, start: Instant) -> Self {
        // FNV-1a: any mix would do, but this one is the same at every start.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325, mix);
        // Names that differ in the last letter only are to lie far apart as well.
        Self { start, seed: (hash ^ hash >> 32).wrapping_mul(GOLDEN) }
    }

    /// When a slot of the block at `place` in the plan begins, some time before one interval has passed.
    pub(crate) fn begin(&self, interval: Duration, place: usize) -> Instant {
        let place = u64::try_from(place).unwrap_or_default();
        let part = self.seed.wrapping_add(place.wrapping_mul(GOLDEN));
        let nanos = interval.as_nanos().saturating_mul(part.into()) >> 64;
        self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
    }
}

/// The slots of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    interval: Duration,
    due: Instant,
    /// When some slot of its rhythm begins; `due` may lie beside the rhythm.
    rhythm: Instant,
}

impl Slot {
    /// Slots of `interval`, the first of which begins at `due`; the later ones as many intervals from `rhythm`.
    pub(crate) fn new(interval: Duration, due: Instant, rhythm: Instant) -> Self {
        Self { interval, due, rhythm }
    }

    /// When the present slot begins.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// How often a slot begins.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// Lets slots after the present one begin so often.
    pub(crate) fn ask_every(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// When one of its slots begins in its rhythm.
    pub(crate) fn rhythm(&self) -> Instant {
        self.rhythm
    }

    /// The block was asked at `at`: on to the next slot. How many slots were skipped.
    pub(crate) fn asked(&mut self, at: Instant) -> u64 {
        let interval = self.interval.as_nanos();
        let late = at.saturating_duration_since(self.due);
        let skipped = late.as_nanos().checked_div(interval).unwrap_or(0);
        let next = self.due + nanos(interval.saturating_mul(skipped.saturating_add(1)));
        // From beside the rhythm into it, by the way that is nearest to an interval.
        let off = if next >= self.rhythm {
            (next - self.rhythm).as_nanos().checked_rem(interval).unwrap_or(0)
        } else {
            let before = (self.rhythm - next).as_nanos().checked_rem(interval).unwrap_or(0);
            interval.saturating_sub(before) % interval.max(1)
        };
        self.due =
            if off * 2 <= interval { next - nanos(off) } else { next + nanos(interval - off) };
        u64::try_from(skipped).unwrap_or(u64::MAX)
    }

    /// Lets the next slot begin at `at`.
    pub(crate) fn begin_at(&mut self, at: Instant) {
        self.due = at;
    }
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
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

/// The slot at `first`, which is [`next`], and those of `others` that may be served at `now` with it, no more than
/// `most` in all: in the order in which they would be, one after the other.
pub(crate) fn together<'a>(
    now: Instant,
    first: usize,
    most: usize,
    others: impl Iterator<Item = (usize, &'a Slot, Option<Instant>)>,
) -> Vec<usize> {
    let is_open = |slot: &Slot, not_before: Option<Instant>| {
        not_before.map_or(slot.due, |not_before| not_before.max(slot.due)) <= now
    };
    let mut ends: Vec<(Instant, usize)> = others
        .filter(|(at, slot, not_before)| *at != first && is_open(slot, *not_before))
        .map(|(at, slot, _)| (slot.due + slot.interval, at))
        .collect();
    ends.sort_unstable();
    std::iter::once(first).chain(ends.into_iter().map(|(_, at)| at)).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);

    fn slot(interval_ms: u32, start: Instant) -> Slot {
        Slot::new(MS * interval_ms, start, start)
    }

    #[test]
    fn the_first_reading_is_due_at_once_and_the_second_in_rhythm() {
        let start = Instant::now();
        for (place_ms, expected) in
            [(0, [100, 200]), (49, [149, 249]), (51, [51, 151]), (99, [99, 199])]
        {
            let mut slot = Slot::new(100 * MS, start, start + MS * place_ms);
            let due = [0, 1].map(|_| {
                slot.asked(slot.due() + 3 * MS);
                (slot.due() - start).as_millis()
            });
            assert_eq!(due, expected, "{place_ms}");
            // Beside the rhythm once more, long after and before it.
            slot.begin_at(start + 10_010 * MS);
            slot.asked(slot.due());
            let off = (slot.due() - start).as_millis() % 100;
            assert_eq!(off, u128::from(place_ms), "{place_ms}");
        }
        let mut ahead = Slot::new(100 * MS, start, start + 1_030 * MS);
        ahead.asked(start);
        assert_eq!((ahead.due() - start).as_millis(), 130);
    }

    /// The largest number of slots that begin within the same hundredth of the interval.
    fn crowd(begins: impl Iterator<Item = Instant>, start: Instant, interval: Duration) -> usize {
        let mut crowds = [0; 100];
        for begin in begins {
            let at = (begin - start).as_nanos() * 100 / interval.as_nanos();
            crowds[usize::try_from(at).unwrap()] += 1;
        }
        crowds.into_iter().max().unwrap()
    }

    #[test]
    fn slots_of_one_interval_are_spread_over_it() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        // A thousand channels with a block each: ten in a hundredth if they were dealt out, no more than by chance.
        let name = |at: u32| format!("line{at}");
        let begins = (0..1_000).map(|at| Rhythm::new(&name(at), start).begin(second, 0));
        let most = crowd(begins, start, second);
        assert!((10..=25).contains(&most), "{most}");
        // A thousand blocks of one channel: as evenly as can be.
        let rhythm = Rhythm::new("line", start);
        let most = crowd((0..1_000).map(|at| rhythm.begin(second, at)), start, second);
        assert!((10..=12).contains(&most), "{most}");
        assert_eq!(rhythm.begin(second, 7), Rhythm::new("line", start).begin(second, 7));
    }

    #[test]
    fn the_slot_that_ends_first_is_served_first() {
        let start = Instant::now();
        let slots = [slot(100, start), slot(50, start), slot(1, start + MS)];
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
        let mut slot = slot(100, start);
        assert_eq!(slot.asked(start + 99 * MS), 0);
        assert_eq!(slot.due(), start + 100 * MS);
        assert_eq!(slot.asked(start + 350 * MS), 2);
        assert_eq!(slot.due(), start + 400 * MS);
        // Asked before it began: the rhythm stays.
        assert_eq!(slot.asked(start + 390 * MS), 0);
        assert_eq!(slot.due(), start + 500 * MS);
    }

    proptest! {
        /// Several at once are those that would go one after the other.
        #[test]
        fn together_go_those_that_would_go_in_turn(
            slots in proptest::collection::vec((0_u32..50, 1_u32..90, 0_u32..60), 1..12),
            most in 1_usize..8,
        ) {
            let start = Instant::now();
            let now = start + MS * 30;
            let slots: Vec<(Slot, Option<Instant>)> = slots
                .iter()
                .map(|(due, every, gate)| {
                    let due = start + MS * *due;
                    (Slot::new(MS * *every, due, due), Some(start + MS * *gate).filter(|_| gate % 2 == 0))
                })
                .collect();
            let mut expected = Vec::new();
            while expected.len() < most {
                let left = slots.iter().enumerate().map(|(at, (slot, gate))| {
                    let taken = expected.contains(&at).then_some(now + SECOND);
                    (slot, taken.max(*gate))
                });
                let Next::Ask(at) = next(now, left) else { break };
                expected.push(at);
            }
            let Some(first) = expected.first() else { return Ok(()) };
            let all = slots.iter().enumerate().map(|(at, (slot, gate))| (at, slot, *gate));
            prop_assert_eq!(together(now, *first, most, all), expected);
        }

        /// A channel that takes `cost` for everything, however much there is to do.
        #[test]
        fn under_overload_every_block_is_asked_and_none_twice_in_a_slot(
            intervals in proptest::collection::vec(10_u32..2_000, 1..12),
            cost in 1_u32..300,
        ) {
            let start = Instant::now();
            let mut slots: Vec<Slot> =
                intervals.iter().map(|ms| slot(*ms, start)).collect();
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
