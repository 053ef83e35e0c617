//! What may be shown of one selected point in the frame that is being gathered, and whether its client needs it.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::time::Instant;

use super::frame::{Gather, Kind};
use super::restraint::{Judgement, Restraint};
use super::statistics::Tally;
use crate::table::{Backlog, Form, Index, Mailbox, Shown, View};

/// One point of a client's selection. It is kept small: a session can have a hundred thousand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) index: Index,
    /// The revision in which it joined, and behind it [`SENT`](Self::SENT) and the other flags.
    joined: u32,
    /// How many changes it had had when it was last put into a frame.
    count: u32,
}

/// The most revisions that a session can have: one for each millisecond of three days.
pub(super) const MAX_REVISION: u32 = u32::MAX >> Row::FLAGS;

/// What a delivery needs to see of the client's selection.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    pub(super) rows: &'a mut [Row],
    pub(super) restraint: Option<&'a mut Restraint>,
    pub(super) revision: u32,
    /// Changes whenever places are counted anew.
    pub(super) layout: u32,
    /// A number up to which the client was told everything, if what waited was marked again; else `u64::MAX`.
    pub(super) owed: &'a mut u64,
    pub(super) mailbox: &'a Arc<Mailbox>,
}

/// The next place to look at, and whether it waited in the restraint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) place: u32,
    waited: bool,
}

/// Where a delivery stands when it offers a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// What the client knows of its position.
    pub(super) seq: u64,
    /// Up to where everything was told or waits.
    pub(super) taken: u64,
    /// What was settled when the connection began.
    pub(super) began_at: u64,
    pub(super) now: Instant,
    /// The table's uptime, and the wall's clock, then.
    pub(super) uptime: Duration,
    pub(super) time: UnixMs,
    pub(super) form: Form,
}

/// What became of a point that was to be put into a frame; with how many of its changes were skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Its newest change is in the frame, or was in an earlier one, or is held back.
    Newest(u64),
    /// The same of the change before its newest, which is not settled.
    Older(u64),
    /// The point is removed; if the frame tells of that, it is in it.
    Removed,
    /// Its newest change is not settled and nothing else is left to show.
    Gone,
    /// The frame is of the other kind: it belongs into the next.
    Later,
    /// The frame has no room.
    Full,
}

impl Selected<'_> {
    pub(super) fn floor(&self) -> Option<u64> {
        self.restraint.as_ref()?.floor()
    }

    /// When something that waits is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.restraint.as_ref()?.due()
    }

    pub(super) fn shut_used(&mut self) {
        if let Some(restraint) = &mut self.restraint {
            restraint.shut_used();
        }
    }

    /// What waited and is due, then what is marked.
    pub(super) fn next(&mut self, backlog: &mut Backlog, now: Instant) -> Option<Candidate> {
        let waited = self.restraint.as_mut().and_then(|restraint| restraint.ready(now));
        match waited {
            Some(place) => Some(Candidate { place, waited: true }),
            None => backlog.peek().map(|place| Candidate { place, waited: false }),
        }
    }

    /// Whether a candidate may be looked at now, or waits for its lane to open. That a point is removed does not wait.
    pub(super) fn may_pass(
        &mut self,
        next: Candidate,
        view: &mut View<'_>,
        taken: u64,
        now: Instant,
    ) -> bool {
        let Some(restraint) = self.restraint.as_mut().filter(|_| !next.waited) else { return true };
        let row = self.rows.get(next.place as usize);
        let shown = row.and_then(|row| view.shown(row.index));
        shown.is_some_and(|shown| shown.is_removed()) || restraint.enter(next.place, taken, now)
    }

    pub(super) fn take(&mut self, next: Candidate, backlog: &mut Backlog) {
        match &mut self.restraint {
            Some(restraint) if next.waited => restraint.take(next.place),
            _ => backlog.take(),
        }
    }

    /// Puts a point into a snapshot's frame, whatever the client was told of it before.
    pub(super) fn show(
        &mut self,
        view: &mut View<'_>,
        place: u32,
        form: Form,
        frame: &mut Gather<'_>,
    ) -> Offer {
        let Some(row) = self.rows.get_mut(place as usize) else { return Offer::Newest(0) };
        let Some(mut shown) = view.shown(row.index) else { return Offer::Gone };
        if shown.is_removed() {
            return Offer::Removed;
        }
        let outcome = if shown.newest { Offer::Newest } else { Offer::Older };
        let missed = row.put(&mut shown, form, frame);
        let Some(missed) = missed else { return Offer::Full };
        if let Some(restraint) = &mut self.restraint {
            restraint.sent(place, &shown.state(), None);
        }
        outcome(missed)
    }

    /// Puts what may be shown of a point into a frame of changes, unless the client has it, or wants to hear only of
    /// larger changes.
    pub(super) fn offer(
        &mut self,
        view: &mut View<'_>,
        place: u32,
        at: Position,
        frame: &mut Gather<'_>,
        tally: &mut Tally,
    ) -> Offer {
        let Some(row) = self.rows.get_mut(place as usize) else { return Offer::Newest(0) };
        let Some(mut shown) = view.shown(row.index) else { return Offer::Gone };
        let outcome = if shown.newest { Offer::Newest } else { Offer::Older };
        let passed_over = row.is_passed_over();
        let is_told = row.was_sent() && row.count == shown.count;
        if is_told || (shown.seq <= at.seq && !passed_over) {
            if shown.is_removed() {
                row.end();
            }
            if let Some(restraint) = &mut self.restraint {
                restraint.told(place);
            }
            return outcome(0);
        }
        let kind = if shown.is_removed() { Kind::Removed } else { Kind::Points };
        if !frame.takes(kind) {
            return Offer::Later;
        }
        if kind == Kind::Removed {
            if !frame.removed(shown.id()) {
                return Offer::Full;
            }
            row.sent(shown.count);
            row.end();
            if let Some(restraint) = &mut self.restraint {
                restraint.told(place);
            }
            return Offer::Removed;
        }
        if let Some(restraint) = &mut self.restraint {
            match restraint.judge(place, &shown.state(), at.taken, at.now) {
                Judgement::Send => {}
                Judgement::Wait => return outcome(0),
                Judgement::PassOver => {
                    row.pass_over();
                    return outcome(0);
                }
            }
        }
        let Some(missed) = row.put(&mut shown, at.form, frame) else { return Offer::Full };
        if let Some(restraint) = &mut self.restraint {
            restraint.sent(place, &shown.state(), Some(at.now));
        }
        if passed_over && shown.seq <= at.seq {
            // The client's next position will not tell whether this arrived.
            row.pass_over();
        }
        tally.change(missed, shown.is_own);
        if shown.seq > at.began_at && !shown.is_own {
            let since = |time: UnixMs| Duration::from_millis(at.time.0.saturating_sub(time.0));
            let from_put = at.uptime.saturating_sub(shown.put_at());
            tally.delivered(from_put, shown.time().map(since));
        }
        outcome(missed)
    }

    /// Has the reader woken when the newest change of each of `places` is settled.
    pub(super) fn wake_for<'p>(&self, places: impl Iterator<Item = &'p u32>, view: &mut View<'_>) {
        let rows = places.filter_map(|place| self.rows.get(*place as usize));
        if let Some(seq) = rows.map(|row| view.seq(row.index)).max() {
            view.wake_when_settled(seq, self.mailbox);
        }
    }
}

impl Row {
    /// It was put into a frame of this connection.
    const SENT: u32 = 1;
    /// Its alias was declared on this connection.
    const NAMED: u32 = 2;
    /// A deadband passed its newest change over: the client's position went past it without a frame.
    const PASSED_OVER: u32 = 4;
    /// Its client was told on this connection that the point was removed.
    const ENDED: u32 = 8;
    /// How many flags there are.
    const FLAGS: u32 = 4;

    pub(super) fn joining(index: Index, revision: u32) -> Self {
        Self { index, joined: revision << Self::FLAGS, count: 0 }
    }

    /// The revision in which it joined.
    pub(super) fn joined(&self) -> u32 {
        self.joined >> Self::FLAGS
    }

    /// It joins anew: what was sent of it before does not count.
    pub(super) fn join(&mut self, revision: u32) {
        self.joined = revision << Self::FLAGS | self.joined & Self::NAMED;
    }

    /// What was sent may not have arrived.
    pub(super) fn forget_connection(&mut self) {
        self.joined &= !(Self::SENT | Self::NAMED | Self::ENDED);
    }

    fn was_sent(&self) -> bool {
        self.joined & Self::SENT != 0
    }

    fn sent(&mut self, count: u32) {
        self.count = count;
        self.joined = self.joined & !Self::PASSED_OVER | Self::SENT;
    }

    /// Whether the client may not have its newest change, whatever its position says: another wish, or another
    /// connection, gets it.
    pub(super) fn is_passed_over(&self) -> bool {
        self.joined & Self::PASSED_OVER != 0
    }

    fn pass_over(&mut self) {
        self.joined |= Self::PASSED_OVER;
    }

    /// The client knows that the point was removed.
    pub(super) fn end(&mut self) {
        self.joined = self.joined & !Self::PASSED_OVER | Self::ENDED;
    }

    /// Whether that was told on this connection.
    pub(super) fn has_ended(&self) -> bool {
        self.joined & Self::ENDED != 0
    }

    /// Puts a state into the frame, and says how many changes before it the client never saw; `None` if it has no
    /// room.
    fn put(&mut self, shown: &mut Shown<'_>, form: Form, frame: &mut Gather<'_>) -> Option<u64> {
        let name = match form {
            Form::Compact if self.joined & Self::NAMED == 0 => Some(shown.id().to_owned()),
            Form::Compact | Form::Plain => None,
        };
        if !frame.point(shown.text(form), name.as_deref().map(|name| (self.index, name))) {
            return None;
        }
        let since = if self.was_sent() { shown.count.wrapping_sub(self.count) } else { 1 };
        self.sent(shown.count);
        if form == Form::Compact {
            self.joined |= Self::NAMED;
        }
        Some(u64::from(since).saturating_sub(1))
    }
}
