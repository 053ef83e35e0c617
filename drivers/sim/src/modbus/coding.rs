//! Frames of a serial line around a PDU, put together and taken apart: RTU and ASCII (Modbus over Serial Line
//! V1.02 §2.5.1, §2.5.2), with a fault worked in where one is asked for. Nothing here waits or reads.

use super::answer::MAX_PDU_BYTES;
use super::damage::{first_half, flip, garbage};
use crate::fault::Fault;

/// Longest RTU frame: unit id, PDU, CRC.
pub(crate) const MAX_RTU_BYTES: usize = MAX_PDU_BYTES + 3;

/// Longest ASCII frame: colon, two digits for each of unit id, PDU and LRC, CR LF.
pub(crate) const MAX_ASCII_BYTES: usize = 1 + 2 * (MAX_PDU_BYTES + 2) + 2;

/// Shortest RTU frame: unit id, function, CRC.
const MIN_RTU_BYTES: usize = 4;

/// How the bytes of a frame become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Each is one; silence tells frames apart.
    Rtu,
    /// Each is two hexadecimal digits, between a colon and CR LF.
    Ascii,
}

impl Coding {
    /// Unit id and PDU of a frame; `None` for one that is too short, too long or has a wrong check sum, which a
    /// slave passes over in silence.
    pub(crate) fn parse(self, frame: &[u8]) -> Option<(u8, Vec<u8>)> {
        let (unit_id, pdu) = match self {
            Self::Rtu => parse_rtu(frame)?,
            Self::Ascii => {
                let bytes = hex_bytes(frame.strip_prefix(b":")?.strip_suffix(b"\r\n")?)?;
                let (_, body) = bytes.split_last()?;
                let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
                let (&unit_id, pdu) = body.split_first()?;
                let sound = sum == 0 && (1..=MAX_PDU_BYTES).contains(&pdu.len());
                return sound.then(|| (unit_id, pdu.to_vec()));
            }
        };
        Some((unit_id, pdu.to_vec()))
    }

    /// The frame around `pdu`, as the fault makes it. Faults of time and of silence are not of the frame.
    pub(crate) fn frame(self, unit_id: u8, fault: Fault, pdu: &[u8]) -> Vec<u8> {
        let unit_id = if fault == Fault::WrongUnit { unit_id.wrapping_add(1) } else { unit_id };
        let mut bytes = vec![unit_id];
        bytes.extend(pdu);
        let spoil = fault == Fault::WrongCrc;
        let frame = match self {
            Self::Rtu => {
                let crc = crc16(&bytes);
                bytes.extend(if spoil { !crc } else { crc }.to_le_bytes());
                bytes
            }
            Self::Ascii => {
                let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
                let lrc = sum.wrapping_neg();
                bytes.push(if spoil { !lrc } else { lrc });
                ascii(&bytes)
            }
        };
        match fault {
            Fault::Truncated => first_half(frame),
            Fault::Garbage => garbage(crc16(&frame)),
            Fault::Flipped(bits) => self.flipped(frame, bits),
            Fault::Joined => [frame.as_slice(), &frame].concat(),
            Fault::Ok
            | Fault::Silent
            | Fault::Late(_)
            | Fault::WrongCrc
            | Fault::WrongUnit
            | Fault::WrongTransaction
            | Fault::Exception(_)
            | Fault::RefusedWrites(_)
            | Fault::UnansweredWrites
            | Fault::Disconnect
            | Fault::Garbled
            | Fault::Cut => frame,
        }
    }

    /// Bits of what is sent are flipped.
    fn flipped(self, mut frame: Vec<u8>, bits: u8) -> Vec<u8> {
        let bits_each = match self {
            Self::Rtu => 8,
            Self::Ascii => 7,
        };
        let whole = 0..frame.len();
        flip(&mut frame, whole, bits_each, bits);
        frame
    }
}

/// Unit id and PDU of an RTU frame.
fn parse_rtu(frame: &[u8]) -> Option<(u8, &[u8])> {
    if !(MIN_RTU_BYTES..=MAX_RTU_BYTES).contains(&frame.len()) {
        return None;
    }
    let (body, crc) = frame.split_last_chunk::<2>()?;
    let (&unit_id, pdu) = body.split_first()?;
    (crc16(body) == u16::from_le_bytes(*crc)).then_some((unit_id, pdu))
}

/// Upper-case digits between colon and CR LF.
fn ascii(bytes: &[u8]) -> Vec<u8> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!(":{digits}\r\n").into_bytes()
}

/// The bytes that pairs of upper-case digits stand for; `None` where anything else stands.
fn hex_bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

/// CRC-16 of the serial line (§6.2.2 of its specification), low byte first on the wire.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte),
            |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PDU: [u8; 6] = [3, 4, 0, 1, 0, 2];
    const BOTH: [Coding; 2] = [Coding::Rtu, Coding::Ascii];

    #[test]
    fn each_fault_of_a_line_is_seen_in_its_frame() {
        for coding in BOTH {
            let good = coding.frame(1, Fault::Ok, &PDU);
            let own = Some((1, PDU.to_vec()));
            assert_eq!(coding.parse(&good), own);
            for fault in [Fault::WrongCrc, Fault::Truncated, Fault::Garbage, Fault::Flipped(1)] {
                let bad = coding.frame(1, fault, &PDU);
                assert_ne!(bad, good);
                assert_eq!(coding.parse(&bad), None, "{fault}");
            }
            let other = coding.frame(1, Fault::WrongUnit, &PDU);
            assert_eq!(coding.parse(&other), Some((2, PDU.to_vec())));
            let twice = coding.frame(1, Fault::Joined, &PDU);
            assert_eq!(twice, [good.as_slice(), &good].concat());
        }
    }

    #[test]
    fn the_check_sums_are_those_of_the_specification() {
        // Modbus over Serial Line V1.02, Appendix B: 02 07 has CRC 1241 hex, 41 sent first.
        assert_eq!(crc16(&[0x02, 0x07]), 0x1241);
        // Unit 1 reads ten registers from 0: 01 03 00 00 00 0A add up to 0E, which F2 completes to 100.
        let frame = Coding::Ascii.frame(1, Fault::Ok, &[3, 0, 0, 0, 10]);
        assert_eq!(frame, b":01030000000AF2\r\n");
    }

    #[test]
    fn digits_are_upper_case_and_come_in_pairs() {
        let parse = |frame: &[u8]| Coding::Ascii.parse(frame);
        assert!(parse(b":01030000000AF2\r\n").is_some());
        for wrong in [&b":01030000000aF2\r\n"[..], b":01030000000AF\r\n", b":F\r\n", b":\r\n", b""]
        {
            assert_eq!(parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_upset_the_parsers(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for coding in BOTH {
                if let Some((_, pdu)) = coding.parse(&bytes) {
                    prop_assert!(!pdu.is_empty() && pdu.len() <= MAX_PDU_BYTES);
                }
            }
        }

        #[test]
        fn a_flipped_bit_is_never_taken(
            pdu in proptest::collection::vec(any::<u8>(), 1..250),
            at in any::<proptest::sample::Index>(),
        ) {
            let mut frame = Coding::Rtu.frame(1, Fault::Ok, &pdu);
            let bit = at.index(frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Coding::Rtu.parse(&frame), None);
        }
    }
}
