//! What stays when a selection is arranged anew, and when a connection begins anew.

use super::*;

/// The client's points get other wishes, in their order; what waits is looked at again, as an arrangement does it.
fn rearrange(client: &mut Client, wishes: &[Wish]) -> Vec<u32> {
    rearrange_and_look_at(client, wishes, &[])
}

/// The same, and what was passed over is looked at too.
fn rearrange_and_look_at(client: &mut Client, wishes: &[Wish], passed_over: &[u32]) -> Vec<u32> {
    let (mut after, numbers) = Restraint::of(wishes.iter().copied()).unwrap();
    after.keep_gates_of(&client.restraint);
    for (place, number) in (0..).zip(numbers) {
        after.push(number, RANGE, Some((&client.restraint, place)));
    }
    let places = 0..u32::try_from(wishes.len()).unwrap();
    let behind = |place: &u32| client.restraint.is_waiting(*place) || passed_over.contains(place);
    let behind: Vec<u32> = places.filter(behind).collect();
    client.restraint = after;
    client.frame(&behind)
}

const FLUSHED: Wish =
    Wish { interval_ms: 0, deadband: Some(Deadband::Absolute(5.0)), flush_ms: Some(300) };

#[test]
fn a_gate_stays_shut_and_opens_when_it_would_have() {
    let mut client = Client::new(&[every(100), every(250)]);
    client.change(&[(0, 1), (1, 1)]);
    client.pass(40);
    assert_eq!(client.change(&[(0, 2), (1, 2)]), NOTHING);
    assert_eq!(rearrange(&mut client, &[every(250), every(100)]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(60));
    client.pass(60);
    assert_eq!(client.frame(&[]), [1]);
    client.pass(150);
    assert_eq!(client.frame(&[]), [0]);
}

#[test]
fn a_gate_that_was_about_to_be_shut_is() {
    let mut client = Client::new(&[every(100)]);
    client.restraint.sent(0, &good(1), Some(client.now));
    client.pass(30);
    assert_eq!(rearrange(&mut client, &[every(100)]), NOTHING);
    assert_eq!(client.change(&[(0, 2)]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(70), "counted from the frame");
}

#[test]
fn who_no_longer_wants_to_wait_does_not() {
    let mut client = Client::new(&[every(100), FLUSHED, beyond(5.0), every(100)]);
    client.change(&[(0, 10), (1, 10), (2, 10)]);
    assert_eq!(client.change(&[(0, 11), (1, 11), (2, 11)]), NOTHING);
    let plain = [PLAIN, PLAIN, PLAIN, every(100)];
    assert_eq!(rearrange_and_look_at(&mut client, &plain, &[2]), [0, 1, 2]);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
}

#[test]
fn a_deadband_is_still_held_against_what_was_last_sent() {
    let mut client = Client::new(&[beyond(5.0)]);
    client.change(&[(0, 10)]);
    assert_eq!(rearrange(&mut client, &[beyond(3.0)]), NOTHING);
    assert_eq!(client.change(&[(0, 13)]), NOTHING);
    assert_eq!(rearrange_and_look_at(&mut client, &[beyond(4.0)], &[0]), NOTHING);
    assert_eq!(rearrange_and_look_at(&mut client, &[beyond(2.0)], &[0]), [0]);
}

#[test]
fn a_flush_keeps_its_time_however_often_the_selection_changes() {
    let mut client = Client::new(&[FLUSHED]);
    client.change(&[(0, 10)]);
    assert_eq!(client.change(&[(0, 11)]), NOTHING);
    for _ in 0..5 {
        client.pass(50);
        assert_eq!(rearrange(&mut client, &[FLUSHED]), NOTHING);
        assert_eq!(client.restraint.floor(), Some(10));
    }
    assert_eq!(client.due_in_ms(), Some(50));
    client.pass(50);
    assert_eq!(rearrange(&mut client, &[FLUSHED]), [0], "and does not miss it either");
}

#[test]
fn a_shorter_flush_is_heeded_and_a_longer_one_puts_nothing_off() {
    let quick = Wish { flush_ms: Some(20), ..FLUSHED };
    let mut client = Client::new(&[FLUSHED]);
    client.change(&[(0, 10)]);
    client.change(&[(0, 11)]);
    assert_eq!(rearrange(&mut client, &[quick]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(20));
    assert_eq!(rearrange(&mut client, &[FLUSHED]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(20));
    assert_eq!(rearrange(&mut client, &[beyond(5.0)]), NOTHING);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
    assert_eq!(rearrange_and_look_at(&mut client, &[FLUSHED], &[0]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(300), "what was passed over waits from now on");
}

#[test]
fn a_connection_that_begins_anew_is_held_back_by_nothing_of_the_old() {
    let gated = Wish { interval_ms: 100, ..FLUSHED };
    let mut client = Client::new(&[gated, FLUSHED, beyond(5.0)]);
    client.change(&[(0, 10), (1, 10), (2, 10)]);
    assert_eq!(client.change(&[(0, 20), (1, 11), (2, 11)]), NOTHING);
    client.restraint.reset();
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
    assert!((0..3).all(|place| !client.restraint.is_waiting(place)));
    assert_eq!(client.frame(&[0, 1, 2]), [0, 1, 2], "what it was sent may not have arrived");
    assert_eq!(client.change(&[(0, 30), (1, 12)]), NOTHING, "and then the rules are the same");
    assert_eq!(client.due_in_ms(), Some(100));
}

#[test]
fn wishes_that_hold_nothing_back_need_no_restraint_and_equal_ones_share_a_rule() {
    assert!(Restraint::of([PLAIN; 3].into_iter()).is_none());
    let wishes = [every(100), PLAIN, beyond(5.0), every(100), FLUSHED, beyond(5.0)];
    let (_, numbers) = Restraint::of(wishes.into_iter()).unwrap();
    assert_eq!(numbers, [1, 0, 2, 1, 3, 2]);
}

#[test]
fn a_place_that_another_point_takes_waits_as_that_point_wishes() {
    let wishes = [every(100), every(250), every(100), FLUSHED];
    let mut client = Client::new(&wishes);
    client.change(&[(0, 10), (1, 10), (2, 10), (3, 10)]);
    assert_eq!(client.change(&[(0, 20), (1, 20), (2, 20), (3, 11)]), NOTHING);
    let number = |of: Wish| {
        let (_, numbers) = Restraint::of(wishes.into_iter().chain([of])).unwrap();
        numbers[wishes.len()]
    };
    client.restraint.renew(0, number(every(250)), RANGE);
    client.restraint.renew(3, number(every(100)), RANGE);
    assert_eq!(client.restraint.floor(), Some(10), "what was not told stays owed");
    assert_eq!(client.frame(&[0, 3]), NOTHING);
    client.pass(100);
    assert_eq!(client.frame(&[]), [2, 3]);
    client.pass(150);
    assert_eq!(client.frame(&[]), [1, 0]);
    assert_eq!((client.due_in_ms(), client.restraint.floor()), (None, None));
}

#[test]
fn a_deadband_begins_anew_for_a_point_that_takes_anothers_place() {
    let mut client = Client::new(&[FLUSHED]);
    client.change(&[(0, 10)]);
    assert_eq!(client.change(&[(0, 11)]), NOTHING);
    client.restraint.renew(0, 1, RANGE);
    assert_eq!(client.due_in_ms(), None, "no flush is due of it");
    assert_eq!(client.frame(&[0]), [0]);
    assert_eq!(client.change(&[(0, 12)]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(300));
}
