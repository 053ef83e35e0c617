//! Numbers to registers.
//!
//! A scaled number is found by halving: decoding rises or falls with the raw number and never turns, so the
//! raw number is the first whose value is not below the one wanted. No arithmetic but the decoder's own
//! takes part, and what is found decodes to what was given because that is how it was found.

use pointcast_api::Value;

use super::{EncodeError, Encoded, not_of_type};
use crate::decode::{Class, Number};
use crate::scale::Scale;

/// Whole numbers in doubles are below this power of two, beyond which no type reaches.
const WHOLE_BELOW: f64 = 1e38;

/// A number as given.
#[derive(Clone, Copy, Debug)]
enum Given {
    Whole(i128),
    Fraction(f64),
}

pub(super) fn encode(number: &Number, value: &Value) -> Result<Encoded, EncodeError> {
    let given = Given::of(value)?;
    let bits = match (number.number_type.class(), &number.scale) {
        (class @ (Class::Signed | Class::Unsigned), scale) => {
            let limits = whole_limits(class, number.number_type.width());
            let raw = match scale {
                None => whole(given, limits, value)?,
                Some(scale) => scaled_whole(given, limits, scale, value)?,
            };
            low_bits(raw)
        }
        (Class::Single, scale) => single(given, scale.as_ref(), value)?.to_bits().into(),
        (Class::Double, scale) => double(given, scale.as_ref(), value)?.to_bits(),
    };
    let beyond = u64::BITS - number.number_type.width();
    let bits = bits << beyond >> beyond;
    if number.no_value.contains(&bits) {
        return Err(EncodeError::StandsForNone { found: value.clone() });
    }
    let registers = number.order.registers(bits, number.number_type.registers());
    Ok(Encoded::Registers(registers))
}

impl Given {
    fn of(value: &Value) -> Result<Self, EncodeError> {
        Ok(match value {
            Value::I64(number) => Self::Whole((*number).into()),
            Value::U64(number) => Self::Whole((*number).into()),
            // A single means the decimal that it is shown as, and not the double that it happens to be.
            Value::F32(number) => {
                Self::of_double(number.get().to_string().parse().unwrap_or(f64::NAN))
            }
            Value::F64(number) => Self::of_double(number.get()),
            Value::Bool(_) | Value::Text(_) => return Err(not_of_type(value, "a number")),
        })
    }

    fn of_double(number: f64) -> Self {
        // The sign of zero is kept by what keeps fractions.
        let is_negative_zero = number == 0.0 && number.is_sign_negative();
        if number.fract() == 0.0 && number.abs() < WHOLE_BELOW && !is_negative_zero {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and far below 2^127")]
            return Self::Whole(number as i128);
        }
        Self::Fraction(number)
    }

    /// The nearest double, and whether it is the number itself or its usual rounding.
    fn to_double(self) -> (f64, bool) {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "whether anything was lost is told"
            )]
            Self::Whole(whole) => {
                let double = whole as f64;
                (double, double as i128 == whole)
            }
            Self::Fraction(fraction) => (fraction, true),
        }
    }

    /// The same in single precision.
    fn to_single(self) -> (f32, bool) {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "whether anything was lost is told"
            )]
            Self::Whole(whole) => {
                let single = whole as f32;
                (single, single as i128 == whole)
            }
            #[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
            Self::Fraction(fraction) => {
                let single = fraction as f32;
                // What vanishes was not rounded but lost.
                (single, single != 0.0 || fraction == 0.0)
            }
        }
    }
}

/// The lowest and the highest raw number of an integer type.
fn whole_limits(class: Class, width: u32) -> (i128, i128) {
    let power = 1_i128.checked_shl(width).unwrap_or_default();
    match class {
        Class::Signed => (-(power / 2), power / 2 - 1),
        Class::Unsigned | Class::Single | Class::Double => (0, power - 1),
    }
}

/// The two's complement of a number that fits 64 bits, signed or not.
fn low_bits(raw: i128) -> u64 {
    i64::try_from(raw).map_or_else(|_| u64::try_from(raw).unwrap_or_default(), i64::cast_unsigned)
}

fn integer(raw: i128) -> Value {
    u64::try_from(raw)
        .map_or_else(|_| Value::I64(i64::try_from(raw).unwrap_or(i64::MIN)), Value::U64)
}

fn whole(
    given: Given,
    (lowest, highest): (i128, i128),
    value: &Value,
) -> Result<i128, EncodeError> {
    let out_of_range = || EncodeError::OutOfRange {
        found: value.clone(),
        lowest: integer(lowest),
        highest: integer(highest),
    };
    match given {
        Given::Whole(raw) if (lowest..=highest).contains(&raw) => Ok(raw),
        Given::Fraction(0.0) => Ok(0),
        Given::Fraction(fraction) if fraction.abs() < WHOLE_BELOW => {
            #[expect(clippy::cast_possible_truncation, reason = "rounded, and far below 2^127")]
            let nearest = fraction.round() as i128;
            if !(lowest..=highest).contains(&nearest) {
                return Err(out_of_range());
            }
            Err(EncodeError::NotExact { found: value.clone(), nearest: integer(nearest) })
        }
        Given::Whole(_) | Given::Fraction(_) => Err(out_of_range()),
    }
}

fn scaled_whole(
    given: Given,
    (lowest, highest): (i128, i128),
    scale: &Scale,
    value: &Value,
) -> Result<i128, EncodeError> {
    // A scaled integer is never a negative zero.
    let (wanted, exact) = given.to_double();
    let wanted = wanted + 0.0;
    let rising = scale.is_rising();
    // Walks up the values, whichever way the raw numbers go.
    let raw_at = |step: i128| if rising { lowest + step } else { highest - step };
    let value_at = |step: i128| scale.integer(raw_at(step));
    let last = highest - lowest;
    if wanted < value_at(0) || wanted > value_at(last) {
        return Err(out_of_range(value, Value::f64(value_at(0)), Value::f64(value_at(last))));
    }
    let at = first_step(last, |step| value_at(step) >= wanted);
    let nearest = match at.checked_sub(1) {
        Some(before) if before >= 0 && is_nearer(value_at(before), value_at(at), wanted) => before,
        _ => at,
    };
    if exact && value_at(nearest).to_bits() == wanted.to_bits() {
        return Ok(raw_at(nearest));
    }
    Err(not_exact(value, Value::f64(value_at(nearest))))
}

/// The raw number whose scaled value is nearest; scaled or not, it is single precision.
fn single(given: Given, scale: Option<&Scale>, value: &Value) -> Result<f32, EncodeError> {
    let (wanted, exact) = match value {
        Value::F32(number) => (number.get(), true),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Text(_) => {
            given.to_single()
        }
    };
    let value_of = |raw: f32| scale.map_or(raw, |scale| scale.single(raw));
    let limits = [value_of(f32::MIN), value_of(f32::MAX)].map(|end| end.clamp(f32::MIN, f32::MAX));
    let (low, high) = (limits[0].min(limits[1]), limits[0].max(limits[1]));
    if !(low..=high).contains(&wanted) {
        return Err(out_of_range(value, Value::f32(low), Value::f32(high)));
    }
    if !exact {
        return Err(not_exact(value, Value::f32(wanted)));
    }
    let Some(scale) = scale else { return Ok(wanted) };
    let rising = scale.is_rising();
    let raw_at = |step: i128| single_at(if rising { step } else { SINGLES - step });
    let value_at = |step: i128| scale.single(raw_at(step));
    let at = first_step(SINGLES, |step| value_at(step).total_cmp(&wanted).is_ge());
    let nearer_before =
        at > 0 && is_nearer(value_at(at - 1).into(), value_at(at).into(), wanted.into());
    Ok(raw_at(if nearer_before { at - 1 } else { at }))
}

/// The same in double precision.
fn double(given: Given, scale: Option<&Scale>, value: &Value) -> Result<f64, EncodeError> {
    let (wanted, exact) = given.to_double();
    let value_of = |raw: f64| scale.map_or(raw, |scale| scale.number(raw));
    let limits = [value_of(f64::MIN), value_of(f64::MAX)].map(|end| end.clamp(f64::MIN, f64::MAX));
    let (low, high) = (limits[0].min(limits[1]), limits[0].max(limits[1]));
    if !(low..=high).contains(&wanted) {
        return Err(out_of_range(value, Value::f64(low), Value::f64(high)));
    }
    if !exact {
        return Err(not_exact(value, Value::f64(wanted)));
    }
    let Some(scale) = scale else { return Ok(wanted) };
    let rising = scale.is_rising();
    let raw_at = |step: i128| double_at(if rising { step } else { DOUBLES - step });
    let value_at = |step: i128| scale.number(raw_at(step));
    let at = first_step(DOUBLES, |step| value_at(step).total_cmp(&wanted).is_ge());
    let nearer_before = at > 0 && is_nearer(value_at(at - 1), value_at(at), wanted);
    Ok(raw_at(if nearer_before { at - 1 } else { at }))
}

/// The last step of [`single_at`].
const SINGLES: i128 = 2 * 0x7F7F_FFFF + 1;

/// The last step of [`double_at`].
const DOUBLES: i128 = 2 * 0x7FEF_FFFF_FFFF_FFFF + 1;

/// All finite singles in order, from the lowest at 0.
fn single_at(step: i128) -> f32 {
    let half = SINGLES / 2;
    let magnitude = |bits: i128| f32::from_bits(u32::try_from(bits).unwrap_or_default());
    if step > half { magnitude(step - half - 1) } else { -magnitude(half - step) }
}

/// All finite doubles in order, from the lowest at 0.
fn double_at(step: i128) -> f64 {
    let half = DOUBLES / 2;
    let magnitude = |bits: i128| f64::from_bits(u64::try_from(bits).unwrap_or_default());
    if step > half { magnitude(step - half - 1) } else { -magnitude(half - step) }
}

/// The first of the steps 0 to `last` from which on `reached` holds, or `last` if it never does.
fn first_step(last: i128, reached: impl Fn(i128) -> bool) -> i128 {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

fn is_nearer(one: f64, other: f64, to: f64) -> bool {
    (one - to).abs() < (other - to).abs()
}

fn out_of_range(found: &Value, lowest: Option<Value>, highest: Option<Value>) -> EncodeError {
    match (lowest, highest) {
        (Some(lowest), Some(highest)) => {
            EncodeError::OutOfRange { found: found.clone(), lowest, highest }
        }
        (None, _) | (_, None) => not_of_type(found, "a number"),
    }
}

fn not_exact(found: &Value, nearest: Option<Value>) -> EncodeError {
    match nearest {
        Some(nearest) => EncodeError::NotExact { found: found.clone(), nearest },
        None => not_of_type(found, "a number"),
    }
}
