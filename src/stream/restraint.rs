//! What intervals and deadbands hold back of one client's changes, and for how long. Pure: time is handed in.
//!
//! - A *lane* serves all entries with the same interval: it is shut for that long after a frame with any of its
//!   points, and what comes meanwhile waits in it. So changes of one device reply stay together.
//! - A change within the deadband of what was last sent waits for its entry's flush, or is passed over if there is
//!   none.
//! - Whatever waits has a *floor*: a number up to which the client was told everything. The stream's position never
//!   passes the lowest of them, so a client that comes back is told what waited.
//!
//! Places are those of the client's selection. Points of entries that hold nothing back cost nothing here but a row.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pointcast_api::{Reason, Value};
use tokio::time::Instant;

use super::entry::{Deadband, Entry, Wish};
use crate::table::State;

/// A rule's number; 0 holds nothing back.
pub(super) type RuleNumber = u16;

#[derive(Debug, Default)]
pub(super) struct Restraint {
    rules: Vec<Rule>,
    lanes: Vec<Lane>,
    flushes: Vec<Flush>,
    rows: Vec<Row>,
    /// The floor of each place that waits, and how many share it.
    floors: BTreeMap<u64, u32>,
    tickets: u32,
}

#[derive(Debug)]
struct Rule {
    wish: Wish,
    lane: Option<usize>,
    flush: Option<usize>,
}

#[derive(Debug)]
struct Lane {
    interval_ms: u32,
    open_at: Option<Instant>,
    /// Places that wait for it to open, each once.
    waiting: VecDeque<u32>,
    /// Whether a frame has taken some of its points since it last opened.
    used: bool,
}

#[derive(Debug)]
struct Flush {
    flush_ms: u32,
    /// In the order of their deadlines. A place whose ticket is another by now waits no more, or again.
    waiting: VecDeque<Due>,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    place: u32,
    ticket: u32,
    at: Instant,
}

#[derive(Debug, Clone, Default)]
struct Row {
    rule: RuleNumber,
    /// How far a number may move before it is sent again.
    width: Option<f64>,
    last: Option<Last>,
    floor: Option<u64>,
    /// Not 0 while the place waits for a flush.
    ticket: u32,
    in_lane: bool,
}

/// What was last sent of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Last {
    number: Number,
    reason: Option<Reason>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

/// What is to become of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Send,
    /// It waits, or is passed over for good.
    HoldBack,
}

impl Restraint {
    /// The rules of `entries`, and each entry's number among them. `None` if no entry holds anything back.
    pub(super) fn of(entries: &[Entry]) -> Option<(Self, Vec<RuleNumber>)> {
        let mut restraint = Self::default();
        let numbers = entries.iter().map(|entry| restraint.number_of(entry.wish)).collect();
        (!restraint.rules.is_empty()).then_some((restraint, numbers))
    }

    fn number_of(&mut self, wish: Wish) -> RuleNumber {
        if wish.is_plain() {
            return 0;
        }
        if !self.rules.iter().any(|rule| rule.wish == wish) {
            let lane = (wish.interval_ms > 0).then(|| self.lane(wish.interval_ms));
            let flush = wish.deadband.and(wish.flush_ms).map(|flush_ms| self.flush(flush_ms));
            self.rules.push(Rule { wish, lane, flush });
        }
        let place = self.rules.iter().position(|rule| rule.wish == wish);
        // There are never more rules than entries, and those are few enough.
        place.and_then(|place| RuleNumber::try_from(place + 1).ok()).unwrap_or(0)
    }

    fn lane(&mut self, interval_ms: u32) -> usize {
        let known = self.lanes.iter().position(|lane| lane.interval_ms == interval_ms);
        known.unwrap_or_else(|| {
            let waiting = VecDeque::new();
            self.lanes.push(Lane { interval_ms, open_at: None, waiting, used: false });
            self.lanes.len() - 1
        })
    }

    fn flush(&mut self, flush_ms: u32) -> usize {
        let known = self.flushes.iter().position(|flush| flush.flush_ms == flush_ms);
        known.unwrap_or_else(|| {
            self.flushes.push(Flush { flush_ms, waiting: VecDeque::new() });
            self.flushes.len() - 1
        })
    }

    /// Adds the next place of the selection. `before`: what an earlier restraint knew of the same point.
    pub(super) fn push(
        &mut self,
        rule: RuleNumber,
        range: Option<(f64, f64)>,
        before: Option<(&Self, u32)>,
    ) {
        let last = before.and_then(|(before, place)| before.row(place)?.last);
        let deadband = self.rule(rule).and_then(|rule| rule.wish.deadband);
        let width = deadband.and_then(|deadband: Deadband| deadband.width(range));
        self.rows.push(Row { rule, width, last, ..Row::default() });
    }

    /// Lets gates that stay shut in `before` stay shut here.
    pub(super) fn keep_gates_of(&mut self, before: &Self) {
        for lane in &mut self.lanes {
            let same = before.lanes.iter().find(|known| known.interval_ms == lane.interval_ms);
            lane.open_at = same.and_then(|known| known.open_at);
        }
    }

    pub(super) fn rule_of(&self, place: u32) -> RuleNumber {
        self.row(place).map_or(0, |row| row.rule)
    }

    fn rule(&self, number: RuleNumber) -> Option<&Rule> {
        self.rules.get(usize::from(number).checked_sub(1)?)
    }

    fn row(&self, place: u32) -> Option<&Row> {
        self.rows.get(place as usize)
    }

    /// Forgets all that was sent and waits, for a connection that begins anew.
    pub(super) fn reset(&mut self) {
        for row in &mut self.rows {
            *row = Row { rule: row.rule, width: row.width, ..Row::default() };
        }
        for lane in &mut self.lanes {
            (lane.open_at, lane.used) = (None, false);
            lane.waiting.clear();
        }
        self.flushes.iter_mut().for_each(|flush| flush.waiting.clear());
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

    /// When something that waits is due; it may turn out to have been sent meanwhile.
    pub(super) fn due(&self) -> Option<Instant> {
        let lanes = self.lanes.iter().filter(|lane| !lane.waiting.is_empty());
        let gates = lanes.filter_map(|lane| lane.open_at);
        let flushes = self.flushes.iter().filter_map(|flush| flush.waiting.front());
        gates.chain(flushes.map(|due| due.at)).min()
    }

    /// A change of a place has come: true if it may be looked at now, false if its lane is shut and it waits. `told`
    /// is the number up to which the client was told everything.
    pub(super) fn enter(&mut self, place: u32, told: u64, now: Instant) -> bool {
        let Some(lane) = self.lane_of(place) else { return true };
        if self.is_open(lane, now) {
            return true;
        }
        self.wait_in_lane(lane, place, told);
        false
    }

    fn lane_of(&self, place: u32) -> Option<usize> {
        self.rule(self.row(place)?.rule)?.lane
    }

    fn is_open(&self, lane: usize, now: Instant) -> bool {
        self.lanes.get(lane).and_then(|lane| lane.open_at).is_none_or(|at| at <= now)
    }

    fn wait_in_lane(&mut self, lane: usize, place: u32, told: u64) {
        self.hold(place, told);
        let (Some(lane), Some(row)) = (self.lanes.get_mut(lane), self.rows.get_mut(place as usize))
        else {
            return;
        };
        if !std::mem::replace(&mut row.in_lane, true) {
            lane.waiting.push_back(place);
        }
    }

    fn hold(&mut self, place: u32, told: u64) {
        if let Some(row) = self.rows.get_mut(place as usize).filter(|row| row.floor.is_none()) {
            row.floor = Some(told);
            *self.floors.entry(told).or_insert(0) += 1;
        }
    }

    /// The place that has waited longest for what is open or due now, without taking it. What is due while its
    /// lane is shut goes on waiting there.
    pub(super) fn ready(&mut self, now: Instant) -> Option<u32> {
        self.let_flushes_enter(now);
        let open = self.lanes.iter().filter(|lane| lane.open_at.is_none_or(|at| at <= now));
        open.filter_map(|lane| lane.waiting.front()).copied().next().or_else(|| {
            let front = self.flushes.iter().filter_map(|flush| flush.waiting.front());
            front.filter(|due| due.at <= now).map(|due| due.place).next()
        })
    }

    /// Drops what waits no more from the front of each flush; what is due is past its deadband, and stands at the
    /// front only if nothing else holds it back.
    fn let_flushes_enter(&mut self, now: Instant) {
        for flush in 0..self.flushes.len() {
            while let Some(due) = self.flushes.get(flush).and_then(|f| f.waiting.front().copied()) {
                let Some(row) = self.rows.get_mut(due.place as usize) else { break };
                if row.ticket == due.ticket {
                    if due.at > now {
                        break;
                    }
                    row.last = None;
                    let Some(lane) = self.lane_of(due.place).filter(|at| !self.is_open(*at, now))
                    else {
                        break;
                    };
                    self.wait_in_lane(lane, due.place, 0);
                    if let Some(row) = self.rows.get_mut(due.place as usize) {
                        row.ticket = 0;
                    }
                }
                if let Some(flush) = self.flushes.get_mut(flush) {
                    flush.waiting.pop_front();
                }
            }
        }
    }

    /// Takes the place that [`ready`](Self::ready) showed from where it stands in line. Its floor stays until
    /// [`judge`](Self::judge) or [`told`](Self::told).
    pub(super) fn take(&mut self, place: u32) {
        for lane in &mut self.lanes {
            if lane.waiting.front() == Some(&place) {
                lane.waiting.pop_front();
                if let Some(row) = self.rows.get_mut(place as usize) {
                    row.in_lane = false;
                }
                return;
            }
        }
        for flush in &mut self.flushes {
            if flush.waiting.front().is_some_and(|due| due.place == place) {
                flush.waiting.pop_front();
                if let Some(row) = self.rows.get_mut(place as usize) {
                    row.ticket = 0;
                }
                return;
            }
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
        let within = row.width.zip(row.last).is_some_and(|(width, last)| {
            let reason = state.doubt.map(|(reason, _)| reason);
            let number = state.value.as_ref().and_then(Number::of);
            last.reason == reason
                && number.is_some_and(|number| number.is_within(width, last.number))
        });
        if !within {
            return Judgement::Send;
        }
        match self.rule(row.rule).and_then(|rule| rule.flush) {
            Some(flush) if row.ticket == 0 => self.wait_for_flush(flush, place, told, now),
            Some(_) => {}
            None => self.release(place),
        }
        Judgement::HoldBack
    }

    fn wait_for_flush(&mut self, flush: usize, place: u32, told: u64, now: Instant) {
        self.hold(place, told);
        self.tickets = self.tickets.wrapping_add(1).max(1);
        let ticket = self.tickets;
        let (Some(flush), Some(row)) =
            (self.flushes.get_mut(flush), self.rows.get_mut(place as usize))
        else {
            return;
        };
        row.ticket = ticket;
        let at = now + Duration::from_millis(flush.flush_ms.into());
        flush.waiting.push_back(Due { place, ticket, at });
    }

    /// The place's newest state is in a frame: nothing of it waits. `changes`: in one that its lane is to be shut
    /// after, as a snapshot is not.
    pub(super) fn sent(&mut self, place: u32, state: &State, changes: bool) {
        self.told(place);
        let reason = state.doubt.map(|(reason, _)| reason);
        let number = state.value.as_ref().and_then(Number::of);
        if let Some(row) = self.rows.get_mut(place as usize) {
            row.last = number.map(|number| Last { number, reason });
        }
        if let Some(lane) = self.lane_of(place).and_then(|lane| self.lanes.get_mut(lane)) {
            lane.used |= changes;
        }
    }

    /// The client knows the place's newest state already: nothing of it waits.
    pub(super) fn told(&mut self, place: u32) {
        if let Some(row) = self.rows.get_mut(place as usize) {
            row.ticket = 0;
        }
        self.release(place);
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

    /// Shuts the lanes whose points were sent since they opened, unless more of theirs is still to be sent at once.
    pub(super) fn shut_used(&mut self, now: Instant) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.used) {
            let is_open = lane.open_at.is_none_or(|at| at <= now);
            if !is_open || lane.waiting.is_empty() {
                lane.used = false;
                lane.open_at = Some(now + Duration::from_millis(lane.interval_ms.into()));
            }
        }
    }
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::I64(number) => Some(Self::Whole((*number).into())),
            Value::U64(number) => Some(Self::Whole((*number).into())),
            Value::F32(number) => Some(Self::Real(number.get().into())),
            Value::F64(number) => Some(Self::Real(number.get())),
            Value::Bool(_) | Value::Text(_) => None,
        }
    }

    fn is_within(self, width: f64, other: Self) -> bool {
        match (self, other) {
            // The distance is exact; only then is it made a real number.
            (Self::Whole(a), Self::Whole(b)) => real(a - b).abs() <= width,
            _ => (self.real() - other.real()).abs() <= width,
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(number) => real(number),
            Self::Real(number) => number,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a deadband is a real number itself")]
fn real(number: i128) -> f64 {
    number as f64
}
