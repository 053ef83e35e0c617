//! Scales in registers, ranges, and that whatever comes is some reading.

use super::*;
use crate::decode::Clamp;

/// A current of 16 bits and its power of ten, as they lie in a SunSpec inverter model (101 to 103): A at 0,
/// A_SF at 4.
fn current() -> Decoder {
    let scaling = Scaling::Register { value_at: 0, power_at: 4 };
    let plain = Number::plain(NumberType::U16, WordOrder::Abcd);
    Decoder::Number(Number { scaling, no_value: [0xFFFF].into(), ..plain })
}

fn read(decoder: &Decoder, registers: &[u16]) -> Reading {
    decoder.read(&Content::Registers(registers.to_vec()), 0).unwrap()
}

fn f64(number: f64) -> Reading {
    Reading::Good(Value::f64(number).unwrap())
}

#[test]
fn value_and_scale_of_one_reply_make_one_value() {
    let decoder = current();
    assert_eq!((decoder.length(), decoder.own()), (5, (0, 1)));
    assert_eq!(read(&decoder, &[1_234, 0, 0, 0, 0xFFFE]), f64(12.34));
    assert_eq!(read(&decoder, &[1_234, 0, 0, 0, 0]), f64(1_234.0));
    assert_eq!(read(&decoder, &[1_234, 0, 0, 0, 3]), f64(1_234_000.0));
    assert_eq!(read(&decoder, &[1, 0, 0, 0, 10]), f64(1e10));
    assert_eq!(read(&decoder, &[1, 0, 0, 0, 0xFFF6]), f64(1e-10));
    // Further on in a longer reply.
    let reply = Content::Registers(vec![7, 7, 235, 7, 7, 7, 0xFFFF]);
    assert_eq!(decoder.read(&reply, 2), Some(f64(23.5)));
    assert_eq!(decoder.read(&reply, 3), None);
}

#[test]
fn a_scale_before_its_value_is_found_as_well() {
    let scaling = Scaling::Register { value_at: 2, power_at: 0 };
    let plain = Number::plain(NumberType::I32, WordOrder::Dcba);
    let decoder = Decoder::Number(Number { scaling, ..plain });
    assert_eq!((decoder.length(), decoder.own()), (4, (2, 2)));
    // The same order of bytes in all registers of the device.
    assert_eq!(read(&decoder, &[0xFFFF, 0, 0x18FC, 0xFFFF]), f64(-100.0));
    assert_eq!(read(&decoder, &[0x0200, 0, 0x0100, 0x0000]), f64(100.0));
}

#[test]
fn a_value_whose_scale_is_none_is_none() {
    let decoder = current();
    for power in [0x8000, 11, 0xFFF5, 0x7FFF] {
        assert_eq!(read(&decoder, &[1_234, 0, 0, 0, power]), Reading::NotANumber, "{power:04X}");
    }
    assert_eq!(read(&decoder, &[0xFFFF, 0, 0, 0, 0]), Reading::NotANumber);
    // The raw value is looked at before it is scaled.
    assert_eq!(read(&decoder, &[0xFFFE, 0, 0, 0, 0]), f64(65_534.0));
}

#[test]
fn what_lies_beyond_a_range_is_its_bound_and_says_so() {
    let with = |number_type, scaling, clamp| {
        let clamp = Some(Box::new(clamp));
        let plain = Number::plain(number_type, WordOrder::Abcd);
        Decoder::Number(Number { scaling, clamp, no_value: [0x8000].into(), ..plain })
    };
    let tenths = with(NumberType::I16, tenth(), Clamp::Double { low: -10.0, high: 50.0 });
    assert_eq!(read(&tenths, &[501]), Reading::Substituted(Value::f64(50.0).unwrap()));
    assert_eq!(read(&tenths, &[500]), f64(50.0));
    assert_eq!(read(&tenths, &[0xFF9B]), Reading::Substituted(Value::f64(-10.0).unwrap()));
    assert_eq!(read(&tenths, &[0x8000]), Reading::NotANumber, "none, and not far below");
    let whole = with(NumberType::U16, Scaling::None, Clamp::Whole { low: 3, high: 7 });
    assert_eq!(read(&whole, &[2]), Reading::Substituted(Value::U64(3)));
    assert_eq!(read(&whole, &[7]), Reading::Good(Value::U64(7)));
    let signed = with(NumberType::I16, Scaling::None, Clamp::Whole { low: -3, high: 7 });
    assert_eq!(read(&signed, &[0xFFFC]), Reading::Substituted(Value::I64(-3)));
    assert_eq!(read(&signed, &[8]), Reading::Substituted(Value::I64(7)));
    let single = with(NumberType::F32, Scaling::None, Clamp::Single { low: 0.1, high: 1.0 });
    assert_eq!(read(&single, &[0, 0]), Reading::Substituted(Value::f32(0.1).unwrap()));
    assert_eq!(read(&single, &[0x3DCC, 0xCCCD]), Reading::Good(Value::f32(0.1).unwrap()));
    assert_eq!(read(&single, &[0x7FC0, 0]), Reading::NotANumber);
}

fn any_number() -> impl Strategy<Value = Number> {
    let types = proptest::sample::select(NumberType::IN_REGISTERS.to_vec());
    let orders = proptest::sample::select(WordOrder::WORDS.to_vec());
    let scaling = prop_oneof![
        Just(Scaling::None),
        Just(tenth()),
        (0_u16..3, 0_u16..6)
            .prop_map(|(value_at, power_at)| Scaling::Register { value_at, power_at }),
    ];
    let no_value = proptest::collection::vec(any::<u64>(), 0..3);
    (types, orders, scaling, no_value).prop_map(|(number_type, (_, order), scaling, no_value)| {
        Number { scaling, no_value: no_value.into(), ..Number::plain(number_type, order) }
    })
}

proptest! {
    #[test]
    fn any_registers_are_a_value_or_none(
        number in any_number(),
        registers in proptest::collection::vec(any::<u16>(), 0..12),
        offset in 0_u16..14,
    ) {
        let decoder = Decoder::Number(number);
        let found = decoder.read(&Content::Registers(registers.clone()), offset);
        let whole = usize::from(offset) + usize::from(decoder.length()) <= registers.len();
        prop_assert_eq!(found.is_some(), whole);
        let right = matches!(found, None | Some(Reading::Good(_) | Reading::NotANumber));
        prop_assert!(right, "{:?}", found);
    }

    #[test]
    fn any_value_of_a_range_is_itself_and_any_other_is_a_bound(
        register in any::<u16>(),
        low in -400_i16..400,
        span in 0_i16..400,
    ) {
        let (low, high) = (f64::from(low), f64::from(low + span));
        let clamp = Some(Box::new(Clamp::Double { low, high }));
        let plain = Number::plain(NumberType::I16, WordOrder::Abcd);
        let read = read(&Decoder::Number(Number { scaling: tenth(), clamp, ..plain }), &[register]);
        let unclamped = f64::from(register.cast_signed()) / 10.0;
        let expected = Value::f64(unclamped.clamp(low, high)).unwrap();
        prop_assert_eq!(read, if (low..=high).contains(&unclamped) {
            Reading::Good(expected)
        } else {
            Reading::Substituted(expected)
        });
    }
}
