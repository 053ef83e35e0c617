//! A stream as a client reads it, strictly: head, chunks, events, contract.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::contract::Contract;
use crate::grammar::{Chunks, Event, Position, take_event};
use crate::peer::http::{Answer, get, request, send};
use crate::place::{Lane, place};

/// How long anything that is due may take, on a machine that is busy with other tests.
pub(crate) const DUE_WITHIN: Duration = Duration::from_secs(30);

/// Where a stream's bytes come from.
pub(crate) trait Source: Send {
    /// Reads what has come, at least something, and adds what it carries to `body`; false at a clean end.
    fn read(&mut self, body: &mut Vec<u8>) -> bool;
}

/// A connection of HTTP/1.1 behind the head of its answer.
struct Http1 {
    socket: TcpStream,
    chunks: Chunks,
}

impl Source for Http1 {
    #[track_caller]
    fn read(&mut self, body: &mut Vec<u8>) -> bool {
        if self.chunks.ended {
            assert!(self.chunks.at_rest());
            return false;
        }
        let mut bytes = [0; 16 * 1024];
        let count = self.socket.read(&mut bytes).expect("an event within the bound");
        assert!(count > 0, "the connection ended without a last chunk");
        self.chunks.feed(&bytes[..count], body).unwrap();
        true
    }
}

/// An open stream.
pub(crate) struct Stream {
    source: Box<dyn Source>,
    head: String,
    body: Vec<u8>,
    contract: Contract,
    /// The newest position.
    pub(crate) last_id: Option<Position>,
    /// What `connect` said.
    pub(crate) connect: Json,
    pub(crate) retry_ms: u64,
}

impl Stream {
    /// Opens `/api/v1/stream?<query>` as a new client.
    #[track_caller]
    pub(crate) fn open(query: &str) -> Self {
        Self::with(query, &[], Contract::default())
    }

    /// The same with further header fields.
    #[track_caller]
    pub(crate) fn open_with(query: &str, fields: &[(&str, &str)]) -> Self {
        Self::with(query, fields, Contract::default())
    }

    /// Opens a stream if there is a place for one.
    #[track_caller]
    pub(crate) fn admitted(query: &str) -> Option<Self> {
        let mut socket = connection();
        socket.write_all(head(&format!("/api/v1/stream?{query}"), &[]).as_bytes()).unwrap();
        let head = read_head(&mut socket);
        (!head.starts_with("HTTP/1.1 503 ")).then(|| Self::after(head, socket, Contract::default()))
    }

    /// Opens a stream of these points and reads it up to the end of their first snapshot.
    #[track_caller]
    pub(crate) fn of(points: &str) -> Self {
        let mut stream = Self::open(&format!("points={points}"));
        stream.snapshot();
        stream
    }

    /// Comes back as a browser does, after the newest position that `self` saw.
    #[track_caller]
    pub(crate) fn resume(self, query: &str) -> Self {
        let id = self.last_id.as_ref().unwrap().to_string();
        let contract = Contract::resuming(self.contract.points.clone());
        drop(self);
        Self::with(query, &[("Last-Event-ID", &id)], contract)
    }

    #[track_caller]
    fn with(query: &str, fields: &[(&str, &str)], contract: Contract) -> Self {
        let mut socket = connection();
        let question = if query.is_empty() { "" } else { "?" };
        socket
            .write_all(head(&format!("/api/v1/stream{question}{query}"), fields).as_bytes())
            .unwrap();
        Self::answered(socket, contract)
    }

    /// Reads the stream that was asked for on this connection.
    #[track_caller]
    pub(crate) fn on(socket: TcpStream) -> Self {
        Self::answered(socket, Contract::default())
    }

    #[track_caller]
    fn answered(mut socket: TcpStream, contract: Contract) -> Self {
        let head = read_head(&mut socket);
        Self::after(head, socket, contract)
    }

    #[track_caller]
    fn after(head: String, socket: TcpStream, contract: Contract) -> Self {
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        Self::from(Box::new(Http1 { socket, chunks: Chunks::default() }), head, contract)
    }

    /// A stream whose answer has begun, up to its first event.
    #[track_caller]
    pub(crate) fn from(source: Box<dyn Source>, head: String, contract: Contract) -> Self {
        let mut stream = Self {
            source,
            head,
            body: Vec::new(),
            contract,
            last_id: None,
            connect: Json::Null,
            retry_ms: 0,
        };
        let first = stream.next().expect("a stream begins with connect");
        (stream.connect, stream.retry_ms) = (first.data, first.retry_ms.unwrap());
        stream
    }

    /// The values of a header field, in the order in which they came.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        header(&self.head, name)
    }

    /// The next event; `None` at a clean end.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = take_event(&mut self.body).unwrap() {
                self.contract.take(&event).unwrap();
                if event.id.is_some() {
                    self.last_id.clone_from(&event.id);
                }
                return Some(event);
            }
            if !self.source.read(&mut self.body) {
                assert!(self.body.is_empty(), "the stream ended within an event");
                return None;
            }
        }
    }

    /// The next event on the way to something that is due since `begin`.
    #[track_caller]
    fn due(&mut self, begin: Instant) -> Event {
        assert!(begin.elapsed() < DUE_WITHIN, "waited in vain; known: {:?}", self.contract);
        self.next().expect("the stream goes on")
    }

    /// The next event of this name; others are passed over.
    #[track_caller]
    pub(crate) fn next_named(&mut self, name: &str) -> Event {
        let begin = Instant::now();
        loop {
            let event = self.due(begin);
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads on to the end of the next snapshot; how many frames it had, and the ids of its points as they came.
    #[track_caller]
    pub(crate) fn snapshot(&mut self) -> (usize, Vec<String>) {
        let (begin, mut frames, mut ids) = (Instant::now(), 0, Vec::new());
        loop {
            let event = self.due(begin);
            if event.data.get("snapshot").is_none() {
                continue;
            }
            frames += 1;
            ids.extend(ids_of(&event));
            if event.data.get("more").is_none() {
                return (frames, ids);
            }
        }
    }

    /// Reads on until the point is known with this value; every event on the way.
    #[track_caller]
    pub(crate) fn until(&mut self, id: &str, value: &Json) -> Vec<Event> {
        let (begin, mut events) = (Instant::now(), Vec::new());
        while self.point(id)["value"] != *value {
            events.push(self.due(begin));
        }
        events
    }

    /// Reads on until the point is known with this reason, or as good where none is given.
    #[track_caller]
    pub(crate) fn until_reason(&mut self, id: &str, reason: Option<&str>) -> Json {
        let begin = Instant::now();
        loop {
            let known = self.point(id);
            if !known.is_null() && known["reason"].as_str() == reason {
                return known;
            }
            self.due(begin);
        }
    }

    /// What is known of a point; null for nothing.
    pub(crate) fn point(&self, id: &str) -> Json {
        self.contract.points.get(id).cloned().unwrap_or_default()
    }

    pub(crate) fn points(&self) -> &BTreeMap<String, Json> {
        &self.contract.points
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.contract.skipped
    }

    pub(crate) fn client(&self) -> &str {
        self.connect["client"].as_str().unwrap()
    }

    /// A call on this client's subscription; when it comes too soon after others, once it may.
    #[track_caller]
    pub(crate) fn subscription(&self, method: &str, body: &Json) -> Answer {
        loop {
            let answer = send(place().address, method, &self.subscription_path(), body);
            if answer.status != 429 {
                return answer;
            }
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            std::thread::sleep(Duration::from_secs(wait));
        }
    }

    /// `PUT` of these entries, which is taken.
    #[track_caller]
    pub(crate) fn put(&self, points: &Json) -> Json {
        let answer = self.subscription("PUT", &json!({ "points": points }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub(crate) fn subscription_path(&self) -> String {
        format!("/api/v1/clients/{}/subscription", self.client())
    }

    /// Sees `changes` one by one on a stream of its own: each is read, told and out before the next is made.
    #[track_caller]
    pub(crate) fn witness(lane: &Lane, point: &str, changes: &[i32]) {
        let mut witness = Self::of(&lane.id(point));
        for value in changes {
            lane.set(point, *value);
            witness.until(&lane.id(point), &json!(value));
        }
    }
}

/// A connection to the server.
pub(crate) fn connection() -> TcpStream {
    let socket = TcpStream::connect_timeout(&place().address, DUE_WITHIN).unwrap();
    socket.set_read_timeout(Some(DUE_WITHIN)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// The head of a request for a stream.
pub(crate) fn head(path: &str, fields: &[(&str, &str)]) -> String {
    let mut head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", place().address);
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
        head.push_str("Accept: text/event-stream\r\n");
    }
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}

/// Reads byte by byte: what stands behind the head is left.
#[track_caller]
pub(crate) fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(socket.read(&mut byte).expect("an answer in time"), 1, "{head:?}");
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

/// The ids of the points of a frame; in the compact form, their aliases.
pub(crate) fn ids_of(event: &Event) -> Vec<String> {
    let points = event.data["points"].as_array().unwrap();
    let id =
        |point: &Json| point["id"].as_str().map_or_else(|| point[0].to_string(), str::to_owned);
    points.iter().map(id).collect()
}

/// What a poller is told of a point.
#[track_caller]
pub(crate) fn polled(id: &str) -> Json {
    let answer = get(place().address, &format!("/api/v1/points/{id}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// One request to the server.
#[track_caller]
pub(crate) fn ask(method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
    request(place().address, method, path, fields, body)
}
