//! Chapter "Compact form": the same news in rows, with numbers for names.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::peer::device::Mood;
use crate::peer::http::get;
use crate::place::{among_others, lane, place};
use crate::site::LANE_POINTS;
use crate::stream::Stream;

/// Every point but the moment since which it is not good, which the compact form does not tell.
fn known(stream: &Stream) -> BTreeMap<String, Json> {
    let mut points = stream.points().clone();
    for point in points.values_mut() {
        point.as_object_mut().unwrap().remove("since");
    }
    points
}

#[test]
fn both_forms_tell_the_same() {
    let _among = among_others();
    let lane = lane();
    let points = format!("{},kinds/**,off/value", lane.all());
    let mut plain = Stream::of(&points);
    let mut compact = Stream::open(&format!("format=compact&points={points}"));
    compact.snapshot();
    lane.set_all(&[("a", -1), ("b", i32::MAX)]);
    for stream in [&mut plain, &mut compact] {
        stream.until(&lane.id("b"), &json!(i32::MAX));
    }
    lane.with(|unit| unit.mood = Mood::Refuses);
    for stream in [&mut plain, &mut compact] {
        for point in LANE_POINTS {
            stream.until_reason(&lane.id(point), Some("device_error"));
        }
    }
    assert_eq!(known(&compact), known(&plain));
}

#[test]
fn a_name_is_declared_with_its_first_row_and_means_the_same_for_everybody() {
    let _among = among_others();
    let lane = lane();
    let open =
        |points: &str| Stream::open(&format!("format=compact&points={points}&heartbeat_ms=60000"));
    let mut first = open(&lane.id("a"));
    let mut second = open(&lane.all());
    assert_eq!(first.connect["t0"], second.connect["t0"], "one for an epoch");
    let alias_in = |stream: &mut Stream| {
        let names = stream.next_named("points").data["names"].clone();
        let names = names.as_object().unwrap().clone();
        names.into_iter().find(|(_, id)| *id == lane.id("a")).unwrap().0
    };
    assert_eq!(alias_in(&mut first), alias_in(&mut second));
    // A declared name is not declared again, but in another connection.
    lane.set("a", 1);
    let change = first.until(&lane.id("a"), &json!(1)).pop().unwrap();
    assert_eq!(change.data.get("names"), None);
    Stream::witness(&lane, "a", &[2]);
    let mut back = first.resume("format=compact");
    let change = back.until(&lane.id("a"), &json!(2)).pop().unwrap();
    assert_eq!(change.data["names"].as_object().unwrap().len(), 1);
    // What joins is declared when it is told.
    assert_eq!(back.subscription("PATCH", &json!({"add": [lane.id("b")]})).status, 200);
    back.until(&lane.id("b"), &json!(0));
}

#[test]
fn a_change_takes_at_most_a_third_of_the_bytes() {
    let _among = among_others();
    let lane = lane();
    let mut plain = Stream::of(&lane.all());
    let mut compact = Stream::open(&format!("format=compact&points={}", lane.all()));
    compact.snapshot();
    let row = |data: &Json| data["points"][0].to_string().len();
    for value in [1, 20_000, -3] {
        lane.set("a", value);
        let long = row(&plain.until(&lane.id("a"), &json!(value)).pop().unwrap().data);
        let short = row(&compact.until(&lane.id("a"), &json!(value)).pop().unwrap().data);
        assert!(3 * short <= long, "{short} of {long} bytes");
    }
}

#[test]
fn the_form_is_that_of_the_connection_and_not_of_the_session() {
    let _among = among_others();
    let lane = lane();
    let mut compact = Stream::open(&format!("format=compact&points={}", lane.id("a")));
    compact.snapshot();
    Stream::witness(&lane, "a", &[1]);
    let mut plain = compact.resume("");
    plain.until(&lane.id("a"), &json!(1));
    assert_eq!(plain.connect.get("t0"), None);
    Stream::witness(&lane, "a", &[2]);
    plain.resume("format=compact").until(&lane.id("a"), &json!(2));
    let answer = get(place().address, "/api/v1/stream?format=tiny");
    assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (400, &json!("format")));
}

#[test]
fn a_large_snapshot_keeps_to_the_bounds_of_a_frame_with_its_names() {
    let _among = among_others();
    for (points, least) in [("long/**", 2), ("wide/*", 2)] {
        let mut stream = Stream::open(&format!("format=compact&points={points}"));
        let mut frames = 0;
        loop {
            let event = stream.next_named("points");
            frames += 1;
            if event.data.get("more").is_none() {
                break;
            }
        }
        assert!(frames >= least, "{points}: {frames} frames");
        assert_eq!(stream.points().len(), usize::from(crate::site::WIDE));
    }
}
