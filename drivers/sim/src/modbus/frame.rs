//! Frames of TCP around a PDU, taken apart and put together, with a fault worked in where one is asked for.
//!
//! MBAP: Modbus Messaging on TCP/IP Implementation Guide V1.0b §3.1.3. Nothing here waits or reads.

use super::answer::MAX_PDU_BYTES;
use super::damage::{first_half, flip, garbage};
use crate::fault::Fault;

/// Bytes of an MBAP header, unit id included.
pub(crate) const MBAP_BYTES: usize = 7;

/// Where in a header bits are flipped: behind the transaction id, which could become that of another request.
const FLIPPED_PART: std::ops::Range<usize> = 2..MBAP_BYTES;

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

    /// The frame around `pdu`.
    pub(crate) fn frame(self, pdu: &[u8]) -> Vec<u8> {
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
                Self { transaction: self.transaction ^ 0x8000, ..self }.frame(pdu)
            }
            Fault::Truncated => self.frame(pdu.get(..pdu.len().saturating_sub(2)).unwrap_or(pdu)),
            Fault::WrongUnit => Self { unit_id: self.unit_id.wrapping_add(1), ..self }.frame(pdu),
            Fault::Flipped(bits) => {
                let mut frame = self.frame(pdu);
                flip(&mut frame, FLIPPED_PART, 8, bits);
                frame
            }
            Fault::Joined => self.frame(pdu).repeat(2),
            Fault::Disconnect => first_half(self.frame(pdu)),
            Fault::Garbage => garbage(self.transaction),
            Fault::Ok
            | Fault::Silent
            | Fault::Late(_)
            | Fault::WrongCrc
            | Fault::Exception(_)
            | Fault::RefusedWrites(_)
            | Fault::UnansweredWrites
            | Fault::Garbled
            | Fault::Cut => self.frame(pdu),
        }
    }
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
        assert_eq!(mbap.frame(&PDU), good);
        assert_eq!(mbap.reply_with(Fault::WrongTransaction, &PDU)[..2], [0x92, 0x34]);
        assert_eq!(
            mbap.reply_with(Fault::Truncated, &PDU),
            [0x12, 0x34, 0, 0, 0, 5, 2, 3, 4, 0, 1]
        );
        assert_eq!(mbap.reply_with(Fault::WrongUnit, &PDU)[6], 3);
        assert_eq!(mbap.reply_with(Fault::Joined, &PDU), [good, good].concat());
        let flipped = mbap.reply_with(Fault::Flipped(2), &PDU);
        assert!(flipped[..2] == good[..2] && flipped[7..] == good[7..] && flipped != good);
        assert_eq!(mbap.reply_with(Fault::Disconnect, &PDU), good[..6]);
        let noise: [u8; MBAP_BYTES] =
            mbap.reply_with(Fault::Garbage, &PDU)[..MBAP_BYTES].try_into().unwrap();
        assert_eq!(Mbap::parse(noise), None);
    }

    proptest! {
        #[test]
        fn no_header_upsets_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            if let Some(header) = bytes.first_chunk::<MBAP_BYTES>() {
                prop_assert!(Mbap::parse(*header).is_none_or(|mbap| mbap.pdu_bytes <= MAX_PDU_BYTES));
            }
        }
    }
}
