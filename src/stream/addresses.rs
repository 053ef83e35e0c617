//! How many of something each address has: only addresses that have any are kept.

use std::net::IpAddr;

use dashmap::DashMap;

#[derive(Debug, Default)]
pub(super) struct PerAddress(DashMap<IpAddr, usize>);

impl PerAddress {
    pub(super) fn count(&self, address: IpAddr) -> usize {
        self.0.get(&address).map_or(0, |count| *count)
    }

    pub(super) fn enter(&self, address: IpAddr) {
        *self.0.entry(address).or_insert(0) += 1;
    }

    pub(super) fn leave(&self, address: IpAddr) {
        if let Some(mut count) = self.0.get_mut(&address) {
            *count = count.saturating_sub(1);
        }
        self.0.remove_if(&address, |_, count| *count == 0);
    }
}
