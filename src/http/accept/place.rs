//! A connection's place among all, and among those of its address.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::addresses::PerAddress;
use crate::limits::Limits;

/// The places that there are.
#[derive(Debug, Clone)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    by_address: Arc<PerAddress>,
    most_of_address: usize,
}

/// One place; dropping it gives it back.
#[derive(Debug)]
pub(in crate::http) struct Place {
    _among_all: OwnedSemaphorePermit,
    by_address: Arc<PerAddress>,
    address: IpAddr,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.connections)),
            by_address: Arc::default(),
            most_of_address: limits.connections_per_address,
        }
    }

    /// Waits until there is room for one more.
    ///
    /// # Cancellation
    /// Safe.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.all).acquire_owned().await
    }

    /// The place of a connection from this address, for which there is room among all; `None` if its address has as many
    /// as it may.
    pub(super) fn take(&self, room: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let there_is_room = self.by_address.enter_within(address, self.most_of_address);
        let by_address = || Arc::clone(&self.by_address);
        there_is_room.then(|| Place { _among_all: room, by_address: by_address(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.by_address.leave(self.address);
    }
}
