//! One write's bytes: what was gathered of a stream, as HTTP/1.x frames it (RFC 9112, sections 4 and 7.1).
//!
//! The body is written behind room for a chunk's head, so that nothing is copied to frame it.

use std::time::SystemTime;

use httpdate::fmt_http_date;

use crate::http::stream::EVENT_STREAM;
use crate::stream::Outgoing;

/// Digits of a chunk's size, at most.
const DIGITS: usize = 8;

/// The size and the end of its line.
const ROOM: usize = DIGITS + 2;

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Framing {
    /// HTTP/1.1: chunks, and one of no bytes at the end.
    Chunks,
    /// HTTP/1.0: by the end of the connection.
    UntilClosed,
}

/// One buffer for all streams, one after the other.
#[derive(Debug)]
pub(super) struct Piece {
    out: Outgoing,
}

impl Piece {
    pub(super) fn new() -> Self {
        let mut out = Outgoing::default();
        out.bytes.resize(ROOM, 0);
        Self { out }
    }

    /// Begins anew, with no body yet.
    pub(super) fn clear(&mut self) {
        self.out.bytes.truncate(ROOM);
    }

    /// Where the body is to be written, behind what it holds already.
    pub(super) fn body(&mut self) -> &mut Outgoing {
        &mut self.out
    }

    /// Bytes of body so far.
    pub(super) fn body_len(&self) -> usize {
        self.out.bytes.len().saturating_sub(ROOM)
    }

    /// The bytes to be sent: the answer's head, if it is due, with the time it is made; the body, if there is any; and the
    /// body's end, if this is the last of it.
    pub(super) fn sealed(
        &mut self,
        framing: Framing,
        head: Option<SystemTime>,
        last: bool,
    ) -> &[u8] {
        let mut start = ROOM;
        if framing == Framing::Chunks {
            if self.body_len() > 0 {
                start = self.put_size();
                self.out.bytes.extend_from_slice(b"\r\n");
            }
            if last {
                self.out.bytes.extend_from_slice(b"0\r\n\r\n");
            }
        }
        if let Some(now) = head {
            self.out.bytes.splice(..start, answer_head(framing, now).into_bytes());
            start = 0;
        }
        self.out.bytes.get(start..).unwrap_or_default()
    }

    /// Writes the chunk's size right in front of the body, and says where it begins.
    fn put_size(&mut self) -> usize {
        let (mut rest, mut start) = (self.body_len(), DIGITS);
        for digit in self.out.bytes.iter_mut().take(DIGITS).rev() {
            *digit = b"0123456789abcdef".get(rest % 16).copied().unwrap_or_default();
            rest /= 16;
            start -= 1;
            if rest == 0 {
                break;
            }
        }
        if let Some(end) = self.out.bytes.get_mut(DIGITS..ROOM) {
            end.copy_from_slice(b"\r\n");
        }
        start
    }
}

/// The fields are those of the same answer by way of the router, and that the connection is of no further use.
fn answer_head(framing: Framing, now: SystemTime) -> String {
    let (version, coding) = match framing {
        Framing::Chunks => ("HTTP/1.1", "transfer-encoding: chunked\r\n"),
        Framing::UntilClosed => ("HTTP/1.0", ""),
    };
    let fields: String =
        EVENT_STREAM.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let date = fmt_http_date(now);
    format!("{version} 200 OK\r\n{fields}connection: close\r\n{coding}date: {date}\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sealed(framing: Framing, head: bool, last: bool, body: &str) -> String {
        let mut piece = Piece::new();
        let head = head.then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        for _ in 0..2 {
            piece.clear();
            piece.body().bytes.extend_from_slice(body.as_bytes());
            piece.sealed(framing, head, last);
        }
        piece.clear();
        piece.body().bytes.extend_from_slice(body.as_bytes());
        String::from_utf8(piece.sealed(framing, head, last).to_vec()).unwrap()
    }

    // Frozen: clients read these bytes.
    #[test]
    fn the_head_on_the_wire() {
        assert_eq!(
            sealed(Framing::Chunks, true, false, "event: a\n\n"),
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
             cache-control: no-store, no-transform\r\nx-accel-buffering: no\r\n\
             connection: close\r\ntransfer-encoding: chunked\r\n\
             date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\na\r\nevent: a\n\n\r\n"
        );
        assert_eq!(
            sealed(Framing::UntilClosed, true, true, "event: a\n\n"),
            "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\
             cache-control: no-store, no-transform\r\nx-accel-buffering: no\r\n\
             connection: close\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nevent: a\n\n"
        );
    }

    #[test]
    fn chunks_on_the_wire() {
        let chunk = |last, body: &str| sealed(Framing::Chunks, false, last, body);
        assert_eq!(chunk(false, "event: a\n\n"), "a\r\nevent: a\n\n\r\n");
        assert_eq!(chunk(true, "event: a\n\n"), "a\r\nevent: a\n\n\r\n0\r\n\r\n");
        assert_eq!(chunk(true, ""), "0\r\n\r\n");
        assert_eq!(chunk(false, ""), "");
        let large = chunk(false, &"x".repeat(0xfedc0));
        assert!(large.starts_with("fedc0\r\nxx") && large.ends_with("xx\r\n"), "{}", large.len());
        assert_eq!(sealed(Framing::UntilClosed, false, false, "event: a\n\n"), "event: a\n\n");
        assert_eq!(sealed(Framing::UntilClosed, false, true, ""), "");
    }
}
