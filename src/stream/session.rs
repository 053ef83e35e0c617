//! A client's selection, which outlives its connections for a while.
//!
//! One connection at a time drives a session; a newer one takes it over, and the older learns so at its next
//! step. Locks are taken in one order: changing, editing, session, table, mailbox.

mod coming;
mod counted;
mod edit;
mod overview;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard, TryLockError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::arrangement::Arrangement;
use super::client::ClientName;
use super::coming::Departed;
use super::delivery::{Delivery, Start, Step, Turn};
use super::entry::Entry;
use super::shared::Shared;
use super::statistics::{Outgoing, Sent};
use crate::addresses::Address;
use crate::table::{Form, View};

use counted::Counted;

pub use edit::{Edit, EditError, Edited};
pub use overview::Overview;

const SECOND: Duration = Duration::from_secs(1);

/// When a stream looks again whose session is being edited.
pub(super) const BUSY: Duration = Duration::from_millis(1);

/// A notice that was written so long before its connection ended has arrived: a peer that vanished is given up sooner.
const NOTICE_IN_DOUBT: Duration = Duration::from_secs(31);

/// A client asked for more snapshots within a second than it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooOften(pub(super) usize);

/// One client's session.
#[derive(Debug)]
pub struct Session {
    client: ClientName,
    /// Where it was opened from.
    home: Address,
    shared: Arc<Shared>,
    /// What its connections have sent; what else they have is in the state.
    sent_bytes: AtomicU64,
    /// The newest connection that has ended (the upper half), and the table's uptime then in milliseconds, wrapping.
    /// Apart from the state: a connection ends on a thread that serves others.
    left: AtomicU64,
    /// Held throughout an edit.
    editing: Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    arrangement: Arrangement,
    sent: Frames,
    /// The last notice that was written to it, and the last before it began.
    noticed: u64,
    noticed_before: u64,
    connection: u64,
    snapshots_paid_until: Option<Instant>,
    counted: Option<Box<Counted>>,
    /// Its life is over: whoever still holds the session finds nothing there any more.
    over: bool,
}

/// What a session's connections have sent, but bytes: those are counted apart.
#[derive(Debug, Clone, Copy, Default)]
struct Frames {
    frames: u64,
    changes: u64,
    skipped: u64,
}

impl Frames {
    fn add(&mut self, Sent { frames, changes, skipped, bytes: _ }: Sent) {
        self.frames += frames;
        self.changes += changes;
        self.skipped += skipped;
    }
}

/// What a connection is to do after a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// Step again: there may be more.
    Look,
    /// Nothing until its waker is called, or until then.
    Rest(Option<Instant>),
}

/// A connection's hold on a session, as it begins.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) connection: u64,
    pub(super) delivery: Delivery,
    pub(super) revision: u32,
    pub(super) catalog: u64,
}

impl State {
    /// Pays for a snapshot, of which a client may have at most `most` within a second.
    fn pay(&mut self, now: Instant, most: usize) -> Result<(), TooOften> {
        self.snapshots_paid_until =
            pay(self.snapshots_paid_until, now, most).ok_or(TooOften(most))?;
        Ok(())
    }
}

/// What wraps within 49 days is compared wrapping.
fn low_half(number: u64) -> u64 {
    number & u64::from(u32::MAX)
}

/// Pays for one of at most `most` snapshots within any second: until when they are paid for then, or `None` if that
/// would be more than a second ahead.
fn pay(paid_until: Option<Instant>, now: Instant, most: usize) -> Option<Option<Instant>> {
    let price = SECOND / u32::try_from(most).unwrap_or(u32::MAX).max(1);
    let until = paid_until.map_or(now, |until| until.max(now)) + price;
    (until <= now + SECOND).then_some(Some(until))
}

impl Session {
    pub(super) fn new(home: Address, shared: Arc<Shared>) -> Self {
        let noticed = shared.notices.last();
        let state = State {
            arrangement: Arrangement::empty(),
            sent: Frames::default(),
            noticed,
            noticed_before: noticed,
            connection: 0,
            snapshots_paid_until: None,
            counted: None,
            over: false,
        };
        let (client, sent_bytes) = (ClientName::new(), AtomicU64::new(0));
        let (left, editing, state) = (AtomicU64::new(0), Mutex::new(()), Mutex::new(state));
        Self { client, home, shared, sent_bytes, left, editing, state }
    }

    /// Names the session in subscription calls.
    #[must_use]
    pub fn client(&self) -> &ClientName {
        &self.client
    }

    /// The address it was opened from.
    pub(super) fn home(&self) -> Address {
        self.home
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    // Every change of the state is made in whole steps, so a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_if_free(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    // While it is held no points come or go.
    fn unchanging(&self) -> RwLockReadGuard<'_, Departed> {
        self.shared.changing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first connection.
    pub(super) fn begin(&self, form: Form) -> Begun {
        self.take_over(&mut self.state(), 0, 0, form)
    }

    /// Lets a new connection take the session over at the position its client names: the same as
    /// [`begin`](Self::begin), or `None` if the client cannot have been there, what it missed is not known any more, or
    /// the session's life is over.
    ///
    /// # Errors
    /// [`TooOften`]: it may mean a snapshot, and is paid for like an edit.
    pub(super) fn resume(
        self: &Arc<Self>,
        seq: u64,
        revision: u32,
        form: Form,
    ) -> Result<Option<Begun>, TooOften> {
        let mut state = self.state();
        let Shared { table, limits, notices, .. } = &*self.shared;
        let now = &state.arrangement;
        if state.over || seq > table.settled() || seq < now.dropped() || revision > now.revision {
            return Ok(None);
        }
        let now = Instant::now();
        state.pay(now, limits.snapshots_per_second)?;
        self.note_gone(&mut state);
        state.arrangement.rewind(table, seq);
        // What was written last may not have arrived, and no position tells: it is written again.
        let doubtful = self.unused(state.connection, now).unwrap_or_default() + NOTICE_IN_DOUBT;
        let arrived = now.checked_sub(doubtful).map_or(0, |at| notices.last_at(at));
        state.noticed = state.noticed.min(arrived.max(state.noticed_before));
        Ok(Some(self.take_over(&mut state, seq, revision, form)))
    }

    fn take_over(&self, state: &mut State, seq: u64, revision: u32, form: Form) -> Begun {
        state.connection += 1;
        state.arrangement.mailbox.hand_over(state.connection);
        let catalog = self.shared.table.catalog().generation();
        let settled = self.shared.table.settled();
        let delivery = Delivery::from(Start { seq, revision, catalog, settled, form });
        let revision = state.arrangement.revision;
        Begun { connection: state.connection, delivery, revision, catalog }
    }

    /// Ends a connection's hold on the session, unless a newer one has it.
    pub(super) fn leave(&self, connection: u64) {
        let ended = low_half(connection) << 32 | self.uptime_ms(Instant::now());
        let newer = |left: u64| (left >> 32 < ended >> 32).then_some(ended);
        // If a newer one has ended already, that counts.
        let _newest = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, newer);
    }

    /// For how long nobody has driven the session whose newest connection is this; `None`: it is driven.
    fn unused(&self, connection: u64, now: Instant) -> Option<Duration> {
        let left = self.left.load(Ordering::Relaxed);
        let has_ended = connection > 0 && left >> 32 == low_half(connection);
        let since = low_half(self.uptime_ms(now).wrapping_sub(left));
        // It may have ended after `now`, which was taken before this session's turn: half of what wraps is still to come.
        let since = if since < 1 << 31 { since } else { 0 };
        has_ended.then(|| Duration::from_millis(since))
    }

    fn uptime_ms(&self, now: Instant) -> u64 {
        let uptime = self.shared.table.uptime_at(now).as_millis();
        low_half(u64::try_from(uptime).unwrap_or(u64::MAX))
    }

    /// Ends the session if nobody has driven it for longer than its life; true if its life is over. From then
    /// on it can be neither resumed nor edited: [`close`](Self::close) it.
    pub(super) fn end_if_due(&self, now: Instant) -> bool {
        let mut state = self.state();
        let unused = self.unused(state.connection, now);
        state.over |= unused.is_some_and(|unused| unused >= self.shared.limits.session_life);
        state.over
    }

    /// Gives everything back.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.over = true;
        let gone = std::mem::replace(&mut state.arrangement, Arrangement::empty());
        gone.leave(&self.shared.table);
        let entries: Vec<Entry> = gone.entries.iter(&self.shared.table.catalog()).collect();
        self.shared.standing.remove(self, entries.iter().map(|entry| &entry.pattern));
        self.count(gone.points(), 0);
    }

    /// Has the connection look at what is new besides changes.
    pub(super) fn wake(&self) {
        self.state().arrangement.mailbox.wake();
    }

    /// The next thing to send on `connection`; points are begun behind what `out` holds. `None` once another
    /// has taken the session over. With nothing to send, the context's waker is called when that changes.
    pub(super) fn step(
        &self,
        connection: u64,
        delivery: &mut Delivery,
        turn: Turn,
        context: &mut Context<'_>,
        out: &mut Outgoing,
    ) -> Option<(Step, Then)> {
        // An edit may hold it for long, and others' streams wait for this step: it is tried again.
        let Some(mut state) = self.state_if_free() else {
            return Some((Step::Busy, Then::Look));
        };
        if state.connection != connection {
            return None;
        }
        if state.over {
            return Some((Step::Over, Then::Look));
        }
        let before = out.tally.sent;
        loop {
            if let Some(notice) = self.notice(&mut state) {
                return Some((notice, Then::Look));
            }
            let mut selected = state.arrangement.selected();
            let mut step = |view: &mut View<'_>| delivery.step(&mut selected, view, turn, out);
            let step = self.shared.table.view(&mut step);
            let is_event = !matches!(step, Step::Nothing(_) | Step::Held | Step::Busy);
            let mut then = Then::Look;
            if is_event {
                state.arrangement.drop_told(self.shared.max_gone);
                state.sent.add(out.tally.sent.since(before));
                match delivery.rest(&state.arrangement.selected(), turn.now) {
                    Some(due) => then = Then::Rest(due),
                    None => return Some((step, then)),
                }
            }
            // Whatever comes from here on rings, and so does an edit or another connection, once this lock is free.
            match state.arrangement.mailbox.poll_woken(context, connection) {
                Poll::Ready(()) if is_event => return Some((step, Then::Look)),
                Poll::Ready(()) => {}
                Poll::Pending => return Some((step, then)),
            }
        }
    }

    /// Counts bytes of events, which are complete only after their step.
    pub(super) fn count_bytes(&self, bytes: u64) {
        self.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn notice(&self, state: &mut State) -> Option<Step> {
        let last = self.shared.notices.last();
        if state.noticed >= last {
            return None;
        }
        let next = self.shared.notices.next(state.noticed, self.client.as_str());
        state.noticed = next.as_ref().map_or(last, |notice| notice.id);
        next.map(Step::Notice)
    }

    /// Moves an idle delivery's position to what is settled, for a heartbeat; false while the session is being edited.
    pub(super) fn settle_idle(&self, connection: u64, delivery: &mut Delivery) -> bool {
        let Some(mut state) = self.state_if_free() else { return false };
        if state.connection == connection {
            let mut selected = state.arrangement.selected();
            self.shared.table.view(|view| delivery.settle_idle(&mut selected, view));
        }
        true
    }
}
