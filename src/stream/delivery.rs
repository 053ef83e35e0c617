//! What a connection told its client, and what comes next: snapshot, resume and catching up are one path.
//!
//! `seq` moves only when every mark that stood at some moment has been taken, and then to the number that
//! was settled at that moment; it never moves past a change that is not in a frame. A frame shows its points
//! as they were at one settled number, so none shows half a batch; a newer change stays marked.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::{Points, Tail};
use crate::limits::Limits;
use crate::table::{Backlog, Form, Index, Mailbox, View};

/// What a delivery needs to see of the client's selection.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    pub(super) points: &'a [Index],
    /// The revision in which each point joined.
    pub(super) joined: &'a [u32],
    /// How many changes each point had had when it was last put into a frame; `None` if it never was.
    pub(super) sent: &'a mut [Option<u32>],
    pub(super) revision: u32,
    pub(super) mailbox: &'a Arc<Mailbox>,
}

/// A client's position and what is still on its way to it.
#[derive(Debug)]
pub(super) struct Delivery {
    seq: u64,
    revision: u32,
    announced: u32,
    snapshot: Option<Box<Snapshot>>,
    /// Marks to be taken before `seq` may move, and where it then moves to.
    round: Option<Round>,
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
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A new selection is in force.
    Subscribed { revision: u32, count: usize },
    /// A `points` event was begun; this stands behind its points.
    Points(Tail),
    /// Nothing now; a wake will come.
    Nothing,
    /// There are changes, but they may not be sent yet.
    Held,
}

impl Delivery {
    /// A position as a resume names it, or 0 and 0. `announced` is the revision the client knows of.
    pub(super) fn from(seq: u64, revision: u32, announced: u32) -> Self {
        Self { seq, revision, announced, snapshot: None, round: None }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn revision(&self) -> u32 {
        self.revision
    }

    /// The next thing to send; points are begun behind what `out` holds. `may_change`: whether the interval lets
    /// changes out.
    pub(super) fn step(
        &mut self,
        selected: &mut Selected<'_>,
        view: &mut View<'_>,
        limits: &Limits,
        may_change: bool,
        out: &mut Vec<u8>,
    ) -> Step {
        if self.announced < selected.revision {
            self.begin_snapshot(selected, view);
            return Step::Subscribed { revision: selected.revision, count: selected.points.len() };
        }
        if let Some(snapshot) = self.snapshot.take() {
            return self.snapshot_step(snapshot, selected, view, limits, out);
        }
        let mut backlog = selected.mailbox.backlog();
        if backlog.is_empty() {
            return Step::Nothing;
        }
        if !may_change {
            return Step::Held;
        }
        self.change_step(&mut backlog, selected, view, limits, out)
    }

    /// Proves, if that is so, that nothing is owed: `seq` moves to what is settled.
    pub(super) fn settle_idle(&mut self, selected: &Selected<'_>, view: &View<'_>) {
        let settled = view.settled();
        let idle = self.snapshot.is_none() && self.announced == selected.revision;
        if idle && selected.mailbox.backlog().is_empty() {
            self.seq = self.seq.max(settled);
            self.round = None;
        }
    }

    fn begin_snapshot(&mut self, selected: &Selected<'_>, view: &View<'_>) {
        let queue: VecDeque<u32> = (0..)
            .zip(selected.joined)
            .filter(|(_, joined)| **joined > self.revision)
            .map(|(local, _)| local)
            .collect();
        let covers = (queue.len() == selected.points.len()).then(|| view.settled());
        self.snapshot = Some(Box::new(Snapshot { revision: selected.revision, queue, covers }));
        self.announced = selected.revision;
        self.round = None;
    }

    fn snapshot_step(
        &mut self,
        mut snapshot: Box<Snapshot>,
        selected: &mut Selected<'_>,
        view: &mut View<'_>,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Step {
        let settled = view.settled();
        let mut backlog = selected.mailbox.backlog();
        let mut frame = Points::new(out, limits.frame_points, limits.frame_bytes);
        let (mut gone, mut older) = (Vec::new(), Vec::new());
        while let Some(&local) = snapshot.queue.front() {
            match offer(selected, view, local, None, &mut frame) {
                Offer::Full => break,
                Offer::Newest(_) => backlog.forget(local),
                Offer::Older(_) => older.push(local),
                Offer::Gone => gone.push(local),
            }
            snapshot.queue.pop_front();
        }
        // The writer of the newer change may have placed its mark before the point was selected.
        for local in &older {
            backlog.mark(*local);
        }
        wake_for(&older, selected, view);
        wake_for(&gone, selected, view);
        snapshot.queue.extend(gone);
        let more = !snapshot.queue.is_empty();
        if more && frame.is_empty() {
            frame.abandon();
            self.snapshot = Some(snapshot);
            return Step::Nothing;
        }
        let tail = Tail { snapshot: Some((snapshot.revision, more)), skipped: 0 };
        if more {
            self.snapshot = Some(snapshot);
        } else {
            self.revision = snapshot.revision;
            let everything = if backlog.is_empty() { Some(settled) } else { snapshot.covers };
            self.seq = self.seq.max(everything.unwrap_or(0));
        }
        Step::Points(tail)
    }

    fn change_step(
        &mut self,
        backlog: &mut Backlog,
        selected: &mut Selected<'_>,
        view: &mut View<'_>,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Step {
        let settled = view.settled();
        let round = *self.round.get_or_insert(Round { until: backlog.progress().1, settled });
        let mut frame = Points::new(out, limits.frame_points, limits.frame_bytes);
        let (mut unsettled, mut complete, mut skipped) = (Vec::new(), true, 0);
        while let Some(local) = backlog.peek() {
            match offer(selected, view, local, Some(self.seq), &mut frame) {
                Offer::Full => break,
                Offer::Newest(missed) => skipped += missed,
                Offer::Older(missed) => {
                    skipped += missed;
                    unsettled.push(local);
                }
                Offer::Gone => {
                    unsettled.push(local);
                    complete = false;
                }
            }
            backlog.take();
        }
        for local in &unsettled {
            backlog.mark(*local);
        }
        if !complete {
            // An older change of such a point may be settled and is in no frame: `seq` stays.
            self.round = None;
        } else if backlog.progress().0 >= round.until {
            self.seq = self.seq.max(round.settled);
            self.round = None;
        }
        wake_for(&unsettled, selected, view);
        if frame.is_empty() {
            frame.abandon();
            return Step::Nothing;
        }
        Step::Points(Tail { snapshot: None, skipped })
    }
}

/// What became of a point that was to be put into a frame; with how many of its changes were skipped.
enum Offer {
    /// Its newest change is in the frame, or was in an earlier one.
    Newest(u64),
    /// The same of the change before its newest, which is not settled.
    Older(u64),
    /// Its newest change is not settled and nothing else is left to show.
    Gone,
    /// The frame has no room.
    Full,
}

/// Puts what may be shown of a point into the frame, unless the client has it: by what was `sent`, or because
/// it was `told` everything up to a later number. Without `told` the point goes into the frame in any case.
fn offer(
    selected: &mut Selected<'_>,
    view: &mut View<'_>,
    local: u32,
    told: Option<u64>,
    frame: &mut Points<'_>,
) -> Offer {
    let place = local as usize;
    let (Some(index), Some(sent)) = (selected.points.get(place), selected.sent.get_mut(place))
    else {
        return Offer::Newest(0);
    };
    let Some(mut shown) = view.shown(*index) else { return Offer::Gone };
    let offer = if shown.newest { Offer::Newest } else { Offer::Older };
    if told.is_some_and(|told| shown.seq <= told || *sent == Some(shown.count)) {
        return offer(0);
    }
    if !frame.push(shown.text(Form::Plain)) {
        return Offer::Full;
    }
    let since = sent.replace(shown.count).map_or(1, |before| shown.count.wrapping_sub(before));
    offer(u64::from(since).saturating_sub(1))
}

/// Has the reader woken when the newest change of each of `locals` is settled.
fn wake_for(locals: &[u32], selected: &Selected<'_>, view: &mut View<'_>) {
    let points = locals.iter().filter_map(|local| selected.points.get(*local as usize));
    if let Some(seq) = points.map(|index| view.seq(*index)).max() {
        view.wake_when_settled(seq, selected.mailbox);
    }
}
