//! Messages and entries' wishes over the network: who hears what, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::net::SocketAddr;
use std::sync::OnceLock;

use peer::gateway::{Gateway, Site};
use peer::http::{Stream, get, send};
use serde_json::{Value as Json, json};

/// One gateway for all tests of this file.
fn gateway() -> SocketAddr {
    static RUNNING: OnceLock<(Site, Gateway)> = OnceLock::new();
    RUNNING
        .get_or_init(|| {
            let site = Site::new("notices");
            let gateway = site.start();
            (site, gateway)
        })
        .0
        .address()
}

fn notify(to: &str, severity: &str, text: &str) -> peer::http::Answer {
    let body = json!({"to": to, "severity": severity, "text": text});
    send(gateway(), "POST", "/api/v1/notices", &body)
}

/// An open stream without points, and its client's name.
fn listener() -> (Stream, String) {
    let mut stream = Stream::open(gateway(), "");
    let client = stream.next().unwrap().data["client"].as_str().unwrap().to_owned();
    (stream, client)
}

fn next_notice(stream: &mut Stream) -> Json {
    loop {
        let event = stream.next().unwrap();
        if event.name == "notice" {
            return event.data;
        }
    }
}

fn refused_fields(answer: &peer::http::Answer) -> Vec<String> {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let problem = answer.json();
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_notice_reaches_whom_it_is_for_and_nobody_else() {
    let (mut one, name) = listener();
    let (mut other, _) = listener();
    let only = notify(&format!("client:{name}"), "warning", "only you").json();
    let all = notify("*", "info", "everybody").json();
    let first = next_notice(&mut one);
    assert_eq!((&first["text"], &first["severity"]), (&json!("only you"), &json!("warning")));
    assert_eq!((&first["id"], &first["from"]), (&only["id"], &json!("127.0.0.1")));
    assert!(first["time"].as_u64().unwrap() > 1_600_000_000_000);
    assert_eq!(next_notice(&mut one)["id"], all["id"]);
    assert_eq!(next_notice(&mut other)["id"], all["id"], "the first one was not for it");
}

#[test]
fn what_cannot_be_sent_is_refused_by_field() {
    assert_eq!(refused_fields(&notify("you", "loud", "")), ["to", "severity", "text"]);
    assert_eq!(refused_fields(&notify("user:me", "info", "hello")), ["to"]);
    assert_eq!(refused_fields(&notify("*", "info", &"x".repeat(4_097))), ["text"]);
    assert_eq!(notify("client:nobody", "info", "hello").status, 404);
}

#[test]
fn entries_say_what_they_want_to_hear_and_bad_wishes_are_named() {
    let (_stream, client) = listener();
    let path = format!("/api/v1/clients/{client}/subscription");
    let entry = json!({"match": "boiler/**", "interval_ms": 1000, "deadband": {"absolute": 0.5}, "flush_ms": 10_000});
    let put = send(gateway(), "PUT", &path, &json!({"points": [entry, "scale/weight"]})).json();
    assert_eq!(put["entries"][0]["status"], "ok");
    let kept = get(gateway(), &path).json();
    for key in ["match", "interval_ms", "deadband", "flush_ms"] {
        assert_eq!(kept["entries"][0][key], entry[key], "{key}: {kept}");
    }
    assert_eq!(kept["entries"][1].get("interval_ms"), None);
    let bad = json!({"points": [
        {"match": "a", "interval_ms": 60_001},
        {"match": "a", "deadband": {"absolute": -1}},
        {"match": "a", "deadband": {"percent": 101}},
        {"match": "a", "deadband": {"absolute": 1, "percent": 1}},
        {"match": "a", "flush_ms": 10},
        {"match": "a", "flush_ms": 0, "deadband": {"absolute": 1}},
        {"match": "a", "often": true},
        {"interval_ms": 1},
    ]});
    let answer = send(gateway(), "PUT", &path, &bad);
    let expected = [
        "points[0].interval_ms",
        "points[1].deadband",
        "points[2].deadband",
        "points[3].deadband",
        "points[4].flush_ms",
        "points[5].flush_ms",
        "points[6].often",
        "points[7].match",
    ];
    assert_eq!(refused_fields(&answer), expected);
    assert_eq!(get(gateway(), &path).json()["revision"], put["revision"], "nothing has changed");
}

#[test]
fn the_compact_form_says_the_same_in_less() {
    let path = "points=$gateway/name,$gateway/version";
    let mut plain = Stream::open(gateway(), path);
    let mut compact = Stream::open(gateway(), &format!("{path}&format=compact"));
    let t0 = compact.next().unwrap().data["t0"].as_u64().unwrap();
    assert_eq!(plain.next().unwrap().data.get("t0"), None);
    let snapshot = |stream: &mut Stream| {
        assert_eq!(stream.next().unwrap().name, "subscribed");
        stream.next().unwrap().data
    };
    let (plain, compact) = (snapshot(&mut plain), snapshot(&mut compact));
    let points = plain["points"].as_array().unwrap();
    let rows = compact["points"].as_array().unwrap();
    assert_eq!(points.len(), rows.len());
    for (point, row) in points.iter().zip(rows) {
        assert_eq!(compact["names"][row[0].to_string()], point["id"]);
        assert_eq!(row[1], point["value"]);
        let time = t0.cast_signed() + row[2].as_i64().unwrap();
        assert_eq!(time, point["time"].as_i64().unwrap());
        assert_eq!(row.as_array().unwrap().len(), 3, "good values give no reason");
    }
}
