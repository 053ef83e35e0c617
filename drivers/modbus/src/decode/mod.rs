//! Registers and bits to readings.
//!
//! Integers keep all 64 bits, `f32` stays single precision, NaN and ±Inf are no values. Nothing here knows
//! how the registers came.

mod clamp;
mod model;
mod number;
mod text;
mod time;

use pointcast_api::{Reading, Value};

pub(crate) use clamp::Clamp;
pub(crate) use model::OfModel;
pub(crate) use number::{Class, Number, NumberType, Scaling, Slice};
pub(crate) use text::{Encoding, Padding, Text};
pub(crate) use time::{FIRST_YEAR, Time, TimeLayout};

/// A register of a bit field that a device does not have (SunSpec Device Information Model Specification,
/// types `bitfield16` and `bitfield32`).
const NOT_IMPLEMENTED: u16 = 0xFFFF;

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
    /// The same, where a register with all bits set is SunSpec's "not implemented".
    SunSpecBit(u8),
    /// A number, scaled or as it is.
    Number(Number),
    /// Text over several registers.
    Text(Text),
    /// A date with time.
    Time(Time),
    /// Any of these, within a SunSpec model.
    OfModel(Box<OfModel>),
}

impl Decoder {
    /// How many registers or bits of its table are read for it, in one reply.
    pub(crate) fn length(&self) -> u16 {
        match self {
            Self::Bit | Self::RegisterBit(_) | Self::SunSpecBit(_) => 1,
            Self::Number(number) => number.length(),
            Self::Text(text) => text.registers,
            Self::Time(time) => time.layout.registers(),
            Self::OfModel(of_model) => of_model.length(),
        }
    }

    /// Which of what is read for it is the value itself, and written when it is: where it begins, and how many
    /// registers or bits. The rest is the register that holds its scale, and what lies between.
    pub(crate) fn own(&self) -> (u16, u16) {
        match self {
            Self::Number(number) => (number.value_at(), number.number_type.registers()),
            Self::Bit
            | Self::RegisterBit(_)
            | Self::SunSpecBit(_)
            | Self::Text(_)
            | Self::Time(_) => (0, self.length()),
            Self::OfModel(of_model) => of_model.own(),
        }
    }

    /// Whether its value is only some bits of its register.
    pub(crate) fn is_part(&self) -> bool {
        match self {
            Self::RegisterBit(_) | Self::SunSpecBit(_) => true,
            Self::Number(number) => number.slice.is_some(),
            Self::OfModel(of_model) => of_model.decoder.is_part(),
            Self::Bit | Self::Text(_) | Self::Time(_) => false,
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
            Self::SunSpecBit(_) if registers.first() == Some(&NOT_IMPLEMENTED) => {
                Some(Reading::NotANumber)
            }
            Self::RegisterBit(bit) | Self::SunSpecBit(bit) => {
                let register = registers.first()?;
                let set = register.checked_shr(u32::from(*bit))? & 1 == 1;
                Some(Reading::Good(Value::Bool(set)))
            }
            Self::Number(number) => number.read(registers),
            Self::Text(text) => Some(text.read(registers)),
            Self::Time(time) => Some(time.read(registers)),
            Self::OfModel(of_model) => of_model.read(registers),
        }
    }
}

/// A value, or that there is none.
fn reading(value: Option<Value>) -> Reading {
    value.map_or(Reading::NotANumber, Reading::Good)
}

#[cfg(test)]
mod tests;
