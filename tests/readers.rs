//! Readers that stall, crawl or never finish a word, on real sockets: they cost a bounded share, and nobody else
//! notices. The table is written by the test itself, as fast as it can.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use peer::http::{Event, Stream, get, request};
use peer::server::Server;
use peer::wait_for;
use pointcast::limits::Limits;

/// One frame of all of them is about 150 kB.
const POINTS: u32 = 1_500;

/// Bytes that one reader's socket and buffers may hold, generously: far less than what is written.
const HELD_BYTES: usize = 8 * 1024 * 1024;

const SOON: Duration = Duration::from_secs(20);

/// What a reader knows, and how much of it was skipped.
#[derive(Default)]
struct View {
    values: HashMap<String, i64>,
    skipped: u64,
}

impl View {
    fn take(&mut self, event: &Event) {
        for point in event.data["points"].as_array().into_iter().flatten() {
            let id = point["id"].as_str().unwrap().to_owned();
            let value = point["value"].as_i64().unwrap_or(-1);
            let before = self.values.insert(id, value).unwrap_or(-1);
            assert!(value >= before, "a point went back from {before} to {value}");
        }
        self.skipped += event.data["skipped"].as_u64().unwrap_or(0);
    }

    fn is_all(&self, value: i64) -> bool {
        self.values.len() == POINTS as usize && self.values.values().all(|known| *known == value)
    }

    /// Reads on until every point has this value.
    fn until(&mut self, stream: &mut Stream, value: i64) {
        while !self.is_all(value) {
            self.take(&stream.next().expect("the stream goes on"));
        }
    }
}

#[test]
fn a_stalled_reader_gets_the_newest_and_nobody_else_notices() {
    const ROUNDS: i64 = 300;
    let server = Server::start(POINTS, Limits::default());
    let mut stalled = Stream::open(server.address, "points=**");
    let mut view = View::default();
    view.until(&mut stalled, -1);
    let mut other = Stream::open(server.address, "points=**");
    let mut others_view = View::default();
    for value in 1..=ROUNDS {
        server.put(value);
        others_view.until(&mut other, value);
    }
    assert_eq!(others_view.skipped, 0, "who reads misses nothing");
    let begin = stalled.taken_bytes;
    view.until(&mut stalled, ROUNDS);
    let held = stalled.taken_bytes - begin;
    assert!(held < HELD_BYTES, "{held} bytes were held for one reader");
    let missed = u64::from(POINTS) * ROUNDS.unsigned_abs();
    assert!(view.skipped > missed / 2, "only {} of {missed} were skipped", view.skipped);
}

#[test]
fn a_reader_that_takes_nothing_is_closed_and_its_place_is_free() {
    let limits = Limits { write_timeout: Duration::from_millis(500), ..Limits::default() };
    let server = Server::start(POINTS, limits);
    let stuck = Stream::open(server.address, "points=**").into_socket();
    let mut alive = Stream::open(server.address, "points=**&heartbeat_ms=1000");
    let mut view = View::default();
    let mut value = 0;
    let begin = Instant::now();
    while server.sessions.open_streams() == 2 {
        assert!(begin.elapsed() < SOON, "it is still held");
        value += 1;
        server.put(value);
        view.until(&mut alive, value);
    }
    assert_eq!(server.sessions.open_streams(), 1, "and the other goes on");
    drop(stuck);
}

#[test]
fn an_unfinished_head_and_an_unfinished_body_are_given_up() {
    let limits = Limits { header_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(POINTS, limits);
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.set_read_timeout(Some(SOON)).unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: local").unwrap();
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).expect("the connection is closed in time");
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.set_read_timeout(Some(SOON)).unwrap();
    let head = "POST /api/v1/points/read HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{";
    slow.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer in time");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn past_the_limit_of_connections_the_next_one_waits_its_turn() {
    let server = Server::start(POINTS, Limits { connections: 1, ..Limits::default() });
    let holding = Stream::open(server.address, "heartbeat_ms=1000");
    let mut waiting = TcpStream::connect(server.address).unwrap();
    waiting
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(waiting.read(&mut [0]).is_err(), "answered past the limit");
    drop(holding.into_socket());
    waiting.set_read_timeout(Some(SOON)).unwrap();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_look_at_the_head_of_a_stream_costs_no_session() {
    let server = Server::start(POINTS, Limits { sessions: 1, ..Limits::default() });
    for _ in 0..3 {
        let head = request(server.address, "HEAD", "/api/v1/stream?points=**", &[], "");
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("content-length"), None);
    }
    Stream::open(server.address, "points=**").next_named("subscribed");
}

#[test]
fn streams_past_their_limit_are_refused_with_a_time_to_come_back() {
    let server = Server::start(POINTS, Limits { streams_per_address: 1, ..Limits::default() });
    let first = Stream::open(server.address, "points=**");
    let refused = get(server.address, "/api/v1/stream?points=**");
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    drop(first.into_socket());
    wait_for("the place to be free", SOON, || (server.sessions.open_streams() == 0).then_some(()));
    Stream::open(server.address, "points=**").next_named("subscribed");
}
