//! Large answers: they are written as they are taken, and what is not taken is bounded. In the test's own process, with
//! a table of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use peer::http::{Stream, get, send};
use peer::server::Server;
use peer::wait_for;
use pointcast::limits::Limits;
use serde_json::json;

/// A list of them is more than a megabyte.
const POINTS: u32 = 10_000;

const SOON: Duration = Duration::from_secs(20);

/// A client whose stream is closed: nothing of it waits.
fn absent_client(server: &Server) -> String {
    let mut stream = Stream::open(server.address, "");
    stream.next().unwrap().data["client"].as_str().unwrap().to_owned()
}

#[test]
fn a_list_in_pieces_is_the_same_list() {
    let server = Server::start(POINTS, Limits::default());
    let answer = get(server.address, "/api/v1/points?limit=10000");
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    let ids = |answer: &serde_json::Value| -> Vec<String> {
        let points = answer["points"].as_array().unwrap().iter();
        points.map(|point| point["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = answer.json();
    let mut expected: Vec<String> = (0..POINTS).map(|at| format!("line/{at}/value")).collect();
    let read = json!({ "ids": vec!["line/none"; 10_001] });
    let some = json!({ "ids": expected[..5_000] });
    assert_eq!(send(server.address, "POST", "/api/v1/points/read", &read).status, 400);
    let some = send(server.address, "POST", "/api/v1/points/read", &some).json();
    assert_eq!(ids(&some), expected[..5_000]);
    assert_eq!(some["unknown"], json!([]));
    expected.sort();
    assert_eq!(ids(&all), expected);
    assert_eq!(all["cursor"], json!(null));
    let page = get(server.address, "/api/v1/points?limit=9999").json();
    assert_eq!(page["cursor"], json!(expected[9_998]));
    let small = get(server.address, "/api/v1/points?limit=20");
    assert!(small.header("content-length").is_some(), "what is small comes whole");
    wait_for("nothing to be held", SOON, || {
        (server.sessions.totals().pending().bytes() == 0).then_some(())
    });
}

#[test]
fn an_answer_that_nobody_takes_is_counted_and_only_a_piece_of_it_is_made() {
    let server = Server::start(POINTS, Limits::default());
    let pending = || server.sessions.totals().pending().bytes();
    let mut sockets = Vec::new();
    // So that the kernel has no room for all of it, whatever its buffers.
    let request =
        format!("GET /api/v1/points?limit=10000 HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    for _ in 0..4 {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.write_all(request.repeat(20).as_bytes()).unwrap();
        sockets.push(socket);
    }
    wait_for("all to wait", SOON, || (pending() >= 4 * POINTS as usize * 4).then_some(()));
    for _ in 0..50 {
        let held = pending();
        assert!(held < 4 * 256 * 1024, "{held} bytes for four readers");
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(sockets);
    wait_for("nothing to be held", SOON, || (pending() == 0).then_some(()));
}

#[test]
fn large_answers_are_refused_while_too_much_waits_and_nothing_else_is() {
    let server = Server::start(POINTS, Limits { pending_bytes: 1_000, ..Limits::default() });
    let client = absent_client(&server);
    let subscription = format!("/api/v1/clients/{client}/subscription");
    let entries = |count| json!({ "points": (0..count).map(|at| format!("line/{at}/value")).collect::<Vec<_>>() });
    assert_eq!(send(server.address, "PUT", &subscription, &entries(2_000)).status, 200);
    // A large answer may still be held for a moment when its reader has it all.
    let held = server.sessions.totals().pending().hold(1_001);
    for path in ["/api/v1/points?limit=10000", &subscription] {
        let refused = get(server.address, path);
        assert_eq!(refused.status, 503, "{path}");
        assert!(refused.header("retry-after").is_some());
    }
    let revision = |path| get(server.address, path).json()["revision"].clone();
    let client = format!("/api/v1/clients/{client}");
    assert_eq!(revision(&client), 1);
    assert_eq!(send(server.address, "PUT", &subscription, &entries(1_900)).status, 503);
    assert_eq!(revision(&client), 1, "what is refused is not done");
    assert_eq!(get(server.address, "/api/v1/points?limit=20").status, 200);
    assert_eq!(send(server.address, "PUT", &subscription, &entries(10)).status, 200);
    drop(held);
    let is_taken = || (server.sessions.totals().pending().bytes() == 0).then_some(());
    wait_for("what was answered to be taken", SOON, is_taken);
    assert_eq!(get(server.address, "/api/v1/points?limit=10000").status, 200);
    wait_for("what was answered to be taken", SOON, is_taken);
    assert_eq!(send(server.address, "PUT", &subscription, &entries(1_900)).status, 200);
}

#[test]
fn an_answer_of_one_piece_is_counted_until_it_is_taken() {
    let server = Server::start(POINTS, Limits::default());
    let client = absent_client(&server);
    let path = format!("/api/v1/clients/{client}/subscription");
    let entries: Vec<String> = (0..9_000).map(|at| format!("line/{at}/value")).collect();
    assert_eq!(send(server.address, "PUT", &path, &json!({ "points": entries })).status, 200);
    let mut socket = TcpStream::connect(server.address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    socket.write_all(request.repeat(20).as_bytes()).unwrap();
    let pending = || server.sessions.totals().pending().bytes();
    wait_for("it to wait", SOON, || (pending() > 100_000).then_some(()));
    assert!(socket.read(&mut [0; 16]).unwrap() > 0);
    drop(socket);
    wait_for("nothing to be held", SOON, || (pending() == 0).then_some(()));
}
