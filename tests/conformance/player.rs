//! Plays the vectors of `vectors.rs` to clients, one a connection, and hears what they make of them.
//!
//! npm's `eventsource` is an independent reading of the standard; the `watch` command is the product's own. Both are
//! held against the same list, and so against each other. No server is needed for that.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::peer::run_script;
use crate::vectors::{NAMES, VECTORS, Vector};

/// A client that has not come back by then will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// How each body begins; `resumed` saves the `watch` command its questions about units.
fn connect(number: usize) -> String {
    format!(
        ": hello\nretry: 10\nid: base\nevent: connect\n\
         data: {{\"client\":\"c\",\"resumed\":true,\"reset\":null,\"heartbeat_ms\":60000,\"vector\":{number}}}\n\n"
    )
}

/// One return of a client: what it gave as the last id, and how long after the end of the last body it came.
#[derive(Clone, Debug)]
struct Return {
    last_id: String,
    after: Duration,
}

/// A server that plays one vector a connection, and ends with an event `over`.
struct Player {
    address: SocketAddr,
    returns: Arc<Mutex<Vec<Return>>>,
}

impl Player {
    fn start(bytewise: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let returns = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&returns);
        thread::spawn(move || {
            let mut ended = Instant::now();
            for number in 0..=VECTORS.len() {
                let Some((mut socket, last_id)) = accept(&listener) else { return };
                kept.lock().unwrap().push(Return { last_id, after: ended.elapsed() });
                let body = VECTORS.get(number).map_or_else(over, |vector| body(number, vector));
                send(&mut socket, &body, bytewise);
                if number == VECTORS.len() {
                    // Until the client ends.
                    let _end = socket.read(&mut [0]);
                }
                ended = Instant::now();
            }
        });
        Self { address, returns }
    }

    /// Holds what the client came back with, vector for vector, against the list.
    #[track_caller]
    fn check_returns(&self, is_npm: bool, slack: f64) {
        let returns = self.returns.lock().unwrap();
        assert_eq!(returns.len(), VECTORS.len() + 1);
        for (vector, back) in VECTORS.iter().zip(&returns[1..]) {
            let wanted = vector.npm_last_id.filter(|_| is_npm).unwrap_or(vector.last_id);
            assert_eq!(back.last_id, wanted, "the id to come back with: {}", vector.name);
            let least = Duration::from_millis(vector.retry_ms).mul_f64(slack);
            assert!(back.after >= least, "{}: it came back after {:?}", vector.name, back.after);
        }
    }
}

/// A connection that asks for a stream, and the last id it gives.
fn accept(listener: &TcpListener) -> Option<(TcpStream, String)> {
    let (socket, _) = listener.accept().ok()?;
    socket.set_nodelay(true).unwrap();
    let mut last_id = String::new();
    let mut reader = BufReader::new(socket);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("last-event-id")
        {
            // Spaces around a field's value are none of it (RFC 9110 §5.5).
            value.trim().clone_into(&mut last_id);
        }
        if line == "\r\n" {
            return Some((reader.into_inner(), last_id));
        }
    }
}

fn body(number: usize, vector: &Vector) -> Vec<u8> {
    [vector.before, connect(number).as_bytes(), vector.after].concat()
}

fn over() -> Vec<u8> {
    let over = r#"{"points":[{"id":"v","value":"over","quality":"good","time":1}]}"#;
    format!("{}event: points\ndata: {over}\n\nevent: over\ndata: {{}}\n\n", connect(VECTORS.len()))
        .into_bytes()
}

fn send(socket: &mut TcpStream, body: &[u8], bytewise: bool) {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let all = [head, body].concat();
    for segment in all.chunks(if bytewise { 1 } else { all.len() }) {
        // A client that has seen `over` may be gone.
        if socket.write_all(segment).is_err() {
            return;
        }
    }
}

/// The events of each vector as a client saw them.
type Seen = BTreeMap<usize, Vec<(String, String)>>;

#[track_caller]
fn check_npm(bytewise: bool) {
    let player = Player::start(bytewise);
    let names = json!(NAMES).to_string();
    let said = run_script("vectors.mjs", &[&format!("http://{}/", player.address), &names]);
    let (mut seen, mut before, mut number) = (Seen::new(), Vec::new(), 0);
    for line in said.lines() {
        let event: Json = serde_json::from_str(line).unwrap();
        let field = |name: &str| event[name].as_str().unwrap().to_owned();
        if field("event") != "connect" {
            before.push((field("event"), field("data")));
            continue;
        }
        // What came since the last `connect` is the last vector's, but for what a vector has before its own.
        let connect: Json = serde_json::from_str(&field("data")).unwrap();
        let next = usize::try_from(connect["vector"].as_u64().unwrap()).unwrap();
        let own =
            VECTORS.get(next).map_or(0, |v| v.events.len() * usize::from(!v.before.is_empty()));
        let split = before.len().saturating_sub(own);
        let of_next = before.split_off(split);
        seen.entry(number).or_default().append(&mut before);
        seen.entry(next).or_default().extend(of_next);
        number = next;
    }
    let mut differing = Vec::new();
    for (number, vector) in VECTORS.iter().enumerate() {
        let meant = vector.npm_events.unwrap_or(vector.events).iter();
        let wanted: Vec<(String, String)> =
            meant.map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
        let seen = seen.get(&number).cloned().unwrap_or_default();
        if seen != wanted {
            differing.push(format!("{}: {seen:?} instead of {wanted:?}", vector.name));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    player.check_returns(true, 1.0);
}

/// The values that the `watch` command prints: those of `points` events.
#[track_caller]
fn check_watch(bytewise: bool) {
    let player = Player::start(bytewise);
    let mut watch = Command::new(env!("CARGO_BIN_EXE_pointcast"))
        .args(["watch", "v", "--url", &format!("http://{}", player.address)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let complaints = {
        let mut stderr = watch.stderr.take().unwrap();
        thread::spawn(move || {
            let mut all = String::new();
            stderr.read_to_string(&mut all).unwrap();
            all
        })
    };
    let (lines, said) = mpsc::sync_channel(64);
    let stdout = BufReader::new(watch.stdout.take().unwrap());
    thread::spawn(move || {
        stdout.lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
    });
    let mut values = Vec::new();
    loop {
        let line =
            said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no more after {values:?}"));
        let (_, value) = line.split_once("  v  ").expect("a line of the point v");
        if value == "over" {
            break;
        }
        values.push(value.to_owned());
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    let complaints = complaints.join().unwrap();
    assert!(!complaints.contains("understood"), "{complaints}");
    let points = VECTORS.iter().flat_map(|v| v.events).filter(|(name, _)| *name == "points");
    let wanted: Vec<String> = points
        .filter_map(|(_, data)| {
            let data: Json = serde_json::from_str(data).unwrap();
            data["points"][0]["value"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(values, wanted);
    // It spreads its returns over the upper half of the wait.
    player.check_returns(false, 0.5);
}

#[test]
fn npm_eventsource_reads_the_vectors_as_they_are_meant() {
    check_npm(false);
}

#[test]
fn npm_eventsource_reads_the_vectors_byte_by_byte() {
    check_npm(true);
}

#[test]
fn the_watch_command_reads_the_vectors_as_they_are_meant() {
    check_watch(false);
}

#[test]
fn the_watch_command_reads_the_vectors_byte_by_byte() {
    check_watch(true);
}
