//! A client's selection, which outlives its connections for a while.
//!
//! One connection at a time drives a session; a newer one takes it over, and the older learns so at its next
//! step. Locks are taken in one order: session, table, mailbox.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use tokio::time::Instant;

use super::delivery::{Delivery, Selected, Step};
use super::selection::{self, EntryVerdict, Verdict};
use crate::limits::Limits;
use crate::table::{Index, Mailbox, Pattern, Table, View};

/// A change of a session's subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// These entries instead of what was there.
    Put(Vec<Pattern>),
    /// Some entries more, some less; removed ones are named as they were given.
    Patch {
        /// Entries to add.
        add: Vec<Pattern>,
        /// Entries to remove.
        remove: Vec<String>,
    },
}

/// What an edit brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The new revision.
    pub revision: u32,
    /// A verdict for each entry of the request, in its order, those to remove last.
    pub entries: Vec<EntryVerdict>,
}

/// Why an edit was refused; the subscription is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The revision is not the one that the request was made for. Read it and try again.
    #[error("the subscription is at revision {0}")]
    Conflict(u32),
    /// More entries than one client may have.
    #[error("{0} entries, at most {1} are allowed")]
    TooManyEntries(usize, usize),
    /// The session's life is over.
    #[error("the session's life is over")]
    Over,
}

/// One client's session.
#[derive(Debug)]
pub struct Session {
    client: String,
    /// Where it was opened from.
    home: IpAddr,
    table: Arc<Table>,
    limits: Arc<Limits>,
    /// Points selected by all sessions together.
    selected_in_all: Arc<AtomicUsize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: Vec<Pattern>,
    points: Vec<Index>,
    joined: Vec<u32>,
    sent: Vec<Option<u32>>,
    revision: u32,
    mailbox: Arc<Mailbox>,
    connection: u64,
    left_at: Option<Instant>,
    /// Its life is over: whoever still holds the session finds nothing there any more.
    over: bool,
}

impl Session {
    pub(super) fn new(
        client: String,
        home: IpAddr,
        table: Arc<Table>,
        limits: Arc<Limits>,
        selected_in_all: Arc<AtomicUsize>,
    ) -> Self {
        let state = State {
            entries: Vec::new(),
            points: Vec::new(),
            joined: Vec::new(),
            sent: Vec::new(),
            revision: 0,
            mailbox: Arc::new(Mailbox::new(0)),
            connection: 0,
            left_at: None,
            over: false,
        };
        Self { client, home, table, limits, selected_in_all, state: Mutex::new(state) }
    }

    /// Names the session in subscription calls.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The address it was opened from.
    pub(super) fn home(&self) -> IpAddr {
        self.home
    }

    // Every change of the state is made in whole steps, so a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The revision and the entries, each with what it means now.
    #[must_use]
    pub fn subscription(&self) -> Edited {
        let state = self.state();
        let (_, verdicts) = selection::resolve(
            &self.table.catalog(),
            &state.entries,
            self.limits.points_per_client,
        );
        Edited { revision: state.revision, entries: told(&state.entries, verdicts) }
    }

    /// Changes the subscription. The stream tells `subscribed` before any event of the new selection.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn edit(&self, edit: Edit, if_match: Option<u32>) -> Result<Edited, EditError> {
        let mut state = self.state();
        if state.over {
            return Err(EditError::Over);
        }
        // A revision for every millisecond of seven weeks: nobody gets here in good faith.
        if state.revision == u32::MAX {
            return Err(EditError::Over);
        }
        if if_match.is_some_and(|revision| revision != state.revision) {
            return Err(EditError::Conflict(state.revision));
        }
        let (wanted, given, removed, all_new) = match edit {
            Edit::Put(entries) => {
                let entries = selection::unique(entries);
                (entries.clone(), entries, Vec::new(), true)
            }
            Edit::Patch { add, remove } => {
                let (entries, removed) = selection::patch(&state.entries, &add, &remove);
                (entries, add, removed, false)
            }
        };
        if wanted.len() > self.limits.entries_per_client {
            return Err(EditError::TooManyEntries(wanted.len(), self.limits.entries_per_client));
        }
        let room = self.room(state.points.len());
        let (points, verdicts) = selection::resolve(&self.table.catalog(), &wanted, room);
        let by_entry: HashMap<&str, Verdict> =
            wanted.iter().map(Pattern::as_str).zip(verdicts.iter().copied()).collect();
        let of = |entry: &Pattern| by_entry.get(entry.as_str()).copied().unwrap_or(Verdict::Limit);
        let verdicts_given = given.iter().map(of).collect();
        let mut entries = told(&given, verdicts_given);
        entries.extend(removed);
        let kept = wanted.iter().filter(|entry| of(entry) != Verdict::Limit).cloned().collect();
        self.select(&mut state, kept, points, all_new);
        Ok(Edited { revision: state.revision, entries })
    }

    /// How many points the session may select, being at `now` points.
    fn room(&self, now: usize) -> usize {
        let others = self.selected_in_all.load(Ordering::Relaxed).saturating_sub(now);
        self.limits.points_per_client.min(self.limits.selected_points.saturating_sub(others))
    }

    fn select(&self, state: &mut State, entries: Vec<Pattern>, points: Vec<Index>, all_new: bool) {
        let revision = state.revision.saturating_add(1);
        let mailbox = Arc::new(Mailbox::new(points.len()));
        for (local, index) in (0..).zip(&points) {
            self.table.register(*index, &mailbox, local);
        }
        let mut joined = vec![revision; points.len()];
        let mut sent = vec![None; points.len()];
        if !all_new {
            let before = state.rows();
            let mut backlog = mailbox.backlog();
            let rows = (0..).zip(&points).zip(joined.iter_mut().zip(&mut sent));
            for ((local, index), (joined, sent)) in rows {
                let Some(row) = before.get(index) else { continue };
                (*joined, *sent) = (row.joined, row.sent);
                if row.marked {
                    backlog.mark(local);
                }
            }
        }
        for (local, index) in (0..).zip(&state.points) {
            self.table.unregister(*index, &state.mailbox, local);
        }
        self.selected_in_all.fetch_add(points.len(), Ordering::Relaxed);
        self.selected_in_all.fetch_sub(state.points.len(), Ordering::Relaxed);
        let old = std::mem::replace(&mut state.mailbox, mailbox);
        state.entries = entries;
        state.points = points;
        state.joined = joined;
        state.sent = sent;
        state.revision = revision;
        old.wake();
    }

    /// The first connection: its number, its delivery and the revision in force.
    pub(super) fn begin(&self) -> (u64, Delivery, u32) {
        take_over(&mut self.state(), 0, 0)
    }

    /// Lets a new connection take the session over at the position its client names: the same as
    /// [`begin`](Self::begin), or `None` if the client cannot have been there or the session's life is over.
    pub(super) fn resume(&self, seq: u64, revision: u32) -> Option<(u64, Delivery, u32)> {
        let mut state = self.state();
        if state.over || seq > self.table.settled() || revision > state.revision {
            return None;
        }
        // A change that is applied after the marks are cleared is either seen in its slot here or marked
        // by its writer: the points stay registered all the while.
        state.mailbox.backlog().clear();
        let changed_at = self.table.changed_at(&state.points);
        let mut backlog = state.mailbox.backlog();
        for (local, _) in (0..).zip(changed_at).filter(|(_, changed)| *changed > seq) {
            backlog.mark(local);
        }
        drop(backlog);
        // What was sent may not have arrived.
        state.sent.fill(None);
        Some(take_over(&mut state, seq, revision))
    }

    /// Ends a connection's hold on the session, unless a newer one has it.
    pub(super) fn leave(&self, connection: u64) {
        let mut state = self.state();
        if state.connection == connection {
            state.left_at = Some(Instant::now());
        }
    }

    /// Ends the session if nobody has driven it for longer than its life; true if its life is over. From then
    /// on it can be neither resumed nor edited: [`close`](Self::close) it.
    pub(super) fn end_if_due(&self, now: Instant) -> bool {
        let mut state = self.state();
        let unused = state.left_at.map(|at| now.saturating_duration_since(at));
        state.over |= unused.is_some_and(|unused| unused >= self.limits.session_life);
        state.over
    }

    /// Gives everything back.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.over = true;
        let points = std::mem::take(&mut state.points);
        for (local, index) in (0..).zip(&points) {
            self.table.unregister(*index, &state.mailbox, local);
        }
        self.selected_in_all.fetch_sub(points.len(), Ordering::Relaxed);
    }

    /// The next thing to send on `connection`; points are begun behind what `out` holds. `None` once another
    /// has taken the session over. With nothing to send, the context's waker is called when that changes.
    pub(super) fn step(
        &self,
        connection: u64,
        delivery: &mut Delivery,
        may_change: bool,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Step> {
        let mut state = self.state();
        if state.connection != connection {
            return None;
        }
        loop {
            let mut selected = state.selected();
            let mut step = |view: &mut View<'_>| {
                delivery.step(&mut selected, view, &self.limits, may_change, out)
            };
            let step = self.table.view(&mut step);
            if !matches!(step, Step::Nothing | Step::Held) {
                return Some(step);
            }
            // Whatever comes from here on rings, and so does an edit or another connection, once this lock is free.
            if state.mailbox.poll_woken(context, connection).is_pending() {
                return Some(step);
            }
        }
    }

    /// Moves an idle delivery's position to what is settled, for a heartbeat.
    pub(super) fn settle_idle(&self, connection: u64, delivery: &mut Delivery) {
        let mut state = self.state();
        if state.connection == connection {
            let selected = state.selected();
            self.table.view(|view| delivery.settle_idle(&selected, view));
        }
    }
}

/// What is carried over of a point that stays selected.
struct Row {
    joined: u32,
    sent: Option<u32>,
    marked: bool,
}

impl State {
    fn selected(&mut self) -> Selected<'_> {
        Selected {
            points: &self.points,
            joined: &self.joined,
            sent: &mut self.sent,
            revision: self.revision,
            mailbox: &self.mailbox,
        }
    }

    /// What there is to carry over. The old mailbox is registered until the new one is in force, so a change
    /// meanwhile is marked in both, or only in the old one before this looks at it.
    fn rows(&self) -> HashMap<Index, Row> {
        let backlog = self.mailbox.backlog();
        let columns = self.joined.iter().zip(&self.sent);
        (0..)
            .zip(&self.points)
            .zip(columns)
            .map(|((local, index), (joined, sent))| {
                let marked = backlog.is_marked(local);
                (*index, Row { joined: *joined, sent: *sent, marked })
            })
            .collect()
    }
}

fn take_over(state: &mut State, seq: u64, revision: u32) -> (u64, Delivery, u32) {
    state.connection += 1;
    state.left_at = None;
    state.mailbox.hand_over(state.connection);
    (state.connection, Delivery::from(seq, revision, revision), state.revision)
}

fn told(entries: &[Pattern], verdicts: Vec<Verdict>) -> Vec<EntryVerdict> {
    let given = entries.iter().map(|entry| entry.as_str().to_owned());
    given.zip(verdicts).map(|(given, verdict)| EntryVerdict { given, verdict }).collect()
}
