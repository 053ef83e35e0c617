//! Events as the bytes of an event stream (HTML Standard, "Server-sent events", 9.2.5).
//!
//! Data is one line of JSON and therefore never holds a line end. Every event has a name of its own:
//! `open`, `error` and `message` belong to the browser.

use std::fmt::Arguments;
use std::io::Write as _;

use rand::Rng as _;
use serde::Serialize;

use super::event_id::EventId;

/// How long a client waits before it comes back after a lost connection: spread, so that thousands of
/// clients do not come back in one moment.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=3_000;

/// The same after a drain: the gateway needs a moment to come back.
const DRAIN_RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=10_000;

/// A client whose session another connection took over must not fight for it: one day.
const REPLACED_RETRY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Bytes a `points` frame has around its points' texts, generously counted.
const ENVELOPE_BYTES: usize = 256;

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
        append(out, format_args!("id: {id}\n"));
    }
    out.push(b'\n');
}

fn append(out: &mut Vec<u8>, arguments: Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _always_ok = out.write_fmt(arguments);
}

/// A `points` event being gathered behind what `out` holds already, within the limits of one frame.
#[derive(Debug)]
pub(super) struct Points<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    count: usize,
    max_points: usize,
    max_bytes: usize,
}

/// What stands behind the points of a `points` event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The revision whose snapshot this belongs to, and whether more of it follows.
    pub(super) snapshot: Option<(u32, bool)>,
    pub(super) skipped: u64,
}

impl<'a> Points<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, max_points: usize, max_bytes: usize) -> Self {
        let start = out.len();
        out.extend_from_slice(b"event: points\ndata: {\"points\":[");
        Self { out, start, count: 0, max_points, max_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a point's text; false if the frame is full. A first point always fits.
    pub(super) fn push(&mut self, point: &str) -> bool {
        let bytes = self.out.len() - self.start + 1 + point.len() + ENVELOPE_BYTES;
        if self.count > 0 && (self.count >= self.max_points || bytes > self.max_bytes) {
            return false;
        }
        if self.count > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(point.as_bytes());
        self.count += 1;
        true
    }

    /// Takes the event back: `out` is as it was.
    pub(super) fn abandon(self) {
        self.out.truncate(self.start);
    }
}

/// Ends the `points` event that [`Points`] gathered.
pub(super) fn end_points(out: &mut Vec<u8>, tail: Tail, id: EventId<'_>) {
    out.push(b']');
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: EventId<'_> = EventId { client: "c", epoch: "e", seq: 7, revision: 2 };

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
        assert_eq!(text(replaced), "retry: 86400000\nevent: replaced\ndata: {}\n\n");
        let first = Connect {
            client: "c",
            resumed: true,
            reset: None,
            selection: "kept",
            revision: 3,
            heartbeat_ms: 15_000,
            interval_ms: 0,
        };
        let text = text(|out| connect(out, &first, ID));
        let (retry, rest) = text.split_once('\n').unwrap();
        let retry_ms: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
        assert!(RETRY_MS.contains(&retry_ms));
        assert_eq!(
            rest,
            "event: connect\ndata: {\"client\":\"c\",\"resumed\":true,\"reset\":null,\
             \"selection\":\"kept\",\"revision\":3,\"heartbeat_ms\":15000,\"interval_ms\":0}\n\
             id: c.e.7.2\n\n"
        );
    }

    #[test]
    fn points_on_the_wire() {
        let some = text(|out| {
            let mut points = Points::new(out, 10, 10_000);
            points.push("{\"id\":\"a\"}");
            points.push("{\"id\":\"b\"}");
            end_points(out, Tail { snapshot: Some((4, true)), skipped: 7 }, ID);
        });
        assert_eq!(
            some,
            "event: points\ndata: {\"points\":[{\"id\":\"a\"},{\"id\":\"b\"}],\
             \"snapshot\":4,\"more\":true,\"skipped\":7}\nid: c.e.7.2\n\n"
        );
        let none = text(|out| {
            Points::new(out, 10, 10_000);
            end_points(out, Tail { snapshot: Some((4, false)), skipped: 0 }, ID);
        });
        assert_eq!(none, "event: points\ndata: {\"points\":[],\"snapshot\":4}\nid: c.e.7.2\n\n");
    }

    #[test]
    fn a_frame_is_full_by_points_or_by_bytes() {
        let mut out = b"before".to_vec();
        let mut by_count = Points::new(&mut out, 2, 10_000);
        assert!(by_count.push("{}") && by_count.push("{}") && !by_count.push("{}"));
        by_count.abandon();
        assert_eq!(out, b"before");
        let mut by_bytes = Points::new(&mut out, 10, 600);
        assert!(by_bytes.push(&"x".repeat(900)), "a single point is never too large");
        assert!(!by_bytes.push("{}"));
    }
}
