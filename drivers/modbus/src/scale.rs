//! Scale and offset, as the decimals a person wrote: `0.1` is one tenth and not its nearest double.
//!
//! `value = raw × scale + offset`. For integers this is exact and rounded once, at the end: 235 × 0.1 is
//! 23.5. Single and double precision numbers are multiplied and divided by whole numbers instead of by a
//! rounded fraction.

use pointcast_api::settings::Decimal;

/// Most significant digits a scale or an offset may have.
const MAX_DIGITS: usize = 15;

/// Most places by which their decimal points may lie left of the last digit, and zeros right of it.
const MAX_PLACES: i32 = 15;

/// Greatest power of ten, and least with a minus, that a register may hold as a scale.
const MAX_REGISTER_POWER: u32 = 10;

/// Doubles hold every whole number up to this one.
const EXACT_DOUBLE: i128 = 1 << 53;

/// Doubles hold every power of ten up to this one.
const EXACT_POWER: u32 = 22;

/// `(raw × multiplier + addend) / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    multiplier: i128,
    addend: i128,
    places: u32,
    float: FloatScale,
}

/// The same for numbers that are no integers: `raw × multiplier / divisor + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct FloatScale {
    multiplier: f64,
    divisor: f64,
    offset: f64,
}

/// A power of ten, exact up to 10^22.
fn power_of_ten(power: u32) -> f64 {
    (0..power).fold(1.0, |product, _| product * 10.0)
}

/// `digits × 10^exponent`.
#[derive(Clone, Copy)]
struct Parts {
    digits: i128,
    exponent: i32,
}

impl Scale {
    /// A scale (1 if there is none) and an offset (0 if there is none); what is wrong with them otherwise.
    ///
    /// # Errors
    /// A fragment that says what is wrong.
    pub(crate) fn new(scale: Option<&Decimal>, offset: Option<&Decimal>) -> Result<Self, String> {
        let one = Parts { digits: 1, exponent: 0 };
        let nothing = Parts { digits: 0, exponent: 0 };
        let scale = scale.map_or(Ok(one), |decimal| parts(&decimal.text))?;
        let offset_parts = offset.map_or(Ok(nothing), |decimal| parts(&decimal.text))?;
        if scale.digits == 0 {
            return Err("a scale of 0 makes every value the same".to_owned());
        }
        let lowest = scale.exponent.min(offset_parts.exponent).min(0);
        let places = lowest.unsigned_abs();
        let (Some(multiplier), Some(addend)) =
            (shifted(scale, lowest), shifted(offset_parts, lowest))
        else {
            return Err("scale and offset lie too far apart to be added exactly".to_owned());
        };
        let fits = multiplier
            .checked_mul(i128::from(u64::MAX))
            .and_then(|product| product.checked_add(addend))
            .and(multiplier.checked_mul(i128::from(i64::MIN)))
            .and_then(|product| product.checked_sub(addend.abs()));
        if fits.is_none() {
            return Err("scale and offset have too many digits together".to_owned());
        }
        let float = FloatScale {
            multiplier: to_double(multiplier, 0),
            divisor: to_double(1, places.cast_signed()),
            offset: offset.map_or(0.0, |decimal| decimal.value),
        };
        Ok(Self { multiplier, addend, places, float })
    }

    /// The scale 10^`power`, for powers from −10 to 10 as SunSpec has them (SunSpec Device Information Model
    /// Specification, type `sunssf`); `None` beyond.
    pub(crate) fn power_of_ten(power: i16) -> Option<Self> {
        let places = u32::from(power.min(0).unsigned_abs());
        let zeros = u32::from(power.max(0).unsigned_abs());
        if places.max(zeros) > MAX_REGISTER_POWER {
            return None;
        }
        let float = FloatScale {
            multiplier: power_of_ten(zeros),
            divisor: power_of_ten(places),
            offset: 0.0,
        };
        Some(Self { multiplier: 10_i128.checked_pow(zeros)?, addend: 0, places, float })
    }

    /// The scaled value of an integer, the double nearest to the exact result.
    pub(crate) fn integer(&self, raw: i128) -> f64 {
        // `new` saw to it that no 64-bit integer overflows.
        let exact = raw.saturating_mul(self.multiplier).saturating_add(self.addend);
        if exact.abs() <= EXACT_DOUBLE && self.places <= EXACT_POWER {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a double holds every number this small"
            )]
            return exact as f64 / self.float.divisor;
        }
        to_double(exact, -self.places.cast_signed())
    }

    /// The scaled value of a number with a fraction; may overflow to infinity.
    pub(crate) fn number(&self, raw: f64) -> f64 {
        raw * self.float.multiplier / self.float.divisor + self.float.offset
    }

    /// The scaled value of a single-precision number, rounded to single precision once, at the end.
    pub(crate) fn single(&self, raw: f32) -> f32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "single precision in, single precision out"
        )]
        let rounded = self.number(raw.into()) as f32;
        rounded
    }

    /// Whether greater raw numbers have greater values.
    pub(crate) fn is_rising(&self) -> bool {
        self.multiplier > 0
    }
}

/// The double nearest to `digits × 10^exponent`: reading decimal text rounds once.
fn to_double(digits: i128, exponent: i32) -> f64 {
    format!("{digits}e{exponent}").parse().unwrap_or(f64::NAN)
}

fn shifted(parts: Parts, to: i32) -> Option<i128> {
    let power = u32::try_from(parts.exponent.checked_sub(to)?).ok()?;
    parts.digits.checked_mul(10_i128.checked_pow(power)?)
}

fn parts(text: &str) -> Result<Parts, String> {
    let too_long = || {
        format!(
            "{text} is too fine or too large: at most {MAX_DIGITS} digits that count, and at most \
             {MAX_PLACES} places or zeros"
        )
    };
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let negative = whole.starts_with('-');
    let joined = format!("{}{fraction}", whole.trim_start_matches(['+', '-']));
    let significant = joined.trim_start_matches('0');
    let kept = significant.trim_end_matches('0');
    let dropped = i32::try_from(significant.len() - kept.len()).map_err(|_| too_long())?;
    let places = i32::try_from(fraction.len()).map_err(|_| too_long())?;
    if kept.is_empty() {
        return Ok(Parts { digits: 0, exponent: 0 });
    }
    let power: i32 = power.parse().map_err(|_| too_long())?;
    let exponent = power
        .checked_add(dropped)
        .and_then(|sum| sum.checked_sub(places))
        .filter(|exponent| (-MAX_PLACES..=MAX_PLACES).contains(exponent));
    let digits = (kept.len() <= MAX_DIGITS).then(|| kept.parse::<i128>().ok()).flatten();
    let (Some(exponent), Some(digits)) = (exponent, digits) else {
        return Err(too_long());
    };
    Ok(Parts { digits: if negative { -digits } else { digits }, exponent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal { value: text.parse().unwrap(), text: text.to_owned() }
    }

    fn scale(scale: &str, offset: &str) -> Scale {
        Scale::new(Some(&decimal(scale)), Some(&decimal(offset))).unwrap()
    }

    fn check(raw: i128, by: &str, plus: &str, expected: f64) {
        assert_eq!(scale(by, plus).integer(raw).to_bits(), expected.to_bits(), "{raw} {by} {plus}");
    }

    #[test]
    fn decimals_stay_decimals() {
        check(235, "0.1", "0", 23.5);
        check(3, "0.1", "0", 0.3);
        check(1_234_567, "0.001", "0", 1234.567);
        check(-40, "0.1", "-0.3", -4.3);
        check(7, "1e-3", "0", 0.007);
        check(7, "2.5E2", "0.5", 1750.5);
        check(65_535, "0.01", "-273.15", 382.2);
        check(i128::from(u64::MAX), "0.1", "0", 1_844_674_407_370_955_161.5);
        check(i128::from(i64::MIN), "1", "0", -9_223_372_036_854_775_808.0);
        check(5, "1000000000000000", "0", 5e15);
        check(0, "-0.5", "0", 0.0);
    }

    #[test]
    fn single_precision_numbers_are_divided_and_not_multiplied_by_a_rounded_tenth() {
        assert_eq!(scale("0.1", "0").number(235.0).to_bits(), 23.5_f64.to_bits());
        assert_eq!(scale("0.1", "0").number(3.0).to_bits(), 0.3_f64.to_bits());
        assert_eq!(scale("1.8", "32").number(100.0).to_bits(), 212.0_f64.to_bits());
        assert!(scale("1e15", "0").number(f64::MAX).is_infinite());
    }

    #[test]
    fn a_power_of_ten_is_the_scale_that_would_be_written() {
        for power in -10..=10 {
            let written = scale(&format!("1e{power}"), "0");
            let found = Scale::power_of_ten(power).unwrap();
            for raw in [0, 1, -1, 235, 32_767, i128::from(i64::MIN), i128::from(u64::MAX)] {
                assert_eq!(found.integer(raw).to_bits(), written.integer(raw).to_bits(), "{power}");
            }
        }
        for power in [-11, 11, i16::MIN, i16::MAX] {
            assert_eq!(Scale::power_of_ten(power), None);
        }
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        for (by, plus) in [
            ("0", "0"),
            ("0.0", "1"),
            ("1e16", "0"),
            ("1e-16", "0"),
            ("0.1234567890123456", "0"),
            ("1e999999999999", "0"),
            ("1e15", "1e-15"),
        ] {
            let (by, plus) = (decimal(by), decimal(plus));
            assert!(Scale::new(Some(&by), Some(&plus)).is_err(), "{by:?} {plus:?}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_rounded_once(raw in any::<u64>(), m in 1_i128..1_000_000, places in 0_u32..9) {
            let power = 10_i128.pow(places);
            let text = format!("{}.{:0width$}", m / power, m % power, width = places as usize);
            let text = if places == 0 { m.to_string() } else { text };
            let exact: f64 = format!("{}e-{places}", i128::from(raw) * m).parse().unwrap();
            prop_assert_eq!(scale(&text, "0").integer(i128::from(raw)).to_bits(), exact.to_bits());
        }

        #[test]
        fn any_number_is_taken_or_refused(value in any::<f64>().prop_filter("", |v| v.is_finite())) {
            let written = decimal(&format!("{value:?}"));
            let _ = Scale::new(Some(&written), Some(&written));
        }
    }
}
