//! What a slave answers, without a wire and without a clock: Modbus Application Protocol V1.1b3 §6.1 to §6.6,
//! §6.11, §6.12, §6.16 and §6.17, checks in the order of their state diagrams (function, quantity, address).

use crate::map::Table;

/// Most coils or inputs in one reply (§6.1, §6.2).
const MAX_BITS: u16 = 2_000;

/// Most registers in one reply (§6.3, §6.4).
const MAX_REGISTERS: u16 = 125;

/// Most coils that one request sets (§6.11).
const MAX_WRITTEN_BITS: u16 = 1_968;

/// Most registers that one request sets (§6.12), and most beside a read (§6.17).
const MAX_WRITTEN_REGISTERS: u16 = 123;
const MAX_EXCHANGED_REGISTERS: u16 = 121;

/// What a coil is set with (§6.5).
const COIL_ON: u16 = 0xFF00;
const COIL_OFF: u16 = 0x0000;

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

    /// Sets holding registers from `start` on: all of them, or none and `false` when one of them cannot be set.
    fn set_registers(&mut self, start: u16, words: &[u16]) -> bool;

    /// Sets coils from `start` on: all of them, or none and `false` when one of them cannot be set.
    fn set_coils(&mut self, start: u16, bits: &[bool]) -> bool;
}

/// The reply PDU to a request PDU; `None` where the standard owes none: an empty PDU, or one whose
/// function code has the exception bit, which is somebody's reply.
pub(crate) fn answer(request: &[u8], bank: &mut dyn Bank) -> Option<Vec<u8>> {
    let (&function, body) = request.split_first()?;
    if function & EXCEPTION_BIT != 0 {
        return None;
    }
    let reply = match function {
        0x01 => read_bits(body, |start, count| bank.bits(Table::Coil, start, count)).map(counted),
        0x02 => {
            read_bits(body, |start, count| bank.bits(Table::Discrete, start, count)).map(counted)
        }
        0x03 => read_registers(body, |start, count| bank.registers(Table::Holding, start, count))
            .map(counted),
        0x04 => read_registers(body, |start, count| bank.registers(Table::Input, start, count))
            .map(counted),
        0x05 => write_coil(body, bank),
        0x06 => write_register(body, bank),
        0x0F => write_coils(body, bank),
        0x10 => write_registers(body, bank),
        0x16 => mask_register(body, bank),
        0x17 => exchange_registers(body, bank),
        _ => Err(ILLEGAL_FUNCTION),
    };
    Some(match reply {
        Ok(data) => [&[function][..], &data].concat(),
        Err(code) => exception(function, code),
    })
}

/// Whether a request PDU changes something.
pub(crate) fn is_write(request: &[u8]) -> bool {
    matches!(request.first(), Some(0x05 | 0x06 | 0x0F | 0x10 | 0x16 | 0x17))
}

/// Data with its byte count in front.
fn counted(data: Vec<u8>) -> Vec<u8> {
    [vec![u8::try_from(data.len()).unwrap_or(u8::MAX)], data].concat()
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

/// Two words, as most requests that write begin.
fn two_words(body: &[u8]) -> Result<(u16, u16, &[u8]), u8> {
    let Some(([a, b, c, d], rest)) = body.split_first_chunk() else {
        return Err(ILLEGAL_DATA_VALUE);
    };
    Ok((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]), rest))
}

fn write_coil(body: &[u8], bank: &mut dyn Bank) -> Result<Vec<u8>, u8> {
    let (start, value, []) = two_words(body)? else { return Err(ILLEGAL_DATA_VALUE) };
    let on = match value {
        COIL_ON => true,
        COIL_OFF => false,
        _ => return Err(ILLEGAL_DATA_VALUE),
    };
    done(bank.set_coils(start, &[on]), body)
}

fn write_register(body: &[u8], bank: &mut dyn Bank) -> Result<Vec<u8>, u8> {
    let (start, value, []) = two_words(body)? else { return Err(ILLEGAL_DATA_VALUE) };
    done(bank.set_registers(start, &[value]), body)
}

fn write_coils(body: &[u8], bank: &mut dyn Bank) -> Result<Vec<u8>, u8> {
    let (start, count, rest) = two_words(body)?;
    let bytes = counted_bytes(rest, count.div_ceil(8))?;
    if !(1..=MAX_WRITTEN_BITS).contains(&count) {
        return Err(ILLEGAL_DATA_VALUE);
    }
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    let bits: Vec<bool> = bits.take(count.into()).collect();
    done(bank.set_coils(start, &bits), body.get(..4).unwrap_or_default())
}

fn write_registers(body: &[u8], bank: &mut dyn Bank) -> Result<Vec<u8>, u8> {
    let (start, count, rest) = two_words(body)?;
    let words = words(rest, count, MAX_WRITTEN_REGISTERS)?;
    done(bank.set_registers(start, &words), body.get(..4).unwrap_or_default())
}

fn mask_register(body: &[u8], bank: &mut dyn Bank) -> Result<Vec<u8>, u8> {
    let (start, and, rest) = two_words(body)?;
    let &[high, low] = rest else { return Err(ILLEGAL_DATA_VALUE) };
    let or = u16::from_be_bytes([high, low]);
    let now = bank.registers(Table::Holding, start, 1).ok_or(ILLEGAL_DATA_ADDRESS)?;
    let now = now.first().copied().unwrap_or_default();
    done(bank.set_registers(start, &[now & and | or & !and]), body)
}

/// Writes first, then reads.
fn exchange_registers(body: &[u8], bank: &mut dyn Bank) -> Result<Vec<u8>, u8> {
    let (read, rest) = body.split_at_checked(4).ok_or(ILLEGAL_DATA_VALUE)?;
    let (start, count, rest) = two_words(rest)?;
    let words = words(rest, count, MAX_EXCHANGED_REGISTERS)?;
    let (first, quantity) = range(read, MAX_REGISTERS)?;
    let is_there = bank.registers(Table::Holding, first, quantity).is_some();
    if !is_there || !bank.set_registers(start, &words) {
        return Err(ILLEGAL_DATA_ADDRESS);
    }
    read_registers(read, |start, count| bank.registers(Table::Holding, start, count)).map(counted)
}

/// The registers that a request sets.
fn words(rest: &[u8], count: u16, most: u16) -> Result<Vec<u16>, u8> {
    if !(1..=most).contains(&count) {
        return Err(ILLEGAL_DATA_VALUE);
    }
    let bytes = counted_bytes(rest, count * 2)?;
    let (pairs, _) = bytes.as_chunks::<2>();
    Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
}

/// The bytes behind a byte count that must be as announced.
fn counted_bytes(rest: &[u8], wanted: u16) -> Result<&[u8], u8> {
    match rest.split_first() {
        Some((count, bytes))
            if u16::from(*count) == wanted && bytes.len() == usize::from(wanted) =>
        {
            Ok(bytes)
        }
        Some(_) | None => Err(ILLEGAL_DATA_VALUE),
    }
}

/// The echo of what was done.
fn done(is_done: bool, echo: &[u8]) -> Result<Vec<u8>, u8> {
    if is_done { Ok(echo.to_vec()) } else { Err(ILLEGAL_DATA_ADDRESS) }
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

    /// Registers and bits 0 to 9 of each table exist, and nothing else; holding registers and coils 8 and 9 can be
    /// set.
    #[derive(Default)]
    struct Ten {
        registers: [Option<u16>; 2],
        coils: [Option<bool>; 2],
    }

    /// Sets both of two places, or one of them, or none.
    fn set<T: Copy>(places: &mut [Option<T>; 2], start: u16, values: &[T]) -> bool {
        let Some(first) = usize::from(start).checked_sub(8) else { return false };
        if first + values.len() > 2 {
            return false;
        }
        places.iter_mut().skip(first).zip(values).for_each(|(place, value)| *place = Some(*value));
        true
    }

    impl Bank for Ten {
        fn registers(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>> {
            let tag = if table == Table::Holding { 0x3000 } else { 0x4000 };
            let written = |at: u16| {
                let at = usize::from(at).checked_sub(8).filter(|_| table == Table::Holding)?;
                self.registers.get(at).copied()?
            };
            let register = |at| written(at).unwrap_or(tag + at);
            (start + count <= 10).then(|| (start..start + count).map(register).collect())
        }

        fn bits(&self, table: Table, start: u16, count: u16) -> Option<Vec<bool>> {
            let odd = table == Table::Coil;
            let written = |at: u16| {
                let at = usize::from(at).checked_sub(8).filter(|_| table == Table::Coil)?;
                self.coils.get(at).copied()?
            };
            let bit = |at| written(at).unwrap_or((at % 2 == 1) == odd);
            (start + count <= 10).then(|| (start..start + count).map(bit).collect())
        }

        fn set_registers(&mut self, start: u16, words: &[u16]) -> bool {
            set(&mut self.registers, start, words)
        }

        fn set_coils(&mut self, start: u16, bits: &[bool]) -> bool {
            set(&mut self.coils, start, bits)
        }
    }

    fn check(request: &[u8], reply: &[u8]) {
        check_all(&[(request, reply)]);
    }

    /// One request after the other to one slave.
    fn check_all(exchanges: &[(&[u8], &[u8])]) {
        let mut slave = Ten::default();
        for (request, reply) in exchanges {
            assert_eq!(answer(request, &mut slave).as_deref(), Some(*reply), "{request:02X?}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        check_all(&[
            (&[5, 0, 8, 0xFF, 0], &[5, 0, 8, 0xFF, 0]),
            (&[1, 0, 8, 0, 2], &[1, 1, 0b11]),
            (&[15, 0, 8, 0, 2, 1, 0b01], &[15, 0, 8, 0, 2]),
            (&[1, 0, 8, 0, 2], &[1, 1, 0b01]),
            (&[6, 0, 9, 0x12, 0x34], &[6, 0, 9, 0x12, 0x34]),
            (&[16, 0, 8, 0, 2, 4, 0, 1, 0, 2], &[16, 0, 8, 0, 2]),
            (&[3, 0, 8, 0, 2], &[3, 4, 0, 1, 0, 2]),
            // §6.16: 12 hex becomes 17 hex.
            (&[6, 0, 8, 0, 0x12], &[6, 0, 8, 0, 0x12]),
            (&[22, 0, 8, 0, 0xF2, 0, 0x25], &[22, 0, 8, 0, 0xF2, 0, 0x25]),
            (&[3, 0, 8, 0, 1], &[3, 2, 0, 0x17]),
            // §6.17: what is read was written before.
            (&[23, 0, 7, 0, 2, 0, 8, 0, 1, 2, 0, 99], &[23, 4, 0x30, 7, 0, 99]),
        ]);
    }

    #[test]
    fn a_write_that_is_refused_changes_nothing() {
        let as_before: (&[u8], &[u8]) = (&[3, 0, 8, 0, 2], &[3, 4, 0x30, 8, 0x30, 9]);
        let refused: [(&[u8], &[u8]); 17] = [
            (&[5, 0, 7, 0xFF, 0], &[0x85, 2]),
            (&[5, 0, 8, 0xFF, 1], &[0x85, 3]),
            (&[5, 0, 8, 0xFF, 0, 0], &[0x85, 3]),
            (&[6, 0, 7, 0, 1], &[0x86, 2]),
            (&[6, 0, 8, 0], &[0x86, 3]),
            (&[15, 0, 9, 0, 2, 1, 1], &[0x8F, 2]),
            (&[15, 0, 8, 0, 0, 0], &[0x8F, 3]),
            (&[15, 0, 8, 0, 9, 1, 1], &[0x8F, 3]),
            (&[16, 0, 9, 0, 2, 4, 0, 1, 0, 2], &[0x90, 2]),
            (&[16, 0, 8, 0, 1, 4, 0, 1, 0, 2], &[0x90, 3]),
            (&[16, 0, 8, 0, 0, 0], &[0x90, 3]),
            (&[16, 0, 8, 0, 124, 248], &[0x90, 3]),
            (&[22, 0, 10, 0, 0, 0, 0], &[0x96, 2]),
            (&[22, 0, 8, 0, 0, 0], &[0x96, 3]),
            (&[23, 0, 9, 0, 2, 0, 8, 0, 1, 2, 0, 9], &[0x97, 2]),
            (&[23, 0, 8, 0, 0, 0, 8, 0, 1, 2, 0, 9], &[0x97, 3]),
            (&[23, 0, 8, 0, 1, 0, 7, 0, 1, 2, 0, 9], &[0x97, 2]),
        ];
        for exchange in refused {
            check_all(&[exchange, as_before]);
        }
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
        check(&[7], &[0x87, 1]);
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
        assert_eq!(answer(&[], &mut Ten::default()), None);
        assert_eq!(answer(&[0x83, 2], &mut Ten::default()), None);
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_reply_is_well_formed(
            request in proptest::collection::vec(any::<u8>(), 0..300),
            function in 0_u8..24,
            forced in any::<bool>(),
        ) {
            let mut request = request;
            if forced && let Some(first) = request.first_mut() {
                *first = function;
            }
            if let Some(reply) = answer(&request, &mut Ten::default()) {
                prop_assert!(reply.len() <= MAX_PDU_BYTES);
                prop_assert_eq!(reply[0] & !EXCEPTION_BIT, request[0]);
                if reply[0] & EXCEPTION_BIT != 0 {
                    prop_assert!(reply.len() == 2 && (1..=3).contains(&reply[1]));
                } else if is_write(&request) && request[0] != 0x17 {
                    prop_assert!(request.starts_with(&reply));
                } else {
                    prop_assert_eq!(usize::from(reply[1]), reply.len() - 2);
                }
            }
        }
    }
}
