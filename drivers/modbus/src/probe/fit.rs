//! Where a value that one can see lies: every address, type, word order and power of ten that gives it.
//!
//! Much fits by chance, the more so the fewer digits are known. So what fits comes in an order: to all digits
//! before nearly, and what devices do often before what they do seldom.

use pointcast_api::Value;

use super::image::{Image, ORDERS, Order, TYPES, Type};
use crate::decode::Class;

/// Powers of ten by which whole numbers are scaled; floating point numbers come in other units at most.
const INTEGER_POWERS: std::ops::RangeInclusive<i16> = -4..=3;
const FLOAT_POWERS: std::ops::RangeInclusive<i16> = -3..=3;

/// What a value may be off by where nobody says: what is measured moves while one reads it off.
const TOLERANCE_PART: f64 = 0.01;

/// A value that is seen somewhere, such as on the device's display.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expectation {
    value: f64,
    /// How many digits behind the point were given.
    digits: i16,
    tolerance: f64,
}

/// A place and a form in which the expected value may lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The address, as the configuration has it.
    pub address: String,
    /// The type, as the configuration has it.
    pub type_word: &'static str,
    /// The word order, as the configuration has it; `None` where that makes no difference.
    pub order: Option<&'static str>,
    /// The power of ten that is its scale.
    pub power: i16,
    /// What a gateway would read now.
    pub value: Value,
    /// How unlikely it is to be what is meant; less is better.
    cost: f64,
}

impl Expectation {
    /// Reads a value such as `230.1`, and by how much it may be off: `0.5`, `2%`; one percent without it.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn parse(value: &str, within: Option<&str>) -> Result<Self, String> {
        let number =
            |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let expected =
            number(value).ok_or_else(|| format!("{value:?} is no number: give it like 230.1"))?;
        let digits = value.split_once('.').map_or(0, |(_, digits)| digits.trim().len());
        let digits = i16::try_from(digits).unwrap_or(i16::MAX).min(9);
        let given = match within.map(|text| (text, text.trim().strip_suffix('%'))) {
            None => None,
            Some((text, part)) => {
                let tolerance = part.map_or_else(
                    || number(text),
                    |part| number(part).map(|percent| percent / 100.0 * expected.abs()),
                );
                let wrong = || format!("{text:?} is no tolerance: give it like 0.5 or 2%");
                Some(tolerance.filter(|tolerance| *tolerance >= 0.0).ok_or_else(wrong)?)
            }
        };
        // Nobody shows more digits than are sure, so half of the last one is allowed, unless somebody says.
        let usual = (expected.abs() * TOLERANCE_PART).max(last_digit(digits) / 2.0);
        let tolerance = given.unwrap_or(usual);
        if tolerance >= expected.abs() {
            return Err(format!(
                "{value} could be anything near 0: expect something that is further from 0 than it may be off"
            ));
        }
        Ok(Self { value: expected, digits, tolerance })
    }

    /// By how much a value may be off.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// All that fits in `image`, best first.
    #[must_use]
    pub fn find(&self, image: &Image) -> Vec<Fit> {
        let mut fits: Vec<Fit> = Vec::new();
        for (at, _) in image.cells() {
            for of in TYPES {
                for power in powers(of) {
                    self.orders(image, at, of, power, &mut fits);
                }
            }
        }
        fits.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        fits
    }

    /// Adds the word orders in which a number at `at` fits.
    fn orders(&self, image: &Image, at: u16, of: Type, power: i16, fits: &mut Vec<Fit>) {
        let mut seen: Vec<Value> = Vec::new();
        for order in ORDERS {
            let Some(value) = image.scaled(at, of, order, power) else { continue };
            if seen.contains(&value) || !differs_by_sign(image, at, of, order) {
                continue;
            }
            seen.push(value.clone());
            let Some(off) = double(&value).map(|found| (found - self.value).abs()) else {
                continue;
            };
            if off > self.tolerance {
                continue;
            }
            let raw = image.number(at, of, order).as_ref().and_then(double).unwrap_or_default();
            let cost = self.cost(of, order, power, raw, off);
            let order = (order.word() != "ABCD").then_some(order.word());
            let (address, type_word) = (image.address(at), of.word());
            fits.push(Fit { address, type_word, order, power, value, cost });
        }
    }

    /// How unlikely it is that this is what is meant. The weights say what devices do often and seldom; they are
    /// of this program's making.
    fn cost(&self, of: Type, order: Order, power: i16, raw: f64, off: f64) -> f64 {
        let is_exact = off <= last_digit(self.digits) / 2.0 * (1.0 + 1e-9);
        let of_digits = if is_exact { 0.0 } else { 2.0 + off / self.tolerance };
        let of_type = match of.word() {
            "f32" => 0.0,
            "u16" | "i16" | "f64" => 1.0,
            "u32" | "i32" => 2.0,
            "u64" | "i64" => 3.0,
            _ => 4.0,
        };
        let of_order = match order.word() {
            "ABCD" => 0.0,
            "CDAB" => 0.5,
            "DCBA" => 2.0,
            _ => 2.5,
        };
        let is_float = matches!(of.of.class(), Class::Single | Class::Double);
        // Whole numbers carry the digits that are shown, and floating point numbers the unit.
        let usual = if is_float { 0 } else { -self.digits };
        let of_power = 0.5 * f64::from((power - usual).unsigned_abs());
        let of_raw = if !is_float && (power > 0 || raw.abs() < 10.0) { 3.0 } else { 0.0 };
        of_digits + of_type + of_order + of_power + of_raw
    }
}

fn powers(of: Type) -> std::ops::RangeInclusive<i16> {
    match of.of.class() {
        Class::Single | Class::Double => FLOAT_POWERS,
        Class::Signed | Class::Unsigned | Class::Bcd => INTEGER_POWERS,
    }
}

/// Whether a signed type says something that the unsigned one of its length does not.
fn differs_by_sign(image: &Image, at: u16, of: Type, order: Order) -> bool {
    of.of.class() != Class::Signed
        || image.number(at, of, order).as_ref().and_then(double).is_some_and(|raw| raw < 0.0)
}

/// What the last of so many digits behind the point counts.
fn last_digit(digits: i16) -> f64 {
    10.0_f64.powi(-i32::from(digits))
}

fn double(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "compared within a tolerance")]
        Value::I64(number) => Some(*number as f64),
        #[expect(clippy::cast_precision_loss, reason = "compared within a tolerance")]
        Value::U64(number) => Some(*number as f64),
        Value::F32(number) => Some(number.get().into()),
        Value::F64(number) => Some(number.get()),
        Value::Bool(_) | Value::Text(_) => None,
    }
}

impl Fit {
    /// How unlikely it is to be what is meant, to compare what was found in several images; less is better.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.cost
    }

    /// The scale, as it is written: `0.1`, `100`; `None` where there is none.
    #[must_use]
    pub fn scale(&self) -> Option<String> {
        let zeros = usize::from(self.power.unsigned_abs());
        match self.power {
            0 => None,
            1.. => Some(format!("1{}", "0".repeat(zeros))),
            _ => Some(format!("0.{}1", "0".repeat(zeros.saturating_sub(1)))),
        }
    }

    /// The line of a point called `name` for `points = [ … ]` of a configuration file.
    #[must_use]
    pub fn toml(&self, name: &str) -> String {
        let scale = self.scale().map(|scale| format!(", scale = {scale}")).unwrap_or_default();
        let order =
            self.order.map(|order| format!(", word_order = \"{order}\"")).unwrap_or_default();
        format!(
            "{{ name = \"{name}\", address = \"{}\", type = \"{}\"{scale}{order} }},",
            self.address, self.type_word
        )
    }
}
