use super::*;
use crate::address::Table;
use crate::frame::{Judged, ReadRequest, Request};
use crate::testing::pieces;
use proptest::prelude::*;

fn frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut bytes = vec![unit];
    bytes.extend_from_slice(pdu);
    bytes.extend(crc::crc(&bytes.clone()));
    bytes
}

fn found(pieces: &[&[u8]], echo: Option<&[u8]>) -> (Vec<Frame>, bool) {
    let mut framer = Framer::default();
    echo.iter().for_each(|echo| framer.sent(echo));
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            frames.push(frame);
        }
    }
    (frames, framer.silence())
}

const REPLY: [u8; 7] = [0x01, 0x04, 0x02, 0xFF, 0xFF, 0xB8, 0x80];

/// A reply as published in many data sheets. Do not change this test.
#[test]
fn reply_bytes_are_frozen() {
    assert_eq!(frame(1, &[4, 2, 0xFF, 0xFF]), REPLY);
    let expected = Frame { unit: 1, pdu: vec![4, 2, 0xFF, 0xFF] };
    assert_eq!(found(&[&REPLY], None), (vec![expected], false));
}

/// Replies of every function that writes, and an exception to each. Do not change this test.
#[test]
fn replies_to_writes_are_frames() {
    for pdu in [
        &[0x05, 0x00, 0xAC, 0xFF, 0x00][..],
        &[0x06, 0x00, 0x01, 0x00, 0x03],
        &[0x0F, 0x00, 0x13, 0x00, 0x0A],
        &[0x10, 0x00, 0x01, 0x00, 0x02],
        &[0x16, 0x00, 0x04, 0x00, 0xF2, 0x00, 0x25],
        &[0x17, 0x04, 0x00, 0xFF, 0x00, 0xFE],
        &[0x85, 0x02],
        &[0x86, 0x03],
        &[0x8F, 0x02],
        &[0x90, 0x02],
        &[0x96, 0x04],
        &[0x97, 0x01],
    ] {
        let bytes = frame(9, pdu);
        let whole = Frame { unit: 9, pdu: pdu.to_vec() };
        assert_eq!(found(&[&bytes, &REPLY], None).0.first(), Some(&whole));
        assert_eq!(found(&[&bytes[..bytes.len() - 1]], None), (vec![], true));
    }
}

#[test]
fn joined_frames_are_two_frames() {
    let exception = frame(2, &[0x83, 2]);
    let (frames, unfinished) = found(&[&exception, &REPLY, &exception], None);
    assert_eq!(frames.iter().map(|frame| frame.unit).collect::<Vec<_>>(), [2, 1, 2]);
    assert!(!unfinished);
}

#[test]
fn whatever_is_no_frame_spoils_all_up_to_the_next_silence() {
    let mut damaged = REPLY;
    damaged[4] ^= 1;
    let mut framer = Framer::default();
    for spoiler in [&damaged[..], &[0x00, 0x00], &[0x01, 0x2B, 0x00], &[0x01, 0x03, 0x00]] {
        framer.push(spoiler);
        assert_eq!(framer.next(), None);
        framer.push(&REPLY);
        assert_eq!(framer.next(), None, "a frame in the middle of something else");
        assert!(framer.silence());
        framer.push(&REPLY);
        assert!(framer.next().is_some());
        assert!(framer.is_clear());
    }
}

#[test]
fn a_truncated_frame_ends_with_silence() {
    for length in 1..REPLY.len() {
        assert_eq!(found(&[&REPLY[..length]], None), (vec![], true));
    }
}

#[test]
fn an_echo_of_the_request_is_passed_over() {
    for first in [0_u16, 0x0264, 0x2000, 0x0400] {
        let request = ReadRequest { unit: 1, table: Table::InputRegisters, first, quantity: 1 };
        let echo = Framer::encode(1, |frame| Request::from(request).put_pdu(frame));
        let (frames, _) = found(&[&echo, &REPLY], Some(&echo));
        assert_eq!(frames.len(), 1, "{first:#06X}");
        assert!(matches!(request.judge(1, &frames[0].pdu), Judged::Answer(_)));
        let (frames, _) = found(&[&echo[..5], &echo[5..], &REPLY], Some(&echo));
        assert_eq!(frames.len(), 1, "{first:#06X}");
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_frames(
        bytes in stream(),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
    ) {
        let whole = found(&[&bytes], None);
        let pieces = pieces(&bytes, &cuts);
        prop_assert_eq!(&found(&pieces, None), &whole);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(found(&single, None), whole);
    }

    #[test]
    fn random_bytes_become_no_value_unless_they_are_a_valid_reply(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        only_what_is_valid(&bytes)?;
    }

    #[test]
    fn mutated_replies_become_no_value_unless_they_are_valid(
        registers in proptest::collection::vec(any::<u16>(), 3),
        at in any::<proptest::sample::Index>(),
        to in any::<u8>(),
        length in 0_usize..=11,
    ) {
        let mut pdu = vec![3, 6];
        pdu.extend(registers.iter().flat_map(|register| register.to_be_bytes()));
        let mut bytes = frame(1, &pdu);
        let at = at.index(bytes.len());
        bytes[at] = to;
        bytes.truncate(length);
        only_what_is_valid(&bytes)?;
    }
}

/// Frames, noise, and halves of frames, joined.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let reply = (any::<u8>(), 1_u8..=4, proptest::collection::vec(any::<u8>(), 1..=251)).prop_map(
        |(unit, function, content)| {
            let mut pdu = vec![function, u8::try_from(content.len()).unwrap()];
            pdu.extend(content);
            frame(unit, &pdu)
        },
    );
    let exception = (any::<u8>(), 0x81_u8.., any::<u8>())
        .prop_map(|(unit, function, code)| frame(unit, &[function, code]));
    let echo = (any::<u8>(), any::<[u8; 4]>())
        .prop_map(|(unit, [a, b, c, d])| frame(unit, &[16, a, b, c, d]));
    let mask_echo = (any::<u8>(), any::<[u8; 6]>())
        .prop_map(|(unit, [a, b, c, d, e, f])| frame(unit, &[22, a, b, c, d, e, f]));
    let part = prop_oneof![
        4 => reply,
        2 => echo,
        1 => mask_echo,
        2 => exception,
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

/// A frame that passes as an answer stands byte for byte in `bytes`, check sum included.
fn only_what_is_valid(bytes: &[u8]) -> Result<(), TestCaseError> {
    let request = ReadRequest { unit: 1, table: Table::HoldingRegisters, first: 0, quantity: 3 };
    for found in found(&[bytes], None).0 {
        if let Judged::Answer(_) = request.judge(found.unit, &found.pdu) {
            let valid = frame(found.unit, &found.pdu);
            prop_assert!(bytes.windows(valid.len()).any(|window| window == valid));
        }
    }
    Ok(())
}
