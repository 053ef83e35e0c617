//! Threats that HTTP/2 brings with it (RFC 9113 §10.5): requests that are taken back as fast as they are made, heads
//! without end, windows that never open, questions that never stop.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::healthy::Healthy;
use crate::peer::wait_for;
use crate::target::{SOON, Target};

/// Memory that one attacking connection may take, generously: its windows, and a hundred requests.
const CONNECTION_KB: u64 = 16 * 1024;

/// How much an attack sends at most, when nobody stops it.
const POURED_BYTES: usize = 8 * 1024 * 1024;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame (§4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field of a head, spelled out (RFC 7541 §6.2.2), with a name of the static table where `name` is its index.
fn field(name: u8, value: &str) -> Vec<u8> {
    assert!(name < 15 && value.len() < 127);
    [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat()
}

/// The head of a `GET`.
fn head(target: &Target, path: &str) -> Vec<u8> {
    get(&target.address.to_string(), path)
}

fn get(authority: &str, path: &str) -> Vec<u8> {
    // :method GET and :scheme http stand in the static table as a whole.
    [vec![0x82, 0x86], field(1, authority), field(4, path)].concat()
}

/// All that a client sends which opens a connection and makes one request.
pub(crate) fn one_request(authority: &str, path: &str) -> Vec<u8> {
    let open = frame(HEADERS, END_HEADERS | END_STREAM, 1, &get(authority, path));
    [preface(&[]), open].concat()
}

/// What a client begins with (§3.4), with these settings.
fn preface(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = settings
        .iter()
        .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &payload)].concat()
}

/// Sends `begin`, then what `next` gives until that is nothing or the gateway closes; how many bytes it took. What it
/// answers is taken and thrown away.
fn pour(target: &Target, begin: &[u8], mut next: impl FnMut(u32) -> Vec<u8>) -> usize {
    let mut socket = target.connect();
    socket.write_all(begin).unwrap();
    let mut answers = socket.try_clone().unwrap();
    let reader = thread::spawn(move || while let Ok(1..) = answers.read(&mut [0; 16 * 1024]) {});
    let mut taken = 0;
    for turn in 0.. {
        let bytes = next(turn);
        if taken >= POURED_BYTES || socket.write_all(&bytes).is_err() {
            break;
        }
        taken += bytes.len();
    }
    let _already_down = socket.shutdown(Shutdown::Both);
    reader.join().unwrap();
    taken
}

/// The number of a client's request, from 0.
fn number(turn: u32) -> u32 {
    2 * turn + 1
}

/// Requests that are taken back at once ("rapid reset"): the work of each would go on behind its end.
#[test]
fn requests_that_are_taken_back_at_once_end_their_connection() {
    let target = Target::start("rapid-reset", "");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    for path in ["/api/v1/stream?points=line/**", "/api/v1/points?limit=10000", "/healthz"] {
        let head = head(&target, path);
        let taken = pour(&target, &preface(&[]), |turn| {
            let stream = number(turn);
            let open = frame(HEADERS, END_HEADERS | END_STREAM, stream, &head);
            [open, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
        });
        assert!(taken < POURED_BYTES, "{path}: nothing bounded them");
    }
    before.all_is_closed();
    before.peak_is_below(CONNECTION_KB);
    healthy.settle(&target);
}

/// A head that goes on in frame after frame, and never ends; or that is small on the wire and large in memory.
#[test]
fn heads_without_end_end_their_connection() {
    let target = Target::start("continuation", "");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let begin = |rest: &[u8]| {
        let payload = [&head(&target, "/healthz"), rest].concat();
        [preface(&[]), frame(HEADERS, END_STREAM, 1, &payload)].concat()
    };
    let many: Vec<u8> = field(0, "").into_iter().take(1).chain([1, b'x', 1, b'y']).collect();
    let pieces = [
        ("empty ones", Vec::new()),
        ("fields", many.repeat(200)),
        // A field that was put into the table once (RFC 7541 §6.2.1) and is named with one byte from then on.
        ("a field again and again", vec![0xbe; 16 * 1024]),
    ];
    let known = [&[0x40, 1, b'x', 100][..], &[b'y'; 100]].concat();
    for (what, piece) in &pieces {
        let taken = pour(&target, &begin(&known), |_| frame(CONTINUATION, 0, 1, piece));
        assert!(taken < POURED_BYTES, "{what}: nothing bounded them");
    }
    before.all_is_closed();
    before.peak_is_below(CONNECTION_KB);
    healthy.settle(&target);
}

/// Questions that must each be answered, whose answers nobody takes: they must not be gathered.
#[test]
fn questions_without_end_are_not_gathered() {
    let target = Target::start("questions", "write_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    for (what, question) in [
        ("pings", frame(PING, 0, 0, &[7; 8])),
        ("settings", frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 1, 0])),
        ("data of nothing", frame(DATA, 0, 1, &[])),
    ] {
        let many = question.repeat(1_000);
        let mut socket = target.connect();
        socket.set_nonblocking(true).unwrap();
        let open = frame(HEADERS, END_HEADERS, 1, &head(&target, "/healthz"));
        socket.write_all(&[preface(&[]), open].concat()).unwrap();
        let (mut taken, mut rest) = (0, many.clone());
        wait_for("it to be closed, or to have taken much and kept little", SOON, || {
            match socket.write(&rest) {
                Ok(count) => {
                    taken += count;
                    rest.drain(..count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(_) => return Some(()),
            }
            if rest.is_empty() {
                rest.clone_from(&many);
            }
            (taken >= POURED_BYTES).then_some(())
        });
        println!("{what}: {taken} bytes were taken");
        before.peak_is_below(CONNECTION_KB);
    }
    before.all_is_closed();
    healthy.settle(&target);
}

/// Readers that open streams and no windows: they look well, and take nothing.
#[test]
fn windows_that_never_open_hold_their_streams_for_a_bounded_time() {
    const STREAMS: u32 = 50;
    let target = Target::start("windows", "write_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    // A stream may be sent nothing (§6.5.2: SETTINGS_INITIAL_WINDOW_SIZE).
    let mut socket: TcpStream = target.connect();
    socket.write_all(&preface(&[(4, 0)])).unwrap();
    for turn in 0..STREAMS {
        let head = head(&target, "/api/v1/stream?points=line/**");
        socket.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, number(turn), &head)).unwrap();
    }
    wait_for_resets(&mut socket, STREAMS);
    before.peak_is_below(CONNECTION_KB);
    drop(socket);
    before.all_is_closed();
    healthy.settle(&target);
}

/// Large answers, as many as a connection may ask for, whose windows never open: none is made before it is taken.
#[test]
fn answers_whose_windows_never_open_are_not_made() {
    const ANSWERS: u32 = 100;
    let target = Target::start("large-answers", "write_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let mut socket: TcpStream = target.connect();
    socket.write_all(&preface(&[(4, 1)])).unwrap();
    for turn in 0..ANSWERS {
        // Some 300 kB each.
        let head = head(&target, "/api/v1/points?limit=10000");
        socket.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, number(turn), &head)).unwrap();
    }
    wait_for_resets(&mut socket, ANSWERS);
    before.peak_is_below(CONNECTION_KB);
    drop(socket);
    before.all_is_closed();
    healthy.settle(&target);
}

/// Waits until so many streams were reset (§6.4), or the connection is at its end: it tells the client that it has lost
/// them.
fn wait_for_resets(socket: &mut TcpStream, streams: u32) {
    let (mut lost, mut came) = (0, Vec::new());
    wait_for("every stream to be given up", SOON, || {
        let mut bytes = [0; 16 * 1024];
        match socket.read(&mut bytes) {
            Ok(0) | Err(_) => return Some(()),
            Ok(count) => came.extend_from_slice(&bytes[..count]),
        }
        while let Some((kind, whole)) = first_frame(&came) {
            lost += u32::from(kind == RST_STREAM);
            came.drain(..whole);
        }
        (lost == streams).then_some(())
    });
}

/// The kind and the length of a frame that has come whole.
fn first_frame(bytes: &[u8]) -> Option<(u8, usize)> {
    let [high, middle, low, kind, ..] = bytes else { return None };
    let whole = 9 + u32::from_be_bytes([0, *high, *middle, *low]) as usize;
    (bytes.len() >= whole).then_some((*kind, whole))
}
