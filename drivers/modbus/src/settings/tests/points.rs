//! Points of every type: what they become, and what is wrong with them.

use super::*;
use crate::decode::{Clamp, Content, Scaling, Slice};
use pointcast_api::{Reading, Value};

fn point(keys: &str) -> Site {
    site(Kind::Tcp, &with_points(&format!("{{ name = \"p\", {keys} }}")))
}

/// What a point reads from the registers of its own, and the type it declares.
fn check(keys: &str, registers: &[u16], expected: Reading, value_type: ValueType) {
    let site = point(keys);
    let read = site.decoders[0].read(&Content::Registers(registers.to_vec()), 0);
    assert_eq!(read, Some(expected), "{keys}");
    assert_eq!(site.points[0].value_type, value_type, "{keys}");
    assert_eq!(usize::from(site.wants[0].length), registers.len(), "{keys}");
}

fn good(value: Value) -> Reading {
    Reading::Good(value)
}

fn text(text: &str) -> Reading {
    good(Value::text(text).unwrap())
}

#[test]
fn every_type_reads_its_registers_and_declares_what_dashboards_know() {
    let at = "address = \"holding:0\", type = ";
    let check = |keys: &str, registers: &[u16], value, value_type| {
        check(&format!("{at}{keys}"), registers, value, value_type);
    };
    check("\"i24\"", &[0x00FF, 0xFFFE], good(Value::I64(-2)), ValueType::I32);
    check("\"u24\"", &[0x0001, 0x0002], good(Value::U64(65_538)), ValueType::U32);
    check("\"i48\"", &[0xFFFF; 3], good(Value::I64(-1)), ValueType::I64);
    check("\"u48\"", &[0, 0, 7], good(Value::U64(7)), ValueType::U64);
    check("\"bcd16\"", &[0x0930], good(Value::U64(930)), ValueType::U16);
    check("\"bcd32\"", &[0x0001, 0x0930], good(Value::U64(10_930)), ValueType::U32);
    let tenth = good(Value::f64(93.0).unwrap());
    check("\"bcd16\", scale = 0.1", &[0x0930], tenth, ValueType::F64);
    let time = text("2026-11-27T12:08:42");
    check("\"datetime6\"", &[2026, 11, 27, 12, 8, 42], time, ValueType::Text);
    let time = text("2026-11-27T11:08:42.000Z");
    let keys = "\"datetime7\", utc_offset = \"+01:00\"";
    check(keys, &[2026, 11, 27, 12, 8, 42, 0], time, ValueType::Text);
    check("\"unix32\"", &[0x3B9A, 0xCA00], text("2001-09-09T01:46:40Z"), ValueType::Text);
    check("\"unix32\", no_value = 0", &[0, 0], Reading::NotANumber, ValueType::Text);
    let time = text("2026-11-27T12:08:00.000Z");
    check("\"cp56\", utc_offset = \"Z\"", &[26, 0x0B1B, 0x0C08, 0], time, ValueType::Text);
    let latin = "\"string\", length = 2, encoding = \"latin-1\"";
    check(latin, &[0xB043, 0], text("°C"), ValueType::Text);
    let none = "\"string\", length = 2, no_value = \"sunspec\"";
    check(none, &[0, 0], Reading::NotANumber, ValueType::Text);
}

#[test]
fn a_part_of_a_register_is_written_into_its_address() {
    let unsigned = |number| good(Value::U64(number));
    let high = "address = \"holding:7.high\", type = \"u8\"";
    check(high, &[0xAB12], unsigned(0xAB), ValueType::U16);
    let low = "address = \"input:7.low\", type = \"i8\"";
    check(low, &[0xABFE], good(Value::I64(-2)), ValueType::I16);
    check("address = \"holding:7.4-7\"", &[0xABCD], unsigned(0xC), ValueType::U16);
    let field = "address = \"ref:40008.8-15\", type = \"u16\", scale = 0.5, no_value = 0xFF";
    check(field, &[0x0300], good(Value::f64(1.5).unwrap()), ValueType::F64);
    check(field, &[0xFF00], Reading::NotANumber, ValueType::F64);
    // The device's word order says nothing about them.
    let swapped = site(
        Kind::Tcp,
        "address = \"plc\"\n[[devices]]\nname = \"d\"\nword_order = \"BADC\"\n\
         points = [{ name = \"p\", address = \"holding:7.high\", type = \"u8\" }]",
    );
    let read = swapped.decoders[0].read(&Content::Registers(vec![0xAB12]), 0);
    assert_eq!(read, Some(unsigned(0xAB)));
}

#[test]
fn several_raw_values_may_stand_for_none() {
    let keys = "address = \"holding:0\", type = \"i16\", no_value = [\"sunspec\", 0x7FFF, -1]";
    for raw in [0x8000, 0x7FFF, 0xFFFF] {
        check(keys, &[raw], Reading::NotANumber, ValueType::I16);
    }
    check(keys, &[0x7FFE], good(Value::I64(0x7FFE)), ValueType::I16);
    for (word, registers) in [
        ("u16", &[0xFFFF][..]),
        ("i32", &[0x8000, 0]),
        ("u32", &[0xFFFF, 0xFFFF]),
        ("i64", &[0x8000, 0, 0, 0]),
        ("u64", &[0xFFFF; 4]),
        ("f32", &[0x7FC0, 0]),
        ("f64", &[0x7FF8, 0, 0, 0]),
    ] {
        let keys = format!("address = \"holding:0\", type = {word:?}, no_value = \"sunspec\"");
        let read = point(&keys).decoders[0].read(&Content::Registers(registers.to_vec()), 0);
        assert_eq!(read, Some(Reading::NotANumber), "{word}");
    }
}

#[test]
fn bits_of_a_register_that_sunspec_says_is_not_there_are_none() {
    let bit = "address = \"holding:0.3\", no_value = \"sunspec\"";
    check(bit, &[0xFFFF], Reading::NotANumber, ValueType::Bool);
    check(bit, &[0x0008], good(Value::Bool(true)), ValueType::Bool);
    check(bit, &[0xFFF7], good(Value::Bool(false)), ValueType::Bool);
    check("address = \"holding:0.3\"", &[0xFFFF], good(Value::Bool(true)), ValueType::Bool);
    let field = "address = \"holding:0.4-7\", no_value = [\"sunspec\", 14]";
    check(field, &[0xFFFF], Reading::NotANumber, ValueType::U16);
    check(field, &[0x00E0], Reading::NotANumber, ValueType::U16);
    check(field, &[0x7FFF], good(Value::U64(15)), ValueType::U16);
}

#[test]
fn a_scale_in_a_register_is_read_together_with_its_value() {
    for (power_at, want, scaling) in [
        (44, (40, 5), Scaling::Register { value_at: 0, power_at: 4 }),
        (30, (30, 12), Scaling::Register { value_at: 10, power_at: 0 }),
        (42, (40, 3), Scaling::Register { value_at: 0, power_at: 2 }),
    ] {
        let site = point(&format!(
            "address = \"holding:40\", type = \"u32\", scale_register = \"holding:{power_at}\""
        ));
        assert_eq!((site.wants[0].first, site.wants[0].length), want);
        let Decoder::Number(number) = &*site.decoders[0] else { panic!() };
        assert_eq!(number.scaling, scaling);
        assert_eq!(site.points[0].value_type, ValueType::F64);
    }
}

#[test]
fn values_between_others_and_their_scales_are_no_overlap() {
    let scaled = |at: u16| {
        format!("address = \"holding:{at}\", type = \"u16\", scale_register = \"holding:4\"")
    };
    assert_eq!(overlap(&scaled(0), &scaled(1)), 0);
    assert_eq!(overlap(&scaled(0), "address = \"holding:2\", type = \"u16\""), 0);
    assert_eq!(overlap(&scaled(0), "address = \"holding:4\", type = \"i16\""), 0);
    assert_eq!(overlap(&scaled(0), &scaled(0)), 1);
    assert_eq!(overlap(&scaled(6), "address = \"holding:6\", type = \"i16\""), 1);
}

#[test]
fn parts_of_a_register_collide_when_they_share_bits() {
    let at = |part: &str| format!("address = \"holding:1.{part}\"");
    let byte = |part: &str| format!("{}, type = \"u8\"", at(part));
    assert_eq!(overlap(&at("0-3"), &at("4-7")), 0);
    assert_eq!(overlap(&at("0-4"), &at("4-7")), 1);
    assert_eq!(overlap(&at("0-4"), &at("4")), 1);
    assert_eq!(overlap(&byte("low"), &byte("high")), 0);
    assert_eq!(overlap(&byte("low"), &at("7-8")), 1);
    assert_eq!(overlap(&byte("low"), "address = \"holding:1\", type = \"u16\""), 0);
}

#[test]
fn a_range_clamps_where_that_is_asked_for() {
    let clamp = |keys: &str| {
        let site = point(&format!("address = \"holding:0\", clamp = true, {keys}"));
        let Decoder::Number(number) = &*site.decoders[0] else { panic!() };
        *number.clamp.clone().unwrap()
    };
    assert_eq!(clamp("type = \"u16\", range = [-3.5, 80.7]"), Clamp::Whole { low: 0, high: 80 });
    assert_eq!(
        clamp("type = \"i16\", range = [-3.5, 1e9]"),
        Clamp::Whole { low: -3, high: 32_767 }
    );
    assert_eq!(clamp("type = \"f32\", range = [0, 0.1]"), Clamp::Single { low: 0.0, high: 0.1 });
    assert_eq!(
        clamp("type = \"u16\", scale = 0.1, range = [0, 0.1]"),
        Clamp::Double { low: 0.0, high: 0.1 }
    );
    let not_asked = "address = \"holding:0\", type = \"u16\", clamp = false, range = [0, 1]";
    let Decoder::Number(number) = &*point(not_asked).decoders[0] else { panic!() };
    assert_eq!((&number.clamp, number.slice), (&None, None::<Slice>));
}

/// Keys of a point that do not go together, and what is told of them.
const REFUSED: &[(&str, &str)] = &[
    ("address = \"holding:1\", type = \"u8\"", "say which: \"holding:1.high\" or"),
    ("address = \"holding:1.low\", type = \"u16\"", "half a register is no u16"),
    ("address = \"holding:1.low\", type = \"string\", length = 1", "half a register is no string"),
    ("address = \"holding:1.high\", type = \"cp56\"", "or address = \"holding:1\""),
    ("address = \"holding:1.high\"", "add type = \"u16\""),
    (
        "address = \"holding:1.low\", type = \"u8\", word_order = \"BADC\"",
        "half a register has no word order",
    ),
    ("address = \"holding:1.4-7\", type = \"i16\"", "an unsigned number, no i16"),
    ("address = \"holding:1.4-7\", word_order = \"BADC\"", "a bit field has no word order"),
    ("address = \"holding:1.7-4\"", "write the lower one first: \".4-7\""),
    ("address = \"holding:1.4-7\", no_value = 16", "16 does not fit 4 bits"),
    ("address = \"holding:1.4-7\", scale_register = \"holding:2\"", "a bit field is not scaled by"),
    ("address = \"holding:1.4\", no_value = 1", "a bit is never none by itself"),
    ("address = \"holding:1.low\", type = \"u8\", no_value = \"sunspec\"", "SunSpec has no u8"),
    ("address = \"holding:1.3\", clamp = true", "a bit is not clamped"),
    ("address = \"holding:1.3\", scale_register = \"holding:2\"", "a bit is not scaled"),
    ("address = \"holding:1.3\", labels = { 2 = \"on\" }", "2 is no value of a bit"),
    ("address = \"holding:1\", type = \"u24\", no_value = 0x1000000", "does not fit 24 bits"),
    ("address = \"holding:1\", type = \"bcd16\", no_value = \"sunspec\"", "SunSpec has no bcd16"),
    (
        "address = \"holding:1\", type = \"u16\", no_value = \"none\"",
        "\"sunspec\", or a list of them",
    ),
    ("address = \"holding:1\", type = \"u16\", no_value = []", "or a list of them"),
    ("address = \"holding:1\", type = \"u16\", no_value = [1, 1.5]", "or a list of them"),
    (
        "address = \"holding:1\", type = \"u16\", labels = { 70000 = \"on\" }",
        "give names of 0 to 65535",
    ),
    (
        "address = \"holding:1\", type = \"string\", length = 1, labels = { 1 = \"on\" }",
        "a string has no names",
    ),
    (
        "address = \"holding:1\", type = \"string\", length = 1, no_value = 0",
        "give no_value = \"sunspec\"",
    ),
    (
        "address = \"holding:1\", type = \"string\", length = 1, encoding = \"ebcdic\"",
        "\"utf-8\", \"latin-1\", \"utf-16\"",
    ),
    (
        "address = \"holding:1\", type = \"string\", length = 1, padding = \"0\"",
        "\"nul\", \"space\"",
    ),
    ("address = \"holding:1\", type = \"u16\", encoding = \"utf-8\"", "a number has no encoding"),
    ("address = \"holding:1\", type = \"u16\", padding = \"nul\"", "a number is not filled up"),
    ("address = \"holding:1\", type = \"u16\", utc_offset = \"Z\"", "a number has no time zone"),
    ("address = \"holding:1\", type = \"cp56\", scale = 2", "a date with time is not scaled"),
    ("address = \"holding:1\", type = \"datetime6\", no_value = 0", "always has a value"),
    ("address = \"holding:1\", type = \"datetime6\", length = 6", "has no length of its own"),
    ("address = \"holding:1\", type = \"unix32\", no_value = \"sunspec\"", "SunSpec has no unix32"),
    (
        "address = \"holding:1\", type = \"cp56\", utc_offset = \"CET\"",
        "\"+01:00\", \"-05:00\" or \"Z\"",
    ),
    ("address = \"holding:1\", type = \"cp56\", utc_offset = \"+1:00\"", "is no offset from UTC"),
    ("address = \"holding:1\", type = \"cp56\", utc_offset = \"+14:30\"", "is no offset from UTC"),
    ("address = \"holding:65530\", type = \"datetime7\"", "begin at 65529 at most"),
    ("address = \"holding:1\", type = \"u16\", clamp = true", "add range = [0, 100]"),
    (
        "address = \"holding:1\", type = \"u16\", clamp = true, range = [-9, -1]",
        "no value of the point's type",
    ),
    (
        "address = \"holding:1\", type = \"u16\", clamp = true, range = [0.2, 0.8]",
        "no value of the point's type",
    ),
    (
        "address = \"holding:1\", type = \"f32\", scale_register = \"holding:9\"",
        "f32 has an exponent of its own",
    ),
    (
        "address = \"holding:1\", type = \"u16\", scale = 2, scale_register = \"holding:9\"",
        "stands in a register already",
    ),
    (
        "address = \"holding:1\", type = \"u16\", scale_register = \"input:9\"",
        "as \"holding:9\" would be",
    ),
    (
        "address = \"holding:1\", type = \"u16\", scale_register = \"holding:9.3\"",
        "as \"holding:9\" would be",
    ),
    (
        "address = \"holding:1\", type = \"u32\", scale_register = \"holding:2\"",
        "part of the value itself",
    ),
    ("address = \"holding:1\", type = \"u16\", scale_register = 40010", "\"ref:40010\""),
    (
        "address = \"holding:1\", type = \"u16\", scale_register = \"holding:126\"",
        "lie 126 registers apart",
    ),
    (
        "address = \"holding:200\", type = \"u16\", scale_register = \"holding:9\"",
        "e.g. scale = 0.1",
    ),
    ("address = \"coil:1\", scale_register = \"coil:2\"", "a bit is not scaled"),
];

#[test]
fn what_does_not_go_together_is_refused_with_what_would_be_right() {
    for (point, expected) in REFUSED {
        let told = refused_point(point);
        assert!(told.iter().any(|told| told.contains(expected)), "{point}: {told:#?}");
        assert_eq!(told.len(), 1, "{point}: {told:#?}");
        assert!(told[0].contains("point \"d/p\""), "{told:?}");
    }
}
