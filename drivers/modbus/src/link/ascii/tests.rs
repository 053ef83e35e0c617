use super::*;
use crate::address::Table;
use crate::frame::{Judged, ReadRequest, Request};
use crate::testing::pieces;
use proptest::prelude::*;

fn frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
    Framer::encode(unit, |frame| frame.extend(pdu))
}

/// The frames in `pieces`, whether anything was thrown away, and whether something is unfinished.
fn found(pieces: &[&[u8]], echo: Option<&[u8]>) -> (Vec<Frame>, bool, bool) {
    let mut framer = Framer::default();
    echo.iter().for_each(|echo| framer.sent(echo));
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            frames.push(frame);
        }
    }
    (frames, framer.garbled(), framer.silence())
}

const REPLY: &[u8] = b":1103060022000000649A\r\n";

fn reply() -> Frame {
    Frame { unit: 0x11, pdu: vec![3, 6, 0x00, 0x22, 0, 0, 0, 0x64] }
}

/// The check sum's example of the standard's kind, worked by hand: 11 + 03 + … = 0x160, of which 0xA0 is
/// missing to the next 256. Do not change this test.
#[test]
fn reply_characters_are_frozen() {
    let sum: u32 = [0x11, 3, 6, 0, 0x22, 0, 0, 0, 0x64].iter().sum();
    assert_eq!((sum, 0x100 - sum % 0x100), (0xA0, 0x60));
    let whole = b":11030600220000006460\r\n";
    assert_eq!(frame(0x11, &reply().pdu), whole);
    assert_eq!(found(&[whole], None), (vec![reply()], false, false));
    assert_eq!(found(&[REPLY], None), (vec![], true, false), "another check sum");
    assert_eq!(frame(1, &[7]), b":0107F8\r\n");
}

#[test]
fn only_what_is_written_as_the_standard_says_is_a_frame() {
    let good = String::from_utf8(frame(0x11, &reply().pdu)).unwrap();
    let one = |text: &str| found(&[text.as_bytes()], None);
    // The same in lower case is the same; characters before and after are not of it.
    let sent = frame(0xAB, &[3, 2, 0xCD, 0xEF]);
    let lower = String::from_utf8(sent.clone()).unwrap().to_lowercase();
    assert_eq!(one(&lower).0, found(&[&sent], None).0);
    assert_eq!(one(&format!("\0zz{good}\r\n")), (vec![reply()], true, false));
    // A colon begins anew, wherever it stands.
    assert_eq!(one(&format!(":1103{good}")), (vec![reply()], true, false));
    assert_eq!(one(&format!(":110{good}")), (vec![reply()], true, false));
    assert_eq!(one(&format!("{}{good}", &good[..good.len() - 1])), (vec![reply()], true, false));
    assert_eq!(one(&format!(":{good}")), (vec![reply()], true, false));
    for bad in [
        good.replace("60\r", "61\r"), // the check sum
        good.replace("0022", "002"),  // an odd number of digits
        good.replace("0022", "00G2"), // no digit
        good.replace("0022", "00 22"),
        good.replace("\r\n", "\n"),
        good.replace("\r\n", "\r\r\n"),
        good.replace("\r\n", "\r0\n"),
        good.replace(':', ";"),
        good.replace("0022", "00\u{b0}2"), // parity's bit of a 0
        ":\r\n".to_owned(),
        ":11EF\r\n".to_owned(), // a unit and nothing else
    ] {
        assert_eq!(one(&bad), (vec![], true, false), "{bad:?}");
        // And it costs nobody else anything.
        assert_eq!(one(&format!("{bad}{good}")).0, [reply()], "{bad:?}");
    }
    for unfinished in 1..good.len() {
        assert_eq!(one(&good[..unfinished]), (vec![], false, true), "{unfinished}");
    }
}

#[test]
fn a_frame_has_255_bytes_at_most() {
    let longest = frame(1, &[3; 253]);
    assert_eq!(longest.len(), 513, "§2.5.2.1");
    assert_eq!(found(&[&longest], None).0.len(), 1);
    assert_eq!(found(&[&frame(1, &[3; 254])], None), (vec![], true, false));
}

#[test]
fn an_echo_of_the_request_is_passed_over() {
    // A request that by its shape could be its own reply: 17 coils from 0x0300 on.
    let request = ReadRequest { unit: 1, table: Table::Coils, first: 0x0300, quantity: 17 };
    let echo = Framer::encode(1, |frame| Request::from(request).put_pdu(frame));
    let pdu = [1, 3, 0xCD, 0x6B, 0x05];
    let (frames, ..) = found(&[&echo, &frame(1, &pdu)], Some(&echo));
    assert_eq!(frames, [Frame { unit: 1, pdu: pdu.to_vec() }]);
    // Without an echo nothing is missed.
    assert_eq!(found(&[&frame(1, &pdu)], Some(&echo)).0.len(), 1);
    // It comes once.
    assert_eq!(found(&[&frame(1, &pdu), &echo], Some(&echo)).0.len(), 2);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_frames(
        parts in proptest::collection::vec(part(), 0..6),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
    ) {
        let bytes = parts.concat();
        let whole = found(&[&bytes], None);
        let pieces = pieces(&bytes, &cuts);
        prop_assert_eq!(&found(&pieces, None), &whole);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(found(&single, None), whole);
    }

    #[test]
    fn what_is_found_stands_there(parts in proptest::collection::vec(part(), 0..6)) {
        let bytes = parts.concat().to_ascii_uppercase();
        for Frame { unit, pdu } in found(&[&bytes], None).0 {
            let valid = frame(unit, &pdu);
            prop_assert!(bytes.windows(valid.len()).any(|window| window == valid));
        }
    }

    /// One character that is not what was sent: no frame, or the one that was sent. (A digit that becomes a
    /// colon begins another frame, which is one by accident only.)
    #[test]
    fn no_single_flip_goes_unseen(
        unit: u8,
        content in proptest::collection::vec(any::<u8>(), 2..40),
        at in any::<proptest::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let pdu = [&[3, u8::try_from(content.len()).unwrap()][..], &content].concat();
        let mut bytes = frame(unit, &pdu);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assume!(at == 0 || bytes[at] != b':');
        for frame in found(&[&bytes], None).0 {
            prop_assert_eq!(frame, Frame { unit, pdu: pdu.clone() });
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
        let request = ReadRequest { unit: 1, table: Table::Coils, first: 0, quantity: 3 };
        for frame in found(&[&bytes], None).0 {
            let Judged::Answer(_) = request.judge(frame.unit, &frame.pdu) else { continue };
            prop_assert!(frame.pdu.len() == 3 || frame.pdu.len() == 2);
        }
    }
}

/// A frame, the same in lower case, noise, or part of a frame.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let whole = (any::<u8>(), proptest::collection::vec(any::<u8>(), 1..=253))
        .prop_map(|(unit, pdu)| frame(unit, &pdu));
    let cut = (whole.clone(), any::<proptest::sample::Index>()).prop_map(|(mut frame, at)| {
        frame.truncate(at.index(frame.len()));
        frame
    });
    prop_oneof![
        4 => whole.clone(),
        1 => whole.prop_map(|frame| frame.to_ascii_lowercase()),
        2 => cut,
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ]
}
