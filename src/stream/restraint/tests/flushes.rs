//! Small changes that wait for their flush.

use super::*;

const FLUSHED: Wish =
    Wish { interval_ms: 0, deadband: Some(Deadband::Absolute(5.0)), flush_ms: Some(300) };

#[test]
fn a_small_change_waits_for_the_flush_and_holds_the_position() {
    let mut client = Client::new(&[FLUSHED]);
    client.change(&[(0, 10)]);
    assert_eq!(client.change(&[(0, 11)]), NOTHING);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (Some(300), Some(10)));
    client.pass(200);
    assert_eq!(client.change(&[(0, 12)]), NOTHING, "a further one changes neither");
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (Some(100), Some(10)));
    client.pass(100);
    assert_eq!(client.frame(&[]), [0]);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
    assert_eq!(client.change(&[(0, 15)]), NOTHING, "held against what the flush sent");
}

#[test]
fn a_point_that_was_sent_meanwhile_and_is_held_again_waits_anew() {
    let mut client = Client::new(&[FLUSHED, FLUSHED]);
    client.change(&[(0, 10), (1, 10)]);
    assert_eq!(client.change(&[(0, 11), (1, 11)]), NOTHING);
    client.pass(100);
    assert_eq!(client.change(&[(0, 20)]), [0]);
    client.pass(100);
    assert_eq!(client.change(&[(0, 21)]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(100), "the other's");
    client.pass(100);
    assert_eq!(client.frame(&[]), [1]);
    assert_eq!(client.due_in_ms(), Some(200));
    client.pass(200);
    assert_eq!(client.frame(&[]), [0]);
}

#[test]
fn each_entry_has_its_own_flush() {
    let quick = Wish { flush_ms: Some(50), ..FLUSHED };
    let mut client = Client::new(&[FLUSHED, quick, beyond(5.0)]);
    client.change(&[(0, 10), (1, 10), (2, 10)]);
    assert_eq!(client.change(&[(0, 11), (1, 11), (2, 11)]), NOTHING);
    client.pass(50);
    assert_eq!(client.frame(&[]), [1]);
    client.pass(250);
    assert_eq!(client.frame(&[]), [0]);
    assert_eq!(client.due_in_ms(), None, "without a flush nothing is sent");
}

#[test]
fn what_is_due_while_its_gate_is_shut_goes_when_that_opens() {
    let gated = Wish { interval_ms: 100, ..FLUSHED };
    let mut client = Client::new(&[gated, every(100)]);
    client.change(&[(0, 10)]);
    client.pass(100);
    assert_eq!(client.change(&[(0, 11)]), NOTHING);
    client.pass(250);
    assert_eq!(client.change(&[(1, 1)]), [1]);
    client.pass(50);
    assert_eq!(client.frame(&[]), NOTHING);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (Some(50), Some(10)));
    client.pass(50);
    assert_eq!(client.frame(&[]), [0], "whatever its deadband says");
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
}

#[test]
fn a_gate_that_opens_does_not_put_the_flush_off() {
    let gated = Wish { interval_ms: 100, ..FLUSHED };
    let mut client = Client::new(&[gated, every(100)]);
    client.change(&[(0, 10)]);
    client.pass(100);
    assert_eq!(client.change(&[(0, 11), (1, 1)]), [1]);
    client.pass(50);
    assert_eq!(client.change(&[(0, 12)]), NOTHING, "it waits for both now");
    client.pass(50);
    assert_eq!(client.frame(&[]), NOTHING);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (Some(200), Some(10)));
    client.pass(200);
    assert_eq!(client.frame(&[]), [0]);
}

#[test]
fn a_flush_that_is_due_stays_due_while_the_frame_has_no_room() {
    let mut client = Client::new(&[FLUSHED, FLUSHED]);
    client.change(&[(0, 10), (1, 10)]);
    client.change(&[(0, 11), (1, 11)]);
    client.pass(300);
    assert_eq!(client.frame_of(1, &[]), [0]);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (Some(0), Some(10)));
    assert_eq!(client.frame_of(1, &[]), [1]);
}

#[test]
fn a_quality_that_changes_ends_the_wait() {
    let mut client = Client::new(&[FLUSHED]);
    client.change(&[(0, 10)]);
    client.change(&[(0, 11)]);
    client.states[0].doubt = Some((Reason::Timeout, UnixMs(2)));
    assert_eq!(client.frame(&[0]), [0]);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
}

#[test]
fn what_waited_and_waits_no_more_takes_no_room() {
    let hour = Wish { flush_ms: Some(3_600_000), ..FLUSHED };
    let mut client = Client::new(&[hour, hour]);
    client.change(&[(0, 10), (1, 10)]);
    client.change(&[(0, 11)]);
    for round in 0..1_000 {
        client.pass(1);
        client.change(&[(1, 100 * round)]);
        client.change(&[(1, 100 * round + 1)]);
    }
    assert_eq!(client.restraint.flushes.len(), 2);
}
