//! Recorded traffic with times: what went over the simulated wires, kept for a test or written to a file.
//!
//! The file is text, a JSON object a line. The first says when the capture began, by the machine's clock:
//!
//! ```text
//! {"capture":1,"began_ms":1795165251489}
//! {"on":"modbus-rtu","what":"request","from_us":10233,"until_us":19400,"bytes":"01040000000271cb"}
//! {"on":"modbus-tcp","peer":"127.0.0.1:40222","what":"reply","from_us":20100,"until_us":20100,"bytes":"0001…"}
//! ```
//!
//! Each further line is a frame as it was on the wire, faults and all: on which wire and with whom (`on`, `peer`),
//! from its first bit until its last in microseconds since the beginning, and its bytes in hexadecimal. On a
//! paced line these are the line's own times; whoever reads it has the bytes up to a few milliseconds later, as
//! the machine finds the time. On TCP both are when the frame was read or written. Frames stand in the order in which
//! they ended.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, LineWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pointcast_api::UnixMs;
use tokio::time::Instant;
use tracing::warn;

/// Most frames that are kept in memory; what comes after is not.
pub const MAX_ENTRIES: usize = 200_000;

/// Longest file; what comes after is not written.
pub const MAX_FILE_BYTES: usize = 256 << 20;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a master.
    Request,
    /// From a slave.
    Reply,
}

/// A frame on a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which wire.
    pub on: &'static str,
    /// With whom, on a network.
    pub peer: Option<SocketAddr>,
    /// Which way.
    pub direction: Direction,
    /// When its first bit began.
    pub from: Instant,
    /// When its last bit ended.
    pub until: Instant,
    /// What was on the wire.
    pub bytes: Vec<u8>,
}

/// Where frames are noted. Clones are handles to one capture.
#[derive(Clone, Debug)]
pub struct Capture(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    began: Instant,
    sink: Mutex<Sink>,
}

#[derive(Debug)]
enum Sink {
    Memory(Vec<Entry>),
    File {
        lines: LineWriter<File>,
        room: usize,
    },
    /// Nothing more is noted.
    Over,
}

impl Capture {
    /// A capture that keeps up to [`MAX_ENTRIES`] frames.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Sink::Memory(Vec::new()))
    }

    /// A capture that writes a new file, in place of what stood there.
    ///
    /// # Errors
    /// What the system says about the file.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        let mut lines = LineWriter::new(File::create(path)?);
        writeln!(lines, "{{\"capture\":1,\"began_ms\":{}}}", UnixMs::now().0)?;
        Ok(Self::new(Sink::File { lines, room: MAX_FILE_BYTES }))
    }

    fn new(sink: Sink) -> Self {
        Self(Arc::new(Shared { began: Instant::now(), sink: Mutex::new(sink) }))
    }

    /// What is noted on one wire.
    #[must_use]
    pub fn tap(&self, on: &'static str) -> Tap {
        Tap { capture: Some(self.clone()), on, peer: None }
    }

    /// What was kept in memory, in the order in which it ended.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        match &*self.0.sink.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::Memory(entries) => entries.clone(),
            Sink::File { .. } | Sink::Over => Vec::new(),
        }
    }

    fn note(&self, entry: Entry) {
        let mut sink = self.0.sink.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *sink {
            Sink::Memory(entries) if entries.len() < MAX_ENTRIES => entries.push(entry),
            Sink::Memory(_) | Sink::Over => {}
            Sink::File { lines, room } => {
                let line = line(&entry, self.0.began);
                let Some(left) = room.checked_sub(line.len()) else {
                    warn!(MAX_FILE_BYTES, "the capture is full");
                    *sink = Sink::Over;
                    return;
                };
                *room = left;
                if let Err(error) = lines.write_all(line.as_bytes()) {
                    warn!(%error, "failed to write the capture");
                    *sink = Sink::Over;
                }
            }
        }
    }
}

/// One wire's way into a capture, or into none.
#[derive(Clone, Debug, Default)]
pub struct Tap {
    capture: Option<Capture>,
    on: &'static str,
    peer: Option<SocketAddr>,
}

impl Tap {
    /// The same wire's traffic with somebody.
    pub(crate) fn with(&self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }

    /// Notes a frame.
    pub(crate) fn note(&self, direction: Direction, from: Instant, until: Instant, bytes: &[u8]) {
        let Some(capture) = &self.capture else { return };
        let (on, peer, bytes) = (self.on, self.peer, bytes.to_vec());
        capture.note(Entry { on, peer, direction, from, until, bytes });
    }
}

/// A frame as a line of the file.
fn line(entry: &Entry, began: Instant) -> String {
    let us = |moment: Instant| moment.saturating_duration_since(began).as_micros();
    let what = match entry.direction {
        Direction::Request => "request",
        Direction::Reply => "reply",
    };
    let peer = entry.peer.map(|peer| format!("\"peer\":\"{peer}\",")).unwrap_or_default();
    let (from, until) = (us(entry.from), us(entry.until));
    let mut line = format!(
        "{{\"on\":\"{}\",{peer}\"what\":\"{what}\",\"from_us\":{from},\"until_us\":{until},\"bytes\":\"",
        entry.on
    );
    for byte in &entry.bytes {
        // Writing to a string cannot fail.
        let _written = write!(line, "{byte:02x}");
    }
    line.push_str("\"}\n");
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn frames_are_lines_of_json_with_their_times() {
        let scratch = Scratch::new();
        let path = scratch.path().join("capture.jsonl");
        std::fs::write(&path, "an older one").unwrap();
        let capture = Capture::to_file(&path).unwrap();
        let began = capture.0.began;
        let at = |us| began + Duration::from_micros(us);
        capture.tap("modbus-rtu").note(Direction::Request, at(10), at(9_177), &[1, 4, 0xAB]);
        let peer = "127.0.0.1:40222".parse().unwrap();
        capture.tap("modbus-tcp").with(peer).note(Direction::Reply, at(20), at(20), &[0]);
        let text = std::fs::read_to_string(&path).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let first: serde_json::Value = serde_json::from_str(first).unwrap();
        assert!(first["capture"] == 1 && first["began_ms"].is_u64());
        assert_eq!(
            rest,
            "{\"on\":\"modbus-rtu\",\"what\":\"request\",\"from_us\":10,\"until_us\":9177,\"bytes\":\"0104ab\"}\n\
             {\"on\":\"modbus-tcp\",\"peer\":\"127.0.0.1:40222\",\"what\":\"reply\",\"from_us\":20,\"until_us\":20,\"bytes\":\"00\"}\n"
        );
        for line in rest.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object());
        }
        assert!(Capture::to_file(Path::new("/nowhere/at/all")).is_err());
    }

    #[test]
    fn without_a_capture_a_tap_takes_nothing() {
        let now = Instant::now();
        Tap::default().note(Direction::Request, now, now, &[1]);
        let capture = Capture::in_memory();
        capture.tap("a").note(Direction::Request, now, now, &[1]);
        assert_eq!(capture.entries().len(), 1);
    }
}
