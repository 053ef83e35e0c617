//! The one range that a device refuses, found with as few requests as can be. Pure.
//!
//! Most blocks are refused for a single register. Then whatever lies before it is read while it is looked for,
//! half by half, and whatever lies behind it by one request at the end: ⌈log₂ n⌉ + 1 requests until n − 1 points
//! are read. What lies behind is taken for good until it is asked, and what must be refused, as the rest of it
//! was answered, is asked alone once the others are read: nothing is taken for refused that was not.
//!
//! Where that finds several, or none, other rules pay: then the search ends and says what is still to be taken
//! apart (`bisect`).

use crate::plan::{Block, Want, halve};

/// So many ranges are looked for one by one; in a device that refuses more, halves are asked on both sides.
const MAX_FOUND: usize = 4;

/// A refused block and what is known of its parts.
#[derive(Debug)]
pub(super) struct Search {
    whole: Block,
    /// What was asked last; always there between two calls.
    asking: Option<Asking>,
    /// Everything behind what is suspected, in one.
    behind: Option<Block>,
    holes: Vec<Block>,
    /// Single ranges that must be refused, as the rest of what was refused with them was answered.
    deduced: Vec<Block>,
    /// Whether one of them was answered all the same.
    contradicted: bool,
    apart: Option<Block>,
}

#[derive(Debug)]
enum Asking {
    /// The left half of what is suspected.
    Left { left: Block, right: Block },
    /// All that lies behind.
    Behind(Block),
    /// Something that must be refused.
    Deduced(Block),
}

/// What follows from an answer or a refusal.
#[derive(Debug)]
pub(super) enum Step {
    /// Ask this next.
    Ask(Block),
    /// It is over.
    Found(Found),
}

/// What a search has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Single ranges that are refused when asked alone.
    pub(super) holes: Vec<Block>,
    /// What was refused and is still to be taken apart; of more than one range.
    pub(super) apart: Option<Block>,
}

impl Search {
    /// Looks for what is refused in `whole`, and says what to ask first; `None` when it is a single range.
    pub(super) fn begin(whole: &Block, wants: &[Want]) -> Option<(Self, Block)> {
        let (left, right) = halve(whole, wants)?;
        let search = Self {
            whole: whole.clone(),
            asking: Some(Asking::Left { left: left.clone(), right }),
            behind: None,
            holes: Vec::new(),
            deduced: Vec::new(),
            contradicted: false,
            apart: None,
        };
        Some((search, left))
    }

    /// What was asked last was answered or `refused`.
    pub(super) fn take(&mut self, refused: bool, wants: &[Want]) -> Step {
        let Some(asking) = self.asking.take() else { return self.confirm() };
        match (asking, refused) {
            (Asking::Left { right, .. }, false) => self.narrow(right, true, wants),
            (Asking::Left { left, right }, true) => {
                self.behind = Some(match self.behind.take() {
                    Some(behind) => join(right, behind),
                    None => right,
                });
                self.narrow(left, false, wants)
            }
            (Asking::Behind(_), false) => self.confirm(),
            (Asking::Behind(behind), true) => {
                if self.holes.len() + self.deduced.len() < MAX_FOUND
                    || halve(&behind, wants).is_none()
                {
                    self.narrow(behind, false, wants)
                } else {
                    self.apart = Some(behind);
                    self.confirm()
                }
            }
            (Asking::Deduced(_), false) => {
                self.contradicted = true;
                self.confirm()
            }
            (Asking::Deduced(hole), true) => {
                self.holes.push(hole);
                self.confirm()
            }
        }
    }

    /// All that nobody asks for while the search is on, beside what it asks for itself.
    pub(super) fn abandon(self) -> Vec<Block> {
        let right = match self.asking {
            Some(Asking::Left { right, .. }) => Some(right),
            Some(Asking::Behind(_) | Asking::Deduced(_)) | None => None,
        };
        right.into_iter().chain(self.behind).chain(self.deduced).chain(self.apart).collect()
    }

    /// Goes on within `suspect`, which was refused, or must be (`deduced`).
    fn narrow(&mut self, suspect: Block, deduced: bool, wants: &[Want]) -> Step {
        if let Some((left, right)) = halve(&suspect, wants) {
            self.asking = Some(Asking::Left { left: left.clone(), right });
            return Step::Ask(left);
        }
        if deduced {
            self.deduced.push(suspect);
        } else {
            self.holes.push(suspect);
        }
        match self.behind.take() {
            Some(behind) => {
                self.asking = Some(Asking::Behind(behind.clone()));
                Step::Ask(behind)
            }
            None => self.confirm(),
        }
    }

    /// Asks what must be refused, one by one; then it is over.
    fn confirm(&mut self) -> Step {
        if let Some(deduced) = self.deduced.pop() {
            self.asking = Some(Asking::Deduced(deduced.clone()));
            return Step::Ask(deduced);
        }
        let none = self.contradicted && self.holes.is_empty();
        let apart = self.apart.take().or_else(|| none.then(|| self.whole.clone()));
        Step::Found(Found { holes: std::mem::take(&mut self.holes), apart })
    }
}

/// Two neighbouring parts of one block in one again.
fn join(left: Block, right: Block) -> Block {
    let end = |block: &Block| u32::from(block.first) + u32::from(block.quantity);
    let length = end(&left).max(end(&right)).saturating_sub(u32::from(left.first));
    Block {
        quantity: u16::try_from(length).unwrap_or(u16::MAX),
        interval: left.interval.min(right.interval),
        points: left.points.into_iter().chain(right.points).collect(),
        ..left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::plan::{Cost, DEFAULT_TCP_ROUND_TRIP, Learned, Shape, plan};
    use pointcast_api::{DeviceIndex, PointIndex};
    use std::collections::BTreeSet;
    use std::time::Duration;

    fn shape() -> Shape {
        let cost = Cost::tcp(DEFAULT_TCP_ROUND_TRIP, Duration::ZERO);
        Shape { max_block: 125, max_gap: None, cost }
    }

    fn wants(count: u16, length: u16) -> Vec<Want> {
        let want = |at: u16| Want {
            device: DeviceIndex(0),
            table: Table::HoldingRegisters,
            first: at * length,
            length,
            interval: Duration::from_secs(1),
        };
        (0..count).map(want).collect()
    }

    fn whole(wants: &[Want]) -> Block {
        let blocks = plan(wants, &[shape()], &Learned::default());
        assert_eq!(blocks.len(), 1);
        blocks[0].clone()
    }

    fn range(block: &Block) -> std::ops::Range<u32> {
        u32::from(block.first)..u32::from(block.first) + u32::from(block.quantity)
    }

    /// What became of a search.
    struct Course {
        found: Found,
        /// Requests until every point that can be read is read, and in all.
        until_read: usize,
        requests: usize,
        read: BTreeSet<PointIndex>,
    }

    /// Searches the whole of `wants`; `good` points can be read.
    fn search(wants: &[Want], good: usize, refuses: impl Fn(&Block) -> bool) -> Course {
        let (mut search, mut block) = Search::begin(&whole(wants), wants).unwrap();
        let (mut read, mut requests, mut until_read) = (BTreeSet::new(), 0, 0);
        loop {
            requests += 1;
            let refused = refuses(&block);
            if !refused {
                read.extend(block.points.iter().copied());
            }
            if read.len() == good && until_read == 0 {
                until_read = requests;
            }
            match search.take(refused, wants) {
                Step::Ask(next) => block = next,
                Step::Found(found) => return Course { found, until_read, requests, read },
            }
        }
    }

    fn hits<'a>(bad: &'a [u32]) -> impl Fn(&Block) -> bool + 'a {
        move |block| bad.iter().any(|at| range(block).contains(at))
    }

    /// The bound, for every size of block and every place of the bad register.
    #[test]
    fn all_but_one_are_read_within_the_logarithm_and_one_more() {
        let mut most = 0;
        for count in 2..=125_u16 {
            let wants = wants(count, 1);
            let bound = usize::try_from(u32::from(count).next_power_of_two().ilog2() + 1).unwrap();
            for bad in 0..u32::from(count) {
                let course = search(&wants, usize::from(count) - 1, hits(&[bad]));
                assert!(course.until_read <= bound, "{count} {bad}: {}", course.until_read);
                // One more makes sure of the bad one itself, if it was only deduced.
                assert!(course.requests <= bound + 1, "{count} {bad}: {}", course.requests);
                let Found { holes, apart } = course.found;
                assert_eq!((holes.len(), apart), (1, None));
                assert_eq!(range(&holes[0]), bad..bad + 1);
                most = most.max(course.until_read);
            }
        }
        assert_eq!(most, 8);
    }

    #[test]
    fn values_are_never_cut() {
        let wants = wants(31, 4);
        for bad in 0..124 {
            let course = search(&wants, 30, hits(&[bad]));
            assert!(course.until_read <= 6, "{bad}: {}", course.until_read);
            assert_eq!(range(&course.found.holes[0]), bad / 4 * 4..bad / 4 * 4 + 4);
        }
    }

    #[test]
    fn several_are_found_one_after_the_other() {
        let wants = wants(100, 1);
        let course = search(&wants, 97, hits(&[0, 40, 99]));
        let firsts: BTreeSet<u16> = course.found.holes.iter().map(|hole| hole.first).collect();
        assert_eq!((firsts, course.found.apart), (BTreeSet::from([0, 40, 99]), None));
        assert!(course.requests <= 3 * 9, "{}", course.requests);
        assert_eq!(course.read.len(), 97);
    }

    #[test]
    fn a_device_that_minds_the_whole_is_to_be_taken_apart() {
        let wants = wants(100, 1);
        let course = search(&wants, 100, |block| block.quantity > 30);
        assert_eq!(course.found, Found { holes: vec![], apart: Some(whole(&wants)) });
        assert_eq!(course.read.len(), 100, "and was read meanwhile");
    }

    #[test]
    fn a_device_that_refuses_much_is_to_be_taken_apart() {
        let wants = wants(50, 1);
        let course = search(&wants, 0, |_| true);
        assert!(course.found.holes.len() >= MAX_FOUND);
        let apart = course.found.apart.unwrap();
        let found = u32::try_from(course.found.holes.len()).unwrap();
        assert_eq!(range(&apart), found..50);
        assert!(course.requests <= 4 * 8, "{}", course.requests);
    }

    #[test]
    fn what_is_abandoned_is_all_there() {
        let wants = wants(60, 1);
        for steps in 0..10 {
            let (mut search, mut block) = Search::begin(&whole(&wants), &wants).unwrap();
            let mut seen: Vec<Block> = Vec::new();
            let refuses = hits(&[37]);
            for _ in 0..steps {
                let refused = refuses(&block);
                // A single range that is refused stays with whoever asked for it.
                if !refused || halve(&block, &wants).is_none() {
                    seen.push(block.clone());
                }
                match search.take(refused, &wants) {
                    Step::Ask(next) => block = next,
                    Step::Found(_) => return,
                }
            }
            seen.push(block);
            seen.extend(search.abandon());
            let mut points: Vec<_> = seen.iter().flat_map(|block| block.points.iter()).collect();
            points.sort();
            points.dedup();
            assert_eq!(points.len(), 60, "{steps}");
        }
    }
}
