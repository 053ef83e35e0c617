//! One point's newest sample, and the rules by which a reading changes it. Pure: time is handed in.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{Failure, Quality, Reading, Reason, StaleAfter, UnixMs, Value};

use super::interest::Readers;
use super::sequence::Sequence;
use super::version::{State, Version};
use super::{ages, stale_after_ms};

/// Most states kept of a point before its newest. There is more than one only while a point changes again
/// before another batch's marks are placed, and one for each such batch is enough; past this many batches at
/// once, readers wait for the newest instead.
const MAX_OLDER: usize = 16;

/// What the table is told of a point.
#[derive(Clone, Copy, Debug)]
pub enum Update<'a> {
    /// A reading and its source time.
    Read(&'a Reading, UnixMs),
    /// A numeric reading outside its configured range and its source time.
    OutOfRange(&'a Value, UnixMs),
    /// The point was not read, since this time.
    Fail(Failure, UnixMs),
}

#[derive(Debug)]
pub(super) struct Slot {
    newest: Version,
    /// `None` while nobody ever wanted the point.
    interest: Option<Box<Interest>>,
    /// Uptime at the last successful live read, in milliseconds.
    read_at_ms: u64,
    stale_after_ms: u64,
}

/// Who wants a point, and what that takes.
#[derive(Debug, Default)]
struct Interest {
    /// What readers may still show while newer changes are not settled, oldest first; kept only where
    /// readers are.
    older: Vec<Version>,
    /// How many registrations there are, and such as are about to be in the list or have just left it.
    wanted: u32,
    readers: Arc<Readers>,
}

impl Slot {
    pub(super) fn waiting(seq: u64, now: UnixMs, stale_after: StaleAfter) -> Self {
        Self {
            newest: Version::without_value(Reason::Waiting, now, seq),
            interest: None,
            read_at_ms: 0,
            stale_after_ms: stale_after_ms(stale_after),
        }
    }

    /// What is known of the point; `None` if it was removed.
    pub(super) fn state(&self) -> Option<State> {
        (!self.newest.removed).then(|| self.newest.state())
    }

    /// How good its newest state is; `None` if it was removed.
    pub(super) fn quality(&self) -> Option<Quality> {
        (!self.newest.removed).then(|| self.newest.reason.map_or(Quality::Good, Reason::quality))
    }

    pub(super) fn seq(&self) -> u64 {
        self.newest.seq
    }

    /// Numbers a change that was put in at an uptime, in nanoseconds.
    pub(super) fn set_seq(&mut self, seq: u64, put_at_ns: u64) {
        self.newest.number(seq, put_at_ns);
    }

    /// Counts a registration and gives the list to enter it in; `None` for a point that was removed and announces
    /// nothing any more.
    pub(super) fn want(&mut self) -> Option<Arc<Readers>> {
        if self.newest.removed && self.interest.is_none() {
            return None;
        }
        let interest = self.interest.get_or_insert_default();
        interest.wanted = interest.wanted.saturating_add(1);
        Some(Arc::clone(&interest.readers))
    }

    /// Counts a registration that has left the list.
    pub(super) fn unwant(&mut self) {
        if let Some(interest) = &mut self.interest {
            interest.wanted = interest.wanted.saturating_sub(1);
        }
    }

    /// Everybody who ever registered and has not left.
    pub(super) fn readers(&self) -> Option<&Arc<Readers>> {
        self.interest.as_ref().map(|interest| &interest.readers)
    }

    /// Who is to be told of a change; `None` if nobody is.
    pub(super) fn wanted_by(&self) -> Option<&Arc<Readers>> {
        let interest = self.interest.as_ref().filter(|interest| interest.wanted > 0)?;
        Some(&interest.readers)
    }

    /// What may be shown while `settled` is the newest settled number, and whether it is the newest. `None` while
    /// that state is not at hand, because nobody read the point when it changed, or there was none yet.
    pub(super) fn shown(&mut self, settled: u64) -> Option<(&mut Version, bool)> {
        if self.newest.seq <= settled {
            return Some((&mut self.newest, true));
        }
        let older = &mut self.interest.as_mut()?.older;
        let older = older.iter_mut().rfind(|version| version.seq <= settled);
        older.map(|version| (version, false))
    }

    /// Drops what nobody may show any more, now that `settled` is the newest settled number. Of a removed point
    /// nothing is left but its number, and nobody will be told more: gives the list of those who were, so that it
    /// can be dropped where that holds nobody up.
    pub(super) fn forget_older(&mut self, settled: u64) -> Option<Arc<Readers>> {
        let interest = self.interest.as_mut()?;
        if self.newest.seq > settled {
            let shown = interest.older.iter().rposition(|older| older.seq <= settled);
            interest.older.drain(..shown.unwrap_or_default());
            return None;
        }
        if self.newest.removed {
            return self.interest.take().map(|interest| interest.readers);
        }
        interest.older.clear();
        // One place is kept for the next change: it is as a rule all there is to keep.
        interest.older.shrink_to(1);
        None
    }

    /// Turns the slot into the tombstone of its point, which nothing changes any more; false if it is one. To be
    /// numbered, like any change.
    pub(super) fn remove(&mut self, now: UnixMs, sequence: &Sequence) -> bool {
        if self.newest.removed {
            return false;
        }
        self.keep(sequence);
        self.newest.remove(now);
        self.stale_after_ms = u64::MAX;
        true
    }

    /// Takes in an update; true if value or quality changed and the point is to be numbered: once, however
    /// often one batch changes it. If somebody reads the point, its state before the change stays at hand until the
    /// change is settled.
    pub(super) fn apply(
        &mut self,
        update: Update<'_>,
        uptime: Duration,
        sequence: &Sequence,
    ) -> bool {
        if self.newest.removed {
            return false;
        }
        let listed = self.newest.unnumbered;
        self.take_in(update, uptime, sequence) && !listed
    }

    fn take_in(&mut self, update: Update<'_>, uptime: Duration, sequence: &Sequence) -> bool {
        let (value, reason, time) = match update {
            Update::Fail(failure, time) | Update::Read(&Reading::Failed(failure), time) => {
                return self.doubt(failure.into(), time, sequence);
            }
            Update::Read(Reading::OfUnknownAge(value), time) => {
                return self.hold(Some(value), Some(Reason::Stale), time, sequence);
            }
            Update::Read(Reading::Good(value), time) => (Some(value), None, time),
            Update::Read(Reading::OutOfRange(value), time) | Update::OutOfRange(value, time) => {
                (Some(value), Some(Reason::OutOfRange), time)
            }
            Update::Read(Reading::Substituted(value), time) => {
                (Some(value), Some(Reason::Substituted), time)
            }
            Update::Read(Reading::NotANumber, time) => (None, Some(Reason::NotANumber), time),
        };
        self.read_at_ms = millis(uptime);
        self.newest.check(time);
        self.hold(value, reason, time, sequence)
    }

    /// Lets it turn stale after another time, unless it was removed.
    pub(super) fn set_stale_after(&mut self, after: StaleAfter) {
        if !self.newest.removed {
            self.stale_after_ms = stale_after_ms(after);
        }
    }

    /// Turns the point stale if it was not read in time; true if it did.
    pub(super) fn age(&mut self, uptime: Duration, now: UnixMs, sequence: &Sequence) -> bool {
        if !ages(self.newest.reason) {
            return false;
        }
        let age_ms = millis(uptime).saturating_sub(self.read_at_ms);
        age_ms > self.stale_after_ms && self.doubt(Reason::Stale, now, sequence)
    }

    /// The earliest uptime, in milliseconds, at which [`age`](Self::age) could turn the point stale, as things
    /// are at `uptime`: each read puts it off.
    pub(super) fn due_ms(&self, uptime: Duration) -> u64 {
        let read_at_ms = if ages(self.newest.reason) { self.read_at_ms } else { millis(uptime) };
        read_at_ms.saturating_add(self.stale_after_ms).saturating_add(1)
    }

    fn hold(
        &mut self,
        value: Option<&Value>,
        reason: Option<Reason>,
        time: UnixMs,
        sequence: &Sequence,
    ) -> bool {
        let same_reason = self.newest.reason == reason;
        if same_reason && self.newest.value.as_ref() == value {
            return false;
        }
        self.keep(sequence);
        if !same_reason {
            self.newest.doubt(reason, time);
        }
        self.newest.hold(value, time);
        true
    }

    fn doubt(&mut self, reason: Reason, since: UnixMs, sequence: &Sequence) -> bool {
        if self.newest.reason == Some(reason) {
            return false;
        }
        self.keep(sequence);
        self.newest.doubt(Some(reason), since);
        true
    }

    /// Before a change: keeps what readers may still show.
    fn keep(&mut self, sequence: &Sequence) {
        if self.newest.unnumbered {
            // What this replaces is of the same batch and was never to be shown.
            return;
        }
        if let Some(interest) = &mut self.interest {
            interest.keep(&mut self.newest, sequence);
        }
        self.newest.unnumbered = true;
    }
}

impl Interest {
    fn keep(&mut self, newest: &mut Version, sequence: &Sequence) {
        if self.wanted == 0 {
            self.older = Vec::new();
            return;
        }
        if self.older.len() >= MAX_OLDER {
            self.forget_passed_over(newest.seq, sequence);
        }
        if self.older.len() >= MAX_OLDER {
            // A history with a gap would show something older than what was settled.
            self.older = Vec::new();
            return;
        }
        if self.older.is_empty() {
            self.older.reserve_exact(1);
        }
        self.older.push(newest.hand_down());
    }

    /// Drops the states that will never be the newest settled one, before one of number `next`.
    fn forget_passed_over(&mut self, mut next: u64, sequence: &Sequence) {
        let mut needed = |version: &Version| {
            let shown_while = version.seq..std::mem::replace(&mut next, version.seq);
            sequence.may_settle_in(&shown_while)
        };
        let mut kept: Vec<_> = self.older.drain(..).rev().filter(|older| needed(older)).collect();
        kept.reverse();
        self.older = kept;
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use pointcast_api::Quality;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn slot() -> Slot {
        Slot::waiting(1, UnixMs(5), StaleAfter::Elapsed(3 * SECOND))
    }

    fn numbers() -> Sequence {
        Sequence::starting_after(1)
    }

    /// A batch of its own; true if it changed the point.
    fn apply(slot: &mut Slot, update: Update<'_>, uptime: Duration) -> bool {
        let changed = slot.apply(update, uptime, &numbers());
        if changed {
            slot.set_seq(slot.seq() + 1, 0);
        }
        changed
    }

    fn good(number: i64) -> Reading {
        Reading::Good(Value::I64(number))
    }

    #[test]
    fn a_point_takes_few_bytes() {
        assert!(size_of::<Slot>() <= 96, "{}", size_of::<Slot>());
    }

    #[test]
    fn an_equal_reading_is_no_change_and_moves_only_checked() {
        let mut slot = slot();
        assert!(apply(&mut slot, Update::Read(&good(1), UnixMs(10)), SECOND));
        assert!(!apply(&mut slot, Update::Read(&good(1), UnixMs(20)), 2 * SECOND));
        assert_eq!(slot.newest.state().time, Some(UnixMs(10)));
        assert_eq!(slot.newest.state().checked, Some(UnixMs(20)));
    }

    #[test]
    fn a_failure_keeps_the_last_value_and_its_own_time() {
        let mut slot = slot();
        apply(&mut slot, Update::Read(&good(1), UnixMs(10)), SECOND);
        assert!(apply(&mut slot, Update::Fail(Failure::Timeout, UnixMs(30)), SECOND));
        assert!(!apply(&mut slot, Update::Fail(Failure::Timeout, UnixMs(40)), SECOND));
        assert_eq!(slot.newest.state().value, Some(Value::I64(1)));
        assert_eq!(slot.newest.state().time, Some(UnixMs(10)));
        assert_eq!(slot.newest.state().doubt, Some((Reason::Timeout, UnixMs(30))));
        assert_eq!(slot.newest.state().quality(), Quality::Bad);
        assert!(
            apply(&mut slot, Update::Read(&good(1), UnixMs(50)), SECOND),
            "return to the same value"
        );
        assert_eq!(slot.newest.state().time, Some(UnixMs(50)));
    }

    #[test]
    fn no_number_takes_the_value_away() {
        let mut slot = slot();
        apply(&mut slot, Update::Read(&good(1), UnixMs(10)), SECOND);
        assert!(apply(&mut slot, Update::Read(&Reading::NotANumber, UnixMs(20)), SECOND));
        assert_eq!(slot.newest.state().value, None);
        assert_eq!(slot.newest.state().time, Some(UnixMs(20)));
        assert_eq!(slot.newest.state().doubt, Some((Reason::NotANumber, UnixMs(20))));
    }

    #[test]
    fn only_what_counts_as_live_turns_stale_and_only_after_its_time() {
        let mut slot = slot();
        assert!(!slot.age(9 * SECOND, UnixMs(0), &numbers()), "waiting stays waiting");
        apply(&mut slot, Update::Read(&good(1), UnixMs(10)), SECOND);
        assert!(!slot.age(4 * SECOND, UnixMs(0), &numbers()));
        assert!(slot.age(4 * SECOND + Duration::from_millis(1), UnixMs(77), &numbers()));
        assert_eq!(slot.newest.state().doubt, Some((Reason::Stale, UnixMs(77))));
        assert!(!slot.age(9 * SECOND, UnixMs(99), &numbers()));
        apply(&mut slot, Update::Fail(Failure::Timeout, UnixMs(90)), SECOND);
        assert!(!slot.age(20 * SECOND, UnixMs(99), &numbers()), "bad is not made better");
    }

    #[test]
    fn a_value_of_unknown_age_never_looks_live() {
        let mut slot = slot();
        let retained = Reading::OfUnknownAge(Value::I64(7));
        assert!(apply(&mut slot, Update::Read(&retained, UnixMs(10)), SECOND));
        assert_eq!(slot.newest.state().quality(), Quality::Uncertain);
        assert_eq!(slot.newest.state().checked, None);
    }
}
