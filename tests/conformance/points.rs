//! Chapter "The stream": changes.

use std::collections::BTreeMap;

use serde_json::json;

use crate::peer::device::Mood;
use crate::peer::http::get;
use crate::place::{among_others, lane, place};
use crate::site::{self, Rare};
use crate::stream::{Stream, ids_of};

#[test]
fn after_the_snapshot_come_changes_and_nothing_else() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.all());
    for value in 1..=5 {
        lane.set("a", value);
        let events = stream.until(&lane.id("a"), &json!(value));
        assert_eq!(events.len(), 1, "one change is one frame: {events:?}");
        assert_eq!(ids_of(&events[0]), [lane.id("a")]);
    }
    assert_eq!(stream.skipped(), 0, "who reads at once misses nothing");
}

#[test]
fn what_changes_in_one_reply_travels_in_one_frame() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&format!("{0},{1},{2}", lane.id("c"), lane.id("a"), lane.id("b")));
    for value in 1..=10 {
        lane.set_all(&[("a", value), ("b", value), ("c", value), ("d", value)]);
        let events = stream.until(&lane.id("a"), &json!(value));
        let [event] = events.as_slice() else { panic!("{events:?}") };
        let mut ids = ids_of(event);
        ids.sort();
        assert_eq!(ids, ["a", "b", "c"].map(|point| lane.id(point)));
    }
}

#[test]
fn a_value_that_goes_and_comes_back_is_told_both_times() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.id("a"));
    for value in [1, 0, 1, 0] {
        lane.set("a", value);
        assert_eq!(stream.until(&lane.id("a"), &json!(value)).len(), 1);
    }
}

#[test]
fn a_change_of_quality_is_a_change_at_the_same_value() {
    let _among = among_others();
    let lane = lane();
    let (id, register) = (lane.id("x"), site::register("x"));
    let mut stream = Stream::of(&id);
    lane.with(|unit| unit.set_f64(register, 250.0));
    assert_eq!(stream.until_reason(&id, Some("out_of_range"))["value"], 250.0);
    lane.with(|unit| unit.mood = Mood::Refuses);
    assert_eq!(stream.until_reason(&id, Some("device_error"))["value"], 250.0);
    lane.with(|unit| unit.mood = Mood::Answers);
    assert_eq!(stream.until_reason(&id, Some("out_of_range"))["value"], 250.0);
    lane.with(|unit| unit.set_f64(register, 200.0));
    assert_eq!(stream.until_reason(&id, None)["value"], 200.0);
}

#[test]
fn a_value_that_is_not_a_number_comes_and_goes() {
    let _among = among_others();
    let lane = lane();
    let (id, register) = (lane.id("x"), site::register("x"));
    let mut stream = Stream::of(&id);
    lane.with(|unit| unit.set_f64(register, f64::NAN));
    assert!(stream.until_reason(&id, Some("not_a_number"))["value"].is_null());
    lane.with(|unit| unit.set_f64(register, 1.5));
    assert_eq!(stream.until_reason(&id, None)["value"], 1.5);
}

#[test]
fn within_the_interval_changes_are_held_and_the_position_stays_behind_them() {
    let _among = among_others();
    let lane = lane();
    let id = lane.id("a");
    let mut held = Stream::open(&format!("points={id}&interval_ms=60000&heartbeat_ms=1000"));
    held.snapshot();
    // The first change after quiet goes out at once.
    lane.set("a", 1);
    held.until(&id, &json!(1));
    let before = held.last_id.clone().unwrap().seq;
    let mut prompt = Stream::of(&id);
    for value in [2, 3, 4] {
        lane.set("a", value);
        prompt.until(&id, &json!(value));
    }
    let now = prompt.last_id.clone().unwrap().seq;
    let told_at = prompt.point(&id)["time"].as_u64().unwrap();
    let heartbeat = loop {
        let event = held.next().unwrap();
        assert_eq!(event.name, "heartbeat", "the next frame is due in a minute");
        if event.data["time"].as_u64().unwrap() > told_at {
            break event.id.unwrap().seq;
        }
    };
    assert!(before <= heartbeat && heartbeat < now, "{before}, {heartbeat}, {now}");
    // Who comes back meanwhile hears it at once: the position owned up to what it had not got.
    let mut back = held.resume("interval_ms=60000");
    back.until(&id, &json!(4));
}

#[test]
fn what_newer_changes_overtook_is_counted() {
    const CHANGES: i32 = 20;
    let _among = among_others();
    let lane = lane();
    let id = lane.id("a");
    // Twice as long as one change takes at the very least, so some are overtaken on any machine.
    let mut slow = Stream::open(&format!("points={id}&interval_ms=400"));
    slow.snapshot();
    let changes: Vec<i32> = (1..=CHANGES).collect();
    Stream::witness(&lane, "a", &changes);
    let told: usize = slow.until(&id, &json!(CHANGES)).iter().map(|e| ids_of(e).len()).sum();
    let told = u64::try_from(told).unwrap();
    assert_eq!(told + slow.skipped(), u64::try_from(CHANGES).unwrap(), "{told} were told");
    assert!(slow.skipped() > 0, "each of {told} took longer than the interval");
}

#[test]
fn the_stream_and_the_poller_are_told_the_same() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.all());
    lane.set_all(&[("a", -5), ("b", i32::MAX), ("c", 0), ("d", 9)]);
    lane.with(|unit| unit.set_f64(site::register("x"), 3e-9));
    stream.until(&lane.id("b"), &json!(i32::MAX));
    stream.until(&lane.id("x"), &json!(3e-9));
    let page = get(place().address, &format!("/api/v1/points?match={}", lane.all())).json();
    let polled: BTreeMap<&str, [&serde_json::Value; 3]> = page["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["id"].as_str().unwrap(), [&p["value"], &p["quality"], &p["time"]]))
        .collect();
    for (id, point) in stream.points() {
        assert_eq!(
            polled[id.as_str()],
            [&point["value"], &point["quality"], &point["time"]],
            "{id}"
        );
    }
    assert_eq!(polled.len(), stream.points().len());
}

#[test]
fn the_servers_own_points_are_told_like_any_other() {
    let _among = among_others();
    let id = "$devices/refusing/state";
    let mut stream = Stream::open(&format!("points={id}"));
    stream.until(id, &json!("online"));
    assert_eq!(stream.point(id)["quality"], "good");
    place().rare(Rare::Refusing, |_| {});
}
