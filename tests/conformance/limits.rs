//! Chapter "Limits": past one of them the new request fails with a clear error, and open streams go on.

use std::time::Duration;

use serde_json::json;

use crate::peer::http::{get, send};
use crate::peer::wait_for;
use crate::place::{alone, among_others, lane, place};
use crate::site::{POINTS_PER_CLIENT, STREAMS_PER_ADDRESS};
use crate::stream::{DUE_WITHIN, Stream, ask};

/// Everything there is, the server's own points too: more than one client may select.
const EVERYTHING: &str = "**,$devices/**";

#[test]
fn past_the_streams_of_an_address_the_next_is_sent_away_for_a_while() {
    let _alone = alone();
    let lane = lane();
    let query = format!("points={}", lane.id("a"));
    let mut streams: Vec<Stream> = Vec::new();
    wait_for("the places of other tests to be free", DUE_WITHIN, || {
        while streams.len() < STREAMS_PER_ADDRESS {
            streams.push(Stream::admitted(&query)?);
        }
        Some(())
    });
    let refused = get(place().address, "/api/v1/stream?points=kinds/*");
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let wait: u64 = refused.header("retry-after").expect("a time to come back").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait} s");
    assert_eq!(get(place().address, "/healthz").status, 200, "anything else is still answered");
    // Who is within its life keeps its place.
    let back = streams.pop().unwrap().resume("");
    assert_eq!(back.connect["resumed"], true);
    lane.set("a", 1);
    for stream in &mut streams {
        stream.until(&lane.id("a"), &json!(1));
    }
}

#[test]
fn a_selection_past_the_points_of_a_client_is_refused_by_its_entry() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.id("a"));
    let points: Vec<&str> = EVERYTHING.split(',').collect();
    let all = get(place().address, "/api/v1/points?limit=10000").json()["points"]
        .as_array()
        .unwrap()
        .len();
    assert!(all > POINTS_PER_CLIENT, "the site has too few points for this test: {all}");
    let answer =
        stream.subscription("PATCH", &json!({"add": [points[0], points[1], lane.id("b")]}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let entries = answer.json()["entries"].clone();
    let limited = entries.as_array().unwrap().iter().filter(|e| e["status"] == "limit").count();
    assert!(limited >= 1, "{entries}");
    lane.set("a", 1);
    stream.until(&lane.id("a"), &json!(1));
    let query = get(place().address, &format!("/api/v1/stream?points={EVERYTHING}"));
    assert_eq!(query.status, 503, "{}", query.body);
}

#[test]
fn a_selection_of_more_entries_than_allowed_is_refused_whole() {
    let _among = among_others();
    let stream = Stream::open("");
    let entries: Vec<String> = (0..10_001).map(|number| format!("none/{number}")).collect();
    let answer = stream.subscription("PUT", &json!({ "points": entries }));
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["errors"][0]["field"], "points");
    let answer = stream.subscription("PUT", &json!({ "points": entries[1..] }));
    assert_eq!(answer.status, 200, "exactly as many are taken");
}

#[test]
fn a_client_that_edits_too_often_is_told_when_it_may_again() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.id("a"));
    let body = json!({"points": [lane.id("a")]});
    let path = stream.subscription_path();
    let edit = || send(place().address, "PUT", &path, &body);
    // Many more than anybody needs, and far more than come through at any rate.
    let refused = (0..2_000).map(|_| edit()).find(|answer| answer.status != 200).expect("no bound");
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let wait: u64 = refused.header("retry-after").expect("a time to come back").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait} s");
    let other = Stream::of(&lane.id("b"));
    assert_eq!(other.put(&json!([]))["revision"], 2, "that is this client's affair alone");
    std::thread::sleep(Duration::from_secs(wait));
    assert_eq!(edit().status, 200);
    lane.set("a", 1);
    stream.until(&lane.id("a"), &json!(1));
}

#[test]
fn a_body_of_a_mebibyte_is_taken_and_a_byte_more_is_not() {
    let _among = among_others();
    let kind = [("Content-Type", "application/json")];
    let read = |bytes: usize| {
        let body = format!("{{\"ids\":[]{}}}", " ".repeat(bytes - 10));
        assert_eq!(body.len(), bytes);
        ask("POST", "/api/v1/points/read", &kind, &body)
    };
    assert_eq!(read(1024 * 1024).status, 200);
    let refused = read(1024 * 1024 + 1);
    assert_eq!(refused.status, 413, "{}", refused.body);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
}
