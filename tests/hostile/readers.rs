//! Threats by slowness: readers that take nothing, or next to nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::healthy::Healthy;
use crate::peer::wait_for;
use crate::target::{SOON, Target};

/// Readers that take nothing.
const STUCK: usize = 50;

/// Memory that each of them may take, generously: what one selection of 2 000 points is, twice, and a frame.
const STUCK_KB: u64 = 1_024;

/// A connection with so small a window that a few frames fill it.
fn narrow(target: &Target) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2 * 1024).unwrap();
    socket.connect(&target.address.into()).unwrap();
    let socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket
}

/// Readers that ask for everything and take nothing, or a byte at a time.
#[test]
fn readers_that_take_nothing_hold_up_nobody_and_are_closed() {
    let target = Target::start("stuck", "write_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let head = target.head("GET", "/api/v1/stream?points=line/**") + "\r\n";
    let mut sockets: Vec<TcpStream> = (0..STUCK).map(|_| narrow(&target)).collect();
    for socket in &mut sockets {
        socket.write_all(head.as_bytes()).unwrap();
    }
    let mut crawling = narrow(&target);
    crawling.write_all(head.as_bytes()).unwrap();
    let over = AtomicBool::new(false);
    let taken = thread::scope(|scope| {
        let crawler = scope.spawn(|| crawl(&mut crawling, &over));
        healthy.goes_on();
        wait_for("those who take nothing to be closed", SOON, || {
            // The crawling one may be held to be alive.
            (before.files_more() <= 1).then_some(())
        });
        over.store(true, Ordering::Relaxed);
        crawler.join().unwrap()
    });
    let most = STUCK_KB * u64::try_from(STUCK + 1).unwrap();
    before.peak_is_below(most);
    assert!(taken.starts_with("HTTP/1.1 200 OK\r\n"), "{taken}");
    drop((sockets, crawling));
    before.all_is_closed();
    healthy.settle(&target);
}

/// Takes a byte a second, until told that it is over or cut off.
fn crawl(socket: &mut TcpStream, over: &AtomicBool) -> String {
    let mut taken = vec![0; 64];
    socket.read_exact(&mut taken).unwrap();
    while !over.load(Ordering::Relaxed) {
        let mut byte = [0];
        match socket.read(&mut byte) {
            Ok(1) => taken.push(byte[0]),
            Ok(_) | Err(_) => break,
        }
        thread::sleep(Duration::from_secs(1));
    }
    String::from_utf8(taken).unwrap()
}

/// Requests one behind the other on one connection, whose answers nobody takes.
#[test]
fn answers_that_nobody_takes_are_not_gathered() {
    let target = Target::start("answers", "write_timeout_ms = 2000");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let request = target.head("GET", "/api/v1/points?limit=10000") + "\r\n";
    let many = request.repeat(100);
    let mut sockets: Vec<TcpStream> = (0..20).map(|_| narrow(&target)).collect();
    for socket in &mut sockets {
        socket.set_nonblocking(true).unwrap();
    }
    wait_for("those who take nothing to be closed", SOON, || {
        // As many requests as the kernel takes in, which soon is none.
        sockets.retain_mut(|socket| match socket.write(many.as_bytes()) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        });
        thread::sleep(Duration::from_millis(50));
        sockets.is_empty().then_some(())
    });
    // Each answer is some 300 kB, and a piece of one is on its way for each connection.
    before.peak_is_below(20 * 256);
    before.all_is_closed();
    healthy.settle(&target);
}
