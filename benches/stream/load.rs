//! Thousands of streams in one process: it reads, counts, and remembers what each shows.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::exit;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::pipe;
use crate::poller::{ASKED, Poller};
use crate::reader::{Counts, Reader};
use crate::roles::{Done, LoadAsk, Open, Opened, Settled, Totals};
use crate::stats::Quantiles;
use crate::system::Clock;

/// An address has some 28 000 ports, and a port rests for a minute after its connection: streams come from so many
/// addresses, from 127.0.0.2 on.
const SOURCES: usize = 8;

/// How long a connection may take to be there, and all of them to be open.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const OPEN_WITHIN: Duration = Duration::from_secs(120);

/// How long to wait for sockets before looking at what is waited for.
const TURN: Duration = Duration::from_millis(5);

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

struct Load {
    clock: Clock,
    poller: Poller,
    tokens: Vec<u64>,
    buffer: Vec<u8>,
    streams: Vec<Stream>,
    /// To be connected.
    waiting: VecDeque<usize>,
    /// Connected, and not open yet.
    on_their_way: usize,
    most_on_their_way: usize,
    counts: Counts,
    refused: Option<String>,
}

struct Stream {
    address: SocketAddr,
    query: String,
    receive_bytes: Option<usize>,
    comes_back: bool,
    points: usize,
    socket: Option<TcpStream>,
    reader: Reader,
}

pub(crate) fn run(clock: Clock) {
    let mut load = Load {
        clock,
        poller: Poller::new(),
        tokens: Vec::new(),
        buffer: vec![0; READ_BYTES],
        streams: Vec::new(),
        waiting: VecDeque::new(),
        on_their_way: 0,
        most_on_their_way: 0,
        counts: Counts::default(),
        refused: None,
    };
    loop {
        while !load.turn() {}
        load.answer();
    }
}

impl Load {
    fn answer(&mut self) {
        match pipe::next_ask() {
            LoadAsk::Open(open) => self.open(&open),
            LoadAsk::Close => {
                self.streams.iter_mut().for_each(|stream| stream.socket = None);
                pipe::reply(&Done);
            }
            LoadAsk::Reopen => {
                self.waiting.extend(0..self.streams.len());
                self.open_waiting();
            }
            LoadAsk::Stall => {
                pipe::reply(&Done);
                // Waits for the next ask and for nothing else.
                self.answer();
            }
            LoadAsk::Reset => {
                self.counts = Counts::default();
                pipe::reply(&Done);
            }
            LoadAsk::Totals => pipe::reply(&self.totals()),
            LoadAsk::Take => {
                pipe::reply(&self.totals());
                self.counts = Counts::default();
            }
            LoadAsk::Settle { values, within_ms } => self.settle(&values, within_ms),
            LoadAsk::Await { frames, within_ms } => {
                self.turns(within_ms, |load| load.counts.totals.frames >= frames);
                pipe::reply(&Done);
            }
            LoadAsk::Sample => self.reply_tape(|reader| &reader.tape().unwrap().last),
            LoadAsk::Greeting => self.reply_tape(|reader| &reader.tape().unwrap().all),
        }
    }

    fn totals(&mut self) -> Totals {
        let delay = Quantiles::of(&mut self.counts.delays_ns);
        Totals { delay, ..self.counts.totals.clone() }
    }

    fn reply_tape(&self, of: impl Fn(&Reader) -> &Vec<u8>) {
        pipe::reply(&String::from_utf8(of(&self.streams[0].reader).clone()).unwrap());
    }

    fn open(&mut self, open: &Open) {
        let first = self.streams.len();
        for query in open.queries.iter().cycle().take(open.streams) {
            let at = self.streams.len();
            self.waiting.push_back(at);
            self.streams.push(Stream {
                address: open.address,
                query: query.clone(),
                receive_bytes: open.receive_bytes,
                comes_back: open.comes_back,
                points: open.points_each,
                socket: None,
                reader: Reader::new(query.contains("format=compact"), at == 0),
            });
        }
        self.most_on_their_way = open.in_flight;
        self.open_waiting();
        assert!(self.streams.len() == first + open.streams, "streams were lost");
    }

    fn open_waiting(&mut self) {
        let begin = Instant::now();
        let within_ms = OPEN_WITHIN.as_millis() as u64;
        let all_open = |load: &Self| load.waiting.is_empty() && load.on_their_way == 0;
        assert!(self.turns(within_ms, all_open), "streams did not open in time");
        let took_ms = begin.elapsed().as_secs_f64() * 1e3;
        if self.refused.is_none() {
            for stream in &self.streams {
                assert_eq!(stream.reader.points(), stream.points, "points of {}", stream.query);
            }
        }
        pipe::reply(&Opened { took_ms, refused: self.refused.take() });
    }

    fn settle(&mut self, values: &[u64], within_ms: u64) {
        let wrong =
            |load: &Self| load.streams.iter().map(|s| s.reader.wrong(values)).sum::<usize>();
        self.turns(within_ms, |load| {
            load.waiting.is_empty() && load.on_their_way == 0 && wrong(load) == 0
        });
        pipe::reply(&Settled { wrong: wrong(self) });
    }

    /// Reads until `done`, at most for so long; returns whether it is done.
    fn turns(&mut self, within_ms: u64, done: impl Fn(&Self) -> bool) -> bool {
        let until = Instant::now() + Duration::from_millis(within_ms);
        // Looking may cost more than reading.
        let mut look = Instant::now();
        loop {
            if self.turn() {
                // Nothing is asked before the reply: the conductor has gone.
                exit(1);
            }
            let now = Instant::now();
            if now >= look {
                if done(self) {
                    return true;
                }
                look = Instant::now() + TURN;
            }
            if now >= until {
                return done(self);
            }
        }
    }

    /// Connects whom it may, waits a moment, reads what came; returns whether something was asked.
    fn turn(&mut self) -> bool {
        while self.on_their_way < self.most_on_their_way
            && let Some(at) = self.waiting.pop_front()
        {
            self.connect(at);
        }
        let mut tokens = std::mem::take(&mut self.tokens);
        self.poller.wait(TURN, &mut tokens);
        let mut asked = false;
        for token in &tokens {
            match *token {
                ASKED => asked = true,
                token => self.read(token as usize),
            }
        }
        self.tokens = tokens;
        asked
    }

    fn connect(&mut self, at: usize) {
        let stream = &mut self.streams[at];
        stream.reader.reconnect();
        let source = Ipv4Addr::new(127, 0, 0, 2 + (at % SOURCES) as u8);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        if let Some(bytes) = stream.receive_bytes {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
        socket.connect_timeout(&stream.address.into(), CONNECT_WITHIN).unwrap();
        let mut socket = TcpStream::from(socket);
        let id = match stream.reader.last_id() {
            "" => String::new(),
            id => format!("Last-Event-ID: {id}\r\n"),
        };
        let request = format!(
            "GET /api/v1/stream?{}&heartbeat_ms=60000 HTTP/1.1\r\nHost: localhost\r\n\
             Accept: text/event-stream\r\n{id}\r\n",
            stream.query
        );
        socket.write_all(request.as_bytes()).unwrap();
        socket.set_nonblocking(true).unwrap();
        self.counts.totals.bytes_out += request.len() as u64;
        self.poller.add(&socket, at as u64);
        stream.socket = Some(socket);
        self.on_their_way += 1;
    }

    fn read(&mut self, at: usize) {
        let stream = &mut self.streams[at];
        let Some(mut socket) = stream.socket.as_ref() else { return };
        let was_open = stream.reader.is_open();
        let now_open = match socket.read(&mut self.buffer) {
            Ok(count) if count > 0 => {
                let now = self.clock.stamp();
                match stream.reader.feed(&self.buffer[..count], now, &mut self.counts) {
                    Ok(()) => stream.reader.is_open(),
                    Err(status) => {
                        self.refused.get_or_insert(status);
                        stream.socket = None;
                        true
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => was_open,
            Ok(_) | Err(_) => {
                stream.socket = None;
                self.counts.totals.ended += 1;
                if stream.comes_back {
                    self.waiting.push_back(at);
                }
                true
            }
        };
        if now_open && !was_open {
            self.on_their_way -= 1;
        }
    }
}
