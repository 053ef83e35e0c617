//! Which registers a device refuses, found by halving what it refused. Pure. For what a search (`search`) gives up:
//! devices that refuse much, or mind only the whole.
//!
//! A block that is refused is cut in two again and again, until what is refused cannot be cut any more.
//! Then either single ranges were found that explain it (holes): they are asked alone from then on, and
//! everything else together again. Or every part was answered: then the device minds only the whole (its
//! length, or registers between the points). Of the cuts those are kept on both sides of which a whole part
//! was answered: they are needed, the others may not be, which the next plan finds out.

use std::collections::HashMap;

use crate::plan::{Block, Learned};

/// Says what a block is a part of: one refused block, and the cut in it that made the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartOf {
    bisection: u64,
    cut: usize,
}

/// The blocks that are being halved. At most one for each block of the plan.
#[derive(Debug, Default)]
pub(super) struct Bisections {
    next: u64,
    open: HashMap<u64, Bisection>,
}

#[derive(Debug, Default)]
struct Bisection {
    /// Parts that were neither answered nor refused for good.
    pending: usize,
    holes: Vec<Block>,
    cuts: Vec<Cut>,
}

#[derive(Debug)]
struct Cut {
    /// What begins at the cut.
    right: Block,
    /// Whether one of its halves was refused and cut as well.
    is_inner: bool,
}

impl Bisections {
    /// A block, itself a part of `of` or of nothing, was refused and cut; `right` is its right half.
    pub(super) fn cut(&mut self, of: Option<PartOf>, right: &Block) -> PartOf {
        let of = of.filter(|of| self.open.contains_key(&of.bisection));
        let bisection = of.map_or(self.next, |of| of.bisection);
        if of.is_none() {
            self.next += 1;
        }
        let open = self.open.entry(bisection).or_default();
        // A whole makes two parts; a part makes two of one.
        open.pending += if of.is_none() { 2 } else { 1 };
        if let Some(parent) = of.and_then(|of| open.cuts.get_mut(of.cut)) {
            parent.is_inner = true;
        }
        open.cuts.push(Cut { right: right.clone(), is_inner: false });
        PartOf { bisection, cut: open.cuts.len() - 1 }
    }

    /// Ranges that are known to be refused, and were a part of what is halved now.
    pub(super) fn know(&mut self, part: PartOf, holes: &[Block]) {
        if let Some(bisection) = self.open.get_mut(&part.bisection) {
            bisection.holes.extend_from_slice(holes);
        }
    }

    /// A part was answered, or refused although it cannot be cut (`hole`).
    ///
    /// Whether that was the last part, and `learned` knows now what there was to learn.
    pub(super) fn resolve(
        &mut self,
        part: PartOf,
        hole: Option<&Block>,
        learned: &mut Learned,
    ) -> bool {
        let Some(bisection) = self.open.get_mut(&part.bisection) else { return false };
        bisection.holes.extend(hole.cloned());
        bisection.pending = bisection.pending.saturating_sub(1);
        if bisection.pending > 0 {
            return false;
        }
        let Some(Bisection { holes, cuts, .. }) = self.open.remove(&part.bisection) else {
            return false;
        };
        if holes.is_empty() {
            let needed = cuts.iter().filter(|cut| !cut.is_inner);
            needed.for_each(|cut| learned.add_cut(&cut.right));
        }
        holes.iter().for_each(|hole| learned.add_hole(hole));
        true
    }

    /// Whether no block is being halved.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::plan::{Cost, DEFAULT_TCP_ROUND_TRIP, Shape, Want, halve, plan};
    use pointcast_api::DeviceIndex;
    use std::time::Duration;

    fn wants(firsts: impl IntoIterator<Item = u16>) -> Vec<Want> {
        let interval = Duration::from_secs(1);
        let want = |first| Want {
            device: DeviceIndex(0),
            table: Table::HoldingRegisters,
            first,
            length: 1,
            interval,
        };
        firsts.into_iter().map(want).collect()
    }

    /// Asks until nothing is open; the final plan and how many requests it took after the first refusal.
    fn settle(wants: &[Want], refuses: impl Fn(&Block) -> bool) -> (Vec<(u16, u16)>, usize) {
        let cost = Cost::tcp(DEFAULT_TCP_ROUND_TRIP, Duration::ZERO);
        let shape = Shape { max_block: 125, max_gap: None, cost };
        let mut learned = Learned::default();
        let mut bisections = Bisections::default();
        let mut asked = 0;
        loop {
            let mut open: Vec<_> =
                plan(wants, &[shape], &learned).into_iter().map(|block| (block, None)).collect();
            let shown = open.iter().map(|(block, _)| (block.first, block.quantity)).collect();
            let mut changed = false;
            while let Some((block, id)) = open.pop() {
                asked += 1;
                let halves = refuses(&block).then(|| halve(&block, wants));
                match (halves, id) {
                    (Some(Some((left, right))), _) => {
                        let id = bisections.cut(id, &right);
                        open.extend([(left, Some(id)), (right, Some(id))]);
                    }
                    (Some(None), Some(id)) => {
                        changed |= bisections.resolve(id, Some(&block), &mut learned);
                    }
                    (None, Some(id)) => changed |= bisections.resolve(id, None, &mut learned),
                    (_, None) => {}
                }
            }
            assert!(bisections.is_idle());
            if !changed {
                return (shown, asked);
            }
        }
    }

    #[test]
    fn one_illegal_register_costs_itself_and_a_logarithm_of_requests() {
        let wants = wants(0..100);
        let (plan, asked) = settle(&wants, |block| {
            block.first <= 60 && u32::from(block.first) + u32::from(block.quantity) > 60
        });
        assert_eq!(plan, [(0, 60), (60, 1), (61, 39)]);
        // 1 refused, two halves on each of seven levels, then the three blocks of the new plan.
        assert!(asked <= 1 + 2 * 7 + 3, "{asked}");
    }

    #[test]
    fn a_device_that_minds_only_the_length_keeps_the_cuts() {
        let (plan, _) = settle(&wants(0..100), |block| block.quantity > 30);
        assert_eq!(plan, [(0, 25), (25, 25), (50, 25), (75, 25)]);
    }

    #[test]
    fn a_device_that_minds_what_lies_between_keeps_the_cut() {
        let (plan, _) = settle(&wants([0, 1, 2, 50, 51, 52]), |block| {
            block.first < 30 && u32::from(block.first) + u32::from(block.quantity) > 30
        });
        assert_eq!(plan, [(0, 3), (50, 3)]);
    }

    #[test]
    fn no_more_cuts_are_kept_than_needed() {
        let forbidden = [22_u32, 50];
        let (plan, asked) = settle(&wants((0..20).chain([40]).chain(60..70)), |block| {
            let range = u32::from(block.first)..u32::from(block.first) + u32::from(block.quantity);
            forbidden.iter().any(|at| range.contains(at))
        });
        assert_eq!(plan, [(0, 20), (40, 1), (60, 10)]);
        assert!(asked <= 40, "{asked}");
    }

    #[test]
    fn a_device_that_refuses_everything_is_asked_for_each_alone() {
        let (plan, _) = settle(&wants(0..9), |_| true);
        assert_eq!(plan.len(), 9);
    }
}
