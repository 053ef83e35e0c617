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
    pub(super) encoded: Encoded,
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
        encoded: Encoded,
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
        if reads_due && self.in_a_row >= WRITES_BEFORE_A_READ {
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
    pub(super) fn sent(&mut self, device: DeviceIndex, pending: Pending, taken: Taken, tries: u32) {
        let Pending { command, encoded, arrival, .. } = pending;
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
mod tests {
    use super::*;
    use pointcast_api::{PointIndex, Ticket, Value};
    use std::time::Duration;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);
    const FIRST: DeviceIndex = DeviceIndex(0);
    const SECOND_DEVICE: DeviceIndex = DeviceIndex(1);

    struct Bench {
        queue: Queue,
        tickets: Vec<Ticket>,
    }

    impl Bench {
        fn new() -> Self {
            Self { queue: Queue::new(2), tickets: Vec::new() }
        }

        fn push(&mut self, device: DeviceIndex, point: u32, value: u16, coalesce: bool) {
            self.push_within(SECOND, device, point, value, coalesce);
        }

        fn push_within(
            &mut self,
            within: Duration,
            device: DeviceIndex,
            point: u32,
            value: u16,
            coalesce: bool,
        ) {
            let deadline = Instant::now() + within;
            let (command, ticket) =
                Command::new(PointIndex(point), Value::U64(value.into()), deadline);
            self.queue.push(device, command, Encoded::Registers(vec![value]), coalesce);
            self.tickets.push(ticket);
        }

        fn next(&self) -> Result<Step, Option<Instant>> {
            self.queue.next(Instant::now(), true, |_| None)
        }

        /// Sends what is next and reads it back; what was written.
        fn write(&mut self) -> Option<u16> {
            let Ok(Step::Write(device)) = self.next() else { return None };
            let pending = self.queue.take(device)?;
            match pending.encoded {
                Encoded::Registers(registers) => registers.first().copied(),
                Encoded::Bits(_) | Encoded::Part { .. } => None,
            }
        }

        async fn answer(&mut self, at: usize) -> Result<pointcast_api::Outcome, Refused> {
            tokio::time::timeout(Duration::ZERO, self.tickets[at].answer())
                .await
                .expect("an answer")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_device_keeps_its_order_and_the_oldest_goes_first() {
        let mut bench = Bench::new();
        for (device, value) in [(SECOND_DEVICE, 1), (FIRST, 2), (SECOND_DEVICE, 3), (FIRST, 4)] {
            bench.push(device, 0, value, false);
        }
        let order: Vec<_> = std::iter::from_fn(|| bench.write()).collect();
        assert_eq!(order, [1, 2, 3, 4]);
        assert!(bench.queue.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_read_back_holds_up_its_own_device_and_nobody_else() {
        let mut bench = Bench::new();
        bench.push(FIRST, 0, 1, false);
        bench.push(FIRST, 1, 2, false);
        let pending = bench.queue.take(FIRST).unwrap();
        bench.queue.sent(FIRST, pending, Taken::Yes, 1);
        assert_eq!(bench.next(), Ok(Step::ReadBack(FIRST)));
        bench.push(SECOND_DEVICE, 2, 3, false);
        assert_eq!(bench.next(), Ok(Step::Write(SECOND_DEVICE)));
        bench.queue.take(SECOND_DEVICE);
        assert_eq!(bench.next(), Ok(Step::ReadBack(FIRST)));
        bench.queue.take_sent(FIRST);
        assert_eq!(bench.next(), Ok(Step::Write(FIRST)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_takes_the_place_of_those_before_it_where_that_is_wanted() {
        let mut bench = Bench::new();
        bench.push(FIRST, 7, 1, true);
        bench.push(FIRST, 8, 2, false);
        bench.push(FIRST, 7, 3, true);
        bench.push(FIRST, 8, 4, false);
        assert_eq!(bench.answer(0).await, Err(Refused::Superseded));
        let order: Vec<_> = std::iter::from_fn(|| bench.write()).collect();
        assert_eq!(order, [2, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_too_many_is_refused_and_disturbs_none() {
        let mut bench = Bench::new();
        for value in 0..=u16::try_from(WRITES_PER_DEVICE).unwrap() {
            bench.push(FIRST, 0, value, false);
        }
        assert_eq!(bench.answer(WRITES_PER_DEVICE).await, Err(Refused::Full));
        assert_eq!(std::iter::from_fn(|| bench.write()).count(), WRITES_PER_DEVICE);
        bench.push(SECOND_DEVICE, 0, 1, false);
        assert_eq!(bench.write(), Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn past_its_deadline_it_is_answered_and_gone() {
        let mut bench = Bench::new();
        bench.push_within(SECOND, FIRST, 0, 1, false);
        bench.push_within(SECOND * 3, FIRST, 0, 2, false);
        let gate = Instant::now() + SECOND * 9;
        let look_again = bench.queue.next(Instant::now(), true, |_| Some(gate));
        assert_eq!(look_again, Err(Some(Instant::now() + SECOND)), "told at its deadline");
        advance(SECOND).await;
        bench.queue.expire();
        assert_eq!(bench.answer(0).await, Err(Refused::Expired));
        assert_eq!(bench.write(), Some(2));
        // Whoever left is not written for either.
        bench.push(FIRST, 0, 3, false);
        bench.tickets.clear();
        bench.queue.expire();
        assert!(bench.queue.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_rests_holds_up_nobody_else() {
        let mut bench = Bench::new();
        bench.push(FIRST, 0, 1, false);
        bench.push(SECOND_DEVICE, 0, 2, false);
        let gate = Instant::now() + SECOND / 2;
        let gate = |device| (device == FIRST).then_some(gate);
        let now = Instant::now();
        assert_eq!(bench.queue.next(now, true, gate), Ok(Step::Write(SECOND_DEVICE)));
        bench.queue.take(SECOND_DEVICE);
        assert_eq!(bench.queue.next(now, true, gate), Err(Some(now + SECOND / 2)));
        assert_eq!(bench.queue.next(now + SECOND / 2, true, gate), Ok(Step::Write(FIRST)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_is_due_waits_for_a_bounded_number_of_frames() {
        let mut bench = Bench::new();
        bench.push(FIRST, 0, 1, false);
        for _ in 0..WRITES_BEFORE_A_READ {
            assert_eq!(bench.next(), Ok(Step::Write(FIRST)));
            bench.queue.count_write();
        }
        let now = Instant::now();
        assert_eq!(bench.queue.next(now, true, |_| None), Err(None));
        assert_eq!(bench.queue.next(now, false, |_| None), Ok(Step::Write(FIRST)));
        bench.queue.count_read();
        assert_eq!(bench.next(), Ok(Step::Write(FIRST)));
    }
}
