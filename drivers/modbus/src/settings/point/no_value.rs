//! What stands for no value, as raw bits.
//!
//! SunSpec Device Information Model Specification, "not implemented" values of the types: the lowest of a
//! signed integer, all bits of an unsigned one (enumerations and bit fields among them), NaN, a text of
//! NULs. Accumulators (`acc32`) have 0 instead, which must be written.

use pointcast_api::settings::{Located, Refusals};

use super::data_type::DataType;
use super::keys::NoValue;
use crate::decode::NumberType;

/// Whether "sunspec" stands among what `written` says of bits of a register, and the raw bits for `width` of
/// them. A bit field is not implemented when its whole register is full, whichever bits of it are read.
///
/// `None` only together with a refusal.
pub(super) fn of_field(
    written: Option<&Located<Vec<NoValue>>>,
    width: u32,
    refusals: &mut Refusals,
) -> Option<(bool, Vec<u64>)> {
    let Some(written) = written else { return Some((false, Vec::new())) };
    let mut bits = Vec::new();
    for none in &written.value {
        if let NoValue::Raw(raw) = none {
            bits.push(raw_bits(written, *raw, width, refusals)?);
        }
    }
    Some((written.value.contains(&NoValue::SunSpec), bits))
}

/// The raw bits of `written` for a value of `width` bits.
///
/// `None` only together with a refusal.
pub(super) fn bits(
    written: Option<&Located<Vec<NoValue>>>,
    data_type: DataType,
    width: u32,
    refusals: &mut Refusals,
) -> Option<Vec<u64>> {
    let Some(written) = written else { return Some(Vec::new()) };
    let mut bits = Vec::new();
    for none in &written.value {
        match none {
            NoValue::Raw(raw) => bits.push(raw_bits(written, *raw, width, refusals)?),
            NoValue::SunSpec => bits.extend(sunspec(written, data_type, refusals)?),
        }
    }
    Some(bits)
}

/// The bits of a raw value, which may be written signed or unsigned.
fn raw_bits<T>(place: &Located<T>, raw: i64, width: u32, refusals: &mut Refusals) -> Option<u64> {
    let beyond = u64::BITS - width;
    let bits = raw.cast_unsigned();
    let unsigned = bits >> (width - 1) >> 1 == 0;
    let signed = raw << beyond >> beyond == raw;
    if width < u64::BITS && !unsigned && !signed {
        place.refuse(
            refusals,
            format!("{raw} does not fit {width} bits"),
            "give what stands in the registers, before scaling, e.g. no_value = 0x8000",
        );
        return None;
    }
    Some(bits << beyond >> beyond)
}

fn sunspec<T>(
    place: &Located<T>,
    data_type: DataType,
    refusals: &mut Refusals,
) -> Option<Option<u64>> {
    use NumberType as N;
    match data_type {
        DataType::Number(N::I16) => Some(Some(0x8000)),
        DataType::Number(N::U16) => Some(Some(0xFFFF)),
        DataType::Number(N::I32) => Some(Some(0x8000_0000)),
        DataType::Number(N::U32) => Some(Some(0xFFFF_FFFF)),
        DataType::Number(N::I64) => Some(Some(1 << 63)),
        DataType::Number(N::U64) => Some(Some(u64::MAX)),
        // NaN is no value anyhow.
        DataType::Number(N::F32 | N::F64) => Some(None),
        DataType::Bool
        | DataType::Text
        | DataType::Time(_)
        | DataType::Number(
            N::I8 | N::U8 | N::I24 | N::U24 | N::I48 | N::U48 | N::Bcd16 | N::Bcd32,
        ) => {
            let problem = format!("SunSpec has no {data_type}");
            place.refuse(refusals, problem, "give the raw value, e.g. no_value = 0xFF");
            None
        }
    }
}
