//! The newest sample of every point, numbered in the order of change, and who wants to know.
//!
//! Invariants:
//! - A batch is applied under one short critical section and gets contiguous sequence numbers.
//! - A number is *settled* once the marks of every change up to it stand in the mailboxes. Readers learn
//!   the settled number before they take marks and never show a change beyond it, so they neither claim
//!   what they were not told nor see half a batch.
//! - Marks are placed outside the lock that drivers need.
//! - A change that nobody wants is never turned into text; one that many want, once.
//!
//! Nothing here does I/O, waits, or knows a driver or a stream.

mod catalog;
mod interest;
mod mailbox;
mod pattern;
mod sequence;
mod slot;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pointcast_api::{Reason, StaleAfter, UnixMs};
use tokio::time::Instant;

pub use catalog::{Catalog, CatalogError, Entry};
pub use mailbox::{Backlog, Mailbox};
pub use pattern::{Pattern, PatternError};
pub use slot::{Shown, State, Update};
pub use text::write_state;

use interest::Interest;
use sequence::Sequence;
use slot::Slot;

/// A point's place in the table: dense, and never used for another point within an epoch.
pub type Index = u32;

/// Points looked at in one turn of the staleness sweep, so that drivers are never held up for long.
const SWEEP_TURN: usize = 4_096;

/// The point table.
#[derive(Debug)]
pub struct Table {
    catalog: Catalog,
    started: Instant,
    core: Mutex<Core>,
    interest: Interest,
}

#[derive(Debug)]
struct Core {
    slots: Vec<Slot>,
    sequence: Sequence,
    /// Of each `SWEEP_TURN` slots: the uptime in milliseconds before which none of them can turn stale.
    due_ms: Vec<u64>,
}

impl Table {
    /// A table of the catalogue's points, each `waiting` and with a sequence number of its own.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        let now = UnixMs::now();
        let slots: Vec<Slot> = (1..)
            .zip(catalog.entries())
            .map(|(seq, entry)| Slot::waiting(seq, now, entry.stale_after()))
            .collect();
        let sequence = Sequence::starting_after(slots.len() as u64);
        let interest = Interest::for_points(slots.len());
        let due_ms = vec![0; slots.len().div_ceil(SWEEP_TURN)];
        let core = Mutex::new(Core { slots, sequence, due_ms });
        Self { catalog, started: Instant::now(), core, interest }
    }

    /// Names and metadata.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    // A panic while the lock was held can only have come from a slot's own arithmetic; every slot is
    // consistent by itself, so the table stays usable.
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Applies one device reply: all of it becomes visible together.
    ///
    /// Unknown indices are passed over. Never waits but for the table's own short sections.
    pub fn apply<'a>(&self, updates: impl IntoIterator<Item = (Index, Update<'a>)>) {
        if let Some(mut batch) = self.begin(updates) {
            while self.mark_next(&mut batch) {}
            self.settle(batch);
        }
    }

    /// Applies a batch and numbers its changes; `None` if there is nothing to announce.
    pub(crate) fn begin<'a>(
        &self,
        updates: impl IntoIterator<Item = (Index, Update<'a>)>,
    ) -> Option<Batch> {
        let mut changed = Vec::new();
        let mut core = self.core();
        let core = &mut *core;
        // Under the lock, so that the sweep never looked at a later time than this.
        let uptime = self.uptime();
        for (index, update) in updates {
            let Some(slot) = core.slots.get_mut(index as usize) else { continue };
            let read = self.interest.is_wanted(index).then_some(&core.sequence);
            if slot.apply(update, uptime, read) {
                changed.push(index);
            }
        }
        core.number(changed, &self.interest)
    }

    /// Places the marks of one more of the batch's changes; false when all are placed.
    pub(crate) fn mark_next(&self, batch: &mut Batch) -> bool {
        let Some(index) = batch.changed.get(batch.marked) else { return false };
        self.interest.mark(*index, &mut batch.woken);
        batch.marked += 1;
        true
    }

    /// Says that all marks of the batch are placed, and wakes whom that concerns.
    pub(crate) fn settle(&self, batch: Batch) {
        let wake = self.core().settle(batch.last, batch.changed, batch.woken);
        for mailbox in wake {
            mailbox.wake();
        }
    }

    /// Turns every point that was not read within its `stale_after` uncertain. Where all were read in time, it
    /// looks again only when that time could be over.
    pub fn sweep_stale(&self, now: UnixMs) {
        for turn in 0..self.catalog.len().div_ceil(SWEEP_TURN) {
            let uptime = self.uptime();
            let batch = self.core().age(turn, uptime, now, &self.interest);
            if let Some(mut batch) = batch {
                while self.mark_next(&mut batch) {}
                self.settle(batch);
            }
        }
    }

    /// Registers a reader for a point: from now on its changes are marked in `mailbox` under `local`.
    pub fn register(&self, index: Index, mailbox: &Arc<Mailbox>, local: u32) {
        self.interest.add(index, mailbox, local);
    }

    /// Ends a registration.
    pub fn unregister(&self, index: Index, mailbox: &Arc<Mailbox>, local: u32) {
        self.interest.remove(index, mailbox, local);
    }

    /// The state of one point.
    #[must_use]
    pub fn read(&self, index: Index) -> Option<State> {
        self.core().slots.get(index as usize).map(Slot::state)
    }

    /// The number of the last change of each of `points`, in their order; 0 for an unknown index.
    #[must_use]
    pub fn changed_at(&self, points: &[Index]) -> Vec<u64> {
        let core = self.core();
        points.iter().map(|i| core.slots.get(*i as usize).map_or(0, Slot::seq)).collect()
    }

    /// The newest settled sequence number.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.core().sequence.settled()
    }

    /// Looks at points under the table's lock, each with the text of its newest change.
    ///
    /// `look` gets a [`View`] and must be quick: drivers wait for it.
    pub fn view<T>(&self, look: impl FnOnce(&mut View<'_>) -> T) -> T {
        let mut core = self.core();
        look(&mut View { catalog: &self.catalog, core: &mut core })
    }
}

/// Numbered changes whose marks are being placed. It must be settled, or no reader gets any further.
#[derive(Debug)]
pub(crate) struct Batch {
    last: u64,
    changed: Vec<Index>,
    marked: usize,
    woken: Vec<Arc<Mailbox>>,
}

impl Core {
    /// Ages one turn's slots, if any of them can be due. `None`: nothing to announce.
    fn age(
        &mut self,
        turn: usize,
        uptime: Duration,
        now: UnixMs,
        interest: &Interest,
    ) -> Option<Batch> {
        let due_ms = self.due_ms.get_mut(turn).filter(|due_ms| slot::millis(uptime) >= **due_ms)?;
        let slots = self.slots.chunks_mut(SWEEP_TURN).nth(turn)?;
        let first = Index::try_from(turn * SWEEP_TURN).ok()?;
        let mut changed = Vec::new();
        *due_ms = u64::MAX;
        for (index, slot) in (first..).zip(slots) {
            let read = interest.is_wanted(index).then_some(&self.sequence);
            if slot.age(uptime, now, read) {
                changed.push(index);
            }
            *due_ms = slot.due_ms(uptime).min(*due_ms);
        }
        self.number(changed, interest)
    }

    /// Numbers the changed slots. `None`: nothing to announce.
    fn number(&mut self, changed: Vec<Index>, interest: &Interest) -> Option<Batch> {
        if changed.is_empty() {
            return None;
        }
        let numbers = self.sequence.open(changed.len() as u64);
        for (index, seq) in changed.iter().zip(numbers.clone()) {
            if let Some(slot) = self.slots.get_mut(*index as usize) {
                slot.set_seq(seq);
            }
        }
        let last = *numbers.end();
        // A reader that registers after this look takes this lock before it shows anything, and then
        // finds the change in its slot: no mark is owed.
        if changed.iter().any(|index| interest.is_wanted(*index)) {
            return Some(Batch { last, changed, marked: 0, woken: Vec::new() });
        }
        for mailbox in self.settle(last, changed, Vec::new()) {
            mailbox.wake();
        }
        None
    }

    /// Settles a batch and returns who is to be woken.
    fn settle(
        &mut self,
        last: u64,
        changed: Vec<Index>,
        woken: Vec<Arc<Mailbox>>,
    ) -> Vec<Arc<Mailbox>> {
        let done = self.sequence.settle(last, changed, woken);
        let settled = self.sequence.settled();
        for index in done.changed {
            if let Some(slot) = self.slots.get_mut(index as usize) {
                slot.forget_older(settled);
            }
        }
        done.wake
    }
}

/// What a reader sees under the table's lock.
#[derive(Debug)]
pub struct View<'a> {
    catalog: &'a Catalog,
    core: &'a mut Core,
}

impl View<'_> {
    /// The newest settled number. Nothing beyond it may be shown.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.core.sequence.settled()
    }

    /// What may be shown of a point now. `None`: nothing yet, the point's newest change must be settled first.
    pub fn shown(&mut self, index: Index) -> Option<Shown<'_>> {
        let settled = self.settled();
        let entry = self.catalog.entry(index)?;
        self.core.slots.get_mut(index as usize)?.shown(entry, settled)
    }

    /// The number of a point's newest change, without its text.
    #[must_use]
    pub fn seq(&self, index: Index) -> u64 {
        self.core.slots.get(index as usize).map_or(0, Slot::seq)
    }

    /// Wakes `mailbox` once `seq` is settled.
    pub fn wake_when_settled(&mut self, seq: u64, mailbox: &Arc<Mailbox>) {
        self.core.sequence.wake_when_settled(seq, mailbox);
    }
}

/// Milliseconds of a `stale_after`; `u64::MAX` for never.
fn stale_after_ms(stale_after: StaleAfter) -> u64 {
    match stale_after {
        StaleAfter::Elapsed(duration) => u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        StaleAfter::Never => u64::MAX,
    }
}

/// Whether a point with this reason can still turn stale: only what has a value that counts.
fn ages(reason: Option<Reason>) -> bool {
    matches!(reason, None | Some(Reason::OutOfRange | Reason::Substituted))
}
