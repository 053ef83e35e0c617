//! What exceptions taught about the devices: ranges they refuse, and addresses no block may reach across.

use std::collections::BTreeSet;

use pointcast_api::DeviceIndex;

use super::{Block, Range, Want};
use crate::address::Table;

/// Kept for the life of the driver.
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

    /// Whether just the range of `want` is refused.
    pub(crate) fn is_hole(&self, want: &Want) -> bool {
        self.holes.contains(&want.range())
    }

    /// Whether just the range of `block` is refused.
    pub(crate) fn is_refused(&self, block: &Block) -> bool {
        self.holes.contains(&block.range())
    }

    /// Remembers that the range of `want` is refused.
    pub(crate) fn know_hole(&mut self, want: &Want) {
        self.holes.insert(want.range());
    }

    /// Remembers that no block may reach from before `block` into it.
    pub(crate) fn add_cut(&mut self, block: &Block) {
        self.cuts.insert((block.device.0, block.table, block.first));
    }

    /// Whether a point at `first` and a later one at `next` must be read apart.
    pub(super) fn cuts_between(
        &self,
        device: DeviceIndex,
        table: Table,
        first: u16,
        next: u16,
    ) -> bool {
        let key = |first| (device.0, table, first);
        let after = first.checked_add(1).filter(|after| *after <= next);
        after.is_some_and(|after| self.cuts.range(key(after)..=key(next)).next().is_some())
    }

    /// How far the blocks of a table may reach before they hold a whole hole.
    pub(super) fn reaches(&self, device: DeviceIndex, table: Table) -> Reaches {
        let least = |first, end| Range { device: device.0, table, first, end };
        let holes = self.holes.range(least(0, 0)..=least(u16::MAX, u32::MAX));
        let mut ends: Vec<(u16, u32)> = holes.map(|hole| (hole.first, hole.end)).collect();
        let mut nearest = u32::MAX;
        for (_, end) in ends.iter_mut().rev() {
            nearest = nearest.min(*end);
            *end = nearest;
        }
        Reaches(ends)
    }
}

/// The holes of a table by where they begin, each with the nearest end of those that begin no earlier.
#[derive(Debug)]
pub(super) struct Reaches(Vec<(u16, u32)>);

impl Reaches {
    /// Where a block that begins at `first` would have taken in a whole hole: it must end before.
    pub(super) fn before(&self, first: u16) -> u32 {
        let at = self.0.partition_point(|(hole, _)| *hole < first);
        self.0.get(at).map_or(u32::MAX, |(_, end)| *end)
    }
}
