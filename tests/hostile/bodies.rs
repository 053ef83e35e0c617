//! Threats in a request's body: bodies without end, bodies that never come, and small ones that mean much.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use crate::healthy::Healthy;
use crate::peer::http::{get, request};
use crate::target::Target;

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Everything that takes a body.
const TAKERS: [(&str, &str); 4] = [
    ("POST", "/api/v1/points/read"),
    ("PUT", "/api/v1/clients/nobody/subscription"),
    ("PATCH", "/api/v1/clients/nobody/subscription"),
    ("POST", "/api/v1/nothing"),
];

/// Memory that the bodies of this file may take on their way to their refusal, generously: each is refused at 1 MiB.
const BODIES_KB: u64 = 32 * 1024;

/// Sends a head and pieces of body until the gateway has had enough; what it answered, and how much it took.
fn pour(target: &Target, head: &str, piece: &[u8]) -> (String, usize) {
    let mut socket = target.connect();
    socket.write_all(head.as_bytes()).unwrap();
    let reader = {
        let mut socket = socket.try_clone().unwrap();
        thread::spawn(move || {
            let mut answer = Vec::new();
            let _reset_while_bytes_are_left = socket.read_to_end(&mut answer);
            String::from_utf8(answer).unwrap()
        })
    };
    let mut taken = 0;
    while taken < 1024 * 1024 * 1024 && socket.write_all(piece).is_ok() {
        taken += piece.len();
    }
    (reader.join().unwrap(), taken)
}

/// Bodies that grow for ever: chunked, announced as a terabyte, behind requests that want none.
#[test]
fn bodies_without_end_are_refused_and_not_kept() {
    let target = Target::start("bodies", "");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    for (method, path) in TAKERS {
        let head = target.head(method, path) + "Content-Type: application/json\r\n";
        for (form, piece) in [
            ("Transfer-Encoding: chunked", &chunk),
            ("Content-Length: 1099511627776", &vec![b' '; 0x10000]),
        ] {
            let (answer, taken) = pour(&target, &format!("{head}{form}\r\n\r\n"), piece);
            assert!(taken < 512 * 1024 * 1024, "{method} {path} {form}: {taken} bytes were taken");
            let kind = answer.get(..10).unwrap_or_default();
            assert!(answer.is_empty() || kind == "HTTP/1.1 4", "{path} {form}: {answer}");
        }
    }
    before.peak_is_below(BODIES_KB);
    before.all_is_closed();
    healthy.settle(&target);
}

/// Bytes that a client may send behind its request for a stream, generously: what two kernels hold for a socket.
const BEHIND_BYTES: usize = 16 * 1024 * 1024;

/// A stream whose client never stops to send: nobody reads it, so it comes to a stand, and the stream goes on.
#[test]
fn what_is_sent_behind_a_request_for_a_stream_is_not_kept() {
    let target = Target::start("behind", "header_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let head = target.head("GET", "/api/v1/stream?points=line/count/*&heartbeat_ms=1000");
    for form in ["", "Content-Length: 1099511627776\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut socket = target.connect();
        socket.write_all(format!("{head}{form}\r\n").as_bytes()).unwrap();
        let mut reader = socket.try_clone().unwrap();
        let pouring = thread::spawn(move || {
            let (mut taken, piece) = (0, [b'1'; 64 * 1024]);
            while taken < BEHIND_BYTES && socket.write_all(&piece).is_ok() {
                taken += piece.len();
            }
            taken
        });
        let mut came = vec![0; 256 * 1024];
        let ended = reader.read_exact(&mut came).is_err();
        if !ended {
            assert!(came.starts_with(b"HTTP/1.1 200 "), "{form}");
        }
        // That wakes whoever still waits for room.
        reader.shutdown(std::net::Shutdown::Both).unwrap();
        let taken = pouring.join().unwrap();
        assert!(taken < BEHIND_BYTES, "{form}: {taken} bytes were taken");
        before.peak_is_below(BODIES_KB);
    }
    before.all_is_closed();
    healthy.settle(&target);
}

/// Bodies of which the last byte never comes, many at once.
#[test]
fn bodies_that_never_come_are_given_up() {
    const MANY: usize = 40;
    let target = Target::start("slow-bodies", "header_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let head = target.head("POST", "/api/v1/points/read")
        + "Content-Type: application/json\r\nContent-Length: 1048576\r\nConnection: close\r\n\r\n";
    let mut sockets: Vec<TcpStream> = (0..MANY).map(|_| target.connect()).collect();
    for socket in &mut sockets {
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(&[b' '; 1024 * 1024 - 1]).unwrap();
    }
    for mut socket in sockets {
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer in time");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    // What they sent, and as much again.
    let most = 2 * 1024 * u64::try_from(MANY).unwrap();
    before.peak_is_below(most);
    before.all_is_closed();
    healthy.settle(&target);
}

/// Bodies of a mebibyte that are dear to understand: deep, wide, or full of mistakes.
#[test]
fn bodies_that_mean_much_cost_a_bounded_share() {
    const MOST_KB: u64 = 128 * 1024;
    let target = Target::start("dear-bodies", "");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let full = |begin: &str, piece: &str, end: &str| {
        let times = (1024 * 1024 - begin.len() - end.len()) / piece.len();
        format!("{begin}{}{end}", piece.repeat(times).trim_end_matches(','))
    };
    let bodies = [
        full("{\"ids\":", "[", ""),
        full("{\"ids\":", "{\"a\":", ""),
        full("{\"ids\":[", "[],", "]}"),
        full("{\"ids\":[", "\"a//b\",", "]}"),
        full("{\"ids\":[", "\"\\u0000\",", "]}"),
        full("{\"ids\":[1", "0", "]}"),
        full("{\"ids\":\"", "\\ud83d\\ude00", "\"}"),
    ];
    for body in &bodies {
        let answers: Vec<_> = (0..4)
            .map(|_| {
                let (address, body) = (target.address, body.clone());
                thread::spawn(move || {
                    request(address, "POST", "/api/v1/points/read", &[JSON], &body)
                })
            })
            .collect();
        for answer in answers {
            let answer = answer.join().unwrap();
            assert_eq!(answer.status, 400, "{}: {}", &body[..20], answer.body);
            assert!(answer.body.len() < 64 * 1024, "a refusal of {} bytes", answer.body.len());
        }
        assert_eq!(get(target.address, "/healthz").status, 200);
    }
    before.peak_is_below(MOST_KB);
    healthy.settle(&target);
}
