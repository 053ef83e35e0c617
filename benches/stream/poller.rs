//! Many sockets and the conductor's asks, waited for by one thread.

use std::io::stdin;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

/// What stands for the conductor among the tokens.
pub(crate) const ASKED: u64 = u64::MAX;

/// Most sockets told of at once.
const EVENTS: usize = 1_024;

/// Tells which sockets can be read. Whoever closes a socket is no longer told of it.
pub(crate) struct Poller {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poller {
    /// Nothing but the conductor's asks.
    pub(crate) fn new() -> Self {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let poller = Self { epoll, events: Vec::with_capacity(EVENTS) };
        poller.add(stdin(), ASKED);
        poller
    }

    pub(crate) fn add(&self, source: impl AsFd, token: u64) {
        let data = epoll::EventData::new_u64(token);
        epoll::add(&self.epoll, source, data, epoll::EventFlags::IN).unwrap();
    }

    /// Waits at most `timeout` and puts what can be read into `tokens`.
    pub(crate) fn wait(&mut self, timeout: Duration, tokens: &mut Vec<u64>) {
        let timeout = Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("failed to wait for sockets: {error}"),
        }
        tokens.clear();
        tokens.extend(self.events.iter().map(|event| event.data.u64()));
    }
}
