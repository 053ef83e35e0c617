//! Frames of Modbus RTU in a stream of bytes. Modbus over Serial Line V1.02 §2.5.1.
//!
//! A frame is read from the first byte on, by the length that its function implies, and counts only with
//! the right check sum. Bytes that cannot be a frame spoil everything up to the next silence: no frame is
//! ever looked for in the middle of something else. Two whole frames without silence between them are two
//! frames.

use super::framing::{Frame, Framing};
use crate::crc;

/// Most content of one frame: 256 bytes less unit, function, count and check sum (§2.5.1).
const MAX_COUNT: u8 = 251;

/// Exceptions and fixed replies: unit, function, code or status, check sum; a write's echo.
const EXCEPTION_BYTES: usize = 5;
const WRITE_ECHO_BYTES: usize = 8;
const MASK_ECHO_BYTES: usize = 10;

/// RTU's framing.
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

impl Framing for Framer {
    fn encode(unit: u8, put_pdu: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut frame = vec![unit];
        put_pdu(&mut frame);
        let sum = crc::crc(&frame);
        frame.extend(sum);
        frame
    }

    fn sent(&mut self, request: &[u8]) {
        self.echo = Some(request.to_vec());
        self.has_echoed = false;
    }

    fn has_echoed(&self) -> bool {
        self.has_echoed
    }

    fn push(&mut self, bytes: &[u8]) {
        if !self.spoiled {
            self.buffer.extend_from_slice(bytes);
        }
    }

    fn is_clear(&self) -> bool {
        self.buffer.is_empty() && !self.spoiled
    }

    fn silence(&mut self) -> bool {
        let unfinished = !self.is_clear();
        self.buffer.clear();
        self.spoiled = false;
        self.echo = None;
        unfinished
    }

    /// Never: what is no frame is held until the next silence.
    fn garbled(&mut self) -> bool {
        false
    }

    fn next(&mut self) -> Option<Frame> {
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
}

impl Framer {
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
        [_, 7 | 0x81..=0xFF, ..] => Length::Known(EXCEPTION_BYTES),
        [_, 5 | 6 | 15 | 16, ..] => Length::Known(WRITE_ECHO_BYTES),
        [_, 22, ..] => Length::Known(MASK_ECHO_BYTES),
        _ => Length::Impossible,
    }
}

#[cfg(test)]
mod tests;
