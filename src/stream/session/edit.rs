//! How a client changes its session's selection.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use pointcast_api::PointId;
use tokio::time::Instant;

use super::{Session, TooOften};
use crate::stream::arrangement::{Arrangement, Placed, Plan};
use crate::stream::entries::Entries;
use crate::stream::entry::{Entry, Wish};
use crate::stream::offer::{MAX_REVISION, Row};
use crate::stream::restraint::Restraint;
use crate::stream::selection::{self, Chosen, EntryVerdict, Verdict};
use crate::stream::shared::Shared;
use crate::table::{self, Index, Pattern};

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
    /// More edits within a second than one client may make. Try again in a second.
    #[error("edited more than {0} times within a second")]
    TooOften(usize),
    /// The session's life is over.
    #[error("the session's life is over")]
    Over,
}

impl Session {
    /// Changes the subscription. The stream tells `subscribed` before any event of the new selection. It may take a
    /// second, for thousands of patterns on a large site; the client's own stream goes on meanwhile.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn edit(self: &Arc<Self>, edit: Edit, if_match: Option<u32>) -> Result<Edited, EditError> {
        let _unchanging = self.unchanging();
        // One edit at a time; what takes long is done without the lock that the stream needs.
        let _editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, selected) = self.begin_edit(if_match)?;
        let (wanted, given, removed, all_new) = match edit {
            Edit::Put(entries) => {
                let entries = selection::unique(entries);
                (entries.clone(), entries, Vec::new(), true)
            }
            Edit::Patch { add, remove } => {
                let add = selection::unique(add);
                let (entries, removed) = selection::patch(&before, &add, &remove);
                (entries, add, removed, false)
            }
        };
        let most = self.shared.limits.entries_per_client;
        if wanted.len() > most {
            return Err(EditError::TooManyEntries(wanted.len(), most));
        }
        let (chosen, verdicts) = loop {
            let (catalog, room) = (self.shared.table.catalog(), self.room(selected));
            let resolved = selection::resolve(&catalog, &wanted, room);
            // If others took the room meanwhile, there is less of it now.
            if self.reserve(selected, resolved.0.len()) {
                break resolved;
            }
        };
        let by_entry: HashMap<&str, Verdict> = wanted
            .iter()
            .map(|entry| entry.pattern.as_str())
            .zip(verdicts.iter().copied())
            .collect();
        let of = |entry: &Entry| by_entry.get(entry.pattern.as_str()).copied();
        let of = |entry: &Entry| of(entry).unwrap_or(Verdict::Limit);
        let mut entries = told(&given, given.iter().map(of).collect());
        entries.extend(removed);
        let mut state = self.state();
        if state.over {
            self.count(chosen.len(), selected);
            return Err(EditError::Over);
        }
        self.stand_for(&before, &wanted, &verdicts);
        self.select(&mut state.arrangement, wanted, &verdicts, &chosen, all_new);
        Ok(Edited { revision: state.arrangement.revision, entries })
    }

    /// The entries in force and how many points they select, if the session may be edited now.
    fn begin_edit(&self, if_match: Option<u32>) -> Result<(Vec<Entry>, usize), EditError> {
        let mut state = self.state();
        let revision = state.arrangement.revision;
        // Nobody gets to the last revision in good faith.
        if state.over || revision == MAX_REVISION {
            return Err(EditError::Over);
        }
        if if_match.is_some_and(|expected| expected != revision) {
            return Err(EditError::Conflict(revision));
        }
        let most = self.shared.limits.snapshots_per_second;
        let paid = state.pay(Instant::now(), most);
        paid.map_err(|TooOften(most)| EditError::TooOften(most))?;
        let entries = state.arrangement.entries.iter(&self.shared.table.catalog()).collect();
        Ok((entries, state.arrangement.points()))
    }

    /// How many points the session may select, being at `now` points.
    fn room(&self, now: usize) -> usize {
        let Shared { limits, selected, .. } = &*self.shared;
        let others = selected.load(Ordering::Relaxed).saturating_sub(now);
        limits.points_per_client.min(limits.selected_points.saturating_sub(others))
    }

    /// Counts `after` selected points in the place of `before`; false if there is no room for them.
    pub(super) fn reserve(&self, before: usize, after: usize) -> bool {
        let Shared { limits, selected, .. } = &*self.shared;
        let reserved = selected.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| {
            let next = all.saturating_sub(before) + after;
            (after <= before || next <= limits.selected_points).then_some(next)
        });
        reserved.is_ok()
    }

    /// Has entries that may mean points yet to come found when they do, instead of those that were there.
    fn stand_for(self: &Arc<Self>, before: &[Entry], wanted: &[Entry], verdicts: &[Verdict]) {
        self.shared.standing.remove(self, before.iter().map(|entry| &entry.pattern));
        let in_force = wanted.iter().zip(verdicts).filter(|(_, verdict)| is_in_force(verdict));
        let open = (0..).zip(in_force).filter(|(_, (entry, verdict))| match verdict {
            Verdict::Selected(_) => !entry.pattern.is_literal(),
            Verdict::Unknown => true,
            Verdict::Limit | Verdict::Removed | Verdict::NoSuchEntry => false,
        });
        self.shared.standing.add(self, open.map(|(at, (entry, _))| (at, &entry.pattern)));
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
        // What passed a limit has no rule: if no other entry has one either, there is no restraint.
        let wish = |(entry, verdict): (&Entry, &Verdict)| {
            if is_in_force(verdict) { entry.wish() } else { Wish::default() }
        };
        let (mut rules, numbers) = Restraint::of(wanted.iter().zip(verdicts).map(wish)).unzip();
        let numbers = numbers.unwrap_or_default();
        let rule = |entry: usize| numbers.get(entry).copied().unwrap_or(0);
        now.revision += 1;
        let places = now.places();
        let known = |index: &Index| now.rows.get(*places.get(index)? as usize).copied();
        let mut plan = Plan::default();
        plan.placed.reserve_exact(chosen.len());
        let mut known_as = vec![None; wanted.len()];
        for Chosen { index, entry } in chosen {
            let mut row = known(index).unwrap_or(Row::joining(*index, now.revision));
            if all_new {
                row.join(now.revision);
            }
            // An id that is known need not be kept twice.
            if let Some((wanted, known)) = wanted.get_mut(*entry).zip(known_as.get_mut(*entry))
                && wanted.pattern.is_literal()
                && let Some(point) = catalog.entry(*index)
            {
                wanted.pattern = Pattern::literal(point.id());
                *known = Some(*index);
            }
            plan.placed.push(Placed { row, rule: rule(*entry), marked: false });
        }
        let in_force = |at: usize| verdicts.get(at).is_some_and(is_in_force);
        if let Some(rules) = &mut rules {
            rules.know_entries((0..wanted.len()).filter(|at| in_force(*at)).map(rule));
        }
        let wanted = wanted.into_iter().zip(known_as).enumerate();
        let wanted: Vec<_> =
            wanted.filter(|(at, _)| in_force(*at)).map(|(_, entry)| entry).collect();
        // A point that is gone is not found any more; its client must still be told that it is, unless it has come
        // again by now.
        let is_missing = |id: &PointId| {
            catalog.find(id).is_none()
                && wanted.iter().any(|(wanted, _)| wanted.pattern.matches(id))
        };
        for (number, row) in now.gone() {
            if catalog.entry(row.index).map(table::Entry::id).is_some_and(is_missing)
                && let Ok(place) = u32::try_from(plan.placed.len())
            {
                plan.gone.keep(number, place);
                plan.placed.push(Placed { row: *row, rule: 0, marked: all_new });
            }
        }
        now.replace(&self.shared.table, &catalog, plan, rules, !all_new);
        now.entries = Entries::of(wanted);
    }

    pub(super) fn count(&self, before: usize, after: usize) {
        self.shared.selected.fetch_add(after, Ordering::Relaxed);
        self.shared.selected.fetch_sub(before, Ordering::Relaxed);
    }
}

fn is_in_force(verdict: &Verdict) -> bool {
    *verdict != Verdict::Limit
}

pub(super) fn told(entries: &[Entry], verdicts: Vec<Verdict>) -> Vec<EntryVerdict> {
    let verdict = |(entry, verdict): (&Entry, Verdict)| {
        let given = entry.pattern.as_str().to_owned();
        EntryVerdict { given, entry: Some(entry.clone()), verdict }
    };
    entries.iter().zip(verdicts).map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::super::{SECOND, pay};
    use super::*;
    use crate::limits::Limits;
    use crate::stream::testing::{entries, patterns, table};
    use crate::stream::{Feed, Next, Opening, Outgoing, Pace, Sessions};
    use crate::table::Form;

    #[test]
    fn edits_are_paid_for_at_their_rate_with_a_second_ahead() {
        let begin = Instant::now();
        let mut paid = None;
        for _ in 0..4 {
            paid = pay(paid, begin, 4).expect("four at once");
        }
        assert_eq!(pay(paid, begin, 4), None, "the fifth within the second");
        assert_eq!(pay(paid, begin + SECOND / 4 - Duration::from_millis(1), 4), None);
        paid = pay(paid, begin + SECOND / 4, 4).expect("a quarter later there is one more");
        assert_eq!(pay(paid, begin + SECOND / 4, 4), None);
        assert!(pay(paid, begin + 9 * SECOND, 4).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_edits_too_often_is_told_so_and_may_again_later() {
        let limits = Limits { snapshots_per_second: 2, ..Limits::default() };
        let (session, _feed) = open(limits);
        let edit = || session.edit(Edit::Put(entries([0])), None);
        // Opening it was the first.
        assert!(edit().is_ok());
        assert_eq!(edit(), Err(EditError::TooOften(2)));
        tokio::time::advance(SECOND / 2).await;
        assert!(edit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_whose_session_is_busy_is_looked_at_again_and_holds_up_nobody() {
        let (session, mut feed) = open(Limits::default());
        let mut out = Outgoing::default();
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = |now| feed.poll(&mut context, now, &mut out);
        let now = Instant::now();
        assert_eq!(poll(now), Next::Event, "connect");
        {
            let _busy = session.state();
            assert_eq!(poll(now), Next::Idle(now + Duration::from_millis(1)));
            // No heartbeat is worth waiting for it.
            let later = now + Duration::from_secs(60);
            assert_eq!(poll(later), Next::Idle(later + Duration::from_millis(1)));
            session.leave(0);
        }
        assert_eq!(poll(now), Next::Event, "subscribed");
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_mean_points_to_come_stands_for_them_and_no_longer_than_it_is_wanted() {
        let (session, _feed) = open(Limits::default());
        let standing = || session.shared.standing.len();
        assert_eq!(standing(), 0, "an id that is there");
        let wanted = ["p0", "*", "unknown"].map(|text| Pattern::new(text).unwrap().into());
        session.edit(Edit::Put(wanted.into()), None).unwrap();
        assert_eq!(standing(), 2);
        let remove = vec!["*".to_owned()];
        session.edit(Edit::Patch { add: Vec::new(), remove }, None).unwrap();
        assert_eq!(standing(), 1);
        session.close();
        assert_eq!(standing(), 0);
    }

    fn open(limits: Limits) -> (Arc<Session>, Feed) {
        let sessions = Sessions::new(table(1), Arc::new(limits));
        let pace = Pace { interval_ms: 0, heartbeat_ms: 15_000 };
        let address = "127.0.0.1".parse().unwrap();
        let points = Some(patterns([0]));
        let opening = Opening { last_event_id: None, points, pace, form: Form::Plain, address };
        let feed = sessions.open(opening).unwrap();
        (Arc::clone(&feed.attached().session), feed)
    }
}
