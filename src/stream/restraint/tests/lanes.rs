//! When a lane is open, who shares it, and when it is shut.

use super::*;

#[test]
fn the_first_change_after_quiet_goes_at_once_and_the_next_after_the_interval() {
    let mut client = Client::new(&[every(100)]);
    assert_eq!(client.change(&[(0, 1)]), [0]);
    assert_eq!(client.due_in_ms(), None, "nobody waits for a lane to open in which nothing is");
    client.pass(30);
    assert_eq!(client.change(&[(0, 2)]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(70));
    client.pass(69);
    assert_eq!(client.change(&[(0, 3)]), NOTHING);
    client.pass(1);
    assert_eq!(client.frame(&[]), [0]);
    assert_eq!(client.frame(&[]), NOTHING, "once");
    client.pass(100);
    assert_eq!(client.change(&[(0, 4)]), [0]);
}

#[test]
fn equal_intervals_share_a_lane_and_others_do_not() {
    let also = Wish { interval_ms: 100, ..beyond(0.5) };
    let mut client = Client::new(&[every(100), also, every(250), PLAIN]);
    assert_eq!(client.change(&[(0, 1)]), [0]);
    let all = [(3, 2), (2, 2), (1, 2), (0, 2)];
    assert_eq!(client.change(&all), [3, 2], "its lane was open");
    client.pass(100);
    assert_eq!(client.frame(&[]), [1, 0], "what waited goes together, in the order of its marks");
    client.pass(100);
    assert_eq!(client.change(&all[..2]), [3]);
    assert_eq!(client.due_in_ms(), Some(50));
}

#[test]
fn a_lane_stays_open_until_what_waited_is_out() {
    let mut client = Client::new(&[every(100); 5]);
    assert_eq!(client.change(&[(4, 1)]), [4]);
    assert_eq!(client.change(&[(0, 1), (1, 1), (2, 1), (3, 1)]), NOTHING);
    client.pass(100);
    assert_eq!(client.frame_of(2, &[]), [0, 1]);
    assert_eq!(client.due_in_ms(), Some(0));
    client.pass(7);
    assert_eq!(client.frame_of(2, &[]), [2, 3]);
    assert_eq!(client.due_in_ms(), None);
    assert_eq!(client.change(&[(0, 2)]), NOTHING);
    assert_eq!(client.due_in_ms(), Some(100), "it is shut after the last of them");
}

#[test]
fn a_snapshot_shuts_no_lane() {
    let mut client = Client::new(&[every(100)]);
    client.restraint.sent(0, &good(1), None);
    client.restraint.shut_used();
    assert_eq!(client.change(&[(0, 2)]), [0]);
}

#[test]
fn what_was_told_otherwise_leaves_nothing_to_send_when_its_lane_opens() {
    let mut client = Client::new(&[every(100)]);
    client.change(&[(0, 1)]);
    assert_eq!(client.change(&[(0, 2)]), NOTHING);
    assert_eq!(client.restraint.floor(), Some(10));
    client.restraint.sent(0, &good(2), None);
    assert_eq!(client.restraint.floor(), None);
    client.pass(100);
    assert_eq!(client.restraint.ready(client.now), Some(0), "it stands in line all the same");
    client.restraint.told(0);
    client.restraint.take(0);
    assert_eq!((client.restraint.ready(client.now), client.restraint.due()), (None, None));
}

#[test]
fn ten_thousand_lanes_open_in_their_order() {
    let wishes: Vec<Wish> = (1..=10_000).map(every).collect();
    let mut client = Client::new(&wishes);
    let all: Vec<(u32, i64)> = (0..10_000).map(|place| (place, 1)).collect();
    assert_eq!(client.change(&all).len(), 10_000);
    assert_eq!(client.change(&all), NOTHING);
    client.pass(5_000);
    assert_eq!(client.frame(&[]), (0..5_000).collect::<Vec<_>>(), "by when they opened");
    assert_eq!(client.due_in_ms(), Some(1));
}
