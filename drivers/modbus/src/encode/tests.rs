use super::*;
use crate::decode::{Content, Number, NumberType, Text};
use crate::order::WordOrder;
use crate::scale::Scale;
use pointcast_api::Reading;
use pointcast_api::settings::Decimal;
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    Decimal { value: text.parse().unwrap(), text: text.to_owned() }
}

fn scale(by: &str, plus: &str) -> Option<Scale> {
    Some(Scale::new(Some(&decimal(by)), Some(&decimal(plus))).unwrap())
}

fn number(number_type: NumberType, scale: Option<Scale>) -> Decoder {
    Decoder::Number(Number { number_type, order: WordOrder::Abcd, scale, no_value: Vec::new() })
}

fn f64(number: f64) -> Value {
    Value::f64(number).unwrap()
}

fn text(text: &str) -> Value {
    Value::text(text).unwrap()
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
    check(&number(NumberType::U16, None), Value::U64(258), &[0x0102]);
    check(&number(NumberType::I16, None), Value::I64(-2), &[0xFFFE]);
    check(&number(NumberType::U16, None), f64(7.0), &[7]);
    check(&number(NumberType::I32, None), Value::I64(-2), &[0xFFFF, 0xFFFE]);
    let all = [0xFFFF; 4];
    check(&number(NumberType::U64, None), Value::U64(u64::MAX), &all);
    check(&number(NumberType::I64, None), Value::I64(-1), &all);
    check(&number(NumberType::F32, None), f64(1.0), &[0x3F80, 0]);
    check(&number(NumberType::F32, None), f64(2.15), &[0x4009, 0x999A]);
    check(&number(NumberType::F32, None), f64(-0.0), &[0x8000, 0]);
    check(&number(NumberType::F64, None), Value::U64(1), &[0x3FF0, 0, 0, 0]);
    check(
        &number(NumberType::F64, None),
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
    let u16 = number(NumberType::U16, None);
    check_refused(&u16, Value::U64(65_536), "65536 is out of range: give 0 to 65535");
    check_refused(&u16, Value::I64(-1), "give 0 to 65535");
    check_refused(&u16, f64(1e300), "give 0 to 65535");
    check_refused(&u16, f64(1.5), "1.5 cannot be written exactly: the nearest is 2");
    check_refused(&u16, Value::Bool(true), "true is no value of this point: give a number");
    check_refused(&u16, text("12"), "\"12\" is no value of this point: give a number");
    let i64 = number(NumberType::I64, None);
    check_refused(&i64, Value::U64(1 << 63), "give -9223372036854775808 to 9223372036854775807");
    let f32 = number(NumberType::F32, None);
    check_refused(&f32, Value::U64(16_777_217), "the nearest is 16777216");
    check_refused(&f32, f64(1e39), "is out of range");
    check_refused(&f32, f64(1e-60), "the nearest is 0");
    let f64_type = number(NumberType::F64, None);
    check_refused(&f64_type, Value::U64(u64::MAX), "the nearest is 18446744073709552000");
    let none = Number {
        number_type: NumberType::I16,
        order: WordOrder::Abcd,
        scale: scale("0.1", "0"),
        no_value: vec![0x8000],
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
    let four = Decoder::Text(Text { order: WordOrder::Badc, registers: 2 });
    check(&four, text("abc"), &[0x6261, 0x0063]);
    check(&four, text(""), &[0, 0]);
    check_refused(&four, text("abcde"), "the text has 5 bytes: give at most 4");
    check_refused(&four, text("ab "), "leave the white space at its end away");
    check_refused(&four, text("a\0b"), "leave NUL away");
    check_refused(&four, Value::U64(1), "1 is no value of this point: give text");
}

fn any_scale() -> impl Strategy<Value = Option<Scale>> {
    let some = (1_i32..100_000, any::<bool>(), 0_u32..7, -100_000_i32..100_000, 0_u32..5);
    proptest::option::of(some).prop_map(|parts| {
        let (by, falls, places, plus, plus_places) = parts?;
        let sign = if falls { "-" } else { "" };
        scale(&format!("{sign}{by}e-{places}"), &format!("{plus}e-{plus_places}"))
    })
}

pub(super) const TYPES: [NumberType; 8] = [
    NumberType::I16,
    NumberType::U16,
    NumberType::I32,
    NumberType::U32,
    NumberType::I64,
    NumberType::U64,
    NumberType::F32,
    NumberType::F64,
];

proptest! {
    #[test]
    fn whatever_was_read_can_be_written_and_reads_the_same(
        registers in proptest::array::uniform4(any::<u16>()),
        scale in any_scale(),
    ) {
        for number_type in TYPES {
            for (_, order) in WordOrder::WORDS {
                let decoder =
                    Decoder::Number(Number { number_type, order, scale, no_value: Vec::new() });
                let read = decoder.read(&Content::Registers(registers.to_vec()), 0).unwrap();
                let Reading::Good(value) = &read else { continue };
                let encoded = decoder.encode(value);
                prop_assert!(encoded.is_ok(), "{:?} {:?}: {:?}", decoder, value, encoded);
                prop_assert_eq!(&read_back(&decoder, encoded.unwrap()), &read, "{:?}", decoder);
            }
        }
    }

    #[test]
    fn any_number_is_written_as_it_is_or_refused(
        bits in any::<u64>(),
        small in -70_000.0_f64..70_000.0,
        scale in any_scale(),
    ) {
        for value in [f64(small), Value::U64(bits), Value::I64(bits.cast_signed())]
            .into_iter()
            .chain(Value::f64(f64::from_bits(bits)))
        {
            for number_type in TYPES {
                let decoder = number(number_type, scale);
                let Ok(encoded) = decoder.encode(&value) else { continue };
                let Reading::Good(read) = read_back(&decoder, encoded) else { panic!() };
                let is_float = matches!(number_type, NumberType::F32 | NumberType::F64);
                // Integers are exact. Floating-point types have the nearest, offsets of up to 1e5 included.
                let number = |value: &Value| value.to_string().parse::<f64>().unwrap();
                let (read, given) = (number(&read), number(&value));
                let step = (given.abs() + 1e5) * f64::from(f32::EPSILON);
                let near = if is_float { (read - given).abs() <= step } else { read == given };
                prop_assert!(near, "{:?} {} {}", decoder, read, given);
            }
        }
    }

    #[test]
    fn any_text_is_written_as_it_is_or_refused(given in ".{0,8}") {
        for (_, order) in WordOrder::WORDS {
            let decoder = Decoder::Text(Text { order, registers: 6 });
            if let Ok(encoded) = decoder.encode(&text(&given)) {
                prop_assert_eq!(read_back(&decoder, encoded), Reading::Good(text(&given)));
            }
        }
    }
}
