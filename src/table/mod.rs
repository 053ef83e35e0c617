//! The newest sample of every point, numbered in the order of change, and who wants to know.
//!
//! Invariants:
//! - A batch is applied under one short critical section and gets contiguous sequence numbers.
//! - A number is *settled* once the marks of every change up to it stand in the mailboxes. Readers learn
//!   the settled number before they take marks and never show a change beyond it, so they neither claim
//!   what they were not told nor see half a batch.
//! - Marks are placed outside the lock that drivers need.
//! - A change that nobody wants is never turned into text; one that many want, once in each form.
//! - Points come and go. A place is never given to another point; a removed point leaves a tombstone there, which
//!   is a change like any other and the last.
//! - Locks are taken in one order: points come and go one batch at a time, then the table, then a mailbox. A list
//!   of readers is never waited for under the table's lock: whoever marks may hold it for ten thousand marks.
//!
//! Nothing here does I/O, waits, or knows a driver or a stream.

mod backlog;
mod catalog;
mod coming;
mod core;
mod growth;
mod interest;
mod mailbox;
#[cfg(test)]
mod model;
mod names;
mod pattern;
mod sequence;
mod slot;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod text;
mod version;
mod view;

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pointcast_api::{Quality, Reason, StaleAfter, UnixMs};
use tokio::time::Instant;

pub(crate) use self::core::Batch;
pub(crate) use self::growth::make_room;
pub use catalog::{Catalog, CatalogError, Entry, Kind, MAX_PLACES};
pub use mailbox::{Backlog, MAX_LOCALS, Mailbox};
pub use pattern::{Pattern, PatternError};
pub use slot::Update;
pub use text::{Form, value_json, write_state};
pub use version::State;
pub use view::{Shown, View};

use self::core::Core;
use interest::Readers;
use slot::Slot;

/// A point's place in the table: dense, and never used for another point within an epoch.
pub type Index = u32;

/// Points looked at in one turn of the staleness sweep, so that drivers are never held up for long.
const SWEEP_TURN: usize = 4_096;

/// Points counted in one turn, for the same reason.
const COUNTED_AT_ONCE: usize = 1_024;

/// The point table.
#[derive(Debug)]
pub struct Table {
    started: Instant,
    t0: UnixMs,
    core: Mutex<Core>,
    /// Held while points come or go, so that a new catalogue is made without the lock that drivers need.
    editing: Mutex<()>,
}

impl Table {
    /// A table of the catalogue's points, each `waiting` and with a sequence number of its own.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        let t0 = UnixMs::now();
        let core = Mutex::new(Core::new(catalog, t0));
        Self { started: Instant::now(), t0, core, editing: Mutex::default() }
    }

    /// Names and metadata, as they are now.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.core().catalog)
    }

    /// What the times of compact texts are counted from: when the table was made.
    #[must_use]
    pub fn t0(&self) -> UnixMs {
        self.t0
    }

    /// The same table, in which the points at `own` tell of the gateway itself: what is made and sent of them is counted
    /// apart.
    #[must_use]
    pub fn with_own(mut self, own: Range<Index>) -> Self {
        self.core.get_mut().unwrap_or_else(PoisonError::into_inner).own = own;
        self
    }

    /// How many texts of changes were made since the start, both forms together.
    #[must_use]
    pub fn encodes(&self) -> u64 {
        let core = self.core();
        core.encodes + core.own_encodes
    }

    /// The same, without those of points that tell of the gateway itself.
    #[must_use]
    pub fn encodes_of_others(&self) -> u64 {
        self.core().encodes
    }

    /// The table's uptime at `now`, which [`Shown::put_at`] is to be held against.
    #[must_use]
    pub fn uptime_at(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
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
    /// Unknown and removed indices are passed over. Never waits but for the table's own short sections, in one of
    /// which `updates` is run through: it must not ask the table anything.
    pub fn apply<'a>(&self, updates: impl IntoIterator<Item = (Index, Update<'a>)>) {
        if let Some(batch) = self.begin(updates) {
            self.finish(batch);
        }
    }

    /// Applies a batch and numbers its changes; `None` if there is nothing to announce.
    pub(crate) fn begin<'a>(
        &self,
        updates: impl IntoIterator<Item = (Index, Update<'a>)>,
    ) -> Option<Batch> {
        let mut core = self.core();
        // Under the lock, so that the sweep never looked at a later time than this.
        let uptime = self.uptime();
        core.apply(updates, uptime)
    }

    /// Places the marks of one more of the batch's changes; false when all are placed.
    #[expect(clippy::unused_self, reason = "a batch is of this table")]
    pub(crate) fn mark_next(&self, batch: &mut Batch) -> bool {
        batch.mark_next()
    }

    /// Says that all marks of the batch are placed, and wakes whom that concerns.
    pub(crate) fn settle(&self, batch: Batch) {
        let aftermath = self.core().settle(batch);
        aftermath.finish();
    }

    /// Places all marks of the batch that are not placed yet, and settles it.
    pub(crate) fn finish(&self, mut batch: Batch) {
        while self.mark_next(&mut batch) {}
        self.settle(batch);
    }

    /// Turns every point that was not read within its `stale_after` uncertain. Where all were read in time, it
    /// looks again only when that time could be over.
    pub fn sweep_stale(&self, now: UnixMs) {
        let turns = self.core().turns();
        for turn in 0..turns {
            let uptime = self.uptime();
            let batch = self.core().age(turn, uptime, now);
            if let Some(batch) = batch {
                self.finish(batch);
            }
        }
    }

    /// Lets points turn stale after another time than declared. Unknown and removed indices are passed over.
    pub fn set_stale_after(&self, points: impl IntoIterator<Item = (Index, StaleAfter)>) {
        self.core().set_stale_after(points);
    }

    /// Registers a reader for a point: from now on its changes are marked in `mailbox` under `local`.
    pub fn register(&self, index: Index, mailbox: &Arc<Mailbox>, local: u32) {
        // Counted first: whoever changes the point from here on looks for readers in the list.
        let readers = self.core().slots.get_mut(index as usize).and_then(Slot::want);
        if let Some(readers) = readers {
            readers.add(mailbox, local);
        }
    }

    /// Ends a registration.
    pub fn unregister(&self, index: Index, mailbox: &Arc<Mailbox>, local: u32) {
        // In a statement of its own, so that the table is free while the list is waited for.
        let readers: Option<Arc<Readers>> =
            self.core().slots.get(index as usize).and_then(Slot::readers).cloned();
        if readers.is_some_and(|readers| readers.remove(mailbox, local)) {
            self.core().slots.get_mut(index as usize).map(Slot::unwant);
        }
    }

    /// The state of one point; `None` for an unknown index and a removed point.
    #[must_use]
    pub fn read(&self, index: Index) -> Option<State> {
        self.core().slots.get(index as usize).and_then(Slot::state)
    }

    /// How many of `points` are good, uncertain and bad; unknown and removed ones are none of it.
    #[must_use]
    pub fn qualities(&self, points: &[Index]) -> [u64; 3] {
        let mut counts = [0; 3];
        for some in points.chunks(COUNTED_AT_ONCE) {
            let core = self.core();
            let known = some.iter().filter_map(|i| core.slots.get(*i as usize)?.quality());
            counts = known.fold(counts, |[good, uncertain, bad], quality| match quality {
                Quality::Good => [good + 1, uncertain, bad],
                Quality::Uncertain => [good, uncertain + 1, bad],
                Quality::Bad => [good, uncertain, bad + 1],
            });
        }
        counts
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

    /// Looks at points under the table's lock, as they are at the newest settled number.
    ///
    /// `look` gets a [`View`] and must be quick: drivers wait for it.
    pub fn view<T>(&self, look: impl FnOnce(&mut View<'_>) -> T) -> T {
        look(&mut View { core: &mut self.core() })
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
