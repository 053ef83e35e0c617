//! Registers as they are sent, and the values they mean, type by type. Do not change this table.

use super::*;

/// A type, its registers in the orders ABCD, BADC, CDAB and DCBA, and the value.
type Case = (NumberType, [&'static [u16]; 4], &'static str);

const CASES: [Case; 14] = [
    (NumberType::I16, [&[0xFF38], &[0x38FF], &[0xFF38], &[0x38FF]], "-200"),
    (NumberType::U16, [&[0xFF38], &[0x38FF], &[0xFF38], &[0x38FF]], "65336"),
    (
        NumberType::I24,
        [&[0x00F0, 0x1234], &[0xF000, 0x3412], &[0x1234, 0x00F0], &[0x3412, 0xF000]],
        "-1043916",
    ),
    (
        NumberType::U24,
        [&[0x00F0, 0x1234], &[0xF000, 0x3412], &[0x1234, 0x00F0], &[0x3412, 0xF000]],
        "15733300",
    ),
    (
        NumberType::I32,
        [&[0xFFFE, 0x7960], &[0xFEFF, 0x6079], &[0x7960, 0xFFFE], &[0x6079, 0xFEFF]],
        "-100000",
    ),
    (
        NumberType::U32,
        [&[0x0001, 0x86A0], &[0x0100, 0xA086], &[0x86A0, 0x0001], &[0xA086, 0x0100]],
        "100000",
    ),
    (
        NumberType::I48,
        [
            &[0xFFFF, 0xFFFF, 0xFFFE],
            &[0xFFFF, 0xFFFF, 0xFEFF],
            &[0xFFFE, 0xFFFF, 0xFFFF],
            &[0xFEFF, 0xFFFF, 0xFFFF],
        ],
        "-2",
    ),
    (
        NumberType::U48,
        [
            &[0x0102, 0x0304, 0x0506],
            &[0x0201, 0x0403, 0x0605],
            &[0x0506, 0x0304, 0x0102],
            &[0x0605, 0x0403, 0x0201],
        ],
        "1108152157446",
    ),
    (
        NumberType::U64,
        [
            &[0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE],
            &[0xFFFF, 0xFFFF, 0xFFFF, 0xFEFF],
            &[0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF],
            &[0xFEFF, 0xFFFF, 0xFFFF, 0xFFFF],
        ],
        "18446744073709551614",
    ),
    (
        NumberType::I64,
        [
            &[0x8000, 0, 0, 0x0001],
            &[0x0080, 0, 0, 0x0100],
            &[0x0001, 0, 0, 0x8000],
            &[0x0100, 0, 0, 0x0080],
        ],
        "-9223372036854775807",
    ),
    (
        NumberType::F32,
        [&[0x4366, 0x3333], &[0x6643, 0x3333], &[0x3333, 0x4366], &[0x3333, 0x6643]],
        "230.2",
    ),
    (
        NumberType::F64,
        [
            &[0x406C, 0xC666, 0x6666, 0x6666],
            &[0x6C40, 0x66C6, 0x6666, 0x6666],
            &[0x6666, 0x6666, 0xC666, 0x406C],
            &[0x6666, 0x6666, 0x66C6, 0x6C40],
        ],
        "230.2",
    ),
    (NumberType::Bcd16, [&[0x1234], &[0x3412], &[0x1234], &[0x3412]], "1234"),
    (
        NumberType::Bcd32,
        [&[0x1234, 0x5678], &[0x3412, 0x7856], &[0x5678, 0x1234], &[0x7856, 0x3412]],
        "12345678",
    ),
];

#[test]
fn a_number_lies_in_its_registers_in_one_of_four_orders() {
    use WordOrder::{Abcd, Badc, Cdab, Dcba};
    for (number_type, orders, expected) in CASES {
        for (order, registers) in [Abcd, Badc, Cdab, Dcba].into_iter().zip(orders) {
            let read = number(number_type, order, registers);
            let Reading::Good(value) = read else { panic!("{number_type:?} {order:?}") };
            assert_eq!(value.to_string(), expected, "{number_type:?} {order:?} {registers:04X?}");
        }
    }
}

#[test]
fn a_single_is_shown_as_the_shortest_text_that_reads_back_the_same() {
    for (registers, text) in [
        ([0x3DCC, 0xCCCD], "0.1"),
        ([0x4366, 0x3333], "230.2"),
        ([0x8000, 0x0000], "-0"),
        ([0x0000, 0x0001], "0.000000000000000000000000000000000000000000001"),
        ([0x4B80, 0x0000], "16777216"),
    ] {
        let Reading::Good(value) = number(NumberType::F32, WordOrder::Abcd, &registers) else {
            panic!("{text}")
        };
        assert_eq!(value.to_string(), text);
    }
}

fn check(number_type: NumberType, order: WordOrder, registers: &[u16], expected: Value) {
    let read = number(number_type, order, registers);
    assert_eq!(read, Reading::Good(expected), "{number_type:?} {order:?} {registers:04X?}");
}

#[test]
fn what_stands_above_24_bits_counts_for_nothing() {
    check(NumberType::U24, WordOrder::Abcd, &[0xAB01, 0x0203], Value::U64(0x01_0203));
    check(NumberType::I24, WordOrder::Abcd, &[0xAB7F, 0xFFFF], Value::I64(8_388_607));
    check(NumberType::I24, WordOrder::Cdab, &[0x0000, 0xFF80], Value::I64(-8_388_608));
}

#[test]
fn a_digit_above_9_is_no_decimal_digit() {
    for registers in [[0x00A0], [0xFFFF], [0x1F23]] {
        assert_eq!(number(NumberType::Bcd16, WordOrder::Abcd, &registers), Reading::NotANumber);
    }
    let read = number(NumberType::Bcd32, WordOrder::Abcd, &[0x0000, 0x000A]);
    assert_eq!(read, Reading::NotANumber);
    check(NumberType::Bcd32, WordOrder::Abcd, &[0x9999, 0x9999], Value::U64(99_999_999));
}

fn part(number_type: NumberType, low: u8, width: u8, register: u16) -> Reading {
    let plain = Number::plain(number_type, WordOrder::Abcd);
    let decoder = Decoder::Number(Number { slice: Some(Slice { low, width }), ..plain });
    decoder.read(&Content::Registers(vec![register]), 0).unwrap()
}

#[test]
fn part_of_a_register_is_a_number_of_its_own() {
    let unsigned = |number| Reading::Good(Value::U64(number));
    assert_eq!(part(NumberType::U8, 8, 8, 0xFE7F), unsigned(0xFE));
    assert_eq!(part(NumberType::U8, 0, 8, 0xFE7F), unsigned(0x7F));
    assert_eq!(part(NumberType::I8, 8, 8, 0xFE7F), Reading::Good(Value::I64(-2)));
    assert_eq!(part(NumberType::I8, 0, 8, 0xFE7F), Reading::Good(Value::I64(127)));
    assert_eq!(part(NumberType::U16, 4, 4, 0xABCD), unsigned(0xC));
    assert_eq!(part(NumberType::U16, 0, 16, 0xABCD), unsigned(0xABCD));
    assert_eq!(part(NumberType::U16, 14, 2, 0xABCD), unsigned(0b10));
}

#[test]
fn the_no_value_of_a_part_is_told_by_its_own_bits() {
    let slice = Some(Slice { low: 8, width: 8 });
    let plain = Number::plain(NumberType::U8, WordOrder::Abcd);
    let decoder = Decoder::Number(Number { slice, no_value: [0xFF, 0xFE].into(), ..plain });
    let read = |register| decoder.read(&Content::Registers(vec![register]), 0).unwrap();
    assert_eq!(read(0xFF00), Reading::NotANumber);
    assert_eq!(read(0xFEAB), Reading::NotANumber);
    assert_eq!(read(0x00FF), Reading::Good(Value::U64(0)));
}

fn encoded(encoding: Encoding, registers: &[u16]) -> Reading {
    let count = u16::try_from(registers.len()).unwrap();
    let text = Text { registers: count, encoding, ..text_of(WordOrder::Abcd) };
    Decoder::Text(text).read(&Content::Registers(registers.to_vec()), 0).unwrap()
}

#[test]
fn a_text_is_read_in_its_encoding_or_not_at_all() {
    let text = |text| Reading::Good(Value::text(text).unwrap());
    assert_eq!(encoded(Encoding::Utf8, &[0xC2B0, 0x4300]), text("°C"));
    assert_eq!(encoded(Encoding::Utf8, &[0xB043, 0x0000]), Reading::NotANumber);
    assert_eq!(encoded(Encoding::Utf8, &[0x41C2]), Reading::NotANumber, "cut in a character");
    assert_eq!(encoded(Encoding::Latin1, &[0xB043, 0x2020]), text("°C"));
    assert_eq!(encoded(Encoding::Utf16, &[0x00B0, 0x0043, 0x0000, 0xD800]), text("°C"));
    assert_eq!(encoded(Encoding::Utf16, &[0xD83D, 0xDE00]), text("😀"));
    assert_eq!(encoded(Encoding::Utf16, &[0x0041, 0xD83D]), Reading::NotANumber);
    let swapped = Text { registers: 1, encoding: Encoding::Utf16, ..text_of(WordOrder::Badc) };
    let read = Decoder::Text(swapped).read(&Content::Registers(vec![0xB000]), 0);
    assert_eq!(read, Some(text("°")));
}

#[test]
fn an_empty_text_is_none_where_that_was_said() {
    let decoder = |empty_is_none| {
        Decoder::Text(Text { registers: 2, empty_is_none, ..text_of(WordOrder::Abcd) })
    };
    let nuls = Content::Registers(vec![0, 0]);
    assert_eq!(decoder(true).read(&nuls, 0), Some(Reading::NotANumber));
    assert_eq!(decoder(false).read(&nuls, 0), Some(Reading::Good(Value::text("").unwrap())));
}
