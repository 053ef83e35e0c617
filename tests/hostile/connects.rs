//! Threats by number: connections, sessions and streams that come and go as fast as they can.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use socket2::{Domain, Socket, Type};

use crate::healthy::Healthy;
use crate::peer::http::{Stream, get};
use crate::peer::wait_for;
use crate::target::{SOON, Target};

/// Peers that attack at a time.
const PEERS: usize = 8;

/// What each of them does.
const TIMES: usize = 500;

/// Memory that stays of thousands of connections that are gone, generously: what an allocator keeps.
const LEFT_KB: u64 = 64 * 1024;

/// Runs `act` from all peers at once, each [`TIMES`] times, told which time it is.
fn all_at_once(act: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for _ in 0..PEERS {
            scope.spawn(|| (0..TIMES).for_each(&act));
        }
    });
}

/// Connections that end at once, in every way there is: nothing asked, half asked, asked and not waited for.
#[test]
fn thousands_of_connections_that_come_and_go_leave_nothing_behind() {
    let limits = "sessions_per_address = 300\nsession_life_ms = 1000";
    let target = Target::start("connects", limits);
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let head = target.head("GET", "/api/v1/stream?points=line/**");
    all_at_once(|time| {
        let mut socket = target.connect();
        match time % 5 {
            0 => {}
            1 => socket.write_all(b"GET / HT").unwrap(),
            2 => socket.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap(),
            3 => socket.write_all(format!("{head}\r\n").as_bytes()).unwrap(),
            _ => {
                socket.write_all(format!("{head}\r\n").as_bytes()).unwrap();
                // A stream, or a refusal for want of room.
                assert!(socket.read(&mut [0; 64]).unwrap() > 0);
            }
        }
    });
    assert_eq!(get(target.address, "/healthz").status, 200);
    before.all_is_closed();
    before.left_is_below(LEFT_KB);
    healthy.settle(&target);
}

/// Streams that are opened and dropped: each leaves a session that waits for its client.
#[test]
fn sessions_that_nobody_comes_back_to_are_bounded_and_pass() {
    let limits = "sessions_per_address = 300\nstreams_per_address = 250\nsession_life_ms = 1000";
    let target = Target::start("sessions", limits);
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let head = target.head("GET", "/api/v1/stream?points=line/**") + "\r\n";
    let (opened, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    all_at_once(|_| {
        let mut socket = target.connect();
        socket.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        socket.read_exact(&mut status).unwrap();
        match &status {
            b"HTTP/1.1 200" => opened.fetch_add(1, Ordering::Relaxed),
            b"HTTP/1.1 503" => refused.fetch_add(1, Ordering::Relaxed),
            other => panic!("{:?}", String::from_utf8_lossy(other)),
        };
    });
    assert!(opened.into_inner() > 0);
    assert!(refused.into_inner() > 0, "nothing bounded what one address may hold");
    before.left_is_below(LEFT_KB);
    wait_for("room for a new session", SOON, || {
        (get_head(&target, &head) == "HTTP/1.1 200").then_some(())
    });
    healthy.settle(&target);
}

fn get_head(target: &Target, head: &str) -> String {
    let mut socket = target.connect();
    socket.write_all(head.as_bytes()).unwrap();
    let mut status = vec![0; 12];
    socket.read_exact(&mut status).unwrap();
    String::from_utf8(status).unwrap()
}

/// Clients that take over each other's session as fast as they can.
#[test]
fn a_session_that_many_fight_for_costs_only_those_who_fight() {
    // So that each fights as often as it can.
    let target = Target::start("fight", "snapshots_per_second = 10000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let id = Stream::open(target.address, "points=line/**").next().unwrap().id.unwrap();
    let path = format!("/api/v1/stream?last_event_id={id}");
    let head = target.head("GET", &path) + "\r\n";
    all_at_once(|_| assert_eq!(get_head(&target, &head), "HTTP/1.1 200"));
    let last = Stream::open(target.address, &format!("last_event_id={id}")).next().unwrap();
    assert_eq!(last.data["resumed"], true);
    before.all_is_closed();
    healthy.settle(&target);
}

/// One address that opens connections and says nothing, many times as many as there may be: they are not all the places
/// that there are.
#[test]
fn connections_of_one_address_leave_room_for_others() {
    const SILENT: usize = 200;
    const OF_ADDRESS: usize = 20;
    let limits = format!(
        "connections = 50\nconnections_per_address = {OF_ADDRESS}\nheader_timeout_ms = 120000"
    );
    let target = Target::start("silent", &limits);
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let silent: Vec<TcpStream> = (0..SILENT).map(|_| from_elsewhere(&target)).collect();
    wait_for("all but some to be closed", SOON, || {
        let open = silent.iter().filter(|socket| is_open(socket)).count();
        (open == OF_ADDRESS).then_some(())
    });
    assert!(before.files_more() <= OF_ADDRESS);
    assert_eq!(get(target.address, "/healthz").status, 200, "others have room");
    drop(silent);
    before.all_is_closed();
    assert!(is_open(&from_elsewhere(&target)), "and so has that address again");
    healthy.settle(&target);
}

/// A connection from another address than all others.
fn from_elsewhere(target: &Target) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
    socket.connect(&target.address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.into()
}

/// Whether it is open as far as can be told now.
fn is_open(mut socket: &TcpStream) -> bool {
    matches!(socket.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// A connection that speaks something else altogether does not even get a thread's attention for long.
#[test]
fn what_is_not_http_is_closed() {
    let target = Target::start("other-tongues", "header_timeout_ms = 2000");
    let before = target.before();
    let tongues: [&[u8]; 5] = [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 TLS wants to begin",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01",
        b"*1\r\n$4\r\nPING\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
    ];
    for tongue in tongues {
        let mut socket: TcpStream = target.connect();
        socket.write_all(tongue).unwrap();
        let mut answer = Vec::new();
        // An answer that says no, or none: but an end.
        match socket.read_to_end(&mut answer) {
            Ok(_) => assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
    before.all_is_closed();
}
