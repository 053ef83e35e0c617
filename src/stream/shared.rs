//! What all sessions share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use super::coming::Departed;
use super::notices::Notices;
use super::standing::Standing;
use super::statistics::Totals;
use crate::addresses::{Address, PerAddress};
use crate::limits::Limits;
use crate::table::Table;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) table: Arc<Table>,
    pub(super) limits: Arc<Limits>,
    /// This run of the gateway.
    pub(super) epoch: String,
    pub(super) notices: Notices,
    pub(super) standing: Standing,
    /// Held to write while points come or go, and to read while a selection is made: so neither misses the other.
    pub(super) changing: RwLock<Departed>,
    /// Most removed points that a session keeps once its client was told: [`MAX_GONE`](super::gone::MAX_GONE).
    pub(super) max_gone: usize,
    /// Points selected by all sessions together, but removed ones.
    pub(super) selected: AtomicUsize,
    pub(super) totals: Arc<Totals>,
    pub(super) streams: AtomicUsize,
    pub(super) streams_by_address: PerAddress,
    pub(super) sessions_by_address: PerAddress,
}

impl Shared {
    /// A stream from this address has ended.
    pub(super) fn leave_place(&self, address: Address) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
        self.streams_by_address.leave(address);
    }
}
