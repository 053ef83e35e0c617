//! Points to blocks: which neighbours are read together. Pure; knows no clock and no link.
//!
//! A block holds points of one device and one table. It begins at its first point, ends at the **largest** end
//! of its points, and is read as often as the fastest of them wants: a slow point that lies in a fast block, or
//! so near that its bytes cost less than a request of its own, rides along. The plan is the one that keeps the
//! bus least busy, by what a request [`Cost`]s: see `lanes` (one rate: exactly) and `nest` (several rates).
//! A block is never longer than its device allows, splits no value, and never holds or crosses what exceptions
//! taught ([`Learned`]); what is refused is asked for alone.
//!
//! - `cost` prices requests; `learned` remembers refusals; `halve` cuts a refused block.
//! - `atoms` takes a table apart into segments that share no block; `nest` and `lanes` plan a segment.

mod atoms;
mod cost;
mod halve;
mod lanes;
mod learned;
mod nest;

use std::time::Duration;

use pointcast_api::{DeviceIndex, PointIndex};

use crate::address::Table;
use crate::frame::ReadRequest;

pub(crate) use cost::{Cost, DEFAULT_TCP_ROUND_TRIP, Shape};
pub(crate) use halve::halve;
pub(crate) use learned::Learned;

/// What a point needs of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) device: DeviceIndex,
    pub(crate) table: Table,
    pub(crate) first: u16,
    /// Registers or bits; `first + length` is at most 65 536. None where it is not known where the point lies: it
    /// is in no block then.
    pub(crate) length: u16,
    pub(crate) interval: Duration,
}

impl Want {
    /// One past its last register or bit.
    pub(crate) fn end(&self) -> u32 {
        u32::from(self.first) + u32::from(self.length)
    }

    /// Whether nobody knows where the point lies.
    pub(crate) fn is_nowhere(&self) -> bool {
        self.length == 0
    }

    fn range(&self) -> Range {
        Range { device: self.device.0, table: self.table, first: self.first, end: self.end() }
    }
}

/// Registers or bits read with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) device: DeviceIndex,
    pub(crate) table: Table,
    pub(crate) first: u16,
    pub(crate) quantity: u16,
    /// That of its fastest point.
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

impl Block {
    /// The block that reads just these points, which are of one device and table and sorted by address.
    fn around(points: &[(PointIndex, Want)]) -> Option<Self> {
        let (_, want) = points.first()?;
        let end = points.iter().map(|(_, want)| want.end()).max()?;
        Some(Self {
            device: want.device,
            table: want.table,
            first: want.first,
            quantity: u16::try_from(end - u32::from(want.first)).ok()?,
            interval: points.iter().map(|(_, want)| want.interval).min()?,
            points: points.iter().map(|(point, _)| *point).collect(),
        })
    }

    /// One past its last register or bit.
    fn end(&self) -> u32 {
        u32::from(self.first) + u32::from(self.quantity)
    }

    fn range(&self) -> Range {
        Range { device: self.device.0, table: self.table, first: self.first, end: self.end() }
    }

    /// The request that reads it.
    pub(crate) fn request(&self, unit: u8) -> ReadRequest {
        ReadRequest { unit, table: self.table, first: self.first, quantity: self.quantity }
    }
}

/// Groups all `wants` into blocks; a point's index is its place in `wants`, a shape's its device.
///
/// The blocks come by device, table and address. The same wants give the same blocks.
pub(crate) fn plan(wants: &[Want], shapes: &[Shape], learned: &Learned) -> Vec<Block> {
    count_work(wants, shapes, learned).0
}

/// The blocks, and how many of them were weighed on the way.
fn count_work(wants: &[Want], shapes: &[Shape], learned: &Learned) -> (Vec<Block>, u64) {
    let known = (0..).map(PointIndex).zip(wants.iter().copied());
    let mut sorted: Vec<(PointIndex, Want)> =
        known.filter(|(_, want)| !want.is_nowhere()).collect();
    sorted.sort_by_key(|(point, want)| (want.range(), *point));
    let mut work = 0;
    let mut blocks = Vec::new();
    let same_table = |(_, a): &(PointIndex, Want), (_, b): &(PointIndex, Want)| {
        (a.device, a.table) == (b.device, b.table)
    };
    for points in sorted.chunk_by(same_table) {
        let shape = points.first().and_then(|(_, want)| shapes.get(want.device.at()));
        blocks.extend(atoms::plan(points, shape, learned, &mut work));
    }
    blocks.sort_by_key(|block| (block.range(), block.interval));
    (blocks, work)
}

#[cfg(test)]
mod tests;
