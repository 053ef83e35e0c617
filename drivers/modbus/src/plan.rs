//! Points to blocks: which neighbours are read together. Pure; knows no clock and no link.
//!
//! A block holds points of one device, one table and one scan interval. It begins at its first point and
//! ends at the **largest** end of its points, reads over at most the gap its device allows, is never longer
//! than its device allows, never splits a value, and never crosses what exceptions taught ([`Learned`]).

use std::collections::BTreeSet;
use std::time::Duration;

use pointcast_api::{DeviceIndex, PointIndex};

use crate::address::{REGISTER_BITS, Table};
use crate::frame::ReadRequest;

/// What a point needs of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) device: DeviceIndex,
    pub(crate) table: Table,
    pub(crate) first: u16,
    /// Registers or bits, at least one; `first + length` is at most 65 536.
    pub(crate) length: u16,
    pub(crate) interval: Duration,
}

impl Want {
    /// One past its last register or bit.
    pub(crate) fn end(&self) -> u32 {
        u32::from(self.first) + u32::from(self.length)
    }

    fn range(&self) -> Range {
        Range { device: self.device.0, table: self.table, first: self.first, end: self.end() }
    }
}

/// What a device's blocks may be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Most registers in a block; 16 times as many bits.
    pub(crate) max_block: u16,
    /// Most unwanted registers between two points of a block; 16 times as many bits.
    pub(crate) max_gap: u16,
}

/// Registers or bits read with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) device: DeviceIndex,
    pub(crate) table: Table,
    pub(crate) first: u16,
    pub(crate) quantity: u16,
    pub(crate) interval: Duration,
    /// Its points, by address.
    pub(crate) points: Vec<PointIndex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    device: u32,
    table: Table,
    first: u16,
    end: u32,
}

/// What exceptions taught about the devices: kept for the life of the driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    /// Ranges that a device refuses even when asked for them alone.
    holes: BTreeSet<Range>,
    /// Addresses before which a block must end, for the device refuses a range across.
    cuts: BTreeSet<(u32, Table, u16)>,
}

impl Learned {
    /// Remembers that the points of `block`, all of one range, are refused.
    pub(crate) fn add_hole(&mut self, block: &Block) {
        self.holes.insert(block.range());
    }

    /// Forgets that the points of `block` are refused; whether they were.
    pub(crate) fn remove_hole(&mut self, block: &Block) -> bool {
        self.holes.remove(&block.range())
    }

    /// Remembers that no block may reach from before `block` into it.
    pub(crate) fn add_cut(&mut self, block: &Block) {
        self.cuts.insert((block.device.0, block.table, block.first));
    }

    fn cuts_between(&self, block: &Block, next: &Want) -> bool {
        let key = |first| (block.device.0, block.table, first);
        let Some(after) = block.first.checked_add(1).filter(|after| *after <= next.first) else {
            return false;
        };
        self.cuts.range(key(after)..=key(next.first)).next().is_some()
    }
}

impl Block {
    fn alone(point: PointIndex, want: &Want) -> Self {
        Self {
            device: want.device,
            table: want.table,
            first: want.first,
            quantity: want.length,
            interval: want.interval,
            points: vec![point],
        }
    }

    /// One past its last register or bit.
    fn end(&self) -> u32 {
        u32::from(self.first) + u32::from(self.quantity)
    }

    fn range(&self) -> Range {
        Range { device: self.device.0, table: self.table, first: self.first, end: self.end() }
    }

    fn class(&self) -> (DeviceIndex, Table, Duration) {
        (self.device, self.table, self.interval)
    }

    /// The request that reads it.
    pub(crate) fn request(&self, unit: u8) -> ReadRequest {
        ReadRequest { unit, table: self.table, first: self.first, quantity: self.quantity }
    }

    /// Takes in a point that does not begin before the block; whether it fits.
    fn take(&mut self, point: PointIndex, want: &Want, shape: Shape) -> bool {
        let units_each = if self.table.is_bits() { REGISTER_BITS } else { 1 };
        let limit = |registers: u16| u32::from(registers) * u32::from(units_each);
        let end = self.end().max(want.end());
        let length = end - u32::from(self.first);
        let gap = u32::from(want.first).saturating_sub(self.end());
        let Ok(quantity) = u16::try_from(length) else { return false };
        if length > limit(shape.max_block) || gap > limit(shape.max_gap) {
            return false;
        }
        self.quantity = quantity;
        self.points.push(point);
        true
    }
}

/// Groups all `wants` into blocks; a point's index is its place in `wants`, a shape's its device.
pub(crate) fn plan(wants: &[Want], shapes: &[Shape], learned: &Learned) -> Vec<Block> {
    let mut sorted: Vec<(PointIndex, &Want)> = (0..).map(PointIndex).zip(wants).collect();
    sorted.sort_by_key(|(point, want)| {
        (want.device, want.table, want.interval, want.first, want.end(), *point)
    });
    let nothing_more = Shape { max_block: 0, max_gap: 0 };
    let mut blocks: Vec<Block> = Vec::new();
    for (point, want) in sorted {
        let shape = shapes.get(want.device.at()).copied().unwrap_or(nothing_more);
        let fits = blocks.last_mut().is_some_and(|block| {
            let same_class = block.class() == (want.device, want.table, want.interval);
            let same_range = block.range() == want.range();
            let is_hole = |range| learned.holes.contains(&range);
            let refused = is_hole(want.range()) || is_hole(block.range());
            same_class
                && (same_range || !refused)
                && !learned.cuts_between(block, want)
                && block.take(point, want, shape)
        });
        if !fits {
            blocks.push(Block::alone(point, want));
        }
    }
    blocks
}

/// Cuts a block in two where it hurts no value, as near to the middle of its points as may be.
///
/// `None` when all its points lie in one and the same range: then there is nothing to find out by cutting.
pub(crate) fn halve(block: &Block, wants: &[Want]) -> Option<(Block, Block)> {
    let found = |point: &PointIndex| wants.get(point.at()).map(|want| (*point, *want));
    let points: Vec<(PointIndex, Want)> = block.points.iter().filter_map(found).collect();
    let middle = points.len() / 2;
    let at = best_cut(&points, middle)?;
    let (left, right) = points.split_at_checked(at)?;
    Some((hull(left)?, hull(right)?))
}

/// The cut nearest to `middle`: between values that do not overlap, or else between different ranges.
fn best_cut(points: &[(PointIndex, Want)], middle: usize) -> Option<usize> {
    let mut between = None;
    let mut within = None;
    let mut reached = 0;
    let nearer = |best: Option<usize>, at: usize| match best {
        Some(best) if best.abs_diff(middle) <= at.abs_diff(middle) => Some(best),
        _ => Some(at),
    };
    for (at, pair) in (1..).zip(points.windows(2)) {
        let [(_, before), (_, after)] = pair else { continue };
        reached = before.end().max(reached);
        if u32::from(after.first) >= reached {
            between = nearer(between, at);
        } else if before.range() != after.range() {
            within = nearer(within, at);
        }
    }
    between.or(within)
}

fn hull(points: &[(PointIndex, Want)]) -> Option<Block> {
    let ((first_point, first), rest) = points.split_first()?;
    let mut block = Block::alone(*first_point, first);
    let no_limit = Shape { max_block: u16::MAX, max_gap: u16::MAX };
    for (point, want) in rest {
        block.take(*point, want, no_limit);
    }
    Some(block)
}

#[cfg(test)]
mod tests;
