//! Frames of Modbus TCP in a stream of bytes. Messaging on TCP/IP Implementation Guide V1.0b §3.1.3.
//!
//! Header: transaction (2 bytes), protocol 0 (2), length of unit and PDU (2), unit (1). A header that
//! cannot be means that the stream is out of step, and no later byte can be trusted.

use super::Lost;
use crate::frame::{Request, WireSize};

/// Transaction, protocol and length: what comes before the part that the length counts.
const PREFIX_BYTES: usize = 6;

/// What the length may say: unit and function at least, unit and 253 bytes of PDU at most.
const LENGTHS: std::ops::RangeInclusive<u16> = 2..=254;

/// A whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) pdu: Vec<u8>,
}

/// The bytes of a request.
pub(crate) fn encode(transaction: u16, request: &Request) -> Vec<u8> {
    let length = 1 + request.request_pdu_bytes();
    let mut frame = Vec::with_capacity(PREFIX_BYTES + length);
    frame.extend(transaction.to_be_bytes());
    frame.extend([0, 0]);
    // No PDU is longer than 253 bytes.
    frame.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    frame.push(request.unit());
    request.put_pdu(&mut frame);
    frame
}

/// Cuts a stream of bytes into frames, whatever pieces it comes in.
///
/// Holds less than one frame and one piece.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    buffer: Vec<u8>,
}

impl Splitter {
    /// Takes in the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether part of a frame is held.
    pub(crate) fn is_unfinished(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Whether what follows the last frame can be the begin of another one.
    ///
    /// If not, the last frame was filled up with bytes of something else.
    pub(crate) fn is_in_step(&self) -> bool {
        match self.buffer.as_slice() {
            [_, _, 0, 0, high, low, ..] => LENGTHS.contains(&u16::from_be_bytes([*high, *low])),
            [] | [_] | [_, _] | [_, _, 0] | [_, _, 0, 0] | [_, _, 0, 0, 0] => true,
            _ => false,
        }
    }

    /// The next whole frame, or `None` until more bytes come.
    ///
    /// # Errors
    /// [`Lost::OutOfStep`] for a header that cannot be.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Lost> {
        let Some((prefix, rest)) = self.buffer.split_first_chunk::<PREFIX_BYTES>() else {
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
        let frame = Frame { transaction, unit: *unit, pdu: pdu.to_vec() };
        self.buffer.drain(..PREFIX_BYTES + usize::from(length));
        Ok(Some(frame))
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
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::frame::{ReadRequest, Write, WriteRequest};
    use proptest::prelude::*;

    /// The guide's example (§3.1.3): read register 5 of unit 0xFF. Do not change this test.
    #[test]
    fn request_bytes_are_frozen() {
        let request =
            ReadRequest { unit: 0xFF, table: Table::HoldingRegisters, first: 4, quantity: 1 };
        assert_eq!(
            encode(0x1501, &request.into()),
            [0x15, 0x01, 0x00, 0x00, 0x00, 0x06, 0xFF, 0x03, 0x00, 0x04, 0x00, 0x01]
        );
        // The application protocol's example of function 16 (§6.12) in the same frame.
        let write = Write::Registers(vec![0x000A, 0x0102]);
        let request = WriteRequest { unit: 0x11, first: 1, write };
        assert_eq!(
            encode(0x1502, &request.into()),
            [
                0x15, 0x02, 0x00, 0x00, 0x00, 0x0B, 0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00,
                0x0A, 0x01, 0x02
            ]
        );
    }

    fn frames(pieces: &[&[u8]]) -> Result<Vec<Frame>, String> {
        let mut splitter = Splitter::default();
        let mut frames = Vec::new();
        for piece in pieces {
            splitter.push(piece);
            while let Some(frame) = splitter.next().map_err(|lost| lost.to_string())? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    #[test]
    fn a_header_that_cannot_be_is_out_of_step() {
        let whole = [0, 1, 0, 0, 0, 3, 9, 0x83, 2];
        let frame = Frame { transaction: 1, unit: 9, pdu: vec![0x83, 2] };
        assert_eq!(frames(&[&whole]), Ok(vec![frame]));
        assert!(frames(&[&[0, 1, 0, 1, 0, 3]]).is_err());
        assert!(frames(&[&[0, 1, 1, 0, 0, 3]]).is_err());
        for length in [0_u16, 1, 255, 0xFFFF] {
            let [high, low] = length.to_be_bytes();
            assert!(frames(&[&[0, 1, 0, 0, high, low]]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_follows_a_frame_tells_whether_it_was_one() {
        let whole = [0, 1, 0, 0, 0, 3, 9, 0x83, 2];
        for (after, in_step) in [
            (&[][..], true),
            (&[9, 9, 0], true),
            (&[9, 9, 0, 0, 0, 254], true),
            (&[9, 9, 1], false),
            (&[9, 9, 0, 1], false),
            (&[9, 9, 0, 0, 1], false),
            (&[9, 9, 0, 0, 0, 1], false),
            (&[9, 9, 0, 0, 0, 255], false),
        ] {
            let mut splitter = Splitter::default();
            splitter.push(&[&whole, after].concat());
            assert!(splitter.next().unwrap().is_some());
            assert_eq!(splitter.is_in_step(), in_step, "{after:?}");
            assert_eq!(splitter.is_unfinished(), !after.is_empty());
        }
        assert_eq!(begins_frame(&whole), Some(1));
        assert_eq!(begins_frame(&whole[..7]), None);
        assert_eq!(begins_frame(&whole[1..]), None);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(
            sent in proptest::collection::vec(
                (any::<u16>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 1..=253)), 0..6),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        ) {
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for (transaction, unit, pdu) in sent {
                stream.extend(transaction.to_be_bytes());
                stream.extend([0, 0]);
                stream.extend(u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
                stream.push(unit);
                stream.extend(&pdu);
                expected.push(Frame { transaction, unit, pdu });
            }
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            ends.sort_unstable();
            let mut from = 0;
            let mut pieces = Vec::new();
            for end in ends.into_iter().chain([stream.len()]) {
                pieces.push(&stream[from..end]);
                from = end;
            }
            prop_assert_eq!(frames(&pieces), Ok(expected));
        }

        #[test]
        fn any_bytes_are_frames_or_out_of_step(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = frames(&[&bytes]);
        }
    }
}
