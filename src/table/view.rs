//! What readers see: the points as they are at one settled number.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::UnixMs;

use super::catalog::Catalog;
use super::core::Core;
use super::slot::Slot;
use super::text::{Form, Named};
use super::version::{State, Version};
use super::{Index, Mailbox};

/// What a reader sees under the table's lock.
#[derive(Debug)]
pub struct View<'a> {
    pub(super) core: &'a mut Core,
}

impl View<'_> {
    /// Names and metadata.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.core.catalog
    }

    /// The catalogue's generation.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.core.catalog.generation()
    }

    /// The newest settled number. Nothing beyond it may be shown.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.core.sequence.settled()
    }

    /// What may be shown of a point now. `None`: nothing yet, the point's newest change must be settled first.
    pub fn shown(&mut self, index: Index) -> Option<Shown<'_>> {
        let Core { slots, catalog, sequence, t0, own, encodes, own_encodes, .. } = &mut *self.core;
        let entry = catalog.entry(index)?;
        let (version, newest) = slots.get_mut(index as usize)?.shown(sequence.settled())?;
        let is_own = own.contains(&index);
        Some(Shown {
            seq: version.seq,
            count: version.count,
            newest,
            is_own,
            named: Named { entry, index, t0: *t0 },
            version,
            encodes: if is_own { own_encodes } else { encodes },
        })
    }

    /// The number of a point's newest change; 0 for an unknown index.
    #[must_use]
    pub fn seq(&self, index: Index) -> u64 {
        self.core.slots.get(index as usize).map_or(0, Slot::seq)
    }

    /// Wakes `mailbox` once `seq` is settled.
    pub fn wake_when_settled(&mut self, seq: u64, mailbox: &Arc<Mailbox>) {
        self.core.sequence.wake_when_settled(seq, mailbox);
    }
}

/// A state of a point that a reader may show.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The number of the change that led to it.
    pub seq: u64,
    /// How many changes the point has had, wrapping.
    pub count: u32,
    /// Whether it is the newest; if not, a newer change is waiting to be settled.
    pub newest: bool,
    /// Whether the point tells of the gateway itself.
    pub is_own: bool,
    named: Named<'a>,
    version: &'a mut Version,
    encodes: &'a mut u64,
}

impl Shown<'_> {
    /// Whether the point was removed by this change: then it has no state, and no change follows.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.version.removed
    }

    /// Value and quality, of exactly this version.
    #[must_use]
    pub fn state(&self) -> State {
        self.version.state()
    }

    /// Source time of the value.
    #[must_use]
    pub fn time(&self) -> Option<UnixMs> {
        self.version.time()
    }

    /// The table's uptime when this version was put in.
    #[must_use]
    pub fn put_at(&self) -> Duration {
        self.version.put_at()
    }

    /// The point's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.named.entry.id().as_str()
    }

    /// Its JSON text, which a removed point has not: what is told of that is its id. Made at most once for each version and form.
    pub fn text(&mut self, form: Form) -> &str {
        let (text, made) = self.version.text(form, &self.named);
        *self.encodes += u64::from(made);
        text
    }
}
