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
        let (command, ticket) = Command::new(PointIndex(point), Value::U64(value.into()), deadline);
        self.queue.push(device, command, Some(Encoded::Registers(vec![value])), coalesce);
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
            Some(Encoded::Registers(registers)) => registers.first().copied(),
            Some(Encoded::Bits(_) | Encoded::Part { .. }) | None => None,
        }
    }

    async fn answer(&mut self, at: usize) -> Result<pointcast_api::Outcome, Refused> {
        tokio::time::timeout(Duration::ZERO, self.tickets[at].answer()).await.expect("an answer")
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
    let encoded = Encoded::Registers(vec![1]);
    bench.queue.sent(FIRST, (pending, encoded), Taken::Yes, 1);
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
