//! What is written for a value, and what is refused.

mod properties;

use super::*;
use crate::decode::{
    Clamp, Content, Encoding, Number, NumberType, Padding, Scaling, Slice, Text, Time, TimeLayout,
};
use crate::order::WordOrder;
use crate::scale::Scale;
use pointcast_api::Reading;
use pointcast_api::settings::Decimal;

fn decimal(text: &str) -> Decimal {
    Decimal { value: text.parse().unwrap(), text: text.to_owned() }
}

fn scale(by: &str, plus: &str) -> Scaling {
    Scaling::Fixed(Box::new(Scale::new(Some(&decimal(by)), Some(&decimal(plus))).unwrap()))
}

fn number(number_type: NumberType, scaling: Scaling) -> Decoder {
    Decoder::Number(Number { scaling, ..Number::plain(number_type, WordOrder::Abcd) })
}

fn f64(number: f64) -> Value {
    Value::f64(number).unwrap()
}

fn text(text: &str) -> Value {
    Value::text(text).unwrap()
}

fn text_of(registers: u16) -> Text {
    let (encoding, padding) = (Encoding::Utf8, Padding::Nul);
    Text { order: WordOrder::Abcd, registers, encoding, padding, empty_is_none: false }
}

fn check(decoder: &Decoder, value: Value, registers: &[u16]) {
    let expected = Ok(Encoded::Registers(registers.to_vec()));
    assert_eq!(decoder.encode(&value), expected, "{decoder:?}");
}

fn check_refused(decoder: &Decoder, value: Value, expected: &str) {
    let told = decoder.encode(&value).unwrap_err().to_string();
    assert!(told.contains(expected), "{decoder:?} {value:?}: {told}");
}

/// What comes back when the registers are read again.
fn read_back(decoder: &Decoder, encoded: Encoded) -> Reading {
    let content = match encoded {
        Encoded::Bits(bits) => Content::Bits(bits),
        Encoded::Registers(registers) => Content::Registers(registers),
        // Whatever else stands in the register.
        Encoded::Part { mask, bits } => Content::Registers(vec![0xA5C3 & !mask | bits]),
    };
    decoder.read(&content, 0).unwrap()
}

#[test]
fn a_number_goes_into_its_registers() {
    check(&number(NumberType::U16, Scaling::None), Value::U64(258), &[0x0102]);
    check(&number(NumberType::I16, Scaling::None), Value::I64(-2), &[0xFFFE]);
    check(&number(NumberType::U16, Scaling::None), f64(7.0), &[7]);
    check(&number(NumberType::I32, Scaling::None), Value::I64(-2), &[0xFFFF, 0xFFFE]);
    let all = [0xFFFF; 4];
    check(&number(NumberType::U64, Scaling::None), Value::U64(u64::MAX), &all);
    check(&number(NumberType::I64, Scaling::None), Value::I64(-1), &all);
    check(&number(NumberType::F32, Scaling::None), f64(1.0), &[0x3F80, 0]);
    check(&number(NumberType::F32, Scaling::None), f64(2.15), &[0x4009, 0x999A]);
    check(&number(NumberType::F32, Scaling::None), f64(-0.0), &[0x8000, 0]);
    check(&number(NumberType::F64, Scaling::None), Value::U64(1), &[0x3FF0, 0, 0, 0]);
    check(
        &number(NumberType::F64, Scaling::None),
        Value::f32(0.1).unwrap(),
        &[0x3FB9, 0x9999, 0x9999, 0x999A],
    );
}

#[test]
fn a_scaled_number_is_given_as_it_is_shown() {
    let tenths = number(NumberType::I16, scale("0.1", "0"));
    check(&tenths, f64(23.5), &[235]);
    check(&tenths, f64(-0.3), &[0xFFFD]);
    check(&tenths, Value::U64(20), &[200]);
    check(&tenths, f64(-0.0), &[0]);
    check_refused(&tenths, f64(23.56), "23.56 cannot be written exactly: the nearest is 23.6");
    check_refused(&tenths, f64(3276.8), "3276.8 is out of range: give -3276.8 to 3276.7");
    let falling = number(NumberType::U16, scale("-0.5", "100"));
    check(&falling, f64(99.5), &[1]);
    check_refused(&falling, f64(100.5), "give -32667.5 to 100");
    check_refused(&falling, f64(99.8), "the nearest is 100");
    check(&number(NumberType::F32, scale("0.1", "0")), f64(2.15), &[0x41AC, 0]);
}

#[test]
fn what_would_read_back_as_something_else_is_refused() {
    let u16 = number(NumberType::U16, Scaling::None);
    check_refused(&u16, Value::U64(65_536), "65536 is out of range: give 0 to 65535");
    check_refused(&u16, Value::I64(-1), "give 0 to 65535");
    check_refused(&u16, f64(1e300), "give 0 to 65535");
    check_refused(&u16, f64(1.5), "1.5 cannot be written exactly: the nearest is 2");
    check_refused(&u16, Value::Bool(true), "true is no value of this point: give a number");
    check_refused(&u16, text("12"), "\"12\" is no value of this point: give a number");
    let i64 = number(NumberType::I64, Scaling::None);
    check_refused(&i64, Value::U64(1 << 63), "give -9223372036854775808 to 9223372036854775807");
    let f32 = number(NumberType::F32, Scaling::None);
    check_refused(&f32, Value::U64(16_777_217), "the nearest is 16777216");
    check_refused(&f32, f64(1e39), "is out of range");
    check_refused(&f32, f64(1e-60), "the nearest is 0");
    let f64_type = number(NumberType::F64, Scaling::None);
    check_refused(&f64_type, Value::U64(u64::MAX), "the nearest is 18446744073709552000");
    let none = Number {
        scaling: scale("0.1", "0"),
        no_value: [0x8000].into(),
        ..Number::plain(NumberType::I16, WordOrder::Abcd)
    };
    check_refused(&Decoder::Number(none), f64(-3276.8), "takes for \"no value\"");
}

#[test]
fn a_bit_is_on_or_off_and_leaves_its_neighbours_alone() {
    assert_eq!(Decoder::Bit.encode(&Value::Bool(true)), Ok(Encoded::Bits(vec![true])));
    assert_eq!(Decoder::Bit.encode(&Value::U64(0)), Ok(Encoded::Bits(vec![false])));
    let bit = Decoder::RegisterBit(4);
    assert_eq!(bit.encode(&Value::U64(1)), Ok(Encoded::Part { mask: 0x10, bits: 0x10 }));
    assert_eq!(bit.encode(&Value::Bool(false)), Ok(Encoded::Part { mask: 0x10, bits: 0 }));
    check_refused(&bit, Value::U64(2), "2 is no value of this point: give true or false");
    check_refused(&Decoder::Bit, f64(1.0), "give true or false");
}

#[test]
fn text_is_filled_up_and_never_cut() {
    let four = Decoder::Text(Text { order: WordOrder::Badc, ..text_of(2) });
    check(&four, text("abc"), &[0x6261, 0x0063]);
    check(&four, text(""), &[0, 0]);
    check_refused(&four, text("abcde"), "the text has 5 bytes: give at most 4");
    check_refused(&four, text("ab "), "leave the white space at its end away");
    check_refused(&four, text("a\0b"), "leave NUL away");
    check_refused(&four, Value::U64(1), "1 is no value of this point: give text");
}

#[test]
fn text_takes_the_encoding_and_the_padding_of_its_point() {
    let spaces = Decoder::Text(Text { padding: Padding::Space, ..text_of(3) });
    check(&spaces, text("abc"), &[0x6162, 0x6320, 0x2020]);
    let latin = Decoder::Text(Text { encoding: Encoding::Latin1, ..text_of(2) });
    check(&latin, text("\u{b0}C"), &[0xB043, 0]);
    check_refused(&latin, text("\u{20ac}"), "is no character of the point's encoding");
    let wide = Decoder::Text(Text { encoding: Encoding::Utf16, ..text_of(2) });
    check(&wide, text("\u{20ac}"), &[0x20AC, 0]);
    check_refused(&wide, text("abc"), "the text has 6 bytes: give at most 4");
    let never_empty = Decoder::Text(Text { empty_is_none: true, ..text_of(2) });
    check_refused(&never_empty, text(""), "takes for \"no value\"");
}

#[test]
fn numbers_of_unusual_widths_fill_their_registers() {
    check(&number(NumberType::I24, Scaling::None), Value::I64(-2), &[0xFFFF, 0xFFFE]);
    check(&number(NumberType::U24, Scaling::None), Value::U64(0x12_3456), &[0x0012, 0x3456]);
    check_refused(&number(NumberType::U24, Scaling::None), Value::U64(1 << 24), "0 to 16777215");
    check(&number(NumberType::I48, Scaling::None), Value::I64(-1), &[0xFFFF; 3]);
    check_refused(
        &number(NumberType::I48, Scaling::None),
        Value::I64(1 << 47),
        "give -140737488355328 to 140737488355327",
    );
    check(&number(NumberType::Bcd16, Scaling::None), Value::U64(1_234), &[0x1234]);
    check(&number(NumberType::Bcd32, scale("0.01", "0")), f64(123_456.78), &[0x1234, 0x5678]);
    check_refused(&number(NumberType::Bcd16, Scaling::None), Value::U64(10_000), "0 to 9999");
}

fn sliced(number_type: NumberType, low: u8, width: u8, scaling: Scaling) -> Decoder {
    let plain = Number::plain(number_type, WordOrder::Abcd);
    Decoder::Number(Number { slice: Some(Slice { low, width }), scaling, ..plain })
}

#[test]
fn part_of_a_register_leaves_the_rest_alone() {
    let part = |mask, bits| Ok(Encoded::Part { mask, bits });
    let field = sliced(NumberType::U16, 4, 4, Scaling::None);
    assert_eq!(field.encode(&Value::U64(9)), part(0x00F0, 0x0090));
    check_refused(&field, Value::U64(16), "give 0 to 15");
    let high = sliced(NumberType::I8, 8, 8, Scaling::None);
    assert_eq!(high.encode(&Value::I64(-2)), part(0xFF00, 0xFE00));
    check_refused(&high, Value::I64(128), "give -128 to 127");
    let all = sliced(NumberType::U16, 0, 16, Scaling::None);
    assert_eq!(all.encode(&Value::U64(65_535)), part(0xFFFF, 0xFFFF));
}

#[test]
fn a_scale_in_a_register_is_taken_from_what_was_read_last() {
    let scaling = Scaling::Register { value_at: 0, power_at: 3 };
    let decoder = number(NumberType::U16, scaling);
    assert_eq!((decoder.length(), decoder.own()), (4, (0, 1)));
    assert_eq!(decoder.encode(&f64(23.5)), Err(EncodeError::NoScale));
    let beside = |power: i16, value: Value| {
        let read = Content::Registers(vec![9, 8, 7, power.cast_unsigned()]);
        decoder.encode_beside(&read, &value)
    };
    assert_eq!(beside(-1, f64(23.5)), Ok(Encoded::Registers(vec![235])));
    assert_eq!(beside(2, Value::U64(500)), Ok(Encoded::Registers(vec![5])));
    assert!(matches!(beside(0, f64(23.5)), Err(EncodeError::NotExact { .. })));
    assert_eq!(beside(i16::MIN, f64(23.5)), Err(EncodeError::NoScale));
    let fixed = number(NumberType::U16, Scaling::None);
    let read = Content::Registers(vec![0]);
    assert_eq!(fixed.encode_beside(&read, &Value::U64(7)), Ok(Encoded::Registers(vec![7])));
}

#[test]
fn what_would_be_clamped_is_refused() {
    let clamp = Some(Box::new(Clamp::Double { low: 0.0, high: 50.0 }));
    let plain = Number::plain(NumberType::I16, WordOrder::Abcd);
    let decoder = Decoder::Number(Number { scaling: scale("0.1", "0"), clamp, ..plain });
    check(&decoder, f64(50.0), &[500]);
    check_refused(&decoder, f64(50.1), "50.1 is out of range: give 0 to 50");
}

#[test]
fn a_name_stands_for_its_value_and_for_no_other() {
    let labels = [(0, "off"), (1, "on"), (2, "auto"), (3, "auto")];
    let labels = labels.map(|(number, name)| (number, name.to_owned()));
    assert_eq!(labelled(&text("on"), &labels), Ok(Value::I64(1)));
    assert_eq!(labelled(&Value::U64(7), &labels), Ok(Value::U64(7)));
    assert_eq!(labelled(&text("on"), &[]), Ok(text("on")));
    let told = labelled(&text("On"), &labels).unwrap_err().to_string();
    assert!(told.contains("\"On\" is no name") && told.contains("\"off\", \"on\""), "{told}");
    assert!(labelled(&text("auto"), &labels).is_err(), "two values have it");
}

fn time(layout: TimeLayout, offset_h: Option<i8>) -> Decoder {
    let utc_offset = offset_h.map(jiff::tz::offset);
    Decoder::Time(Time { layout, order: WordOrder::Abcd, utc_offset, no_value: Box::default() })
}

#[test]
fn a_time_is_written_as_it_is_shown() {
    let unix = time(TimeLayout::Unix32, None);
    check(&unix, text("2026-11-27T12:08:42Z"), &[0x6B09, 0x72CA]);
    check_refused(&unix, text("2026-11-27T12:08:42"), "give a UTC time like");
    check_refused(&unix, text("2026-11-27T12:08:42.5Z"), "leave what is finer");
    check_refused(&unix, text("2106-02-07T06:28:16Z"), "give a UTC time like");
    check_refused(&unix, Value::U64(1), "1 is no value of this point: give a UTC time like");
    let local = time(TimeLayout::Fields6, None);
    check(&local, text("2026-11-27T12:08:42"), &[2_026, 11, 27, 12, 8, 42]);
    check_refused(&local, text("2026-11-27T12:08:42Z"), "the device's own time like");
    let ahead = time(TimeLayout::Fields7, Some(1));
    check(&ahead, text("2026-12-31T23:30:00.250Z"), &[2_027, 1, 1, 0, 30, 0, 250]);
    let cp56 = time(TimeLayout::Cp56, None);
    check(&cp56, text("2026-11-27T12:08:42.007"), &[26, 0x0B1B, 0x0C08, 42_007]);
    check_refused(&cp56, text("1999-11-27T12:08:42"), "the device's own time like");
}

#[test]
fn what_sums_of_decimal_steps_leave_behind_is_meant_as_none() {
    let tenths = || number(NumberType::I16, scale("1e-1", "0"));
    check(&tenths(), f64(61.300000000000004), &[613]);
    check(&tenths(), f64(-0.30000000000000004), &[0xFFFD]);
    check(&number(NumberType::U16, Scaling::None), f64(60.99999999999999), &[61]);
    for apart in [61.3001, 61.300_000_01] {
        assert!(matches!(tenths().encode(&f64(apart)), Err(EncodeError::NotExact { .. })));
    }
    let large = number(NumberType::U64, scale("1e1", "0"));
    let off = Value::U64(1_000_000_000_000_000_001);
    assert!(large.encode(&off).is_err(), "whole numbers are meant to the last digit");
}
