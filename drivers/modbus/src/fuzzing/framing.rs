//! Framing: what is cut out of a stream does not depend on the pieces it comes in, and is what stands there.

use super::Supply;
use crate::address::Table;
use crate::frame::{ReadRequest, Request};
use crate::link::ascii;
use crate::link::framer;
use crate::link::framing::{Frame, Framing};
use crate::link::mbap::{self, Splitter};

/// What a stream was cut into, and how it ended.
type Cut<T> = (Vec<T>, String);

/// Lengths of pieces that follow from a number: all at once for 0, byte by byte for 1.
fn pieces(bytes: &[u8], cuts: u8) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut state = u32::from(cuts);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        // A linear congruential generator (Numerical Recipes).
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = match cuts {
            0 => rest.len(),
            1 => 1,
            _ => usize::try_from(state >> 28).unwrap_or_default() + 1,
        };
        let (piece, left) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = left;
    }
    pieces
}

/// A stream of TCP: a byte that says how it is cut, and the stream.
pub(super) fn mbap(data: &[u8]) {
    let mut supply = Supply(data);
    let cuts = supply.byte();
    let stream = supply.rest();
    let whole = split(stream, 0);
    assert_eq!(whole, split(stream, 1), "byte by byte");
    assert_eq!(whole, split(stream, cuts), "cut by {cuts}");
    let (frames, ended) = whole;
    // Frames stand one behind the other from the first byte on.
    let mut at = stream;
    for (transaction, unit, pdu) in &frames {
        assert!((1..=253).contains(&pdu.len()), "{} bytes of PDU", pdu.len());
        assert_eq!(mbap::begins_frame(at), Some(*transaction));
        let [high, low] = transaction.to_be_bytes();
        let length = u8::try_from(pdu.len() + 1).unwrap_or_default();
        let frame = [&[high, low, 0, 0, 0, length, *unit][..], pdu].concat();
        assert!(at.starts_with(&frame), "{frame:02X?} does not stand there");
        at = at.get(frame.len()..).unwrap_or_default();
    }
    let mut splitter = Splitter::default();
    splitter.push(at);
    let is_lost = ended.contains("out of step");
    assert!(!is_lost || !mbap::may_begin_frame(at), "{ended}");
    // Of a header that is cut, it may tell earlier.
    assert!(is_lost || mbap::may_begin_frame(at) || at.len() < 6, "{ended}");
    assert_eq!(splitter.is_unfinished(), !at.is_empty());
}

/// Transaction, unit and PDU of each.
fn split(stream: &[u8], cuts: u8) -> Cut<(u16, u8, Vec<u8>)> {
    let (mut splitter, mut frames) = (Splitter::default(), Vec::new());
    for piece in pieces(stream, cuts) {
        splitter.push(piece);
        loop {
            match splitter.next() {
                Ok(Some(mbap::Frame { transaction, unit, pdu })) => {
                    frames.push((transaction, unit, pdu.to_vec()));
                }
                Ok(None) => break,
                Err(lost) => return (frames, lost.to_string()),
            }
            assert!(splitter.skip().is_ok(), "a frame that is there cannot be taken out");
        }
    }
    (frames, format!("unfinished: {}", splitter.is_unfinished()))
}

/// A line in RTU.
pub(super) fn rtu(data: &[u8]) {
    let Line { first, echo, .. } = line::<framer::Framer>(data);
    let (stream, frames) = first;
    // From the first byte on, an echo apart, frames stand one behind the other.
    let mut at = echo.and_then(|echo| stream.strip_prefix(&*echo)).unwrap_or(stream);
    for Frame { unit, pdu } in &frames {
        let body = [&[*unit][..], pdu].concat();
        let frame = [&body[..], &crc(&body)].concat();
        assert!(at.starts_with(&frame), "{frame:02X?} does not stand there");
        assert!(frame.len() <= 256, "{} bytes", frame.len());
        at = at.get(frame.len()..).unwrap_or_default();
    }
}

/// A line in ASCII.
pub(super) fn ascii(data: &[u8]) {
    let Line { first: (stream, frames), .. } = line::<ascii::Framer>(data);
    let mut at = stream.to_ascii_uppercase();
    for Frame { unit, pdu } in &frames {
        assert!((1..=253).contains(&pdu.len()), "{} bytes of PDU", pdu.len());
        let body = [&[*unit][..], pdu].concat();
        let sum = body.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let check = u8::try_from((256 - sum % 256) % 256).unwrap_or_default();
        let digits: String =
            body.iter().chain([&check]).map(|byte| format!("{byte:02X}")).collect();
        let frame = format!(":{digits}\r\n").into_bytes();
        let found = at.windows(frame.len()).position(|window| window == frame);
        assert!(found.is_some(), "{frame:?} does not stand there");
        at.drain(..found.unwrap_or_default() + frame.len());
    }
}

/// The bytes before the first silence and what was cut out of them, and what was waited for as an echo.
struct Line<'a> {
    first: (&'a [u8], Vec<Frame>),
    echo: Option<Vec<u8>>,
}

/// How the stream is cut, whether an echo may come, where the silence is, and the stream.
fn line<F: Framing>(data: &[u8]) -> Line<'_> {
    let mut supply = Supply(data);
    let (cuts, flags, silence_at) = (supply.byte(), supply.byte(), usize::from(supply.byte()));
    let stream = supply.rest();
    let request = ReadRequest { unit: 1, table: Table::HoldingRegisters, first: 0, quantity: 1 };
    let request = Request::from(request);
    let echo = (flags & 1 == 1).then(|| F::encode(1, |frame| request.put_pdu(frame)));
    let (before, after) = stream.split_at(silence_at.min(stream.len()));
    let run = |cuts| {
        let mut framer = F::default();
        if let Some(echo) = &echo {
            framer.sent(echo);
        }
        let (first, mut garbled) = drain(&mut framer, before, cuts);
        let had_echo = framer.has_echoed();
        let unfinished = framer.silence();
        assert!(framer.is_clear(), "after a silence nothing is held");
        assert_eq!(framer.next(), None, "after a silence nothing comes of what was before");
        let (second, more) = drain(&mut framer, after, cuts);
        garbled |= more;
        (first, second, (had_echo, unfinished, garbled, framer.is_clear()))
    };
    let whole = run(0);
    assert_eq!(whole, run(1), "byte by byte");
    assert_eq!(whole, run(cuts), "cut by {cuts}");
    // What comes after a silence is what would have come without anything before it.
    let mut fresh = F::default();
    assert_eq!(whole.1, drain(&mut fresh, after, 0).0, "a silence ends everything");
    let (first, _, (had_echo, ..)) = whole;
    assert!(!had_echo || echo.is_some());
    Line { first: (before, first), echo: echo.filter(|_| had_echo) }
}

/// What is cut out of the pieces of a stream, and whether anything was thrown away.
fn drain<F: Framing>(framer: &mut F, stream: &[u8], cuts: u8) -> (Vec<Frame>, bool) {
    let (mut frames, mut garbled) = (Vec::new(), false);
    for piece in pieces(stream, cuts) {
        framer.push(piece);
        frames.extend(std::iter::from_fn(|| framer.next()));
        garbled |= framer.garbled();
    }
    (frames, garbled)
}

/// The check sum bit by bit, as Modbus over Serial Line V1.02 §6.2.2 tells it.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let falls_out = sum & 1 == 1;
            sum >>= 1;
            if falls_out {
                sum ^= 0xA001;
            }
        }
    }
    sum.to_le_bytes()
}
