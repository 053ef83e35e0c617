//! Setpoints through the built gateway: over HTTP on one side, in a device on the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use peer::device::{Device, Mood};
use peer::gateway::{Gateway, Site};
use peer::http::{Answer, Stream, get, send};
use peer::wait_for;
use serde_json::{Value as Json, json};

/// For what must come about on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const UNIT: u8 = 1;

fn write(address: SocketAddr, body: &Json) -> Answer {
    send(address, "POST", "/api/v1/writes", body)
}

/// The default site, with its simulated devices; one for all tests of it.
fn default_site() -> SocketAddr {
    static RUNNING: OnceLock<(Site, Gateway)> = OnceLock::new();
    let (site, _) = RUNNING.get_or_init(|| {
        let site = Site::new("writes");
        let gateway = site.start();
        (site, gateway)
    });
    for id in ["boiler/supply/setpoint", "boiler/pump/on", "greenhouse1/temperature/setpoint"] {
        is_good(site.address(), id);
    }
    site.address()
}

fn is_good(address: SocketAddr, id: &str) {
    wait_for("a first reading", SOON, || {
        let point = get(address, &format!("/api/v1/points/{id}")).json();
        (point["quality"] == "good").then_some(())
    });
}

/// A gateway of its own over a device that the test plays.
struct Played {
    gateway: Gateway,
    site: Site,
    device: Device,
}

impl Played {
    fn start(name: &str, writes: &str, timeout_ms: u32) -> Self {
        let site = Site::of(name, |address, devices| {
            format!(
                r#"
                [gateway]
                listen = "{address}"
                {writes}
                [[channels]]
                name = "line"
                driver = "modbus-tcp"
                address = "{devices}"
                timeout_ms = {timeout_ms}
                [[devices]]
                name = "d"
                channel = "line"
                unit_id = {UNIT}
                scan_ms = 100
                points = [
                  {{ name = "a", address = "holding:0", type = "u16", range = [0, 100], unit = "%", writable = true }},
                  {{ name = "b", address = "holding:1", type = "f32", writable = true, coalesce = true }},
                  {{ name = "read", address = "holding:9", type = "u16" }},
                  {{ name = "mode", address = "holding:20", type = "u16", labels = {{ 0 = "off", 2 = "night" }}, writable = true }},
                  {{ name = "big", address = "holding:10", type = "u64", writable = true }},
                ]
                "#
            )
        });
        let device = Device::listen(site.devices());
        let gateway = site.start();
        is_good(site.address(), "d/a");
        Self { gateway, site, device }
    }

    fn on(name: &str) -> Self {
        Self::start(name, "[writes]\nenabled = true", 500)
    }

    fn write(&self, body: &Json) -> Answer {
        write(self.site.address(), body)
    }

    /// Everything that the device was told to change.
    fn told(&self) -> Vec<(u16, Vec<u16>)> {
        self.device.with(UNIT, |unit| unit.told.clone())
    }

    fn mood(&self, mood: Mood) {
        self.device.with(UNIT, |unit| unit.mood = mood);
    }
}

/// A problem document of this status and kind.
#[track_caller]
fn refused(answer: &Answer, status: u16, kind: &str) -> Json {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["type"], format!("urn:pointcast:problem:{kind}"), "{problem}");
    problem
}

#[track_caller]
fn names(problem: &Json, field: &str, says: &str) {
    let error = &problem["errors"][0];
    assert_eq!(error["field"], field, "{problem}");
    assert!(error["detail"].as_str().unwrap().contains(says), "{problem}");
}

#[test]
fn a_setpoint_of_the_default_site_is_applied_and_comes_through_the_stream() {
    let address = default_site();
    let point = get(address, "/api/v1/points/boiler/supply/setpoint").json();
    assert_eq!(point["writable"], true);
    let mut stream = Stream::open(address, "points=boiler/supply/setpoint");
    stream.next_named("points");
    let answer = write(address, &json!({"point": "boiler/supply/setpoint", "value": 61.5}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.body,
        r#"{"point":"boiler/supply/setpoint","verdict":"applied","value":61.5}"#
    );
    let change = stream.next_named("points");
    assert_eq!(change.data["points"][0]["value"], 61.5, "{:?}", change.data);

    // The boiler takes it and keeps 70: the answer says so.
    let answer = write(address, &json!({"point": "boiler/supply/setpoint", "value": 85}));
    assert_eq!(
        answer.body,
        r#"{"point":"boiler/supply/setpoint","verdict":"mismatch","value":70.0}"#
    );
    assert_eq!(stream.next_named("points").data["points"][0]["value"], 70.0);

    // A coil, and what follows from it; and a setpoint on the serial line.
    let answer = write(address, &json!({"point": "boiler/pump/on", "value": false}));
    assert_eq!(answer.json()["verdict"], "applied", "{}", answer.body);
    wait_for("the pump's feedback", SOON, || {
        let point = get(address, "/api/v1/points/boiler/pump/running").json();
        (point["value"] == false).then_some(())
    });
    let setpoint = json!({"point": "greenhouse1/temperature/setpoint", "value": 22.5});
    let answer = write(address, &setpoint);
    assert_eq!(answer.json()["verdict"], "applied", "{}", answer.body);
}

#[test]
fn what_is_wrong_with_a_write_is_named_before_anything_is_sent() {
    let played = Played::on("writes_refused");
    let problem =
        refused(&played.write(&json!({"point": "d/none", "value": 1})), 404, "unknown-point");
    assert!(problem["detail"].as_str().unwrap().contains("d/none"));
    let problem =
        refused(&played.write(&json!({"point": "d/read", "value": 1})), 403, "not-writable");
    names(&problem, "point", "writable");
    let own = json!({"point": "$gateway/name", "value": "x"});
    refused(&played.write(&own), 403, "not-writable");
    for (body, field, says) in [
        (json!({"point": "d/a", "value": true}), "value", "whole number"),
        (json!({"point": "d/a", "value": 1.5}), "value", "whole number"),
        (json!({"point": "d/a"}), "value", "missing"),
        (json!({"value": 1}), "point", "give a text"),
        (json!({"point": "d//a", "value": 1}), "point", ""),
        (json!({"point": "d/a", "value": 1, "deadline_ms": 49}), "deadline_ms", "50 to 60000"),
        (json!({"point": "d/a", "value": 1, "deadline_ms": 60_001}), "deadline_ms", "50 to 60000"),
        (json!({"point": "d/a", "value": 1, "when": "now"}), "when", "unknown"),
    ] {
        names(&refused(&played.write(&body), 400, "bad-request"), field, says);
    }
    for (body, says) in [
        (json!({"point": "d/a", "value": 101}), "0 to 100 %"),
        (json!({"point": "d/a", "value": 65_536}), "0 to 65535"),
        (json!({"point": "d/b", "value": 1e39}), "f32"),
    ] {
        names(&refused(&played.write(&body), 422, "out-of-range"), "value", says);
    }
    let named = |name: &str| played.write(&json!({"point": "d/mode", "value": name}));
    names(&refused(&named("day"), 422, "out-of-range"), "value", "\"off\", \"night\"");
    assert_eq!(played.told(), []);
    assert_eq!(named("night").body, r#"{"point":"d/mode","verdict":"applied","value":2}"#);
    assert_eq!(played.told(), [(20, vec![2])]);
    // Every digit of what is beyond a browser's numbers arrives, and comes back as it is shown.
    let answer = played.write(&json!({"point": "d/big", "value": "18446744073709551615"}));
    assert_eq!(
        answer.body,
        r#"{"point":"d/big","verdict":"applied","value":"18446744073709551615"}"#
    );
    assert_eq!(played.told().last(), Some(&(10, vec![0xFFFF; 4])));
}

#[test]
fn nothing_is_written_unless_the_configuration_allows_it() {
    for (name, writes) in [("writes_off", ""), ("writes_no", "[writes]\nenabled = false")] {
        let played = Played::start(name, writes, 500);
        refused(&played.write(&json!({"point": "d/a", "value": 1})), 403, "writes-off");
        let point = get(played.site.address(), "/api/v1/points/d/a").json();
        assert_eq!(point["writable"], false);
        assert_eq!(played.told(), []);
    }
}

#[test]
fn a_device_that_refuses_is_quoted() {
    let played = Played::on("writes_device_refuses");
    played.mood(Mood::RefusesWrites);
    let problem =
        refused(&played.write(&json!({"point": "d/a", "value": 9})), 502, "device-refused");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("exception 03 (Illegal data value)"), "{detail}");
    assert_eq!(played.told(), [(0, vec![9])], "asked once");
}

#[test]
fn a_device_that_keeps_something_else_is_a_mismatch() {
    let played = Played::on("writes_mismatch");
    played.device.with(UNIT, |unit| unit.keeps_at_most = Some(80));
    let answer = played.write(&json!({"point": "d/a", "value": 90}));
    assert_eq!(answer.body, r#"{"point":"d/a","verdict":"mismatch","value":80}"#);
    let point = get(played.site.address(), "/api/v1/points/d/a").json();
    assert_eq!(point["value"], 80, "the change is there as any other");
}

/// An operator who was told "not sent" must not be surprised minutes later.
#[test]
fn past_its_deadline_a_write_is_never_sent() {
    let played = Played::start("writes_late", "[writes]\nenabled = true", 3_000);
    played.mood(Mood::Silent);
    // A read is under way for three seconds, and a write waits for it no longer than it is told to.
    let quiet = played.device.with(UNIT, |unit| unit.answered);
    thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    let answer = played.write(&json!({"point": "d/a", "value": 42, "deadline_ms": 300}));
    let problem = refused(&answer, 504, "write-not-sent");
    assert_eq!(problem["sent"], false);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    played.mood(Mood::Answers);
    wait_for("many readings since", SOON, || {
        played.device.with(UNIT, |unit| unit.answered > quiet + 20).then_some(())
    });
    assert_eq!(played.told(), []);
}

#[test]
fn a_write_that_nobody_answers_is_told_as_unknown_and_sent_once() {
    let played = Played::on("writes_unknown");
    played.mood(Mood::Silent);
    let answer = played.write(&json!({"point": "d/a", "value": 42, "deadline_ms": 20_000}));
    match answer.status {
        // It came behind a read that met silence, but before the device counted as lost.
        504 => assert_eq!(refused(&answer, 504, "write-unconfirmed")["sent"], true),
        _ => assert_eq!(refused(&answer, 503, "device-unreachable")["sent"], false),
    }
    assert!(played.told().len() <= 1);
    // By now it is lost, and the answer is quick; or the connection is, which is the same.
    let quick = wait_for("the device to be lost", SOON, || {
        let asked = Instant::now();
        let answer = played.write(&json!({"point": "d/a", "value": 43, "deadline_ms": 20_000}));
        (answer.status == 503).then(|| (asked.elapsed(), answer))
    });
    assert_eq!(refused(&quick.1, 503, "device-unreachable")["sent"], false);
    assert!(quick.1.header("retry-after").is_some());
    let before = played.told().len();
    played.mood(Mood::Answers);
    is_good(played.site.address(), "d/a");
    assert_eq!(played.told().len(), before, "nothing was kept for later");
}

#[test]
fn the_newest_takes_the_place_of_those_before_where_that_is_wanted() {
    let played = Played::start("writes_newest", "[writes]\nenabled = true", 1_500);
    played.mood(Mood::Silent);
    thread::sleep(Duration::from_millis(300));
    let address = played.site.address();
    let wish = |value: u32| json!({"point": "d/b", "value": value, "deadline_ms": 20_000});
    let writes: Vec<_> = (1..=3)
        .map(|value| {
            let write = thread::spawn(move || write(address, &wish(value)));
            thread::sleep(Duration::from_millis(100));
            write
        })
        .collect();
    played.mood(Mood::Answers);
    let answers: Vec<Answer> = writes.into_iter().map(|write| write.join().unwrap()).collect();
    for overtaken in &answers[..2] {
        assert_eq!(refused(overtaken, 409, "write-superseded")["sent"], false);
    }
    assert_eq!(answers[2].body, r#"{"point":"d/b","verdict":"applied","value":3.0}"#);
    assert_eq!(played.told(), [(1, vec![0x4040, 0])]);
}

#[test]
fn more_than_a_device_can_take_is_told_when_to_come_back() {
    let played = Played::start("writes_full", "[writes]\nenabled = true", 1_500);
    played.mood(Mood::Silent);
    thread::sleep(Duration::from_millis(300));
    let address = played.site.address();
    let wish = json!({"point": "d/a", "value": 5, "deadline_ms": 20_000});
    let writes: Vec<_> = (0..24)
        .map(|_| {
            let wish = wish.clone();
            thread::spawn(move || write(address, &wish))
        })
        .collect();
    thread::sleep(Duration::from_millis(500));
    played.mood(Mood::Answers);
    let answers: Vec<Answer> = writes.into_iter().map(|write| write.join().unwrap()).collect();
    let full: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!full.is_empty(), "{answers:?}");
    for answer in full {
        assert_eq!(refused(answer, 503, "limit")["sent"], false);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let applied = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(played.told().len(), applied, "each that was sent was answered, and once");
}

#[test]
fn whoever_leaves_takes_back_what_was_not_sent() {
    let played = Played::start("writes_leaver", "[writes]\nenabled = true", 3_000);
    played.mood(Mood::Silent);
    thread::sleep(Duration::from_millis(500));
    let body = json!({"point": "d/a", "value": 42, "deadline_ms": 60_000}).to_string();
    let head = format!(
        "POST /api/v1/writes HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        played.site.address(),
        body.len()
    );
    let mut client = TcpStream::connect(played.site.address()).unwrap();
    client.write_all((head + &body).as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(300));
    drop(client);
    thread::sleep(Duration::from_millis(300));
    played.mood(Mood::Answers);
    wait_for("many readings since", SOON, || {
        played.device.with(UNIT, |unit| unit.answered > 20).then_some(())
    });
    assert_eq!(played.told(), []);
}

#[test]
fn a_gateway_that_stops_tells_those_who_wait() {
    let played = Played::start("writes_stop", "[writes]\nenabled = true", 3_000);
    played.mood(Mood::Silent);
    thread::sleep(Duration::from_millis(500));
    let address = played.site.address();
    let wish = json!({"point": "d/a", "value": 5, "deadline_ms": 20_000});
    let waiting = thread::spawn(move || write(address, &wish));
    thread::sleep(Duration::from_millis(500));
    played.gateway.signal("-TERM");
    let answer = waiting.join().unwrap();
    assert_eq!(refused(&answer, 503, "device-unreachable")["sent"], false);
    assert_eq!(played.told(), []);
}
