//! Chapter "Resume": a second connection of the same client takes the first one's place.

use serde_json::json;

use crate::place::{among_others, lane};
use crate::stream::Stream;

#[test]
fn the_first_connection_is_told_to_stay_away_and_ends_cleanly() {
    let _among = among_others();
    let lane = lane();
    let mut first = Stream::of(&lane.id("a"));
    let id = first.last_id.clone().unwrap().to_string();
    let mut second = Stream::open_with("", &[("Last-Event-ID", &id)]);
    assert_eq!((second.client(), &second.connect["resumed"]), (first.client(), &json!(true)));
    let replaced = first.next().unwrap();
    assert_eq!((replaced.name.as_str(), &replaced.data), ("replaced", &json!({})));
    assert!(
        replaced.retry_ms.unwrap() >= 60 * 60 * 1_000,
        "a browser comes back by itself otherwise"
    );
    assert!(first.next().is_none(), "a clean end");
    lane.set("a", 1);
    second.until(&lane.id("a"), &json!(1));
}

#[test]
fn of_many_connections_at_once_one_goes_on() {
    let _among = among_others();
    let lane = lane();
    let first = Stream::of(&lane.id("a"));
    let id = first.last_id.clone().unwrap().to_string();
    let mut others: Vec<Stream> =
        (0..8).map(|_| Stream::open_with("", &[("Last-Event-ID", &id)])).collect();
    let mut last = others.pop().unwrap();
    for mut stream in std::iter::once(first).chain(others) {
        stream.next_named("replaced");
        assert!(stream.next().is_none());
    }
    lane.set("a", 1);
    last.until(&lane.id("a"), &json!(1));
}

#[test]
fn a_client_that_was_replaced_may_take_its_place_back() {
    let _among = among_others();
    let lane = lane();
    let first = Stream::of(&lane.id("a"));
    let id = first.last_id.clone().unwrap().to_string();
    let mut second = Stream::open_with("", &[("Last-Event-ID", &id)]);
    Stream::witness(&lane, "a", &[1]);
    let mut first = first.resume("");
    second.next_named("replaced");
    first.until(&lane.id("a"), &json!(1));
}
