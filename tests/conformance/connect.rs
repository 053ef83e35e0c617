//! Chapter "The stream": its query, and the event with which every connection begins.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::peer::http::get;
use crate::place::{among_others, lane, place};
use crate::stream::Stream;

#[test]
fn a_connection_says_what_it_was_asked_for() {
    let _among = among_others();
    let stream = Stream::open("");
    let field = |key: &str| stream.connect[key].clone();
    assert_eq!((field("resumed"), field("reset")), (json!(false), Json::Null));
    assert_eq!((field("selection"), field("revision")), (json!("empty"), json!(0)));
    assert_eq!((field("heartbeat_ms"), field("interval_ms")), (json!(15_000), json!(0)));
    let asked =
        Stream::open("heartbeat_ms=60000&interval_ms=60000&points=kinds/i16&token=anything");
    assert_eq!(asked.connect["heartbeat_ms"], 60_000);
    assert_eq!(asked.connect["interval_ms"], 60_000);
    assert_eq!(asked.connect["selection"], "query");
}

#[test]
fn an_empty_selection_in_the_query_is_a_selection() {
    let _among = among_others();
    let mut stream = Stream::open("points=");
    assert_eq!(stream.connect["selection"], "query");
    assert_eq!(stream.next_named("subscribed").data["count"], 0);
}

#[test]
fn no_two_clients_have_one_name_and_nobody_guesses_it() {
    let _among = among_others();
    let names: BTreeSet<String> = (0..20).map(|_| Stream::open("").client().to_owned()).collect();
    assert_eq!(names.len(), 20);
    for name in &names {
        // 22 letters and digits are 131 bits.
        assert!(name.len() >= 22 && name.bytes().all(|b| b.is_ascii_alphanumeric()), "{name}");
    }
    // Nor do names have a part in common that would make them fewer.
    let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    for at in 0..22 {
        let letters: BTreeSet<u8> = names.iter().map(|name| name[at]).collect();
        assert!(letters.len() > 3, "character {at} of every name is one of {letters:?}");
    }
}

#[test]
fn clients_that_lose_their_connections_in_one_moment_do_not_come_back_in_one() {
    let _among = among_others();
    let waits: BTreeSet<u64> = (0..20).map(|_| Stream::open("").retry_ms).collect();
    assert!(waits.len() > 10, "{waits:?}");
    assert!(waits.iter().all(|ms| (500..=10_000).contains(ms)), "{waits:?}");
}

#[test]
fn silence_is_broken_by_heartbeats_that_prove_the_position() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::open(&format!("points={}&heartbeat_ms=1000", lane.id("a")));
    stream.snapshot();
    let before = stream.last_id.clone().unwrap();
    // What others change moves the position of a reader to whom it means nothing.
    Stream::witness(&lane, "b", &[1, 2, 3]);
    let (mut beats, mut seq) = (Vec::new(), before.seq);
    while seq < before.seq + 3 || beats.len() < 2 {
        assert!(beats.len() < 30, "it stays behind what is settled: {seq}, {before}");
        let event = stream.next().unwrap();
        assert_eq!(event.name, "heartbeat", "nothing else was due");
        assert_eq!(event.data["heartbeat_ms"], 1_000);
        beats.push(event.data["time"].as_u64().unwrap());
        seq = event.id.unwrap().seq;
    }
    assert!(beats[1] - beats[0] >= 990, "not before the time that was asked for: {beats:?}");
}

#[test]
fn what_the_query_may_not_hold_is_refused_by_name() {
    let _among = among_others();
    for (query, fields) in [
        ("heartbeat_ms=999", &["heartbeat_ms"][..]),
        ("heartbeat_ms=60001", &["heartbeat_ms"]),
        ("heartbeat_ms=", &["heartbeat_ms"]),
        ("heartbeat_ms=1e3", &["heartbeat_ms"]),
        ("interval_ms=-1", &["interval_ms"]),
        ("interval_ms=60001&heartbeat_ms=0", &["interval_ms", "heartbeat_ms"]),
        ("intervall_ms=5", &["intervall_ms"]),
        ("interval_ms=5&interval_ms=5", &["interval_ms"]),
    ] {
        let answer = get(place().address, &format!("/api/v1/stream?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let named: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{query}");
    }
}
