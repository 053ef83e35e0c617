//! Frames around a PDU, taken apart and put together, with a fault worked in where one is asked for.
//!
//! MBAP: Modbus Messaging on TCP/IP Implementation Guide V1.0b §3.1.3. RTU: Modbus over Serial Line V1.02
//! §2.5.1. Nothing here waits or reads.

use crate::fault::Fault;
use crate::modbus::answer::MAX_PDU_BYTES;
use crate::signal::scatter;

/// Bytes of an MBAP header, unit id included.
pub(crate) const MBAP_BYTES: usize = 7;

/// Longest RTU frame: unit id, PDU, CRC.
pub(crate) const MAX_RTU_BYTES: usize = MAX_PDU_BYTES + 3;

/// Shortest RTU frame: unit id, function, CRC.
const MIN_RTU_BYTES: usize = 4;

/// Bytes of noise that stand in for a reply.
const GARBAGE_BYTES: usize = 24;

/// An MBAP header with what matters of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mbap {
    /// Echoed in the reply.
    pub(crate) transaction: u16,
    /// Which slave.
    pub(crate) unit_id: u8,
    /// How many bytes of PDU follow.
    pub(crate) pdu_bytes: usize,
}

impl Mbap {
    /// `None` for a header that is no Modbus: another protocol id, or a length no PDU can have. What
    /// follows it cannot be framed, so the connection must end.
    pub(crate) fn parse(header: [u8; MBAP_BYTES]) -> Option<Self> {
        let [t1, t2, p1, p2, l1, l2, unit_id] = header;
        let pdu_bytes = usize::from(u16::from_be_bytes([l1, l2])).checked_sub(1)?;
        let sound = [p1, p2] == [0, 0] && (1..=MAX_PDU_BYTES).contains(&pdu_bytes);
        sound.then_some(Self { transaction: u16::from_be_bytes([t1, t2]), unit_id, pdu_bytes })
    }

    /// The reply frame around `pdu`.
    pub(crate) fn reply(self, pdu: &[u8]) -> Vec<u8> {
        let length = u16::try_from(pdu.len() + 1).unwrap_or(u16::MAX);
        let mut frame = Vec::with_capacity(MBAP_BYTES + pdu.len());
        frame.extend(self.transaction.to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(length.to_be_bytes());
        frame.push(self.unit_id);
        frame.extend(pdu);
        frame
    }

    /// The reply as the fault makes it. Faults of time and of silence are not of the frame.
    pub(crate) fn reply_with(self, fault: Fault, pdu: &[u8]) -> Vec<u8> {
        match fault {
            // Far away from the ids in flight: an id that another request uses would be that one's answer.
            Fault::WrongTransaction => {
                Self { transaction: self.transaction ^ 0x8000, ..self }.reply(pdu)
            }
            Fault::Truncated => self.reply(pdu.get(..pdu.len().saturating_sub(2)).unwrap_or(pdu)),
            Fault::Disconnect => first_half(self.reply(pdu)),
            Fault::Garbage => garbage(self.transaction),
            Fault::Ok
            | Fault::Silent
            | Fault::Late(_)
            | Fault::WrongCrc
            | Fault::Exception(_)
            | Fault::RefusedWrites(_)
            | Fault::UnansweredWrites
            | Fault::Garbled
            | Fault::Cut => self.reply(pdu),
        }
    }
}

/// Unit id and PDU of an RTU frame; `None` for one that is too short, too long or has a wrong CRC, which a
/// slave passes over in silence.
pub(crate) fn parse_rtu(frame: &[u8]) -> Option<(u8, &[u8])> {
    if !(MIN_RTU_BYTES..=MAX_RTU_BYTES).contains(&frame.len()) {
        return None;
    }
    let (body, crc) = frame.split_last_chunk::<2>()?;
    let (&unit_id, pdu) = body.split_first()?;
    (crc16(body) == u16::from_le_bytes(*crc)).then_some((unit_id, pdu))
}

/// The RTU frame around `pdu`, as the fault makes it.
pub(crate) fn rtu_reply(unit_id: u8, fault: Fault, pdu: &[u8]) -> Vec<u8> {
    let mut frame = vec![unit_id];
    frame.extend(pdu);
    let crc = crc16(&frame);
    frame.extend(if fault == Fault::WrongCrc { !crc } else { crc }.to_le_bytes());
    match fault {
        Fault::Truncated => first_half(frame),
        Fault::Garbage => garbage(crc),
        Fault::Ok
        | Fault::Silent
        | Fault::Late(_)
        | Fault::WrongCrc
        | Fault::WrongTransaction
        | Fault::Exception(_)
        | Fault::RefusedWrites(_)
        | Fault::UnansweredWrites
        | Fault::Disconnect
        | Fault::Garbled
        | Fault::Cut => frame,
    }
}

fn first_half(mut frame: Vec<u8>) -> Vec<u8> {
    frame.truncate(frame.len() / 2);
    frame
}

/// Noise, another for each `seed`.
fn garbage(seed: u16) -> Vec<u8> {
    let byte = |place| if scatter(u64::from(seed), place) > 0.0 { 0xFF } else { 0x55 };
    (0_i64..).map(byte).take(GARBAGE_BYTES).collect()
}

/// CRC-16 of the serial line (§6.2.2 of its specification), low byte first on the wire.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
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

    const HEADER: [u8; 7] = [0x12, 0x34, 0, 0, 0, 6, 2];
    const PDU: [u8; 6] = [3, 4, 0, 1, 0, 2];

    #[test]
    fn a_header_that_is_no_modbus_is_refused() {
        let mbap = Mbap::parse(HEADER).unwrap();
        assert_eq!(mbap, Mbap { transaction: 0x1234, unit_id: 2, pdu_bytes: 5 });
        for (at, byte) in [(2, 1), (3, 1), (5, 1), (5, 0), (5, 255), (4, 1)] {
            let mut header = HEADER;
            header[at] = byte;
            assert_eq!(Mbap::parse(header), None, "byte {at} = {byte}");
        }
    }

    #[test]
    fn each_fault_of_tcp_is_seen_in_its_frame() {
        let mbap = Mbap::parse(HEADER).unwrap();
        let good = [0x12, 0x34, 0, 0, 0, 7, 2, 3, 4, 0, 1, 0, 2];
        assert_eq!(mbap.reply(&PDU), good);
        assert_eq!(mbap.reply_with(Fault::WrongTransaction, &PDU)[..2], [0x92, 0x34]);
        assert_eq!(
            mbap.reply_with(Fault::Truncated, &PDU),
            [0x12, 0x34, 0, 0, 0, 5, 2, 3, 4, 0, 1]
        );
        assert_eq!(mbap.reply_with(Fault::Disconnect, &PDU), good[..6]);
        let noise: [u8; MBAP_BYTES] =
            mbap.reply_with(Fault::Garbage, &PDU)[..MBAP_BYTES].try_into().unwrap();
        assert_eq!(Mbap::parse(noise), None);
    }

    #[test]
    fn each_fault_of_rtu_is_seen_in_its_frame() {
        let good = rtu_reply(1, Fault::Ok, &PDU);
        assert_eq!(parse_rtu(&good), Some((1, &PDU[..])));
        for fault in [Fault::WrongCrc, Fault::Truncated, Fault::Garbage] {
            let bad = rtu_reply(1, fault, &PDU);
            assert_ne!(bad, good);
            assert_eq!(parse_rtu(&bad), None, "{fault}");
        }
    }

    #[test]
    fn the_crc_is_that_of_the_specification() {
        // Modbus over Serial Line V1.02, Appendix B: 02 07 has CRC 1241 hex, 41 sent first.
        assert_eq!(crc16(&[0x02, 0x07]), 0x1241);
    }

    proptest! {
        #[test]
        fn no_bytes_upset_the_parsers(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some((_, pdu)) = parse_rtu(&bytes) {
                prop_assert!(!pdu.is_empty() && pdu.len() <= MAX_PDU_BYTES);
            }
            if let Some(header) = bytes.first_chunk::<MBAP_BYTES>() {
                prop_assert!(Mbap::parse(*header).is_none_or(|mbap| mbap.pdu_bytes <= MAX_PDU_BYTES));
            }
        }

        #[test]
        fn a_flipped_bit_is_never_taken(pdu in proptest::collection::vec(any::<u8>(), 1..250), at in any::<proptest::sample::Index>()) {
            let mut frame = rtu_reply(1, Fault::Ok, &pdu);
            let bit = at.index(frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(parse_rtu(&frame), None);
        }
    }
}
