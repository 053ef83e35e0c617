//! What a deadband holds back and what it never does.

use super::*;

/// Whether `after` is held back by a client that was last sent `before`.
fn check(wish: Wish, range: Option<(f64, f64)>, before: &State, after: &State, held: bool) {
    let (mut restraint, _) = Restraint::of([wish].into_iter()).unwrap();
    restraint.push(1, range, None);
    let now = Instant::now();
    assert_eq!(restraint.judge(0, before, 0, now), Judgement::Send, "nothing was sent yet");
    restraint.sent(0, before, Some(now));
    let expected = if held { Judgement::PassOver } else { Judgement::Send };
    assert_eq!(restraint.judge(0, after, 0, now), expected, "{wish:?}: {before:?} {after:?}");
}

fn value(value: Value) -> State {
    state(Some(value), None)
}

fn f64(number: f64) -> State {
    state(Value::f64(number), None)
}

#[test]
fn a_number_within_the_width_is_held_back_and_one_beyond_is_not() {
    for (after, held) in [(15, true), (5, true), (10, true), (16, false), (4, false)] {
        check(beyond(5.0), RANGE, &good(10), &good(after), held);
    }
    check(beyond(0.25), RANGE, &f64(1.0), &f64(1.25), true);
    check(beyond(0.25), RANGE, &f64(1.0), &f64(1.26), false);
    let f32 = |number| state(Value::f32(number), None);
    check(beyond(0.5), RANGE, &f32(1.0), &f32(1.5), true);
    check(beyond(0.5), RANGE, &f32(1.0), &f32(1.75), false);
    check(beyond(0.0), RANGE, &good(10), &good(10), true);
    check(beyond(0.0), RANGE, &good(10), &good(11), false);
}

#[test]
fn percent_are_of_the_range_and_without_one_everything_is_sent() {
    let percent = Wish { deadband: Some(Deadband::Percent(5.0)), ..PLAIN };
    check(percent, RANGE, &good(50), &good(60), true);
    check(percent, RANGE, &good(50), &good(61), false);
    check(percent, Some((-10.0, 10.0)), &f64(0.0), &f64(-1.0), true);
    check(percent, Some((-10.0, 10.0)), &f64(0.0), &f64(1.5), false);
    check(percent, None, &good(50), &good(50), false);
    check(beyond(5.0), None, &good(50), &good(51), true);
}

#[test]
fn whole_numbers_are_told_apart_where_real_ones_no_longer_are() {
    let big = 1 << 53;
    check(beyond(0.5), RANGE, &good(big), &good(big + 1), false);
    check(beyond(1.0), RANGE, &good(big), &good(big + 1), true);
    let (most, next) = (value(Value::U64(u64::MAX)), value(Value::U64(u64::MAX - 1)));
    check(beyond(0.5), RANGE, &most, &next, false);
    check(beyond(1.0), RANGE, &most, &next, true);
    check(beyond(1e19), RANGE, &good(i64::MIN), &good(i64::MAX), false);
    check(beyond(1.9e19), RANGE, &good(i64::MIN), &good(i64::MAX), true);
    let beyond_i64 = value(Value::U64((1 << 63) + 1));
    check(beyond(1.0), RANGE, &good(i64::MAX), &beyond_i64, false);
    check(beyond(2.0), RANGE, &good(i64::MAX), &beyond_i64, true);
}

#[test]
fn what_is_no_number_is_always_sent_and_so_is_the_number_after_it() {
    let all = beyond(f64::MAX);
    let text = |text| state(Value::text(text), None);
    check(all, RANGE, &value(Value::Bool(false)), &value(Value::Bool(true)), false);
    check(all, RANGE, &text("a"), &text("b"), false);
    let null = |reason| state(None, Some(reason));
    check(all, RANGE, &good(1), &null(Reason::NotANumber), false);
    check(all, RANGE, &null(Reason::Waiting), &good(1), false);
    check(all, RANGE, &null(Reason::Waiting), &null(Reason::Timeout), false);
    check(all, RANGE, &null(Reason::Waiting), &null(Reason::Waiting), false);
}

#[test]
fn a_change_of_quality_is_always_sent() {
    let all = beyond(f64::MAX);
    let doubtful = |value, reason| state(Some(Value::I64(value)), Some(reason));
    check(all, RANGE, &good(1), &doubtful(1, Reason::Timeout), false);
    check(all, RANGE, &doubtful(1, Reason::Timeout), &good(1), false);
    let other = doubtful(1, Reason::NoCommunication);
    check(all, RANGE, &doubtful(1, Reason::Timeout), &other, false);
    let outside = |value| doubtful(value, Reason::OutOfRange);
    check(all, RANGE, &outside(1), &outside(2), true);
}

#[test]
fn it_is_held_against_what_was_last_sent_and_does_not_creep() {
    let mut client = Client::new(&[beyond(5.0)]);
    assert_eq!(client.change(&[(0, 10)]), [0]);
    assert_eq!(client.change(&[(0, 14)]), NOTHING);
    assert_eq!(client.change(&[(0, 18)]), [0]);
    assert_eq!(client.change(&[(0, 14)]), NOTHING);
    assert_eq!(client.change(&[(0, 12)]), [0]);
}

#[test]
fn what_is_passed_over_waits_for_nothing() {
    let mut client = Client::new(&[beyond(5.0)]);
    client.change(&[(0, 10)]);
    assert_eq!(client.change(&[(0, 12)]), NOTHING);
    assert!(!client.restraint.is_waiting(0));
    assert_eq!((client.restraint.floor(), client.restraint.due()), (None, None));
}

#[test]
fn a_deadband_behind_a_gate_is_looked_at_when_the_gate_opens() {
    let mut client = Client::new(&[Wish { interval_ms: 100, ..beyond(5.0) }]);
    client.change(&[(0, 10)]);
    assert_eq!(client.change(&[(0, 20)]), NOTHING);
    assert_eq!(client.restraint.floor(), Some(10));
    client.states[0] = good(11);
    client.pass(100);
    assert_eq!(client.frame(&[]), NOTHING, "it came back meanwhile");
    assert_eq!(client.restraint.floor(), None);
    assert_eq!(client.change(&[(0, 30)]), [0], "no frame with its points has shut the gate");
}
