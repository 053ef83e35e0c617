//! One client's end: what it is owed, and how much of it the kernel takes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::SystemTime;

use tokio::time::Instant;

use super::inbox::{Arrival, Caller};
use super::piece::{Framing, Piece};
use crate::http::accept::Place;
use crate::http::socket;
use crate::limits::{Limits, SMALL_BYTES};
use crate::stream::{Feed, Next};

/// Events are gathered for one write until they are this many bytes: enough that a write costs little beside what it
/// carries, and little enough that a slow reader is owed little.
const GATHERED_BYTES: usize = 64 * 1024;

/// What a client sent behind its request and is still unread at the end is read in pieces of this many bytes, and at most
/// so many of them.
const UNREAD_BYTES: usize = 4 * 1024;
const UNREAD_PIECES: usize = 16;

#[derive(Debug)]
pub(super) struct Reader {
    socket: TcpStream,
    /// Gone once its last event is gathered.
    feed: Option<Feed>,
    waker: Waker,
    owed: Option<Box<Owed>>,
    framing: Framing,
    head_due: bool,
    _place: Place,
}

/// What the kernel did not take of a write. Nothing new is gathered before it is gone.
#[derive(Debug)]
struct Owed {
    bytes: Box<[u8]>,
    taken: usize,
    /// When the reader last took something.
    since: Instant,
    all: Arc<AtomicUsize>,
}

/// What a turn led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// There may be more to send.
    More,
    /// Nothing is to be done until it is called, its socket takes bytes again, or this time.
    Waits(Instant),
    /// The end: everything was sent, or nothing more can be.
    Over,
}

/// What all readers of a pump have in common.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) limits: Arc<Limits>,
    /// Bytes that wait for all readers of the gateway.
    pub(super) owed: Arc<AtomicUsize>,
    /// Every stream is to end.
    pub(super) draining: bool,
}

impl Reader {
    pub(super) fn new(arrival: Arrival, caller: Caller) -> Self {
        let Arrival { socket, feed, framing, place } = arrival;
        let (waker, feed) = (Waker::from(Arc::new(caller)), Some(feed));
        Self { socket, feed, waker, owed: None, framing, head_due: true, _place: place }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Whether it waits for its socket to take bytes.
    pub(super) fn is_owed(&self) -> bool {
        self.owed.is_some()
    }

    /// Sends what is owed; and with nothing owed, what can be gathered for one write.
    pub(super) fn turn(&mut self, piece: &mut Piece, now: Instant, terms: &Terms) -> Turn {
        if let Some(turn) = self.send_owed(now, terms) {
            return turn;
        }
        piece.clear();
        let after = self.gather(piece, now, terms);
        let head = std::mem::take(&mut self.head_due).then(SystemTime::now);
        let bytes = piece.sealed(self.framing, head, after == Turn::Over);
        match send(&self.socket, bytes) {
            Ok(taken) if taken < bytes.len() => {
                socket::be_patient(&self.socket, &terms.limits);
                let rest = bytes.get(taken..).unwrap_or_default();
                self.owed = Some(Box::new(Owed::new(rest, now, &terms.owed)));
                Turn::Waits(now + terms.limits.write_timeout)
            }
            Ok(_) => {
                if after == Turn::Over {
                    self.end(&terms.limits);
                }
                after
            }
            Err(_) => Turn::Over,
        }
    }

    /// What is to be done instead of gathering, if something is.
    fn send_owed(&mut self, now: Instant, terms: &Terms) -> Option<Turn> {
        let owed = self.owed.as_mut()?;
        let Ok(taken) = send(&self.socket, owed.rest()) else { return Some(Turn::Over) };
        if taken < owed.rest().len() {
            if taken > 0 {
                owed.taken += taken;
                owed.since = now;
            }
            let closed_at = owed.since + terms.limits.write_timeout;
            return Some(if now < closed_at { Turn::Waits(closed_at) } else { Turn::Over });
        }
        self.owed = None;
        if self.feed.is_none() {
            self.end(&terms.limits);
            return Some(Turn::Over);
        }
        socket::expect_peer(&self.socket, &terms.limits);
        None
    }

    /// Gathers events and says what comes after them.
    fn gather(&mut self, piece: &mut Piece, now: Instant, terms: &Terms) -> Turn {
        let Some(feed) = &mut self.feed else { return Turn::Over };
        let mut context = Context::from_waker(&self.waker);
        let small = terms.owed.load(Ordering::Relaxed) > terms.limits.pending_bytes;
        let (gathered, frame) = if small { (1, SMALL_BYTES) } else { (GATHERED_BYTES, usize::MAX) };
        feed.set_frame_bytes(frame);
        loop {
            if terms.draining {
                feed.drain(piece.body());
                break;
            }
            match feed.poll(&mut context, now, piece.body()) {
                Next::Event if piece.body_len() < gathered => {}
                Next::Event => return Turn::More,
                Next::Last(until) | Next::Idle(until) => return Turn::Waits(until),
                Next::Over => break,
            }
        }
        // Its place among the streams is free, even if the reader takes its time with the rest.
        self.feed = None;
        Turn::Over
    }

    /// Ends the connection so that what was sent arrives: to close it with something unread would be to reset it, and
    /// what the kernel still holds of it may take as long as any other bytes.
    fn end(&mut self, limits: &Limits) {
        socket::be_patient(&self.socket, limits);
        let mut unread = [0; UNREAD_BYTES];
        for _ in 0..UNREAD_PIECES {
            if !matches!(self.socket.read(&mut unread), Ok(1..)) {
                break;
            }
        }
        // The peer may be gone already.
        let _gone = self.socket.shutdown(Shutdown::Write);
    }
}

/// Sends as much as the kernel takes, which may be nothing.
fn send(mut socket: &TcpStream, bytes: &[u8]) -> std::io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    loop {
        match socket.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            sent => return sent,
        }
    }
}

impl Owed {
    fn new(bytes: &[u8], since: Instant, all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(bytes.len(), Ordering::Relaxed);
        Self { bytes: bytes.into(), taken: 0, since, all: Arc::clone(all) }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}
