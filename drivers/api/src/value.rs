//! What a point can hold. Every value is finite, bounded and keeps every bit of what was read.

use std::fmt;
use std::sync::Arc;

/// Most bytes of UTF-8 in a string value.
pub const MAX_TEXT_BYTES: usize = 4096;

/// A value as read, 64-bit exact.
///
/// Two values are equal when they are the same variant with the same bits: a change of type or of the sign
/// of zero is a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// On or off.
    Bool(bool),
    /// Any signed integer.
    I64(i64),
    /// Any unsigned integer.
    U64(u64),
    /// A single-precision number, kept apart so that its shortest text stays its own.
    F32(FiniteF32),
    /// A double-precision number.
    F64(FiniteF64),
    /// Text of at most [`MAX_TEXT_BYTES`].
    Text(Text),
}

impl Value {
    /// A single-precision value, or `None` for NaN and ±Inf.
    #[must_use]
    pub fn f32(number: f32) -> Option<Self> {
        FiniteF32::new(number).map(Self::F32)
    }

    /// A double-precision value, or `None` for NaN and ±Inf.
    #[must_use]
    pub fn f64(number: f64) -> Option<Self> {
        FiniteF64::new(number).map(Self::F64)
    }

    /// A text value, or `None` past [`MAX_TEXT_BYTES`].
    #[must_use]
    pub fn text(text: &str) -> Option<Self> {
        Text::new(text).map(Self::Text)
    }
}

impl fmt::Display for Value {
    /// The value as a person reads it: numbers as their shortest text, text without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => v.fmt(f),
            Self::I64(v) => v.fmt(f),
            Self::U64(v) => v.fmt(f),
            Self::F32(v) => v.get().fmt(f),
            Self::F64(v) => v.get().fmt(f),
            Self::Text(v) => f.write_str(v.as_str()),
        }
    }
}

macro_rules! finite {
    ($name:ident, $float:ty, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug)]
        pub struct $name($float);

        impl $name {
            /// `None` for NaN and ±Inf.
            #[must_use]
            pub fn new(number: $float) -> Option<Self> {
                number.is_finite().then_some(Self(number))
            }

            /// The number.
            #[must_use]
            pub fn get(self) -> $float {
                self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.to_bits() == other.0.to_bits()
            }
        }

        impl Eq for $name {}
    };
}

finite!(FiniteF32, f32, "A single-precision number that is neither NaN nor infinite.");
finite!(FiniteF64, f64, "A double-precision number that is neither NaN nor infinite.");

/// Text of at most [`MAX_TEXT_BYTES`], cheap to clone. One pointer long, so that no number takes more than its own
/// eight bytes and a word that says what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Arc<Box<str>>);

impl Text {
    /// `None` past [`MAX_TEXT_BYTES`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= MAX_TEXT_BYTES).then(|| Self(Arc::new(text.into())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_infinite_and_nothing_endless_becomes_a_value() {
        assert_eq!(Value::f64(f64::NAN), None);
        assert_eq!(Value::f64(f64::INFINITY), None);
        assert_eq!(Value::f32(f32::NEG_INFINITY), None);
        assert_eq!(Value::text(&"x".repeat(MAX_TEXT_BYTES + 1)), None);
        assert!(Value::text(&"x".repeat(MAX_TEXT_BYTES)).is_some());
    }

    #[test]
    fn a_value_is_two_words() {
        assert_eq!(size_of::<Option<Value>>(), 16);
    }

    #[test]
    fn equality_keeps_every_bit() {
        assert_ne!(Value::U64(u64::MAX), Value::U64(u64::MAX - 1));
        assert_ne!(Value::f64(0.0), Value::f64(-0.0));
        assert_ne!(Value::I64(1), Value::U64(1));
    }
}
