//! How many of something each address has: only addresses that have any are kept.

use std::net::{IpAddr, Ipv6Addr};

use dashmap::DashMap;

/// An address in sixteen bytes: one of IPv4 as IPv6 writes it. Every session, stream and connection has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Address(Ipv6Addr);

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct PerAddress(DashMap<Address, usize>);

impl PerAddress {
    /// Counts one more, unless there are `most` already; whether it did.
    pub(crate) fn enter_within(&self, address: Address, most: usize) -> bool {
        let mut count = self.0.entry(address).or_insert(0);
        let there_is_room = *count < most;
        *count += usize::from(there_is_room);
        there_is_room
    }

    pub(crate) fn leave(&self, address: Address) {
        if let Some(mut count) = self.0.get_mut(&address) {
            *count = count.saturating_sub(1);
        }
        self.0.remove_if(&address, |_, count| *count == 0);
    }
}
