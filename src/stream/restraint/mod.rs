//! What intervals and deadbands hold back of one client's changes, and for how long. Pure: time is handed in.
//!
//! - A *lane* serves all entries with the same interval: it is shut for that long after a frame with any of its
//!   points, and what comes meanwhile waits in it. So changes of one device reply stay together.
//! - A change within the deadband of what was last sent waits for its entry's flush, or is passed over if there is
//!   none.
//! - Whatever waits has a *floor*: a number up to which the client was told everything. The stream's position never
//!   passes the lowest of them, so a client that comes back is told what waited.
//!
//! Places are those of the client's selection. Points of entries that hold nothing back cost nothing here but a row,
//! and none costs more for how many others wait, or how many different wishes there are.

mod lanes;
mod number;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

pub(super) use self::rules::RuleNumber;

use self::lanes::{LaneNumber, Lanes};
use self::number::Last;
use self::rules::{Rule, rules_of};
use super::entry::Wish;
use crate::table::{State, make_room};

#[derive(Debug, Default)]
pub(super) struct Restraint {
    rules: Vec<Rule>,
    /// By entry, for points that come later.
    by_entry: Box<[RuleNumber]>,
    lanes: Lanes,
    rows: Vec<Row>,
    /// Places that wait for a flush, by when it is due.
    flushes: BTreeSet<(Instant, u32)>,
    /// The floor of each place that waits, and how many share it.
    floors: BTreeMap<u64, u32>,
}

#[derive(Debug, Clone, Default)]
struct Row {
    /// How far a number may move before it is sent again.
    width: Option<f64>,
    last: Option<Last>,
    floor: Option<u64>,
    /// While the place waits for a flush: when that is due.
    flush_at: Option<Instant>,
    rule: RuleNumber,
    in_lane: bool,
}

/// What is to become of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Send,
    /// It waits for its flush.
    Wait,
    /// It is within its deadband, for good.
    PassOver,
}

impl Restraint {
    /// The rules of an entry of each wish, and each entry's number among them. `None` if no entry holds anything
    /// back.
    pub(super) fn of(wishes: impl Iterator<Item = Wish>) -> Option<(Self, Vec<RuleNumber>)> {
        let (rules, lanes, numbers) = rules_of(wishes);
        let restraint = Self { rules, lanes, ..Self::default() };
        (!restraint.rules.is_empty()).then_some((restraint, numbers))
    }

    /// Lets gates that stay shut in `before` stay shut here. To be called before anything is pushed.
    pub(super) fn keep_gates_of(&mut self, before: &Self) {
        self.lanes.keep_gates_of(&before.lanes);
    }

    /// Makes room for so many places.
    pub(super) fn reserve(&mut self, places: usize) {
        self.rows.reserve_exact(places);
    }

    /// Adds the next place of the selection. `before`: what an earlier restraint knew of the same point. What
    /// waited there is to be looked at again; but a flush keeps its time, or a client that edits its selection now
    /// and then would never see one.
    pub(super) fn push(
        &mut self,
        rule: RuleNumber,
        range: Option<(f64, f64)>,
        before: Option<(&Self, u32)>,
    ) {
        let Ok(place) = u32::try_from(self.rows.len()) else { return };
        let known = before.and_then(|(before, place)| before.row(place));
        let known = known.cloned().unwrap_or_default();
        let width = self.width(rule, range);
        make_room(&mut self.rows);
        self.rows.push(Row { rule, width, last: known.last, ..Row::default() });
        let flushes = self.rule(rule).is_some_and(|rule| rule.flush_ms().is_some());
        if let Some((at, floor)) = known.flush_at.zip(known.floor).filter(|_| flushes) {
            self.hold(place, floor);
            self.wait_for_flush(place, at);
        }
    }

    /// Gives a place to another point, of which nothing was sent. If something of its predecessor's was waiting there
    /// that was not told, the floor stays until the new point is looked at.
    pub(super) fn renew(&mut self, place: u32, rule: RuleNumber, range: Option<(f64, f64)>) {
        self.end_flush(place);
        let (lane, width) = (self.lane_of(place), self.width(rule, range));
        let Some(row) = self.rows.get_mut(place as usize) else { return };
        (row.rule, row.width, row.last) = (rule, width, None);
        let was_in_lane = row.in_lane;
        if was_in_lane && lane != self.lane_of(place) {
            lane.into_iter().for_each(|lane| self.lanes.leave(lane, place));
            self.rows.get_mut(place as usize).into_iter().for_each(|row| row.in_lane = false);
        }
    }

    fn width(&self, rule: RuleNumber, range: Option<(f64, f64)>) -> Option<f64> {
        self.rule(rule)?.wish.deadband?.width(range)
    }

    /// Has the rules of points that come later known by their entries.
    pub(super) fn know_entries(&mut self, rules: impl Iterator<Item = RuleNumber>) {
        self.by_entry = rules.collect();
    }

    pub(super) fn rule_of_entry(&self, entry: usize) -> RuleNumber {
        self.by_entry.get(entry).copied().unwrap_or(0)
    }

    fn rule(&self, number: RuleNumber) -> Option<&Rule> {
        self.rules.get((number as usize).checked_sub(1)?)
    }

    fn row(&self, place: u32) -> Option<&Row> {
        self.rows.get(place as usize)
    }

    /// Forgets all that was sent and waits, for a connection that begins anew.
    pub(super) fn reset(&mut self) {
        for row in &mut self.rows {
            *row = Row { rule: row.rule, width: row.width, ..Row::default() };
        }
        self.lanes.reset();
        self.flushes.clear();
        self.floors.clear();
    }

    /// The lowest floor of what waits: the client's position may not pass it. `None`: nothing waits.
    pub(super) fn floor(&self) -> Option<u64> {
        self.floors.first_key_value().map(|(floor, _)| *floor)
    }

    /// Whether the place waits for a gate or a flush.
    pub(super) fn is_waiting(&self, place: u32) -> bool {
        self.row(place).is_some_and(|row| row.floor.is_some())
    }

    /// When something that waits is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let flush = self.flushes.first().map(|(at, _)| *at);
        self.lanes.due().into_iter().chain(flush).min()
    }

    /// A change of a place has come: true if it may be looked at now, false if its lane is shut and it waits. `told`
    /// is the number up to which the client was told everything.
    pub(super) fn enter(&mut self, place: u32, told: u64, now: Instant) -> bool {
        let Some(lane) = self.lane_of(place) else { return true };
        if self.lanes.is_open(lane, now) {
            return true;
        }
        self.hold(place, told);
        self.wait_in_lane(place, lane);
        false
    }

    fn lane_of(&self, place: u32) -> Option<LaneNumber> {
        self.rule(self.row(place)?.rule)?.lane
    }

    fn wait_in_lane(&mut self, place: u32, lane: LaneNumber) {
        let Some(row) = self.rows.get_mut(place as usize) else { return };
        if !std::mem::replace(&mut row.in_lane, true) {
            self.lanes.wait(lane, place);
        }
    }

    fn hold(&mut self, place: u32, told: u64) {
        if let Some(row) = self.rows.get_mut(place as usize).filter(|row| row.floor.is_none()) {
            row.floor = Some(told);
            *self.floors.entry(told).or_insert(0) += 1;
        }
    }

    fn release(&mut self, place: u32) {
        let Some(row) = self.rows.get_mut(place as usize) else { return };
        let Some(floor) = row.floor.take() else { return };
        if let Some(count) = self.floors.get_mut(&floor) {
            *count -= 1;
            if *count == 0 {
                self.floors.remove(&floor);
            }
        }
    }

    fn wait_for_flush(&mut self, place: u32, at: Instant) {
        self.end_flush(place);
        if let Some(row) = self.rows.get_mut(place as usize) {
            row.flush_at = Some(at);
            self.flushes.insert((at, place));
        }
    }

    fn end_flush(&mut self, place: u32) {
        let at = self.rows.get_mut(place as usize).and_then(|row| row.flush_at.take());
        if let Some(at) = at {
            self.flushes.remove(&(at, place));
        }
    }

    /// A place that waits for what is open or due now, without taking it. What is due while its lane is shut goes on
    /// waiting there.
    pub(super) fn ready(&mut self, now: Instant) -> Option<u32> {
        let flush = self.due_flush(now);
        self.lanes.ready(now).or(flush)
    }

    /// The place whose flush is due now and whose lane is open: it is sent next, whatever its deadband says.
    fn due_flush(&mut self, now: Instant) -> Option<u32> {
        while let Some((_, place)) = self.flushes.first().filter(|(at, _)| *at <= now).copied() {
            if let Some(row) = self.rows.get_mut(place as usize) {
                row.last = None;
            }
            let shut = self.lane_of(place).filter(|lane| !self.lanes.is_open(*lane, now));
            let Some(lane) = shut else { return Some(place) };
            self.end_flush(place);
            self.wait_in_lane(place, lane);
        }
        None
    }

    /// Takes the place that [`ready`](Self::ready) showed from where it waited. Its floor stays until
    /// [`judge`](Self::judge) or [`told`](Self::told) decides.
    pub(super) fn take(&mut self, place: u32) {
        let lane = self.lane_of(place);
        let Some(row) = self.rows.get_mut(place as usize) else { return };
        match lane.filter(|_| std::mem::take(&mut row.in_lane)) {
            Some(lane) => self.lanes.take(lane),
            None => self.end_flush(place),
        }
    }

    /// Holds a change against the deadband. `told` as for [`enter`](Self::enter).
    pub(super) fn judge(
        &mut self,
        place: u32,
        state: &State,
        told: u64,
        now: Instant,
    ) -> Judgement {
        let Some(row) = self.row(place) else { return Judgement::Send };
        let (before, newest) = (row.flush_at, Last::of(state));
        let within = row.width.zip(row.last).zip(newest);
        if !within.is_some_and(|((width, last), newest)| newest.is_near(last, width)) {
            return Judgement::Send;
        }
        if let Some(flush_ms) = self.rule(row.rule).and_then(Rule::flush_ms) {
            let at = now + Duration::from_millis(flush_ms.into());
            self.hold(place, told);
            self.wait_for_flush(place, before.map_or(at, |before| before.min(at)));
            return Judgement::Wait;
        }
        self.told(place);
        Judgement::PassOver
    }

    /// The place's state is in a frame: nothing older of it waits. `shut_at`: its lane is to be shut after that frame,
    /// which is of this time; `None` for a snapshot, which shuts no lane.
    pub(super) fn sent(&mut self, place: u32, state: &State, shut_at: Option<Instant>) {
        self.told(place);
        if let Some(row) = self.rows.get_mut(place as usize) {
            row.last = Last::of(state);
        }
        if let Some((lane, at)) = self.lane_of(place).zip(shut_at) {
            self.lanes.note_use(lane, at);
        }
    }

    /// The client knows the place's state already, or need not: nothing of it waits.
    pub(super) fn told(&mut self, place: u32) {
        self.end_flush(place);
        self.release(place);
    }

    /// Shuts the lanes whose points were sent since they opened, unless more of theirs is still to be sent at once.
    pub(super) fn shut_used(&mut self) {
        self.lanes.shut_used();
    }
}
