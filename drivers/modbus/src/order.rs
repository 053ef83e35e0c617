//! Word orders: how the bytes of a number lie in its registers.
//!
//! Modbus Application Protocol V1.1b3 §4.2 fixes the two bytes of a register (the more significant first)
//! and nothing beyond. `A` is the most significant byte of the number:
//!
//! | order | 16 bits | 32 bits | 64 bits | text `"ABCD"` |
//! |---|---|---|---|---|
//! | `ABCD` | `AB` | `AB CD` | `AB CD EF GH` | `AB CD` |
//! | `BADC` | `BA` | `BA DC` | `BA DC FE HG` | `BA DC` |
//! | `CDAB` | `AB` | `CD AB` | `GH EF CD AB` | `AB CD` |
//! | `DCBA` | `BA` | `DC BA` | `HG FE DC BA` | `BA DC` |
//!
//! So an order is two switches: bytes swapped within each register, registers from last to first. Text is
//! never turned round, for no device sends words backwards. Single bits know no order: bit 0 of a register
//! is the least significant one of the register as the standard sends it.

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

    /// The bytes of a number, most significant first; `None` unless there are just `BYTES` of them.
    pub(crate) fn number<const BYTES: usize>(self, registers: &[u16]) -> Option<[u8; BYTES]> {
        let pairs = registers.iter().map(|register| self.register(*register));
        let bytes: Vec<u8> = if self.turns_registers() {
            pairs.rev().flatten().collect()
        } else {
            pairs.flatten().collect()
        };
        bytes.try_into().ok()
    }

    /// The bits of a number of up to 64, as an unsigned one.
    pub(crate) fn bits(self, registers: &[u16]) -> u64 {
        let append = |bits: u64, register: &u16| {
            bits << 16 | u64::from(u16::from_be_bytes(self.register(*register)))
        };
        if self.turns_registers() {
            registers.iter().rev().fold(0, append)
        } else {
            registers.iter().fold(0, append)
        }
    }

    /// The bytes of a text, first character first.
    pub(crate) fn text(self, registers: &[u16]) -> Vec<u8> {
        registers.iter().flat_map(|register| self.register(*register)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(bytes: &str) -> Vec<u16> {
        let pairs: Vec<&str> = bytes.split(' ').collect();
        pairs.iter().map(|pair| u16::from_be_bytes(pair.as_bytes().try_into().unwrap())).collect()
    }

    fn check(order: WordOrder, b16: &str, b32: &str, b64: &str, text: &str) {
        assert_eq!(order.number::<2>(&sent(b16)).unwrap(), *b"AB", "{order:?}");
        assert_eq!(order.number::<4>(&sent(b32)).unwrap(), *b"ABCD", "{order:?}");
        assert_eq!(order.number::<8>(&sent(b64)).unwrap(), *b"ABCDEFGH", "{order:?}");
        assert_eq!(order.text(&sent(text)), b"ABCD", "{order:?}");
    }

    #[test]
    fn the_table_above_is_what_happens() {
        check(WordOrder::Abcd, "AB", "AB CD", "AB CD EF GH", "AB CD");
        check(WordOrder::Badc, "BA", "BA DC", "BA DC FE HG", "BA DC");
        check(WordOrder::Cdab, "AB", "CD AB", "GH EF CD AB", "AB CD");
        check(WordOrder::Dcba, "BA", "DC BA", "HG FE DC BA", "BA DC");
    }

    #[test]
    fn another_number_of_registers_is_no_number() {
        assert_eq!(WordOrder::Abcd.number::<4>(&[1]), None);
        assert_eq!(WordOrder::Dcba.number::<4>(&[1, 2, 3]), None);
    }
}
