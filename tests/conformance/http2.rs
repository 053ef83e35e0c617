//! Chapter "The stream", over HTTP/2 by prior knowledge: one connection for all of a browser's streams and calls.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use serde_json::{Value as Json, json};

use crate::contract::Contract;
use crate::peer::{script_command, wait_for};
use crate::place::{alone, among_others, lane, place};
use crate::site::{LANE_POINTS, STREAMS_PER_ADDRESS};
use crate::stream::{DUE_WITHIN, Source, Stream};

/// Lines about one request that wait to be read. Far more than any test lets come.
const LINES: usize = 100_000;

type Lines = Arc<Mutex<BTreeMap<u64, mpsc::SyncSender<Json>>>>;

/// One connection, in a client of its own; it ends with this.
struct Connection {
    client: Child,
    commands: ChildStdin,
    lines: Lines,
    next: u64,
}

impl Connection {
    fn open() -> Self {
        let mut client = script_command("http2_commands.mjs")
            .arg(format!("http://{}", place().address))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("run tests/run: Node could not be started");
        let lines: Lines = Arc::default();
        let (said, listening) = (BufReader::new(client.stdout.take().unwrap()), Arc::clone(&lines));
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let line: Json = serde_json::from_str(&line).unwrap();
                let listeners = listening.lock().unwrap();
                match line[0].as_u64() {
                    // Who asked may have heard enough.
                    Some(number) => drop(listeners[&number].try_send(line)),
                    None => listeners.values().for_each(|one| drop(one.try_send(line.clone()))),
                }
            }
        });
        let commands = client.stdin.take().unwrap();
        Self { client, commands, lines, next: 0 }
    }

    fn command(&mut self, command: &Json) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// A request, and its answer's beginning.
    #[track_caller]
    fn ask(&mut self, path: &str, fields: &Json, body: Option<&Json>) -> Request {
        let mut all = fields.clone();
        all[":path"] = json!(path);
        let number = self.next;
        self.next += 1;
        let (sender, lines) = mpsc::sync_channel(LINES);
        self.lines.lock().unwrap().insert(number, sender);
        self.command(&match body {
            Some(body) => json!({"open": all, "body": body.to_string()}),
            None => json!({"open": all}),
        });
        let mut request = Request { number, lines, head: Json::Null };
        let first = request.line();
        assert_eq!(first[1], "head", "{first}");
        request.head = first[2].clone();
        request
    }

    #[track_caller]
    fn stream(&mut self, query: &str, fields: &Json) -> Stream {
        let request = self.ask(&format!("/api/v1/stream?{query}"), fields, None);
        let head = request.head.clone();
        assert_eq!(head[":status"], 200, "{head}");
        Stream::from(Box::new(request), head.to_string(), Contract::default())
    }

    /// A call with a whole answer: its status and its JSON.
    #[track_caller]
    fn call(&mut self, method: &str, path: &str, body: Option<&Json>) -> (Json, Json) {
        let mut fields = json!({":method": method});
        if body.is_some() {
            fields["content-type"] = json!("application/json");
        }
        let mut request = self.ask(path, &fields, body);
        let mut text = Vec::new();
        while request.read(&mut text) {}
        (request.head[":status"].clone(), serde_json::from_slice(&text).unwrap())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _gone = self.client.kill();
        let _reaped = self.client.wait();
    }
}

/// One request of a connection.
struct Request {
    number: u64,
    lines: mpsc::Receiver<Json>,
    head: Json,
}

impl Request {
    #[track_caller]
    fn line(&mut self) -> Json {
        self.lines.recv_timeout(DUE_WITHIN).expect("something within the bound")
    }
}

impl Source for Request {
    fn read(&mut self, body: &mut Vec<u8>) -> bool {
        let line = self.line();
        match line[1].as_str() {
            Some("end") => false,
            Some("data") => {
                let hex = line[2].as_str().unwrap().as_bytes();
                let digit =
                    |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
                body.extend(hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])));
                true
            }
            _ => panic!("request {} ended with {line}", self.number),
        }
    }
}

#[test]
fn the_head_is_that_of_http_1_without_what_belongs_to_it_alone() {
    let _among = among_others();
    let mut connection = Connection::open();
    let request = connection.ask("/api/v1/stream?points=kinds/i16", &json!({}), None);
    let field = |name: &str| request.head[name].as_str().map(str::to_owned);
    assert_eq!(request.head[":status"], 200);
    assert_eq!(field("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(field("cache-control").as_deref(), Some("no-store, no-transform"));
    assert_eq!(field("x-accel-buffering").as_deref(), Some("no"));
    for never in ["connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"] {
        assert_eq!(field(never), None, "{never} (RFC 9113 §8.2.2)");
    }
}

#[test]
fn a_stream_has_its_whole_life() {
    let _among = among_others();
    let lane = lane();
    let mut connection = Connection::open();
    let mut stream =
        connection.stream(&format!("points={}&heartbeat_ms=1000", lane.all()), &json!({}));
    assert_eq!(stream.snapshot().1.len(), LANE_POINTS.len());
    for value in 1..=5 {
        lane.set_all(&[("a", value), ("b", value)]);
        assert_eq!(stream.until(&lane.id("a"), &json!(value)).len(), 1, "one reply is one frame");
    }
    stream.next_named("heartbeat");
    let id = stream.last_id.clone().unwrap().to_string();
    let mut back = connection.stream("", &json!({"last-event-id": id}));
    assert_eq!((back.client(), &back.connect["resumed"]), (stream.client(), &json!(true)));
    stream.next_named("replaced");
    assert!(stream.next().is_none(), "a clean end");
    lane.set("a", 9);
    back.until(&lane.id("a"), &json!(9));
    // It is the same session for whoever comes by HTTP/1.1.
    let id = back.last_id.clone().unwrap().to_string();
    let mut other = Stream::open_with("", &[("Last-Event-ID", &id)]);
    assert_eq!(other.connect["resumed"], true);
    back.next_named("replaced");
    lane.set("a", 10);
    other.until(&lane.id("a"), &json!(10));
}

#[test]
fn many_streams_and_calls_share_a_connection() {
    let _among = among_others();
    let lane = lane();
    let mut connection = Connection::open();
    let mut streams: Vec<Stream> = (0..20)
        .map(|at| {
            let point = lane.id(LANE_POINTS[at % 4]);
            connection.stream(&format!("points={point}"), &json!({}))
        })
        .collect();
    // More of them than HTTP/1.1 gives a browser; and calls go through beside them.
    let path = streams[0].subscription_path();
    let (status, answer) = connection.call("PUT", &path, Some(&json!({"points": [lane.id("d")]})));
    assert_eq!((status, &answer["revision"]), (json!(200), &json!(2)));
    lane.set_all(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
    for (at, stream) in streams.iter_mut().enumerate() {
        let point = if at == 0 { "d" } else { LANE_POINTS[at % 4] };
        stream.until(&lane.id(point), &json!(1));
    }
}

#[test]
fn a_large_snapshot_fits_through_its_windows() {
    let _among = among_others();
    let mut connection = Connection::open();
    let mut one = connection.stream("points=long/**", &json!({}));
    let mut other = connection.stream("points=wide/*", &json!({}));
    assert_eq!(other.snapshot().1.len(), usize::from(crate::site::WIDE));
    assert_eq!(one.snapshot().1.len(), usize::from(crate::site::WIDE));
}

#[test]
fn refusals_are_the_same_documents() {
    let _among = among_others();
    let mut connection = Connection::open();
    for (method, path, body, status) in [
        ("GET", "/api/v1/points/no/such", None, 404),
        ("GET", "/api/v1/points?limit=0", None, 400),
        ("GET", "/api/v1/stream?points=a,,b", None, 400),
        ("DELETE", "/api/v1/points", None, 405),
        ("POST", "/api/v1/points/read", Some(json!([])), 400),
    ] {
        let (answered, document) = connection.call(method, path, body.as_ref());
        assert_eq!((&answered, &document["status"]), (&json!(status), &json!(status)), "{path}");
        assert!(document["type"].is_string() && document["detail"].is_string(), "{document}");
    }
    let mut elsewhere =
        connection.ask("/api/v1/points", &json!({":authority": "elsewhere.example"}), None);
    assert_eq!(elsewhere.head[":status"], 421);
    while elsewhere.read(&mut Vec::new()) {}
}

#[test]
fn a_stream_that_is_taken_back_frees_its_place() {
    let _alone = alone();
    let mut connection = Connection::open();
    let mut held: Vec<Stream> = Vec::new();
    wait_for("the places of other tests to be free", DUE_WITHIN, || {
        while held.len() < STREAMS_PER_ADDRESS - 1 {
            held.push(Stream::admitted("points=kinds/i16")?);
        }
        Some(())
    });
    let request = connection.ask("/api/v1/stream?points=kinds/i16", &json!({}), None);
    assert_eq!(request.head[":status"], 200);
    let full = connection.ask("/api/v1/stream?points=kinds/i16", &json!({}), None);
    assert_eq!((&full.head[":status"], full.head["retry-after"].is_string()), (&json!(503), true));
    connection.command(&json!({"cancel": request.number}));
    wait_for("its place to be free", DUE_WITHIN, || {
        Stream::admitted("points=kinds/i16").map(|_| ())
    });
}
