//! Other people's clients against the gateway: they follow the stream, lose their connection in the middle of a
//! frame, come back with `Last-Event-ID`, and make of every frame exactly what stands in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use peer::cut::{Cut, Passed};
use peer::events::{Event, Ids, body, parse};
use peer::gateway::Site;
use serde_json::Value as Json;

/// The connection is cut inside this frame of points.
const CUT_IN_FRAME: usize = 4;

/// The client follows until it has seen this many frames of points after the cut.
const FRAMES_AFTER: &str = "3";

#[test]
fn the_eventsource_package_resumes_after_a_cut() {
    follow_through_a_cut("eventsource.mjs", "eventsource", Ids::Own);
}

#[test]
fn httpx_sse_resumes_after_a_cut() {
    follow_through_a_cut("httpx_follow.py", "httpx-sse", Ids::Last);
}

#[track_caller]
fn follow_through_a_cut(script: &str, name: &str, ids: Ids) {
    let site = Site::new(name);
    let gateway = site.start();
    let cut = Cut::before(site.address(), CUT_IN_FRAME);
    let url = format!("http://{}/api/v1/stream?points=**,$devices/**", cut.address());
    let said = peer::run_script(script, &[&url, FRAMES_AFTER]);
    let seen: Vec<Event> = said.lines().map(event_of).collect();
    let passed = cut.passed().clone();
    drop(gateway);

    // A client may open a connection ahead and never ask anything on it.
    let asked: Vec<&Passed> = passed.iter().filter(|one| !one.request.is_empty()).collect();
    let [first, second] = asked.as_slice() else { panic!("{} connections", asked.len()) };
    let before = parse(&body(&first.answer), "", ids);
    let last_id = &before.iter().rfind(|event| !event.id.is_empty()).unwrap().id;
    assert_eq!(header(second, "last-event-id"), Some(last_id.as_str()), "{name} names its place");
    let after = parse(&body(&second.answer), last_id, ids);

    let (seen_before, seen_after) = seen.split_at(before.len());
    assert_eq!(seen_before, before, "{name} before the cut");
    assert_eq!(seen_after, &after[..seen_after.len()], "{name} after the cut");

    let connect: Json = serde_json::from_str(&seen_after[0].data).unwrap();
    assert_eq!(seen_after[0].event, "connect");
    assert_eq!(connect["resumed"], Json::Bool(true), "{connect}");
    assert_eq!(connect["reset"], Json::Null, "{connect}");
    assert_eq!(connect["selection"], "kept", "{connect}");
    assert_sequence_grows(&seen);
}

fn event_of(line: &str) -> Event {
    let json: Json = serde_json::from_str(line).unwrap();
    let field = |name: &str| json[name].as_str().unwrap().to_owned();
    Event { event: field("event"), data: field("data"), id: field("id") }
}

fn header<'a>(passed: &'a Passed, name: &str) -> Option<&'a str> {
    let head = std::str::from_utf8(&passed.request).unwrap();
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The position that the ids name never goes back, over the cut too.
#[track_caller]
fn assert_sequence_grows(seen: &[Event]) {
    let ids = seen.iter().filter(|event| !event.id.is_empty());
    let numbers: Vec<u64> =
        ids.map(|event| event.id.split('.').nth(2).unwrap().parse().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert!(numbers.last() > numbers.first(), "nothing moved: {numbers:?}");
}
