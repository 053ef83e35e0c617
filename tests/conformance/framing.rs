//! Chapter "The stream", its bytes: independent clients make of them exactly what stands in them, however the network
//! cuts them, and they end as HTTP/1.1 says.

use std::thread;

use serde_json::{Value as Json, json};

use crate::contract::Contract;
use crate::grammar::{Chunks, take_event};
use crate::peer::cut::Cut;
use crate::peer::events::{Event, Ids, body, parse};
use crate::peer::run_script;
use crate::peer::wait_for;
use crate::place::{Lane, among_others, lane, place};
use crate::stream::{DUE_WITHIN, Stream};

/// The answer to the request for the stream, as far as it went over the relay. A browser asks for it on a connection
/// on which it has asked for something else before.
fn answer(relay: &Cut) -> Vec<u8> {
    const BEGIN: &[u8] = b"HTTP/1.1 200 ";
    let passed = relay.passed();
    let mut answers = passed.iter().map(|one| one.answer.as_slice());
    let Some(all) = answers.find(|all| contains(all, b"text/event-stream")) else {
        return Vec::new();
    };
    let begin = all.windows(BEGIN.len()).rposition(|bytes| bytes == BEGIN).unwrap();
    all[begin..].to_vec()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The events that were sent over the relay, read by the letter; and whether the body has ended.
fn sent(relay: &Cut) -> (Vec<crate::grammar::Event>, bool) {
    let answer = answer(relay);
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return (Vec::new(), false);
    };
    let (mut chunks, mut body, mut contract) = (Chunks::default(), Vec::new(), Contract::default());
    chunks.feed(&answer[end + 4..], &mut body).unwrap();
    let mut events = Vec::new();
    while let Some(event) = take_event(&mut body).unwrap() {
        contract.take(&event).unwrap();
        events.push(event);
    }
    assert!(!chunks.ended || (body.is_empty() && chunks.at_rest()), "bytes behind the last event");
    (events, chunks.ended)
}

/// Waits until a points event with this value of the lane's `a` was sent.
#[track_caller]
fn until_sent(relay: &Cut, lane: &Lane, value: i32) {
    wait_for("the change to be sent", DUE_WITHIN, || {
        let all = sent(relay).0;
        let mut points = all.iter().flat_map(|event| event.data["points"].as_array()).flatten();
        let is_it = |point: &Json| point["id"] == lane.id("a") && point["value"] == value;
        points.any(is_it).then_some(())
    });
}

/// Has a client follow a stream through its whole life, and holds what it saw against what was sent.
#[track_caller]
fn follow(script: &'static str, ids: Ids, bytewise: bool) {
    let _among = among_others();
    let lane = lane();
    let relay = Cut::none(place().address, bytewise);
    let query = format!("points={},kinds/**&heartbeat_ms=1000", lane.all());
    let url = format!("http://{}/api/v1/stream?{query}", relay.address());
    let client = thread::spawn(move || run_script(script, &[&url]));
    until_sent(&relay, &lane, 0);
    for value in 1..=3 {
        lane.set("a", value);
        until_sent(&relay, &lane, value);
    }
    wait_for("a heartbeat", DUE_WITHIN, || {
        sent(&relay).0.iter().any(|event| event.name == "heartbeat").then_some(())
    });
    // The end: somebody else takes the session over.
    let last = sent(&relay).0.into_iter().rev().find_map(|event| event.id).unwrap();
    let _other = Stream::open_with("", &[("Last-Event-ID", &last.to_string())]);
    let said = client.join().unwrap();
    wait_for("the clean end", DUE_WITHIN, || sent(&relay).1.then_some(()));

    let seen: Vec<Event> = said.lines().map(event_of).collect();
    let sent: Vec<Event> = parse(&body(&answer(&relay)), "", ids);
    assert_eq!(seen, sent, "{script}");
    let names: Vec<&str> = seen.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(
        (names[..2].to_vec(), names.last()),
        (vec!["connect", "subscribed"], Some(&"replaced"))
    );
}

fn event_of(line: &str) -> Event {
    let json: Json = serde_json::from_str(line).unwrap();
    let field = |name: &str| json[name].as_str().unwrap().to_owned();
    Event { event: field("event"), data: field("data"), id: field("id") }
}

#[test]
fn the_eventsource_package_reads_what_was_sent() {
    follow("eventsource.mjs", Ids::Own, false);
}

#[test]
fn the_eventsource_package_reads_it_byte_by_byte() {
    follow("eventsource.mjs", Ids::Own, true);
}

#[test]
fn httpx_sse_reads_what_was_sent() {
    follow("httpx_follow.py", Ids::Last, false);
}

#[test]
fn httpx_sse_reads_it_byte_by_byte() {
    follow("httpx_follow.py", Ids::Last, true);
}

#[test]
fn chromium_reads_what_was_sent() {
    follow("chromium.mjs", Ids::Last, false);
}

#[test]
fn chromium_reads_it_byte_by_byte() {
    follow("chromium.mjs", Ids::Last, true);
}

#[test]
fn a_stream_of_http_1_0_has_no_chunks_and_ends_with_its_connection() {
    use std::io::{Read as _, Write as _};
    let _among = among_others();
    let lane = lane();
    let mut socket = crate::stream::connection();
    let query = format!("points={}&heartbeat_ms=1000", lane.id("a"));
    let head = format!("GET /api/v1/stream?{query} HTTP/1.0\r\nHost: {}\r\n\r\n", place().address);
    socket.write_all(head.as_bytes()).unwrap();
    let head = crate::stream::read_head(&mut socket);
    assert!(
        head.contains(" 200 ") && !head.to_ascii_lowercase().contains("transfer-encoding"),
        "{head}"
    );
    let (mut body, mut events, mut contract) = (Vec::new(), Vec::new(), Contract::default());
    let mut read = |until: &str| loop {
        if let Some(event) = take_event(&mut body).unwrap() {
            contract.take(&event).unwrap();
            let is_it = event.name == until;
            events.push(event);
            if is_it {
                return events.clone();
            }
            continue;
        }
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes).expect("an event in time");
        assert!(count > 0, "it ended before {until}");
        body.extend_from_slice(&bytes[..count]);
    };
    let id = read("heartbeat").into_iter().rev().find_map(|event| event.id).unwrap();
    let _other = Stream::open_with("", &[("Last-Event-ID", &id.to_string())]);
    assert_eq!(read("replaced").last().unwrap().data, json!({}));
    assert!(body.is_empty());
    assert_eq!(socket.read(&mut [0; 64]).unwrap(), 0, "then the connection ends");
}
