//! Plain streams, written on their sockets directly: what hyper read, a pump answers.
//!
//! A stream of HTTP/1.x is handed over once its request is read and nothing stands in its way. From then on it costs its
//! feed, its socket and a few words here: no task, no timer, no buffer. A pump is one thread that sleeps in the kernel
//! until one of its streams is called (something changed), takes bytes again, is gone, or is due (a heartbeat).
//!
//! - `inbox`: what others leave for a pump.
//! - `run`: its loop.
//! - `reader`: one client's end, a turn at a time.
//! - `piece`: one write's bytes, as HTTP frames them.
//! - `deadlines`: when each stream is to be looked at again. `blocks`: a list that grows without moving.
//!
//! What holds:
//! - A stream's turn gathers what its feed has, up to a bound, and is one write. Streams take turns in the order in which
//!   they were called; one with more to say stands behind the others again.
//! - What the kernel does not take is kept, and the feed is not asked again before it is gone: changes stay marks in the
//!   client's mailbox. A reader that takes nothing for [`Limits::write_timeout`] is closed.
//! - Nothing here waits for a reader, and nothing is read of what a client sends behind its request.

mod blocks;
mod deadlines;
mod inbox;
mod piece;
mod reader;
mod run;

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use tokio::time::Instant;

use crate::limits::Limits;
use inbox::Inbox;

pub(super) use inbox::Arrival;
pub(super) use piece::Framing;
pub(super) use run::Pump;

/// There is a pump for each so many processors, or part of so many: one pump writes more than a hundred thousand frames a
/// second, and a second one on a machine of two processors makes each frame dearer, because both want the same table.
const PROCESSORS_A_PUMP: usize = 4;

/// And no more than so many.
const MOST_PUMPS: usize = 4;

/// All pumps, for those who hand streams over.
#[derive(Debug)]
pub(super) struct Pumps {
    inboxes: Vec<Arc<Inbox>>,
    next: AtomicUsize,
}

impl Pumps {
    /// The pumps, and the loops that are to be run, each on a thread of its own.
    ///
    /// # Errors
    /// Without file descriptors or memory.
    pub(super) fn new(limits: &Arc<Limits>) -> io::Result<(Self, Vec<Pump>)> {
        let processors = available_parallelism().map_or(1, NonZero::get);
        let count = processors.div_ceil(PROCESSORS_A_PUMP).min(MOST_PUMPS);
        let pumps: Vec<Pump> = (0..count).map(|_| Pump::new(limits)).collect::<io::Result<_>>()?;
        let inboxes = pumps.iter().map(Pump::inbox).collect();
        Ok((Self { inboxes, next: AtomicUsize::new(0) }, pumps))
    }

    /// Hands a stream over to the next pump.
    pub(super) fn take(&self, arrival: Arrival) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.inboxes.len().max(1);
        if let Some(inbox) = self.inboxes.get(turn) {
            inbox.arrive(arrival);
        }
    }

    /// Has every stream end with `drain`; what is open at `until` is cut.
    pub(super) fn drain(&self, until: Instant) {
        self.inboxes.iter().for_each(|inbox| inbox.drain(until));
    }

    /// Says that no stream arrives any more: a pump that drains ends with its last stream.
    pub(super) fn close(&self) {
        self.inboxes.iter().for_each(|inbox| inbox.close());
    }
}
