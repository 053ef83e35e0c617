//! Plain requests, and a stream that is read as it comes, on sockets of their own: nothing between the test and
//! the bytes but std.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How long one answer, or one event where one is due, may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    pub fn field_names(&self) -> Vec<String> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn open(
    address: SocketAddr,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_WITHIN).unwrap();
    stream.set_read_timeout(Some(ANSWER_WITHIN)).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in fields {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// One request on a connection of its own.
#[track_caller]
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut fields = fields.to_vec();
    fields.push(("Connection", "close"));
    let mut stream = open(address, method, path, &fields, body);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).expect("a status").parse().unwrap();
    let body = match header(head, "transfer-encoding") {
        Some(_) if method != "HEAD" => unchunked(body),
        _ => body.to_owned(),
    };
    Answer { status, head: head.to_owned(), body }
}

/// A body of chunks (RFC 9112, section 7.1), which must end with an empty one.
#[track_caller]
fn unchunked(mut chunks: &str) -> String {
    let mut body = String::new();
    loop {
        let (size, rest) = chunks.split_once("\r\n").expect("a chunk");
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        body.push_str(&rest[..size]);
        if size == 0 {
            return body;
        }
        chunks = rest[size..].strip_prefix("\r\n").expect("a chunk's end");
    }
}

/// A JSON body sent with `method`.
#[track_caller]
pub fn send(address: SocketAddr, method: &str, path: &str, body: &Json) -> Answer {
    request(address, method, path, &[("Content-Type", "application/json")], &body.to_string())
}

#[track_caller]
pub fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path, &[], "")
}

/// An event as it came.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: String,
    pub data: Json,
    pub id: Option<String>,
    pub retry_ms: Option<u64>,
    /// Its length as it came.
    pub bytes: usize,
    pub at: Instant,
}

/// An open stream, read event by event.
pub struct Stream {
    reader: BufReader<TcpStream>,
    pub head: String,
    /// Bytes of events taken in so far.
    pub taken_bytes: usize,
    pending: Vec<u8>,
}

impl Stream {
    /// Opens `/api/v1/stream?<query>`.
    #[track_caller]
    pub fn open(address: SocketAddr, query: &str) -> Self {
        Self::open_with(address, &format!("/api/v1/stream?{query}"), &[])
    }

    /// Opens a stream with more header fields than the usual.
    #[track_caller]
    pub fn open_with(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Self {
        let fields = [&[("Accept", "text/event-stream")], fields].concat();
        let socket = open(address, "GET", path, &fields, "");
        let mut reader = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "no answer but {head:?}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        Self { reader, head, taken_bytes: 0, pending: Vec::new() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The next event; `None` when the stream has ended cleanly.
    #[track_caller]
    pub fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.pending.windows(2).position(|pair| pair == b"\n\n") {
                let text: Vec<u8> = self.pending.drain(..end + 2).collect();
                return Some(event(&String::from_utf8(text).unwrap()));
            }
            let mut size = String::new();
            self.reader.read_line(&mut size).expect("an event in time");
            let size = usize::from_str_radix(size.trim(), 16).expect("a chunk");
            if size == 0 {
                assert!(self.pending.is_empty(), "the stream ended within an event");
                return None;
            }
            let mut chunk = vec![0; size + 2];
            self.reader.read_exact(&mut chunk).unwrap();
            self.pending.extend_from_slice(&chunk[..size]);
            self.taken_bytes += size;
        }
    }

    /// The next event of this name; others are passed over.
    #[track_caller]
    pub fn next_named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }

    /// Ends the stream without a word.
    pub fn into_socket(self) -> TcpStream {
        self.reader.into_inner()
    }
}

#[track_caller]
fn event(text: &str) -> Event {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Event {
        name: field("event: ").expect("every event has a name").to_owned(),
        data: serde_json::from_str(field("data: ").expect("data")).unwrap(),
        id: field("id: ").map(str::to_owned),
        retry_ms: field("retry: ").map(|ms| ms.parse().unwrap()),
        bytes: text.len(),
        at: Instant::now(),
    }
}
