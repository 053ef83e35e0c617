//! Events as the bytes of an event stream (HTML Standard, "Server-sent events", 9.2.5).
//!
//! Data is one line of JSON and therefore never holds a line end. Every event has a name of its own:
//! `open`, `error` and `message` belong to the browser.

use std::fmt::Arguments;
use std::io::Write as _;

use rand::Rng as _;
use serde::Serialize;

use super::event_id::EventId;
use super::notices::Notice;
use crate::table::Index;

/// How long a client waits before it comes back after a lost connection: spread, so that thousands of
/// clients do not come back in one moment.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=3_000;

/// The same after a drain: the gateway needs a moment to come back.
const DRAIN_RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=10_000;

/// A client whose session another connection took over must not fight for it: one day.
const REPLACED_RETRY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Bytes a `points` frame has around its points' texts, generously counted.
const ENVELOPE_BYTES: usize = 256;

/// Bytes around the name of an alias, generously counted.
const NAME_BYTES: usize = 16;

/// What the first event of a connection says.
#[derive(Debug, Serialize)]
pub(super) struct Connect<'a> {
    pub(super) client: &'a str,
    pub(super) resumed: bool,
    pub(super) reset: Option<&'static str>,
    pub(super) selection: &'static str,
    pub(super) revision: u32,
    pub(super) heartbeat_ms: u32,
    pub(super) interval_ms: u32,
    pub(super) catalog: u64,
    /// In the compact form: what times are counted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) t0: Option<u64>,
}

pub(super) fn connect(out: &mut Vec<u8>, data: &Connect<'_>, id: EventId<'_>) {
    // Plain structs of numbers and text always have a JSON form.
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    retry(out, spread(RETRY_MS));
    event(out, "connect", format_args!("{data}"));
    close(out, Some(id));
}

pub(super) fn subscribed(out: &mut Vec<u8>, revision: u32, count: usize) {
    event(out, "subscribed", format_args!("{{\"revision\":{revision},\"count\":{count}}}"));
    close(out, None);
}

pub(super) fn catalog(out: &mut Vec<u8>, generation: u64) {
    event(out, "catalog", format_args!("{{\"generation\":{generation}}}"));
    close(out, None);
}

pub(super) fn notice(out: &mut Vec<u8>, notice: &Notice) {
    let data = serde_json::to_string(notice).unwrap_or_else(|_| "{}".to_owned());
    event(out, "notice", format_args!("{data}"));
    close(out, None);
}

pub(super) fn heartbeat(out: &mut Vec<u8>, time_ms: u64, heartbeat_ms: u32, id: EventId<'_>) {
    let data = format_args!("{{\"time\":{time_ms},\"heartbeat_ms\":{heartbeat_ms}}}");
    event(out, "heartbeat", data);
    close(out, Some(id));
}

pub(super) fn replaced(out: &mut Vec<u8>) {
    retry(out, REPLACED_RETRY_MS);
    event(out, "replaced", format_args!("{{}}"));
    close(out, None);
}

pub(super) fn drain(out: &mut Vec<u8>) {
    retry(out, spread(DRAIN_RETRY_MS));
    event(out, "drain", format_args!("{{}}"));
    close(out, None);
}

fn spread(range: std::ops::RangeInclusive<u64>) -> u64 {
    rand::rng().random_range(range)
}

fn retry(out: &mut Vec<u8>, retry_ms: u64) {
    append(out, format_args!("retry: {retry_ms}\n"));
}

fn event(out: &mut Vec<u8>, name: &str, data: Arguments<'_>) {
    append(out, format_args!("event: {name}\ndata: {data}\n"));
}

fn close(out: &mut Vec<u8>, id: Option<EventId<'_>>) {
    if let Some(id) = id {
        // By hand, because it stands in every frame.
        let (mut seq, mut revision) = (itoa::Buffer::new(), itoa::Buffer::new());
        let parts = [id.client, id.epoch, seq.format(id.seq), revision.format(id.revision)];
        let mut between = "id: ";
        for part in parts {
            out.extend_from_slice(between.as_bytes());
            out.extend_from_slice(part.as_bytes());
            between = ".";
        }
        out.push(b'\n');
    }
    out.push(b'\n');
}

fn append(out: &mut Vec<u8>, arguments: Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _always_ok = out.write_fmt(arguments);
}

/// A `points` or `removed` event being gathered behind what `out` holds already, within the limits of one frame.
#[derive(Debug)]
pub(super) struct Gather<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    count: usize,
    kind: Kind,
    /// What the frame declares of names, as far as it does.
    names: Vec<u8>,
    bounds: Bounds,
}

/// How large a frame may become. A single point always fits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) points: usize,
    pub(super) bytes: usize,
}

/// Which event is being gathered; points, until a removed one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Points,
    Removed,
}

/// What stands behind the points of a `points` event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The revision whose snapshot this belongs to, and whether more of it follows.
    pub(super) snapshot: Option<(u32, bool)>,
    pub(super) skipped: u64,
    /// In the compact form: the names of aliases that stand here for the first time.
    pub(super) names: Vec<u8>,
}

impl<'a> Gather<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, bounds: Bounds) -> Self {
        let start = out.len();
        out.extend_from_slice(b"event: points\ndata: {\"points\":[");
        Self { out, start, count: 0, kind: Kind::Points, names: Vec::new(), bounds }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is of this kind, or still may be.
    pub(super) fn takes(&self, kind: Kind) -> bool {
        self.is_empty() || self.kind == kind
    }

    /// Adds a point's text, and in the compact form the name of its alias if it was not told yet; false if the frame
    /// is full or of the other kind.
    pub(super) fn point(&mut self, text: &str, name: Option<(Index, &str)>) -> bool {
        let name_bytes = name.map_or(0, |(_, name)| name.len() + NAME_BYTES);
        if self.kind == Kind::Removed || !self.has_room_for(text.len() + name_bytes) {
            return false;
        }
        self.add(text);
        if let Some((alias, name)) = name {
            let comma = if self.names.is_empty() { "" } else { "," };
            append(&mut self.names, format_args!("{comma}\"{alias}\":\"{name}\""));
        }
        true
    }

    /// Adds a removed point's id; false if the frame is full or of the other kind.
    pub(super) fn removed(&mut self, id: &str) -> bool {
        if self.is_empty() && self.kind == Kind::Points {
            self.out.truncate(self.start);
            self.out.extend_from_slice(b"event: removed\ndata: {\"points\":[");
            self.kind = Kind::Removed;
        }
        if self.kind == Kind::Points || !self.has_room_for(id.len() + 2) {
            return false;
        }
        self.add("\"");
        self.out.extend_from_slice(id.as_bytes());
        self.out.push(b'"');
        true
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        let bytes = self.out.len() - self.start + self.names.len() + 1 + bytes + ENVELOPE_BYTES;
        self.count == 0 || (self.count < self.bounds.points && bytes <= self.bounds.bytes)
    }

    fn add(&mut self, text: &str) {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(text.as_bytes());
        self.count += 1;
    }

    /// The names that the frame is to declare.
    pub(super) fn into_names(self) -> Vec<u8> {
        self.names
    }

    /// Takes the event back: `out` is as it was.
    pub(super) fn abandon(self) {
        self.out.truncate(self.start);
    }
}

/// Ends the `points` event that [`Gather`] began.
pub(super) fn end_points(out: &mut Vec<u8>, tail: &Tail, id: EventId<'_>) {
    out.push(b']');
    if !tail.names.is_empty() {
        out.extend_from_slice(b",\"names\":{");
        out.extend_from_slice(&tail.names);
        out.push(b'}');
    }
    if let Some((revision, more)) = tail.snapshot {
        append(out, format_args!(",\"snapshot\":{revision}"));
        if more {
            out.extend_from_slice(b",\"more\":true");
        }
    }
    if tail.skipped > 0 {
        append(out, format_args!(",\"skipped\":{}", tail.skipped));
    }
    out.extend_from_slice(b"}\n");
    close(out, Some(id));
}

/// Ends the `removed` event that [`Gather`] began.
pub(super) fn end_removed(out: &mut Vec<u8>, id: EventId<'_>) {
    out.extend_from_slice(b"],\"why\":\"deleted\"}\n");
    close(out, Some(id));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: EventId<'_> = EventId { client: "c", epoch: "e", seq: 7, revision: 2 };

    const ROOMY: Bounds = Bounds { points: 10, bytes: 10_000 };

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    // Frozen: dashboards read these bytes.
    #[test]
    fn events_on_the_wire() {
        assert_eq!(
            text(|out| subscribed(out, 4, 42)),
            "event: subscribed\ndata: {\"revision\":4,\"count\":42}\n\n"
        );
        assert_eq!(
            text(|out| heartbeat(out, 1_700_000_000_000, 15_000, ID)),
            "event: heartbeat\ndata: {\"time\":1700000000000,\"heartbeat_ms\":15000}\nid: c.e.7.2\n\n"
        );
        assert_eq!(text(|out| catalog(out, 8)), "event: catalog\ndata: {\"generation\":8}\n\n");
        assert_eq!(text(replaced), "retry: 86400000\nevent: replaced\ndata: {}\n\n");
        let first = Connect {
            client: "c",
            resumed: true,
            reset: None,
            selection: "kept",
            revision: 3,
            heartbeat_ms: 15_000,
            interval_ms: 0,
            catalog: 1,
            t0: None,
        };
        let text = text(|out| connect(out, &first, ID));
        let (retry, rest) = text.split_once('\n').unwrap();
        let retry_ms: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
        assert!(RETRY_MS.contains(&retry_ms));
        assert_eq!(
            rest,
            "event: connect\ndata: {\"client\":\"c\",\"resumed\":true,\"reset\":null,\
             \"selection\":\"kept\",\"revision\":3,\"heartbeat_ms\":15000,\"interval_ms\":0,\"catalog\":1}\n\
             id: c.e.7.2\n\n"
        );
    }

    #[test]
    fn points_on_the_wire() {
        let some = text(|out| {
            let mut points = Gather::new(out, ROOMY);
            points.point("{\"id\":\"a\"}", None);
            points.point("{\"id\":\"b\"}", None);
            let tail = Tail { snapshot: Some((4, true)), skipped: 7, ..Tail::default() };
            end_points(out, &tail, ID);
        });
        assert_eq!(
            some,
            "event: points\ndata: {\"points\":[{\"id\":\"a\"},{\"id\":\"b\"}],\
             \"snapshot\":4,\"more\":true,\"skipped\":7}\nid: c.e.7.2\n\n"
        );
        let none = text(|out| {
            Gather::new(out, ROOMY);
            let tail = Tail { snapshot: Some((4, false)), ..Tail::default() };
            end_points(out, &tail, ID);
        });
        assert_eq!(none, "event: points\ndata: {\"points\":[],\"snapshot\":4}\nid: c.e.7.2\n\n");
        let compact = text(|out| {
            let mut points = Gather::new(out, ROOMY);
            points.point("[7,1,2]", Some((7, "a/b")));
            points.point("[9,1,2]", None);
            points.point("[8,1,2]", Some((8, "a/c")));
            let names = points.into_names();
            end_points(out, &Tail { names, ..Tail::default() }, ID);
        });
        assert_eq!(
            compact,
            "event: points\ndata: {\"points\":[[7,1,2],[9,1,2],[8,1,2]],\
             \"names\":{\"7\":\"a/b\",\"8\":\"a/c\"}}\nid: c.e.7.2\n\n"
        );
    }

    #[test]
    fn removed_points_on_the_wire() {
        let removed = text(|out| {
            let mut gone = Gather::new(out, ROOMY);
            assert!(gone.removed("a") && gone.removed("b/c") && !gone.point("{}", None));
            end_removed(out, ID);
        });
        assert_eq!(
            removed,
            "event: removed\ndata: {\"points\":[\"a\",\"b/c\"],\"why\":\"deleted\"}\nid: c.e.7.2\n\n"
        );
        let mut out = Vec::new();
        let mut points = Gather::new(&mut out, ROOMY);
        assert!(
            points.point("{}", None) && !points.removed("a"),
            "each kind in a frame of its own"
        );
    }

    #[test]
    fn a_frame_is_full_by_points_or_by_bytes() {
        let mut out = b"before".to_vec();
        let mut by_count = Gather::new(&mut out, Bounds { points: 2, ..ROOMY });
        let mut add = || by_count.point("{}", None);
        assert!(add() && add() && !add());
        by_count.abandon();
        assert_eq!(out, b"before");
        let mut by_bytes = Gather::new(&mut out, Bounds { bytes: 600, ..ROOMY });
        assert!(by_bytes.point(&"x".repeat(900), None), "a single point is never too large");
        assert!(!by_bytes.point("{}", None));
    }
}
