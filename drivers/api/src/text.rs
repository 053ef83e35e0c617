//! From text to value: for protocols whose devices write their numbers out.
//!
//! Integers are exact to 64 bits, scaled numbers are rounded once, and what does not fit its type is an error
//! that shows the text, never a value near it.

use crate::exact::{Exact, is_number};
use crate::settings::{Decimal, Refusals, Settings};
use crate::{Reading, Value, ValueType};

/// Most characters of a foreign text that an error shows.
pub const MAX_EXCERPT_CHARS: usize = 40;

/// Words for "no value" in the place of a number; ±infinity counts as none.
const NO_VALUE: [&str; 4] = ["nan", "inf", "infinity", "null"];

/// Words that are on and off where a point names none of its own.
const ON: [&str; 3] = ["true", "on", "1"];
const OFF: [&str; 3] = ["false", "off", "0"];

/// How the text of one point becomes its value.
#[derive(Clone, Debug, PartialEq)]
pub struct TextFormat {
    value_type: ValueType,
    scale: Option<Scale>,
    words: Option<Words>,
}

#[derive(Clone, Debug, PartialEq)]
struct Scale {
    factor: Decimal,
    offset: Decimal,
}

#[derive(Clone, Debug, PartialEq)]
struct Words {
    on: String,
    off: Option<String>,
}

/// Why a text is no value of its point's type. The same text never becomes right by trying again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not a number, not one of the words.
    #[error("{found} is no {wanted}")]
    NotOfType {
        /// The text, quoted and shortened.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// A number that the type cannot hold.
    #[error("{found} does not fit {value_type}")]
    DoesNotFit {
        /// The text, quoted and shortened.
        found: String,
        /// The type.
        value_type: ValueType,
    },
    /// More than [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES).
    #[error("the text has {bytes} bytes, at most {} are kept", crate::MAX_TEXT_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl TextFormat {
    /// Values of `value_type`, neither scaled nor named by words.
    #[must_use]
    pub fn plain(value_type: ValueType) -> Self {
        Self { value_type, scale: None, words: None }
    }

    /// Takes a point's `type`, `scale`, `offset`, `on` and `off`.
    ///
    /// `None` only together with a refusal. `scale` and `offset` want `f32` or `f64`, `on` and `off` want
    /// `bool`; with `on` alone every other word is off.
    pub fn take(settings: &mut Settings, refusals: &mut Refusals) -> Option<Self> {
        let value_type = settings.choice("type", &ValueType::WORDS, refusals);
        let (factor, offset) =
            (settings.number("scale", refusals), settings.number("offset", refusals));
        let (on, off) = (settings.text("on", refusals), settings.text("off", refusals));
        let value_type = settings.required(value_type, "type", "type = \"f64\"", refusals)?.value;
        let is_float = matches!(value_type, ValueType::F32 | ValueType::F64);
        if let (Some(given), false) = (factor.as_ref().or(offset.as_ref()), is_float) {
            let problem = format!("type {value_type} holds no scaled number");
            given.refuse(refusals, problem, "give type = \"f64\", or leave scale and offset out");
            return None;
        }
        if let (Some(given), true) = (on.as_ref().or(off.as_ref()), value_type != ValueType::Bool) {
            let problem = format!("type {value_type} has no words for on and off");
            given.refuse(refusals, problem, "give type = \"bool\", or leave on and off out");
            return None;
        }
        if let (None, Some(off)) = (&on, &off) {
            off.refuse(refusals, "off without on", "add on = \"…\", the word for true");
            return None;
        }
        if let (Some(on), Some(off)) = (&on, &off)
            && on.value == off.value
        {
            let problem = format!("{:?} is the word for on already", off.value);
            off.refuse(
                refusals,
                problem,
                "give another word, or leave it out: then every other is off",
            );
            return None;
        }
        let whole = |text: &str, value| Decimal { value, text: text.to_owned() };
        let scale = (factor.is_some() || offset.is_some()).then(|| Scale {
            factor: factor.map_or_else(|| whole("1", 1.0), |given| given.value),
            offset: offset.map_or_else(|| whole("0", 0.0), |given| given.value),
        });
        let words = on.map(|on| Words { on: on.value, off: off.map(|given| given.value) });
        Some(Self { value_type, scale, words })
    }

    /// The type of the values.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// Whether the values are whole numbers.
    #[must_use]
    pub fn wants_integer(&self) -> bool {
        match self.value_type {
            ValueType::I16
            | ValueType::U16
            | ValueType::I32
            | ValueType::U32
            | ValueType::I64
            | ValueType::U64 => true,
            ValueType::Bool | ValueType::F32 | ValueType::F64 | ValueType::Text => false,
        }
    }

    /// Reads `text`; white space at its ends counts only where the type is `string`.
    ///
    /// Gives [`Reading::Good`], or [`Reading::NotANumber`] for `nan`, `inf`, `infinity` (with or without sign)
    /// and `null` where no text is wanted. An integer may be written `12.0` or `1.2e1`, as long as it is whole.
    ///
    /// # Errors
    /// [`TextError`] when the text is no value of the type.
    pub fn read(&self, text: &str) -> Result<Reading, TextError> {
        if self.value_type == ValueType::Text {
            let value = Value::text(text).ok_or(TextError::TooLong { bytes: text.len() })?;
            return Ok(Reading::Good(value));
        }
        let text = text.trim();
        let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
        if self.words.is_none() && NO_VALUE.iter().any(|word| word.eq_ignore_ascii_case(bare)) {
            return Ok(Reading::NotANumber);
        }
        let value = match self.value_type {
            ValueType::Bool => self.switch(text),
            ValueType::F32 | ValueType::F64 => self.float(text),
            ValueType::I16
            | ValueType::U16
            | ValueType::I32
            | ValueType::U32
            | ValueType::I64
            | ValueType::U64
            | ValueType::Text => self.integer(text),
        };
        value.map(Reading::Good)
    }

    fn switch(&self, text: &str) -> Result<Value, TextError> {
        let is_any = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        let (on, off) = match &self.words {
            Some(Words { on, off }) => {
                (text == on, text != on && off.as_ref().is_none_or(|off| text == off))
            }
            None => (is_any(&ON), is_any(&OFF)),
        };
        if on || off { Ok(Value::Bool(on)) } else { Err(self.not_of_type(text)) }
    }

    fn integer(&self, text: &str) -> Result<Value, TextError> {
        if !is_number(text) {
            return Err(self.not_of_type(text));
        }
        let does_not_fit = || self.does_not_fit(text);
        let number = Exact::parse(text).ok_or_else(does_not_fit)?;
        let whole = number.whole().ok_or_else(|| {
            // Too great to be looked at digit by digit is another fault than a fraction.
            let great = number.to_text().parse::<f64>().is_ok_and(|value| value.abs() > 1e19);
            if great { self.does_not_fit(text) } else { self.not_of_type(text) }
        })?;
        let signed = |value: i64| Value::I64(value);
        let unsigned = |value: u64| Value::U64(value);
        match self.value_type {
            ValueType::I16 => i16::try_from(whole).ok().map(i64::from).map(signed),
            ValueType::I32 => i32::try_from(whole).ok().map(i64::from).map(signed),
            ValueType::U16 => u16::try_from(whole).ok().map(u64::from).map(unsigned),
            ValueType::U32 => u32::try_from(whole).ok().map(u64::from).map(unsigned),
            ValueType::U64 => u64::try_from(whole).ok().map(unsigned),
            ValueType::I64
            | ValueType::Bool
            | ValueType::F32
            | ValueType::F64
            | ValueType::Text => i64::try_from(whole).ok().map(signed),
        }
        .ok_or_else(does_not_fit)
    }

    fn float(&self, text: &str) -> Result<Value, TextError> {
        if !is_number(text) {
            return Err(self.not_of_type(text));
        }
        let scaled = match &self.scale {
            Some(scale) => scale.apply(text).ok_or_else(|| self.does_not_fit(text))?,
            None => text.to_owned(),
        };
        let value = if self.value_type == ValueType::F32 {
            scaled.parse().ok().and_then(Value::f32)
        } else {
            scaled.parse().ok().and_then(Value::f64)
        };
        value.ok_or_else(|| self.does_not_fit(text))
    }

    fn not_of_type(&self, text: &str) -> TextError {
        let wanted = match (&self.words, self.value_type) {
            (Some(Words { on, off: Some(off) }), _) => format!("{on:?} or {off:?}"),
            (_, ValueType::Bool) => "true, on, 1, false, off or 0".to_owned(),
            (_, value_type) => value_type.to_string(),
        };
        TextError::NotOfType { found: excerpt(text), wanted }
    }

    fn does_not_fit(&self, text: &str) -> TextError {
        TextError::DoesNotFit { found: excerpt(text), value_type: self.value_type }
    }
}

impl Scale {
    /// The text of `number` × factor + offset: exact where 38 digits suffice, else the nearest double.
    fn apply(&self, number: &str) -> Option<String> {
        let exact = || {
            let product = Exact::parse(number)?.times(Exact::parse(&self.factor.text)?)?;
            product.plus(Exact::parse(&self.offset.text)?)
        };
        if let Some(sum) = exact() {
            return Some(sum.to_text());
        }
        let value = number.parse::<f64>().ok()? * self.factor.value + self.offset.value;
        value.is_finite().then(|| value.to_string())
    }
}

/// A foreign text fit for an error: quoted, escaped, at most [`MAX_EXCERPT_CHARS`] of its characters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests;
