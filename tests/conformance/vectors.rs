//! What a server may send at all, as test vectors for clients: each is a body, the events in it, and the id that a
//! client then comes back with, by the HTML Living Standard §9.2.5 and §9.2.6. The kinds of vectors are those of the
//! Web Platform Tests' `eventsource` folder; the vectors are our own.
//!
//! `player.rs` plays them to the `watch` command and to npm's `eventsource`.

/// One vector.
pub(crate) struct Vector {
    pub(crate) name: &'static str,
    /// What stands before the event `connect`, with which every body goes on.
    pub(crate) before: &'static [u8],
    /// What stands behind it.
    pub(crate) after: &'static [u8],
    /// The events in both, by name and data.
    pub(crate) events: &'static [(&'static str, &'static str)],
    /// The id to come back with; that of `connect` is `base`.
    pub(crate) last_id: &'static str,
    /// Both where npm's `eventsource` is of another opinion than the standard.
    pub(crate) npm_events: Option<&'static [(&'static str, &'static str)]>,
    pub(crate) npm_last_id: Option<&'static str>,
    /// The least wait before the client comes back, if the vector asks for one.
    pub(crate) retry_ms: u64,
}

/// Names that events of the vectors have, besides those that both clients know.
pub(crate) const NAMES: [&str; 4] = ["other", " other", "caf\u{e9}", "other\u{feff}"];

/// Data that the `watch` command prints: a point `v` with this value.
macro_rules! p {
    ($value:literal) => {
        concat!(r#"{"points":[{"id":"v","value":""#, $value, r#"","quality":"good","time":1}]}"#)
    };
}

macro_rules! point {
    ($value:literal) => {
        ("points", p!($value))
    };
}

macro_rules! body {
    ($($part:expr),* $(,)?) => {
        concat!($($part),*).as_bytes()
    };
}

const NOTHING: Vector = Vector {
    name: "",
    before: b"",
    after: b"",
    events: &[],
    last_id: "base",
    npm_events: None,
    npm_last_id: None,
    retry_ms: 0,
};

const fn vector(
    name: &'static str,
    after: &'static [u8],
    events: &'static [(&'static str, &'static str)],
) -> Vector {
    Vector { name, after, events, ..NOTHING }
}

const fn with_id(last_id: &'static str, vector: Vector) -> Vector {
    Vector { last_id, ..vector }
}

const fn waiting(retry_ms: u64, vector: Vector) -> Vector {
    Vector { retry_ms, ..vector }
}

/// All of them.
pub(crate) const VECTORS: &[Vector] = &[
    // Lines.
    vector("LF", body!("event: points\ndata: ", p!("lf"), "\n\n"), &[point!("lf")]),
    vector("CRLF", body!("event: points\r\ndata: ", p!("crlf"), "\r\n\r\n"), &[point!("crlf")]),
    Vector {
        // It waits for what may be the LF of a CRLF.
        npm_events: Some(&[]),
        ..vector("CR", body!("event: points\rdata: ", p!("cr"), "\r\r"), &[point!("cr")])
    },
    vector(
        "line ends of every kind in one event",
        body!(
            "event: other\revent: points\r\ndata: ",
            p!("mixed"),
            "\n\r\nevent: points\ndata: ",
            p!("second"),
            "\r\n\n"
        ),
        &[point!("mixed"), point!("second")],
    ),
    vector(
        "more blank lines than needed",
        body!("\n\n\r\n\r\revent: points\ndata: ", p!("blank"), "\n\n\n\n"),
        &[point!("blank")],
    ),
    vector(
        "a line of other line ends than those of the standard",
        body!("event: other\ndata: a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f\n\n"),
        &[("other", "a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f")],
    ),
    // The byte order mark.
    Vector {
        before: b"\xef\xbb\xbfevent: points\ndata: {\"points\":[]}\n\n",
        events: &[("points", r#"{"points":[]}"#)],
        ..vector("a byte order mark at the beginning", b"", &[])
    },
    Vector {
        before: b"\xef\xbb\xbf\xef\xbb\xbfevent: points\ndata: two\n\n",
        events: &[("message", "two")],
        ..vector("a second one is part of the line", b"", &[])
    },
    vector(
        "one in the middle is part of its line",
        body!("\u{feff}event: points\ndata: in the middle\n\n"),
        &[("message", "in the middle")],
    ),
    // Comments and unknown fields.
    vector(
        "comments",
        body!(
            ":\n: a comment\n:data: none\nevent: points\n:\n: between\ndata: ",
            p!("comment"),
            "\n:behind\n\n"
        ),
        &[point!("comment")],
    ),
    vector(
        "fields that nobody knows",
        body!(
            "foo: bar\nData: x\nDATA: x\n data: x\ndata : x\nevents: other\nevent: points\ndata: ",
            p!("known"),
            "\n\n"
        ),
        &[point!("known")],
    ),
    // Data.
    vector("data without a colon", b"event: other\ndata\n\n", &[("other", "")]),
    vector(
        "data without a value",
        b"event: other\ndata:\n\nevent: other\ndata: \n\n",
        &[("other", ""), ("other", "")],
    ),
    vector(
        "several lines of data",
        b"event: other\ndata: a\ndata\ndata:  c\ndata:d\n\n",
        &[("other", "a\n\n c\nd")],
    ),
    vector(
        "several lines of data that are one JSON",
        body!(
            "event: points\ndata: {\"points\":\ndata:[{\"id\":\"v\",\"value\":\"lines\",\ndata\ndata: \"quality\":\"good\",\"time\":1}]}\n\n"
        ),
        &[(
            "points",
            "{\"points\":\n[{\"id\":\"v\",\"value\":\"lines\",\n\n\"quality\":\"good\",\"time\":1}]}",
        )],
    ),
    vector(
        "one space is taken off, and no tab",
        b"event: other\ndata:\t x\ndata:  y \n\n",
        &[("other", "\t x\n y ")],
    ),
    vector("colons in a value", b"event: other\ndata: a: b:c\n\n", &[("other", "a: b:c")]),
    vector(
        "nothing without data",
        body!("event: points\n\nevent: points\ndata: ", p!("data"), "\n\n"),
        &[point!("data")],
    ),
    vector(
        "an event that the end of the body cut off",
        body!(
            "event: points\ndata: ",
            p!("whole"),
            "\n\nid: lost\nevent: points\ndata: ",
            p!("half"),
            "\n"
        ),
        &[point!("whole")],
    ),
    vector("NUL in data", b"event: other\ndata: a\0b\n\n", &[("other", "a\0b")]),
    // Names.
    vector("an empty name", b"event: other\nevent:\ndata: x\n\n", &[("message", "x")]),
    vector("a name without a colon", b"event\ndata: x\n\n", &[("message", "x")]),
    vector(
        "the last name counts",
        body!("event: other\ndata: ", p!("last"), "\nevent: points\n\n"),
        &[point!("last")],
    ),
    vector("a name is for one event", b"event: points\n\ndata: x\n\n", &[("message", "x")]),
    vector("a name with a space before it", b"event:  other\ndata: x\n\n", &[(" other", "x")]),
    vector("a name beyond ASCII", body!("event: caf\u{e9}\ndata: x\n\n"), &[("caf\u{e9}", "x")]),
    // Ids.
    with_id(
        "1",
        vector(
            "an id lasts",
            b"id: 1\ndata: a\n\ndata: b\n\n",
            &[("message", "a"), ("message", "b")],
        ),
    ),
    with_id("2", vector("the last id counts", b"id: 1\nid: 2\ndata: a\n\n", &[("message", "a")])),
    with_id("", vector("an empty id takes it away", b"id:\ndata: a\n\n", &[("message", "a")])),
    with_id("", vector("an id without a colon as well", b"id\ndata: a\n\n", &[("message", "a")])),
    vector("an id with NUL is none", b"id: a\0b\ndata: a\n\n", &[("message", "a")]),
    with_id(
        "alone",
        Vector {
            npm_last_id: Some("base"),
            ..vector("an id without data counts", b"id: alone\n\n", &[])
        },
    ),
    with_id(
        "1: x",
        vector(
            "a space before an id, and a colon in it",
            b"id:  1: x\ndata: a\n\n",
            &[("message", "a")],
        ),
    ),
    // Text.
    vector(
        "characters of every length",
        body!("event: points\ndata: ", p!("a\u{e9}\u{20ac}\u{1f600}"), "\n\n"),
        &[point!("a\u{e9}\u{20ac}\u{1f600}")],
    ),
    vector(
        "what is no UTF-8 is replaced",
        b"event: other\ndata: a\xffb\xc3\n\n",
        &[("other", "a\u{fffd}b\u{fffd}")],
    ),
    // Waits.
    waiting(300, vector("a wait", b"retry: 300\n\n", &[])),
    waiting(300, vector("a wait without a blank line behind it", b"retry: 300\n", &[])),
    vector(
        "waits that are none",
        b"retry: 60000x\nretry: x\nretry: -60000\nretry: +60000\nretry: 6e4\nretry:  60000\n\n",
        &[],
    ),
    vector("an empty wait", b"retry: 60000\nretry: 10\nretry:\nretry\n\n", &[]),
];
