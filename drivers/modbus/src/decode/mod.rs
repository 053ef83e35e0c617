//! Registers and bits to readings.
//!
//! Integers keep all 64 bits, `f32` stays single precision, NaN and ±Inf are no values. Nothing here knows
//! how the registers came.

mod number;
mod text;

use pointcast_api::{Reading, Value};

pub(crate) use number::{Class, Number, NumberType};
pub(crate) use text::Text;

/// The content of a valid reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Registers(Vec<u16>),
    Bits(Vec<bool>),
}

/// How a point's value is taken out of a reply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoder {
    /// A coil or discrete input.
    Bit,
    /// One bit of a register, 0 the least significant.
    RegisterBit(u8),
    /// A number, scaled or as it is.
    Number(Number),
    /// Text over several registers.
    Text(Text),
}

impl Decoder {
    /// How many registers or bits of its table it needs.
    pub(crate) fn length(&self) -> u16 {
        match self {
            Self::Bit | Self::RegisterBit(_) => 1,
            Self::Number(number) => number.number_type.registers(),
            Self::Text(text) => text.registers,
        }
    }

    /// The reading that lies `offset` registers or bits into `content`; `None` where the content ends before.
    pub(crate) fn read(&self, content: &Content, offset: u16) -> Option<Reading> {
        let from = usize::from(offset);
        match (self, content) {
            (Self::Bit, Content::Bits(bits)) => {
                bits.get(from).map(|bit| Reading::Good(Value::Bool(*bit)))
            }
            (_, Content::Registers(registers)) => {
                let until = from.checked_add(usize::from(self.length()))?;
                self.registers(registers.get(from..until)?)
            }
            (_, Content::Bits(_)) => None,
        }
    }

    fn registers(&self, registers: &[u16]) -> Option<Reading> {
        match self {
            Self::Bit => None,
            Self::RegisterBit(bit) => {
                let register = registers.first()?;
                let set = register.checked_shr(u32::from(*bit))? & 1 == 1;
                Some(Reading::Good(Value::Bool(set)))
            }
            Self::Number(number) => Some(number.read(registers)),
            Self::Text(text) => Some(text.read(registers)),
        }
    }
}

/// A value, or that there is none.
fn reading(value: Option<Value>) -> Reading {
    value.map_or(Reading::NotANumber, Reading::Good)
}

#[cfg(test)]
mod tests;
