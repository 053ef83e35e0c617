//! Chapter "Resume": a client that comes back gets what it missed, or is told that it must begin anew.

use std::io::{Read as _, Write as _};

use serde_json::{Value as Json, json};

use crate::contract::Contract;
use crate::grammar::{Chunks, take_event};
use crate::peer::http::get;
use crate::place::{among_others, lane, place};
use crate::site;
use crate::stream::{Stream, connection, head, ids_of, read_head};

#[test]
fn who_comes_back_is_told_what_changed_and_nothing_else() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::of(&lane.all());
    Stream::witness(&lane, "b", &[1, 2]);
    let mut back = stream.resume("heartbeat_ms=1000");
    assert_eq!(back.connect["resumed"], true);
    assert_eq!((&back.connect["reset"], &back.connect["selection"]), (&Json::Null, &json!("kept")));
    let events = back.until(&lane.id("b"), &json!(2));
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(ids_of(event), [lane.id("b")]);
    assert_eq!(event.data.get("snapshot"), None);
    let quiet = back.resume("heartbeat_ms=1000").next().unwrap();
    assert_eq!(quiet.name, "heartbeat", "nothing changed since");
}

#[test]
fn the_position_may_stand_in_the_query_and_the_header_wins() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.id("a"));
    let old = stream.last_id.clone().unwrap();
    lane.set("a", 1);
    stream.until(&lane.id("a"), &json!(1));
    let new = stream.last_id.clone().unwrap();
    drop(stream);
    let told = |mut stream: Stream| {
        assert_eq!(stream.connect["resumed"], true);
        stream.next().unwrap().name
    };
    let query = format!("last_event_id={old}&heartbeat_ms=1000");
    assert_eq!(told(Stream::open(&query)), "points");
    let newer = new.to_string();
    assert_eq!(told(Stream::open_with(&query, &[("Last-Event-ID", &newer)])), "heartbeat");
    assert_eq!(
        told(Stream::open_with(&query, &[("Last-Event-ID", "")])),
        "points",
        "an empty one names nothing"
    );
}

#[test]
fn the_query_of_a_client_that_comes_back_changes_nothing_of_its_selection() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::of(&lane.id("a"));
    Stream::witness(&lane, "b", &[1]);
    let mut back = stream.resume(&format!("points={}&heartbeat_ms=1000", lane.id("b")));
    assert_eq!(back.connect["selection"], "kept");
    assert_eq!(back.next().unwrap().name, "heartbeat");
}

#[test]
fn what_joined_while_a_client_was_away_is_told_at_its_return() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::of(&lane.id("a"));
    let client = stream.subscription_path();
    let id = stream.last_id.clone().unwrap().to_string();
    drop(stream);
    let patch = json!({"add": [lane.id("b")]});
    assert_eq!(crate::peer::http::send(place().address, "PATCH", &client, &patch).status, 200);
    let mut back = Stream::open_with("", &[("Last-Event-ID", &id)]);
    assert_eq!((&back.connect["resumed"], &back.connect["revision"]), (&json!(true), &json!(2)));
    let (_, told) = back.snapshot();
    assert_eq!(told, [lane.id("b")], "a joined nothing and changed nothing");
    // Whoever was told is not told again.
    assert_eq!(back.resume("heartbeat_ms=1000").next().unwrap().name, "heartbeat");
}

#[test]
fn another_epoch_and_an_unknown_client_are_told_why_they_begin_anew() {
    let _among = among_others();
    let lane = lane();
    let known = Stream::of(&lane.id("a")).last_id.unwrap();
    let with = |id: &str| {
        let mut stream =
            Stream::open_with(&format!("points={}", lane.id("a")), &[("Last-Event-ID", id)]);
        assert_eq!(
            (&stream.connect["resumed"], &stream.connect["selection"]),
            (&json!(false), &json!("query"))
        );
        assert_ne!(stream.client(), known.client);
        assert_eq!(stream.snapshot().1.len(), 1, "a full snapshot follows");
        stream.connect["reset"].clone()
    };
    let epoch = &known.epoch;
    assert_eq!(with(&format!("{}.elsewhere.1.1", known.client)), "restart");
    assert_eq!(with(&format!("nobody.{epoch}.1.1")), "expired");
    for foreign in ["42", "a.b.c.d", "....", &"9".repeat(500), "nobody.never.1.1.1"] {
        assert!(with(foreign).is_string(), "{foreign:?} is told that it is void");
    }
}

#[test]
fn an_older_position_costs_a_repetition() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.id("a"));
    lane.set("a", 1);
    stream.until(&lane.id("a"), &json!(1));
    let id = stream.last_id.clone().unwrap();
    drop(stream);
    let past = format!("{}.{}.0.0", id.client, id.epoch);
    let mut back = Stream::open_with("", &[("Last-Event-ID", &past)]);
    assert_eq!(back.connect["resumed"], true);
    back.until(&lane.id("a"), &json!(1));
}

#[test]
fn a_position_that_never_was_is_void() {
    let _among = among_others();
    let lane = lane();
    let id = Stream::of(&lane.id("a")).last_id.unwrap();
    let (seq, revision) = (id.seq, id.revision);
    for (seq, revision) in
        [(u64::MAX, revision), (seq + 1_000_000_000, revision), (seq, revision + 5)]
    {
        let future = format!("{}.{}.{seq}.{revision}", id.client, id.epoch);
        let query = format!("points={}", lane.id("a"));
        let mut stream = Stream::open_with(&query, &[("Last-Event-ID", &future)]);
        assert_eq!(stream.connect["resumed"], false, "{future}: changes would be held for told");
        assert!(stream.connect["reset"].is_string(), "{future}");
        stream.snapshot();
    }
}

/// Follows a stream of a selection in several frames, cut after `bytes` of its body; what was taken in by then,
/// and the newest position, as a browser would have them.
fn cut_after(bytes: usize, query: &str) -> (Contract, Option<String>) {
    let mut socket = connection();
    socket.write_all(head(&format!("/api/v1/stream?{query}"), &[]).as_bytes()).unwrap();
    read_head(&mut socket);
    let mut wire = vec![0; bytes];
    socket.read_exact(&mut wire).unwrap();
    drop(socket);
    let (mut chunks, mut body, mut contract) = (Chunks::default(), Vec::new(), Contract::default());
    chunks.feed(&wire, &mut body).unwrap();
    let mut last = None;
    while let Some(event) = take_event(&mut body).unwrap() {
        contract.take(&event).unwrap();
        last = event.id.map(|id| id.to_string()).or(last);
    }
    (contract, last)
}

#[test]
fn wherever_a_snapshot_is_cut_nothing_of_it_is_missing_after_the_return() {
    let _among = among_others();
    // Of some 340 kB, in two frames: within the first, at its end, within the second.
    for bytes in [0, 1, 100, 300, 1_000, 100_000, 250_000, 262_000, 262_400, 300_000] {
        let (contract, last) = cut_after(bytes, "points=long/**");
        let mut known = contract.points;
        let mut back = match &last {
            Some(id) => Stream::open_with("", &[("Last-Event-ID", id)]),
            None => Stream::open("points=long/**"),
        };
        back.snapshot();
        known.extend(back.points().clone());
        assert_eq!(known.len(), usize::from(site::WIDE), "cut after {bytes} bytes, at {last:?}");
    }
}

#[test]
fn what_changed_during_a_cut_snapshot_is_known_after_the_return() {
    let _among = among_others();
    let lane = lane();
    let (contract, last) = cut_after(2_000, &format!("points={},long/**", lane.all()));
    Stream::witness(&lane, "a", &[1, 2, 3]);
    let mut back = Stream::open_with("", &[("Last-Event-ID", &last.unwrap())]);
    drop(contract);
    back.until(&lane.id("a"), &json!(3));
    let polled = get(place().address, &format!("/api/v1/points/{}", lane.id("a"))).json();
    assert_eq!(polled["time"], back.point(&lane.id("a"))["time"]);
}
