use super::*;
use crate::address::Table;
use crate::frame::{ReadRequest, Write, WriteRequest};
use crate::testing::pieces;
use proptest::prelude::*;

/// The guide's example (§3.1.3): read register 5 of unit 0xFF. Do not change this test.
#[test]
fn request_bytes_are_frozen() {
    let request = ReadRequest { unit: 0xFF, table: Table::HoldingRegisters, first: 4, quantity: 1 };
    let encode = |transaction, request: Request| {
        let mut frame = Vec::new();
        put(&mut frame, transaction, &request);
        frame
    };
    assert_eq!(
        encode(0x1501, request.into()),
        [0x15, 0x01, 0x00, 0x00, 0x00, 0x06, 0xFF, 0x03, 0x00, 0x04, 0x00, 0x01]
    );
    // The application protocol's example of function 16 (§6.12) in the same frame.
    let write = Write::Registers(vec![0x000A, 0x0102]);
    let request = WriteRequest { unit: 0x11, first: 1, write };
    assert_eq!(
        encode(0x1502, request.into()),
        [
            0x15, 0x02, 0x00, 0x00, 0x00, 0x0B, 0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00,
            0x0A, 0x01, 0x02
        ]
    );
}

/// Transaction, unit and PDU of each.
fn frames(pieces: &[&[u8]]) -> Result<Vec<(u16, u8, Vec<u8>)>, String> {
    let mut splitter = Splitter::default();
    let mut frames = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        while let Some(Frame { transaction, unit, pdu }) =
            splitter.next().map_err(|lost| lost.to_string())?
        {
            frames.push((transaction, unit, pdu.to_vec()));
            splitter.skip().map_err(|lost| lost.to_string())?;
        }
    }
    Ok(frames)
}

#[test]
fn a_header_that_cannot_be_is_out_of_step() {
    let whole = [0, 1, 0, 0, 0, 3, 9, 0x83, 2];
    assert_eq!(frames(&[&whole]), Ok(vec![(1, 9, vec![0x83, 2])]));
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
        let frame = splitter.next().unwrap().unwrap();
        assert_eq!(splitter.is_in_step(&frame), in_step, "{after:?}");
        splitter.skip().unwrap();
        assert_eq!(splitter.is_unfinished(), !after.is_empty());
    }
    assert_eq!(begins_frame(&whole), Some(1));
    assert_eq!(begins_frame(&whole[..7]), None);
    assert_eq!(begins_frame(&whole[1..]), None);
}

/// A reply to the request with this number for so many registers from 0, all of which hold `value`.
fn reply(transaction: u16, quantity: u16, value: u16) -> Vec<u8> {
    let bytes = u8::try_from(quantity * 2).unwrap();
    let [high, low] = transaction.to_be_bytes();
    let content = (0..quantity).flat_map(|_| value.to_be_bytes());
    [high, low, 0, 0, 0, bytes + 3, 1, 3, bytes].into_iter().chain(content).collect()
}

fn head(transaction: u16, quantity: u16) -> Head {
    let request = ReadRequest { unit: 1, table: Table::HoldingRegisters, first: 0, quantity };
    Head::of(transaction, &request.into())
}

fn among(bytes: &[u8], heads: &[Head]) -> Among {
    let mut splitter = Splitter::default();
    splitter.push(bytes);
    let frame = splitter.next().unwrap().unwrap();
    splitter.among(&frame, |bytes| heads.iter().any(|head| head.begins(bytes)))
}

/// However much a reply lacks, and whatever it holds: what the next one fills it up with is seen.
#[test]
fn a_reply_that_was_filled_up_with_another_one_is_out_of_step() {
    for (first, second, value) in [(100, 100, 0), (100, 2, 0), (10, 100, 3), (2, 2, 0x0103)] {
        let (one, other) = (reply(7, first, value), reply(8, second, value));
        let heads = [head(8, second), head(9, 1)];
        assert_eq!(among(&[&one[..], &other].concat(), &heads), Among::InStep);
        assert_eq!(among(&one, &heads), Among::InStep);
        // More than follows leaves it unfinished.
        for cut in 1..=(one.len() - 9).min(other.len() + 11) {
            let joined = [&one[..one.len() - cut], &other, &reply(9, 1, value)].concat();
            assert_eq!(among(&joined, &heads), Among::OutOfStep, "{first} {second} {cut}");
        }
        let refused = [&one[..one.len() - 1], &[0, 8, 0, 0, 0, 3, 1, 0x83, 2]].concat();
        assert_eq!(among(&refused, &heads), Among::OutOfStep);
    }
}

/// What follows in its place costs no closer look.
#[test]
fn the_head_behind_a_reply_is_not_within_it() {
    let joined = [reply(7, 100, 0x0102), reply(8, 100, 0x0102)].concat();
    assert!(!may_hold_head(&joined[1..209 + 7]));
    assert!(may_hold_head(&joined[1..209 + 8]));
}

#[test]
fn what_follows_a_reply_is_waited_for_until_it_tells() {
    let (one, other) = (reply(7, 4, 0), reply(8, 4, 0));
    let heads = [head(8, 4)];
    for seen in 1..other.len() {
        let joined = [&one[..], &other[..seen]].concat();
        let expected = if seen < 8 { Among::Undecided } else { Among::InStep };
        assert_eq!(among(&joined, &heads), expected, "{seen}");
    }
    let unknown = [one, reply(10, 4, 0)].concat();
    assert_eq!(among(&unknown, &heads), Among::OutOfStep);
}

proptest! {
    #[test]
    fn a_head_is_where_one_may_be(
        mut bytes in proptest::collection::vec(0_u8..3, 8..300),
        at: proptest::sample::Index,
        transaction: u16,
    ) {
        let at = at.index(bytes.len() - 7);
        bytes[at..at + 8].copy_from_slice(&reply(transaction, 1, 0)[..8]);
        prop_assert!(may_hold_head(&bytes));
        prop_assert!(!may_hold_head(&vec![0; bytes.len()]));
    }

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
            expected.push((transaction, unit, pdu));
        }
        let pieces = pieces(&stream, &cuts);
        prop_assert_eq!(frames(&pieces), Ok(expected));
    }

    #[test]
    fn any_bytes_are_frames_or_out_of_step(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = frames(&[&bytes]);
    }
}
