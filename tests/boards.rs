//! Boards through the built gateway: kept as files, over restarts, and never overwritten unseen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::fs;
use std::net::SocketAddr;

use peer::gateway::Site;
use peer::http::{Answer, get, request};
use serde_json::{Value as Json, json};

fn put(address: SocketAddr, name: &str, fields: &[(&str, &str)], board: &Json) -> Answer {
    let mut fields = fields.to_vec();
    fields.push(("Content-Type", "application/json"));
    request(address, "PUT", &format!("/api/v1/boards/{name}"), &fields, &board.to_string())
}

fn remove(address: SocketAddr, name: &str, version: &str) -> Answer {
    request(address, "DELETE", &format!("/api/v1/boards/{name}"), &[("If-Match", version)], "")
}

#[track_caller]
fn refused(answer: &Answer, status: u16, kind: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.body);
    let problem = answer.json();
    assert_eq!(problem["type"], format!("urn:pointcast:problem:{kind}"));
    problem["detail"].as_str().unwrap().to_owned()
}

/// What is no board is refused whatever the version.
#[track_caller]
fn refuse_bodies(address: SocketAddr) {
    let large = json!({"title": "x", "tiles": [{"text": "x".repeat(70_000)}]});
    refused(&put(address, "hall", &[("If-Match", "*")], &large), 413, "too-large");
    let fields = [("If-Match", "*"), ("Content-Type", "application/json")];
    let twice = r#"{"title":"a","title":"b","tiles":[]}"#;
    let twice = request(address, "PUT", "/api/v1/boards/hall", &fields, twice);
    assert_eq!(
        refused(&twice, 400, "bad-request"),
        "title: given twice; give it once at line 1 column 20"
    );
}

#[test]
fn a_board_is_kept_listed_changed_by_who_saw_it_and_removed() {
    let site = Site::new("boards");
    let address = site.address();
    let given = site.config().with_file_name("boards");
    // Not those of the default site, which come and go with it.
    fs::remove_dir_all(&given).unwrap();
    fs::create_dir_all(&given).unwrap();
    fs::write(given.join("boiler.json"), r#"{"title":"Boiler","tiles":[]}"#).unwrap();
    let board = |title: &str| json!({"title": title, "tiles": [{"kind": "number"}]});
    let gateway = site.start();

    refused(&put(address, "hall", &[], &board("Hall")), 428, "which-version");
    refused(&put(address, "Hall", &[("If-None-Match", "*")], &board("Hall")), 400, "bad-request");
    let made = put(address, "hall", &[("If-None-Match", "*")], &board("Hall"));
    assert_eq!(made.status, 201, "{}", made.body);
    let first = made.header("etag").unwrap().to_owned();
    let mine = put(address, "hall", &[("If-None-Match", "*")], &board("Mine"));
    let there = refused(&mine, 412, "board-exists");
    assert!(there.contains(first.trim_matches('"')) && there.contains("If-Match"), "{there}");
    assert_eq!(mine.json()["title"], "There is a board of that name already");
    // Tags that no board of ours ever has, and such as count as never the same (RFC 9110 §13.1.1).
    for tag in ["\"77\"", "\"\"", &format!("W/{first}")] {
        refused(&put(address, "hall", &[("If-Match", tag)], &board("x")), 412, "conflict");
    }
    refused(&put(address, "hall", &[("If-Match", "77")], &board("x")), 400, "bad-request");
    refused(&put(address, "none", &[("If-Match", "*")], &board("x")), 412, "conflict");
    refuse_bodies(address);
    let either = format!("\"77\", {first}");
    let changed = put(address, "hall", &[("If-Match", &either)], &board("Hall 1"));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let second = changed.header("etag").unwrap().to_owned();
    let late =
        refused(&put(address, "hall", &[("If-Match", &first)], &board("x")), 412, "conflict");
    assert!(late.contains(second.trim_matches('"')), "{late}");
    refused(&remove(address, "hall", &first), 412, "conflict");
    refused(
        &remove(address, "boiler", get(address, "/api/v1/boards/boiler").header("etag").unwrap()),
        409,
        "given-board",
    );
    let wrong = put(address, "hall", &[("If-Match", &second)], &json!({"title": "x", "tiles": {}}));
    assert_eq!(refused(&wrong, 400, "bad-request"), "tiles: give a list of at most 200");

    drop(gateway);
    let _gateway = site.start();
    let kept = get(address, "/api/v1/boards/hall");
    assert_eq!((kept.json(), kept.header("etag")), (board("Hall 1"), Some(second.as_str())));
    let list = get(address, "/api/v1/boards").json();
    let lines: Vec<_> = list["boards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["name"], &line["title"], &line["given"]))
        .collect();
    assert_eq!(
        lines,
        [
            (&json!("boiler"), &json!("Boiler"), &json!(true)),
            (&json!("hall"), &json!("Hall 1"), &json!(false))
        ]
    );
    assert_eq!(remove(address, "hall", &second).status, 204);
    refused(&get(address, "/api/v1/boards/hall"), 404, "unknown-board");
}
