//! Threats in a request's head: heads that never end, and heads that are too long.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::healthy::Healthy;
use crate::peer::http::get;
use crate::peer::wait_for;
use crate::target::{SOON, Target};

/// Connections that send a byte now and then.
const LORIS: usize = 400;

/// Memory that so many unfinished heads may take, generously: a buffer of 8 KB each and as much again.
const LORIS_KB: u64 = 16 * 1024;

/// Slow-loris: heads that arrive byte by byte for ever fill every place for connections.
#[test]
fn heads_that_never_end_hold_their_places_for_a_bounded_time() {
    // Just enough places for them and the healthy reader.
    let limits = format!("connections = {}\nheader_timeout_ms = 2000", LORIS + 1);
    let target = Target::start("loris", &limits);
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let mut sockets: Vec<TcpStream> = (0..LORIS).map(|_| target.connect()).collect();
    let head = target.head("GET", "/healthz") + "X-Endless: ";
    for socket in &mut sockets {
        socket.set_nonblocking(true).unwrap();
        socket.write_all(head.as_bytes()).unwrap();
    }
    let polite = {
        let address = target.address;
        thread::spawn(move || get(address, "/healthz").status)
    };
    wait_for("every one of them to be closed", SOON, || {
        // Whoever is still there sends one byte more.
        sockets.retain_mut(|socket| socket.write_all(b"x").is_ok() && is_open(socket));
        thread::sleep(Duration::from_millis(200));
        sockets.is_empty().then_some(())
    });
    assert_eq!(polite.join().unwrap(), 200, "who comes after them is served");
    before.peak_is_below(LORIS_KB);
    before.all_is_closed();
    healthy.settle(&target);
}

/// Whether the other side has not closed a socket that does not block.
fn is_open(socket: &mut TcpStream) -> bool {
    match socket.read(&mut [0; 1024]) {
        Ok(0) => false,
        // A refusal on the way to the end.
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// Memory that one head may take on its way to its refusal, generously.
const GIANT_KB: u64 = 8 * 1024;

/// Sends `beginning`, then `piece` again and again, until the gateway has had enough; what it answered.
fn pour(target: &Target, beginning: &str, piece: &[u8]) -> String {
    let mut socket = target.connect();
    let mut answer = Vec::new();
    let mut taken = socket.write_all(beginning.as_bytes());
    // A gigabyte: nobody has taken that.
    for _ in 0..(1024 * 1024 * 1024 / piece.len()) {
        if taken.is_err() {
            break;
        }
        taken = socket.write_all(piece);
    }
    assert!(taken.is_err(), "a gigabyte was taken");
    // The rest may be lost with the connection: it was reset while there were bytes to read.
    let _best_effort = socket.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// Heads that grow for ever, in one field or in many: they are refused once they are longer than any head.
#[test]
fn heads_without_end_are_refused_and_not_kept() {
    let target = Target::start("giant-heads", "header_timeout_ms = 2000\nwrite_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let begin = target.head("GET", "/healthz");
    let long_line = format!("GET /{} HTTP/1.1\r\n", "a".repeat(64));
    let attacks = [
        ("one field", format!("{begin}X-Endless: "), vec![b'x'; 16 * 1024]),
        ("many fields", begin, b"X-Many: x\r\n".repeat(1_024)),
        ("a path", "GET /".to_owned(), vec![b'a'; 16 * 1024]),
        ("no request at all", String::new(), vec![0; 16 * 1024]),
        ("a method", String::new(), vec![b'G'; 16 * 1024]),
        ("requests without a host", long_line, b"\r\nGET / HTTP/1.1\r\n".repeat(1_024)),
    ];
    for (what, beginning, piece) in &attacks {
        let answer = pour(&target, beginning, piece);
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{what}: {answer}");
    }
    before.peak_is_below(GIANT_KB);
    before.all_is_closed();
    healthy.settle(&target);
}
