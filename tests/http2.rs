//! HTTP/2 in clear text by prior knowledge, as Node's client and curl speak it: many streams on one connection, and
//! what becomes of one that stands still.

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
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use peer::server::Server;
use peer::{run_script, wait_for};
use pointcast::limits::Limits;
use serde_json::{Value as Json, json};

const SOON: Duration = Duration::from_secs(20);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An empty SETTINGS frame.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// What Node saw; `meanwhile` is done beside it.
fn node(server: &Server, what: &str, meanwhile: impl FnOnce()) -> Json {
    let address = server.address.to_string();
    thread::scope(|scope| {
        let script = scope.spawn(|| run_script("http2.mjs", &[&address, what]));
        meanwhile();
        serde_json::from_str(&script.join().unwrap()).unwrap()
    })
}

fn wait_for_streams(server: &Server, count: usize) {
    let there = || (server.sessions.open_streams() == count).then_some(());
    wait_for("the number of streams", SOON, there);
}

#[test]
fn many_streams_share_a_connection_to_its_clean_end() {
    let mut server = Server::start(3, Limits::default());
    let saw = node(&server, "together", || {
        wait_for_streams(&server, 4);
        server.stop.cancel();
    });
    assert_eq!(saw["head"]["content-type"], "text/event-stream");
    assert_eq!(saw["head"]["cache-control"], "no-store, no-transform");
    assert_eq!(saw["points"], json!([["line/0/value"], ["line/1/value"], ["line/2/value"]]));
    let statuses = json!({
        "put": 200, "health": 200, "head": 200, "malformed": 400, "foreign": 421, "page": 200
    });
    assert_eq!(saw["statuses"], statuses);
    assert!(saw["pageBytes"].as_u64().unwrap() > 500);
    assert_eq!(saw["count"], 3);
    assert_eq!(saw["last"], json!(["drain", "drain", "drain", "drain"]));
    assert_eq!(saw["goaway"], 0);
    server.wait_for_end(SOON);
}

#[test]
fn a_stream_that_nobody_reads_is_reset_and_its_neighbour_goes_on() {
    let limits = Limits { write_timeout: Duration::from_secs(1), ..Limits::default() };
    let server = Server::start(40_000, limits);
    let saw = node(&server, "stalled", || {});
    assert_eq!(saw, json!({"reset": 8, "goesOn": true}));
    wait_for_streams(&server, 0);
}

#[test]
fn a_connection_that_asks_for_nothing_is_ended() {
    let limits = Limits { header_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(1, limits);
    let saw = node(&server, "idle", || {});
    assert_eq!(saw, json!({"kept": true, "goaway": 0}));
}

#[test]
fn streams_go_with_their_connection_at_once() {
    let server = Server::start(1, Limits::default());
    node(&server, "left", || {
        wait_for_streams(&server, 3);
        server.put(1);
    });
    wait_for_streams(&server, 0);
}

#[test]
fn curl_follows_a_stream_to_its_end() {
    let server = Server::start(3, Limits::default());
    let url = format!("http://{}/api/v1/stream?points=**", server.address);
    let mut curl = Command::new("curl")
        .args(["--http2-prior-knowledge", "--silent", "--show-error", "--no-buffer"])
        .args(["--write-out", "version %{http_version}", &url])
        .stdout(Stdio::piped())
        .spawn()
        .expect("run tests/run: curl could not be started");
    let (mut said, mut bytes) = (String::new(), [0; 4096]);
    let mut out = curl.stdout.take().unwrap();
    while !said.contains("\"snapshot\":1}") {
        let count = out.read(&mut bytes).unwrap();
        assert!(count > 0, "curl ended: {said}");
        said.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    server.stop.cancel();
    out.read_to_string(&mut said).unwrap();
    assert!(curl.wait().unwrap().success(), "{said}");
    assert!(said.contains("event: drain\ndata: {}\n\nversion 2"), "{said}");
}

#[test]
fn the_preface_may_come_byte_by_byte() {
    let server = Server::start(1, Limits::default());
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    for byte in [PREFACE, SETTINGS].concat() {
        stream.write_all(&[byte]).unwrap();
    }
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "the server begins with its SETTINGS: {frame:?}");
}

#[test]
fn an_unfinished_preface_and_a_connection_without_a_word_are_given_up() {
    let limits = Limits { header_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(1, limits);
    for begin in [&PREFACE[..0], &PREFACE[..3]] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(begin).unwrap();
        assert_eq!(stream.read(&mut [0]).expect("the connection is closed in time"), 0);
    }
}
