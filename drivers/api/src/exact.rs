//! Decimal numbers as people write them, without a double in between.
//!
//! `231` times `0.1` is `23.1`, not `23.1` and a few bits: sums and products are exact and rounded once, at
//! the end. What needs more than 38 digits is not represented, and says so with `None`.

/// Most decimal digits an exponent may shift by; more is no number of this trade.
const MAX_SHIFT: u32 = 400;

/// `digits` × 10^`exponent`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    digits: i128,
    exponent: i32,
}

impl Exact {
    /// Reads `[+-]digits[.digits][e[+-]digits]`, with a digit before or after the point.
    ///
    /// `None` for anything else and for more than 38 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts = Parts::split(text)?;
        let mut digits: i128 = 0;
        for digit in parts.whole.bytes().chain(parts.fraction.bytes()) {
            digits = digits.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let exponent = parts.exponent()?.checked_sub(i32::try_from(parts.fraction.len()).ok()?)?;
        Some(Self { digits: if parts.negative { -digits } else { digits }, exponent })
    }

    /// A whole number.
    #[must_use]
    pub fn whole_number(digits: i128) -> Self {
        Self { digits, exponent: 0 }
    }

    /// The exact product, or `None` where it needs more than 38 digits.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self { digits, exponent: self.exponent.checked_add(other.exponent)? })
    }

    /// The exact sum, or `None` where it needs more than 38 digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let digits = self.shifted(exponent)?.checked_add(other.shifted(exponent)?)?;
        Some(Self { digits, exponent })
    }

    /// The number when it is whole.
    #[must_use]
    pub fn whole(self) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        if self.exponent >= 0 {
            return self.shifted(0);
        }
        let power = power_of_ten(self.exponent.unsigned_abs())?;
        (self.digits.checked_rem(power)? == 0).then(|| self.digits / power)
    }

    /// A text that every reader of numbers rounds to the nearest it can hold.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}e{}", self.digits, self.exponent)
    }

    /// The number as a person writes it, without an exponent and without zeros at the end of a fraction.
    ///
    /// `None` where that takes more than 38 digits.
    #[must_use]
    pub fn plain(self) -> Option<String> {
        if let Some(whole) = self.whole() {
            return Some(whole.to_string());
        }
        let places = usize::try_from(self.exponent.checked_neg()?).ok().filter(|p| *p <= 38)?;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at_checked(digits.len() - places)?;
        let sign = if self.digits < 0 { "-" } else { "" };
        Some(format!("{sign}{whole}.{}", fraction.trim_end_matches('0')))
    }

    fn shifted(self, to: i32) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        self.digits.checked_mul(power_of_ten(u32::try_from(self.exponent.checked_sub(to)?).ok()?)?)
    }
}

/// Whether `text` is a decimal number, however long.
pub(crate) fn is_number(text: &str) -> bool {
    Parts::split(text).is_some()
}

fn power_of_ten(power: u32) -> Option<i128> {
    if power > MAX_SHIFT { None } else { 10_i128.checked_pow(power) }
}

struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let negative = text.starts_with('-');
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (text, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let exponent_is_right = exponent.is_none_or(|text| {
            let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
            !bare.is_empty() && all_digits(bare)
        });
        let has_digit = !whole.is_empty() || !fraction.is_empty();
        (has_digit && all_digits(whole) && all_digits(fraction) && exponent_is_right)
            .then_some(Self { negative, whole, fraction, exponent })
    }

    fn exponent(&self) -> Option<i32> {
        self.exponent.map_or(Some(0), |text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn a_tenth_is_a_tenth() {
        let scaled = exact("231").times(exact("0.1")).unwrap().plus(exact("-40")).unwrap();
        assert_eq!(scaled.to_text().parse(), Ok(-16.9_f64));
        let small = exact("3").times(exact("0.1")).unwrap();
        assert_eq!(small.to_text().parse(), Ok(0.3_f64));
    }

    #[test]
    fn whole_numbers_are_told_from_others_to_the_last_digit() {
        assert_eq!(exact("18446744073709551615.0").whole(), Some(i128::from(u64::MAX)));
        assert_eq!(exact("1.25e2").whole(), Some(125));
        assert_eq!(exact("-0.000").whole(), Some(0));
        assert_eq!(exact("12.5").whole(), None);
        assert_eq!(exact("1e300").whole(), None);
        assert_eq!(exact("1e-300").whole(), None);
    }

    #[test]
    fn a_plain_text_has_no_exponent_and_no_idle_zeros() {
        for (text, plain) in [
            ("4.00", "4"),
            ("0.1", "0.1"),
            ("-0.050", "-0.05"),
            ("12.5e-3", "0.0125"),
            ("2e3", "2000"),
            ("-0.0", "0"),
        ] {
            assert_eq!(exact(text).plain().as_deref(), Some(plain));
        }
        assert_eq!(exact("1e300").plain(), None);
        assert_eq!(exact("1e-300").plain(), None);
    }

    #[test]
    fn only_decimal_numbers_are_numbers() {
        for text in ["0", "+5", "-.5", "5.", "1e5", "1E-5", "007"] {
            assert!(is_number(text), "{text}");
        }
        for text in
            ["", ".", "+", "e5", "1e", "1e+", "1.2.3", "0x1F", "1,5", " 1", "inf", "NaN", "--1"]
        {
            assert!(!is_number(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Some(number) = Exact::parse(&text) {
                prop_assert!(number.to_text().parse::<f64>().is_ok());
                let _whole = number.whole();
            }
        }

        #[test]
        fn integers_come_back_whole(number in any::<i64>()) {
            prop_assert_eq!(exact(&number.to_string()).whole(), Some(i128::from(number)));
        }

        #[test]
        fn sums_and_products_are_exact(a in any::<i32>(), b in any::<i32>()) {
            let (x, y) = (exact(&a.to_string()), exact(&b.to_string()));
            let (a, b) = (i128::from(a), i128::from(b));
            prop_assert_eq!(x.plus(y).and_then(Exact::whole), Some(a + b));
            prop_assert_eq!(x.times(y).and_then(Exact::whole), Some(a * b));
        }
    }
}
