//! Streams as bytes on the wire: what a client is answered, how events are framed to the end, and what becomes of
//! readers that are slow, gone, or say more than they were asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use peer::http::{Stream, request};
use peer::server::Server;
use peer::wait_for;
use pointcast::limits::Limits;
use serde_json::Value as Json;
use socket2::{Domain, Socket, Type};

const SOON: Duration = Duration::from_secs(20);

/// The snapshot of so many points is about 3 MB: far more than the buffers of a connection hold.
const MANY: u32 = 40_000;

const ASKED: &str = "GET /api/v1/stream?points=** HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection on which nothing was sent yet. With `narrow`, its kernel takes as little as it can.
fn connect(address: SocketAddr, narrow: bool) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    if narrow {
        socket.set_recv_buffer_size(1).unwrap();
    }
    socket.connect(&address.into()).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.into()
}

fn ask(address: SocketAddr, narrow: bool, request: &str) -> TcpStream {
    let mut stream = connect(address, narrow);
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Reads to the end, `step` bytes at a time.
fn read_to_end(stream: &mut TcpStream, step: usize) -> Vec<u8> {
    let (mut all, mut bytes) = (Vec::new(), vec![0; step]);
    loop {
        match stream.read(&mut bytes).expect("a clean end") {
            0 => return all,
            count => all.extend_from_slice(&bytes[..count]),
        }
    }
}

/// Reads until `mark` came, `step` bytes at a time.
fn read_past(stream: &mut TcpStream, mark: &[u8], step: usize) -> Vec<u8> {
    let (mut all, mut bytes) = (Vec::new(), vec![0; step]);
    loop {
        let count = stream.read(&mut bytes).expect("more");
        assert!(count > 0, "the stream goes on");
        let looked = all.len().saturating_sub(mark.len());
        all.extend_from_slice(&bytes[..count]);
        if all[looked..].windows(mark.len()).any(|window| window == mark) {
            return all;
        }
    }
}

/// Reads until what came ends so, and no further.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let (mut all, mut byte) = (String::new(), [0]);
    while !all.ends_with(end) {
        stream.read_exact(&mut byte).expect("more");
        all.push(char::from(byte[0]));
    }
    all
}

/// The chunks of a whole body, held to the form in which they are sent: the size in hexadecimal digits, small and
/// without leading zeros; nothing else in its line; nothing behind the last chunk.
fn chunks(mut body: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n").expect("a chunk's size");
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let bytes = usize::from_str_radix(size, 16).unwrap();
        assert_eq!(format!("{bytes:x}"), size);
        let (chunk, rest) = body[end + 2..].split_at(bytes);
        assert_eq!(&rest[..2], b"\r\n", "a chunk's end");
        body = &rest[2..];
        if bytes == 0 {
            assert_eq!(body, b"", "nothing comes behind the last chunk");
            return chunks;
        }
        chunks.push(chunk);
    }
}

/// Each whole event's name and data.
fn events(body: &[u8]) -> Vec<(String, Json)> {
    let text = std::str::from_utf8(body).unwrap();
    assert!(text.ends_with("\n\n"), "the last event is whole");
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
    };
    let events = text.split_terminator("\n\n");
    events
        .map(|event| {
            let data = serde_json::from_str(&field(event, "data: ")).unwrap();
            (field(event, "event: "), data)
        })
        .collect()
}

fn split(answer: &[u8]) -> (&str, &[u8]) {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
    (std::str::from_utf8(&answer[..end]).unwrap(), &answer[end..])
}

/// How many different points the events hold.
fn points(events: &[(String, Json)]) -> usize {
    let frames = events.iter().filter_map(|(_, data)| data["points"].as_array());
    let ids = frames.flatten().map(|point| point["id"].as_str().unwrap());
    ids.collect::<std::collections::BTreeSet<_>>().len()
}

fn names(events: &[(String, Json)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

// Frozen: clients and whatever stands between read these bytes.
#[test]
fn the_head_of_an_answer() {
    let server = Server::start(1, Limits::default());
    let check = |asked: &str, expected: &str| {
        let head = read_until(&mut ask(server.address, false, asked), "\r\n\r\n");
        let (known, date) = head.split_once("date: ").unwrap();
        assert_eq!(known, expected);
        let date = date.strip_suffix(" GMT\r\n\r\n").unwrap();
        assert_eq!(date.len(), "Sun, 06 Nov 1994 08:49:37".len(), "{date}");
    };
    check(
        ASKED,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
         cache-control: no-store, no-transform\r\nx-accel-buffering: no\r\n\
         connection: close\r\ntransfer-encoding: chunked\r\n",
    );
    check(
        &ASKED.replace("HTTP/1.1", "HTTP/1.0"),
        "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\
         cache-control: no-store, no-transform\r\nx-accel-buffering: no\r\nconnection: close\r\n",
    );
}

#[test]
fn a_stream_is_answered_with_the_fields_that_a_look_at_its_head_shows() {
    let server = Server::start(1, Limits::default());
    let stream = Stream::open(server.address, "points=**");
    let shown = request(server.address, "HEAD", "/api/v1/stream?points=**", &[], "");
    let mut names = shown.field_names();
    names.retain(|name| !["connection", "transfer-encoding", "date"].contains(&name.as_str()));
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        assert_eq!(stream.header(&name), shown.header(&name), "{name}");
    }
}

#[test]
fn events_are_framed_to_a_clean_end() {
    let mut server = Server::start(3, Limits::default());
    let mut stream = ask(server.address, false, ASKED);
    let begin = read_until(&mut stream, "\"snapshot\":1}");
    server.stop.cancel();
    let answer = [begin.into_bytes(), read_to_end(&mut stream, 4096)].concat();
    let (_, body) = split(&answer);
    let chunks = chunks(body);
    for chunk in &chunks {
        assert!(chunk.ends_with(b"\n\n"), "events are not cut by chunks");
    }
    let events = events(&chunks.concat());
    assert_eq!(names(&events), ["connect", "subscribed", "points", "drain"]);
    server.wait_for_end(SOON);
}

#[test]
fn http_1_0_gets_no_chunks_and_the_end_of_the_connection() {
    let server = Server::start(3, Limits::default());
    let mut stream = ask(server.address, false, &ASKED.replace("HTTP/1.1", "HTTP/1.0"));
    let begin = read_until(&mut stream, "\"snapshot\":1}");
    server.stop.cancel();
    let answer = [begin.into_bytes(), read_to_end(&mut stream, 4096)].concat();
    let events = events(split(&answer).1);
    assert_eq!(names(&events), ["connect", "subscribed", "points", "drain"]);
}

#[test]
fn what_is_sent_behind_a_request_changes_nothing() {
    let server = Server::start(3, Limits::default());
    let more = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = ask(server.address, false, &format!("{ASKED}{more}{more}"));
    let begin = read_until(&mut stream, "\"snapshot\":1}");
    stream.write_all(&[b'x'; 3_000]).unwrap();
    server.put(1);
    let change = read_until(&mut stream, "\"value\":1,");
    server.stop.cancel();
    let rest = read_to_end(&mut stream, 4096);
    let answer = [begin.as_bytes(), change.as_bytes(), &rest].concat();
    let (head, body) = split(&answer);
    assert_eq!(head.matches("HTTP/1.1").count(), 1);
    let events = events(&chunks(body).concat());
    assert_eq!(names(&events), ["connect", "subscribed", "points", "points", "drain"]);
}

#[test]
fn what_is_sent_behind_a_request_costs_no_byte_of_the_stream() {
    // Its snapshot is more than the client's kernel takes, and less than the server's holds.
    let mut server = Server::start(100, Limits::default());
    let mut stream = ask(server.address, true, &format!("{ASKED}and more that nobody reads"));
    assert!(stream.peek(&mut [0]).unwrap() > 0);
    server.stop.cancel();
    server.wait_for_end(SOON);
    let answer = read_to_end(&mut stream, 4096);
    let events = events(&chunks(split(&answer).1).concat());
    assert_eq!(names(&events).last(), Some(&"drain"));
    assert_eq!(points(&events), 100);
}

#[test]
fn a_client_that_says_more_and_more_is_not_listened_to() {
    let server = Server::start(1, Limits::default());
    let mut stream = ask(server.address, false, ASKED);
    read_until(&mut stream, "\"snapshot\":1}");
    // What its own kernel holds is not what the server took.
    socket2::SockRef::from(&stream).set_send_buffer_size(1).unwrap();
    stream.set_nonblocking(true).unwrap();
    let (mut said, mut in_vain) = (0, 0);
    let full = || {
        match stream.write(&[b'x'; 4096]) {
            Ok(count) => (said, in_vain) = (said + count, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => in_vain += 1,
            Err(error) => panic!("{error}"),
        }
        // The first times the other side may not have taken yet what it will.
        (in_vain > 20 || said > 1024 * 1024).then_some(())
    };
    wait_for("the kernel to take no more", SOON, full);
    assert!(said < 64 * 1024, "{said} bytes were taken");
    stream.set_nonblocking(false).unwrap();
    server.put(1);
    read_until(&mut stream, "\"value\":1,");
}

#[test]
fn a_connection_that_asked_for_other_things_before_becomes_a_stream() {
    let server = Server::start(1, Limits::default());
    let mut stream = ask(server.address, false, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    read_until(&mut stream, "{\"status\":\"live\"}");
    stream.write_all(ASKED.replace("points=**", "points=,").as_bytes()).unwrap();
    let refused = read_until(&mut stream, "}]}");
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    stream.write_all(ASKED.as_bytes()).unwrap();
    let answer = read_until(&mut stream, "\"snapshot\":1}");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_request_that_comes_byte_by_byte_becomes_a_stream() {
    let server = Server::start(1, Limits::default());
    let mut stream = connect(server.address, false);
    stream.set_nodelay(true).unwrap();
    for byte in ASKED.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    read_until(&mut stream, "\"snapshot\":1}");
}

#[test]
fn a_snapshot_arrives_complete_through_a_narrow_socket() {
    let server = Server::start(MANY, Limits::default());
    let mut slow = ask(server.address, true, ASKED);
    let mut answer = read_past(&mut slow, b"\"snapshot\":1}", 1_500);
    server.stop.cancel();
    answer.extend(read_to_end(&mut slow, 1_500));
    let events = events(&chunks(split(&answer).1).concat());
    assert_eq!(points(&events), MANY as usize);
}

/// Opens a stream that reads nothing, and waits until its kernel and the server's are full.
fn stuck(server: &Server) -> TcpStream {
    let stuck = ask(server.address, true, ASKED);
    let full = || (server.sessions.totals().pending().bytes() > 0).then_some(());
    wait_for("bytes to be owed", SOON, full);
    stuck
}

#[test]
fn a_drain_waits_for_a_reader_that_reads_on() {
    let mut server = Server::start(MANY, Limits::default());
    let mut stuck = stuck(&server);
    server.stop.cancel();
    wait_for("the server to refuse", SOON, || TcpStream::connect(server.address).err());
    let answer = read_to_end(&mut stuck, 64 * 1024);
    let events = events(&chunks(split(&answer).1).concat());
    assert_eq!(names(&events).last(), Some(&"drain"));
    server.wait_for_end(SOON);
}

#[test]
fn a_drain_does_not_wait_for_a_reader_that_takes_nothing() {
    let limits = Limits { drain_timeout: Duration::from_secs(1), ..Limits::default() };
    let mut server = Server::start(MANY, limits);
    let stuck = stuck(&server);
    server.stop.cancel();
    server.wait_for_end(SOON);
    assert_eq!(server.sessions.open_streams(), 0);
    drop(stuck);
}

#[test]
fn a_peer_that_closes_is_gone_at_once() {
    let server = Server::start(1, Limits::default());
    let open = |count| {
        let none = || (server.sessions.open_streams() == count).then_some(());
        wait_for("the number of streams", SOON, none);
    };
    // Longer than anybody waits here: no event is due that would find it out.
    let asked = ASKED.replace("points=**", "heartbeat_ms=60000");
    let closing = ask(server.address, false, &asked);
    let leaving = ask(server.address, false, &asked);
    let resetting = ask(server.address, false, &asked);
    open(3);
    drop(closing);
    open(2);
    leaving.shutdown(Shutdown::Write).unwrap();
    open(1);
    socket2::SockRef::from(&resetting).set_linger(Some(Duration::ZERO)).unwrap();
    drop(resetting);
    open(0);
}

#[test]
fn while_much_is_owed_frames_are_small_and_nothing_is_missed() {
    let mut server = Server::start(MANY, Limits { pending_bytes: 0, ..Limits::default() });
    let owed = stuck(&server);
    let mut other = ask(server.address, false, ASKED);
    let mut answer = read_past(&mut other, b"\"snapshot\":1}", 64 * 1024);
    server.stop.cancel();
    answer.extend(read_to_end(&mut other, 64 * 1024));
    let chunks = chunks(split(&answer).1);
    let largest = chunks.iter().map(|chunk| chunk.len()).max().unwrap();
    assert!(largest <= 16 * 1024, "a chunk of {largest} bytes");
    assert_eq!(points(&events(&chunks.concat())), MANY as usize);
    drop(owed);
    server.wait_for_end(SOON);
    assert_eq!(server.sessions.totals().pending().bytes(), 0, "who leaves is owed nothing");
}
