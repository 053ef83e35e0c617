//! Chapter "The stream": `subscribed` and the snapshot behind it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::place::{among_others, lane};
use crate::site::{self, LANE_POINTS};
use crate::stream::{Stream, ids_of};

/// The ids of a wide device.
fn wide() -> BTreeSet<String> {
    (0..site::WIDE).map(|at| format!("wide/{at:04}")).collect()
}

#[test]
fn a_selection_is_announced_counted_and_told_whole() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::open("");
    let put = stream.put(&json!([lane.all()]));
    let subscribed = stream.next().unwrap();
    assert_eq!(subscribed.name, "subscribed");
    assert_eq!(subscribed.data["revision"], put["revision"]);
    assert_eq!(subscribed.data["count"], LANE_POINTS.len());
    let first = stream.next().unwrap();
    assert_eq!((&first.data["snapshot"], first.data.get("more")), (&put["revision"], None));
    let mut ids = ids_of(&first);
    ids.sort();
    assert_eq!(ids, LANE_POINTS.map(|point| lane.id(point)), "each once");
}

#[test]
fn an_addition_tells_what_joined_and_a_removal_nothing() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&format!("{},{}", lane.id("a"), lane.id("b")));
    let patch = |body| assert_eq!(stream.subscription("PATCH", &body).status, 200);
    patch(json!({"add": [lane.id("*")]}));
    let (_, mut joined) = stream.snapshot();
    joined.sort();
    assert_eq!(joined, ["c", "d", "x"].map(|point| lane.id(point)), "the added alone");
    // An entry that adds no point joins none.
    let body = json!({"add": [lane.id("c")], "remove": [lane.id("a")]});
    assert_eq!(stream.subscription("PATCH", &body).status, 200);
    assert_eq!(stream.next_named("subscribed").data["count"], LANE_POINTS.len());
    let changed: Vec<String> = stream.next_named("points").data["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["id"].to_string())
        .collect();
    assert_eq!(changed, Vec::<String>::new());
}

#[test]
fn what_left_the_selection_is_told_no_more() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.all());
    let put = stream.put(&json!([lane.id("b"), lane.id("c")]));
    while stream.next_named("subscribed").data["revision"] != put["revision"] {}
    lane.set_all(&[("a", 1), ("b", 1), ("d", 1)]);
    lane.with(|unit| unit.set_f64(site::register("x"), 1.0));
    let mut told = BTreeSet::new();
    for event in stream.until(&lane.id("b"), &json!(1)) {
        told.extend(ids_of(&event));
    }
    Stream::witness(&lane, "c", &[1]);
    for event in stream.until(&lane.id("c"), &json!(1)) {
        told.extend(ids_of(&event));
    }
    assert_eq!(told, BTreeSet::from([lane.id("b"), lane.id("c")]));
}

#[test]
fn a_selection_of_nothing_is_announced_and_settled() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.all());
    let answer = stream.subscription("DELETE", &json!({}));
    assert_eq!((answer.status, &answer.json()["entries"]), (200, &json!([])));
    let subscribed = stream.next_named("subscribed");
    assert_eq!(subscribed.data, json!({"revision": 2, "count": 0}));
    Stream::witness(&lane, "a", &[1]);
    let mut stream = stream.resume("heartbeat_ms=1000");
    assert_eq!(stream.next_named("heartbeat").id.unwrap().revision, 2);
    assert!(stream.point(&lane.id("a"))["value"] != 1, "it was told what it had left");
}

#[test]
fn a_frame_takes_a_thousand_points_and_the_rest_follows() {
    let _among = among_others();
    let (frames, ids) = Stream::open("points=wide/*").snapshot();
    assert_eq!(frames, 2);
    assert_eq!(ids.len(), wide().len(), "each once");
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), wide());
}

#[test]
fn a_frame_takes_256_kib_and_the_rest_follows() {
    let _among = among_others();
    let (frames, ids) = Stream::open("points=long/**").snapshot();
    // Of such points some 330 bytes each.
    assert!(frames >= 2, "{frames} frames");
    let unique: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!((ids.len(), unique.len()), (1_100, 1_100), "each once");
}

#[test]
fn a_newer_selection_ends_a_snapshot_that_is_not_done() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::open("points=long/**");
    for points in
        [json!(["wide/*"]), json!(["long/**", "wide/000*".replace('*', "1")]), json!([lane.all()])]
    {
        stream.put(&points);
    }
    // Whatever was put out in between, the contract held; what counts is the last.
    while stream.next_named("subscribed").data["revision"] != 4 {}
    let (_, mut ids) = stream.snapshot();
    ids.sort();
    assert_eq!(ids, LANE_POINTS.map(|point| lane.id(point)));
    Stream::witness(&lane, "a", &[3]);
    stream.until(&lane.id("a"), &json!(3));
}
