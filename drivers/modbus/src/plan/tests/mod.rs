mod effort;
mod optimum;
mod refusals;

use super::*;
use crate::line::{Line, Parity};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn registers(first: u16, length: u16) -> Want {
    let device = DeviceIndex(0);
    Want { device, table: Table::HoldingRegisters, first, length, interval: SECOND }
}

fn every(seconds: u32, want: Want) -> Want {
    Want { interval: seconds * SECOND, ..want }
}

fn coil(first: u16) -> Want {
    Want { table: Table::Coils, length: 1, ..registers(first, 1) }
}

/// On TCP, where a gap costs next to nothing.
fn shape(max_block: u16, max_gap: Option<u16>) -> Shape {
    Shape { max_block, max_gap, cost: Cost::tcp(DEFAULT_TCP_ROUND_TRIP, Duration::ZERO) }
}

/// On a line of 9600 baud, where a request takes as long as 10.4 registers.
fn on_a_line(max_block: u16) -> Shape {
    let turnaround = Duration::from_millis(5);
    let line = Line::rtu(9_600, Parity::Even, 1, turnaround);
    let cost = Cost::serial(&line, turnaround, Duration::ZERO);
    Shape { max_block, max_gap: None, cost }
}

/// First address, quantity, seconds, points.
type Told = (u16, u16, u64, Vec<u32>);

fn planned(wants: &[Want], shape: Shape, learned: &Learned) -> Vec<Told> {
    let shapes = [shape; 4];
    let told = |block: Block| {
        let points = block.points.iter().map(|point| point.0).collect();
        (block.first, block.quantity, block.interval.as_secs(), points)
    };
    plan(wants, &shapes, learned).into_iter().map(told).collect()
}

fn check(wants: &[Want], shape: Shape, expected: &[(u16, u16, u64, &[u32])]) {
    let told = |(first, quantity, seconds, points): &(u16, u16, u64, &[u32])| {
        (*first, *quantity, *seconds, points.to_vec())
    };
    let expected: Vec<Told> = expected.iter().map(told).collect();
    assert_eq!(planned(wants, shape, &Learned::default()), expected);
}

#[test]
fn neighbours_are_read_together_within_gap_and_length() {
    let wants = [registers(100, 2), registers(102, 1), registers(110, 4), registers(200, 1)];
    check(&wants, shape(125, Some(7)), &[(100, 14, 1, &[0, 1, 2]), (200, 1, 1, &[3])]);
    let apart: [(u16, u16, u64, &[u32]); 3] =
        [(100, 3, 1, &[0, 1]), (110, 4, 1, &[2]), (200, 1, 1, &[3])];
    check(&wants, shape(125, Some(6)), &apart);
    check(&wants, shape(13, Some(7)), &apart);
    check(&wants, shape(125, None), &[(100, 101, 1, &[0, 1, 2, 3])]);
    check(&wants, on_a_line(125), &[(100, 14, 1, &[0, 1, 2]), (200, 1, 1, &[3])]);
    check(
        &[coil(0), coil(16), coil(32)],
        shape(2, Some(1)),
        &[(0, 17, 1, &[0, 1]), (32, 1, 1, &[2])],
    );
}

#[test]
fn the_gap_that_is_split_is_the_dearest_and_not_the_last_before_the_limit() {
    // Taking what fits from the left, 0 to 18 and then 27 to 28, would read one register more.
    let wants = [registers(0, 2), registers(11, 2), registers(17, 2), registers(27, 2)];
    check(&wants, on_a_line(20), &[(0, 2, 1, &[0]), (11, 18, 1, &[1, 2, 3])]);
}

#[test]
fn a_block_ends_at_the_largest_end_and_not_at_the_last_point() {
    check(&[registers(0, 8), registers(2, 1)], shape(125, Some(0)), &[(0, 8, 1, &[0, 1])]);
    check(
        &[registers(0, 8), registers(2, 1), registers(8, 1)],
        shape(125, Some(0)),
        &[(0, 9, 1, &[0, 1, 2])],
    );
}

#[test]
fn the_last_register_is_reached_and_not_passed() {
    check(
        &[registers(65_535, 1), registers(65_532, 2)],
        shape(125, None),
        &[(65_532, 4, 1, &[1, 0])],
    );
}

#[test]
fn device_and_table_are_never_mixed() {
    let wants = [
        registers(0, 1),
        Want { device: DeviceIndex(1), ..registers(1, 1) },
        Want { table: Table::InputRegisters, ..registers(2, 1) },
    ];
    assert_eq!(plan(&wants, &[shape(125, None); 2], &Learned::default()).len(), 3);
}

#[test]
fn what_no_shape_is_known_of_is_read_alone() {
    assert_eq!(plan(&[registers(0, 1), registers(1, 1)], &[], &Learned::default()).len(), 2);
}

#[test]
fn a_slow_point_rides_in_a_fast_block_where_that_is_cheaper() {
    // One register more each second costs less than a request each ten seconds.
    let near = [registers(0, 10), every(10, registers(10, 1))];
    check(&near, on_a_line(125), &[(0, 11, 1, &[0, 1])]);
    // Ten a second do not.
    let long = [registers(0, 10), every(10, registers(10, 10))];
    check(&long, on_a_line(125), &[(0, 10, 1, &[0]), (10, 10, 10, &[1])]);
    // Within a fast block, it rides for nothing.
    let within = [registers(0, 2), every(3_600, registers(2, 4)), registers(6, 2)];
    check(&within, on_a_line(125), &[(0, 8, 1, &[0, 1, 2])]);
    // The same register is not asked for twice.
    check(&[every(10, registers(5, 1)), registers(5, 1)], on_a_line(125), &[(5, 1, 1, &[0, 1])]);
}

#[test]
fn a_slow_block_reaches_over_a_fast_one_where_that_is_cheaper() {
    let wants = [every(60, registers(0, 20)), registers(20, 2), every(60, registers(22, 20))];
    check(&wants, on_a_line(125), &[(0, 42, 60, &[0, 2]), (20, 2, 1, &[1])]);
    let two_inside = [
        every(60, registers(0, 20)),
        registers(20, 2),
        every(60, registers(22, 30)),
        registers(52, 2),
        every(60, registers(54, 20)),
    ];
    check(
        &two_inside,
        on_a_line(125),
        &[(0, 74, 60, &[0, 2, 4]), (20, 2, 1, &[1]), (52, 2, 1, &[3])],
    );
}

#[test]
fn on_tcp_all_rates_share_what_fits_into_a_block() {
    let wants = [registers(0, 2), every(60, registers(40, 2)), every(5, registers(100, 2))];
    check(&wants, shape(125, None), &[(0, 102, 1, &[0, 1, 2])]);
}
