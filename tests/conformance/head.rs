//! Chapter "The stream": the request's head in every form a client may give it, and the answer's head.

use std::io::Write as _;

use serde_json::json;

use crate::place::{among_others, place};
use crate::stream::{Stream, ask, connection, head, header, read_head};

#[test]
fn the_answer_tells_every_cache_and_proxy_to_keep_its_hands_off() {
    let _among = among_others();
    let stream = Stream::open("points=kinds/i16");
    assert_eq!(stream.header("content-type"), ["text/event-stream"]);
    assert_eq!(stream.header("cache-control"), ["no-store, no-transform"]);
    assert_eq!(stream.header("x-accel-buffering"), ["no"]);
    assert_eq!(stream.header("transfer-encoding"), ["chunked"]);
    for never in ["content-length", "content-encoding", "etag", "set-cookie"] {
        assert_eq!(stream.header(never), Vec::<&str>::new(), "{never}");
    }
}

#[test]
fn an_accept_that_takes_events_is_taken_and_any_other_refused() {
    let _among = among_others();
    for accept in [
        "text/event-stream",
        "Text/Event-Stream",
        "text/html, text/event-stream;q=0.1",
        "text/*",
        "*/*",
        "application/json, */*; q=0.8",
    ] {
        Stream::open_with("points=kinds/i16", &[("Accept", accept)]).snapshot();
    }
    for accept in ["text/html", "application/json", "image/*", "text/event-streams"] {
        let answer = ask("GET", "/api/v1/stream", &[("Accept", accept)], "");
        assert_eq!(answer.status, 406, "{accept}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let path = "/api/v1/stream?points=kinds/i16";
    let mut socket = connection();
    let bare = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", place().address);
    socket.write_all(bare.as_bytes()).unwrap();
    Stream::on(socket).snapshot();
}

#[test]
fn a_head_that_comes_byte_by_byte_is_a_head() {
    let _among = among_others();
    let mut socket = connection();
    for byte in head("/api/v1/stream?points=kinds/*", &[("X-Long", &"y".repeat(300))]).as_bytes() {
        socket.write_all(&[*byte]).unwrap();
    }
    Stream::on(socket).snapshot();
}

#[test]
fn a_stream_may_be_the_second_request_of_a_connection() {
    let _among = among_others();
    let mut socket = connection();
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", place().address);
    socket.write_all(health.as_bytes()).unwrap();
    let answer = read_head(&mut socket);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let length: usize = header(&answer, "content-length")[0].parse().unwrap();
    std::io::Read::read_exact(&mut socket, &mut vec![0; length]).unwrap();
    socket.write_all(head("/api/v1/stream?points=kinds/*", &[]).as_bytes()).unwrap();
    Stream::on(socket).snapshot();
}

#[test]
fn what_a_client_sends_behind_its_request_does_not_reach_its_stream() {
    let _among = among_others();
    let mut socket = connection();
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", place().address);
    let both = head("/api/v1/stream?points=kinds/i16&heartbeat_ms=1000", &[]) + &health;
    socket.write_all(both.as_bytes()).unwrap();
    let mut stream = Stream::on(socket.try_clone().unwrap());
    stream.snapshot();
    socket.write_all(health.as_bytes()).unwrap();
    stream.next_named("heartbeat");
    stream.next_named("heartbeat");
}

#[test]
fn a_request_for_a_stream_may_carry_a_body_that_nobody_reads() {
    let _among = among_others();
    let mut socket = connection();
    let request = head("/api/v1/stream?points=kinds/i16", &[("Content-Length", "7")]) + "ignored";
    socket.write_all(request.as_bytes()).unwrap();
    Stream::on(socket).snapshot();
}

#[test]
fn a_look_at_the_head_opens_nothing() {
    let _among = among_others();
    let answer = ask("HEAD", "/api/v1/stream?points=kinds/i16", &[], "");
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-store, no-transform"));
}

#[test]
fn a_host_or_an_origin_of_somebody_else_is_refused() {
    let _among = among_others();
    let from = |name, value| ask("GET", "/api/v1/stream", &[(name, value)], "").status;
    assert_eq!(from("Host", "rebound.example"), 421);
    assert_eq!(from("Origin", "https://other.example"), 403);
    assert_eq!(from("Sec-Fetch-Site", "cross-site"), 403);
    let own = format!("http://{}", place().address);
    let mut stream = Stream::open_with(
        "points=kinds/i16",
        &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")],
    );
    stream.snapshot();
    assert_eq!(stream.point("kinds/i16")["value"], json!(-12_345));
}
