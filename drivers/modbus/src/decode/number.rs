//! Numbers: which bits they are made of, what those bits mean, and how they are scaled.
//!
//! In this order: the part of the registers, the raw values that stand for none, the raw number, its scale,
//! its range. So what stands for none is told by its bits, before anything is computed with it.

use pointcast_api::{Reading, Value, ValueType};

use super::clamp::Clamp;
use super::{NOT_IMPLEMENTED, reading};
use crate::order::WordOrder;
use crate::scale::Scale;

/// How many bits a number has, and how they lie in its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberType {
    /// Half a register.
    I8,
    U8,
    I16,
    U16,
    /// The lower 24 bits of two registers; what stands in the upper 8 is not its own.
    I24,
    U24,
    I32,
    U32,
    I48,
    U48,
    I64,
    U64,
    F32,
    F64,
    /// Four decimal digits of four bits each.
    Bcd16,
    /// Eight of them.
    Bcd32,
}

/// How the bits of a number are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Two's complement.
    Signed,
    Unsigned,
    /// A decimal digit in every four bits.
    Bcd,
    /// IEEE 754 binary32.
    Single,
    /// IEEE 754 binary64.
    Double,
}

impl NumberType {
    /// All that lie in whole registers.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const IN_REGISTERS: [Self; 14] = [
        Self::I16,
        Self::U16,
        Self::I24,
        Self::U24,
        Self::I32,
        Self::U32,
        Self::I48,
        Self::U48,
        Self::I64,
        Self::U64,
        Self::F32,
        Self::F64,
        Self::Bcd16,
        Self::Bcd32,
    ];

    /// How many registers it lies in.
    pub(crate) fn registers(self) -> u16 {
        match self {
            Self::I8 | Self::U8 | Self::I16 | Self::U16 | Self::Bcd16 => 1,
            Self::I24 | Self::U24 | Self::I32 | Self::U32 | Self::F32 | Self::Bcd32 => 2,
            Self::I48 | Self::U48 => 3,
            Self::I64 | Self::U64 | Self::F64 => 4,
        }
    }

    /// How many bits it has: the least significant ones of its registers.
    pub(crate) fn width(self) -> u32 {
        match self {
            Self::I8 | Self::U8 => 8,
            Self::I16 | Self::U16 | Self::Bcd16 => 16,
            Self::I24 | Self::U24 => 24,
            Self::I32 | Self::U32 | Self::F32 | Self::Bcd32 => 32,
            Self::I48 | Self::U48 => 48,
            Self::I64 | Self::U64 | Self::F64 => 64,
        }
    }

    /// What its bits mean.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::I8 | Self::I16 | Self::I24 | Self::I32 | Self::I48 | Self::I64 => Class::Signed,
            Self::U8 | Self::U16 | Self::U24 | Self::U32 | Self::U48 | Self::U64 => Class::Unsigned,
            Self::Bcd16 | Self::Bcd32 => Class::Bcd,
            Self::F32 => Class::Single,
            Self::F64 => Class::Double,
        }
    }

    /// The type of its values as they are: the narrowest of those that dashboards know.
    pub(crate) fn plain(self) -> ValueType {
        match self {
            Self::I8 | Self::I16 => ValueType::I16,
            Self::U8 | Self::U16 | Self::Bcd16 => ValueType::U16,
            Self::I24 | Self::I32 => ValueType::I32,
            Self::U24 | Self::U32 | Self::Bcd32 => ValueType::U32,
            Self::I48 | Self::I64 => ValueType::I64,
            Self::U48 | Self::U64 => ValueType::U64,
            Self::F32 => ValueType::F32,
            Self::F64 => ValueType::F64,
        }
    }

    /// The type of its values once they are scaled: integers get a fraction, single precision stays.
    pub(crate) fn scaled(self) -> ValueType {
        match self.class() {
            Class::Single => ValueType::F32,
            Class::Signed | Class::Unsigned | Class::Bcd | Class::Double => ValueType::F64,
        }
    }
}

/// Bits of a register that are a number of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The least significant one, 0 to 15.
    pub(crate) low: u8,
    /// How many, at least one; `low + width` is at most 16.
    pub(crate) width: u8,
}

impl Slice {
    /// Its bits, set.
    pub(crate) fn mask(self) -> u16 {
        let ones = u16::MAX.checked_shr(16 - u32::from(self.width)).unwrap_or_default();
        ones.checked_shl(self.low.into()).unwrap_or_default()
    }
}

/// How raw numbers become values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scaling {
    /// They are the values.
    None,
    /// By a scale from the configuration.
    Fixed(Box<Scale>),
    /// By the power of ten that a register of the same reply holds, and that alone.
    Register {
        /// Where the number begins in what is read for it.
        value_at: u16,
        /// Where the power stands.
        power_at: u16,
    },
}

/// A number, scaled or as it is. There is one for each point, and most have nothing that is boxed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) number_type: NumberType,
    pub(crate) order: WordOrder,
    /// Which bits of its one register it has, where it does not have them all.
    pub(crate) slice: Option<Slice>,
    pub(crate) scaling: Scaling,
    /// The raw bits by which the device says that it has no value.
    pub(crate) no_value: Box<[u64]>,
    /// Whether a register with all bits set is SunSpec's "not implemented" for every slice of it.
    pub(crate) full_is_none: bool,
    /// What becomes of values outside their range.
    pub(crate) clamp: Option<Box<Clamp>>,
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
    /// A number in whole registers that is its own value.
    pub(crate) fn plain(number_type: NumberType, order: WordOrder) -> Self {
        Self {
            number_type,
            order,
            slice: None,
            scaling: Scaling::None,
            no_value: Box::default(),
            full_is_none: false,
            clamp: None,
        }
    }

    /// How many registers are read for it.
    pub(super) fn length(&self) -> u16 {
        let own = self.number_type.registers();
        match self.scaling {
            Scaling::None | Scaling::Fixed(_) => own,
            Scaling::Register { value_at, power_at } => (value_at + own).max(power_at + 1),
        }
    }

    /// Where in what is read for it its own registers begin.
    pub(super) fn value_at(&self) -> u16 {
        match self.scaling {
            Scaling::None | Scaling::Fixed(_) => 0,
            Scaling::Register { value_at, .. } => value_at,
        }
    }

    /// How many bits it has.
    pub(crate) fn width(&self) -> u32 {
        self.slice.map_or(self.number_type.width(), |slice| slice.width.into())
    }

    /// The reading of just as many registers as are read for it; `None` of fewer.
    pub(super) fn read(&self, registers: &[u16]) -> Option<Reading> {
        let from = usize::from(self.value_at());
        let until = from.checked_add(usize::from(self.number_type.registers()))?;
        let registers_bits = self.order.bits(registers.get(from..until)?);
        if self.full_is_none && registers_bits == u64::from(NOT_IMPLEMENTED) {
            return Some(Reading::NotANumber);
        }
        let bits = self.own_bits(registers_bits);
        Some(match &self.scaling {
            Scaling::None => self.reading(bits, None),
            Scaling::Fixed(scale) => self.reading(bits, Some(scale)),
            Scaling::Register { .. } => match self.scale_of(registers)? {
                Some(scale) => self.reading(bits, Some(&scale)),
                None => Reading::NotANumber,
            },
        })
    }

    /// The reading that its own bits make with `scale`.
    pub(crate) fn reading(&self, bits: u64, scale: Option<&Scale>) -> Reading {
        if self.no_value.contains(&bits) {
            return Reading::NotANumber;
        }
        let value = self.raw(bits).and_then(|raw| value(raw, scale));
        match (value, &self.clamp) {
            (Some(value), Some(clamp)) => clamp.reading(value),
            (value, _) => reading(value),
        }
    }

    /// The scale that the power in `registers`, which were read for it, makes.
    ///
    /// `None` where there are too few registers or none of them is a power; `Some(None)` where what stands
    /// there is no power that [`Scale::power_of_ten`] knows, `0x8000` among them.
    pub(crate) fn scale_of(&self, registers: &[u16]) -> Option<Option<Scale>> {
        let Scaling::Register { power_at, .. } = self.scaling else { return None };
        let register = registers.get(usize::from(power_at))?;
        let [.., high, low] = self.order.bits(&[*register]).to_be_bytes();
        Some(Scale::power_of_ten(i16::from_be_bytes([high, low])))
    }

    /// Its own bits of all those in its registers.
    fn own_bits(&self, bits: u64) -> u64 {
        let low = self.slice.map_or(0, |slice| u32::from(slice.low));
        let beyond = u64::BITS - self.width();
        bits.checked_shr(low).unwrap_or_default() << beyond >> beyond
    }

    /// What its own bits mean; `None` where they are no decimal digits but should be.
    fn raw(&self, bits: u64) -> Option<Raw> {
        let beyond = u64::BITS - self.width();
        Some(match self.number_type.class() {
            Class::Signed => Raw::Signed((bits << beyond).cast_signed() >> beyond),
            Class::Unsigned => Raw::Unsigned(bits),
            Class::Bcd => Raw::Unsigned(decimal(bits)?),
            Class::Single => Raw::Single(f32::from_bits(u32::try_from(bits).ok()?)),
            Class::Double => Raw::Double(f64::from_bits(bits)),
        })
    }
}

/// The value of a raw number; `None` where it is not finite.
fn value(raw: Raw, scale: Option<&Scale>) -> Option<Value> {
    let Some(scale) = scale else {
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

/// The number whose decimal digits stand in `bits`, four bits each; `None` where one is above 9.
fn decimal(bits: u64) -> Option<u64> {
    let digits = (0..u64::BITS).step_by(4).rev().map(|shift| bits >> shift & 0xF);
    digits.into_iter().try_fold(0, |number: u64, digit| (digit <= 9).then_some(number * 10 + digit))
}
