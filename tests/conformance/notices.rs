//! Chapter "Notices", and the event that tells them.

use serde_json::{Value as Json, json};

use crate::peer::http::{Answer, send};
use crate::place::{alone, among_others, lane, place};
use crate::stream::Stream;

fn post(to: &str, text: &str) -> Answer {
    let body = json!({"to": to, "severity": "warning", "text": text});
    send(place().address, "POST", "/api/v1/notices", &body)
}

/// Sends a notice; the number it was given.
#[track_caller]
fn notify(to: &str, text: &str) -> Json {
    let answer = post(to, text);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["id"].clone()
}

#[test]
fn a_notice_to_everybody_reaches_everybody_once_on_a_connection() {
    let _alone = alone();
    let mut streams: Vec<Stream> = (0..5).map(|_| Stream::of("kinds/i16")).collect();
    let id = notify("*", "maintenance \"soon\"\nin °C");
    for stream in &mut streams {
        let notice = stream.next_named("notice").data;
        assert_eq!((&notice["id"], &notice["severity"]), (&id, &json!("warning")));
        assert_eq!(notice["text"], "maintenance \"soon\"\nin °C");
        assert!(notice["from"].is_string() && notice["time"].is_u64(), "{notice}");
    }
    // Who comes back may be told again, for a while, by the same id; who is new is told of nothing before its time.
    let mut back = streams.pop().unwrap().resume("heartbeat_ms=1000");
    let first = back.next().unwrap();
    if first.name == "notice" {
        assert_eq!(first.data["id"], id);
        assert_eq!(back.next().unwrap().name, "heartbeat");
    } else {
        assert_eq!(first.name, "heartbeat");
    }
    assert_eq!(Stream::open("heartbeat_ms=1000").next().unwrap().name, "heartbeat");
}

#[test]
fn a_notice_to_one_client_reaches_nobody_else() {
    let _among = among_others();
    let mut streams = [Stream::open("heartbeat_ms=1000"), Stream::open("heartbeat_ms=1000")];
    let id = notify(&format!("client:{}", streams[0].client()), "you");
    assert_eq!(streams[0].next_named("notice").data["id"], id);
    streams[1].next_named("heartbeat");
    let last = notify(&format!("client:{}", streams[1].client()), "and you");
    assert_eq!(streams[1].next_named("notice").data["id"], last, "the first was not for this one");
    assert!(last.as_u64() > id.as_u64());
}

#[test]
fn what_was_sent_while_a_client_was_away_is_told_at_its_return_in_order() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::of(&lane.id("a"));
    let client = format!("client:{}", stream.client());
    let id = stream.last_id.clone().unwrap().to_string();
    drop(stream);
    let sent: Vec<Json> =
        ["one", "two", "three"].iter().map(|text| notify(&client, text)).collect();
    let mut back = Stream::open_with("", &[("Last-Event-ID", &id)]);
    let told: Vec<Json> = (0..3).map(|_| back.next_named("notice").data["id"].clone()).collect();
    assert_eq!(told, sent);
    lane.set("a", 1);
    back.until(&lane.id("a"), &json!(1));
}

#[test]
fn what_is_no_notice_is_refused_by_name() {
    let _among = among_others();
    let stream = Stream::open("");
    let client = format!("client:{}", stream.client());
    for (body, fields) in [
        (json!({"to": client, "severity": "warning"}), &["text"][..]),
        (json!({"to": client, "severity": "warning", "text": ""}), &["text"]),
        (json!({"to": client, "severity": "warning", "text": "x".repeat(100_000)}), &["text"]),
        (json!({"to": client, "severity": "loud", "text": "x"}), &["severity"]),
        (json!({"to": "everybody", "severity": "warning", "text": "x"}), &["to"]),
        (json!({"to": client, "severity": "warning", "text": "x", "more": 1}), &["more"]),
        (json!({"to": 5, "severity": "warning", "text": "x"}), &["to"]),
    ] {
        let answer = send(place().address, "POST", "/api/v1/notices", &body);
        assert_eq!(answer.status, 400, "{}", answer.body);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let mut named: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
        named.dedup();
        assert_eq!(named, fields, "{}", answer.body);
    }
    assert_eq!(post("client:nobody", "x").status, 404);
}
