//! Writes that wait: each device's in their order, and which is next. Pure: sends nothing, and asks the clock
//! only through the commands' deadlines.
//!
//! A device has one write under way at a time, its read-back included. Between devices the oldest goes first,
//! and what is to be sent goes before what is to be read back.

use pointcast_api::{Command, DeviceIndex, Outcome, Refused, Verdict};
use tokio::time::Instant;

use crate::encode::Encoded;

/// Most writes that wait for one device: at a tenth of a second each, more would wait past most deadlines.
pub(crate) const WRITES_PER_DEVICE: usize = 16;

/// After so many frames for writes in a row a read that is due goes first, so that writing never starves
/// reading.
pub(crate) const WRITES_BEFORE_A_READ: u32 = 8;

/// A write that was not sent.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) command: Command,
    /// `None` where its scale stands in a register, which is read first.
    pub(super) encoded: Option<Encoded>,
    arrival: u64,
}

/// A write that was sent, and whose effect is to be read.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) command: Command,
    pub(super) encoded: Encoded,
    pub(super) taken: Taken,
    /// Read-backs that are still to be tried.
    pub(super) tries: u32,
    arrival: u64,
}

/// What the device said to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// That it took it.
    Yes,
    /// That it will take a while (exception 05).
    InTime,
    /// Nothing.
    Unanswered,
}

impl Sent {
    /// Answers that it could not be read back.
    pub(super) fn unseen(self) {
        let verdict = match self.taken {
            Taken::Yes | Taken::InTime => Verdict::Unverified,
            Taken::Unanswered => Verdict::Unknown,
        };
        self.command.answer(Outcome { verdict, value: None });
    }
}

/// What to do for writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Write(DeviceIndex),
    ReadBack(DeviceIndex),
}

/// The writes of all devices of a channel.
#[derive(Debug)]
pub(crate) struct Queue {
    /// By device.
    lanes: Vec<Lane>,
    arrivals: u64,
    in_a_row: u32,
}

#[derive(Debug, Default)]
struct Lane {
    /// Oldest first; never more than [`WRITES_PER_DEVICE`] and the one that was put back.
    waiting: Vec<Pending>,
    sent: Option<Sent>,
}

impl Lane {
    /// What is next here, and when it arrived; a read-back behind every write.
    fn step(&self, device: DeviceIndex) -> Option<(Step, u64)> {
        match (&self.sent, self.waiting.first()) {
            (Some(sent), _) => Some((Step::ReadBack(device), sent.arrival)),
            (None, Some(pending)) => Some((Step::Write(device), pending.arrival)),
            (None, None) => None,
        }
    }
}

impl Queue {
    pub(crate) fn new(devices: usize) -> Self {
        Self { lanes: (0..devices).map(|_| Lane::default()).collect(), arrivals: 0, in_a_row: 0 }
    }

    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.waiting.is_empty() && lane.sent.is_none())
    }

    /// Takes in a write, the last of its device; answers those whose place it takes, or the write itself.
    pub(super) fn push(
        &mut self,
        device: DeviceIndex,
        command: Command,
        encoded: Option<Encoded>,
        coalesce: bool,
    ) {
        let Some(lane) = self.lanes.get_mut(device.at()) else {
            return command.refuse(Refused::NotWritable);
        };
        if coalesce {
            let overtaken = |pending: &mut Pending| pending.command.point() == command.point();
            for pending in lane.waiting.extract_if(.., overtaken) {
                pending.command.refuse(Refused::Superseded);
            }
        }
        if lane.waiting.len() >= WRITES_PER_DEVICE {
            return command.refuse(Refused::Full);
        }
        let arrival = self.arrivals;
        self.arrivals += 1;
        lane.waiting.push(Pending { command, encoded, arrival });
    }

    /// Answers everything that nobody wants sent any more.
    pub(super) fn expire(&mut self) {
        for lane in &mut self.lanes {
            for pending in lane.waiting.extract_if(.., |pending| pending.command.is_over()) {
                pending.command.refuse(Refused::Expired);
            }
        }
    }

    /// Answers everything unsent of a device with `why`.
    pub(super) fn refuse(&mut self, device: DeviceIndex, why: &Refused) {
        let Some(lane) = self.lanes.get_mut(device.at()) else { return };
        for pending in lane.waiting.drain(..) {
            pending.command.refuse(why.clone());
        }
    }

    /// What is next at `now`, when no device may be asked before its gate; or when to look again.
    ///
    /// `reads_due`: whether a read could go now.
    pub(super) fn next(
        &self,
        now: Instant,
        reads_due: bool,
        gate: impl Fn(DeviceIndex) -> Option<Instant>,
    ) -> Result<Step, Option<Instant>> {
        if reads_due && self.owes_a_read() {
            return Err(None);
        }
        let mut best: Option<(bool, u64, Step)> = None;
        let mut look_again: Option<Instant> = None;
        let mut earliest = |at: Instant| {
            look_again = Some(look_again.map_or(at, |earlier| earlier.min(at)));
        };
        for (device, lane) in (0..).map(DeviceIndex).zip(&self.lanes) {
            let Some((step, arrival)) = lane.step(device) else { continue };
            // Whoever waits past its deadline is told so at the deadline.
            lane.waiting.iter().for_each(|pending| earliest(pending.command.deadline()));
            match gate(device).filter(|gate| *gate > now) {
                Some(gate) => earliest(gate),
                None => {
                    let candidate = (matches!(step, Step::ReadBack(_)), arrival, step);
                    best = Some(best.map_or(candidate, |best| best.min(candidate)));
                }
            }
        }
        best.map(|(_, _, step)| step).ok_or(look_again)
    }

    /// Takes out the oldest write of a device that has none under way.
    pub(super) fn take(&mut self, device: DeviceIndex) -> Option<Pending> {
        let waiting = &mut self.lanes.get_mut(device.at())?.waiting;
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }

    /// Puts one back that could not be sent yet, as the oldest.
    pub(super) fn put_back(&mut self, device: DeviceIndex, pending: Pending) {
        if let Some(lane) = self.lanes.get_mut(device.at()) {
            lane.waiting.insert(0, pending);
        }
    }

    /// One was sent: its read-back is next for its device.
    pub(super) fn sent(
        &mut self,
        device: DeviceIndex,
        (pending, encoded): (Pending, Encoded),
        taken: Taken,
        tries: u32,
    ) {
        let Pending { command, arrival, .. } = pending;
        if let Some(lane) = self.lanes.get_mut(device.at()) {
            lane.sent = Some(Sent { command, encoded, taken, tries, arrival });
        }
    }

    /// Takes out what was sent and is to be read back.
    pub(super) fn take_sent(&mut self, device: DeviceIndex) -> Option<Sent> {
        self.lanes.get_mut(device.at())?.sent.take()
    }

    /// The session is over: everything is answered with what is known of it.
    pub(crate) fn close(&mut self) {
        for lane in &mut self.lanes {
            if let Some(sent) = lane.sent.take() {
                sent.unseen();
            }
            for pending in lane.waiting.drain(..) {
                pending.command.refuse(Refused::Unreachable);
            }
        }
    }

    /// Puts it back for another try.
    pub(super) fn put_back_sent(&mut self, device: DeviceIndex, sent: Sent) {
        if let Some(lane) = self.lanes.get_mut(device.at()) {
            lane.sent = Some(sent);
        }
    }

    /// Whether a read that is due goes first now.
    pub(crate) fn owes_a_read(&self) -> bool {
        self.in_a_row >= WRITES_BEFORE_A_READ
    }

    /// A frame went out for a write.
    pub(super) fn count_write(&mut self) {
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    /// A read went out, or could have.
    pub(crate) fn count_read(&mut self) {
        self.in_a_row = 0;
    }
}

#[cfg(test)]
mod tests;
