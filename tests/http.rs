//! The HTTP side of the built gateway, over the network only: answers, refusals, the stream's head.

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
use std::time::Duration;

use peer::gateway::{Gateway, Site};
use peer::http::{Stream, get, request, send};
use peer::wait_for;
use serde_json::{Value as Json, json};

/// One gateway for all tests of this file: none of them changes it.
fn gateway() -> SocketAddr {
    static RUNNING: OnceLock<(Site, Gateway)> = OnceLock::new();
    RUNNING
        .get_or_init(|| {
            let site = Site::new("http");
            let gateway = site.start();
            (site, gateway)
        })
        .0
        .address()
}

/// A problem document of this status, whose errors name exactly `fields`.
#[track_caller]
fn refused(answer: &peer::http::Answer, status: u16, fields: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    for key in ["type", "title", "detail"] {
        assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(named, fields, "{problem}");
}

#[test]
fn points_come_with_value_and_metadata_page_by_page() {
    let address = gateway();
    let point = get(address, "/api/v1/points/boiler/supply/temperature").json();
    assert_eq!(point["id"], "boiler/supply/temperature");
    assert_eq!((&point["type"], &point["unit"]), (&json!("f64"), &json!("°C")));
    assert_eq!((&point["device"], &point["scan_ms"]), (&json!("boiler"), &json!(500)));
    let mut all: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(address, &format!("/api/v1/points?limit=7&cursor={cursor}")).json();
        let points = page["points"].as_array().unwrap();
        assert!(!points.is_empty() && points.len() <= 7);
        all.extend(points.iter().map(|point| point["id"].as_str().unwrap().to_owned()));
        match page["cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let mut sorted = all.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(all, sorted, "each once, in the order of ids");
    assert!(all.iter().any(|id| id == "$devices/boiler/state"));
    let some = get(address, "/api/v1/points?match=boiler/*/temperature").json();
    assert!(some["points"].as_array().unwrap().len() >= 2);
}

#[test]
fn pollers_read_many_at_once_and_hear_what_is_unknown() {
    let ids = json!({"ids": ["boiler/supply/temperature", "no/such"]});
    let answer = send(gateway(), "POST", "/api/v1/points/read", &ids);
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["points"].as_array().unwrap().len(), 1);
    assert_eq!(body["unknown"], json!(["no/such"]));
}

#[test]
fn devices_tell_state_and_plan() {
    let address = gateway();
    let list = get(address, "/api/v1/devices").json();
    let names: Vec<&str> =
        list["devices"].as_array().unwrap().iter().map(|d| d["device"].as_str().unwrap()).collect();
    assert!(names.contains(&"boiler") && names.contains(&"scale"), "{names:?}");
    let boiler = get(address, "/api/v1/devices/boiler").json();
    assert_eq!((&boiler["channel"], &boiler["driver"]), (&json!("plant"), &json!("modbus-tcp")));
    let plan = boiler["plan"].as_array().unwrap();
    let planned: usize = plan.iter().map(|line| line["points"].as_array().unwrap().len()).sum();
    assert_eq!(Some(planned as u64), boiler["points"].as_u64(), "each point is planned once");
    assert!(plan.iter().all(|line| line["refused"] == json!(false)), "{plan:?}");
    let status = plan.iter().find(|line| line["request"] == json!("03 holding registers 120-121"));
    let parts =
        json!({"unit": 2, "function": 3, "table": "holding registers", "start": 120, "count": 2});
    let status = status.expect("status word and mode are read together");
    assert_eq!((&status["parts"], &status["configured_scan_ms"]), (&parts, &Json::Null));
    let [wire_ms, busy_ms] = ["wire_ms", "busy_ms"].map(|key| status[key].as_f64().unwrap());
    assert!(wire_ms > 0.0 && wire_ms <= busy_ms, "{status}");
    let counts = ["good", "uncertain", "bad"].map(|quality| boiler["qualities"][quality].as_u64());
    assert_eq!(
        counts.into_iter().sum::<Option<u64>>(),
        boiler["points"].as_u64(),
        "each point is counted once"
    );
    for kind in ["timeouts", "exceptions", "malformed", "damaged", "foreign", "misshapen", "late"] {
        assert!(boiler[kind].is_u64(), "{kind}: {boiler}");
    }
    assert_eq!(boiler["exception_codes"], json!({}));
    refused(&get(address, "/api/v1/devices/nobody"), 404, &[]);
}

#[test]
fn health_is_told() {
    assert_eq!(get(gateway(), "/healthz").json(), json!({"status": "live"}));
    assert_eq!(get(gateway(), "/readyz").json(), json!({"status": "ready"}));
}

#[test]
fn every_malformed_request_is_refused_with_the_field_named() {
    let address = gateway();
    refused(&get(address, "/api/v1/points?limit=0"), 400, &["limit"]);
    refused(&get(address, "/api/v1/points?limit=x&match=a*"), 400, &["limit", "match"]);
    refused(&get(address, "/api/v1/points?mach=a"), 400, &["mach"]);
    refused(&get(address, "/api/v1/points/a//b"), 400, &["id"]);
    refused(&get(address, "/api/v1/points/no/such"), 404, &[]);
    refused(&get(address, "/api/v1/points/read"), 404, &[]);
    refused(&get(address, "/api/v2/points"), 404, &[]);
    for path in ["points/%FF", "devices/%FF", "clients/%FF/subscription"] {
        refused(&get(address, &format!("/api/v1/{path}")), 400, &["path"]);
    }
    let many = vec!["*/a"; 33].join(",");
    refused(&get(address, &format!("/api/v1/points?match={many}")), 400, &["match"]);
    refused(&request(address, "DELETE", "/api/v1/points", &[], ""), 405, &[]);
    let read = |body: Json| send(address, "POST", "/api/v1/points/read", &body);
    refused(&read(json!([])), 400, &["body"]);
    refused(&read(json!({"ids": ["a", 5, "a//b"]})), 400, &["ids[1]", "ids[2]"]);
    refused(&read(json!({"ids": [], "more": 1})), 400, &["more"]);
    let plain =
        request(address, "POST", "/api/v1/points/read", &[("Content-Type", "text/plain")], "{}");
    refused(&plain, 415, &[]);
    let json_type = [("Content-Type", "application/json")];
    refused(&request(address, "POST", "/api/v1/points/read", &json_type, "{"), 400, &["body"]);
    let giant = format!("{{\"ids\":[\"{}\"]}}", "a".repeat(1024 * 1024));
    refused(&request(address, "POST", "/api/v1/points/read", &json_type, &giant), 413, &[]);
}

#[test]
fn malformed_streams_are_refused_with_the_field_named() {
    let address = gateway();
    let stream = |query: &str| get(address, &format!("/api/v1/stream?{query}"));
    refused(&stream("interval_ms=60001"), 400, &["interval_ms"]);
    refused(&stream("heartbeat_ms=999&points=a,b*"), 400, &["heartbeat_ms", "points"]);
    refused(&stream("points=a,,b"), 400, &["points"]);
    refused(&stream("point=a"), 400, &["point"]);
    refused(&stream("heartbeat_ms=2000&heartbeat_ms=3000"), 400, &["heartbeat_ms"]);
    let html = request(address, "GET", "/api/v1/stream", &[("Accept", "text/html")], "");
    refused(&html, 406, &[]);
}

#[test]
fn an_answer_names_no_more_bad_fields_than_help() {
    let ids = json!({ "ids": vec![5; 1_000] });
    let problem = send(gateway(), "POST", "/api/v1/points/read", &ids).json();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 100);
    assert_eq!(problem["detail"], "1000 fields are not right");
}

#[test]
fn an_empty_last_event_id_hides_none() {
    let path = "/api/v1/stream?last_event_id=nobody.never.1.1&heartbeat_ms=1000";
    let mut stream = Stream::open_with(gateway(), path, &[("Last-Event-ID", "")]);
    assert_eq!(stream.next().unwrap().data["reset"], "restart");
}

#[test]
fn another_site_does_not_reach_the_gateway() {
    let address = gateway();
    let from = |name, value| request(address, "GET", "/api/v1/points", &[(name, value)], "");
    refused(&from("Host", "rebound.example"), 421, &[]);
    assert_eq!(from("Host", "localhost:8080").status, 200);
    refused(&from("Origin", "https://other.example"), 403, &[]);
    refused(&from("Sec-Fetch-Site", "cross-site"), 403, &[]);
}

#[test]
fn a_subscription_is_put_patched_read_and_emptied() {
    let address = gateway();
    let mut stream = Stream::open(address, "heartbeat_ms=1000");
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    assert_eq!(stream.header("cache-control"), Some("no-store, no-transform"));
    assert_eq!(stream.header("x-accel-buffering"), Some("no"));
    let connect = stream.next().unwrap();
    assert_eq!((connect.name.as_str(), &connect.data["selection"]), ("connect", &json!("empty")));
    assert!(connect.retry_ms.is_some_and(|ms| ms >= 1_000));
    let client = connect.data["client"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/clients/{client}/subscription");

    let wish = json!({"points": ["boiler/**", {"match": "no/such"}]});
    let put = send(address, "PUT", &path, &wish);
    assert_eq!((put.status, put.header("etag")), (200, Some("\"1\"")));
    let body = put.json();
    assert_eq!(body["entries"][0]["status"], "ok");
    assert_eq!(body["entries"][1], json!({"match": "no/such", "status": "unknown", "count": 0}));
    let subscribed = stream.next_named("subscribed");
    assert_eq!(subscribed.data["count"], body["entries"][0]["count"]);
    let snapshot = stream.next().unwrap();
    let count = snapshot.data["points"].as_array().unwrap().len() as u64;
    assert_eq!(Some(count), subscribed.data["count"].as_u64());

    let patch = json!({"add": ["$devices/*/state"], "remove": ["no/such", "never"]});
    let stale = request(
        address,
        "PATCH",
        &path,
        &[("Content-Type", "application/json"), ("If-Match", "\"7\"")],
        &patch.to_string(),
    );
    refused(&stale, 412, &[]);
    let patched = send(address, "PATCH", &path, &patch).json();
    let statuses: Vec<_> = patched["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["ok", "ok", "unknown"]);
    let shown = get(address, &path).json();
    assert_eq!((&shown["revision"], shown["entries"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(request(address, "DELETE", &path, &[], "").json()["entries"], json!([]));

    let put = |body: Json| send(address, "PUT", &path, &body);
    refused(&put(json!({})), 400, &["points"]);
    refused(&put(json!({"points": "a"})), 400, &["points"]);
    let bad = json!({"points": ["a//b", 5, {"match": "a*"}, {"match": "a", "every": 1}, "ok"]});
    let fields = ["points[0]", "points[1]", "points[2]", "points[3].every"];
    refused(&put(bad), 400, &fields);
    refused(&get(address, "/api/v1/clients/nobody/subscription"), 404, &[]);
}

#[test]
fn a_plan_shows_what_is_asked_now_and_what_is_refused() {
    let site = Site::of("live-plan", |address, devices| {
        format!(
            "gateway.listen = \"{address}\"\nsimulation.modbus_tcp = \"{devices}\"\n\
             [[channels]]\nname = \"plant\"\ndriver = \"modbus-tcp\"\naddress = \"{devices}\"\n\
             [[devices]]\nname = \"meter\"\nchannel = \"plant\"\nscan_ms = 100\npoints = [\n\
             {{ name = \"hertz\", address = \"input:26\", type = \"f32\" }},\n\
             {{ name = \"hole\", address = \"input:30\", type = \"u16\" }},\n\
             {{ name = \"energy\", address = \"input:40\", type = \"u64\" }},\n]\n"
        )
    });
    let _gateway = site.start();
    let plan = wait_for("the hole to be found", Duration::from_secs(30), || {
        let meter = get(site.address(), "/api/v1/devices/meter").json();
        let plan = meter["plan"].as_array().unwrap().clone();
        plan.iter().any(|line| line["refused"] == json!(true)).then_some(plan)
    });
    let told: Vec<_> =
        plan.iter().map(|line| (&line["request"], &line["points"], &line["refused"])).collect();
    // How the others are read together is the planner's: what matters is that the hole stands apart.
    let hole = (&json!("04 input registers 30"), &json!(["meter/hole"]), &json!(true));
    assert!(told.contains(&hole), "{told:?}");
    let planned: usize = plan.iter().map(|line| line["points"].as_array().unwrap().len()).sum();
    assert_eq!(planned, 3, "{told:?}");
}
