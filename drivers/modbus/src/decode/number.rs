//! Numbers: which bits they are made of, and what those bits mean.

use pointcast_api::{Reading, Value, ValueType};

use super::reading;
use crate::address::REGISTER_BITS;
use crate::order::WordOrder;
use crate::scale::Scale;

/// How the bits of a number lie in its registers, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberType {
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

/// How the bits of a number are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Two's complement.
    Signed,
    Unsigned,
    /// IEEE 754 binary32.
    Single,
    /// IEEE 754 binary64.
    Double,
}

impl NumberType {
    /// How many registers it fills.
    pub(crate) fn registers(self) -> u16 {
        match self {
            Self::I16 | Self::U16 => 1,
            Self::I32 | Self::U32 | Self::F32 => 2,
            Self::I64 | Self::U64 | Self::F64 => 4,
        }
    }

    /// How many bits it has: the least significant ones of its registers.
    pub(crate) fn width(self) -> u32 {
        u32::from(self.registers()) * u32::from(REGISTER_BITS)
    }

    /// What its bits mean.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::I16 | Self::I32 | Self::I64 => Class::Signed,
            Self::U16 | Self::U32 | Self::U64 => Class::Unsigned,
            Self::F32 => Class::Single,
            Self::F64 => Class::Double,
        }
    }

    /// The type of its values as they are.
    pub(crate) fn plain(self) -> ValueType {
        match self {
            Self::I16 => ValueType::I16,
            Self::U16 => ValueType::U16,
            Self::I32 => ValueType::I32,
            Self::U32 => ValueType::U32,
            Self::I64 => ValueType::I64,
            Self::U64 => ValueType::U64,
            Self::F32 => ValueType::F32,
            Self::F64 => ValueType::F64,
        }
    }

    /// The type of its values once they are scaled: integers get a fraction, single precision stays.
    pub(crate) fn scaled(self) -> ValueType {
        match self.class() {
            Class::Single => ValueType::F32,
            Class::Signed | Class::Unsigned | Class::Double => ValueType::F64,
        }
    }
}

/// A number, scaled or as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) number_type: NumberType,
    pub(crate) order: WordOrder,
    pub(crate) scale: Option<Scale>,
    /// The raw bits by which the device says that it has no value.
    pub(crate) no_value: Vec<u64>,
}

/// What the bits of a number are, before scaling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Raw {
    Signed(i64),
    Unsigned(u64),
    Single(f32),
    Double(f64),
}

impl Number {
    /// The reading of just as many registers as it fills.
    pub(super) fn read(&self, registers: &[u16]) -> Reading {
        let bits = self.order.bits(registers);
        if self.no_value.contains(&bits) {
            return Reading::NotANumber;
        }
        reading(self.value(self.raw(bits)))
    }

    /// What `bits` mean; those above the number's width count for nothing.
    pub(crate) fn raw(&self, bits: u64) -> Raw {
        let beyond = u64::BITS - self.number_type.width();
        let kept = bits << beyond >> beyond;
        match self.number_type.class() {
            Class::Signed => Raw::Signed((bits << beyond).cast_signed() >> beyond),
            Class::Unsigned => Raw::Unsigned(kept),
            Class::Single => Raw::Single(f32::from_bits(u32::try_from(kept).unwrap_or(u32::MAX))),
            Class::Double => Raw::Double(f64::from_bits(kept)),
        }
    }

    /// The value of a raw number; `None` where it is not finite.
    pub(crate) fn value(&self, raw: Raw) -> Option<Value> {
        let Some(scale) = &self.scale else {
            return match raw {
                Raw::Signed(raw) => Some(Value::I64(raw)),
                Raw::Unsigned(raw) => Some(Value::U64(raw)),
                Raw::Single(raw) => Value::f32(raw),
                Raw::Double(raw) => Value::f64(raw),
            };
        };
        match raw {
            Raw::Signed(raw) => Value::f64(scale.integer(raw.into())),
            Raw::Unsigned(raw) => Value::f64(scale.integer(raw.into())),
            Raw::Single(raw) => Value::f32(scale.single(raw)),
            Raw::Double(raw) => Value::f64(scale.number(raw)),
        }
    }
}
