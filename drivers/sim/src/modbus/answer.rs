//! What a slave answers, without a wire and without a clock: Modbus Application Protocol V1.1b3 §6.1 to
//! §6.4, checks in the order of their state diagrams (function, quantity, address).

use crate::map::Table;

/// Most coils or inputs in one reply (§6.1, §6.2).
const MAX_BITS: u16 = 2_000;

/// Most registers in one reply (§6.3, §6.4).
const MAX_REGISTERS: u16 = 125;

/// Longest PDU there is (§4.1).
pub(crate) const MAX_PDU_BYTES: usize = 253;

/// Exception 01: the slave does not know this function.
const ILLEGAL_FUNCTION: u8 = 0x01;
/// Exception 02: part of the address range does not exist.
const ILLEGAL_DATA_ADDRESS: u8 = 0x02;
/// Exception 03: the request is built wrong, its quantity among it.
const ILLEGAL_DATA_VALUE: u8 = 0x03;
/// Exception 0B: the slave behind this unit id does not answer.
pub(crate) const TARGET_FAILED_TO_RESPOND: u8 = 0x0B;

/// Set in the function code of a reply that is an exception.
pub(crate) const EXCEPTION_BIT: u8 = 0x80;

/// What a slave holds at one moment.
pub(crate) trait Bank {
    /// `count` registers from `start` on; `None` when any of them does not exist.
    fn registers(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>>;

    /// `count` coils or inputs from `start` on; `None` when any of them does not exist.
    fn bits(&self, table: Table, start: u16, count: u16) -> Option<Vec<bool>>;
}

/// The reply PDU to a request PDU; `None` where the standard owes none: an empty PDU, or one whose
/// function code has the exception bit, which is somebody's reply.
pub(crate) fn answer(request: &[u8], bank: &dyn Bank) -> Option<Vec<u8>> {
    let (&function, body) = request.split_first()?;
    if function & EXCEPTION_BIT != 0 {
        return None;
    }
    let read = match function {
        0x01 => read_bits(body, |start, count| bank.bits(Table::Coil, start, count)),
        0x02 => read_bits(body, |start, count| bank.bits(Table::Discrete, start, count)),
        0x03 => read_registers(body, |start, count| bank.registers(Table::Holding, start, count)),
        0x04 => read_registers(body, |start, count| bank.registers(Table::Input, start, count)),
        _ => Err(ILLEGAL_FUNCTION),
    };
    Some(match read {
        Ok(data) => {
            let mut reply = vec![function, u8::try_from(data.len()).unwrap_or(u8::MAX)];
            reply.extend(data);
            reply
        }
        Err(code) => exception(function, code),
    })
}

/// The reply that says no.
pub(crate) fn exception(function: u8, code: u8) -> Vec<u8> {
    vec![function | EXCEPTION_BIT, code]
}

fn read_bits(body: &[u8], bits: impl FnOnce(u16, u16) -> Option<Vec<bool>>) -> Result<Vec<u8>, u8> {
    let (start, count) = range(body, MAX_BITS)?;
    let bits = bits(start, count).ok_or(ILLEGAL_DATA_ADDRESS)?;
    // §6.1: the first bit is the least significant one of the first byte.
    let byte = |eight: &[bool]| eight.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    Ok(bits.chunks(8).map(byte).collect())
}

fn read_registers(
    body: &[u8],
    registers: impl FnOnce(u16, u16) -> Option<Vec<u16>>,
) -> Result<Vec<u8>, u8> {
    let (start, count) = range(body, MAX_REGISTERS)?;
    let registers = registers(start, count).ok_or(ILLEGAL_DATA_ADDRESS)?;
    Ok(registers.into_iter().flat_map(u16::to_be_bytes).collect())
}

/// Start and quantity of a read request.
fn range(body: &[u8], most: u16) -> Result<(u16, u16), u8> {
    let &[start_high, start_low, count_high, count_low] = body else {
        return Err(ILLEGAL_DATA_VALUE);
    };
    let start = u16::from_be_bytes([start_high, start_low]);
    let count = u16::from_be_bytes([count_high, count_low]);
    if !(1..=most).contains(&count) {
        return Err(ILLEGAL_DATA_VALUE);
    }
    if u32::from(start) + u32::from(count) > 0x1_0000 {
        return Err(ILLEGAL_DATA_ADDRESS);
    }
    Ok((start, count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Registers and bits 0 to 9 of each table exist, and nothing else.
    struct Ten;

    impl Bank for Ten {
        fn registers(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>> {
            let tag = if table == Table::Holding { 0x3000 } else { 0x4000 };
            (start + count <= 10).then(|| (start..start + count).map(|at| tag + at).collect())
        }

        fn bits(&self, table: Table, start: u16, count: u16) -> Option<Vec<bool>> {
            let odd = table == Table::Coil;
            (start + count <= 10)
                .then(|| (start..start + count).map(|at| (at % 2 == 1) == odd).collect())
        }
    }

    fn check(request: &[u8], reply: &[u8]) {
        assert_eq!(answer(request, &Ten).as_deref(), Some(reply), "request {request:02X?}");
    }

    #[test]
    fn each_function_reads_its_own_table() {
        check(&[1, 0, 0, 0, 10], &[1, 2, 0b1010_1010, 0b10]);
        check(&[2, 0, 1, 0, 3], &[2, 1, 0b010]);
        check(&[3, 0, 8, 0, 2], &[3, 4, 0x30, 8, 0x30, 9]);
        check(&[4, 0, 0, 0, 1], &[4, 2, 0x40, 0]);
    }

    #[test]
    fn refusals_come_in_the_order_of_the_state_diagrams() {
        check(&[6, 0, 0, 0, 1], &[0x86, 1]);
        check(&[0x2B, 0x0E, 1, 0], &[0xAB, 1]);
        check(&[3, 0, 0, 0, 0], &[0x83, 3]);
        check(&[3, 0, 0, 0, 126], &[0x83, 3]);
        check(&[4, 0xFF, 0xFF, 0, 126], &[0x84, 3]);
        check(&[1, 0, 0, 0x07, 0xD1], &[0x81, 3]);
        check(&[3, 0, 9, 0, 2], &[0x83, 2]);
        check(&[3, 0xFF, 0xFF, 0, 2], &[0x83, 2]);
        check(&[2, 0, 10, 0, 1], &[0x82, 2]);
        check(&[3, 0, 0], &[0x83, 3]);
        check(&[3, 0, 0, 0, 1, 0], &[0x83, 3]);
    }

    #[test]
    fn replies_of_others_and_nothing_at_all_get_no_answer() {
        assert_eq!(answer(&[], &Ten), None);
        assert_eq!(answer(&[0x83, 2], &Ten), None);
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_reply_is_well_formed(
            request in proptest::collection::vec(any::<u8>(), 0..300),
            function in 0_u8..6,
            forced in any::<bool>(),
        ) {
            let mut request = request;
            if forced && let Some(first) = request.first_mut() {
                *first = function;
            }
            if let Some(reply) = answer(&request, &Ten) {
                prop_assert!(reply.len() <= MAX_PDU_BYTES);
                prop_assert_eq!(reply[0] & !EXCEPTION_BIT, request[0]);
                if reply[0] & EXCEPTION_BIT != 0 {
                    prop_assert!(reply.len() == 2 && (1..=3).contains(&reply[1]));
                } else {
                    prop_assert_eq!(usize::from(reply[1]), reply.len() - 2);
                }
            }
        }
    }
}
