//! Frames of Modbus TCP in a stream of bytes. Messaging on TCP/IP Implementation Guide V1.0b §3.1.3.
//!
//! Header: transaction (2 bytes), protocol 0 (2), length of unit and PDU (2), unit (1). A header that
//! cannot be means that the stream is out of step, and no later byte can be trusted.

use super::Lost;
use crate::frame::{Request, WireSize};

/// Transaction, protocol and length: what comes before the part that the length counts.
const PREFIX_BYTES: usize = 6;

/// The prefix, the unit and the function: what tells the begin of a reply.
const HEAD_BYTES: usize = 8;

const EXCEPTION_FLAG: u8 = 0x80;

/// Function and code.
const EXCEPTION_PDU_BYTES: usize = 2;

/// What the length may say: unit and function at least, unit and 253 bytes of PDU at most.
const LENGTHS: std::ops::RangeInclusive<u16> = 2..=254;

/// A whole frame, where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) pdu: &'a [u8],
}

impl Frame<'_> {
    fn bytes(&self) -> usize {
        PREFIX_BYTES + 1 + self.pdu.len()
    }
}

/// Puts the bytes of a request behind what `frames` holds.
pub(crate) fn put(frames: &mut Vec<u8>, transaction: u16, request: &Request) {
    frames.extend(transaction.to_be_bytes());
    frames.extend([0, 0]);
    // No PDU is longer than 253 bytes.
    let length = u16::try_from(1 + request.request_pdu_bytes()).unwrap_or(u16::MAX);
    frames.extend(length.to_be_bytes());
    frames.push(request.unit());
    request.put_pdu(frames);
}

/// What the reply to a request begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) transaction: u16,
    reply: [u8; HEAD_BYTES],
    exception: [u8; HEAD_BYTES],
}

impl Head {
    pub(crate) fn of(transaction: u16, request: &Request) -> Self {
        let [high, low] = transaction.to_be_bytes();
        let head = |function, pdu_bytes: usize| {
            // Unit and PDU; no PDU is longer than 253 bytes.
            let [_, length] = u16::try_from(1 + pdu_bytes).unwrap_or(u16::MAX).to_be_bytes();
            [high, low, 0, 0, 0, length, request.unit(), function]
        };
        let function = request.function();
        Self {
            transaction,
            reply: head(function, request.reply_pdu_bytes()),
            exception: head(function | EXCEPTION_FLAG, EXCEPTION_PDU_BYTES),
        }
    }

    /// Whether `bytes` end with the begin of that reply, short of its whole head.
    pub(crate) fn is_begun_by_end_of(&self, bytes: &[u8]) -> bool {
        let ends_with = |begin: &[u8]| bytes.ends_with(begin);
        // Both begin alike but for the length and the function, which come last.
        let heads = [&self.reply, &self.exception];
        let begins = heads.into_iter().flat_map(|head| (1..HEAD_BYTES).map(|it| head.get(..it)));
        begins.flatten().any(ends_with)
    }

    /// Whether `bytes` begin as that reply does, as far as they are there.
    pub(crate) fn begins(&self, bytes: &[u8]) -> bool {
        match bytes.first_chunk::<HEAD_BYTES>() {
            Some(seen) => *seen == self.reply || *seen == self.exception,
            None => self.reply.starts_with(bytes) || self.exception.starts_with(bytes),
        }
    }
}

/// Cuts a stream of bytes into frames, whatever pieces it comes in.
///
/// Holds less than one frame and one piece.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    buffer: Vec<u8>,
    /// So many of its bytes were taken out.
    taken: usize,
}

impl Splitter {
    /// Where the next bytes, at most `most` of them, are to be put.
    pub(crate) fn room(&mut self, most: usize) -> &mut Vec<u8> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.reserve(most);
        &mut self.buffer
    }

    /// Takes in the next bytes.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).extend_from_slice(bytes);
    }

    /// What was not taken out.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    /// Whether part of a frame is held.
    pub(crate) fn is_unfinished(&self) -> bool {
        !self.rest().is_empty()
    }

    /// Whether what follows `frame`, the next one, can be the begin of another one.
    ///
    /// If not, that frame was filled up with bytes of something else.
    pub(crate) fn is_in_step(&self, frame: &Frame<'_>) -> bool {
        may_begin_frame(self.behind(frame))
    }

    /// What `frame`, the next one, is among replies to several requests; `known` says whether bytes begin another one
    /// of them.
    pub(crate) fn among(&self, frame: &Frame<'_>, known: impl Fn(&[u8]) -> bool) -> Among {
        let behind = self.behind(frame);
        if !behind.is_empty() && !known(behind) {
            return Among::OutOfStep;
        }
        let end = self.rest().len().min(frame.bytes() + HEAD_BYTES - 1);
        let within = self.rest().get(1..end).unwrap_or_default();
        if may_hold_head(within) && within.windows(HEAD_BYTES).any(known) {
            return Among::OutOfStep;
        }
        if (1..HEAD_BYTES).contains(&behind.len()) { Among::Undecided } else { Among::InStep }
    }

    fn behind(&self, frame: &Frame<'_>) -> &[u8] {
        self.rest().get(frame.bytes()..).unwrap_or_default()
    }

    /// The next whole frame, or `None` until more bytes come. It is the next until it is [taken out](Self::skip).
    ///
    /// # Errors
    /// [`Lost::OutOfStep`] for a header that cannot be.
    pub(crate) fn next(&self) -> Result<Option<Frame<'_>>, Lost> {
        let Some((prefix, rest)) = self.rest().split_first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let [high, low, protocol @ .., length_high, length_low] = *prefix;
        let length = u16::from_be_bytes([length_high, length_low]);
        if protocol != [0, 0] {
            let what = format!("protocol {:#06X} instead of 0", u16::from_be_bytes(protocol));
            return Err(Lost::OutOfStep { what });
        }
        if !LENGTHS.contains(&length) {
            return Err(Lost::OutOfStep { what: format!("a frame of {length} bytes") });
        }
        let Some(([unit, pdu @ ..], _)) = rest.split_at_checked(usize::from(length)) else {
            return Ok(None);
        };
        let transaction = u16::from_be_bytes([high, low]);
        Ok(Some(Frame { transaction, unit: *unit, pdu }))
    }

    /// Takes out the next frame, if it is there.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub(crate) fn skip(&mut self) -> Result<(), Lost> {
        let bytes = self.next()?.map_or(0, |frame| frame.bytes());
        self.taken += bytes;
        Ok(())
    }
}

/// What a frame is that came while other replies are awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among {
    /// Whole: what follows begins one of the others, or nothing follows.
    InStep,
    /// Too little of what follows is there to tell.
    Undecided,
    /// Filled up with bytes of another one.
    OutOfStep,
}

/// Whether a head may lie anywhere in `bytes`, by the three zeros in it and the length behind them. Most replies
/// need not be looked at more closely, and this takes next to no time.
fn may_hold_head(bytes: &[u8]) -> bool {
    let (Some(count), from) =
        (bytes.len().checked_sub(HEAD_BYTES - 1), |at: usize| bytes.get(at..).unwrap_or_default())
    else {
        return false;
    };
    let cut = |at: usize| from(at).get(..count).unwrap_or_default();
    // Only where all of it is there: the next reply's own head, cut off, is none within. And no short cut: whole
    // vectors of bytes are compared at once.
    let places = cut(2).iter().zip(cut(3)).zip(cut(4)).zip(cut(5));
    let held = |found: u8, (((a, b), c), length): (((&u8, &u8), &u8), &u8)| {
        found | u8::from((a | b | c) == 0) & u8::from(*length != 0)
    };
    places.fold(0, held) != 0
}

/// Whether `bytes`, as far as they are there, can be the begin of a frame.
pub(crate) fn may_begin_frame(bytes: &[u8]) -> bool {
    match bytes {
        [_, _, 0, 0, high, low, ..] => LENGTHS.contains(&u16::from_be_bytes([*high, *low])),
        [] | [_] | [_, _] | [_, _, 0] | [_, _, 0, 0] | [_, _, 0, 0, 0] => true,
        _ => false,
    }
}

/// The transaction of the frame that `piece` begins with, if it looks like one.
pub(crate) fn begins_frame(piece: &[u8]) -> Option<u16> {
    match piece {
        [high, low, 0, 0, length_high, length_low, _, _, ..] => {
            let length = u16::from_be_bytes([*length_high, *length_low]);
            LENGTHS.contains(&length).then(|| u16::from_be_bytes([*high, *low]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
