//! A session's selection in memory, and how it is arranged anew when entries or points come and go.
//!
//! A new arrangement is registered before the old one is left, so no change falls between them; what was marked or
//! waited in the old one is marked in the new.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::Entry;
use super::offer::{Row, Selected};
use super::restraint::{Restraint, RuleNumber};
use crate::table::{Catalog, Index, Mailbox, Table};

/// Points that the table is asked about at once: drivers wait meanwhile.
const POINTS_AT_ONCE: usize = 1_024;

/// A client's selection.
#[derive(Debug)]
pub(super) struct Arrangement {
    pub(super) entries: Vec<Entry>,
    pub(super) rows: Vec<Row>,
    pub(super) restraint: Option<Box<Restraint>>,
    pub(super) revision: u32,
    pub(super) mailbox: Arc<Mailbox>,
    /// Counts the arrangements, wrapping.
    layout: u32,
    owed: u64,
}

/// A point of an arrangement to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) row: Row,
    pub(super) rule: RuleNumber,
    /// Its change is to be told, whether it was marked before or not.
    pub(super) marked: bool,
}

impl Arrangement {
    pub(super) fn empty() -> Self {
        Self {
            entries: Vec::new(),
            rows: Vec::new(),
            restraint: None,
            revision: 0,
            mailbox: Arc::new(Mailbox::new(0)),
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

    pub(super) fn rule_of(&self, place: u32) -> RuleNumber {
        self.restraint.as_ref().map_or(0, |restraint| restraint.rule_of(place))
    }

    /// Replaces the points. `rules` are those of the entries, without points yet. `carried`: changes that were not
    /// told of points that stay are to be told in the new arrangement.
    pub(super) fn replace(
        &mut self,
        table: &Table,
        catalog: &Catalog,
        placed: &[Placed],
        rules: Option<Restraint>,
        carried: bool,
    ) {
        let mailbox = Arc::new(Mailbox::new(placed.len()));
        for (place, placed) in (0..).zip(placed) {
            table.register(placed.row.index, &mailbox, place);
        }
        let before = self.places();
        let mut rules = rules.map(Box::new);
        if let Some((rules, known)) = rules.as_mut().zip(self.restraint.as_ref()) {
            rules.keep_gates_of(known);
        }
        {
            let (old, mut new) = (self.mailbox.backlog(), mailbox.backlog());
            for (place, placed) in (0..).zip(placed) {
                let was = before.get(&placed.row.index).copied().filter(|_| carried);
                let waits = |was| self.restraint.as_ref().is_some_and(|r| r.is_waiting(was));
                let is_behind = placed.row.is_passed_over()
                    || was.is_some_and(|was| old.is_marked(was) || waits(was));
                if placed.marked || is_behind {
                    new.mark(place);
                }
                if let Some(rules) = &mut rules {
                    let range = catalog.entry(placed.row.index);
                    let range = range.and_then(|entry| entry.declaration().details.range);
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
    /// that; and forgets what earlier connections were sent: it may not have arrived.
    pub(super) fn rewind(&mut self, table: &Table, seq: u64) {
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
