//! What a request costs: time on the wire, fixed and by the byte.
//!
//! Modbus over Serial Line V1.02 §2.5.1 for lines. On TCP nothing but the round trip counts; what a byte takes
//! there only makes the shorter of two equal plans the better one.

use std::time::Duration;

use crate::address::{REGISTER_BITS, Table};
use crate::frame::ReadRequest;
use crate::line::Line;

/// What a request takes on TCP as long as nothing is measured: devices think for one to a few milliseconds,
/// and a local network adds less than one.
pub(crate) const DEFAULT_TCP_ROUND_TRIP: Duration = Duration::from_millis(2);

/// A byte at 10 Mbit/s, the slowest Ethernet.
const TCP_BYTE: Duration = Duration::from_nanos(800);

/// What a device's requests cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// A request and its reply with nothing in it, thinking and the pause before the next request included.
    request: Duration,
    /// Each byte of registers or packed bits in the reply.
    byte: Duration,
}

impl Cost {
    /// On a serial line whose device thinks for `turnaround` before it answers.
    pub(crate) fn serial(line: &Line, turnaround: Duration, request_gap: Duration) -> Self {
        let pause = line.silence().max(request_gap);
        Self { request: line.empty_read() + turnaround + pause, byte: line.content_byte() }
    }

    /// On a line behind a connection whose parameters nobody told: `pace` is what an answer takes with all that
    /// is on its way, and `line` a guess of what each byte more takes.
    pub(crate) fn behind(line: &Line, pace: Duration, request_gap: Duration) -> Self {
        Self { request: pace + request_gap, byte: line.content_byte() }
    }

    /// On a TCP connection; [`DEFAULT_TCP_ROUND_TRIP`] where nothing is known.
    pub(crate) fn tcp(round_trip: Duration, request_gap: Duration) -> Self {
        Self { request: round_trip + request_gap, byte: TCP_BYTE }
    }

    /// Of requests that take next to no time, so that the fewest are the best.
    #[cfg(feature = "bench")]
    pub(crate) fn next_to_nothing() -> Self {
        Self { request: Duration::from_nanos(1), byte: Duration::ZERO }
    }

    /// Most registers of a block that takes no longer than `time`; none where not even a request fits.
    pub(crate) fn registers_within(&self, time: Duration) -> u16 {
        let left = time.saturating_sub(self.request).as_nanos();
        let registers = left.checked_div((self.byte * 2).as_nanos()).unwrap_or(u128::MAX);
        u16::try_from(registers).unwrap_or(u16::MAX)
    }

    /// Predicted time from the first bit of `request` until the next request may begin.
    pub(crate) fn time(&self, request: &ReadRequest) -> Duration {
        let bytes = u32::try_from(request.content_bytes()).unwrap_or(u32::MAX);
        self.request.saturating_add(self.byte.saturating_mul(bytes))
    }
}

/// What a device's blocks may be like, and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Most registers in a block; 16 times as many bits.
    pub(crate) max_block: u16,
    /// Most registers in a row that no point wants and that may be read along all the same; 16 times as many
    /// bits. `None`: as many as are cheaper than one more request.
    pub(crate) max_gap: Option<u16>,
    pub(crate) cost: Cost,
}

/// A shape as one table sees it: lengths in registers or in bits, times in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price {
    pub(super) max_length: u32,
    max_gap: Option<u32>,
    is_bits: bool,
    request_s: f64,
    byte_s: f64,
}

impl Price {
    pub(super) fn new(shape: &Shape, table: Table) -> Self {
        let is_bits = table.is_bits();
        let units_each = if is_bits { u32::from(REGISTER_BITS) } else { 1 };
        let units = |registers: u16| u32::from(registers) * units_each;
        Self {
            max_length: units(shape.max_block),
            max_gap: shape.max_gap.map(units),
            is_bits,
            request_s: shape.cost.request.as_secs_f64(),
            byte_s: shape.cost.byte.as_secs_f64(),
        }
    }

    /// Seconds for a block of so many registers or bits.
    pub(super) fn block_s(&self, length: u32) -> f64 {
        let bytes = if self.is_bits { length.div_ceil(8) } else { length * 2 };
        self.request_s + self.byte_s * f64::from(bytes)
    }

    /// Seconds that a block saves at least by being so much shorter.
    pub(super) fn saved_s(&self, length: u32) -> f64 {
        // A bit less is a byte less only now and then.
        let bytes = if self.is_bits { length / 8 } else { length * 2 };
        self.byte_s * f64::from(bytes)
    }

    /// Whether no good block reaches over so much that nobody wants.
    pub(super) fn parts(&self, gap: u32) -> bool {
        // Two blocks of bits may round up where one does not: that byte must be won as well.
        let rounding = if self.is_bits { self.byte_s } else { 0.0 };
        self.max_gap.is_some_and(|most| gap > most)
            || self.saved_s(gap) >= self.request_s + rounding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Parity;

    const MS: Duration = Duration::from_millis(1);

    fn line(baud: u32) -> Line {
        Line::rtu(baud, Parity::Even, 1, Duration::ZERO)
    }

    fn request(table: Table, quantity: u16) -> ReadRequest {
        ReadRequest { unit: 1, table, first: 0, quantity }
    }

    #[test]
    fn a_request_on_a_line_is_its_frames_the_turnaround_and_the_pause() {
        let line = line(9_600);
        let cost = Cost::serial(&line, 5 * MS, Duration::ZERO);
        let asked = request(Table::HoldingRegisters, 10);
        let expected = Line { turnaround: 5 * MS, ..line }.exchange(&asked) + line.silence();
        // Computed by the character instead of at once: a few nanoseconds of rounding.
        assert!(cost.time(&asked).abs_diff(expected) < Duration::from_nanos(50));
        // 8 + 5 + 20 characters of 11 bits, 3.5 more, and 5 ms.
        assert_eq!(cost.time(&asked).as_micros(), 5_000 + 365 * 11 * 100_000 / 9_600);
        let slow = Cost::serial(&line, 5 * MS, 50 * MS);
        assert_eq!(slow.time(&asked) - cost.time(&asked), 50 * MS - line.silence());
    }

    #[test]
    fn a_block_that_fits_a_time_is_the_longest_that_does() {
        let cost = Cost::serial(&line(9_600), 5 * MS, Duration::ZERO);
        let most = cost.registers_within(250 * MS);
        let time = |quantity| cost.time(&request(Table::HoldingRegisters, quantity));
        assert!(time(most) <= 250 * MS && time(most + 1) > 250 * MS, "{most}");
        assert_eq!(cost.registers_within(10 * MS), 0);
    }

    #[test]
    fn bits_are_packed_eight_a_byte() {
        let cost = Cost::serial(&line(9_600), 5 * MS, Duration::ZERO);
        let time = |quantity| cost.time(&request(Table::Coils, quantity));
        assert_eq!(time(1), time(8));
        assert_eq!(time(9) - time(8), cost.byte);
        assert_eq!(time(2_000) - time(1), 249 * cost.byte);
    }

    #[test]
    fn a_request_on_tcp_is_a_round_trip_and_next_to_nothing_for_its_content() {
        let cost = Cost::tcp(DEFAULT_TCP_ROUND_TRIP, MS);
        assert_eq!(cost.time(&request(Table::InputRegisters, 125)).as_micros(), 3_200);
    }

    #[test]
    fn of_an_unknown_line_only_the_bytes_are_guessed() {
        let cost = Cost::behind(&line(9_600), 40 * MS, MS);
        let asked = request(Table::HoldingRegisters, 10);
        assert_eq!(cost.time(&asked), 41 * MS + 20 * line(9_600).wire(1));
    }

    /// The first gap that parts two registers for good.
    fn parting(cost: Cost, table: Table) -> Option<u32> {
        let price = Price::new(&Shape { max_block: 125, max_gap: None, cost }, table);
        (0..=price.max_length).find(|gap| price.parts(*gap))
    }

    #[test]
    fn a_gap_is_worth_reading_over_while_it_is_cheaper_than_a_request() {
        let gaps = |turnaround_ms: u32| {
            [9_600, 19_200, 115_200].map(|baud| {
                let cost = Cost::serial(&line(baud), turnaround_ms * MS, Duration::ZERO);
                parting(cost, Table::InputRegisters)
            })
        };
        assert_eq!(gaps(5), [11, 13, 42].map(Some));
        assert_eq!(gaps(30), [Some(22), Some(35), None]);
        let tcp = Cost::tcp(DEFAULT_TCP_ROUND_TRIP, Duration::ZERO);
        assert_eq!(parting(tcp, Table::InputRegisters), None);
        // 13 + 3.5 characters and 5 ms are 20.9 bytes, and one more for what is rounded up.
        let cost = Cost::serial(&line(9_600), 5 * MS, Duration::ZERO);
        assert_eq!(parting(cost, Table::Coils), Some(22 * 8));
    }

    #[test]
    fn a_gap_may_be_capped() {
        let cost = Cost::tcp(DEFAULT_TCP_ROUND_TRIP, Duration::ZERO);
        let parting = |max_gap, table| {
            let price = Price::new(&Shape { max_block: 125, max_gap: Some(max_gap), cost }, table);
            (0..=price.max_length).find(|gap| price.parts(*gap))
        };
        assert_eq!(parting(0, Table::HoldingRegisters), Some(1));
        assert_eq!(parting(7, Table::HoldingRegisters), Some(8));
        assert_eq!(parting(1, Table::DiscreteInputs), Some(17));
    }
}
