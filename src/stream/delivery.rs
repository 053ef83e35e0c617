//! What a connection told its client, and what comes next: snapshot, resume and catching up are one path.
//!
//! `taken` moves only when every mark that stood at some moment has been taken, and then to the number that
//! was settled at that moment; it never moves past a change that is not in a frame or waiting in the restraint. What
//! the client is told of its position is that, or the floor of what waits if it is lower. A frame shows its points
//! as they were at one settled number, so none shows half a batch; a newer change stays marked.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::time::Instant;

use super::frame::{Bounds, Gather, Kind, Tail};
use super::notices::Notice;
use super::offer::{Offer, Position, Row, Selected};
use super::statistics::Outgoing;
use crate::table::{Backlog, Form, View};

/// Changes that one step looks at: what is held back fills no frame, and the table is held meanwhile.
const LOOKS_A_STEP: usize = 4_096;

/// A client's position and what is still on its way to it.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Everything up to it was told or waits in the restraint.
    taken: u64,
    /// What the client may be told of its position.
    seq: u64,
    revision: u32,
    announced: u32,
    /// The arrangement of the selection that places were counted in.
    layout: u32,
    /// What was settled when the connection began: the delay of anything older says nothing.
    began_at: u64,
    /// The catalogue's generation that the client knows of.
    catalog: u64,
    form: Form,
    snapshot: Option<Box<Snapshot>>,
    /// Marks to be taken before `taken` may move, and where it then moves to.
    round: Option<Round>,
}

/// Where a connection begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// The position that a resume names, or 0 and 0.
    pub(super) seq: u64,
    pub(super) revision: u32,
    pub(super) catalog: u64,
    /// What is settled.
    pub(super) settled: u64,
    pub(super) form: Form,
}

#[derive(Debug)]
struct Snapshot {
    revision: u32,
    queue: VecDeque<u32>,
    /// The number that was settled when it began, if it covers the whole selection: when it is out,
    /// everything up to that number is.
    covers: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Round {
    until: u64,
    settled: u64,
}

/// What is to be sent next.
#[derive(Debug)]
pub(super) enum Step {
    /// Names or metadata have changed.
    Catalog(u64),
    /// A message.
    Notice(Arc<Notice>),
    /// A new selection is in force.
    Subscribed { revision: u32, count: usize },
    /// A `points` event was begun; this stands behind its points.
    Points(Tail),
    /// A `removed` event was begun.
    Removed,
    /// Nothing until a wake comes, or until then.
    Nothing(Option<Instant>),
    /// There are changes, but they may not be sent yet.
    Held,
    /// The session is being edited: nothing can be said now.
    Busy,
    /// The session has ended: nothing can be said any more.
    Over,
}

/// What a step may put into a frame, and when it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) now: Instant,
    /// The table's uptime then.
    pub(super) uptime: Duration,
    /// Whether the stream's interval lets changes out.
    pub(super) may_change: bool,
    pub(super) bounds: Bounds,
}

impl Delivery {
    pub(super) fn from(start: Start) -> Self {
        Self {
            taken: start.seq,
            seq: start.seq,
            revision: start.revision,
            announced: start.revision,
            layout: 0,
            began_at: start.settled,
            catalog: start.catalog,
            form: start.form,
            snapshot: None,
            round: None,
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn revision(&self) -> u32 {
        self.revision
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// The next thing to send; points are begun behind what `out` holds.
    pub(super) fn step(
        &mut self,
        selected: &mut Selected<'_>,
        view: &mut View<'_>,
        turn: Turn,
        out: &mut Outgoing,
    ) -> Step {
        self.follow_layout(selected);
        if self.catalog < view.generation() {
            self.catalog = view.generation();
            return Step::Catalog(self.catalog);
        }
        if self.announced < selected.revision {
            let count = self.begin_snapshot(selected, view);
            return Step::Subscribed { revision: selected.revision, count };
        }
        if let Some(snapshot) = self.snapshot.take() {
            return self.snapshot_step(snapshot, selected, view, turn, out);
        }
        let due = selected.due();
        let mut backlog = selected.mailbox.backlog();
        if backlog.is_empty() && due.is_none_or(|at| at > turn.now) {
            return Step::Nothing(due);
        }
        if !turn.may_change {
            return Step::Held;
        }
        self.change_step(&mut backlog, selected, view, turn, out)
    }

    /// Whether there is nothing to send at `now`, as far as this delivery knows; and when something that waits is due.
    pub(super) fn rest(&self, selected: &Selected<'_>, now: Instant) -> Option<Option<Instant>> {
        let is_whole = self.snapshot.is_none() && self.announced == selected.revision;
        let due = selected.due();
        let idle =
            is_whole && due.is_none_or(|at| at > now) && selected.mailbox.backlog().is_empty();
        idle.then_some(due)
    }

    /// Proves, if that is so, that nothing is owed: the position moves to what is settled.
    pub(super) fn settle_idle(&mut self, selected: &mut Selected<'_>, view: &View<'_>) {
        self.follow_layout(selected);
        let settled = view.settled();
        let idle = self.snapshot.is_none() && self.announced == selected.revision;
        if idle && selected.mailbox.backlog().is_empty() {
            self.move_to(settled, selected);
            self.round = None;
        }
    }

    /// Places are counted anew after the selection changed, and what waited then is marked again.
    fn follow_layout(&mut self, selected: &mut Selected<'_>) {
        if self.layout != selected.layout {
            self.layout = selected.layout;
            self.round = None;
            self.taken = self.taken.min(std::mem::replace(selected.owed, u64::MAX));
        }
    }

    fn position(&self, turn: Turn) -> Position {
        Position {
            seq: self.seq,
            taken: self.taken,
            began_at: self.began_at,
            now: turn.now,
            uptime: turn.uptime,
            time: UnixMs::now(),
            form: self.form,
        }
    }

    fn move_to(&mut self, taken: u64, selected: &Selected<'_>) {
        self.taken = self.taken.max(taken);
        let floor = selected.floor().unwrap_or(u64::MAX);
        self.seq = self.seq.max(self.taken.min(floor));
    }

    /// Returns how many points are selected.
    fn begin_snapshot(&mut self, selected: &Selected<'_>, view: &View<'_>) -> usize {
        let queue: VecDeque<u32> = (0..)
            .zip(selected.rows.iter())
            .filter(|(_, row)| row.joined() > self.revision)
            .map(|(place, _)| place)
            .collect();
        let there = |row: &&Row| !view.catalog().is_removed(row.index);
        let count = selected.rows.iter().filter(there).count();
        let covers = (queue.len() == selected.rows.len()).then(|| view.settled());
        self.snapshot = Some(Box::new(Snapshot { revision: selected.revision, queue, covers }));
        self.announced = selected.revision;
        self.round = None;
        count
    }

    fn snapshot_step(
        &mut self,
        mut snapshot: Box<Snapshot>,
        selected: &mut Selected<'_>,
        view: &mut View<'_>,
        turn: Turn,
        out: &mut Outgoing,
    ) -> Step {
        let settled = view.settled();
        let mailbox = Arc::clone(selected.mailbox);
        let mut backlog = mailbox.backlog();
        let mut frame = Gather::new(&mut out.bytes, turn.bounds);
        let (mut gone, mut again) = (Vec::new(), Vec::new());
        while let Some(&place) = snapshot.queue.front() {
            match selected.show(view, place, self.form, &mut frame) {
                Offer::Full => break,
                Offer::Newest(_) => backlog.forget(place),
                // The writer of the newer change may have placed its mark before the point was selected.
                Offer::Older(_) => again.push(place),
                // That a point is removed is told behind the snapshot.
                Offer::Removed => {
                    again.push(place);
                    snapshot.covers = None;
                }
                Offer::Gone | Offer::Later => gone.push(place),
            }
            snapshot.queue.pop_front();
        }
        again.iter().for_each(|place| backlog.mark(*place));
        selected.wake_for(again.iter().chain(&gone), view);
        snapshot.queue.extend(gone);
        let more = !snapshot.queue.is_empty();
        if more && frame.is_empty() {
            frame.abandon();
            self.snapshot = Some(snapshot);
            return Step::Nothing(None);
        }
        let names = frame.into_names();
        let tail = Tail { snapshot: Some((snapshot.revision, more)), skipped: 0, names };
        out.tally.sent.frames += 1;
        if more {
            self.snapshot = Some(snapshot);
        } else {
            self.revision = snapshot.revision;
            let everything = if backlog.is_empty() { Some(settled) } else { snapshot.covers };
            self.move_to(everything.unwrap_or(0), selected);
        }
        Step::Points(tail)
    }

    fn change_step(
        &mut self,
        backlog: &mut Backlog,
        selected: &mut Selected<'_>,
        view: &mut View<'_>,
        turn: Turn,
        out: &mut Outgoing,
    ) -> Step {
        let settled = view.settled();
        let round = *self.round.get_or_insert(Round { until: backlog.progress().1, settled });
        let mut frame = Gather::new(&mut out.bytes, turn.bounds);
        let (mut unsettled, mut later) = (Vec::new(), Vec::new());
        let (mut complete, mut whole, mut skipped) = (true, true, 0);
        let position = self.position(turn);
        let changes = out.tally.changes();
        for looks in 0.. {
            let Some(next) = selected.next(backlog, turn.now) else { break };
            if looks == LOOKS_A_STEP {
                whole = false;
                break;
            }
            if !selected.may_pass(next, view, self.taken, turn.now) {
                backlog.take();
                continue;
            }
            let offer = selected.offer(view, next.place, position, &mut frame, &mut out.tally);
            match offer {
                Offer::Full => {
                    whole = false;
                    break;
                }
                Offer::Newest(missed) => skipped += missed,
                Offer::Older(missed) => {
                    skipped += missed;
                    unsettled.push(next.place);
                }
                Offer::Gone => unsettled.push(next.place),
                // The rest of a device's reply may stand behind it.
                Offer::Later => later.push(next.place),
                Offer::Removed => {}
            }
            complete &= !matches!(offer, Offer::Gone | Offer::Later);
            selected.take(next, backlog);
        }
        unsettled.iter().chain(&later).for_each(|place| backlog.mark(*place));
        let over = backlog.progress().0 >= round.until;
        if whole || over {
            selected.shut_used();
        }
        if !complete {
            // A change that is settled may be in no frame yet: the position stays.
            self.round = None;
        } else if over {
            self.move_to(round.settled, selected);
            self.round = None;
        }
        selected.wake_for(unsettled.iter(), view);
        if !frame.is_empty() {
            out.tally.frame(changes);
        }
        match frame.kind() {
            _ if frame.is_empty() => {
                frame.abandon();
                // What was not looked at yet is looked at when others had the table.
                Step::Nothing(if whole { selected.due() } else { Some(turn.now) })
            }
            Kind::Points => {
                Step::Points(Tail { snapshot: None, skipped, names: frame.into_names() })
            }
            Kind::Removed => Step::Removed,
        }
    }
}
