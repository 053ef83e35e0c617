//! Lanes: one for all entries with the same interval, shut for that long after a frame with any of its points. Pure.
//!
//! Finding the next lane that opens takes a few steps, however many there are.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// A lane's place among all of a client's.
pub(super) type LaneNumber = usize;

#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Those in which places wait, by when they open.
    awaited: BTreeSet<(Instant, LaneNumber)>,
    /// Those of whose points some were sent since they opened, each once.
    used: Vec<LaneNumber>,
}

#[derive(Debug)]
struct Lane {
    interval_ms: u32,
    open_at: Option<Instant>,
    /// Places that wait for it to open, each once. None waits in a lane that was never shut.
    waiting: VecDeque<u32>,
    /// Of when the last frame is that took some of its points since it opened.
    used_at: Option<Instant>,
}

impl Lane {
    /// Shuts it if it was used, for its interval from then on.
    fn shut(&mut self) {
        if let Some(at) = self.used_at.take() {
            self.open_at = Some(at + Duration::from_millis(self.interval_ms.into()));
        }
    }
}

impl Lanes {
    pub(super) fn add(&mut self, interval_ms: u32) -> LaneNumber {
        let waiting = VecDeque::new();
        self.lanes.push(Lane { interval_ms, open_at: None, waiting, used_at: None });
        self.lanes.len() - 1
    }

    /// Lets gates that are shut in `before`, or about to be, be so here. To be called before anything waits.
    pub(super) fn keep_gates_of(&mut self, before: &Self) {
        let known: HashMap<u32, &Lane> =
            before.lanes.iter().map(|lane| (lane.interval_ms, lane)).collect();
        for lane in &mut self.lanes {
            let Some(same) = known.get(&lane.interval_ms) else { continue };
            (lane.open_at, lane.used_at) = (same.open_at, same.used_at);
            lane.shut();
        }
    }

    /// Opens all, with nothing waiting.
    pub(super) fn reset(&mut self) {
        for lane in &mut self.lanes {
            (lane.open_at, lane.used_at) = (None, None);
            lane.waiting.clear();
        }
        self.awaited.clear();
        self.used.clear();
    }

    pub(super) fn is_open(&self, lane: LaneNumber, now: Instant) -> bool {
        self.lanes.get(lane).and_then(|lane| lane.open_at).is_none_or(|at| at <= now)
    }

    /// Puts a place that is not in it yet at the end of a lane that is shut.
    pub(super) fn wait(&mut self, number: LaneNumber, place: u32) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        lane.waiting.push_back(place);
        if let Some(at) = lane.open_at {
            self.awaited.insert((at, number));
        }
    }

    /// The place that waits first in a lane that is open now.
    pub(super) fn ready(&self, now: Instant) -> Option<u32> {
        let (_, lane) = self.awaited.first().filter(|(at, _)| *at <= now)?;
        self.lanes.get(*lane)?.waiting.front().copied()
    }

    /// Takes the place that [`ready`](Self::ready) showed out of its lane.
    pub(super) fn take(&mut self, number: LaneNumber) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        lane.waiting.pop_front();
        if let Some(at) = lane.open_at.filter(|_| lane.waiting.is_empty()) {
            self.awaited.remove(&(at, number));
        }
    }

    /// Takes a place out of its lane, wherever it stands there.
    pub(super) fn leave(&mut self, number: LaneNumber, place: u32) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        lane.waiting.retain(|waiting| *waiting != place);
        if let Some(at) = lane.open_at.filter(|_| lane.waiting.is_empty()) {
            self.awaited.remove(&(at, number));
        }
    }

    /// One of the lane's points is in a frame of this time.
    pub(super) fn note_use(&mut self, number: LaneNumber, at: Instant) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        if lane.used_at.replace(at).is_none() {
            self.used.push(number);
        }
    }

    /// Shuts the lanes that were used, but those in which places still wait that may be sent at once.
    pub(super) fn shut_used(&mut self) {
        let Self { lanes, used, .. } = self;
        used.retain(|number| {
            let Some(lane) = lanes.get_mut(*number) else { return false };
            if lane.waiting.is_empty() {
                lane.shut();
            }
            lane.used_at.is_some()
        });
    }

    /// When the next lane opens in which something waits.
    pub(super) fn due(&self) -> Option<Instant> {
        self.awaited.first().map(|(at, _)| *at)
    }
}
