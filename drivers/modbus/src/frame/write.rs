//! Writing registers and coils, and the echoes that answer.
//!
//! Modbus Application Protocol V1.1b3 §6.5 (function 5), §6.6 (6), §6.11 (15), §6.12 (16), §6.16 (22) and
//! §6.17 (23). The reply of 5, 6 and 22 repeats the request, that of 15 and 16 repeats address and quantity:
//! compared to the byte, so that the echo of another write is no answer. 23 is answered with what it reads.

use std::fmt;

use super::{Answer, Judged, WireSize, exception, judged, tell};
use crate::address::Table;
use crate::decode::Content;

/// Most coils that function 15 sets (§6.11).
pub(crate) const MAX_COILS: usize = 1_968;

/// Most registers that function 16 sets (§6.12), and function 23 (§6.17).
pub(crate) const MAX_WRITTEN_REGISTERS: usize = 123;
pub(crate) const MAX_EXCHANGED_REGISTERS: usize = 121;

/// What function 5 sends for a coil (§6.5).
const COIL_ON: u16 = 0xFF00;
const COIL_OFF: u16 = 0x0000;

/// Function, address and quantity: how replies of 15 and 16 begin, as do their requests.
const ADDRESS_AND_QUANTITY_BYTES: usize = 5;

/// Function, address and value (5, 6); function, address and both masks (22).
const REGISTER_PDU_BYTES: usize = 5;
const MASK_PDU_BYTES: usize = 7;

/// What stands before the registers in a request of function 23.
const EXCHANGE_OVERHEAD_BYTES: usize = 10;

/// One request that changes neighbouring registers or coils of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WriteRequest {
    pub(crate) unit: u8,
    pub(crate) first: u16,
    pub(crate) write: Write,
}

/// What is written, one variant for each function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// 05
    Coil(bool),
    /// 06
    Register(u16),
    /// 15: 1 to [`MAX_COILS`].
    Coils(Vec<bool>),
    /// 16: 1 to [`MAX_WRITTEN_REGISTERS`].
    Registers(Vec<u16>),
    /// 22: the register becomes `(register & and) | (or & !and)`.
    Mask { and: u16, or: u16 },
    /// 23: 1 to [`MAX_EXCHANGED_REGISTERS`] are written, and afterwards the same ones are read.
    Exchange(Vec<u16>),
}

impl WriteRequest {
    /// Its function code.
    pub(crate) fn function(&self) -> u8 {
        match self.write {
            Write::Coil(_) => 5,
            Write::Register(_) => 6,
            Write::Coils(_) => 15,
            Write::Registers(_) => 16,
            Write::Mask { .. } => 22,
            Write::Exchange(_) => 23,
        }
    }

    /// How many registers or coils it changes.
    fn quantity(&self) -> u16 {
        match &self.write {
            Write::Coil(_) | Write::Register(_) | Write::Mask { .. } => 1,
            Write::Coils(coils) => count(coils.len()),
            Write::Registers(registers) | Write::Exchange(registers) => count(registers.len()),
        }
    }

    /// Puts the PDU behind what `frame` holds.
    pub(super) fn put_pdu(&self, frame: &mut Vec<u8>) {
        let (first, quantity) = (self.first, self.quantity());
        frame.push(self.function());
        match &self.write {
            Write::Coil(on) => put(frame, &[first, if *on { COIL_ON } else { COIL_OFF }]),
            Write::Register(register) => put(frame, &[first, *register]),
            Write::Mask { and, or } => put(frame, &[first, *and, *or]),
            Write::Coils(coils) => {
                put(frame, &[first, quantity]);
                frame.push(byte_count(coils.len().div_ceil(8)));
                frame.extend(coils.chunks(8).map(packed));
            }
            Write::Registers(registers) => {
                put(frame, &[first, quantity]);
                frame.push(byte_count(registers.len() * 2));
                put(frame, registers);
            }
            Write::Exchange(registers) => {
                put(frame, &[first, quantity, first, quantity]);
                frame.push(byte_count(registers.len() * 2));
                put(frame, registers);
            }
        }
    }

    /// What a whole frame of `unit` is to this request.
    pub(crate) fn judge(&self, unit: u8, pdu: &[u8]) -> Judged {
        judged(self.unit, unit, || self.answer(pdu))
    }

    /// Whether a right reply repeats the request to the byte.
    pub(super) fn is_repeated_by_its_reply(&self) -> bool {
        matches!(self.write, Write::Coil(_) | Write::Register(_) | Write::Mask { .. })
    }

    fn answer(&self, pdu: &[u8]) -> Option<Answer> {
        let function = self.function();
        if let Write::Exchange(registers) = &self.write {
            return match pdu {
                [same, count, content @ ..]
                    if *same == function
                        && usize::from(*count) == content.len()
                        && content.len() == registers.len() * 2 =>
                {
                    Some(Answer::Content(Content::Registers(words(content))))
                }
                _ => exception(function, pdu),
            };
        }
        let mut echo = Vec::with_capacity(self.request_pdu_bytes());
        self.put_pdu(&mut echo);
        echo.truncate(self.reply_pdu_bytes());
        if pdu == echo { Some(Answer::Written) } else { exception(function, pdu) }
    }
}

impl WireSize for WriteRequest {
    fn request_pdu_bytes(&self) -> usize {
        match &self.write {
            Write::Coil(_) | Write::Register(_) => REGISTER_PDU_BYTES,
            Write::Mask { .. } => MASK_PDU_BYTES,
            Write::Coils(coils) => ADDRESS_AND_QUANTITY_BYTES + 1 + coils.len().div_ceil(8),
            Write::Registers(registers) => ADDRESS_AND_QUANTITY_BYTES + 1 + registers.len() * 2,
            Write::Exchange(registers) => EXCHANGE_OVERHEAD_BYTES + registers.len() * 2,
        }
    }

    fn reply_pdu_bytes(&self) -> usize {
        match &self.write {
            Write::Coil(_) | Write::Register(_) => REGISTER_PDU_BYTES,
            Write::Mask { .. } => MASK_PDU_BYTES,
            Write::Coils(_) | Write::Registers(_) => ADDRESS_AND_QUANTITY_BYTES,
            Write::Exchange(registers) => 2 + registers.len() * 2,
        }
    }
}

impl fmt::Display for WriteRequest {
    /// `16 holding registers 100-101`; the unit is said elsewhere, what is written nowhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = match self.write {
            Write::Coil(_) | Write::Coils(_) => Table::Coils,
            Write::Register(_) | Write::Registers(_) | Write::Mask { .. } | Write::Exchange(_) => {
                Table::HoldingRegisters
            }
        };
        tell(f, self.function(), table.name(), self.first, self.quantity())
    }
}

fn put(frame: &mut Vec<u8>, words: &[u16]) {
    frame.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

/// Eight coils or fewer, the first one in the least significant bit (§6.11).
fn packed(coils: &[bool]) -> u8 {
    coils.iter().rev().fold(0, |byte, on| byte << 1 | u8::from(*on))
}

fn words(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

/// Within the limits of the functions both counts fit; past them no device takes the request.
fn count(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn byte_count(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

const _: () = assert!(MAX_COILS.div_ceil(8) <= 0xFF && MAX_WRITTEN_REGISTERS * 2 <= 0xFF);
const _: () = assert!(MAX_EXCHANGED_REGISTERS <= MAX_WRITTEN_REGISTERS);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio_modbus::ExceptionCode;

    fn request(first: u16, write: Write) -> WriteRequest {
        WriteRequest { unit: 1, first, write }
    }

    fn pdu(request: &WriteRequest) -> Vec<u8> {
        let mut pdu = Vec::new();
        request.put_pdu(&mut pdu);
        pdu
    }

    fn check(request: &WriteRequest, sent: &[u8], reply: &[u8], answer: &Answer) {
        assert_eq!(pdu(request), sent);
        assert_eq!(
            (request.request_pdu_bytes(), request.reply_pdu_bytes()),
            (sent.len(), reply.len())
        );
        assert_eq!(request.is_repeated_by_its_reply(), sent == reply);
        assert_eq!(request.judge(1, reply), Judged::Answer(answer.clone()));
        assert_eq!(request.judge(2, reply), Judged::Foreign);
        for shorter in 0..reply.len() {
            assert_eq!(request.judge(1, &reply[..shorter]), Judged::Misshapen);
        }
        assert_eq!(request.judge(1, &[reply, &[0]].concat()), Judged::Misshapen);
        let refused = Answer::Exception(ExceptionCode::IllegalDataAddress);
        let exception = [request.function() | 0x80, 2];
        assert_eq!(request.judge(1, &exception), Judged::Answer(refused));
        assert_eq!(request.judge(1, &[exception[0] ^ 1, 2]), Judged::Misshapen);
    }

    /// The standard's own examples, byte for byte. Do not change this test.
    #[test]
    fn the_examples_of_the_standard() {
        // §6.5: coil 173 on.
        let echo = [0x05, 0x00, 0xAC, 0xFF, 0x00];
        check(&request(0xAC, Write::Coil(true)), &echo, &echo, &Answer::Written);
        // §6.6: register 2 becomes 3.
        let echo = [0x06, 0x00, 0x01, 0x00, 0x03];
        check(&request(1, Write::Register(3)), &echo, &echo, &Answer::Written);
        // §6.11: ten coils from coil 20.
        let coils = [true, false, true, true, false, false, true, true, true, false];
        check(
            &request(0x13, Write::Coils(coils.to_vec())),
            &[0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01],
            &[0x0F, 0x00, 0x13, 0x00, 0x0A],
            &Answer::Written,
        );
        // §6.12: registers 2 and 3 become 10 and 258.
        check(
            &request(1, Write::Registers(vec![0x000A, 0x0102])),
            &[0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02],
            &[0x10, 0x00, 0x01, 0x00, 0x02],
            &Answer::Written,
        );
        // §6.16: register 5.
        let echo = [0x16, 0x00, 0x04, 0x00, 0xF2, 0x00, 0x25];
        let mask = Write::Mask { and: 0xF2, or: 0x25 };
        check(&request(4, mask), &echo, &echo, &Answer::Written);
    }

    /// §6.17, but with the registers that are written read back. Do not change this test.
    #[test]
    fn an_exchange_is_frozen() {
        check(
            &request(0x0E, Write::Exchange(vec![0x00FF, 0x00FE, 0x00FD])),
            &[
                0x17, 0x00, 0x0E, 0x00, 0x03, 0x00, 0x0E, 0x00, 0x03, 0x06, 0x00, 0xFF, 0x00, 0xFE,
                0x00, 0xFD,
            ],
            &[0x17, 0x06, 0x00, 0xFF, 0x00, 0xFE, 0x00, 0xFD],
            &Answer::Content(Content::Registers(vec![0xFF, 0xFE, 0xFD])),
        );
    }

    #[test]
    fn the_echo_of_another_write_is_no_answer() {
        for (asked, other) in [
            (request(1, Write::Coil(true)), request(1, Write::Coil(false))),
            (request(1, Write::Register(3)), request(1, Write::Register(4))),
            (request(1, Write::Register(3)), request(2, Write::Register(3))),
            (request(1, Write::Registers(vec![3])), request(1, Write::Registers(vec![3, 4]))),
            (request(1, Write::Coils(vec![true])), request(2, Write::Coils(vec![true]))),
            (request(1, Write::Mask { and: 1, or: 2 }), request(1, Write::Mask { and: 1, or: 3 })),
            (request(1, Write::Exchange(vec![1])), request(1, Write::Exchange(vec![1, 2]))),
            (request(1, Write::Register(3)), request(1, Write::Registers(vec![3]))),
        ] {
            let mut echo = pdu(&other);
            echo.truncate(other.reply_pdu_bytes());
            assert_eq!(asked.judge(1, &echo), Judged::Misshapen, "{asked:?} {other:?}");
        }
    }

    #[test]
    fn the_largest_writes_fit_a_frame() {
        for write in [
            Write::Coils(vec![true; MAX_COILS]),
            Write::Registers(vec![7; MAX_WRITTEN_REGISTERS]),
            Write::Exchange(vec![7; MAX_EXCHANGED_REGISTERS]),
        ] {
            let request = request(0, write);
            assert_eq!(pdu(&request).len(), request.request_pdu_bytes());
            assert!(request.request_pdu_bytes() <= 253, "{}", request.request_pdu_bytes());
        }
    }

    #[test]
    fn a_write_says_what_it_changes() {
        let text = |first, write| request(first, write).to_string();
        assert_eq!(text(100, Write::Register(1)), "06 holding registers 100");
        assert_eq!(text(100, Write::Registers(vec![1, 2])), "16 holding registers 100-101");
        assert_eq!(text(65_535, Write::Coil(true)), "05 coils 65535");
        assert_eq!(text(4, Write::Mask { and: 0, or: 0 }), "22 holding registers 4");
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(pdu in proptest::collection::vec(any::<u8>(), 0..260), first: u16) {
            for write in [Write::Register(0), Write::Coils(vec![true]), Write::Exchange(vec![0; 3])] {
                let asked = request(first, write);
                if let Judged::Answer(Answer::Written | Answer::Content(_)) = asked.judge(1, &pdu) {
                    prop_assert_eq!(pdu.len(), asked.reply_pdu_bytes());
                }
            }
        }
    }
}
