//! Reading registers and bits. Modbus Application Protocol V1.1b3 §6.1 to §6.4 (functions 1 to 4).

use std::fmt;

use super::{Answer, Judged, WireSize, exception, judged, tell};
use crate::address::Table;
use crate::decode::Content;

/// Most registers one request may ask for (§6.3, §6.4).
pub(crate) const MAX_REGISTERS: u16 = 125;

/// Function code, first address, quantity.
const REQUEST_PDU_BYTES: usize = 5;

/// Function code and byte count.
const REPLY_PDU_OVERHEAD_BYTES: usize = 2;

/// One request for neighbouring registers or bits of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadRequest {
    pub(crate) unit: u8,
    pub(crate) table: Table,
    pub(crate) first: u16,
    pub(crate) quantity: u16,
}

impl ReadRequest {
    /// Function code, first address, quantity: the same on every link.
    pub(super) fn pdu(&self) -> [u8; REQUEST_PDU_BYTES] {
        let [first_high, first_low] = self.first.to_be_bytes();
        let [quantity_high, quantity_low] = self.quantity.to_be_bytes();
        [self.table.function(), first_high, first_low, quantity_high, quantity_low]
    }

    /// How many bytes of registers or packed bits a whole reply carries.
    pub(crate) fn content_bytes(&self) -> usize {
        let quantity = usize::from(self.quantity);
        if self.table.is_bits() { quantity.div_ceil(8) } else { quantity * 2 }
    }

    /// What a whole frame of `unit` is to this request.
    pub(crate) fn judge(&self, unit: u8, pdu: &[u8]) -> Judged {
        judged(self.unit, unit, || self.answer(pdu))
    }

    fn answer(&self, pdu: &[u8]) -> Option<Answer> {
        let function = self.table.function();
        match pdu {
            [same, count, content @ ..]
                if *same == function
                    && usize::from(*count) == content.len()
                    && content.len() == self.content_bytes() =>
            {
                Some(Answer::Content(self.content(content)))
            }
            _ => exception(function, pdu),
        }
    }

    /// The content of a reply, as many bytes as were asked for.
    ///
    /// Read here and not by tokio-modbus, which copies the reply first: this is most of what a request costs.
    fn content(&self, bytes: &[u8]) -> Content {
        if self.table.is_bits() {
            let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
            // The last byte is filled up with bits that nobody asked for.
            return Content::Bits(bits.take(self.quantity.into()).collect());
        }
        let (pairs, _) = bytes.as_chunks::<2>();
        Content::Registers(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
    }
}

impl WireSize for ReadRequest {
    fn request_pdu_bytes(&self) -> usize {
        REQUEST_PDU_BYTES
    }

    fn reply_pdu_bytes(&self) -> usize {
        REPLY_PDU_OVERHEAD_BYTES + self.content_bytes()
    }
}

impl fmt::Display for ReadRequest {
    /// `03 holding registers 100-119`; the unit is said elsewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tell(f, self.table.function(), self.table.name(), self.first, self.quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio_modbus::ExceptionCode;

    fn request(table: Table, first: u16, quantity: u16) -> ReadRequest {
        ReadRequest { unit: 1, table, first, quantity }
    }

    fn check(request: ReadRequest, sent: [u8; 5], reply: &[u8], content: Content) {
        assert_eq!(request.pdu(), sent);
        assert_eq!(request.judge(1, reply), Judged::Answer(Answer::Content(content)));
        assert_eq!(request.judge(2, reply), Judged::Foreign);
        for shorter in 0..reply.len() {
            assert_eq!(request.judge(1, &reply[..shorter]), Judged::Misshapen);
        }
        assert_eq!(request.judge(1, &[reply, &[0]].concat()), Judged::Misshapen);
    }

    /// The standard's own examples, byte for byte. Do not change this test.
    #[test]
    fn the_examples_of_the_standard() {
        // §6.1: coils 20 to 38.
        let bits = |bytes: &[u8], quantity: usize| {
            let all = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
            Content::Bits(all.take(quantity).collect())
        };
        check(
            request(Table::Coils, 0x13, 19),
            [0x01, 0x00, 0x13, 0x00, 0x13],
            &[0x01, 0x03, 0xCD, 0x6B, 0x05],
            bits(&[0xCD, 0x6B, 0x05], 19),
        );
        // §6.2: discrete inputs 197 to 218.
        check(
            request(Table::DiscreteInputs, 0xC4, 22),
            [0x02, 0x00, 0xC4, 0x00, 0x16],
            &[0x02, 0x03, 0xAC, 0xDB, 0x35],
            bits(&[0xAC, 0xDB, 0x35], 22),
        );
        // §6.3: registers 108 to 110.
        check(
            request(Table::HoldingRegisters, 0x6B, 3),
            [0x03, 0x00, 0x6B, 0x00, 0x03],
            &[0x03, 0x06, 0x02, 0x2B, 0x00, 0x00, 0x00, 0x64],
            Content::Registers(vec![0x022B, 0x0000, 0x0064]),
        );
        // §6.4: input register 9.
        check(
            request(Table::InputRegisters, 0x08, 1),
            [0x04, 0x00, 0x08, 0x00, 0x01],
            &[0x04, 0x02, 0x00, 0x0A],
            Content::Registers(vec![0x000A]),
        );
        // §7: exception 02 to function 01.
        let asked = request(Table::Coils, 0x04A1, 1);
        assert_eq!(asked.pdu(), [0x01, 0x04, 0xA1, 0x00, 0x01]);
        let illegal = Answer::Exception(ExceptionCode::IllegalDataAddress);
        assert_eq!(asked.judge(1, &[0x81, 0x02]), Judged::Answer(illegal));
    }

    #[test]
    fn what_was_not_asked_for_is_no_answer() {
        let asked = request(Table::HoldingRegisters, 0, 2);
        for pdu in [
            &[0x04, 0x04, 0, 1, 0, 2][..], // another function
            &[0x03, 0x02, 0, 1],           // fewer registers
            &[0x03, 0x06, 0, 1, 0, 2, 0, 3],
            &[0x03, 0x03, 0, 1, 0, 2], // a byte count that does not count
            &[0x84, 0x02],             // another function's exception
            &[0x83, 0x02, 0x00],
            &[],
        ] {
            assert_eq!(asked.judge(1, pdu), Judged::Misshapen, "{pdu:?}");
        }
    }

    #[test]
    fn a_request_says_what_it_asks_for() {
        assert_eq!(
            request(Table::HoldingRegisters, 100, 20).to_string(),
            "03 holding registers 100-119"
        );
        assert_eq!(request(Table::Coils, 65_535, 1).to_string(), "01 coils 65535");
        assert_eq!(
            request(Table::InputRegisters, 65_411, 125).to_string(),
            "04 input registers 65411-65535"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(pdu in proptest::collection::vec(any::<u8>(), 0..260), first: u16) {
            for (table, quantity) in
                [(Table::Coils, 2000), (Table::Coils, 1), (Table::HoldingRegisters, 125)]
            {
                let asked = request(table, first, quantity);
                if let Judged::Answer(Answer::Content(_)) = asked.judge(1, &pdu) {
                    prop_assert_eq!(pdu.len(), 2 + asked.content_bytes());
                }
            }
        }
    }
}
