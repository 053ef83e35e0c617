//! A connection's place among all, and among those of its address.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::addresses::{Address, PerAddress};
use crate::limits::Limits;

/// The places that there are.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<All>);

#[derive(Debug)]
struct All {
    room: Arc<Semaphore>,
    by_address: PerAddress,
    most_of_address: usize,
}

/// One place; dropping it gives it back. It is kept small: every open stream has one.
#[derive(Debug)]
pub(in crate::http) struct Place {
    all: Arc<All>,
    address: Address,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(Arc::new(All {
            room: Arc::new(Semaphore::new(limits.connections)),
            by_address: PerAddress::default(),
            most_of_address: limits.connections_per_address,
        }))
    }

    /// Waits until there is room for one more.
    ///
    /// # Cancellation
    /// Safe.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.0.room).acquire_owned().await
    }

    /// The place of a connection from this address, for which there is room among all; `None` if its address has as many
    /// as it may.
    pub(super) fn take(&self, room: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let All { by_address, most_of_address, .. } = &*self.0;
        let address = Address::from(address);
        if !by_address.enter_within(address, *most_of_address) {
            return None;
        }
        // It is given back by the place.
        room.forget();
        Some(Place { all: Arc::clone(&self.0), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.by_address.leave(self.address);
        self.all.room.add_permits(1);
    }
}
