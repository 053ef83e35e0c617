//! A pump's loop: who is to be served next, and what the kernel says of the sockets.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use super::blocks::Blocks;
use super::deadlines::Deadlines;
use super::inbox::{Arrival, Caller, Inbox, Orders};
use super::piece::Piece;
use super::reader::{Reader, Terms, Turn};
use crate::http::socket;
use crate::limits::Limits;
use crate::stream::Totals;

/// What the kernel may tell at once.
const EVENTS: usize = 256;

/// Turns after which the kernel is asked again, and new streams are let in.
const TURNS: usize = 256;

/// The bell's name among the streams' tokens.
const BELL: u64 = u64::MAX;

/// One thread's streams.
#[derive(Debug)]
pub(in crate::http) struct Pump {
    inbox: Arc<Inbox>,
    epoll: OwnedFd,
    /// By token. A place that became free is taken again only after everything that the kernel told at once was heard: an
    /// event is never taken for that of another stream.
    readers: Blocks<Option<Reader>>,
    free: Vec<u32>,
    /// Who is to be served, in order. A token may stand here more than once (it was called, is due, and may be written to),
    /// or be nobody's any more.
    turns: VecDeque<u32>,
    deadlines: Deadlines,
    /// What deadlines are counted from.
    begin: Instant,
    piece: Piece,
    /// Where what was sent is reported, once there is a stream to report of.
    totals: Option<Arc<Totals>>,
    terms: Terms,
}

impl Pump {
    pub(super) fn new(limits: &Arc<Limits>) -> io::Result<Self> {
        let inbox = Arc::new(Inbox::new()?);
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let edges = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, inbox.bell(), EventData::new_u64(BELL), edges)?;
        let (limits, owed) = (Arc::clone(limits), Arc::default());
        Ok(Self {
            inbox,
            epoll,
            readers: Blocks::default(),
            free: Vec::new(),
            turns: VecDeque::new(),
            deadlines: Deadlines::default(),
            begin: Instant::now(),
            piece: Piece::new(),
            totals: None,
            terms: Terms { limits, owed, draining: false },
        })
    }

    pub(super) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// Serves until it is told to drain, and then to the end of its last stream or of its time.
    pub(in crate::http) fn run(mut self) {
        let (mut called, mut arrived) = (Vec::new(), Vec::new());
        let mut events = Vec::with_capacity(EVENTS);
        let mut orders = Orders::default();
        while !self.is_over(orders) {
            if let Err(error) = self.look(orders, &mut events) {
                error!(%error, "failed to wait for streams");
                break;
            }
            orders = self.inbox.take(&mut called, &mut arrived);
            self.turns.extend(called.drain(..));
            arrived.drain(..).for_each(|arrival| self.let_in(arrival));
            if orders.drain_until.is_some() && !mem::replace(&mut self.terms.draining, true) {
                let tokens = u32::try_from(self.readers.len()).unwrap_or(u32::MAX);
                self.turns.extend(0..tokens);
            }
            let now_ms = self.since_begin(Instant::now());
            while let Some(token) = self.deadlines.pop(now_ms) {
                self.turns.push_back(token);
            }
            for _ in 0..self.turns.len().min(TURNS) {
                self.serve_next();
            }
            if let Some(totals) = &self.totals {
                self.piece.body().report(totals);
            }
        }
        self.inbox.close();
        let open = self.open();
        if open > 0 {
            warn!(open, "streams did not end in time and were cut");
        }
    }

    fn open(&self) -> usize {
        self.readers.len() - self.free.len()
    }

    fn is_over(&self, orders: Orders) -> bool {
        let ended = orders.closed && self.open() == 0;
        orders.drain_until.is_some_and(|until| ended || Instant::now() >= until)
    }

    /// Hears what the kernel has to tell; sleeps if there is nothing else to do.
    fn look(&mut self, orders: Orders, events: &mut Vec<Event>) -> io::Result<()> {
        let wait = match self.turns.is_empty() && self.inbox.may_sleep() {
            true => self.idle_for(orders),
            false => Some(Duration::ZERO),
        };
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
        match epoll::wait(&self.epoll, spare_capacity(events), wait.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let gone = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        for event in events.drain(..) {
            let Ok(token) = u32::try_from(event.data.u64()) else { continue };
            let flags = event.flags;
            if flags.intersects(gone) {
                self.close(token);
            } else if self.reader(token).is_some_and(|reader| reader.is_owed()) {
                self.turns.push_back(token);
            }
        }
        Ok(())
    }

    /// Until the first deadline. The kernel is asked in milliseconds, rounded up: less would be to look twice.
    fn idle_for(&self, orders: Orders) -> Option<Duration> {
        let now = Instant::now();
        let due = self.deadlines.next().map(|at_ms| self.begin + Duration::from_millis(at_ms));
        let until = due.into_iter().chain(orders.drain_until).min()?;
        Some(until.saturating_duration_since(now))
    }

    fn let_in(&mut self, arrival: Arrival) {
        let token = self.free.pop().or_else(|| {
            let token = u32::try_from(self.readers.len()).ok()?;
            self.readers.push(None);
            Some(token)
        });
        if self.totals.is_none() {
            let totals = Arc::clone(arrival.feed.totals());
            self.terms.owed = Arc::clone(totals.pending().shared());
            self.totals = Some(totals);
        }
        // There are fewer file descriptors than that.
        let Some(token) = token else { return };
        let reader = Reader::new(arrival, Caller::new(Arc::clone(&self.inbox), token));
        socket::hand_over(reader.socket(), &self.terms.limits);
        let edges = EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let data = EventData::new_u64(token.into());
        if let Err(error) = epoll::add(&self.epoll, reader.socket(), data, edges) {
            debug!(%error, "failed to watch a stream's socket");
            return self.free.push(token);
        }
        if let Some(place) = self.readers.get_mut(token as usize) {
            *place = Some(reader);
            self.turns.push_back(token);
        }
    }

    fn reader(&mut self, token: u32) -> Option<&mut Reader> {
        self.readers.get_mut(token as usize)?.as_mut()
    }

    fn serve_next(&mut self) {
        let Some(token) = self.turns.pop_front() else { return };
        let Some(Some(reader)) = self.readers.get_mut(token as usize) else { return };
        match reader.turn(&mut self.piece, Instant::now(), &self.terms) {
            Turn::More => self.turns.push_back(token),
            Turn::Waits(until) => {
                let due_ms = whole_millis(until.saturating_duration_since(self.begin));
                self.deadlines.set(token, due_ms);
            }
            Turn::Over => self.close(token),
        }
    }

    /// Closing its socket takes it from the kernel's watch too.
    fn close(&mut self, token: u32) {
        let reader = self.readers.get_mut(token as usize).and_then(Option::take);
        if reader.is_some() {
            self.deadlines.forget(token);
            self.free.push(token);
        }
    }

    fn since_begin(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.begin);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Never less than what it is.
fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}
