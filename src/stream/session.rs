//! A client's selection, which outlives its connections for a while.
//!
//! One connection at a time drives a session; a newer one takes it over, and the older learns so at its next
//! step. Locks are taken in one order: changing, session, table, mailbox.

mod overview;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard};
use std::task::Context;

use tokio::time::Instant;
use tracing::warn;

use super::arrangement::{Arrangement, Placed};
use super::client::ClientName;
use super::delivery::{Delivery, Start, Step, Turn};
use super::entry::{Entry, Wish};
use super::offer::{MAX_REVISION, Row};
use super::restraint::Restraint;
use super::selection::{self, Chosen, EntryVerdict, Verdict};
use super::shared::Shared;
use super::statistics::{Outgoing, Sent};
use crate::table::{Form, Index, Pattern, View};

pub use overview::Overview;

/// A change of a session's subscription.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// These entries instead of what was there.
    Put(Vec<Entry>),
    /// Some entries more, some less; removed ones are named by their patterns as they were given.
    Patch {
        /// Entries to add; one with the pattern of an earlier entry replaces that.
        add: Vec<Entry>,
        /// Entries to remove.
        remove: Vec<String>,
    },
}

/// What an edit brought.
#[derive(Debug, Clone, PartialEq)]
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
    client: ClientName,
    /// Where it was opened from.
    home: IpAddr,
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    arrangement: Arrangement,
    /// What its connections have sent.
    sent: Sent,
    /// The last notice that was written to it.
    noticed: u64,
    connection: u64,
    left_at: Option<Instant>,
    /// Its life is over: whoever still holds the session finds nothing there any more.
    over: bool,
}

/// A connection's hold on a session, as it begins.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) connection: u64,
    pub(super) delivery: Delivery,
    pub(super) revision: u32,
    pub(super) catalog: u64,
}

impl Session {
    pub(super) fn new(home: IpAddr, shared: Arc<Shared>) -> Self {
        let state = State {
            arrangement: Arrangement::empty(),
            sent: Sent::default(),
            noticed: shared.notices.last(),
            connection: 0,
            left_at: None,
            over: false,
        };
        Self { client: ClientName::new(), home, shared, state: Mutex::new(state) }
    }

    /// Names the session in subscription calls.
    #[must_use]
    pub fn client(&self) -> &ClientName {
        &self.client
    }

    /// The address it was opened from.
    pub(super) fn home(&self) -> IpAddr {
        self.home
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    // Every change of the state is made in whole steps, so a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // It guards no data of its own: while it is held no points come or go.
    fn unchanging(&self) -> RwLockReadGuard<'_, ()> {
        self.shared.changing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The revision and the entries, each with what it means now.
    #[must_use]
    pub fn subscription(&self) -> Edited {
        let state = self.state();
        let Arrangement { entries, revision, .. } = &state.arrangement;
        let most = self.shared.limits.points_per_client;
        let (_, verdicts) = selection::resolve(&self.shared.table.catalog(), entries, most);
        Edited { revision: *revision, entries: told(entries, verdicts) }
    }

    /// Changes the subscription. The stream tells `subscribed` before any event of the new selection.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn edit(self: &Arc<Self>, edit: Edit, if_match: Option<u32>) -> Result<Edited, EditError> {
        let _unchanging = self.unchanging();
        let mut state = self.state();
        let now = &state.arrangement;
        // Nobody gets there in good faith.
        if state.over || now.revision == MAX_REVISION {
            return Err(EditError::Over);
        }
        if if_match.is_some_and(|revision| revision != now.revision) {
            return Err(EditError::Conflict(now.revision));
        }
        let (wanted, given, removed, all_new) = match edit {
            Edit::Put(entries) => {
                let entries = selection::unique(entries);
                (entries.clone(), entries, Vec::new(), true)
            }
            Edit::Patch { add, remove } => {
                let add = selection::unique(add);
                let (entries, removed) = selection::patch(&now.entries, &add, &remove);
                (entries, add, removed, false)
            }
        };
        let most = self.shared.limits.entries_per_client;
        if wanted.len() > most {
            return Err(EditError::TooManyEntries(wanted.len(), most));
        }
        let room = self.room(now.rows.len());
        let (chosen, verdicts) = selection::resolve(&self.shared.table.catalog(), &wanted, room);
        let by_entry: HashMap<&str, Verdict> = wanted
            .iter()
            .map(|entry| entry.pattern.as_str())
            .zip(verdicts.iter().copied())
            .collect();
        let of = |entry: &Entry| by_entry.get(entry.pattern.as_str()).copied();
        let of = |entry: &Entry| of(entry).unwrap_or(Verdict::Limit);
        let mut entries = told(&given, given.iter().map(of).collect());
        entries.extend(removed);
        self.stand_for(&now.entries, &wanted, &verdicts);
        self.select(&mut state.arrangement, wanted, &verdicts, &chosen, all_new);
        Ok(Edited { revision: state.arrangement.revision, entries })
    }

    /// How many points the session may select, being at `now` points.
    fn room(&self, now: usize) -> usize {
        let Shared { limits, selected, .. } = &*self.shared;
        let others = selected.load(Ordering::Relaxed).saturating_sub(now);
        limits.points_per_client.min(limits.selected_points.saturating_sub(others))
    }

    /// Has entries that may mean points yet to come found when they do, instead of those that were there.
    fn stand_for(self: &Arc<Self>, before: &[Entry], wanted: &[Entry], verdicts: &[Verdict]) {
        self.shared.standing.remove(self, before.iter().map(|entry| &entry.pattern));
        let open = wanted.iter().zip(verdicts).filter(|(entry, verdict)| match verdict {
            Verdict::Selected(_) => !entry.pattern.is_literal(),
            Verdict::Unknown => true,
            Verdict::Limit | Verdict::Removed | Verdict::NoSuchEntry => false,
        });
        self.shared.standing.add(self, open.map(|(entry, _)| &entry.pattern));
    }

    /// Puts a new revision of the selection in force. Entries that passed a limit are left out.
    fn select(
        &self,
        now: &mut Arrangement,
        mut wanted: Vec<Entry>,
        verdicts: &[Verdict],
        chosen: &[Chosen],
        all_new: bool,
    ) {
        let catalog = self.shared.table.catalog();
        // Numbered as if what passed a limit had not been given: so it is when points come later.
        let wish = |(entry, verdict): (&Entry, &Verdict)| match verdict {
            Verdict::Limit => Wish::default(),
            Verdict::Selected(_) | Verdict::Unknown | Verdict::Removed | Verdict::NoSuchEntry => {
                entry.wish()
            }
        };
        let (rules, numbers) = Restraint::of(wanted.iter().zip(verdicts).map(wish)).unzip();
        let rule = |entry: usize| numbers.as_ref().and_then(|n| n.get(entry).copied()).unwrap_or(0);
        now.revision += 1;
        let places = now.places();
        let known = |index: &Index| now.rows.get(*places.get(index)? as usize).copied();
        let mut placed: Vec<Placed> = Vec::with_capacity(chosen.len());
        for Chosen { index, entry } in chosen {
            let mut row = known(index).unwrap_or(Row::joining(*index, now.revision));
            if all_new {
                row.join(now.revision);
            }
            // An id that is known need not be kept twice.
            if let Some(entry) = wanted.get_mut(*entry).filter(|e| e.pattern.is_literal())
                && let Some(point) = catalog.entry(*index)
            {
                entry.pattern = Pattern::literal(point.id());
            }
            placed.push(Placed { row, rule: rule(*entry), marked: false });
        }
        let in_force: Vec<bool> = verdicts.iter().map(|v| *v != Verdict::Limit).collect();
        let mut kept = in_force.iter();
        wanted.retain(|_| kept.next().copied().unwrap_or(false));
        wanted.shrink_to_fit();
        // A point that is gone is not found any more; its client must still be told that it is.
        let gone = now.rows.iter().filter(|row| catalog.is_removed(row.index));
        let meant = |row: &&Row| {
            let entry = catalog.entry(row.index);
            entry.is_some_and(|e| wanted.iter().any(|wanted| wanted.pattern.matches(e.id())))
        };
        placed.extend(gone.filter(meant).map(|row| Placed { row: *row, rule: 0, marked: all_new }));
        self.count(now.rows.len(), placed.len());
        now.replace(&self.shared.table, &catalog, &placed, rules, !all_new);
        now.entries = wanted;
    }

    fn count(&self, before: usize, after: usize) {
        self.shared.selected.fetch_add(after, Ordering::Relaxed);
        self.shared.selected.fetch_sub(before, Ordering::Relaxed);
    }

    /// Takes in points that have come. They are told as changes, once their numbers are settled.
    pub(super) fn attach(&self, new: &[Index]) {
        let mut state = self.state();
        if state.over {
            return;
        }
        let now = &mut state.arrangement;
        let catalog = self.shared.table.catalog();
        let wishes = now.entries.iter().map(Entry::wish);
        let (rules, numbers) = Restraint::of(wishes).unzip();
        let rule = |entry: usize| numbers.as_ref().and_then(|n| n.get(entry).copied()).unwrap_or(0);
        let mut placed: Vec<Placed> = (0..)
            .zip(&now.rows)
            .map(|(place, row)| Placed { row: *row, rule: now.rule_of(place), marked: false })
            .collect();
        let room = self.room(placed.len()).saturating_sub(placed.len());
        if new.len() > room {
            let client = self.client.as_str();
            warn!(client, left_out = new.len() - room, "new points pass a limit of a selection");
        }
        for index in new.iter().take(room) {
            let Some(point) = catalog.entry(*index) else { continue };
            let Some(entry) = selection::speaker(&now.entries, point.id()) else { continue };
            let row = Row::joining(*index, now.revision);
            placed.push(Placed { row, rule: rule(entry), marked: true });
        }
        self.count(now.rows.len(), placed.len());
        now.replace(&self.shared.table, &catalog, &placed, rules, true);
    }

    /// Has ids among `gone` that were given literally found when they come again.
    pub(super) fn expect_again(self: &Arc<Self>, gone: &HashSet<&str>) {
        let state = self.state();
        let literal = |pattern: &&Pattern| gone.contains(pattern.as_str());
        let entries = state.arrangement.entries.iter().map(|entry| &entry.pattern);
        self.shared.standing.add(self, entries.filter(literal));
    }

    /// The first connection.
    pub(super) fn begin(&self, form: Form) -> Begun {
        self.take_over(&mut self.state(), 0, 0, form)
    }

    /// Lets a new connection take the session over at the position its client names: the same as
    /// [`begin`](Self::begin), or `None` if the client cannot have been there or the session's life is over.
    pub(super) fn resume(&self, seq: u64, revision: u32, form: Form) -> Option<Begun> {
        let mut state = self.state();
        let table = &self.shared.table;
        if state.over || seq > table.settled() || revision > state.arrangement.revision {
            return None;
        }
        state.arrangement.rewind(table, seq);
        Some(self.take_over(&mut state, seq, revision, form))
    }

    fn take_over(&self, state: &mut State, seq: u64, revision: u32, form: Form) -> Begun {
        state.connection += 1;
        state.left_at = None;
        state.arrangement.mailbox.hand_over(state.connection);
        let catalog = self.shared.table.catalog().generation();
        let settled = self.shared.table.settled();
        let delivery = Delivery::from(Start { seq, revision, catalog, settled, form });
        let revision = state.arrangement.revision;
        Begun { connection: state.connection, delivery, revision, catalog }
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
        state.over |= unused.is_some_and(|unused| unused >= self.shared.limits.session_life);
        state.over
    }

    /// Gives everything back.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.over = true;
        let gone = std::mem::replace(&mut state.arrangement, Arrangement::empty());
        gone.leave(&self.shared.table);
        self.shared.standing.remove(self, gone.entries.iter().map(|entry| &entry.pattern));
        self.count(gone.rows.len(), 0);
    }

    /// Has the connection look at what is new besides changes.
    pub(super) fn wake(&self) {
        self.state().arrangement.mailbox.wake();
    }

    /// The next thing to send on `connection`; points are begun behind what `out` holds. `None` once another
    /// has taken the session over. With nothing to send, the context's waker is called when that changes.
    /// `told_bytes`: what was sent since the last step, to be counted.
    pub(super) fn step(
        &self,
        connection: u64,
        delivery: &mut Delivery,
        turn: Turn,
        told_bytes: u64,
        context: &mut Context<'_>,
        out: &mut Outgoing,
    ) -> Option<Step> {
        let mut state = self.state();
        state.sent.bytes += told_bytes;
        if state.connection != connection {
            return None;
        }
        let before = out.tally.sent;
        loop {
            if let Some(notice) = self.notice(&mut state) {
                return Some(notice);
            }
            let mut selected = state.arrangement.selected();
            let mut step = |view: &mut View<'_>| delivery.step(&mut selected, view, turn, out);
            let step = self.shared.table.view(&mut step);
            if !matches!(step, Step::Nothing(_) | Step::Held) {
                state.sent.add(out.tally.sent.since(before));
                return Some(step);
            }
            // Whatever comes from here on rings, and so does an edit or another connection, once this lock is free.
            if state.arrangement.mailbox.poll_woken(context, connection).is_pending() {
                return Some(step);
            }
        }
    }

    /// Counts bytes of events that were not told with a step.
    pub(super) fn count_bytes(&self, bytes: u64) {
        self.state().sent.bytes += bytes;
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

    /// Moves an idle delivery's position to what is settled, for a heartbeat.
    pub(super) fn settle_idle(&self, connection: u64, delivery: &mut Delivery) {
        let mut state = self.state();
        if state.connection == connection {
            let mut selected = state.arrangement.selected();
            self.shared.table.view(|view| delivery.settle_idle(&mut selected, view));
        }
    }
}

fn told(entries: &[Entry], verdicts: Vec<Verdict>) -> Vec<EntryVerdict> {
    let verdict = |(entry, verdict): (&Entry, Verdict)| {
        let given = entry.pattern.as_str().to_owned();
        EntryVerdict { given, entry: Some(entry.clone()), verdict }
    };
    entries.iter().zip(verdicts).map(verdict).collect()
}
