//! What may stand on the wire, by the letter and no wider: chunks of HTTP/1.1 and events of an event stream.
//!
//! A browser forgives much (HTML Living Standard §9.2.6); this reader forgives nothing, because what one client
//! forgives another trips over. Pure: it is fed bytes and says what is wrong with them.

use serde_json::Value as Json;

/// The body of an HTTP/1.1 answer in chunks (RFC 9112 §7.1), without extensions and without trailers.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    pending: Vec<u8>,
    /// Within a chunk: bytes of data that are still to come. At 0 its CRLF is due.
    within: Option<usize>,
    /// Whether the last chunk, of no bytes, has begun, and whether it is whole.
    last: bool,
    pub(crate) ended: bool,
}

impl Chunks {
    /// Takes in what came from the socket and adds what it carries to `body`, as far as it came.
    pub(crate) fn feed(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Result<(), String> {
        self.pending.extend_from_slice(bytes);
        while !self.pending.is_empty() {
            if self.ended {
                return Err(format!("{} bytes behind the last chunk", self.pending.len()));
            }
            let progress = match self.within {
                None => self.size()?,
                Some(0) => self.end()?,
                Some(due) => {
                    let here = due.min(self.pending.len());
                    body.extend(self.pending.drain(..here));
                    self.within = Some(due - here);
                    true
                }
            };
            if !progress {
                break;
            }
        }
        Ok(())
    }

    fn size(&mut self) -> Result<bool, String> {
        let wrong = |bytes: &[u8]| Err(format!("no chunk's size: {:?}", text(bytes)));
        let Some(end) = self.pending.windows(2).position(|pair| pair == b"\r\n") else {
            return if self.pending.len() > 16 { wrong(&self.pending) } else { Ok(false) };
        };
        let line: Vec<u8> = self.pending.drain(..end + 2).collect();
        let digits = &line[..end];
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return wrong(digits);
        }
        let size = usize::from_str_radix(&text(digits), 16).map_err(|error| error.to_string())?;
        (self.within, self.last) = (Some(size), size == 0);
        Ok(true)
    }

    fn end(&mut self) -> Result<bool, String> {
        if self.pending.len() < 2 {
            return Ok(false);
        }
        let end: Vec<u8> = self.pending.drain(..2).collect();
        if end != b"\r\n" {
            return Err(format!("no CRLF behind a chunk but {:?}", text(&end)));
        }
        (self.within, self.ended) = (None, self.last);
        Ok(true)
    }

    /// Whether it stands between two chunks.
    pub(crate) fn at_rest(&self) -> bool {
        self.pending.is_empty() && self.within.is_none()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The position that an event's `id` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) client: String,
    pub(crate) epoch: String,
    pub(crate) seq: u64,
    pub(crate) revision: u64,
}

impl Position {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("no position: {text:?}");
        let parts: Vec<&str> = text.split('.').collect();
        let [client, epoch, seq, revision] = parts.as_slice() else { return Err(wrong()) };
        let named = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic());
        let number = |part: &str| {
            let number: u64 = part.parse().map_err(|_| wrong())?;
            // One number has one text.
            if number.to_string() == part { Ok(number) } else { Err(wrong()) }
        };
        if !named(client) || !named(epoch) {
            return Err(wrong());
        }
        let (seq, revision) = (number(seq)?, number(revision)?);
        Ok(Self { client: (*client).to_owned(), epoch: (*epoch).to_owned(), seq, revision })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}", self.client, self.epoch, self.seq, self.revision)
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: Json,
    /// The data as it stood on the wire.
    pub(crate) text: String,
    pub(crate) id: Option<Position>,
    pub(crate) retry_ms: Option<u64>,
}

/// Takes the first event out of `body`, if it is whole.
pub(crate) fn take_event(body: &mut Vec<u8>) -> Result<Option<Event>, String> {
    let Some(end) = body.windows(2).position(|pair| pair == b"\n\n") else { return Ok(None) };
    let bytes: Vec<u8> = body.drain(..end + 2).collect();
    let text = String::from_utf8(bytes).map_err(|_| "an event is not UTF-8".to_owned())?;
    event(&text).map(Some).map_err(|why| format!("{why}, in the event {text:?}"))
}

/// One event: lines of `field: value`, each field once, and one blank line.
fn event(text: &str) -> Result<Event, String> {
    let lines = text.strip_suffix("\n\n").ok_or("no blank line at the end")?;
    let (mut name, mut data, mut id, mut retry_ms) = (None, None, None, None);
    for line in lines.split('\n') {
        let (field, value) = line.split_once(": ").ok_or_else(|| format!("the line {line:?}"))?;
        let place = match field {
            "event" => &mut name,
            "data" => &mut data,
            "id" => &mut id,
            "retry" => &mut retry_ms,
            _ => return Err(format!("the field {field:?}")),
        };
        if value.contains(['\r', '\0']) || value.starts_with(' ') {
            return Err(format!("the value {value:?}"));
        }
        if place.replace(value).is_some() {
            return Err(format!("{field:?} twice"));
        }
    }
    let (name, text) = (name.ok_or("no name")?, data.ok_or("no data")?);
    if retry_ms.is_some_and(|ms| ms.is_empty() || !ms.bytes().all(|b| b.is_ascii_digit())) {
        return Err("a retry that is no number".to_owned());
    }
    Ok(Event {
        name: name.to_owned(),
        data: serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?,
        text: text.to_owned(),
        id: id.map(Position::read).transpose()?,
        retry_ms: retry_ms.map(str::parse).transpose().map_err(|_| "a retry past u64")?,
    })
}

#[test]
fn a_well_formed_body_is_read_wherever_it_is_cut() {
    let events =
        "retry: 5\nevent: connect\ndata: {\"a\":\"b: c\"}\nid: c.e.1.2\n\nevent: x\ndata: {}\n\n";
    let (first, second) = events.split_at(40);
    let wire = format!("28\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\n\r\n", second.len());
    for step in 1..wire.len() {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        for bytes in wire.as_bytes().chunks(step) {
            chunks.feed(bytes, &mut body).unwrap();
        }
        assert!(chunks.ended && chunks.at_rest());
        let first = take_event(&mut body).unwrap().unwrap();
        assert_eq!((first.name.as_str(), first.retry_ms), ("connect", Some(5)));
        assert_eq!(first.id.unwrap().to_string(), "c.e.1.2");
        assert_eq!(take_event(&mut body).unwrap().unwrap().data, serde_json::json!({}));
        assert!(body.is_empty());
    }
}

#[test]
fn whatever_is_not_by_the_letter_is_refused() {
    for wire in [
        "5;x=y\r\n",
        "\r\n",
        "+5\r\nhello\r\n",
        "5\r\nhello!!",
        "0\r\nTrailer: x\r\n\r\n",
        "0\r\n\r\n0\r\n\r\n",
        "aaaaaaaaaaaaaaaaaaaaa",
    ] {
        let fed = Chunks::default().feed(wire.as_bytes(), &mut Vec::new());
        assert!(fed.is_err(), "{wire:?} was taken");
    }
    for text in [
        "event: a\ndata: {\n\n",
        "event: a\n\n",
        "data: {}\n\n",
        "event:a\ndata: {}\n\n",
        "event: a\ndata: {}\r\n\n",
        "event: a\n: comment\ndata: {}\n\n",
        "event: a\ndata: {}\ndata: {}\n\n",
        "event: a\ndata:  {}\n\n",
        "event: a\ndata: {}\nother: 1\n\n",
        "event: a\ndata: {}\nretry: 5s\n\n",
        "event: a\ndata: {}\nid: c.e.1\n\n",
        "event: a\ndata: {}\nid: c.e.01.1\n\n",
        "\u{feff}event: a\ndata: {}\n\n",
        "\nevent: a\ndata: {}\n\n",
    ] {
        let mut body = text.as_bytes().to_vec();
        assert!(take_event(&mut body).is_err(), "{text:?} was taken");
    }
}
