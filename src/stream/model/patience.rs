//! How long a change may wait for a client: not longer than its entry's wish says, and if it says so not shorter.
//!
//! Whenever a reader says that it has nothing to tell now, each change that was not told must have a reason to wait.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::client::{Client, Scene, Told};
use super::truth::{Change, Was};
use super::wishes::Selection;
use crate::stream::Wish;

#[derive(Default)]
pub(super) struct Patience {
    /// The stream's own interval.
    pace_ms: u32,
    last_changes: Option<Instant>,
    /// By interval.
    lanes: BTreeMap<u32, Lane>,
    /// Points whose newest change lies within a deadband that has a flush.
    held: BTreeMap<usize, Held>,
    /// Intervals whose lanes were surely open when the reader was last asked, if it was free to send.
    asked: Option<BTreeSet<u32>>,
}

struct Lane {
    last: Option<Instant>,
    /// Whether its changes may still be under way since then.
    flowing: bool,
    /// It is open from then on.
    open_at: Instant,
}

struct Held {
    /// Nothing held it back before.
    since: Instant,
    /// It must be told then, if its lane is open.
    until: Option<Instant>,
}

fn after(at: Instant, ms: u32) -> Instant {
    at + Duration::from_millis(ms.into())
}

impl Patience {
    pub(super) fn new(pace_ms: u32) -> Self {
        Self { pace_ms, ..Self::default() }
    }

    /// A connection begins: what an earlier one was sent holds nothing back.
    pub(super) fn begin(&mut self) {
        *self = Self::new(self.pace_ms);
    }

    /// Lanes that nobody has any more, and waits for another wish, are over.
    pub(super) fn edit(&mut self, before: &Selection, after: &Selection) {
        let is_wished =
            |interval: u32| after.asks().iter().any(|a| a.wish().interval_ms == interval);
        self.lanes.retain(|interval, _| is_wished(*interval));
        self.held.retain(|point, _| before.wish_of(*point) == after.wish_of(*point));
    }

    /// A point is told otherwise than in a frame of changes.
    pub(super) fn told(&mut self, point: usize) {
        self.held.remove(&point);
    }

    fn is_paced(&self, now: Instant) -> bool {
        self.last_changes.is_some_and(|at| now < after(at, self.pace_ms))
    }

    /// Checks that a frame comes no sooner than the stream's interval lets it.
    pub(super) fn pace(&mut self, now: Instant) {
        assert!(!self.is_paced(now), "frames follow each other too soon");
        self.last_changes = Some(now);
    }

    /// Checks that nothing in a frame of changes comes too early. With each point goes what it was told before, if
    /// that was on this connection and with this wish.
    pub(super) fn frame(
        &mut self,
        scene: &Scene<'_>,
        rows: &[(usize, Wish, Option<&Told>, &Told)],
    ) {
        let now = scene.now;
        self.pace(now);
        for (point, wish, before, told) in rows {
            let held = self.held.remove(point);
            let lane = self.lanes.entry(wish.interval_ms).or_insert(Lane {
                last: None,
                flowing: false,
                open_at: now,
            });
            // What is still to be told of a point that is gone, or was replaced, need not wait.
            let newest = scene.truth.newest(*point, u64::MAX);
            let stays = newest.is_some_and(|(_, change)| change.index == told.index);
            if stays && scene.there.contains(point) {
                if before.is_some_and(|before| told.was.is_within(*point, *wish, &before.was)) {
                    let flush_ms = wish.flush_ms.expect("it is within its deadband without flush");
                    let since = held.expect("it was seen to be held back").since;
                    assert!(now >= after(since, flush_ms), "p{point} is flushed too early");
                }
                let opens = lane.last.map(|last| after(last, wish.interval_ms));
                let is_open = lane.flowing || opens.is_none_or(|at| now >= at);
                assert!(is_open, "p{point}'s lane is shut");
                lane.last = Some(now);
            }
            lane.flowing = true;
        }
    }
}

/// The reader is about to be asked: from here on, changes may be held back.
pub(super) fn ask(client: &mut Client, scene: &Scene<'_>) {
    for point in late(client, scene) {
        if flush_of(client, point, scene).is_some() {
            let since = scene.now;
            client.patience.held.entry(point).or_insert(Held { since, until: None });
        }
    }
    let Patience { lanes, asked, .. } = &mut client.patience;
    let open = |interval: &u32| {
        lanes.get(interval).is_none_or(|lane| !lane.flowing && scene.now >= lane.open_at)
    };
    *asked = Some([0, 100, 250].into_iter().filter(open).collect());
    if client.patience.is_paced(scene.now) {
        client.patience.asked = None;
    }
}

/// Points whose newest change was not told, and could be.
fn late(client: &Client, scene: &Scene<'_>) -> Vec<usize> {
    let is_late = |point: &usize| {
        let Some((newest, change)) = scene.truth.newest(*point, scene.settled) else {
            return false;
        };
        // What a point was just before it goes need not be told.
        if change.was != Was::Gone && !scene.there.contains(point) {
            return false;
        }
        // What a point was before anybody wanted it is not at hand: its newest change must be settled first.
        let mut to_be = scene.truth.changes(*point, newest + 1, u64::MAX);
        let at_hand = to_be.clone().next().is_none();
        // That it was removed is not told if it came again meanwhile, even if it is about to go again.
        let came = |later: &Change| later.was == Was::Gone || scene.there.contains(point);
        let again = to_be.any(|later| later.index != change.index && came(later));
        match client.known.points.get(point) {
            Some(told) if told.index == change.index && !again => told.at < newest,
            Some(told) => told.at < newest && at_hand,
            None => change.was != Was::Gone && at_hand,
        }
    };
    client.latest().1.points().into_iter().filter(is_late).collect()
}

/// Whether a deadband holds a point's newest change back, and for how long if not for ever.
fn flush_of(client: &Client, point: usize, scene: &Scene<'_>) -> Option<Option<u32>> {
    let told = client.known.points.get(&point)?;
    let (_, change) = scene.truth.newest(point, scene.settled)?;
    let wish = client.latest().1.wish_of(point)?;
    let same = told.connection == client.connection && told.index == change.index;
    (same && change.was.is_within(point, wish, &told.was)).then_some(wish.flush_ms)
}

/// The reader has nothing to tell now: checks that nothing comes too late.
pub(super) fn check_idle(client: &mut Client, scene: &Scene<'_>) {
    let (revision, _) = client.latest();
    if client.known.whole != revision || client.patience.is_paced(scene.now) {
        return;
    }
    let mut asked = client.patience.asked.take();
    for (interval, lane) in client.patience.lanes.iter_mut().filter(|(_, lane)| lane.flowing) {
        (lane.flowing, lane.open_at) = (false, after(scene.now, *interval));
        if *interval > 0 && !client.one_frame {
            // One frame may have shut it before the next came to what is to be flushed, which then waits for it first.
            asked.iter_mut().for_each(|open| open.retain(|other| other != interval));
        }
    }
    let late = late(client, scene);
    client.patience.held.retain(|point, _| late.contains(point));
    for point in late {
        let wish = client.latest().1.wish_of(point).unwrap();
        let lane = client.patience.lanes.get(&wish.interval_ms);
        let is_shut = wish.interval_ms > 0 && lane.is_some_and(|lane| scene.now < lane.open_at);
        let waits = match flush_of(client, point, scene) {
            None => false,
            Some(None) => true,
            Some(Some(flush_ms)) => {
                let held = client.patience.held.get_mut(&point).expect("noted when it was asked");
                if asked.as_ref().is_some_and(|open| open.contains(&wish.interval_ms)) {
                    held.until.get_or_insert(after(scene.now, flush_ms));
                }
                held.until.is_none_or(|until| scene.now < until)
            }
        };
        assert!(waits || is_shut, "nothing holds p{point} back, and it is not told");
    }
}
