//! What a session does when points come and go.

use std::collections::HashSet;
use std::sync::Arc;

use pointcast_api::PointId;
use tracing::warn;

use super::{Session, State};
use crate::stream::arrangement::New;
use crate::stream::coming::Came;
use crate::stream::offer::Row;
use crate::stream::shared::Shared;
use crate::table::{self, Catalog, Pattern};

impl Session {
    /// Takes in points that have come. They are told as changes, once their numbers are settled: whoever settles them
    /// then [wakes](Self::wake) the session. What passes a limit is left out; but one that comes again has the place
    /// that it had.
    pub(in crate::stream) fn attach(&self, catalog: &Catalog, came: &[Came]) {
        let mut state = self.state();
        if state.over {
            return;
        }
        let Shared { table, limits, max_gone, .. } = &*self.shared;
        let now = &mut state.arrangement;
        let most = limits.points_per_client;
        let mut left_out = 0;
        for Came { index, entry, went } in came.iter().copied() {
            let row = Row::joining(index, now.revision);
            let new = New { table, catalog, row, entry };
            if went.is_some_and(|went| now.succeed(went, new)) {
                self.count(0, 1);
            } else if now.points() >= most || !self.reserve(0, 1) {
                left_out += 1;
            } else if !now.add(new) {
                self.count(1, 0);
                left_out += 1;
            }
        }
        if left_out > 0 {
            let client = self.client.as_str();
            warn!(client, left_out, "new points pass a limit of a selection");
        }
        self.end_if_behind(&mut state, most.saturating_add(*max_gone));
    }

    /// Ends the session if it keeps more than `most` removed points: nobody takes what it has to tell. Its stream
    /// ends, and a client that comes back begins anew.
    fn end_if_behind(&self, state: &mut State, most: usize) {
        let kept = state.arrangement.kept();
        if kept > most {
            let client = self.client.as_str();
            warn!(client, kept, "a session ends whose client was not told of removed points");
            state.over = true;
            state.arrangement.mailbox.wake();
        }
    }

    /// Takes note that points were removed: they count no more, and those that were wished for by their ids are found
    /// when they come again.
    pub(in crate::stream) fn lose(self: &Arc<Self>) {
        let mut state = self.state();
        self.note_gone(&mut state);
        // Its stream may have told of them already.
        state.arrangement.drop_told(self.shared.max_gone);
    }

    pub(super) fn note_gone(self: &Arc<Self>, state: &mut State) {
        let lost = state.arrangement.note_gone(&self.shared.table);
        if lost.is_empty() {
            return;
        }
        self.count(lost.len(), 0);
        let catalog = self.shared.table.catalog();
        let ids = lost.iter().filter_map(|index| catalog.entry(*index)).map(table::Entry::id);
        let ids: HashSet<&str> = ids.map(PointId::as_str).collect();
        let patterns = state.arrangement.entries.iter(&catalog).map(|entry| entry.pattern);
        let literal: Vec<(u32, Pattern)> =
            (0..).zip(patterns).filter(|(_, pattern)| ids.contains(pattern.as_str())).collect();
        self.shared.standing.add(self, literal.iter().map(|(at, pattern)| (*at, pattern)));
    }

    /// How many points it has, removed ones that it keeps, and places for points.
    #[cfg(test)]
    pub(in crate::stream) fn holds(&self) -> (usize, usize, usize) {
        let now = &self.state().arrangement;
        (now.points(), now.kept(), now.rows.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pointcast_api::{PointDeclaration, PointId, Reading, UnixMs, Value, ValueType};

    use super::Session;
    use crate::limits::Limits;
    use crate::stream::testing::{patterns, table};
    use crate::stream::{Edit, Entry, Feed, Opening, Pace, Sessions, Wish};
    use crate::table::{Form, Pattern, Update};

    fn sessions(points: usize) -> Sessions {
        Sessions::new(table(points), Arc::new(Limits::default()))
    }

    fn open(sessions: &Sessions, points: Option<Vec<Pattern>>) -> (Arc<Session>, Feed) {
        let pace = Pace { interval_ms: 0, heartbeat_ms: 15_000 };
        let address = "127.0.0.1".parse().unwrap();
        let opening = Opening { last_event_id: None, points, pace, form: Form::Plain, address };
        let feed = sessions.open(opening).unwrap();
        (Arc::clone(&feed.attached().session), feed)
    }

    fn add(sessions: &Sessions, id: &str) {
        let point = PointDeclaration::bare(PointId::new(id).unwrap(), ValueType::I64);
        sessions.add_points(vec![(point, String::new())]).unwrap();
    }

    /// In how many lists of readers a session stands: each holds its mailbox, as its arrangement does.
    fn registrations(session: &Session) -> usize {
        Arc::strong_count(&session.state().arrangement.mailbox) - 1
    }

    #[test]
    fn a_point_that_comes_is_one_more_registration_and_nothing_is_arranged_anew() {
        let sessions = sessions(1_000);
        let (session, _feed) = open(&sessions, None);
        let wish = Wish { interval_ms: 100, ..Wish::default() };
        let all = Entry::new(Pattern::new("**").unwrap(), wish);
        session.edit(Edit::Put(vec![all]), None).unwrap();
        let mailbox = Arc::downgrade(&session.state().arrangement.mailbox);
        assert_eq!(registrations(&session), 1_000);
        add(&sessions, "new");
        assert_eq!((registrations(&session), session.holds()), (1_001, (1_001, 0, 1_001)));
        sessions.remove_points(&[7, 8]);
        assert_eq!((registrations(&session), session.holds()), (999, (999, 2, 1_001)));
        add(&sessions, "p7");
        assert_eq!((registrations(&session), session.holds()), (1_000, (1_000, 1, 1_001)));
        assert_eq!(mailbox.as_ptr(), Arc::as_ptr(&session.state().arrangement.mailbox));
    }

    #[test]
    fn who_takes_anothers_place_is_no_more_among_the_others_readers() {
        let sessions = sessions(2);
        let p0 = || open(&sessions, Some(patterns([0])));
        let [(first, _a), (second, _b), (third, _c)] = [p0(), p0(), p0()];
        let mailbox = Arc::downgrade(&third.state().arrangement.mailbox);
        // While its marks are placed, nothing after it is settled, and the readers of what goes stay listed.
        let (reading, table) = (Reading::Good(Value::I64(1)), &first.shared.table);
        let (_watching, _d) = open(&sessions, Some(patterns([1])));
        let slow = table.begin([(1, Update::Read(&reading, UnixMs(1)))]).unwrap();
        sessions.remove_points(&[0]);
        [&first, &second].into_iter().for_each(|session| session.state().over = true);
        add(&sessions, "p0");
        assert_eq!(third.holds(), (1, 0, 1));
        // Its leaving moves the third among the readers of what went, if that is still there.
        second.close();
        table.finish(slow);
        third.close();
        assert_eq!(mailbox.strong_count(), 0, "nobody holds what it was registered with");
    }
}
