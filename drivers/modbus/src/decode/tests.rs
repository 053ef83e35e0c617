//! What registers mean.

mod literal;
mod scaled;
mod times;

use super::*;
use crate::order::WordOrder;
use crate::scale::Scale;
use pointcast_api::settings::Decimal;
use proptest::prelude::*;

fn number(number_type: NumberType, order: WordOrder, registers: &[u16]) -> Reading {
    let decoder = Decoder::Number(Number::plain(number_type, order));
    decoder.read(&Content::Registers(registers.to_vec()), 0).unwrap()
}

fn tenth() -> Scaling {
    let tenth = Decimal { value: 0.1, text: "0.1".to_owned() };
    Scaling::Fixed(Box::new(Scale::new(Some(&tenth), None).unwrap()))
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
fn a_decoder_is_small_for_there_is_one_for_each_point() {
    assert!(size_of::<Decoder>() <= 64, "{}", size_of::<Decoder>());
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
            let number = Number {
                scaling: tenth(),
                no_value: [none].into(),
                ..Number::plain(number, order)
            };
            let decoder = Decoder::Number(number);
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
            Decoder::Number(Number { scaling: tenth(), ..Number::plain(number, WordOrder::Abcd) });
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

fn text_of(order: WordOrder) -> Text {
    let (encoding, padding) = (Encoding::Utf8, Padding::Nul);
    Text { order, registers: 0, encoding, padding, empty_is_none: false }
}

fn check_text(order: WordOrder, bytes: &[u8], expected: Option<&str>) {
    let registers = sent(bytes, order);
    let registers = match order {
        WordOrder::Cdab | WordOrder::Dcba => registers.into_iter().rev().collect(),
        WordOrder::Abcd | WordOrder::Badc => registers,
    };
    let text = Text { registers: u16::try_from(bytes.len() / 2).unwrap(), ..text_of(order) };
    let read = Decoder::Text(text).read(&Content::Registers(registers), 0).unwrap();
    assert_eq!(read, reading(expected.and_then(Value::text)));
}

#[test]
fn text_ends_at_nul_and_loses_its_padding() {
    for (_, order) in WordOrder::WORDS {
        check_text(order, b"PM-5560 \0\0xyzz", Some("PM-5560"));
        check_text(order, "21 °C  ".as_bytes(), Some("21 °C"));
        check_text(order, b"\0\0", Some(""));
        check_text(order, b"A\xFF", None);
    }
}

#[test]
fn content_that_ends_before_the_value_reads_as_nothing() {
    let decoder = Decoder::Number(Number::plain(NumberType::U32, WordOrder::Abcd));
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
            prop_assert_eq!(read(NumberType::F64, &bytes), reading(Value::f64(double)));
            let (word, bytes) = (u32::try_from(bits >> 32).unwrap(), &bytes[..4]);
            prop_assert_eq!(read(NumberType::U32, bytes), Reading::Good(Value::U64(word.into())));
            prop_assert_eq!(
                read(NumberType::I32, bytes),
                Reading::Good(Value::I64(word.cast_signed().into()))
            );
            prop_assert_eq!(
                read(NumberType::F32, bytes),
                reading(Value::f32(f32::from_bits(word)))
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
    fn any_bytes_are_some_text_or_none(registers in proptest::collection::vec(any::<u16>(), 1..125)) {
        let length = u16::try_from(registers.len()).unwrap();
        let decoder = Decoder::Text(Text { registers: length, ..text_of(WordOrder::Abcd) });
        let read = decoder.read(&Content::Registers(registers), 0);
        let is_text = matches!(read, Some(Reading::Good(Value::Text(_)) | Reading::NotANumber));
        prop_assert!(is_text, "{:?}", read);
    }
}
