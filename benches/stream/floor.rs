//! The least that delivering costs: one thread that sends given bytes to as many sockets, and nothing else.
//!
//! It takes connections and answers each request with the bytes of the service's own greeting, so that a load
//! cannot tell the two apart.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::pipe;
use crate::poller::{ASKED, Poller};
use crate::roles::{Done, FloorAsk, Send, Usage};
use crate::server::next_due;
use crate::system::{self, Clock};

/// Digits of a stamp.
const STAMP_DIGITS: usize = 13;

/// As many connections as the service lets the kernel hold.
const BACKLOG: i32 = 1_024;

/// What stands for the listener among the tokens.
const LISTENER: u64 = u64::MAX - 1;

/// How long to wait for something to happen.
const TURN: Duration = Duration::from_secs(1);

struct Floor {
    clock: Clock,
    poller: Poller,
    listener: TcpListener,
    greeting: Vec<u8>,
    /// All that are connected, in the order of their coming.
    sockets: Vec<(u64, TcpStream)>,
    places: HashMap<u64, usize>,
    next_token: u64,
    /// Whom the next frame goes to first.
    turn: usize,
}

pub(crate) fn run(clock: Clock) {
    let FloorAsk::Begin { greeting } = pipe::next_ask() else {
        panic!("the floor was not told to begin")
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    SockRef::from(&listener).listen(BACKLOG).unwrap();
    listener.set_nonblocking(true).unwrap();
    let poller = Poller::new();
    poller.add(&listener, LISTENER);
    pipe::reply(&listener.local_addr().unwrap());
    let mut floor = Floor {
        clock,
        poller,
        listener,
        greeting: greeting.into_bytes(),
        sockets: Vec::new(),
        places: HashMap::new(),
        next_token: 0,
        turn: 0,
    };
    let mut tokens = Vec::new();
    loop {
        floor.poller.wait(TURN, &mut tokens);
        for token in &tokens {
            match *token {
                ASKED => floor.answer(),
                LISTENER => floor.accept(),
                token => floor.greet(token),
            }
        }
    }
}

impl Floor {
    fn answer(&mut self) {
        match pipe::next_ask() {
            FloorAsk::Begin { .. } => panic!("the floor was told to begin twice"),
            FloorAsk::Send(send) => {
                self.send(&send);
                pipe::reply(&Done);
            }
            FloorAsk::Usage => pipe::reply(&Usage {
                cpu_ns: system::cpu_ns(),
                anonymous_bytes: system::anonymous_bytes(),
                streams: self.sockets.len(),
            }),
        }
    }

    fn accept(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            socket.set_nonblocking(true).unwrap();
            socket.set_nodelay(true).unwrap();
            self.poller.add(&socket, self.next_token);
            self.places.insert(self.next_token, self.sockets.len());
            self.sockets.push((self.next_token, socket));
            self.next_token += 1;
        }
    }

    /// Answers a request, or forgets a connection that ended.
    fn greet(&mut self, token: u64) {
        let at = self.places[&token];
        let mut request = [0; 32 * 1024];
        match (&self.sockets[at].1).read(&mut request) {
            Ok(count) if count > 0 => {
                // Loopback brings a request of this size in one piece.
                assert!(request[..count].ends_with(b"\r\n\r\n"), "a request came in pieces");
                write_all_at_once(&self.sockets[at].1, &self.greeting);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => {
                self.places.remove(&token);
                self.sockets.swap_remove(at);
                if let Some((moved, _)) = self.sockets.get(at) {
                    self.places.insert(*moved, at);
                }
            }
        }
    }

    fn send(&mut self, send: &Send) {
        let mut frame = send.frame.clone().into_bytes();
        let stamps = stamps(&send.frame);
        let mut due = Instant::now();
        for _ in 0..send.puts {
            let stamp = self.clock.stamp().to_string();
            for at in &stamps {
                frame[*at..at + STAMP_DIGITS].copy_from_slice(stamp.as_bytes());
            }
            for _ in 0..send.to {
                self.turn = (self.turn + 1) % self.sockets.len();
                write_all_at_once(&self.sockets[self.turn].1, &frame);
            }
            due = next_due(due, Instant::now(), Duration::from_millis(send.gap_ms));
            sleep(due.saturating_duration_since(Instant::now()));
        }
    }
}

/// Where the stamps of a frame's values are, in the plain form.
fn stamps(frame: &str) -> Vec<usize> {
    let key = "\"value\":";
    frame.match_indices(key).map(|(at, _)| at + key.len()).collect()
}

fn write_all_at_once(mut socket: &TcpStream, bytes: &[u8]) {
    let count = socket.write(bytes).expect("a reader takes what the floor sends");
    assert_eq!(count, bytes.len(), "a reader took part of a frame");
}
