//! What every point was, by the number of each of its changes.

use std::collections::BTreeMap;

use super::wishes::{IDS, range_of};
use crate::stream::Wish;
use crate::table::{Index, State};

/// What a point became.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Was {
    Here { value: Option<i64>, reason: Option<String>, time: Option<u64> },
    Gone,
}

impl Was {
    pub(super) fn of(state: &State) -> Self {
        let value = match &state.value {
            Some(pointcast_api::Value::I64(value)) => Some(*value),
            _ => None,
        };
        let reason = state.doubt.map(|(reason, _)| reason.to_string());
        Self::Here { value, reason, time: state.time.map(|time| time.0) }
    }

    /// Whether a client with this wish that was last sent `other` may be left with it.
    pub(super) fn is_within(&self, point: usize, wish: Wish, other: &Self) -> bool {
        let width = wish.deadband.and_then(|deadband| deadband.width(range_of(point)));
        let Self::Here { value: Some(a), reason, .. } = self else { return false };
        let Self::Here { value: Some(b), reason: other, .. } = other else { return false };
        let distance = f64::from(i32::try_from(a.abs_diff(*b)).unwrap());
        reason == other && width.is_some_and(|width| distance <= width)
    }
}

/// A change of a point.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) was: Was,
    pub(super) index: Index,
    /// The catalogue in which the point came, or went.
    pub(super) generation: u64,
}

/// Every change of every point.
#[derive(Default)]
pub(super) struct Truth {
    changes: [BTreeMap<u64, Change>; IDS],
}

impl Truth {
    pub(super) fn record(&mut self, point: usize, seq: u64, change: Change) {
        self.changes[point].insert(seq, change);
    }

    /// The newest change up to `seq`, with its number.
    pub(super) fn newest(&self, point: usize, seq: u64) -> Option<(u64, &Change)> {
        self.changes[point].range(..=seq).next_back().map(|(seq, change)| (*seq, change))
    }

    /// Its changes from one number up to another.
    pub(super) fn changes(
        &self,
        point: usize,
        first: u64,
        last: u64,
    ) -> impl Iterator<Item = &Change> + Clone {
        self.changes[point].range(first..=last).map(|(_, change)| change)
    }
}
