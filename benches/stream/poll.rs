//! Dashboards as they were before there was a stream: each asks for its points again and again, over a connection
//! that stays open.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::exit;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::pipe;
use crate::poller::{ASKED, Poller};
use crate::reader::number;
use crate::roles::{Done, PollAsk, Polled, Settled};
use crate::system::{Clock, FIRST_STAMP};

/// How long to wait for replies before looking at who is to ask next.
const TURN: Duration = Duration::from_millis(1);

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

struct Dashboards {
    clock: Clock,
    poller: Poller,
    all: Vec<Dashboard>,
    polled: Polled,
}

struct Dashboard {
    socket: TcpStream,
    request: Vec<u8>,
    /// What is there of a reply that is asked for.
    reply: Vec<u8>,
    asked: bool,
    seen: HashMap<u32, u64>,
}

#[derive(Deserialize)]
struct Points<'a> {
    #[serde(borrow)]
    points: Vec<Point<'a>>,
    #[serde(borrow)]
    unknown: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Point<'a> {
    id: &'a str,
    value: Option<u64>,
}

pub(crate) fn run(clock: Clock) {
    let PollAsk::Open { address, bodies } = pipe::next_ask() else {
        panic!("the dashboards were not told to open")
    };
    let poller = Poller::new();
    let all = (0..).zip(&bodies).map(|(token, body)| connect(address, body, &poller, token));
    let all = all.collect();
    let mut dashboards = Dashboards { clock, poller, all, polled: Polled::default() };
    dashboards.ask_all();
    pipe::reply(&Done);
    loop {
        match pipe::next_ask() {
            PollAsk::Open { .. } => panic!("the dashboards were told to open twice"),
            PollAsk::Run { seconds, interval_ms } => {
                dashboards.poll(Duration::from_secs(seconds), Duration::from_millis(interval_ms));
                pipe::reply(&dashboards.polled);
            }
            PollAsk::Wrong { values } => {
                dashboards.ask_all();
                let wrong = dashboards.all.iter().map(|dashboard| dashboard.wrong(&values)).sum();
                pipe::reply(&Settled { wrong });
            }
        }
    }
}

fn connect(address: SocketAddr, body: &str, poller: &Poller, token: u64) -> Dashboard {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    poller.add(&socket, token);
    let request = format!(
        "POST /api/v1/points/read HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (request, reply) = (request.into_bytes(), Vec::new());
    Dashboard { socket, request, reply, asked: false, seen: HashMap::new() }
}

impl Dashboards {
    /// Lets all ask once, and waits for the replies.
    fn ask_all(&mut self) {
        for at in 0..self.all.len() {
            self.ask(at);
        }
        while self.all.iter().any(|dashboard| dashboard.asked) {
            self.turn();
        }
    }

    /// Lets each ask once an interval, one after the other, and the last replies come in.
    fn poll(&mut self, time: Duration, interval: Duration) {
        self.polled = Polled::default();
        let begin = Instant::now();
        let apart = interval / self.all.len() as u32;
        let mut next = 0;
        loop {
            let since = begin.elapsed();
            while since < time && since >= apart * next {
                let at = next as usize % self.all.len();
                // A dashboard that still waits for its last reply does not ask again.
                if !self.all[at].asked {
                    self.ask(at);
                }
                next += 1;
            }
            if since >= time && self.all.iter().all(|dashboard| !dashboard.asked) {
                return;
            }
            self.turn();
        }
    }

    fn ask(&mut self, at: usize) {
        let dashboard = &mut self.all[at];
        dashboard.socket.write_all(&dashboard.request).expect("a request fits the kernel's buffer");
        dashboard.asked = true;
        self.polled.requests += 1;
        self.polled.bytes_out += dashboard.request.len() as u64;
    }

    fn turn(&mut self) {
        let mut tokens = Vec::new();
        self.poller.wait(TURN, &mut tokens);
        let mut buffer = vec![0; READ_BYTES];
        for token in tokens {
            if token == ASKED {
                // Nothing is asked before the reply: the conductor has gone.
                exit(1);
            }
            let dashboard = &mut self.all[token as usize];
            let count = dashboard.socket.read(&mut buffer).expect("a reply");
            assert!(count > 0, "the service closed a connection that polls");
            self.polled.bytes_in += count as u64;
            dashboard.reply.extend(&buffer[..count]);
            if dashboard.take_reply(self.clock.stamp(), &mut self.polled) {
                dashboard.asked = false;
            }
        }
    }
}

impl Dashboard {
    /// Points that show something else than `values`, by the points' numbers.
    fn wrong(&self, values: &[u64]) -> usize {
        self.seen.iter().filter(|(point, value)| values[**point as usize] != **value).count()
    }

    /// Takes a whole reply; false if it is not whole yet.
    fn take_reply(&mut self, now: u64, polled: &mut Polled) -> bool {
        let Some(end) = self.reply.windows(4).position(|four| four == b"\r\n\r\n") else {
            return false;
        };
        let (head, body) = self.reply.split_at(end + 4);
        let head = std::str::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() < length.parse().unwrap() {
            return false;
        }
        let points: Points<'_> = serde_json::from_slice(body).unwrap();
        assert!(points.unknown.is_empty(), "unknown points: {:?}", points.unknown);
        for point in points.points {
            let value = point.value.unwrap_or(0);
            let before = self.seen.insert(number(point.id), value);
            if before.is_some_and(|before| before != value) && value >= FIRST_STAMP {
                polled.lag.add(now - value);
            }
        }
        self.reply.clear();
        true
    }
}
