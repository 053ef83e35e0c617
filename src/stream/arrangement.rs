//! A session's selection in memory: arranged anew when its entries change, and changed in place when points come and go.
//!
//! A new arrangement is registered before the old one is left, so no change falls between them; what was marked or
//! waited in the old one is marked in the new. A point that comes costs the same however many are there: places are
//! never counted anew for it.

use std::collections::HashMap;
use std::sync::Arc;

use super::entries::Entries;
use super::gone::Gone;
use super::offer::{Row, Selected};
use super::restraint::{Restraint, RuleNumber};
use crate::table::{Catalog, Index, Mailbox, Table, make_room};

/// Points that the table is asked about at once: drivers wait meanwhile.
const POINTS_AT_ONCE: usize = 1_024;

/// A client's selection.
#[derive(Debug)]
pub(super) struct Arrangement {
    pub(super) entries: Entries,
    pub(super) rows: Vec<Row>,
    pub(super) restraint: Option<Box<Restraint>>,
    pub(super) revision: u32,
    pub(super) mailbox: Arc<Mailbox>,
    /// `None`: no point was ever removed.
    gone: Option<Box<Gone>>,
    /// Counts the arrangements, wrapping.
    layout: u32,
    owed: u64,
}

/// Points of an arrangement to be made, each with its place in it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) placed: Vec<Placed>,
    /// Those of them that were removed.
    pub(super) gone: Gone,
}

/// A point of an arrangement to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) row: Row,
    pub(super) rule: RuleNumber,
    /// Its change is to be told, whether it was marked before or not.
    pub(super) marked: bool,
}

/// A point that comes, for one arrangement.
#[derive(Debug, Clone, Copy)]
pub(super) struct New<'a> {
    pub(super) table: &'a Table,
    pub(super) catalog: &'a Catalog,
    pub(super) row: Row,
    /// The place of the entry that speaks for it.
    pub(super) entry: usize,
}

impl New<'_> {
    fn range(&self) -> Option<(f64, f64)> {
        range_of(self.catalog, self.row.index)
    }
}

fn range_of(catalog: &Catalog, index: Index) -> Option<(f64, f64)> {
    catalog.entry(index)?.traits().details.about().range
}

impl Arrangement {
    pub(super) fn empty() -> Self {
        Self {
            entries: Entries::default(),
            rows: Vec::new(),
            restraint: None,
            revision: 0,
            mailbox: Arc::new(Mailbox::new(0)),
            gone: None,
            layout: 0,
            owed: u64::MAX,
        }
    }

    pub(super) fn selected(&mut self) -> Selected<'_> {
        Selected {
            rows: &mut self.rows,
            restraint: self.restraint.as_deref_mut(),
            revision: self.revision,
            layout: self.layout,
            owed: &mut self.owed,
            mailbox: &self.mailbox,
        }
    }

    /// Where each point stands.
    pub(super) fn places(&self) -> HashMap<Index, u32> {
        (0..).zip(&self.rows).map(|(place, row)| (row.index, place)).collect()
    }

    /// How many points it has, but removed ones.
    pub(super) fn points(&self) -> usize {
        self.rows.len() - self.gone.as_ref().map_or(0, |gone| gone.places())
    }

    /// The removed points that are kept: the number of each removal, and the point's row.
    pub(super) fn gone(&self) -> impl Iterator<Item = (u64, &Row)> {
        let gone = self.gone.iter().flat_map(|gone| gone.iter());
        gone.filter_map(|(number, place)| Some((number, self.rows.get(place as usize)?)))
    }

    /// How many of them there are.
    pub(super) fn kept(&self) -> usize {
        self.gone.as_ref().map_or(0, |gone| gone.kept())
    }

    /// The newest removal that cannot be told any more.
    pub(super) fn dropped(&self) -> u64 {
        self.gone.as_ref().map_or(0, |gone| gone.dropped())
    }

    /// Takes note of points that were removed since it last did, and says which.
    pub(super) fn note_gone(&mut self, table: &Table) -> Vec<Index> {
        let places = self.mailbox.backlog().take_gone();
        let row = |place: &u32| self.rows.get(*place as usize);
        let points: Vec<Index> = places.iter().filter_map(row).map(|row| row.index).collect();
        let numbers = points.chunks(POINTS_AT_ONCE).flat_map(|some| table.changed_at(some));
        for (place, number) in places.into_iter().zip(numbers) {
            self.gone.get_or_insert_default().keep(number, place);
        }
        points
    }

    /// Drops removed points of which the client was told, the oldest first, until no more than `most` are kept.
    pub(super) fn drop_told(&mut self, most: usize) {
        self.drop_while(|_, row, kept| kept > most && row.has_ended());
    }

    /// Drops removed points of which the client knows, because it has been at position `seq`.
    fn drop_known(&mut self, seq: u64) {
        self.drop_while(|number, _, _| number <= seq);
    }

    fn drop_while(&mut self, may_drop: impl Fn(u64, &Row, usize) -> bool) {
        let Some(gone) = &mut self.gone else { return };
        while let Some((number, place)) = gone.oldest()
            && let Some(row) = self.rows.get_mut(place as usize)
            && may_drop(number, row, gone.kept())
        {
            row.end();
            gone.drop_oldest();
        }
    }

    /// Gives a point that comes the place of the one that went by this change, if that is still kept: what it is now is
    /// all that its client need know. Whether it did.
    pub(super) fn succeed(&mut self, went: u64, new: New<'_>) -> bool {
        let place = self.gone.as_mut().and_then(|gone| gone.take_over(went));
        place.map(|place| self.refill(place, new)).is_some()
    }

    /// Gives a point that comes a place: one that was dropped, or one more. False if there can be no more.
    pub(super) fn add(&mut self, new: New<'_>) -> bool {
        if let Some(place) = self.gone.as_mut().and_then(|gone| gone.take_free()) {
            self.refill(place, new);
            return true;
        }
        let Some(place) = self.mailbox.backlog().grow() else { return false };
        make_room(&mut self.rows);
        self.rows.push(new.row);
        if let Some(restraint) = &mut self.restraint {
            restraint.push(restraint.rule_of_entry(new.entry), new.range(), None);
        }
        self.begin(place, new);
        true
    }

    fn refill(&mut self, place: u32, new: New<'_>) {
        let Some(row) = self.rows.get_mut(place as usize) else { return };
        let before = std::mem::replace(row, new.row);
        // Its readers are there until its end is settled, and must not move this place among them any more.
        new.table.unregister(before.index, &self.mailbox, place);
        if let Some(restraint) = &mut self.restraint {
            restraint.renew(place, restraint.rule_of_entry(new.entry), new.range());
        }
        self.begin(place, new);
    }

    fn begin(&self, place: u32, new: New<'_>) {
        new.table.register(new.row.index, &self.mailbox, place);
        self.mailbox.backlog().mark(place);
    }

    /// Replaces the points. `rules` are those of the entries, without points yet. `carried`: changes that were not
    /// told of points that stay are to be told in the new arrangement.
    pub(super) fn replace(
        &mut self,
        table: &Table,
        catalog: &Catalog,
        Plan { placed, gone }: Plan,
        rules: Option<Restraint>,
        carried: bool,
    ) {
        let mailbox = Arc::new(Mailbox::new(placed.len()));
        for (place, placed) in (0..).zip(&placed) {
            table.register(placed.row.index, &mailbox, place);
        }
        let before = self.places();
        let mut rules = rules.map(Box::new);
        if let Some(rules) = &mut rules {
            rules.reserve(placed.len());
            self.restraint.iter().for_each(|known| rules.keep_gates_of(known));
        }
        {
            let (old, mut new) = (self.mailbox.backlog(), mailbox.backlog());
            for (place, placed) in (0..).zip(&placed) {
                let was = before.get(&placed.row.index).copied().filter(|_| carried);
                let waits = |was| self.restraint.as_ref().is_some_and(|r| r.is_waiting(was));
                let is_behind = placed.row.is_passed_over()
                    || was.is_some_and(|was| old.is_marked(was) || waits(was));
                if placed.marked || is_behind {
                    new.mark(place);
                }
                if let Some(rules) = &mut rules {
                    let range = range_of(catalog, placed.row.index);
                    let known = self.restraint.as_deref().zip(was);
                    rules.push(placed.rule, range, known);
                }
            }
        }
        self.leave(table);
        let floor = self.restraint.as_ref().and_then(|restraint| restraint.floor());
        self.owed = self.owed.min(floor.unwrap_or(u64::MAX));
        self.rows = placed.iter().map(|placed| placed.row).collect();
        self.restraint = rules;
        if let Some(known) = &mut self.gone {
            known.replace(gone);
        }
        self.layout = self.layout.wrapping_add(1);
        std::mem::replace(&mut self.mailbox, mailbox).wake();
    }

    /// Unregisters everything.
    pub(super) fn leave(&self, table: &Table) {
        for (place, row) in (0..).zip(&self.rows) {
            table.unregister(row.index, &self.mailbox, place);
        }
    }

    /// Marks what changed after `seq`, for a connection that begins anew there, and what a deadband passed over before
    /// that; and forgets what earlier connections were sent: it may not have arrived. Removed points that the client
    /// knows of by then are dropped.
    pub(super) fn rewind(&mut self, table: &Table, seq: u64) {
        self.drop_known(seq);
        // A change that is applied after the marks are cleared is either seen in its slot here or marked
        // by its writer: the points stay registered all the while.
        self.mailbox.backlog().clear();
        let points: Vec<Index> = self.rows.iter().map(|row| row.index).collect();
        let changed_at: Vec<u64> =
            points.chunks(POINTS_AT_ONCE).flat_map(|some| table.changed_at(some)).collect();
        let mut backlog = self.mailbox.backlog();
        for ((place, row), changed) in (0..).zip(&self.rows).zip(changed_at) {
            if changed > seq || row.is_passed_over() {
                backlog.mark(place);
            }
        }
        drop(backlog);
        for row in &mut self.rows {
            row.forget_connection();
        }
        if let Some(restraint) = &mut self.restraint {
            restraint.reset();
        }
        self.owed = u64::MAX;
    }
}
