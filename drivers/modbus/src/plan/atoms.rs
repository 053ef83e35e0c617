//! A table of a device, taken apart into segments whose atoms may share blocks with each other only.

use std::time::Duration;

use pointcast_api::PointIndex;

use super::cost::{Price, Shape};
use super::{Block, Learned, Want, lanes, nest};

/// All points of one and the same range. They are read together, as often as the fastest of them wants.
#[derive(Debug)]
pub(super) struct Atom<'a> {
    /// Its place in its segment.
    pub(super) at: usize,
    pub(super) first: u32,
    /// One past its last register or bit.
    pub(super) end: u32,
    pub(super) interval: Duration,
    /// Reads a second.
    pub(super) rate: f64,
    /// The largest end that a block beginning here may have.
    pub(super) reach: u32,
    points: &'a [(PointIndex, Want)],
}

/// Atoms that share a block.
pub(super) type Group<'a> = Vec<&'a Atom<'a>>;

/// The blocks of one table; `points` are sorted by range. Without a shape each range is read alone.
pub(super) fn plan(
    points: &[(PointIndex, Want)],
    shape: Option<&Shape>,
    learned: &Learned,
    work: &mut u64,
) -> Vec<Block> {
    let ranges = points.chunk_by(|(_, a), (_, b)| a.range() == b.range());
    let (Some(shape), Some((_, any))) = (shape, points.first()) else {
        return ranges.filter_map(Block::around).collect();
    };
    let price = Price::new(shape, any.table);
    let reaches = learned.reaches(any.device, any.table);
    let mut blocks = Vec::new();
    let mut segment: Vec<Atom<'_>> = Vec::new();
    let mut reached = 0;
    for points in ranges {
        let Some((_, want)) = points.first() else { continue };
        let (first, end) = (u32::from(want.first), want.end());
        let hole_end = reaches.before(want.first);
        if end >= hole_end || end - first > price.max_length {
            // What holds a hole would have its neighbours refused with it.
            blocks.extend(Block::around(points));
            continue;
        }
        let cut = segment.last().is_some_and(|before| {
            let before = u16::try_from(before.first).unwrap_or(u16::MAX);
            learned.cuts_between(want.device, want.table, before, want.first)
        });
        if cut || price.parts(first.saturating_sub(reached)) {
            blocks.extend(blocks_of(&segment, &price, work));
            segment.clear();
        }
        reached = end.max(if segment.is_empty() { 0 } else { reached });
        let interval = points.iter().map(|(_, want)| want.interval).min().unwrap_or_default();
        let reach = (first + price.max_length).min(hole_end - 1);
        let rate = interval.as_secs_f64().max(f64::MIN_POSITIVE).recip();
        segment.push(Atom { at: segment.len(), first, end, interval, rate, reach, points });
    }
    blocks.extend(blocks_of(&segment, &price, work));
    blocks
}

/// The blocks of one segment.
fn blocks_of(atoms: &[Atom<'_>], price: &Price, work: &mut u64) -> Vec<Block> {
    let mut points = Vec::new();
    let groups = groups_of(atoms, price, work);
    let block = |group: &Group<'_>| {
        points.clear();
        points.extend(group.iter().flat_map(|atom| atom.points.iter().copied()));
        Block::around(&points)
    };
    groups.iter().filter_map(block).collect()
}

/// The better of two plans: one that lets every rate plan for itself first, and one that nests them.
pub(super) fn groups_of<'a>(
    atoms: &'a [Atom<'a>],
    price: &Price,
    work: &mut u64,
) -> Vec<Group<'a>> {
    let own = lanes::of_points(atoms);
    let apart = lanes::plan(atoms, &own, price, work);
    if own.windows(2).all(|pair| pair.first() == pair.last()) {
        return apart;
    }
    let nested = nest::plan(atoms, price, work);
    let nested = lanes::plan(atoms, &lanes::of_groups(atoms, &nested), price, work);
    let share = |groups: &[Group<'_>]| lanes::share(groups, price);
    if share(&nested) < share(&apart) { nested } else { apart }
}
