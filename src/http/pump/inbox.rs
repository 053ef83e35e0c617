//! What others leave for a pump while it serves or sleeps: new streams, streams that have something to say, orders.
//!
//! Bounded by construction: a mailbox calls once until its stream is looked at again, and new streams hold a connection's
//! place. A pump that sleeps is woken by the first that comes, and by none of those after it.

use std::io;
use std::mem;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use rustix::event::{EventfdFlags, eventfd};
use tokio::time::Instant;

use super::piece::Framing;
use crate::http::accept::Place;
use crate::stream::Feed;

/// A stream whose request was read; not a byte of the answer was sent.
#[derive(Debug)]
pub(in crate::http) struct Arrival {
    /// It does not block.
    pub(in crate::http) socket: TcpStream,
    pub(in crate::http) feed: Feed,
    pub(in crate::http) framing: Framing,
    /// Its place among the connections.
    pub(in crate::http) place: Place,
}

/// What a pump was told to do.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Orders {
    /// End every stream, and cut what is still open at this time.
    pub(super) drain_until: Option<Instant>,
    /// No stream arrives any more.
    pub(super) closed: bool,
}

#[derive(Debug)]
pub(super) struct Inbox {
    left: Mutex<Left>,
    bell: OwnedFd,
}

#[derive(Debug, Default)]
struct Left {
    called: Vec<u32>,
    arrived: Vec<Arrival>,
    orders: Orders,
    /// Something was left since it was last taken.
    news: bool,
    asleep: bool,
}

impl Inbox {
    /// Fails only without file descriptors or memory.
    pub(super) fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { left: Mutex::default(), bell })
    }

    /// Becomes readable anew each time a sleeping pump is to wake. Nobody reads it: it is watched for edges.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Leaves a stream; it is dropped if the pump has ended.
    pub(super) fn arrive(&self, arrival: Arrival) {
        let mut refused = None;
        self.leave(|left| match left.orders.closed {
            true => refused = Some(arrival),
            false => left.arrived.push(arrival),
        });
        drop(refused);
    }

    pub(super) fn drain(&self, until: Instant) {
        self.leave(|left| left.orders.drain_until = Some(until));
    }

    pub(super) fn close(&self) {
        self.leave(|left| left.orders.closed = true);
    }

    fn call(&self, token: u32) {
        self.leave(|left| left.called.push(token));
    }

    /// Whether the pump may sleep; whoever leaves something from here on wakes it.
    pub(super) fn may_sleep(&self) -> bool {
        let mut left = self.left();
        left.asleep = !left.news;
        left.asleep
    }

    /// Takes everything. Both lists are to be empty: they take the place of the ones here.
    pub(super) fn take(&self, called: &mut Vec<u32>, arrived: &mut Vec<Arrival>) -> Orders {
        let mut left = self.left();
        (left.news, left.asleep) = (false, false);
        mem::swap(&mut left.called, called);
        mem::swap(&mut left.arrived, arrived);
        left.orders
    }

    fn leave(&self, what: impl FnOnce(&mut Left)) {
        let mut left = self.left();
        what(&mut left);
        left.news = true;
        let asleep = mem::take(&mut left.asleep);
        drop(left);
        if asleep {
            // It fails only when the bell was rung 2^64 times; and then it rings.
            let _rung = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    // Every change is made in one step, so a panic elsewhere leaves it usable.
    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls a pump's attention to one of its streams. It changes nothing of its own: it stays in the caches of those who call
/// and those who listen.
#[derive(Debug)]
pub(super) struct Caller {
    inbox: Arc<Inbox>,
    token: u32,
}

impl Caller {
    pub(super) fn new(inbox: Arc<Inbox>, token: u32) -> Self {
        Self { inbox, token }
    }
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.inbox.call(self.token);
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn rings(inbox: &Inbox) -> bool {
        let mut bell = [PollFd::from_borrowed_fd(inbox.bell(), PollFlags::IN)];
        poll(&mut bell, Some(&Timespec::default())).unwrap() > 0
    }

    fn check(leave: impl Fn(&Inbox)) {
        let (mut called, mut arrived) = (Vec::new(), Vec::new());
        let inbox = Inbox::new().unwrap();
        leave(&inbox);
        assert!(!inbox.may_sleep(), "what was left before is not slept over");
        assert!(!rings(&inbox), "and needs no bell");
        inbox.take(&mut called, &mut arrived);
        called.clear();
        assert!(inbox.may_sleep());
        leave(&inbox);
        assert!(rings(&inbox), "what is left later wakes");
    }

    #[test]
    fn nothing_that_is_left_is_slept_over() {
        check(|inbox| inbox.call(7));
        check(|inbox| inbox.drain(Instant::now()));
        check(Inbox::close);
    }
}
