//! Values and addresses: what is decoded can be encoded again and reads back the same, what is parsed reads back from
//! what it is shown as.

use jiff::Timestamp;
use jiff::tz::Offset;
use pointcast_api::settings::Decimal;
use pointcast_api::{Reading, Value};

use super::Supply;
use crate::address::Address;
use crate::decode::{
    Content, Decoder, Encoding, Number, NumberType, Padding, Scaling, Slice, Text, Time, TimeLayout,
};
use crate::encode::{EncodeError, Encoded};
use crate::order::WordOrder;
use crate::scale::Scale;

/// A way to decode, and registers or bits.
pub(super) fn value(data: &[u8]) {
    let mut supply = Supply(data);
    let decoder = decoder(&mut supply);
    let length = decoder.length();
    assert!((1..=125).contains(&length), "{decoder:?}");
    let offset = u16::from(supply.byte() % 4);
    let held = usize::from(offset + length);
    let content = if decoder == Decoder::Bit {
        Content::Bits((0..held).map(|_| supply.byte() & 1 == 1).collect())
    } else {
        Content::Registers(supply.words(held))
    };
    assert_eq!(decoder.read(&content, offset + 1), None, "it ends before");
    let read = decoder.read(&content, offset);
    let Some(read) = read else { panic!("{decoder:?} of {content:?}") };
    let value = match &read {
        Reading::Good(value) => value,
        Reading::NotANumber => return,
        Reading::OutOfRange(_)
        | Reading::Substituted(_)
        | Reading::OfUnknownAge(_)
        | Reading::Failed(_) => panic!("{decoder:?}: {read:?}"),
    };
    let own = cut(&content, offset, length);
    match decoder.encode_beside(&own, value) {
        Ok(encoded) => {
            let written = beside(&decoder, own, encoded);
            assert_eq!(decoder.read(&written, 0).as_ref(), Some(&read), "{decoder:?}");
        }
        Err(error) => {
            // A text may not read back as it is: one that ends with what fills up.
            let is_text = matches!(decoder, Decoder::Text(_));
            let may_fail = is_text
                || is_before_the_first_year(&decoder, value)
                || may_stand_for_none(&decoder, &error);
            assert!(may_fail, "{decoder:?} {value:?}: {error}");
        }
    }
}

/// Whether it was read in the first hour of a clock on summer time, whose standard time is of the year before: no year
/// that the clock has.
fn is_before_the_first_year(decoder: &Decoder, value: &Value) -> bool {
    let Decoder::Time(Time { layout: TimeLayout::Cp56, utc_offset, .. }) = decoder else {
        return false;
    };
    let Value::Text(text) = value else { return false };
    match utc_offset {
        Some(ahead) => {
            let at: Result<Timestamp, _> = text.as_str().parse();
            at.is_ok_and(|at| ahead.to_datetime(at).year() == 1999)
        }
        None => text.as_str().starts_with("1999-12-31T23:"),
    }
}

/// Whether several raw numbers may read as the same, of which the nearest stands for none: floats so small that a scale
/// takes away some of their last bits.
fn may_stand_for_none(decoder: &Decoder, error: &EncodeError) -> bool {
    let Decoder::Number(number) = decoder else { return false };
    let is_float = matches!(number.number_type, NumberType::F32 | NumberType::F64);
    let is_scaled = !matches!(number.scaling, Scaling::None);
    is_float && is_scaled && matches!(error, EncodeError::StandsForNone { .. })
}

/// What was read for the decoder alone.
fn cut(content: &Content, offset: u16, length: u16) -> Content {
    let range = usize::from(offset)..usize::from(offset + length);
    match content {
        Content::Registers(all) => Content::Registers(all.get(range).unwrap_or_default().to_vec()),
        Content::Bits(all) => Content::Bits(all.get(range).unwrap_or_default().to_vec()),
    }
}

/// What stands there once `encoded` was written over it.
fn beside(decoder: &Decoder, content: Content, encoded: Encoded) -> Content {
    let (at, _) = decoder.own();
    match (content, encoded) {
        (Content::Registers(mut all), Encoded::Registers(own)) => {
            all.iter_mut().skip(usize::from(at)).zip(own).for_each(|(old, new)| *old = new);
            Content::Registers(all)
        }
        (Content::Registers(mut all), Encoded::Part { mask, bits }) => {
            assert_eq!(bits & !mask, 0, "only its own bits");
            let own = all.iter_mut().skip(usize::from(at)).take(1);
            own.for_each(|register| *register = *register & !mask | bits);
            Content::Registers(all)
        }
        (_, Encoded::Bits(bits)) => Content::Bits(bits),
        (content @ Content::Bits(_), _) => content,
    }
}

fn decoder(supply: &mut Supply<'_>) -> Decoder {
    let order = supply.one_of(WordOrder::WORDS.map(|(_, order)| order), WordOrder::Abcd);
    match supply.byte() % 8 {
        0 => Decoder::Bit,
        1 => Decoder::RegisterBit(supply.byte() % 16),
        2 => Decoder::SunSpecBit(supply.byte() % 16),
        3 => Decoder::Text(Text {
            order,
            registers: u16::from(supply.byte() % 125) + 1,
            encoding: supply.one_of(Encoding::WORDS.map(|(_, known)| known), Encoding::Utf8),
            padding: supply.one_of(Padding::WORDS.map(|(_, known)| known), Padding::Nul),
            empty_is_none: supply.byte() & 1 == 1,
        }),
        4 => {
            let layouts =
                [TimeLayout::Unix32, TimeLayout::Fields6, TimeLayout::Fields7, TimeLayout::Cp56];
            let layout = supply.one_of(layouts, TimeLayout::Unix32);
            let hours = supply.byte() % 25;
            let utc_offset = hours.checked_sub(1).and_then(|hours| i8::try_from(hours).ok());
            let utc_offset = utc_offset.and_then(|hours| Offset::from_hours(hours - 12).ok());
            Decoder::Time(Time { layout, order, utc_offset, no_value: Box::default() })
        }
        5 => {
            let low = supply.byte() % 16;
            let slice = Slice { low, width: supply.byte() % (16 - low) + 1 };
            // Which bits of a register are meant does not hang on the word order.
            let order = WordOrder::Abcd;
            number(NumberType::U16, order, Some(slice), scaling(supply, NumberType::U16), supply)
        }
        _ => {
            let number_type = supply.one_of(NumberType::IN_REGISTERS, NumberType::U16);
            number(number_type, order, None, scaling(supply, number_type), supply)
        }
    }
}

fn number(
    number_type: NumberType,
    order: WordOrder,
    slice: Option<Slice>,
    scaling: Scaling,
    supply: &mut Supply<'_>,
) -> Decoder {
    let no_value = if supply.byte() & 1 == 1 { vec![u64::from(supply.word())] } else { vec![] };
    let no_value = no_value.into_boxed_slice();
    let full_is_none = slice.is_some() && supply.byte() & 1 == 1;
    Decoder::Number(Number {
        number_type,
        order,
        slice,
        scaling,
        no_value,
        full_is_none,
        clamp: None,
    })
}

/// None, or a factor with up to five digits and six places and an offset: as configurations have them. Or the power
/// of ten in the register behind the number.
fn scaling(supply: &mut Supply<'_>, number_type: NumberType) -> Scaling {
    match supply.byte() % 4 {
        0 => {
            let (by, places) = (u32::from(supply.word()) + 1, supply.byte() % 7);
            let (plus, plus_places) = (supply.word().cast_signed(), supply.byte() % 5);
            let by = decimal(format!("{by}e-{places}"));
            let plus = decimal(format!("{plus}e-{plus_places}"));
            let scale = Scale::new(by.as_ref(), plus.as_ref()).ok();
            scale.map_or(Scaling::None, |scale| Scaling::Fixed(Box::new(scale)))
        }
        1 => Scaling::Register { value_at: 0, power_at: number_type.registers() },
        _ => Scaling::None,
    }
}

fn decimal(text: String) -> Option<Decimal> {
    Some(Decimal { value: text.parse().ok()?, text })
}

/// An address as written, or anything else.
pub(super) fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Address::parse(&text) {
        Ok(address) => {
            assert_eq!(Address::parse(&address.to_string()).as_ref(), Ok(&address), "{text:?}");
        }
        Err(misread) => {
            assert!(!misread.problem.is_empty());
            // Whatever is proposed is right.
            let quoted = misread.remedy.split('"').skip(1).step_by(2);
            for proposed in quoted.filter(|quoted| quoted.contains(':')) {
                assert!(Address::parse(proposed).is_ok(), "{text:?}: {proposed}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_another_may_stand_for_none() {
        // F32 in BADC with the power of ten behind it, 65535 for none: 65536 or so of the smallest, times a tenth.
        let small = [
            101, 159, 10, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 255,
            255, 255, 255, 255, 255, 0, 252, 127, 255, 255,
        ];
        value(&small);
        let decoder = decoder(&mut Supply(&small));
        let none = EncodeError::StandsForNone { found: Value::Bool(true) };
        assert!(may_stand_for_none(&decoder, &none));
        assert!(!may_stand_for_none(&decoder, &EncodeError::NoScale));
        assert!(!may_stand_for_none(&Decoder::Bit, &none));
    }

    #[test]
    fn the_first_hour_on_summer_time_cannot_be_written_back() {
        // CP56, CDAB, twelve hours behind: 2000-01-01 00:00 on summer time.
        let first = [6, 4, 3, 1, 3, 91, 0, 53, 3, 9, 252, 254, 0, 81, 1, 160];
        let decoder = decoder(&mut Supply(&first));
        let read = Value::text("2000-01-01T11:00:00.000Z").unwrap();
        let Decoder::Time(time) = &decoder else { panic!("{decoder:?}") };
        assert_eq!(time.layout, TimeLayout::Cp56);
        assert!(decoder.encode_beside(&Content::Registers(vec![0; 4]), &read).is_err());
        assert!(is_before_the_first_year(&decoder, &read));
        let later = Value::text("2000-01-01T12:00:00.000Z").unwrap();
        assert!(!is_before_the_first_year(&decoder, &later));
        assert!(decoder.encode_beside(&Content::Registers(vec![0; 4]), &later).is_ok());
        value(&first);
    }

    #[test]
    fn a_value_that_is_none_is_told_from_one() {
        // A number as it is, with 7 for none: ABCD, u16, unscaled.
        let one = [0, 6, 1, 3, 1, 0, 7, 0, 0, 8];
        let decoder = decoder(&mut Supply(&one));
        let read = |register| decoder.read(&Content::Registers(vec![register]), 0);
        assert_eq!(read(7), Some(Reading::NotANumber));
        assert_eq!(read(8), Some(Reading::Good(Value::U64(8))));
        value(&one);
    }
}
