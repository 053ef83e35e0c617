//! The cheapest blocks when it is settled how often each atom is read. One lane is one rate.
//!
//! Within a lane the cheapest blocks are runs of neighbours: two blocks of one rate that reach over each other
//! are no dearer when all that begins before the second goes into the first, and the rest into the second. So
//! the optimum is that of f(i) = min over j of f(j) + cost(j..i), where j..i is one block. Lanes are planned
//! from fast to slow, and what lies within a faster block rides there for nothing.

use std::time::Duration;

use super::atoms::{Atom, Group};
use super::cost::Price;

/// Shares of time that differ by less are equal: so much is lost in rounding.
const NOISE: f64 = 1e-12;

/// What a block would reach over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hull {
    first: u32,
    pub(super) end: u32,
    rate: f64,
}

impl Hull {
    pub(super) fn of(atom: &Atom<'_>) -> Self {
        Self { first: atom.first, end: atom.end, rate: atom.rate }
    }

    /// With an atom that does not begin before it.
    pub(super) fn with(self, atom: &Atom<'_>) -> Self {
        Self { end: self.end.max(atom.end), rate: self.rate.max(atom.rate), ..self }
    }

    /// The share of all time that reading it takes.
    pub(super) fn share(&self, price: &Price) -> f64 {
        price.block_s(self.end - self.first) * self.rate
    }

    fn around(group: &[&Atom<'_>]) -> Option<Self> {
        let (first, rest) = group.split_first()?;
        Some(rest.iter().fold(Self::of(first), |hull, atom| hull.with(atom)))
    }
}

/// The cheapest way to read the first so many atoms: where its last block begins and what that looks like.
#[derive(Clone, Copy, Debug)]
struct Step<F> {
    share: f64,
    from: usize,
    form: F,
}

/// A dynamic programme over atoms: the cheapest way to read the first 0, 1, 2, … of them.
#[derive(Debug)]
pub(super) struct Steps<F>(Vec<Step<F>>);

impl<F: Copy + Default> Steps<F> {
    pub(super) fn new(atoms: usize) -> Self {
        let nothing = Step { share: 0.0, from: 0, form: F::default() };
        let unknown = Step { share: f64::INFINITY, ..nothing };
        Self(std::iter::once(nothing).chain(std::iter::repeat_n(unknown, atoms)).collect())
    }

    /// What reading the first `count` takes.
    pub(super) fn share(&self, count: usize) -> f64 {
        self.0.get(count).map_or(f64::INFINITY, |step| step.share)
    }

    /// The first `to` atoms can be read for `share` when `from` and on are read as `form` says.
    pub(super) fn offer(&mut self, to: usize, share: f64, from: usize, form: F) {
        if let Some(step) = self.0.get_mut(to).filter(|step| share < step.share - NOISE) {
            *step = Step { share, from, form };
        }
    }

    /// Whether no block that begins at `from` need reach further than `to`, for one that begins with `next`,
    /// the atom there, is no dearer: it saves what `hull` reaches over until then.
    pub(super) fn is_idle(
        &self,
        from: usize,
        to: usize,
        hull: &Hull,
        next: &Atom<'_>,
        price: &Price,
    ) -> bool {
        let saved = price.saved_s(next.first - hull.first) * hull.rate;
        self.share(to) <= self.share(from) + saved + NOISE
    }

    /// The parts of the cheapest way to read all, in order.
    pub(super) fn parts(&self) -> Vec<(std::ops::Range<usize>, F)> {
        let mut parts = Vec::new();
        let mut to = self.0.len().saturating_sub(1);
        while let Some(step) = self.0.get(to).filter(|step| step.from < to) {
            parts.push((step.from..to, step.form));
            to = step.from;
        }
        parts.reverse();
        parts
    }
}

/// The cheapest blocks that are runs of neighbours of `atoms`.
pub(super) fn runs<'a>(atoms: &[&'a Atom<'a>], price: &Price, work: &mut u64) -> Vec<Group<'a>> {
    let mut steps = Steps::new(atoms.len());
    for (at, start) in atoms.iter().enumerate() {
        let before = steps.share(at);
        let mut hull = Hull::of(start);
        for (to, atom) in (at + 1..).zip(atoms.iter().skip(at)) {
            hull = hull.with(atom);
            if hull.end > start.reach {
                break;
            }
            *work += 1;
            steps.offer(to, before + hull.share(price), at, ());
            let next = atoms.get(to);
            if next.is_some_and(|next| steps.is_idle(at, to, &hull, next, price)) {
                break;
            }
        }
    }
    let group = |(part, ())| atoms.get(part).map(<[_]>::to_vec);
    steps.parts().into_iter().filter_map(group).collect()
}

/// How often each atom is read if it is read as often as it wants.
pub(super) fn of_points(atoms: &[Atom<'_>]) -> Vec<Duration> {
    atoms.iter().map(|atom| atom.interval).collect()
}

/// How often each atom is read by these groups.
pub(super) fn of_groups(atoms: &[Atom<'_>], groups: &[Group<'_>]) -> Vec<Duration> {
    let mut lanes = of_points(atoms);
    for group in groups {
        let fastest = group.iter().map(|atom| atom.interval).min().unwrap_or_default();
        for atom in group {
            if let Some(lane) = lanes.get_mut(atom.at) {
                *lane = fastest;
            }
        }
    }
    lanes
}

/// The cheapest blocks if each atom is read as often as its place in `lanes` says, or oftener.
///
/// No dearer than any groups whose lanes these are.
pub(super) fn plan<'a>(
    atoms: &'a [Atom<'a>],
    lanes: &[Duration],
    price: &Price,
    work: &mut u64,
) -> Vec<Group<'a>> {
    let mut rates = lanes.to_vec();
    rates.sort_unstable();
    rates.dedup();
    let mut left: Vec<&Atom<'_>> = atoms.iter().collect();
    let mut groups = Vec::new();
    for rate in rates {
        let is_in_lane = |atom: &&Atom<'_>| lanes.get(atom.at) == Some(&rate);
        let (members, slower): (Vec<_>, Vec<_>) = left.into_iter().partition(is_in_lane);
        let mut fast = runs(&members, price, work);
        left = take_along(&mut fast, slower);
        groups.append(&mut fast);
    }
    groups
}

/// Puts into `groups`, which are in order, what lies within one of them; the rest.
fn take_along<'a>(groups: &mut [Group<'a>], slower: Vec<&'a Atom<'a>>) -> Vec<&'a Atom<'a>> {
    let hulls: Vec<Hull> = groups.iter().filter_map(|group| Hull::around(group)).collect();
    let within = |atom: &Atom<'_>| {
        let at = hulls.partition_point(|hull| hull.first <= atom.first).checked_sub(1)?;
        hulls.get(at).filter(|hull| atom.end <= hull.end).map(|_| at)
    };
    let mut rest = Vec::new();
    for atom in slower {
        match within(atom).and_then(|at| groups.get_mut(at)) {
            Some(group) => group.push(atom),
            None => rest.push(atom),
        }
    }
    groups.iter_mut().for_each(|group| group.sort_unstable_by_key(|atom| atom.at));
    rest
}

/// The share of all time that reading these takes.
pub(super) fn share(groups: &[Group<'_>], price: &Price) -> f64 {
    groups.iter().filter_map(|group| Hull::around(group)).map(|hull| hull.share(price)).sum()
}
