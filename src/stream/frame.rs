//! Events as the bytes of an event stream (HTML Standard, "Server-sent events", 9.2.5).
//!
//! Data is one line of JSON and therefore never holds a line end. Every event has a name of its own:
//! `open`, `error` and `message` belong to the browser.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
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
    pub(super) revision: u64,
    pub(super) heartbeat_ms: u64,
    pub(super) interval_ms: u64,
}

pub(super) fn connect(data: &Connect<'_>, id: EventId<'_>) -> Bytes {
    event("connect", &json(data), Some(id), Some(spread(RETRY_MS)))
}

pub(super) fn subscribed(revision: u64, count: usize) -> Bytes {
    event("subscribed", &format!("{{\"revision\":{revision},\"count\":{count}}}"), None, None)
}

pub(super) fn heartbeat(time_ms: u64, heartbeat: Duration, id: EventId<'_>) -> Bytes {
    let heartbeat_ms = heartbeat.as_millis();
    let data = format!("{{\"time\":{time_ms},\"heartbeat_ms\":{heartbeat_ms}}}");
    event("heartbeat", &data, Some(id), None)
}

pub(super) fn replaced() -> Bytes {
    event("replaced", "{}", None, Some(REPLACED_RETRY_MS))
}

pub(super) fn drain() -> Bytes {
    event("drain", "{}", None, Some(spread(DRAIN_RETRY_MS)))
}

fn spread(range: std::ops::RangeInclusive<u64>) -> u64 {
    rand::rng().random_range(range)
}

fn json(data: &impl Serialize) -> String {
    // Plain structs of numbers and text always have a JSON form.
    serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned())
}

fn event(name: &str, data: &str, id: Option<EventId<'_>>, retry_ms: Option<u64>) -> Bytes {
    let mut text = String::with_capacity(data.len() + 96);
    if let Some(retry_ms) = retry_ms {
        append(&mut text, format_args!("retry: {retry_ms}\n"));
    }
    append(&mut text, format_args!("event: {name}\ndata: {data}\n"));
    close(text, id)
}

fn close(mut text: String, id: Option<EventId<'_>>) -> Bytes {
    if let Some(id) = id {
        append(&mut text, format_args!("id: {id}\n"));
    }
    text.push('\n');
    text.into_bytes().into()
}

fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _always_ok = text.write_fmt(arguments);
}

/// A `points` event being gathered, within the limits of one frame.
#[derive(Debug)]
pub(super) struct Points {
    text: String,
    count: usize,
    max_points: usize,
    max_bytes: usize,
}

/// What stands behind the points of a `points` event.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail {
    /// The revision whose snapshot this belongs to, and whether more of it follows.
    pub(super) snapshot: Option<(u64, bool)>,
    pub(super) skipped: u64,
}

impl Points {
    pub(super) fn new(max_points: usize, max_bytes: usize) -> Self {
        let text = "event: points\ndata: {\"points\":[".to_owned();
        Self { text, count: 0, max_points, max_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a point's text; false if the frame is full. A first point always fits.
    pub(super) fn push(&mut self, point: &str) -> bool {
        let bytes = self.text.len() + 1 + point.len() + ENVELOPE_BYTES;
        if self.count > 0 && (self.count >= self.max_points || bytes > self.max_bytes) {
            return false;
        }
        if self.count > 0 {
            self.text.push(',');
        }
        self.text.push_str(point);
        self.count += 1;
        true
    }

    pub(super) fn finish(mut self, tail: Tail, id: EventId<'_>) -> Bytes {
        self.text.push(']');
        if let Some((revision, more)) = tail.snapshot {
            append(&mut self.text, format_args!(",\"snapshot\":{revision}"));
            if more {
                self.text.push_str(",\"more\":true");
            }
        }
        if tail.skipped > 0 {
            append(&mut self.text, format_args!(",\"skipped\":{}", tail.skipped));
        }
        self.text.push_str("}\n");
        close(self.text, Some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: EventId<'_> = EventId { client: "c", epoch: "e", seq: 7, revision: 2 };

    // Frozen: dashboards read these bytes.
    #[test]
    fn events_on_the_wire() {
        assert_eq!(subscribed(4, 42), "event: subscribed\ndata: {\"revision\":4,\"count\":42}\n\n");
        assert_eq!(
            heartbeat(1_700_000_000_000, Duration::from_secs(15), ID),
            "event: heartbeat\ndata: {\"time\":1700000000000,\"heartbeat_ms\":15000}\nid: c.e.7.2\n\n"
        );
        assert_eq!(replaced(), "retry: 86400000\nevent: replaced\ndata: {}\n\n");
        let first = Connect {
            client: "c",
            resumed: true,
            reset: None,
            selection: "kept",
            revision: 3,
            heartbeat_ms: 15_000,
            interval_ms: 0,
        };
        let text = String::from_utf8(connect(&first, ID).to_vec()).unwrap();
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
        let mut points = Points::new(10, 10_000);
        points.push("{\"id\":\"a\"}");
        points.push("{\"id\":\"b\"}");
        assert_eq!(
            points.finish(Tail { snapshot: Some((4, true)), skipped: 7 }, ID),
            "event: points\ndata: {\"points\":[{\"id\":\"a\"},{\"id\":\"b\"}],\
             \"snapshot\":4,\"more\":true,\"skipped\":7}\nid: c.e.7.2\n\n"
        );
        let empty = Points::new(10, 10_000);
        assert_eq!(
            empty.finish(Tail { snapshot: Some((4, false)), skipped: 0 }, ID),
            "event: points\ndata: {\"points\":[],\"snapshot\":4}\nid: c.e.7.2\n\n"
        );
    }

    #[test]
    fn a_frame_is_full_by_points_or_by_bytes() {
        let mut by_count = Points::new(2, 10_000);
        assert!(by_count.push("{}") && by_count.push("{}") && !by_count.push("{}"));
        let mut by_bytes = Points::new(10, 600);
        assert!(by_bytes.push(&"x".repeat(900)), "a single point is never too large");
        assert!(!by_bytes.push("{}"));
    }
}
