//! Dates with times.

use super::*;
use crate::decode::{Time, TimeLayout};

fn decoder(layout: TimeLayout, offset: Option<&str>) -> Decoder {
    let seconds = |text: &str| text.parse::<i32>().unwrap() * 60;
    let utc_offset =
        offset.map(|minutes| jiff::tz::Offset::from_seconds(seconds(minutes)).unwrap());
    let no_value = match layout {
        TimeLayout::Unix32 => Box::from([0]),
        TimeLayout::Fields6 | TimeLayout::Fields7 | TimeLayout::Cp56 => Box::default(),
    };
    Decoder::Time(Time { layout, order: WordOrder::Abcd, utc_offset, no_value })
}

fn read(layout: TimeLayout, offset: Option<&str>, registers: &[u16]) -> Option<String> {
    let read = decoder(layout, offset).read(&Content::Registers(registers.to_vec()), 0).unwrap();
    if read == Reading::NotANumber {
        return None;
    }
    let Reading::Good(Value::Text(text)) = read else { panic!("{read:?}") };
    Some(text.as_str().to_owned())
}

fn check(layout: TimeLayout, offset: Option<&str>, registers: &[u16], expected: &str) {
    assert_eq!(read(layout, offset, registers).as_deref(), Some(expected), "{registers:04X?}");
}

#[test]
fn seconds_since_1970_are_utc() {
    let unix = TimeLayout::Unix32;
    // 1 000 000 000 s and the last second of 32 bits: POSIX.1-2017 §4.16.
    check(unix, None, &[0x3B9A, 0xCA00], "2001-09-09T01:46:40Z");
    check(unix, None, &[0xFFFF, 0xFFFF], "2106-02-07T06:28:15Z");
    check(unix, None, &[0x7FFF, 0xFFFF], "2038-01-19T03:14:07Z");
    // A wall clock in seconds, an hour ahead.
    check(unix, Some("60"), &[0x3B9A, 0xCA00], "2001-09-09T00:46:40Z");
    assert_eq!(read(unix, None, &[0, 0]), None, "its no_value");
    let swapped =
        Time { layout: unix, order: WordOrder::Cdab, utc_offset: None, no_value: Box::default() };
    assert_eq!(
        Decoder::Time(swapped).read(&Content::Registers(vec![0xCA00, 0x3B9A]), 0),
        Some(Reading::Good(Value::text("2001-09-09T01:46:40Z").unwrap()))
    );
}

#[test]
fn a_field_in_each_register_is_the_devices_own_clock() {
    let six = TimeLayout::Fields6;
    check(six, None, &[2026, 11, 27, 12, 8, 42], "2026-11-27T12:08:42");
    // Years as SATEC's PM174 counts them (Reference Guide, register 46426: calendar year minus 2000).
    check(six, None, &[26, 2, 28, 0, 0, 0], "2026-02-28T00:00:00");
    check(six, Some("330"), &[2026, 1, 1, 2, 0, 0], "2025-12-31T20:30:00Z");
    check(six, Some("0"), &[2024, 2, 29, 23, 59, 59], "2024-02-29T23:59:59Z");
    let seven = TimeLayout::Fields7;
    check(seven, None, &[2026, 11, 27, 12, 8, 42, 7], "2026-11-27T12:08:42.007");
    check(seven, Some("-300"), &[2026, 11, 27, 23, 0, 0, 0], "2026-11-28T04:00:00.000Z");
}

/// The fields of TI081 as Schneider Electric's IM400N manual lays them out: word 1 year; word 2 month in
/// bits 8 to 11, weekday 5 to 7, day 0 to 4; word 3 SU 15, hour 8 to 12, iV 7, minute 0 to 5; word 4 ms.
#[test]
fn cp56_in_four_registers() {
    let cp56 = TimeLayout::Cp56;
    check(cp56, None, &[26, 0x0B1B, 0x0C08, 42_007], "2026-11-27T12:08:42.007");
    // Friday is day 6 of a week that begins with Sunday: said twice, and not looked at.
    check(cp56, None, &[26, 0x0BDB, 0x0C08, 42_007], "2026-11-27T12:08:42.007");
    check(cp56, Some("60"), &[26, 0x0B1B, 0x0C08, 0], "2026-11-27T11:08:00.000Z");
    // Summer time is an hour further ahead.
    check(cp56, Some("60"), &[26, 0x071B, 0x8C08, 0], "2026-07-27T10:08:00.000Z");
    check(cp56, None, &[26, 0x071B, 0x8C08, 0], "2026-07-27T12:08:00.000");
    assert_eq!(
        read(cp56, None, &[26, 0x0B1B, 0x0C88, 0]),
        None,
        "iV: the device's clock is not set"
    );
}

#[test]
fn what_is_no_date_is_no_value() {
    let fields = [2026, 11, 27, 12, 8, 42];
    for (at, wrong) in [
        (0, 100),
        (0, 1969),
        (0, 10_000),
        (0, 0xFFFF),
        (1, 0),
        (1, 13),
        (2, 0),
        (2, 31),
        (3, 24),
        (4, 60),
        (5, 60),
        (5, 0xFFFF),
    ] {
        let mut registers = fields.to_vec();
        registers[at] = wrong;
        assert_eq!(read(TimeLayout::Fields6, None, &registers), None, "{registers:?}");
    }
    assert_eq!(read(TimeLayout::Fields6, None, &[2025, 2, 29, 0, 0, 0]), None);
    for millis in [1_000, u16::MAX] {
        assert_eq!(read(TimeLayout::Fields7, None, &[2025, 2, 28, 0, 0, 0, millis]), None);
    }
    for registers in [[0; 4], [0xFFFF; 4], [26, 0x0B1B, 0x0C08, 60_000], [26, 0x0B1F, 0, 0]] {
        assert_eq!(read(TimeLayout::Cp56, None, &registers), None, "{registers:04X?}");
    }
}

proptest! {
    #[test]
    fn any_registers_are_a_date_or_none(
        registers in proptest::collection::vec(any::<u16>(), 7),
        small in proptest::collection::vec(0_u16..70, 7),
        offset in proptest::option::of(-840_i32..=840),
    ) {
        let offset = offset.map(|minutes| minutes.to_string());
        for layout in
            [TimeLayout::Unix32, TimeLayout::Fields6, TimeLayout::Fields7, TimeLayout::Cp56]
        {
            for registers in [&registers, &small] {
                if let Some(text) = read(layout, offset.as_deref(), registers) {
                    let is_utc = offset.is_some() || layout == TimeLayout::Unix32;
                    prop_assert_eq!(text.ends_with('Z'), is_utc, "{}", text);
                    prop_assert!(text.get(..2) == Some("19") || text.get(..2) >= Some("20"), "{}", text);
                }
            }
        }
    }
}
