//! The different wishes among a subscription's entries, each once. Pure.

use std::collections::HashMap;

use super::lanes::{LaneNumber, Lanes};
use crate::stream::entry::{Deadband, Wish};

/// A rule's number; 0 holds nothing back.
pub(in crate::stream) type RuleNumber = u32;

/// A wish that holds something back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) wish: Wish,
    pub(super) lane: Option<LaneNumber>,
}

impl Rule {
    /// How long a change within the deadband waits; `None` if it is passed over.
    pub(super) fn flush_ms(&self) -> Option<u32> {
        self.wish.deadband.and(self.wish.flush_ms)
    }
}

/// Wishes in a form that can be told apart quickly: a subscription may have ten thousand different ones.
type Key = (u32, Option<(bool, u64)>, Option<u32>);

fn key(wish: Wish) -> Key {
    let deadband = wish.deadband.map(|deadband| match deadband {
        Deadband::Absolute(width) => (false, width.to_bits()),
        Deadband::Percent(percent) => (true, percent.to_bits()),
    });
    (wish.interval_ms, deadband, wish.flush_ms)
}

/// The rules of `wishes`, their lanes, and each wish's number. A rule's number is its place, counted from 1, in
/// the order in which rules are first wished for.
pub(super) fn rules_of(wishes: impl Iterator<Item = Wish>) -> (Vec<Rule>, Lanes, Vec<RuleNumber>) {
    let (mut rules, mut lanes) = (Vec::new(), Lanes::default());
    let mut known: HashMap<Key, RuleNumber> = HashMap::new();
    let mut lane_of: HashMap<u32, LaneNumber> = HashMap::new();
    let mut number_of = |wish: Wish| {
        if wish.is_plain() {
            return 0;
        }
        *known.entry(key(wish)).or_insert_with(|| {
            let interval_ms = wish.interval_ms;
            let lane = (interval_ms > 0)
                .then(|| *lane_of.entry(interval_ms).or_insert_with(|| lanes.add(interval_ms)));
            rules.push(Rule { wish, lane });
            // There are never more rules than entries, and no one has billions of those.
            RuleNumber::try_from(rules.len()).unwrap_or(0)
        })
    };
    let numbers = wishes.map(&mut number_of).collect();
    (rules, lanes, numbers)
}
