//! Numbers to registers.
//!
//! A scaled number is found by halving: decoding rises or falls with the raw number and never turns, so the
//! raw number is the first whose value is not below the one wanted. No arithmetic but the decoder's own
//! takes part, and what is found decodes to what was given because that is how it was found.

use pointcast_api::{Reading, Value};

use super::{EncodeError, Encoded, not_of_type};
use crate::decode::{Clamp, Class, Number};
use crate::scale::Scale;

/// Whole numbers in doubles are below this power of two, beyond which no type reaches.
const WHOLE_BELOW: f64 = 1e38;

/// How far a fraction may lie from what the device can hold, as a part of it, and still mean that: what sums of decimal
/// steps leave behind (61.3 as 61.300000000000004).
const NOISE: f64 = 1e-12;

/// A number as given.
#[derive(Clone, Copy, Debug)]
enum Given {
    Whole(i128),
    Fraction(f64),
}

/// The registers, or the bits of one, that `value` makes with `scale`.
pub(super) fn encode(
    number: &Number,
    scale: Option<&Scale>,
    value: &Value,
) -> Result<Encoded, EncodeError> {
    let given = Given::of(value)?;
    let bits = match (number.number_type.class(), scale) {
        (class @ (Class::Signed | Class::Unsigned | Class::Bcd), scale) => {
            let limits = whole_limits(class, number.width());
            let raw = match scale {
                None => whole(given, limits, value)?,
                Some(scale) => scaled_whole(given, limits, scale, value)?,
            };
            if class == Class::Bcd { decimal_digits(raw) } else { low_bits(raw) }
        }
        (Class::Single, scale) => single(given, scale, value)?.to_bits().into(),
        (Class::Double, scale) => double(given, scale, value)?.to_bits(),
    };
    let own = own_bits(bits, number.width());
    match (number.reading(own, scale), number.clamp.as_deref().and_then(Clamp::bounds)) {
        (Reading::Substituted(_), Some((lowest, highest))) => {
            return Err(EncodeError::OutOfRange { found: value.clone(), lowest, highest });
        }
        (Reading::NotANumber, _) => {
            return Err(EncodeError::StandsForNone { found: value.clone() });
        }
        _ => {}
    }
    if let Some(slice) = number.slice {
        let bits = u16::try_from(own).unwrap_or_default().checked_shl(slice.low.into());
        return Ok(Encoded::Part { mask: slice.mask(), bits: bits.unwrap_or_default() });
    }
    // What is above the number's own bits in its registers repeats the sign, or is nothing.
    let registers = number.order.registers(bits, number.number_type.registers());
    Ok(Encoded::Registers(registers))
}

/// The lowest `width` of `bits`.
fn own_bits(bits: u64, width: u32) -> u64 {
    let beyond = u64::BITS - width;
    bits << beyond >> beyond
}

/// Four bits for each decimal digit.
fn decimal_digits(raw: i128) -> u64 {
    let mut rest = u64::try_from(raw).unwrap_or_default();
    let mut bits = 0;
    for shift in (0..u64::BITS).step_by(4) {
        bits |= (rest % 10) << shift;
        rest /= 10;
    }
    bits
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

    /// How far off what is written may be: whole numbers are meant to the last digit.
    fn noise(self) -> f64 {
        match self {
            Self::Whole(_) => 0.0,
            Self::Fraction(fraction) => fraction.abs() * NOISE,
        }
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
pub(crate) fn whole_limits(class: Class, width: u32) -> (i128, i128) {
    let power = 1_i128.checked_shl(width).unwrap_or_default();
    match class {
        Class::Signed => (-(power / 2), power / 2 - 1),
        Class::Bcd => (0, 10_i128.checked_pow(width / 4).unwrap_or_default() - 1),
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
            if (fraction - fraction.round()).abs() <= given.noise() {
                return Ok(nearest);
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
    let off = (value_at(nearest) - wanted).abs();
    if exact && (value_at(nearest).to_bits() == wanted.to_bits() || off <= given.noise()) {
        return Ok(raw_at(nearest));
    }
    Err(not_exact(value, Value::f64(value_at(nearest))))
}

/// The raw number whose value is nearest, in single precision.
fn single(given: Given, scale: Option<&Scale>, value: &Value) -> Result<f32, EncodeError> {
    let (wanted, exact) = match value {
        Value::F32(number) => (number.get(), true),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Text(_) => {
            given.to_single()
        }
    };
    let value_of = |raw: f32| scale.map_or(raw, |scale| scale.single(raw));
    let rising = scale.is_none_or(Scale::is_rising);
    let raw_at = |step: i128| single_at(if rising { step } else { SINGLES - step });
    let steps = Steps { last: SINGLES, value_at: |step| value_of(raw_at(step)).into() };
    let shown = |value: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "it was single precision before")]
        Value::f32(value as f32)
    };
    let step = steps
        .nearest(wanted.into())
        .map_err(|[lowest, highest]| out_of_range(value, shown(lowest), shown(highest)))?;
    if exact { Ok(raw_at(step)) } else { Err(not_exact(value, Value::f32(wanted))) }
}

/// The same in double precision.
fn double(given: Given, scale: Option<&Scale>, value: &Value) -> Result<f64, EncodeError> {
    let (wanted, exact) = given.to_double();
    let value_of = |raw: f64| scale.map_or(raw, |scale| scale.number(raw));
    let rising = scale.is_none_or(Scale::is_rising);
    let raw_at = |step: i128| double_at(if rising { step } else { DOUBLES - step });
    let steps = Steps { last: DOUBLES, value_at: |step| value_of(raw_at(step)) };
    let step = steps.nearest(wanted).map_err(|[lowest, highest]| {
        out_of_range(value, Value::f64(lowest), Value::f64(highest))
    })?;
    if exact { Ok(raw_at(step)) } else { Err(not_exact(value, Value::f64(wanted))) }
}

/// Raw floating-point numbers in the order of their values, from step 0 to the last.
struct Steps<V> {
    last: i128,
    value_at: V,
}

impl<V: Fn(i128) -> f64> Steps<V> {
    /// The step whose value is nearest to `wanted`.
    ///
    /// # Errors
    /// The lowest and the highest finite value, if `wanted` is beyond them.
    fn nearest(&self, wanted: f64) -> Result<i128, [f64; 2]> {
        let value_at = &self.value_at;
        // Scaling may overflow at both ends.
        let lowest = first_step(self.last, |step| value_at(step) > f64::NEG_INFINITY);
        let infinite = first_step(self.last, |step| value_at(step) == f64::INFINITY);
        let highest = if value_at(infinite).is_finite() { infinite } else { infinite - 1 };
        let limits = [value_at(lowest), value_at(highest)];
        if !(limits[0]..=limits[1]).contains(&wanted) {
            return Err(limits);
        }
        let at = first_step(self.last, |step| value_at(step).total_cmp(&wanted).is_ge());
        let before = at.saturating_sub(1).max(lowest);
        Ok(if is_nearer(value_at(before), value_at(at), wanted) { before } else { at })
    }
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
