//! One stream as a dashboard reads it: bytes of HTTP/1.1 → events → values. Pure.
//!
//! A point's number is the last segment of its id; a value of thirteen digits is the stamp of its change.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::roles::Totals;
use crate::system::FIRST_STAMP;

/// Most bytes of one connection that are kept to be looked at.
const TAPE_BYTES: usize = 4 * 1024 * 1024;

/// What several streams have counted together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) totals: Totals,
    /// Of every frame, from its oldest stamp to its arrival.
    pub(crate) delays_ns: Vec<u64>,
}

/// One stream, over all its connections.
#[derive(Debug)]
pub(crate) struct Reader {
    place: Place,
    /// What is there of the head, or of an event that is not whole yet.
    text: Vec<u8>,
    /// The newest value of each point, by the points' numbers.
    seen: Vec<(u32, u64)>,
    last_id: String,
    connected: bool,
    resumed: bool,
    snapshot: bool,
    compact: bool,
    /// Points by their aliases, in the compact form.
    names: HashMap<u64, u32>,
    tape: Option<Tape>,
}

/// The bytes of one connection.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) all: Vec<u8>,
    /// Those behind the last moment when nothing was unfinished.
    newest: Vec<u8>,
    /// The newest that were whole events.
    pub(crate) last: Vec<u8>,
}

/// Where in a response the bytes are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Head,
    /// In a chunk's size, as far as it was read.
    Size(usize),
    /// In a chunk of which so much is missing.
    Data(usize),
    /// In the line end behind a chunk.
    Behind(usize),
    End,
}

#[derive(Deserialize)]
struct Connect {
    resumed: bool,
    reset: Option<String>,
}

/// A `points` event; `R` is a row of it.
#[derive(Deserialize)]
struct Points<R> {
    points: Vec<R>,
    /// Aliases that are declared here.
    #[serde(default)]
    names: HashMap<u64, String>,
    snapshot: Option<u64>,
    #[serde(default)]
    more: bool,
    #[serde(default)]
    skipped: u64,
}

#[derive(Deserialize)]
struct Plain<'a> {
    id: &'a str,
    value: Option<u64>,
}

/// Alias, value, time, and a reason or not.
type Compact = Vec<Json>;

impl Reader {
    /// A stream that was never connected, in the plain or the compact form. `taped`: whether its bytes are kept.
    pub(crate) fn new(compact: bool, taped: bool) -> Self {
        Self {
            place: Place::Head,
            text: Vec::new(),
            seen: Vec::new(),
            last_id: String::new(),
            connected: false,
            resumed: false,
            snapshot: false,
            compact,
            names: HashMap::new(),
            tape: taped.then(Tape::default),
        }
    }

    /// Begins a new connection.
    pub(crate) fn reconnect(&mut self) {
        self.place = Place::Head;
        self.text.clear();
        (self.connected, self.resumed, self.snapshot) = (false, false, false);
        self.names.clear();
        self.tape = self.tape.is_some().then(Tape::default);
    }

    /// Where it was; empty if nowhere.
    pub(crate) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// Whether it was told where it stands: resumed, or all its points.
    pub(crate) fn is_open(&self) -> bool {
        self.connected && (self.resumed || self.snapshot)
    }

    pub(crate) fn points(&self) -> usize {
        self.seen.len()
    }

    pub(crate) fn tape(&self) -> Option<&Tape> {
        self.tape.as_ref()
    }

    /// Points that show something else than `values`, by the points' numbers.
    pub(crate) fn wrong(&self, values: &[u64]) -> usize {
        self.seen.iter().filter(|(point, value)| values[*point as usize] != *value).count()
    }

    /// Takes what arrived at `now`.
    ///
    /// # Errors
    /// The status line, if it is not 200.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        now: u64,
        counts: &mut Counts,
    ) -> Result<(), String> {
        counts.totals.bytes_in += bytes.len() as u64;
        if let Some(tape) = self.tape.as_mut().filter(|tape| tape.all.len() < TAPE_BYTES) {
            tape.all.extend(bytes);
            tape.newest.extend(bytes);
        }
        if self.place == Place::Head {
            self.text.extend(bytes);
            let Some(end) = self.text.windows(4).position(|four| four == b"\r\n\r\n") else {
                return Ok(());
            };
            let body = self.text.split_off(end + 4);
            let head = String::from_utf8(std::mem::take(&mut self.text)).unwrap();
            let status = head.lines().next().unwrap_or_default();
            if !status.starts_with("HTTP/1.1 200") {
                return Err(status.to_owned());
            }
            assert!(head.to_ascii_lowercase().contains("transfer-encoding: chunked"), "{head}");
            self.place = Place::Size(0);
            self.unchunk(&body);
        } else {
            self.unchunk(bytes);
        }
        self.events(now, counts);
        if let Some(tape) = &mut self.tape
            && self.text.is_empty()
            && self.place == Place::Size(0)
        {
            tape.last = std::mem::take(&mut tape.newest);
        }
        Ok(())
    }

    fn unchunk(&mut self, mut rest: &[u8]) {
        while let Some((first, behind)) = rest.split_first() {
            match self.place {
                Place::Size(size) => {
                    rest = behind;
                    self.place = match (first, size) {
                        (b'\r', _) => Place::Size(size),
                        (b'\n', 0) => Place::End,
                        (b'\n', _) => Place::Data(size),
                        (digit, _) => {
                            let digit = char::from(*digit).to_digit(16).expect("a chunk's size");
                            Place::Size(size * 16 + digit as usize)
                        }
                    };
                }
                Place::Data(missing) => {
                    let (data, behind) = rest.split_at(missing.min(rest.len()));
                    self.text.extend(data);
                    rest = behind;
                    self.place = match missing - data.len() {
                        0 => Place::Behind(2),
                        missing => Place::Data(missing),
                    };
                }
                Place::Behind(missing) => {
                    rest = behind;
                    self.place =
                        if missing == 1 { Place::Size(0) } else { Place::Behind(missing - 1) };
                }
                Place::Head | Place::End => return,
            }
        }
    }

    /// Takes the whole events out of the text.
    fn events(&mut self, now: u64, counts: &mut Counts) {
        let text = std::mem::take(&mut self.text);
        let (mut begin, mut at) = (0, 0);
        while let Some(end) = text[at..].iter().position(|byte| *byte == b'\n') {
            if end == 0 {
                let event = std::str::from_utf8(&text[begin..at]).expect("events are UTF-8");
                self.event(event, now, counts);
                begin = at + 1;
            }
            at += end + 1;
        }
        self.text = text;
        self.text.drain(..begin);
    }

    fn event(&mut self, event: &str, now: u64, counts: &mut Counts) {
        let (mut name, mut data) = ("", "");
        for line in event.lines() {
            match line.split_once(": ") {
                Some(("event", value)) => name = value,
                Some(("data", value)) => data = value,
                Some(("id", value)) => value.clone_into(&mut self.last_id),
                _ => {}
            }
        }
        match name {
            "points" if self.compact => {
                let points: Points<Compact> = parsed(data);
                self.names.extend(points.names.iter().map(|(alias, id)| (*alias, number(id))));
                let names = std::mem::take(&mut self.names);
                self.show(&points, |row| of_compact(row, &names), now, counts);
                self.names = names;
                return;
            }
            "points" => {
                let of_plain = |row: &Plain<'_>| (number(row.id), row.value.unwrap_or(0));
                return self.show(&parsed(data), of_plain, now, counts);
            }
            "connect" => {
                let connect: Connect = serde_json::from_str(data).unwrap();
                (self.connected, self.resumed) = (true, connect.resumed);
                counts.totals.resumed += u64::from(connect.resumed);
                if connect.reset.is_some() {
                    counts.totals.reset += 1;
                    self.seen.clear();
                }
            }
            _ => {}
        }
        counts.totals.others += 1;
    }

    /// Takes an event's rows; `of_row` tells a point's number and its value.
    fn show<R>(
        &mut self,
        points: &Points<R>,
        of_row: impl Fn(&R) -> (u32, u64),
        now: u64,
        counts: &mut Counts,
    ) {
        let is_change = points.snapshot.is_none();
        let totals = &mut counts.totals;
        let mut oldest = u64::MAX;
        for row in &points.points {
            let (point, value) = of_row(row);
            match self.seen.binary_search_by_key(&point, |(point, _)| *point) {
                Ok(at) => {
                    totals.older += u64::from(value < self.seen[at].1 && value >= FIRST_STAMP);
                    self.seen[at].1 = value;
                }
                Err(at) => self.seen.insert(at, (point, value)),
            }
            if is_change && value >= FIRST_STAMP {
                oldest = oldest.min(value);
                totals.lag.add(now.saturating_sub(value));
            }
        }
        if !is_change {
            self.snapshot |= !points.more;
            totals.others += 1;
            return;
        }
        totals.frames += 1;
        totals.changes += points.points.len() as u64;
        totals.skipped += points.skipped;
        if oldest != u64::MAX {
            counts.delays_ns.push(now.saturating_sub(oldest));
        }
    }
}

fn parsed<'a, T: Deserialize<'a>>(data: &'a str) -> T {
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

fn of_compact(row: &Compact, names: &HashMap<u64, u32>) -> (u32, u64) {
    let alias = row[0].as_u64().expect("an alias is a number");
    let point = names.get(&alias).expect("an alias is declared before its use");
    (*point, row[1].as_u64().unwrap_or(0))
}

/// The number of a point.
pub(crate) fn number(id: &str) -> u32 {
    id.rsplit('/').next().and_then(|last| last.parse().ok()).expect("an id ends in a number")
}
