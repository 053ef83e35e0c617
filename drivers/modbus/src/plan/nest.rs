//! Several rates in one segment: which atoms should be read oftener than they want.
//!
//! Where two blocks of different rates meet, the slow one either ends where the fast one begins, or reaches
//! over it: whatever of it lay within the fast one would ride there for nothing. So a plan is a row of runs of
//! neighbours, each of them one block for all rates, or one slow block around faster ones. The best such row
//! is found as in `lanes`; only the faster blocks inside a slow one are chosen as they come, not weighed
//! against each other, and nothing is nested twice.

use super::atoms::{Atom, Group};
use super::cost::Price;
use super::lanes::{Hull, Steps, runs};

/// Most rates of one segment that slow blocks are parted from fast ones by. More are met as they would be
/// without nesting; people give a device two or three.
const MAX_NESTED_RATES: usize = 4;

/// Most atoms of a slow block with faster ones inside: as many two-register values as a block can have. Work
/// grows with it, and nobody mixes rates register by register over a whole block.
const MAX_NESTED_ATOMS: usize = 64;

/// Rates by rank: 0 is the fastest.
type Rank = usize;

/// One slow block around faster ones, for one choice of what is slow.
struct Nest {
    /// Atoms of this rank and slower are outside.
    slow: Rank,
    outside: Hull,
    /// The last block inside, and the share of time that those before it take.
    inside: Option<Hull>,
    before: f64,
}

impl Nest {
    fn take(&mut self, atom: &Atom<'_>, rank: Rank, price: &Price) {
        if rank >= self.slow {
            self.outside = self.outside.with(atom);
            return;
        }
        let alone = Hull::of(atom);
        self.inside = match self.inside {
            None => Some(alone),
            Some(inside) => {
                let longer = inside.with(atom);
                let before = inside.share(price);
                if longer.share(price) <= before + alone.share(price) {
                    Some(longer)
                } else {
                    self.before += before;
                    Some(alone)
                }
            }
        };
    }

    /// The share of time that all of it takes, once there is something inside.
    fn share(&self, price: &Price) -> Option<f64> {
        let inside = self.inside?.share(price);
        Some(self.outside.share(price) + self.before + inside)
    }
}

/// The cheapest row of runs, as groups; `atoms` are all those of a segment.
pub(super) fn plan<'a>(atoms: &'a [Atom<'a>], price: &Price, work: &mut u64) -> Vec<Group<'a>> {
    let ranks = ranks(atoms);
    let ranked = |from| atoms.iter().skip(from).zip(ranks.iter().copied().skip(from));
    let mut steps: Steps<Option<Rank>> = Steps::new(atoms.len());
    for (at, (start, start_rank)) in ranked(0).enumerate() {
        let before = steps.share(at);
        let nest = |slow| Nest { slow, outside: Hull::of(start), inside: None, before: 0.0 };
        let mut nests: Vec<Nest> = (1..=start_rank.min(MAX_NESTED_RATES)).map(nest).collect();
        let mut one = Hull::of(start);
        let mut is_idle = false;
        for (to, (atom, rank)) in (at + 1..).zip(ranked(at)) {
            one = one.with(atom);
            if one.end > start.reach {
                break;
            }
            if !is_idle {
                *work += 1;
                steps.offer(to, before + one.share(price), at, None);
            }
            for nest in &mut nests {
                nest.take(atom, rank, price);
                if rank >= nest.slow
                    && let Some(share) = nest.share(price)
                {
                    *work += 1;
                    steps.offer(to, before + share, at, Some(nest.slow));
                }
            }
            if let Some((next, rank)) = ranked(to).next() {
                is_idle = is_idle || steps.is_idle(at, to, &one, next, price);
                // No slow block around faster ones begins with a faster atom.
                nests.retain(|nest| {
                    rank < nest.slow || !steps.is_idle(at, to, &nest.outside, next, price)
                });
            }
            if to - at >= MAX_NESTED_ATOMS {
                nests.clear();
            }
            if is_idle && nests.is_empty() {
                break;
            }
        }
    }
    let mut groups = Vec::new();
    for (part, slow) in steps.parts() {
        let part = part.filter_map(|at| Some((atoms.get(at)?, *ranks.get(at)?)));
        let is_inside = |(_, rank): &(&Atom<'_>, Rank)| slow.is_some_and(|slow| *rank < slow);
        let (inside, outside): (Vec<_>, Vec<_>) = part.partition(is_inside);
        let bare = |ranked: Vec<(&'a Atom<'a>, Rank)>| ranked.into_iter().map(|(atom, _)| atom);
        groups.push(bare(outside).collect());
        groups.extend(runs(&bare(inside).collect::<Vec<_>>(), price, work));
    }
    groups
}

/// The rank of each atom's rate among those of all.
fn ranks(atoms: &[Atom<'_>]) -> Vec<Rank> {
    let mut intervals: Vec<_> = atoms.iter().map(|atom| atom.interval).collect();
    intervals.sort_unstable();
    intervals.dedup();
    let rank = |atom: &Atom<'_>| intervals.partition_point(|interval| *interval < atom.interval);
    atoms.iter().map(rank).collect()
}
