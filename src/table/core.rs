//! What the table's lock guards: slots, numbers and the catalogue they belong to.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{StaleAfter, UnixMs};

use super::catalog::Catalog;
use super::interest::Readers;
use super::sequence::{Sequence, Settled};
use super::slot::{self, Slot};
use super::{Index, Mailbox, SWEEP_TURN, Update};

#[derive(Debug)]
pub(super) struct Core {
    pub(super) catalog: Arc<Catalog>,
    /// One for each of the catalogue's places.
    pub(super) slots: Vec<Slot>,
    pub(super) sequence: Sequence,
    /// Of each `SWEEP_TURN` slots: the uptime in milliseconds before which none of them can turn stale.
    due_ms: Vec<u64>,
    /// What compact times are counted from.
    pub(super) t0: UnixMs,
    /// The points that tell of the gateway itself.
    pub(super) own: Range<Index>,
    /// Texts made of all other points, and of those.
    pub(super) encodes: u64,
    pub(super) own_encodes: u64,
}

/// Numbered changes whose marks are being placed. It must be settled, or no reader gets any further.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Its last number; 0 if it has none.
    last: u64,
    changed: Vec<Index>,
    /// Those who want a changed point and are not marked yet, point by point.
    readers: std::vec::IntoIter<Arc<Readers>>,
    /// Whether its changes are the ends of their points.
    gone: bool,
    woken: Vec<Arc<Mailbox>>,
}

/// What is to be done once the table's lock is free.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    wake: Vec<Arc<Mailbox>>,
    /// The readers of points that are gone, who may be many: letting them go takes its time.
    left: Vec<Arc<Readers>>,
}

impl Aftermath {
    pub(super) fn finish(self) {
        for mailbox in self.wake {
            mailbox.wake();
        }
        drop(self.left);
    }
}

impl Batch {
    /// Places the marks of one more of the changes; false when all are placed.
    pub(super) fn mark_next(&mut self) -> bool {
        let Some(readers) = self.readers.next() else { return false };
        readers.mark(self.gone, &mut self.woken);
        true
    }
}

impl Core {
    pub(super) fn new(catalog: Catalog, now: UnixMs) -> Self {
        let mut core = Self {
            catalog: Arc::new(catalog),
            slots: Vec::new(),
            sequence: Sequence::starting_after(0),
            due_ms: Vec::new(),
            t0: now,
            own: 0..0,
            encodes: 0,
            own_encodes: 0,
        };
        let batch = core.fill(now);
        core.settle(batch);
        core
    }

    /// Puts another catalogue in force, which has the same places and maybe more behind them: those get numbers,
    /// in a batch that may be empty.
    pub(super) fn extend(&mut self, catalog: Arc<Catalog>, now: UnixMs) -> Batch {
        self.catalog = catalog;
        self.fill(now)
    }

    fn fill(&mut self, now: UnixMs) -> Batch {
        let first = self.slots.len();
        let added = self.catalog.entries().get(first..).unwrap_or_default();
        let mut batch = Batch {
            last: 0,
            changed: Vec::new(),
            readers: Vec::new().into_iter(),
            gone: false,
            woken: Vec::new(),
        };
        if added.is_empty() {
            return batch;
        }
        let numbers = self.sequence.open(added.len() as u64);
        batch.last = *numbers.end();
        let waiting = numbers.zip(added).map(|(n, e)| Slot::waiting(n, now, e.stale_after()));
        self.slots.extend(waiting);
        // What was not looked at yet is due.
        self.due_ms.truncate(first / SWEEP_TURN);
        self.due_ms.resize(self.slots.len().div_ceil(SWEEP_TURN), 0);
        batch
    }

    /// Puts another catalogue in force, which lacks `gone`: each becomes a tombstone.
    pub(super) fn remove(
        &mut self,
        catalog: Arc<Catalog>,
        gone: &[Index],
        uptime: Duration,
        now: UnixMs,
    ) -> Option<Batch> {
        self.catalog = catalog;
        let mut changed = Vec::with_capacity(gone.len());
        for index in gone {
            let slot = self.slots.get_mut(*index as usize);
            if slot.is_some_and(|slot| slot.remove(now, &self.sequence)) {
                changed.push(*index);
            }
        }
        self.number(changed, true, uptime)
    }

    /// Applies a batch. `None`: nothing to announce.
    pub(super) fn apply<'a>(
        &mut self,
        updates: impl IntoIterator<Item = (Index, Update<'a>)>,
        uptime: Duration,
    ) -> Option<Batch> {
        let mut changed = Vec::new();
        for (index, update) in updates {
            let Some(slot) = self.slots.get_mut(index as usize) else { continue };
            if slot.apply(update, uptime, &self.sequence) {
                changed.push(index);
            }
        }
        self.number(changed, false, uptime)
    }

    pub(super) fn set_stale_after(
        &mut self,
        points: impl IntoIterator<Item = (Index, StaleAfter)>,
    ) {
        for (index, after) in points {
            let Some(slot) = self.slots.get_mut(index as usize) else { continue };
            slot.set_stale_after(after);
            // It may be due earlier now.
            if let Some(due_ms) = self.due_ms.get_mut(index as usize / SWEEP_TURN) {
                *due_ms = 0;
            }
        }
    }

    /// How many turns the staleness sweep has.
    pub(super) fn turns(&self) -> usize {
        self.due_ms.len()
    }

    /// Ages one turn's slots, if any of them can be due. `None`: nothing to announce.
    pub(super) fn age(&mut self, turn: usize, uptime: Duration, now: UnixMs) -> Option<Batch> {
        let due_ms = self.due_ms.get_mut(turn).filter(|due_ms| slot::millis(uptime) >= **due_ms)?;
        let slots = self.slots.chunks_mut(SWEEP_TURN).nth(turn)?;
        let first = Index::try_from(turn * SWEEP_TURN).ok()?;
        let mut changed = Vec::new();
        *due_ms = u64::MAX;
        for (index, slot) in (first..).zip(slots) {
            if slot.age(uptime, now, &self.sequence) {
                changed.push(index);
            }
            *due_ms = slot.due_ms(uptime).min(*due_ms);
        }
        self.number(changed, false, uptime)
    }

    /// Numbers the changed slots, whose points are all `gone` or all there. `None`: nothing to announce.
    fn number(&mut self, changed: Vec<Index>, gone: bool, uptime: Duration) -> Option<Batch> {
        if changed.is_empty() {
            return None;
        }
        let numbers = self.sequence.open(changed.len() as u64);
        let last = *numbers.end();
        let put_at_ns = u64::try_from(uptime.as_nanos()).unwrap_or(u64::MAX);
        let mut readers = Vec::new();
        for (index, seq) in changed.iter().zip(numbers) {
            let Some(slot) = self.slots.get_mut(*index as usize) else { continue };
            slot.set_seq(seq, put_at_ns);
            // A reader that registers after this look takes this lock before it shows anything, and then
            // finds the change in its slot: no mark is owed.
            if let Some(wanted_by) = slot.wanted_by() {
                if readers.is_empty() {
                    readers.reserve_exact(changed.len());
                }
                readers.push(Arc::clone(wanted_by));
            }
        }
        let told = !readers.is_empty();
        let (readers, woken) = (readers.into_iter(), Vec::new());
        let batch = Batch { last, changed, readers, gone, woken };
        if told {
            return Some(batch);
        }
        // Nobody waits for it, and with it no other batch is settled: there is nobody to wake.
        self.settle(batch);
        None
    }

    /// Settles a batch. What comes of it is to be finished without the lock.
    pub(super) fn settle(&mut self, batch: Batch) -> Aftermath {
        let Settled { changed, wake } =
            self.sequence.settle(batch.last, batch.changed, batch.woken);
        let settled = self.sequence.settled();
        let mut left = Vec::new();
        for index in changed {
            let slot = self.slots.get_mut(index as usize);
            left.extend(slot.and_then(|slot| slot.forget_older(settled)));
        }
        Aftermath { wake, left }
    }
}
