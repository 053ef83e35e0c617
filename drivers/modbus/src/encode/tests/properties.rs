//! Whatever decodes to a value can be encoded again, and reads back the same.

use super::*;
use proptest::prelude::*;

fn any_scale() -> impl Strategy<Value = Scaling> {
    let some = (1_i32..100_000, any::<bool>(), 0_u32..7, -100_000_i32..100_000, 0_u32..5);
    proptest::option::of(some).prop_map(|parts| {
        let Some((by, falls, places, plus, plus_places)) = parts else { return Scaling::None };
        let sign = if falls { "-" } else { "" };
        scale(&format!("{sign}{by}e-{places}"), &format!("{plus}e-{plus_places}"))
    })
}

fn any_sliced() -> impl Strategy<Value = Decoder> {
    (0_u8..16, 1_u8..=16, any::<bool>(), any_scale()).prop_map(|(low, width, byte, scaling)| {
        let (low, width) = if byte { (low / 8 * 8, 8) } else { (low, width.min(16 - low)) };
        let number_type = if byte { NumberType::I8 } else { NumberType::U16 };
        sliced(number_type, low, width, scaling)
    })
}

/// The bits of the greatest doubles: scaling them may overflow.
const GREAT_DOUBLES: std::ops::Range<u64> = 0x7F00_0000_0000_0000..0x7FF0_0000_0000_0000;

proptest! {
    #[test]
    fn whatever_was_read_can_be_written_and_reads_the_same(
        registers in proptest::array::uniform4(any::<u16>()),
        scaling in any_scale(),
    ) {
        for number_type in NumberType::IN_REGISTERS {
            for (_, order) in WordOrder::WORDS {
                let decoder =
                    Decoder::Number(Number { scaling: scaling.clone(), ..Number::plain(number_type, order) });
                let read = decoder.read(&Content::Registers(registers.to_vec()), 0).unwrap();
                let Reading::Good(value) = &read else { continue };
                let encoded = decoder.encode(value);
                prop_assert!(encoded.is_ok(), "{:?} {:?}: {:?}", decoder, value, encoded);
                prop_assert_eq!(&read_back(&decoder, encoded.unwrap()), &read, "{:?}", decoder);
            }
        }
    }

    #[test]
    fn whatever_was_read_of_part_of_a_register_can_be_written(
        register in any::<u16>(),
        decoder in any_sliced(),
    ) {
        let read = decoder.read(&Content::Registers(vec![register]), 0).unwrap();
        let Reading::Good(value) = &read else { panic!("{read:?}") };
        let encoded = decoder.encode(value).unwrap();
        prop_assert_eq!(read_back(&decoder, encoded), read, "{:?}", decoder);
    }

    #[test]
    fn whatever_was_read_beside_its_scale_can_be_written(
        registers in proptest::array::uniform4(any::<u16>()),
        power in -10_i16..=10,
    ) {
        let scaling = Scaling::Register { value_at: 1, power_at: 0 };
        for number_type in [NumberType::I16, NumberType::U32, NumberType::I48, NumberType::Bcd16] {
            let decoder = number(number_type, scaling.clone());
            let mut read = registers;
            read[0] = power.cast_unsigned();
            let before = decoder.read(&Content::Registers(read.to_vec()), 0).unwrap();
            let Reading::Good(value) = &before else { continue };
            let encoded = decoder.encode_beside(&Content::Registers(read.to_vec()), value);
            let Ok(Encoded::Registers(written)) = encoded else { panic!("{encoded:?}") };
            read[1..1 + written.len()].copy_from_slice(&written);
            prop_assert_eq!(decoder.read(&Content::Registers(read.to_vec()), 0), Some(before));
        }
    }

    #[test]
    fn whatever_time_was_read_can_be_written(
        fields in (1970_u16..2128, 1_u16..=12, 1_u16..=31, 0_u16..24, 0_u16..60, 0_u16..60),
        millis in 0_u16..1_000,
        seconds in any::<u32>(),
        offset_h in proptest::option::of(-12_i8..=14),
    ) {
        let (year, month, day, hour, minute, second) = fields;
        let [high, low] = [16, 0].map(|shift| u16::try_from(seconds >> shift & 0xFFFF).unwrap());
        for (layout, registers) in [
            (TimeLayout::Unix32, vec![high, low]),
            (TimeLayout::Fields6, vec![year, month, day, hour, minute, second]),
            (TimeLayout::Fields7, vec![year, month, day, hour, minute, second, millis]),
            (
                TimeLayout::Cp56,
                vec![year % 100, month << 8 | day, hour << 8 | minute, second * 1_000 + millis],
            ),
        ] {
            let decoder = time(layout, offset_h);
            let read = decoder.read(&Content::Registers(registers), 0).unwrap();
            let Reading::Good(value) = &read else { continue };
            let encoded = decoder.encode(value);
            prop_assert!(encoded.is_ok(), "{:?} {:?}: {:?}", decoder, value, encoded);
            let encoded = encoded.unwrap();
            prop_assert_eq!(&read_back(&decoder, encoded), &read, "{:?}", decoder);
        }
    }

    #[test]
    fn any_number_is_written_as_it_is_or_refused(
        bits in prop_oneof![any::<u64>(), GREAT_DOUBLES],
        small in -70_000.0_f64..70_000.0,
        scaling in any_scale(),
    ) {
        for value in [f64(small), Value::U64(bits), Value::I64(bits.cast_signed())]
            .into_iter()
            .chain(Value::f64(f64::from_bits(bits)))
        {
            for number_type in NumberType::IN_REGISTERS {
                let decoder = number(number_type, scaling.clone());
                let Ok(encoded) = decoder.encode(&value) else { continue };
                let Reading::Good(read) = read_back(&decoder, encoded) else { panic!() };
                let is_float = matches!(number_type, NumberType::F32 | NumberType::F64);
                // Integers are exact, but for what sums of steps leave. Floating-point types have the nearest, offsets of
                // up to 1e5 included.
                let number = |value: &Value| value.to_string().parse::<f64>().unwrap();
                let (read, given) = (number(&read), number(&value));
                let step = (given.abs() + 1e5) * f64::from(f32::EPSILON);
                let near = if is_float {
                    (read - given).abs() <= step
                } else {
                    (read - given).abs() <= given.abs() * 1e-12
                };
                prop_assert!(near, "{:?} {} {}", decoder, read, given);
            }
        }
    }

    #[test]
    fn any_text_is_written_as_it_is_or_refused(given in ".{0,8}") {
        for (_, order) in WordOrder::WORDS {
            for (_, encoding) in Encoding::WORDS {
                for (_, padding) in Padding::WORDS {
                    let decoder = Decoder::Text(Text { order, encoding, padding, ..text_of(6) });
                    if let Ok(encoded) = decoder.encode(&text(&given)) {
                        prop_assert_eq!(read_back(&decoder, encoded), Reading::Good(text(&given)));
                    }
                }
            }
        }
    }
}
