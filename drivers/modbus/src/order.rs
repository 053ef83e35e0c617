//! Word orders: how the bytes of a number lie in its registers.
//!
//! Modbus Application Protocol V1.1b3 §4.2 fixes the two bytes of a register (the more significant first)
//! and nothing beyond. `A` is the most significant byte of the number:
//!
//! | order | 16 bits | 32 bits | 48 bits | 64 bits | text `"ABCD"` |
//! |---|---|---|---|---|---|
//! | `ABCD` | `AB` | `AB CD` | `AB CD EF` | `AB CD EF GH` | `AB CD` |
//! | `BADC` | `BA` | `BA DC` | `BA DC FE` | `BA DC FE HG` | `BA DC` |
//! | `CDAB` | `AB` | `CD AB` | `EF CD AB` | `GH EF CD AB` | `AB CD` |
//! | `DCBA` | `BA` | `DC BA` | `FE DC BA` | `HG FE DC BA` | `BA DC` |
//!
//! So an order is two switches: bytes swapped within each register, registers from last to first. Text is
//! never turned round, for no device sends words backwards. Single bits know no order: bit 0 of a register
//! is the least significant one of the register as the standard sends it.

use crate::address::REGISTER_BITS;

/// How the bytes of a number lie in its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum WordOrder {
    #[default]
    Abcd,
    Badc,
    Cdab,
    Dcba,
}

impl WordOrder {
    pub(crate) const WORDS: [(&'static str, Self); 4] =
        [("ABCD", Self::Abcd), ("BADC", Self::Badc), ("CDAB", Self::Cdab), ("DCBA", Self::Dcba)];

    fn swaps_bytes(self) -> bool {
        matches!(self, Self::Badc | Self::Dcba)
    }

    fn turns_registers(self) -> bool {
        matches!(self, Self::Cdab | Self::Dcba)
    }

    fn register(self, register: u16) -> [u8; 2] {
        if self.swaps_bytes() { register.to_le_bytes() } else { register.to_be_bytes() }
    }

    /// The bits of a number of up to four registers, the least significant bit last.
    pub(crate) fn bits(self, registers: &[u16]) -> u64 {
        let append = |bits: u64, register: &u16| {
            bits << REGISTER_BITS | u64::from(u16::from_be_bytes(self.register(*register)))
        };
        if self.turns_registers() {
            registers.iter().rev().fold(0, append)
        } else {
            registers.iter().fold(0, append)
        }
    }

    /// The `count` registers of a number with these bits: the inverse of [`WordOrder::bits`].
    pub(crate) fn registers(self, bits: u64, count: u16) -> Vec<u16> {
        let register = |at: u16| {
            let shifted = bits.checked_shr(u32::from(at) * u32::from(REGISTER_BITS));
            let [.., high, low] = shifted.unwrap_or_default().to_be_bytes();
            u16::from_be_bytes(self.register(u16::from_be_bytes([high, low])))
        };
        if self.turns_registers() {
            (0..count).map(register).collect()
        } else {
            (0..count).rev().map(register).collect()
        }
    }

    /// The bytes of a text, first character first.
    pub(crate) fn text(self, registers: &[u16]) -> Vec<u8> {
        registers.iter().flat_map(|register| self.register(*register)).collect()
    }

    /// The registers of a text: the inverse of [`WordOrder::text`]. A single last byte is followed by a NUL.
    pub(crate) fn text_registers(self, bytes: &[u8]) -> Vec<u16> {
        let register = |pair: &[u8]| {
            let pair = [pair.first().copied(), pair.get(1).copied()].map(Option::unwrap_or_default);
            u16::from_be_bytes(self.register(u16::from_be_bytes(pair)))
        };
        bytes.chunks(2).map(register).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(bytes: &str) -> Vec<u16> {
        let pairs: Vec<&str> = bytes.split(' ').collect();
        pairs.iter().map(|pair| u16::from_be_bytes(pair.as_bytes().try_into().unwrap())).collect()
    }

    fn check_number(order: WordOrder, lies: &str, means: &str) {
        let bits = means.bytes().fold(0, |bits, byte| bits << 8 | u64::from(byte));
        assert_eq!(order.bits(&sent(lies)), bits, "{order:?} {lies}");
        let count = u16::try_from(means.len() / 2).unwrap();
        assert_eq!(order.registers(bits, count), sent(lies), "{order:?} {lies}");
    }

    fn check(order: WordOrder, b16: &str, b32: &str, b48: &str, b64: &str, text: &str) {
        check_number(order, b16, "AB");
        check_number(order, b32, "ABCD");
        check_number(order, b48, "ABCDEF");
        check_number(order, b64, "ABCDEFGH");
        assert_eq!(order.text(&sent(text)), b"ABCD", "{order:?}");
        assert_eq!(order.text_registers(b"ABCD"), sent(text), "{order:?}");
    }

    #[test]
    fn the_table_above_is_what_happens() {
        check(WordOrder::Abcd, "AB", "AB CD", "AB CD EF", "AB CD EF GH", "AB CD");
        check(WordOrder::Badc, "BA", "BA DC", "BA DC FE", "BA DC FE HG", "BA DC");
        check(WordOrder::Cdab, "AB", "CD AB", "EF CD AB", "GH EF CD AB", "AB CD");
        check(WordOrder::Dcba, "BA", "DC BA", "FE DC BA", "HG FE DC BA", "BA DC");
    }

    #[test]
    fn a_text_of_odd_length_ends_with_a_nul() {
        assert_eq!(WordOrder::Abcd.text_registers(b"ABC"), [0x4142, 0x4300]);
        assert_eq!(WordOrder::Badc.text_registers(b"ABC"), [0x4241, 0x0043]);
    }
}
