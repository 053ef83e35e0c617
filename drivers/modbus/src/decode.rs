//! Registers and bits to readings.
//!
//! Integers keep all 64 bits, `f32` stays single precision, NaN and ±Inf are no values. Nothing here knows
//! how the registers came.

use pointcast_api::{Reading, Value, ValueType};

use crate::order::WordOrder;
use crate::scale::Scale;

/// The content of a valid reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Registers(Vec<u16>),
    Bits(Vec<bool>),
}

/// Numbers that fill whole registers.
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

impl NumberType {
    /// How many registers it fills.
    pub(crate) fn registers(self) -> u16 {
        match self {
            Self::I16 | Self::U16 => 1,
            Self::I32 | Self::U32 | Self::F32 => 2,
            Self::I64 | Self::U64 | Self::F64 => 4,
        }
    }

    /// The type of its values once they are scaled: integers get a fraction, single precision stays.
    pub(crate) fn scaled(self) -> ValueType {
        match self {
            Self::F32 => ValueType::F32,
            Self::I16 | Self::U16 | Self::I32 | Self::U32 | Self::I64 | Self::U64 | Self::F64 => {
                ValueType::F64
            }
        }
    }
}

/// How a point's value is taken out of a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decoder {
    /// A coil or discrete input.
    Bit,
    /// One bit of a register, 0 the least significant.
    RegisterBit(u8),
    /// A number, scaled or as it is.
    Number {
        number: NumberType,
        order: WordOrder,
        scale: Option<Scale>,
        /// The raw bits by which the device says that it has no value.
        no_value: Option<u64>,
    },
    /// Text over so many registers: UTF-8 up to the first NUL, without white space at its end.
    Text { order: WordOrder, registers: u16 },
}

impl Decoder {
    /// How many registers or bits of its table it needs.
    pub(crate) fn length(&self) -> u16 {
        match self {
            Self::Bit | Self::RegisterBit(_) => 1,
            Self::Number { number, .. } => number.registers(),
            Self::Text { registers, .. } => *registers,
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
            Self::Number { order, no_value: Some(none), .. } if order.bits(registers) == *none => {
                Some(Reading::NotANumber)
            }
            Self::Number { number, order, scale, .. } => {
                numeric(*number, *order, scale.as_ref(), registers)
            }
            Self::Text { order, .. } => Some(text(&order.text(registers))),
        }
    }
}

fn numeric(
    number: NumberType,
    order: WordOrder,
    scale: Option<&Scale>,
    registers: &[u16],
) -> Option<Reading> {
    Some(match number {
        NumberType::I16 => signed(i16::from_be_bytes(order.number(registers)?).into(), scale),
        NumberType::I32 => signed(i32::from_be_bytes(order.number(registers)?).into(), scale),
        NumberType::I64 => signed(i64::from_be_bytes(order.number(registers)?), scale),
        NumberType::U16 => unsigned(u16::from_be_bytes(order.number(registers)?).into(), scale),
        NumberType::U32 => unsigned(u32::from_be_bytes(order.number(registers)?).into(), scale),
        NumberType::U64 => unsigned(u64::from_be_bytes(order.number(registers)?), scale),
        NumberType::F32 => single(f32::from_be_bytes(order.number(registers)?), scale),
        NumberType::F64 => {
            let raw = f64::from_be_bytes(order.number(registers)?);
            finite(Value::f64(scale.map_or(raw, |scale| scale.number(raw))))
        }
    })
}

fn signed(raw: i64, scale: Option<&Scale>) -> Reading {
    match scale {
        None => Reading::Good(Value::I64(raw)),
        Some(scale) => finite(Value::f64(scale.integer(raw.into()))),
    }
}

fn unsigned(raw: u64, scale: Option<&Scale>) -> Reading {
    match scale {
        None => Reading::Good(Value::U64(raw)),
        Some(scale) => finite(Value::f64(scale.integer(raw.into()))),
    }
}

fn single(raw: f32, scale: Option<&Scale>) -> Reading {
    let Some(scale) = scale else {
        return finite(Value::f32(raw));
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "single precision in, single precision out"
    )]
    let rounded = scale.number(raw.into()) as f32;
    finite(Value::f32(rounded))
}

fn finite(value: Option<Value>) -> Reading {
    value.map_or(Reading::NotANumber, Reading::Good)
}

fn text(bytes: &[u8]) -> Reading {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let kept = bytes.get(..end).unwrap_or_default();
    // A block of 125 registers is far below the bound of a text, replacement characters included.
    finite(Value::text(String::from_utf8_lossy(kept).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pointcast_api::settings::Decimal;
    use proptest::prelude::*;

    fn number(number: NumberType, order: WordOrder, registers: &[u16]) -> Reading {
        let decoder = Decoder::Number { number, order, scale: None, no_value: None };
        decoder.read(&Content::Registers(registers.to_vec()), 0).unwrap()
    }

    fn tenth() -> Option<Scale> {
        let tenth = Decimal { value: 0.1, text: "0.1".to_owned() };
        Some(Scale::new(Some(&tenth), None).unwrap())
    }

    /// The registers a device with `order` sends for a number's bytes.
    fn sent(bytes: &[u8], order: WordOrder) -> Vec<u16> {
        let mut registers: Vec<u16> = bytes
            .chunks(2)
            .map(|pair| {
                let pair = [pair[0], pair[1]];
                match order {
                    WordOrder::Abcd | WordOrder::Cdab => u16::from_be_bytes(pair),
                    WordOrder::Badc | WordOrder::Dcba => u16::from_le_bytes(pair),
                }
            })
            .collect();
        if matches!(order, WordOrder::Cdab | WordOrder::Dcba) {
            registers.reverse();
        }
        registers
    }

    #[test]
    fn nothing_infinite_is_a_value() {
        for raw in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let registers = sent(&raw.to_be_bytes(), WordOrder::Abcd);
            assert_eq!(number(NumberType::F32, WordOrder::Abcd, &registers), Reading::NotANumber);
        }
        let registers = sent(&f64::NAN.to_be_bytes(), WordOrder::Dcba);
        assert_eq!(number(NumberType::F64, WordOrder::Dcba, &registers), Reading::NotANumber);
    }

    #[test]
    fn the_devices_own_no_value_is_none_in_every_width_and_order() {
        for order in WordOrder::WORDS.map(|(_, order)| order) {
            let read = |number, none: u64, bytes: &[u8]| {
                let decoder =
                    Decoder::Number { number, order, scale: tenth(), no_value: Some(none) };
                decoder.read(&Content::Registers(sent(bytes, order)), 0).unwrap()
            };
            let none = Reading::NotANumber;
            assert_eq!(read(NumberType::I16, 0x8000, &i16::MIN.to_be_bytes()), none);
            assert_ne!(read(NumberType::I16, 0x8000, &(i16::MIN + 1).to_be_bytes()), none);
            assert_eq!(read(NumberType::U32, 0xFFFF_FFFF, &u32::MAX.to_be_bytes()), none);
            assert_eq!(read(NumberType::I64, 1 << 63, &i64::MIN.to_be_bytes()), none);
            assert_eq!(read(NumberType::F32, 0, &0.0_f32.to_be_bytes()), none);
        }
    }

    #[test]
    fn scaled_integers_become_doubles_and_scaled_singles_stay_single() {
        let read = |number, registers: &[u16]| {
            let decoder =
                Decoder::Number { number, order: WordOrder::Abcd, scale: tenth(), no_value: None };
            decoder.read(&Content::Registers(registers.to_vec()), 0).unwrap()
        };
        assert_eq!(read(NumberType::U16, &[235]), Reading::Good(Value::f64(23.5).unwrap()));
        assert_eq!(read(NumberType::I16, &[0xFFFF]), Reading::Good(Value::f64(-0.1).unwrap()));
        let single = sent(&235.0_f32.to_be_bytes(), WordOrder::Abcd);
        assert_eq!(read(NumberType::F32, &single), Reading::Good(Value::f32(23.5).unwrap()));
        let single = sent(&21.5_f32.to_be_bytes(), WordOrder::Abcd);
        assert_eq!(read(NumberType::F32, &single), Reading::Good(Value::f32(2.15).unwrap()));
    }

    #[test]
    fn bits_are_numbered_from_the_least_significant() {
        let content = Content::Registers(vec![0, 0b1000_0000_0000_1000]);
        let bit = |bit| Decoder::RegisterBit(bit).read(&content, 1).unwrap();
        assert_eq!(bit(3), Reading::Good(Value::Bool(true)));
        assert_eq!(bit(15), Reading::Good(Value::Bool(true)));
        assert_eq!(bit(2), Reading::Good(Value::Bool(false)));
        let coils = Content::Bits(vec![false, true]);
        assert_eq!(Decoder::Bit.read(&coils, 1), Some(Reading::Good(Value::Bool(true))));
        assert_eq!(Decoder::Bit.read(&coils, 2), None);
        assert_eq!(Decoder::RegisterBit(0).read(&coils, 0), None);
    }

    fn check_text(order: WordOrder, bytes: &[u8], expected: &str) {
        let registers = sent(bytes, order);
        let registers = match order {
            WordOrder::Cdab | WordOrder::Dcba => registers.into_iter().rev().collect(),
            WordOrder::Abcd | WordOrder::Badc => registers,
        };
        let decoder = Decoder::Text { order, registers: u16::try_from(bytes.len() / 2).unwrap() };
        let read = decoder.read(&Content::Registers(registers), 0).unwrap();
        assert_eq!(read, Reading::Good(Value::text(expected).unwrap()));
    }

    #[test]
    fn text_ends_at_nul_and_loses_its_padding() {
        for (_, order) in WordOrder::WORDS {
            check_text(order, b"PM-5560 \0\0xyzz", "PM-5560");
            check_text(order, "21 °C  ".as_bytes(), "21 °C");
            check_text(order, b"\0\0", "");
            check_text(order, b"A\xFF", "A\u{FFFD}");
        }
    }

    #[test]
    fn content_that_ends_before_the_value_reads_as_nothing() {
        let decoder = Decoder::Number {
            number: NumberType::U32,
            order: WordOrder::Abcd,
            scale: None,
            no_value: None,
        };
        let content = Content::Registers(vec![1, 2, 3]);
        assert_eq!(decoder.read(&content, 1), Some(Reading::Good(Value::U64(0x2_0003))));
        assert_eq!(decoder.read(&content, 2), None);
        assert_eq!(decoder.read(&content, 65_535), None);
    }

    proptest! {
        #[test]
        fn every_type_comes_back_with_every_bit_in_every_order(bits in any::<u64>()) {
            for (_, order) in WordOrder::WORDS {
                let read = |kind, bytes: &[u8]| number(kind, order, &sent(bytes, order));
                let bytes = bits.to_be_bytes();
                prop_assert_eq!(read(NumberType::U64, &bytes), Reading::Good(Value::U64(bits)));
                prop_assert_eq!(
                    read(NumberType::I64, &bytes),
                    Reading::Good(Value::I64(bits.cast_signed()))
                );
                let double = f64::from_bits(bits);
                prop_assert_eq!(read(NumberType::F64, &bytes), finite(Value::f64(double)));
                let (word, bytes) = (u32::try_from(bits >> 32).unwrap(), &bytes[..4]);
                prop_assert_eq!(read(NumberType::U32, bytes), Reading::Good(Value::U64(word.into())));
                prop_assert_eq!(
                    read(NumberType::I32, bytes),
                    Reading::Good(Value::I64(word.cast_signed().into()))
                );
                prop_assert_eq!(
                    read(NumberType::F32, bytes),
                    finite(Value::f32(f32::from_bits(word)))
                );
                let (half, bytes) = (u16::try_from(word >> 16).unwrap(), &bytes[..2]);
                prop_assert_eq!(read(NumberType::U16, bytes), Reading::Good(Value::U64(half.into())));
                prop_assert_eq!(
                    read(NumberType::I16, bytes),
                    Reading::Good(Value::I64(half.cast_signed().into()))
                );
            }
        }

        #[test]
        fn any_bytes_are_some_text(registers in proptest::collection::vec(any::<u16>(), 1..125)) {
            let length = u16::try_from(registers.len()).unwrap();
            let decoder = Decoder::Text { order: WordOrder::Abcd, registers: length };
            let read = decoder.read(&Content::Registers(registers), 0);
            prop_assert!(matches!(read, Some(Reading::Good(Value::Text(_)))));
        }
    }
}
