//! Frames of Modbus RTU in a stream of bytes. Modbus over Serial Line V1.02 §2.5.1.
//!
//! A frame is read from the first byte on, by the length that its function implies, and counts only with
//! the right check sum. Bytes that cannot be a frame spoil everything up to the next silence: no frame is
//! ever looked for in the middle of something else. Two whole frames without silence between them are two
//! frames. The framer knows no clock; whoever reads the line tells it of silence.

use crate::crc;
use crate::line::MAX_FRAME_BYTES;

/// Most content of one frame: 256 bytes less unit, function, count and check sum (§2.5.1).
const MAX_COUNT: u8 = 251;

/// Exceptions and fixed replies in characters: unit, function, code, check sum; a write's echo.
const EXCEPTION_BYTES: usize = 5;
const WRITE_ECHO_BYTES: usize = 8;
const MASK_ECHO_BYTES: usize = 10;

/// A whole frame with the right check sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) unit: u8,
    pub(crate) pdu: Vec<u8>,
}

/// Cuts what a line carries into frames, whatever pieces it comes in.
///
/// Holds less than one frame and one piece.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    buffer: Vec<u8>,
    spoiled: bool,
    /// What was sent, while it may come back.
    echo: Option<Vec<u8>>,
    has_echoed: bool,
}

enum Length {
    Known(usize),
    NotYet,
    Impossible,
}

impl Framer {
    /// `request` goes out now: some two-wire adapters hand it back to their sender before the reply.
    ///
    /// An echo is told from a reply before anything else is, for by accident a request can have a reply's
    /// shape and check sum.
    pub(crate) fn sent(&mut self, request: &[u8]) {
        self.echo = Some(request.to_vec());
        self.has_echoed = false;
    }

    /// Whether the newest request that it was told of came back.
    pub(crate) fn has_echoed(&self) -> bool {
        self.has_echoed
    }

    /// Takes in the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if !self.spoiled {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether nothing unfinished is held.
    pub(crate) fn is_clear(&self) -> bool {
        self.buffer.is_empty() && !self.spoiled
    }

    /// The line was silent: what is unfinished never becomes a frame. Whether anything was.
    pub(crate) fn silence(&mut self) -> bool {
        let unfinished = !self.is_clear();
        self.buffer.clear();
        self.spoiled = false;
        self.echo = None;
        unfinished
    }

    /// The next whole frame, or `None` until more bytes or a silence come.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        if !self.is_past_echo() {
            return None;
        }
        let length = match length(&self.buffer) {
            Length::Known(length) => length,
            Length::NotYet => return None,
            Length::Impossible => return self.spoil(),
        };
        let bytes = self.buffer.get(..length)?;
        let [unit, pdu @ .., _, _] = bytes else { return self.spoil() };
        if !crc::is_whole(bytes) {
            return self.spoil();
        }
        let frame = Frame { unit: *unit, pdu: pdu.to_vec() };
        self.buffer.drain(..length);
        Some(frame)
    }

    /// Whether what is held is no echo, or none any more; waits while it may become one.
    fn is_past_echo(&mut self) -> bool {
        let Some(echo) = &self.echo else { return true };
        if self.buffer.starts_with(echo) {
            self.buffer.drain(..echo.len());
            self.echo = None;
            self.has_echoed = true;
            return true;
        }
        let may_become_one = echo.starts_with(&self.buffer);
        if !may_become_one {
            self.echo = None;
        }
        !may_become_one
    }

    fn spoil(&mut self) -> Option<Frame> {
        self.buffer.clear();
        self.spoiled = true;
        None
    }
}

/// How long the frame is that begins with `bytes`, check sum included.
fn length(bytes: &[u8]) -> Length {
    match bytes {
        [] | [_] | [_, 1..=4 | 23] => Length::NotYet,
        [_, 1..=4 | 23, 1..=MAX_COUNT, ..] => {
            let count = bytes.get(2).copied().unwrap_or_default();
            Length::Known(usize::from(count) + 5)
        }
        [_, 0x81..=0xFF, ..] => Length::Known(EXCEPTION_BYTES),
        [_, 5 | 6 | 15 | 16, ..] => Length::Known(WRITE_ECHO_BYTES),
        [_, 22, ..] => Length::Known(MASK_ECHO_BYTES),
        _ => Length::Impossible,
    }
}

const _: () = assert!(MAX_COUNT as usize + 5 == MAX_FRAME_BYTES);

#[cfg(test)]
mod tests;
