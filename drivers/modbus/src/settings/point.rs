//! A point's own keys: where its value lies and what it is.

use std::time::Duration;

use pointcast_api::ValueType;
use pointcast_api::settings::{Decimal, Located, Refusals, Settings};

use super::device::Device;
use crate::address::{Address, TABLE_SIZE};
use crate::decode::{Decoder, Number, NumberType, Text};
use crate::order::WordOrder;
use crate::plan::Want;
use crate::scale::Scale;

/// Shortest and longest scan interval in milliseconds.
pub(crate) const SCAN_MS: std::ops::RangeInclusive<u32> = 10..=86_400_000;

/// A point's keys, checked.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) want: Want,
    pub(crate) decoder: Decoder,
    pub(crate) value_type: ValueType,
    /// Whether it may share registers with other points.
    pub(crate) overlap: bool,
    /// Where its address stands, for refusals that concern several points.
    pub(crate) address: Located<Address>,
    /// Its name in refusals.
    pub(crate) called: String,
}

/// The keys as written, before they are held against each other.
struct Written {
    address: Option<Located<Address>>,
    value_type: Option<Located<ValueType>>,
    order: Option<Located<WordOrder>>,
    scale: Option<Located<Decimal>>,
    offset: Option<Located<Decimal>>,
    no_value: Option<Located<i64>>,
    length: Option<Located<i64>>,
}

/// Takes the point's keys; `None` only together with a refusal.
pub(crate) fn check(mut keys: Settings, device: &Device, refusals: &mut Refusals) -> Option<Point> {
    let written = Written {
        address: address(&mut keys, refusals),
        value_type: keys.choice("type", &ValueType::WORDS, refusals),
        order: keys.choice("word_order", &WordOrder::WORDS, refusals),
        scale: keys.number("scale", refusals),
        offset: keys.number("offset", refusals),
        no_value: keys.integer("no_value", i64::MIN..=i64::MAX, refusals),
        length: keys.integer("length", 1..=i64::from(device.max_block), refusals),
    };
    let scan = keys.millis("scan_ms", SCAN_MS, refusals);
    let overlap = keys.flag("overlap", refusals);
    let called = keys.what().to_owned();
    let before = refusals.len();
    let found = written.address.clone().and_then(|address| {
        let (decoder, value_type) = decoder(&written, &keys, &address, device, refusals)?;
        Some((address, decoder, value_type))
    });
    keys.finish(refusals);
    let (address, decoder, value_type) = found?;
    let length = decoder.length();
    fits(&address, length, device, refusals);
    (refusals.len() == before).then(|| Point {
        want: Want {
            device: device.index,
            table: address.value.table,
            first: address.value.first,
            length,
            interval: scan.map_or(device.scan, |scan: Located<Duration>| scan.value),
        },
        decoder,
        value_type,
        overlap: overlap.is_some_and(|overlap| overlap.value),
        address,
        called,
    })
}

fn address(keys: &mut Settings, refusals: &mut Refusals) -> Option<Located<Address>> {
    let text = keys.text_or_number("address", refusals);
    let text = keys.required(text, "address", "address = \"holding:100\"", refusals)?;
    match Address::parse(&text.value) {
        Ok(address) => Some(text.map(|_| address)),
        Err(misread) => {
            text.refuse(refusals, misread.problem, misread.remedy);
            None
        }
    }
}

fn decoder(
    written: &Written,
    keys: &Settings,
    address: &Located<Address>,
    device: &Device,
    refusals: &mut Refusals,
) -> Option<(Decoder, ValueType)> {
    if address.value.table.is_bits() || address.value.bit.is_some() {
        return bit(written, address, refusals);
    }
    let types = "type = \"u16\" (or i16, i32, u32, i64, u64, f32, f64, string)";
    let value_type = keys.required(written.value_type.as_ref(), "type", types, refusals)?;
    let number = match value_type.value {
        ValueType::Bool => {
            value_type.refuse(
                refusals,
                "a register is no bool, only one of its bits is",
                format!("give address = \"{}.0\" for its least significant bit", address.value),
            );
            return None;
        }
        ValueType::Text => return text(written, keys, device, refusals),
        ValueType::I16 => NumberType::I16,
        ValueType::U16 => NumberType::U16,
        ValueType::I32 => NumberType::I32,
        ValueType::U32 => NumberType::U32,
        ValueType::I64 => NumberType::I64,
        ValueType::U64 => NumberType::U64,
        ValueType::F32 => NumberType::F32,
        ValueType::F64 => NumberType::F64,
    };
    unwanted(&written.length, "only a string has a length", refusals);
    let order = written.order.as_ref().map_or(device.order, |order| order.value);
    let scale = scale(written, refusals)?;
    let shown = if scale.is_some() { number.scaled() } else { number.plain() };
    let no_value = match &written.no_value {
        Some(none) => vec![raw_bits(none, number, refusals)?],
        None => Vec::new(),
    };
    Some((Decoder::Number(Number { number_type: number, order, scale, no_value }), shown))
}

/// The bits of a raw value, which may be written signed or unsigned.
fn raw_bits(none: &Located<i64>, number: NumberType, refusals: &mut Refusals) -> Option<u64> {
    let width = 16 * u32::from(number.registers());
    let beyond = 64 - width;
    let bits = none.value.cast_unsigned();
    let unsigned = bits >> (width - 1) >> 1 == 0;
    let signed = none.value << beyond >> beyond == none.value;
    if width < 64 && !unsigned && !signed {
        none.refuse(
            refusals,
            format!("{} does not fit {width} bits", none.value),
            "give what stands in the registers, before scaling, e.g. no_value = 0x8000",
        );
        return None;
    }
    Some(bits << beyond >> beyond)
}

fn bit(
    written: &Written,
    address: &Located<Address>,
    refusals: &mut Refusals,
) -> Option<(Decoder, ValueType)> {
    if let Some(other) = written.value_type.as_ref().filter(|word| word.value != ValueType::Bool) {
        let problem = format!("{} is a single bit, no {}", address.value, other.value);
        other.refuse(refusals, problem, "give type = \"bool\", or leave it away");
        return None;
    }
    unwanted(&written.scale, "a bit is not scaled", refusals);
    unwanted(&written.no_value, "a bit always has a value", refusals);
    unwanted(&written.offset, "a bit has no offset", refusals);
    unwanted(&written.order, "a bit has no word order", refusals);
    unwanted(&written.length, "a bit has no length", refusals);
    Some((address.value.bit.map_or(Decoder::Bit, Decoder::RegisterBit), ValueType::Bool))
}

fn text(
    written: &Written,
    keys: &Settings,
    device: &Device,
    refusals: &mut Refusals,
) -> Option<(Decoder, ValueType)> {
    unwanted(&written.scale, "a string is not scaled", refusals);
    unwanted(&written.no_value, "a string always has a value", refusals);
    unwanted(&written.offset, "a string has no offset", refusals);
    let example = "length = 8, the number of registers (two characters each)";
    let length = keys.required(written.length.as_ref(), "length", example, refusals)?;
    let order = written.order.as_ref().map_or(device.order, |order| order.value);
    let registers = u16::try_from(length.value).ok()?;
    Some((Decoder::Text(Text { order, registers }), ValueType::Text))
}

fn scale(written: &Written, refusals: &mut Refusals) -> Option<Option<Scale>> {
    let place = written.scale.as_ref().or(written.offset.as_ref());
    let Some(place) = place else { return Some(None) };
    let number = |located: &Option<Located<Decimal>>| located.as_ref().map(|l| l.value.clone());
    match Scale::new(number(&written.scale).as_ref(), number(&written.offset).as_ref()) {
        Ok(scale) => Some(Some(scale)),
        Err(problem) => {
            place.refuse(refusals, problem, "give a plain decimal such as 0.1");
            None
        }
    }
}

fn unwanted<T>(found: &Option<Located<T>>, problem: &str, refusals: &mut Refusals) {
    if let Some(found) = found {
        found.refuse(refusals, problem, "leave it away");
    }
}

fn fits(address: &Located<Address>, length: u16, device: &Device, refusals: &mut Refusals) {
    let end = u32::from(address.value.first) + u32::from(length);
    if end > TABLE_SIZE {
        let problem = format!("{length} registers from there reach past 65535");
        address.refuse(
            refusals,
            problem,
            format!("begin at {} at most", TABLE_SIZE - u32::from(length)),
        );
    }
    if length > device.max_block && !address.value.table.is_bits() {
        let problem = format!(
            "its {length} registers are more than this device's blocks may have ({})",
            device.max_block
        );
        address.refuse(refusals, problem, format!("give the device max_block = {length}"));
    }
}
