//! Chapter "Subscriptions", what an entry wants to hear: `interval_ms`, `deadband`, `flush_ms`.

use serde_json::{Value as Json, json};

use crate::peer::device::Mood;
use crate::place::{Lane, among_others, lane};
use crate::site;
use crate::stream::{Stream, ids_of};

/// A stream of these entries, read up to the end of its snapshot.
#[track_caller]
fn stream_of(entries: &Json) -> Stream {
    let mut stream = Stream::open("heartbeat_ms=60000");
    stream.put(entries);
    stream.snapshot();
    stream
}

/// Changes `a` and in the same moment `b`, of which every change is told; whether `a` was told with it.
#[track_caller]
fn told(stream: &mut Stream, lane: &Lane, a: i32, b: i32) -> bool {
    lane.set_all(&[("a", a), ("b", b)]);
    let events = stream.until(&lane.id("b"), &json!(b));
    events.iter().any(|event| ids_of(event).contains(&lane.id("a")))
}

#[test]
fn an_interval_holds_back_its_own_points_and_no_others() {
    let _among = among_others();
    let lane = lane();
    let entries = json!([{"match": lane.id("a"), "interval_ms": 60_000}, lane.id("b")]);
    let mut stream = stream_of(&entries);
    assert!(told(&mut stream, &lane, 1, 1), "the first change after quiet goes out at once");
    let at_first = stream.last_id.clone().unwrap().seq;
    for value in 2..=4 {
        assert!(!told(&mut stream, &lane, value, value), "{value} is held back");
    }
    // The position owns up to it, so a client that comes back hears it.
    let held = stream.last_id.clone().unwrap().seq;
    assert!(held >= at_first && stream.point(&lane.id("a"))["value"] == 1);
    let mut back = stream.resume("");
    back.until(&lane.id("a"), &json!(4));
}

#[test]
fn what_an_interval_held_back_is_told_when_it_is_over() {
    let _among = among_others();
    let lane = lane();
    let mut stream = stream_of(&json!([{"match": lane.id("a"), "interval_ms": 500}]));
    Stream::witness(&lane, "a", &[1, 2, 3, 4, 5, 6, 7]);
    let events = stream.until(&lane.id("a"), &json!(7));
    let told = u64::try_from(events.len()).unwrap();
    assert_eq!(told + stream.skipped(), 7, "{events:?}");
}

#[test]
fn a_deadband_is_measured_from_the_value_last_sent() {
    let _among = among_others();
    let lane = lane();
    let entries = json!([{"match": lane.id("a"), "deadband": {"absolute": 10}}, lane.id("b")]);
    let mut stream = stream_of(&entries);
    let steps = [
        (4, false),
        (8, false),
        (10, false),
        (11, true),
        (1, false),
        (0, true),
        (-10, false),
        (-11, true),
    ];
    for (b, (a, is_told)) in (1..).zip(steps) {
        assert_eq!(told(&mut stream, &lane, a, b), is_told, "{a}");
    }
}

#[test]
fn a_deadband_in_percent_is_of_the_range() {
    let _among = among_others();
    let lane = lane();
    let x = site::register("x");
    let percent = json!({"percent": 10});
    let entries = json!([{"match": lane.id("x"), "deadband": percent}, {"match": lane.id("a"), "deadband": percent}, lane.id("b")]);
    let mut stream = stream_of(&entries);
    // Of a range from 0 to 200 it is 20.
    for (b, (value, is_told)) in
        (1..).zip([(20.0, false), (20.5, true), (40.5, false), (0.0, true)])
    {
        lane.with(|unit| {
            unit.set_f64(x, value);
            unit.set_i32(site::register("b"), b);
        });
        let events = stream.until(&lane.id("b"), &json!(b));
        let with_it = events.iter().any(|event| ids_of(event).contains(&lane.id("x")));
        assert_eq!(with_it, is_told, "{value}");
    }
    // A point without a range has none of it.
    assert!(told(&mut stream, &lane, 1, 9));
}

#[test]
fn a_deadband_holds_back_no_change_of_quality() {
    let _among = among_others();
    let lane = lane();
    let (id, x) = (lane.id("x"), site::register("x"));
    lane.with(|unit| unit.set_f64(x, 199.0));
    Stream::open(&format!("points={id}")).until(&id, &json!(199.0));
    let mut stream = stream_of(&json!([{"match": id, "deadband": {"absolute": 1000}}]));
    lane.with(|unit| unit.set_f64(x, 201.0));
    assert_eq!(stream.until_reason(&id, Some("out_of_range"))["value"], 201.0);
    lane.with(|unit| unit.mood = Mood::Refuses);
    stream.until_reason(&id, Some("device_error"));
    lane.with(|unit| unit.mood = Mood::Answers);
    stream.until_reason(&id, Some("out_of_range"));
    lane.with(|unit| unit.set_f64(x, f64::NAN));
    stream.until_reason(&id, Some("not_a_number"));
    lane.with(|unit| unit.set_f64(x, 1.0));
    assert_eq!(stream.until_reason(&id, None)["value"], 1.0);
}

#[test]
fn what_a_deadband_holds_back_is_told_after_its_flush() {
    let _among = among_others();
    let lane = lane();
    let entry = json!({"match": lane.id("a"), "deadband": {"absolute": 1000}, "flush_ms": 300});
    let mut stream = stream_of(&json!([entry]));
    for value in [1, 2] {
        lane.set("a", value);
        stream.until(&lane.id("a"), &json!(value));
    }
}

#[test]
fn a_resume_tells_what_a_deadband_held_back() {
    let _among = among_others();
    let lane = lane();
    let stream = stream_of(&json!([{"match": lane.id("a"), "deadband": {"absolute": 1000}}]));
    Stream::witness(&lane, "a", &[5]);
    stream.resume("").until(&lane.id("a"), &json!(5));
}

#[test]
fn a_literal_id_speaks_before_a_pattern_and_then_the_later_entry() {
    let _among = among_others();
    let lane = lane();
    let wide = json!({"absolute": 1000});
    let pattern = json!({"match": lane.id("*"), "deadband": wide});
    let literal = json!({"match": lane.id("a"), "deadband": wide});
    let b = json!(lane.id("b"));
    // Entries, and whether a small change of `a` is told.
    let cases = [
        (json!([lane.id("a"), pattern, b]), true),
        (json!([pattern, lane.id("a"), b]), true),
        (json!([literal, lane.all(), b]), false),
        (json!([lane.all(), pattern, b]), false),
        (json!([pattern, lane.all(), b]), true),
        (json!([lane.id("a"), literal, b]), false),
        (json!([literal, lane.id("a"), b]), true),
    ];
    for (value, (entries, is_told)) in (1..).zip(cases) {
        let mut stream = stream_of(&entries);
        assert_eq!(told(&mut stream, &lane, value, value), is_told, "{entries}");
    }
}

#[test]
fn an_entry_that_is_put_again_begins_with_a_snapshot_and_its_new_wish() {
    let _among = among_others();
    let lane = lane();
    let with = |width: i32| json!([{"match": lane.id("a"), "deadband": {"absolute": width}}, lane.id("b")]);
    let mut stream = stream_of(&with(1_000));
    assert!(!told(&mut stream, &lane, 5, 1));
    stream.put(&with(2));
    stream.snapshot();
    assert_eq!(stream.point(&lane.id("a"))["value"], 5, "current values, whatever was held back");
    assert!(told(&mut stream, &lane, 8, 2));
}

#[test]
fn a_wish_that_is_none_is_refused_by_name() {
    let _among = among_others();
    let stream = Stream::open("");
    for (entry, fields) in [
        (json!({"interval_ms": 60_001}), &["interval_ms"][..]),
        (json!({"interval_ms": -1}), &["interval_ms"]),
        (json!({"interval_ms": "5"}), &["interval_ms"]),
        (json!({"interval_ms": 1.5}), &["interval_ms"]),
        (json!({"deadband": 5}), &["deadband"]),
        (json!({"deadband": {}}), &["deadband"]),
        (json!({"deadband": {"absolute": -1}}), &["deadband"]),
        (json!({"deadband": {"absolute": null}}), &["deadband"]),
        (json!({"deadband": {"percent": 101}}), &["deadband"]),
        (json!({"deadband": {"absolute": 1, "percent": 1}}), &["deadband"]),
        (json!({"deadband": {"relative": 1}}), &["deadband"]),
        (json!({"flush_ms": 1_000}), &["flush_ms"]),
        (json!({"deadband": {"absolute": 1}, "flush_ms": 0}), &["flush_ms"]),
        (json!({"dead_band": 1, "interval_ms": 60_001}), &["dead_band", "interval_ms"]),
    ] {
        let mut given = entry.clone();
        given["match"] = json!("kinds/i16");
        let answer = stream.subscription("PUT", &json!({"points": ["kinds/bool", given]}));
        assert_eq!(answer.status, 400, "{entry}: {}", answer.body);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let mut named: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
        named.sort_unstable();
        let wanted: Vec<String> = fields.iter().map(|field| format!("points[1].{field}")).collect();
        assert_eq!(named, wanted, "{entry}");
    }
}
