//! Chapter "Point": the JSON of a value, its quality and its time.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::peer::device::Mood;
use crate::peer::http::get;
use crate::peer::wait_for;
use crate::place::{Lane, among_others, lane, place};
use crate::site::Rare;
use crate::stream::{DUE_WITHIN, Stream, ask, polled};

/// What stands behind `"value":` for a point of the device that has one of each kind.
const VALUES: [(&str, &str, &str); 13] = [
    ("bool", "bool", "true"),
    ("i16", "i16", "-12345"),
    ("u16", "u16", "65535"),
    ("i32", "i32", "-2147483648"),
    ("u32", "u32", "4294967295"),
    ("i64/exact", "i64", "-9007199254740991"),
    ("i64/beyond", "i64", "\"-9007199254740992\""),
    ("u64/exact", "u64", "9007199254740991"),
    ("u64/beyond", "u64", "\"18446744073709551615\""),
    ("f32", "f32", "0.1"),
    ("f64", "f64", "0.30000000000000004"),
    ("tenths", "f64", "71.5"),
    ("string", "string", r#""Grün \"1\\2\"""#),
];

#[test]
fn every_type_has_its_text_for_pollers_and_on_the_stream() {
    let _among = among_others();
    let mut stream = Stream::open("points=kinds/**");
    let mut told = String::new();
    wait_for("all kinds to be told", DUE_WITHIN, || {
        told.push_str(&stream.next_named("points").text);
        (!stream.points().values().any(|point| point["reason"] == "waiting")).then_some(())
    });
    for (name, kind, value) in VALUES {
        let text = format!(r#""id":"kinds/{name}","value":{value},"quality":"good","time":"#);
        assert!(told.contains(&text), "{text} is not in {told}");
        let answer = get(place().address, &format!("/api/v1/points/kinds/{name}"));
        assert!(answer.body.contains(&text), "{text} is not in {}", answer.body);
        assert_eq!(answer.json()["type"], kind, "{name}");
    }
}

#[test]
fn what_is_no_number_is_null_and_bad_since_a_reply() {
    let _among = among_others();
    for name in ["nan", "infinite", "none"] {
        let id = format!("kinds/{name}");
        let point = Stream::open(&format!("points={id}")).until_reason(&id, Some("not_a_number"));
        assert_eq!((&point["value"], &point["quality"]), (&Json::Null, &json!("bad")), "{name}");
        assert!(point["time"].is_u64(), "the reply has a time: {point}");
    }
}

#[test]
fn beyond_its_range_a_value_is_told_with_doubt() {
    let _among = among_others();
    let id = "kinds/beyond_range";
    let point = Stream::open(&format!("points={id}")).until_reason(id, Some("out_of_range"));
    assert_eq!((&point["value"], &point["quality"]), (&json!(101), &json!("uncertain")));
    assert!(point["time"].is_u64());
}

#[test]
fn what_was_never_read_waits_without_value_and_time() {
    let _among = among_others();
    let point = Stream::of("off/value").point("off/value");
    assert_eq!(point["reason"], "waiting");
    assert_eq!((&point["value"], &point["time"]), (&Json::Null, &Json::Null));
}

#[test]
fn a_device_that_cannot_be_reached_is_told() {
    let _among = among_others();
    let mut stream = Stream::open("points=nowhere/value");
    let point = stream.until_reason("nowhere/value", Some("no_communication"));
    assert_eq!((&point["value"], &point["time"]), (&Json::Null, &Json::Null));
}

/// Reads a value, takes it away by a mood, gives it back: value and time stay those of the last reading, and the
/// same value is told again because its quality changed.
#[track_caller]
fn lost_and_back(rare: Rare, id: &str, mood: Mood, reason: &str, quality: &str) {
    let _among = among_others();
    place().rare(rare, |unit| unit.set(0, &[7]));
    let mut stream = Stream::open(&format!("points={id}"));
    stream.until(id, &json!(7));
    let good = stream.until_reason(id, None);
    place().rare(rare, |unit| unit.mood = mood);
    let lost = stream.until_reason(id, Some(reason));
    assert_eq!((&lost["value"], &lost["quality"]), (&json!(7), &json!(quality)));
    assert_eq!(lost["time"], good["time"], "the time of the value, not of its loss");
    assert!(lost["since"].as_u64() >= good["time"].as_u64(), "{lost}");
    place().rare(rare, |unit| unit.mood = Mood::Answers);
    let back = stream.until_reason(id, None);
    assert_eq!(back["value"], 7);
    assert!(back["time"].as_u64() > good["time"].as_u64(), "{back}");
}

#[test]
fn a_device_that_falls_silent_loses_its_values() {
    lost_and_back(Rare::Silent, "silent/value", Mood::Silent, "timeout", "bad");
}

#[test]
fn a_device_that_refuses_loses_its_values() {
    lost_and_back(Rare::Refusing, "refusing/value", Mood::Refuses, "device_error", "bad");
}

#[test]
fn a_value_that_is_not_read_again_in_time_is_stale() {
    let _among = among_others();
    let id = "stalling/value";
    place().rare(Rare::Stalling, |unit| unit.set(0, &[7]));
    let mut stream = Stream::open(&format!("points={id}"));
    stream.until(id, &json!(7));
    let good = stream.until_reason(id, None);
    place().rare(Rare::Stalling, |unit| unit.mood = Mood::Silent);
    let stale = stream.until_reason(id, Some("stale"));
    assert_eq!((&stale["value"], &stale["quality"]), (&json!(7), &json!("uncertain")));
    assert_eq!(stale["time"], good["time"]);
}

/// Waits until the lane's device was asked `times` more.
#[track_caller]
fn polls(lane: &Lane, times: u64) {
    let answered = || lane.with(|unit| unit.answered);
    let begin = answered();
    wait_for("the device to be asked", DUE_WITHIN, || (answered() >= begin + times).then_some(()));
}

#[test]
fn a_reading_that_changes_nothing_moves_only_checked() {
    let _among = among_others();
    let lane = lane();
    Stream::witness(&lane, "a", &[5]);
    let before = polled(&lane.id("a"));
    polls(&lane, 3);
    let after = wait_for("a later reading", DUE_WITHIN, || {
        let now = polled(&lane.id("a"));
        (now["checked"].as_u64() > before["checked"].as_u64()).then_some(now)
    });
    assert_eq!((&after["time"], &after["value"]), (&before["time"], &json!(5)));
    assert!(before["checked"].as_u64() >= before["time"].as_u64());
}

#[test]
fn metadata_are_for_those_who_ask() {
    let _among = among_others();
    let lane = lane();
    let point = polled(&lane.id("x"));
    assert_eq!((&point["type"], &point["range"]), (&json!("f64"), &json!([0.0, 200.0])));
    assert_eq!((&point["writable"], &point["scan_ms"]), (&json!(false), &json!(100)));
    assert!(point["device"].is_string() && point["stale_after_ms"].is_u64(), "{point}");
    assert_eq!(polled("kinds/f64")["unit"], "°C");
    assert_eq!(polled("kinds/f32")["precision"], 2);
    assert_eq!(polled("kinds/u16")["labels"], json!({"0": "off", "65535": "all on"}));
    assert_eq!(polled("kinds/tenths")["description"], "of a degree");
}

#[test]
fn an_id_that_is_none_is_refused_and_never_unknown() {
    let _among = among_others();
    let long = format!("a/{}", "b".repeat(255));
    let deep = vec!["a"; 17].join("/");
    for id in [
        "a//b", "a/", "a/.", "a/../b", "a/%20b", "a/b%20", "a/%01", "a/b*", "*", "a,b", "a%22b",
        "a%5Cb", "a/$b", "e%CC%81", &long, &deep,
    ] {
        let answer = get(place().address, &format!("/api/v1/points/{id}"));
        assert_eq!(answer.status, 400, "{id}: {}", answer.body);
        assert_eq!(answer.json()["errors"][0]["field"], "id", "{id}");
    }
    for id in ["a", "%C3%A9/x", "$gateway/no", "a%20b", &"b".repeat(256), &vec!["a"; 16].join("/")]
    {
        let answer = get(place().address, &format!("/api/v1/points/{id}"));
        assert_eq!(answer.status, 404, "{id}: {}", answer.body);
    }
}

#[test]
fn pollers_read_many_and_hear_what_is_unknown() {
    let _among = among_others();
    let body = json!({"ids": ["kinds/i16", "no/such", "kinds/bool"]}).to_string();
    let kind = [("Content-Type", "application/json; charset=utf-8")];
    let answer = ask("POST", "/api/v1/points/read", &kind, &body).json();
    let ids: Vec<&Json> = answer["points"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    assert_eq!(ids, ["kinds/i16", "kinds/bool"]);
    assert_eq!(answer["unknown"], json!(["no/such"]));
}

#[test]
fn times_are_milliseconds_of_the_servers_clock_now() {
    let _among = among_others();
    let lane = lane();
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let begin = now();
    Stream::witness(&lane, "a", &[1]);
    let time = Duration::from_millis(polled(&lane.id("a"))["time"].as_u64().unwrap());
    // Another server may stand on another machine, with a clock that is not quite this one.
    let slack = Duration::from_secs(if std::env::var_os("POINTCAST_CONFORMANCE_URL").is_some() {
        60
    } else {
        1
    });
    assert!(begin.saturating_sub(slack) <= time && time <= now() + slack, "{time:?}");
}
