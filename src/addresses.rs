//! How many of something each address has: only addresses that have any are kept.

use std::net::IpAddr;

use dashmap::DashMap;

#[derive(Debug, Default)]
pub(crate) struct PerAddress(DashMap<IpAddr, usize>);

impl PerAddress {
    /// Counts one more, unless there are `most` already; whether it did.
    pub(crate) fn enter_within(&self, address: IpAddr, most: usize) -> bool {
        let mut count = self.0.entry(address).or_insert(0);
        let there_is_room = *count < most;
        *count += usize::from(there_is_room);
        there_is_room
    }

    pub(crate) fn leave(&self, address: IpAddr) {
        if let Some(mut count) = self.0.get_mut(&address) {
            *count = count.saturating_sub(1);
        }
        self.0.remove_if(&address, |_, count| *count == 0);
    }
}
