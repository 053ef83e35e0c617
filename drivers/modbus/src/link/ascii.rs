//! Frames of Modbus ASCII in a stream of characters. Modbus over Serial Line V1.02 §2.5.2 and §6.2.1.
//!
//! A colon, two digits for each byte, the check sum's last, then CR and LF. A colon always begins a frame,
//! and ends one that was begun, unfinished. Any other character that cannot stand where it does spoils the
//! frame, and nothing counts until the next colon: no frame is ever looked for in the middle of another.
//! Digits are `0` to `9` and `A` to `F`; lower case, which some devices send, means the same, so that a flip
//! between them changes no value. Parity's bit is the port's business: a character above 127 is none.
//!
//! **The bound:** the check sum is a sum of eight bits. Two flips that cancel each other, one up and one down,
//! pass it; the parity of each character is what tells of them.

use super::framing::{Frame, Framing};

/// Most bytes between colon and CR: unit, 253 of the PDU, check sum (§2.5.2.1).
const MAX_BYTES: usize = 255;

/// Fewest: unit, function, check sum.
const MIN_BYTES: usize = 3;

/// ASCII's framing.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    state: State,
    bytes: Vec<u8>,
    /// Frames that are whole and were not taken yet, no more than one piece can hold.
    whole: std::collections::VecDeque<Frame>,
    /// What was sent, while it may come back.
    echo: Option<Frame>,
    has_echoed: bool,
    garbled: bool,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A colon.
    #[default]
    Outside,
    /// The first digit of a byte, or CR.
    High,
    /// The second digit of a byte that begins with this one.
    Low(u8),
    /// LF.
    End,
}

impl Framing for Framer {
    fn encode(unit: u8, put_pdu: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = vec![unit];
        put_pdu(&mut bytes);
        bytes.push(lrc(&bytes));
        let mut frame = Vec::with_capacity(2 * bytes.len() + 3);
        frame.push(b':');
        frame.extend(bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]).map(digit));
        frame.extend(b"\r\n");
        frame
    }

    fn sent(&mut self, request: &[u8]) {
        let mut own = Self::default();
        own.push(request);
        self.echo = own.next();
        self.has_echoed = false;
    }

    fn has_echoed(&self) -> bool {
        self.has_echoed
    }

    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.take(*byte);
        }
    }

    fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.whole.pop_front()?;
            match self.echo.take() {
                Some(echo) if echo == frame => self.has_echoed = true,
                Some(_) | None => return Some(frame),
            }
        }
    }

    fn is_clear(&self) -> bool {
        self.state == State::Outside
    }

    fn silence(&mut self) -> bool {
        let unfinished = !self.is_clear();
        self.state = State::Outside;
        self.bytes.clear();
        self.echo = None;
        unfinished
    }

    fn garbled(&mut self) -> bool {
        std::mem::take(&mut self.garbled)
    }
}

impl Framer {
    fn take(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (state, b':') => {
                self.garbled |= state != State::Outside;
                self.bytes.clear();
                State::High
            }
            (State::High, b'\r') => State::End,
            (State::High, _) => nibble(byte).map_or_else(|| self.spoil(), State::Low),
            (State::Low(high), _) if self.bytes.len() < MAX_BYTES => match nibble(byte) {
                Some(low) => {
                    self.bytes.push(high << 4 | low);
                    State::High
                }
                None => self.spoil(),
            },
            (State::End, b'\n') => self.end(),
            (State::Outside | State::Low(_) | State::End, _) => self.spoil(),
        };
    }

    /// A frame is there, if its check sum is right.
    fn end(&mut self) -> State {
        match self.bytes.as_slice() {
            bytes @ [unit, pdu @ .., _] if bytes.len() >= MIN_BYTES && lrc(bytes) == 0 => {
                self.whole.push_back(Frame { unit: *unit, pdu: pdu.to_vec() });
                self.bytes.clear();
                State::Outside
            }
            _ => self.spoil(),
        }
    }

    fn spoil(&mut self) -> State {
        self.bytes.clear();
        self.garbled = true;
        State::Outside
    }
}

/// The check sum (§6.2.1): what makes the sum of all bytes zero.
fn lrc(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

/// What a digit is worth.
fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}

#[cfg(test)]
mod tests;
