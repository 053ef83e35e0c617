//! One client's restraint, driven as a delivery drives it, in small.

mod carried;
mod deadbands;
mod floors;
mod flushes;
mod lanes;

use std::time::Duration;

use pointcast_api::{Reason, UnixMs, Value};
use tokio::time::Instant;

use super::{Judgement, Restraint};
use crate::stream::entry::{Deadband, Wish};
use crate::table::State;

/// The range of every point.
const RANGE: Option<(f64, f64)> = Some((0.0, 200.0));

/// The points of an empty frame.
const NOTHING: [u32; 0] = [];

const PLAIN: Wish = Wish { interval_ms: 0, deadband: None, flush_ms: None };

fn every(interval_ms: u32) -> Wish {
    Wish { interval_ms, ..PLAIN }
}

fn beyond(width: f64) -> Wish {
    Wish { deadband: Some(Deadband::Absolute(width)), ..PLAIN }
}

fn state(value: Option<Value>, reason: Option<Reason>) -> State {
    let doubt = reason.map(|reason| (reason, UnixMs(1)));
    State { value, doubt, time: None, checked: None, seq: 0 }
}

fn good(value: i64) -> State {
    state(Some(Value::I64(value)), None)
}

fn restraint(wishes: &[Wish]) -> Restraint {
    let (mut restraint, numbers) = Restraint::of(wishes.iter().copied()).unwrap();
    numbers.into_iter().for_each(|number| restraint.push(number, RANGE, None));
    restraint
}

/// A client with a point of each wish.
struct Client {
    restraint: Restraint,
    states: Vec<State>,
    now: Instant,
    /// Up to where it was told everything.
    told: u64,
}

impl Client {
    fn new(wishes: &[Wish]) -> Self {
        let states = vec![good(0); wishes.len()];
        Self { restraint: restraint(wishes), states, now: Instant::now(), told: 0 }
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn due_in_ms(&self) -> Option<u128> {
        self.restraint.due().map(|due| due.saturating_duration_since(self.now).as_millis())
    }

    /// Some points become so, and a frame is gathered; its points.
    fn change(&mut self, changes: &[(u32, i64)]) -> Vec<u32> {
        for (place, value) in changes {
            self.states[*place as usize] = good(*value);
        }
        let marks: Vec<u32> = changes.iter().map(|(place, _)| *place).collect();
        self.frame(&marks)
    }

    fn frame(&mut self, marks: &[u32]) -> Vec<u32> {
        self.frame_of(usize::MAX, marks)
    }

    /// A frame that takes at most so many points: what waited and is due, then what is marked.
    fn frame_of(&mut self, most: usize, marks: &[u32]) -> Vec<u32> {
        let mut frame = Vec::new();
        let mut marks = marks.iter().copied();
        let whole = loop {
            let waited = self.restraint.ready(self.now);
            let Some(place) = waited.or_else(|| marks.next()) else { break true };
            if waited.is_none() && !self.restraint.enter(place, self.told, self.now) {
                continue;
            }
            let state = &self.states[place as usize];
            if self.restraint.judge(place, state, self.told, self.now) == Judgement::Send {
                if frame.len() >= most {
                    break false;
                }
                self.restraint.sent(place, state, Some(self.now));
                frame.push(place);
            }
            if waited.is_some() {
                self.restraint.take(place);
            }
        };
        assert!(whole || marks.next().is_none(), "marks that do not fit are no part of this");
        self.restraint.shut_used();
        self.told += 10;
        frame
    }
}
