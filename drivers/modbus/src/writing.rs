//! How a point is written: which function carries its value. Pure.
//!
//! Modbus Application Protocol V1.1b3: a coil takes function 5 (§6.5) or 15 (§6.11), a register 6 (§6.6), 16
//! (§6.12) or 23 (§6.17), several registers 16 or 23, some bits of a register 22 (§6.16), so that a device
//! never shows half a value. Where a device does not know 22, the whole register is read, changed and written,
//! but only if that was configured: whatever changes another bit of it in between is undone.

use crate::encode::Encoded;
use crate::frame::{Write, WriteRequest};

/// How a point is written, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Writing {
    pub(crate) function: Function,
    /// Whether a newer write takes the place of one that was not sent yet.
    pub(crate) coalesce: bool,
}

/// Which function code writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// 05
    Coil,
    /// 15
    Coils,
    /// 06
    Register,
    /// 16
    Registers,
    /// 22
    Mask,
    /// 23
    Exchange,
    /// Some bits of a register, with 06.
    ReadThenRegister,
    /// Some bits of a register, with 16.
    ReadThenRegisters,
}

impl Function {
    /// Whether the register must be read before it can be written.
    pub(crate) fn reads_first(self) -> bool {
        matches!(self, Self::ReadThenRegister | Self::ReadThenRegisters)
    }

    /// What writes `encoded` from `first` on; `current` is what the register holds, where it had to be read.
    ///
    /// `None` where the function cannot carry it, which the configuration rules out.
    pub(crate) fn request(
        self,
        unit: u8,
        first: u16,
        encoded: &Encoded,
        current: Option<u16>,
    ) -> Option<WriteRequest> {
        let write = match (self, encoded) {
            (Self::Coil, Encoded::Bits(bits)) => match bits.as_slice() {
                [on] => Write::Coil(*on),
                _ => return None,
            },
            (Self::Coils, Encoded::Bits(bits)) => Write::Coils(bits.clone()),
            (Self::Register, Encoded::Registers(registers)) => match registers.as_slice() {
                [register] => Write::Register(*register),
                _ => return None,
            },
            (Self::Registers, Encoded::Registers(registers)) => Write::Registers(registers.clone()),
            (Self::Exchange, Encoded::Registers(registers)) => Write::Exchange(registers.clone()),
            (Self::Mask, Encoded::Part { mask, bits }) => Write::Mask { and: !mask, or: *bits },
            (Self::ReadThenRegister, Encoded::Part { mask, bits }) => {
                Write::Register(current? & !mask | bits)
            }
            (Self::ReadThenRegisters, Encoded::Part { mask, bits }) => {
                Write::Registers(vec![current? & !mask | bits])
            }
            _ => return None,
        };
        Some(WriteRequest { unit, first, write })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(function: Function, encoded: &Encoded, write: Write) {
        let request = function.request(9, 100, encoded, Some(0xF0F0));
        assert_eq!(request, Some(WriteRequest { unit: 9, first: 100, write }));
    }

    #[test]
    fn each_function_carries_what_it_is_for() {
        let (bit, one, two) = (
            Encoded::Bits(vec![true]),
            Encoded::Registers(vec![7]),
            Encoded::Registers(vec![7, 8]),
        );
        let part = Encoded::Part { mask: 0x0F00, bits: 0x0300 };
        check(Function::Coil, &bit, Write::Coil(true));
        check(Function::Coils, &bit, Write::Coils(vec![true]));
        check(Function::Register, &one, Write::Register(7));
        check(Function::Registers, &one, Write::Registers(vec![7]));
        check(Function::Registers, &two, Write::Registers(vec![7, 8]));
        check(Function::Exchange, &two, Write::Exchange(vec![7, 8]));
        check(Function::Mask, &part, Write::Mask { and: 0xF0FF, or: 0x0300 });
        check(Function::ReadThenRegister, &part, Write::Register(0xF3F0));
        check(Function::ReadThenRegisters, &part, Write::Registers(vec![0xF3F0]));
    }

    #[test]
    fn what_a_function_cannot_carry_is_not_sent() {
        let part = Encoded::Part { mask: 1, bits: 1 };
        for (function, encoded) in [
            (Function::Register, Encoded::Registers(vec![1, 2])),
            (Function::Coil, Encoded::Registers(vec![1])),
            (Function::Registers, part.clone()),
            (Function::Mask, Encoded::Registers(vec![1])),
        ] {
            assert_eq!(function.request(1, 0, &encoded, None), None, "{function:?}");
        }
        assert_eq!(Function::ReadThenRegister.request(1, 0, &part, None), None, "not read yet");
    }
}
