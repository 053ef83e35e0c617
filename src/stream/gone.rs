//! Points of a selection that were removed: their places, until their clients know of it for sure. Pure.
//!
//! A tombstone is kept because a client that comes back to a position before it must be told again. It is found by the
//! number of the removal, so that a point that comes again can take the place of the one that went. Its place may go
//! to any point that comes once it was dropped; and which removal was dropped last is remembered.

use std::collections::BTreeMap;

/// Most removed points that one session keeps though its connection told them: past that, the oldest are dropped, and
/// a client that comes back to a position before those begins anew. It takes a few tens of bytes for each.
pub(super) const MAX_GONE: usize = 1_000;

/// The places of removed points.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Of those that are kept, by the number of the removal.
    kept: BTreeMap<u64, u32>,
    /// Of those that were dropped.
    free: Vec<u32>,
    /// The newest removal of those that were dropped at any time.
    dropped: u64,
}

impl Gone {
    /// A point at a place was removed by this change.
    pub(super) fn keep(&mut self, number: u64, place: u32) {
        self.kept.insert(number, place);
    }

    /// The place of the point that was removed by this change, for its successor; `None` if it is not kept.
    pub(super) fn take_over(&mut self, number: u64) -> Option<u32> {
        self.kept.remove(&number)
    }

    /// A place whose point was dropped, for any other.
    pub(super) fn take_free(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// The removal that is longest ago, with its point's place, among those that are kept.
    pub(super) fn oldest(&self) -> Option<(u64, u32)> {
        self.kept.first_key_value().map(|(number, place)| (*number, *place))
    }

    /// Drops the [`oldest`](Self::oldest).
    pub(super) fn drop_oldest(&mut self) {
        let Some((number, place)) = self.kept.pop_first() else { return };
        self.free.push(place);
        self.dropped = self.dropped.max(number);
    }

    /// The newest removal that was dropped, here or in an arrangement before: a client that knows less cannot be told
    /// of it any more.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The places of a new arrangement; what was dropped stays so.
    pub(super) fn replace(&mut self, next: Self) {
        *self = Self { dropped: self.dropped.max(next.dropped), ..next };
    }

    /// How many are kept.
    pub(super) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// How many places there are without a point.
    pub(super) fn places(&self) -> usize {
        self.kept.len() + self.free.len()
    }

    /// Those that are kept, the removal that is longest ago first: its number, and its point's place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.kept.iter().map(|(number, place)| (*number, *place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_dropped_first_and_only_then_may_another_have_its_place() {
        let mut gone = Gone::default();
        [(7, 0), (9, 4), (8, 2)].into_iter().for_each(|(number, place)| gone.keep(number, place));
        assert_eq!((gone.take_free(), gone.oldest()), (None, Some((7, 0))));
        assert_eq!((gone.take_over(8), gone.take_over(8)), (Some(2), None), "its successor has it");
        gone.drop_oldest();
        assert_eq!(
            (gone.take_over(7), gone.kept(), gone.places(), gone.dropped()),
            (None, 1, 2, 7)
        );
        assert_eq!((gone.take_free(), gone.take_free()), (Some(0), None));
        assert_eq!(gone.iter().collect::<Vec<_>>(), [(9, 4)]);
        gone.replace(Gone::default());
        assert_eq!((gone.places(), gone.dropped()), (0, 7));
    }
}
