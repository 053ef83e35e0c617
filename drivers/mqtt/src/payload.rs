//! A message's bytes to readings: plain text, or JSON by pointer (RFC 6901).
//!
//! A JSON text is parsed once, however many points read from it. A member counts as its text: numbers in
//! strings are numbers, and `true` is a word for on. Integers are exact to 64 bits; a number with a fraction
//! or an exponent is a double by the time it is seen, so it becomes an integer only below 2⁵³.

use pointcast_api::Reading;
use pointcast_api::text::{TextError, TextFormat, excerpt};
use serde_json::{Number, Value};

/// Up to here every integer has a double of its own.
const MAX_EXACT_DOUBLE: f64 = 9_007_199_254_740_991.0;

/// A message's payload, parsed as far as its points need.
#[derive(Debug)]
pub(crate) enum Payload<'a> {
    /// No bytes at all: no value.
    Empty,
    Text {
        text: &'a str,
        json: Option<Result<Value, String>>,
    },
    NotText {
        bytes: usize,
    },
}

/// Why a payload is no reading of a point. The same payload never becomes right by trying again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error("{bytes} bytes that are no UTF-8 text")]
    NotText { bytes: usize },
    #[error("{found} is no JSON text: {cause}")]
    NotJson { found: String, cause: String },
    #[error("there is nothing at {pointer}")]
    NoMember { pointer: String },
    #[error("there is {found} at {pointer}, no single value")]
    NotSingle { pointer: String, found: &'static str },
    #[error("{found} is too great to be exact without its last digits")]
    NotExact { found: String },
    #[error(transparent)]
    Text(#[from] TextError),
}

impl<'a> Payload<'a> {
    /// Looks at `bytes`, as a JSON text too if `as_json`.
    pub(crate) fn new(bytes: &'a [u8], as_json: bool) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::NotText { bytes: bytes.len() };
        };
        let json = as_json.then(|| serde_json::from_str(text).map_err(|error| error.to_string()));
        Self::Text { text, json }
    }

    /// The reading at `pointer`, or that of the whole text.
    pub(crate) fn read(
        &self,
        pointer: Option<&str>,
        format: &TextFormat,
    ) -> Result<Reading, PayloadError> {
        let (text, json) = match self {
            Self::Empty => return Ok(Reading::NotANumber),
            Self::NotText { bytes } => return Err(PayloadError::NotText { bytes: *bytes }),
            Self::Text { text, json } => (*text, json),
        };
        match (pointer, json) {
            (Some(pointer), Some(Ok(whole))) => member(whole, pointer, format),
            (Some(_), Some(Err(cause))) => {
                Err(PayloadError::NotJson { found: excerpt(text), cause: cause.clone() })
            }
            (_, None) | (None, _) => Ok(format.read(text)?),
        }
    }
}

fn member(whole: &Value, pointer: &str, format: &TextFormat) -> Result<Reading, PayloadError> {
    let not_single = |found| PayloadError::NotSingle { pointer: pointer.to_owned(), found };
    match whole.pointer(pointer) {
        None => Err(PayloadError::NoMember { pointer: pointer.to_owned() }),
        Some(Value::Null) => Ok(Reading::NotANumber),
        Some(Value::Bool(flag)) => Ok(format.read(if *flag { "true" } else { "false" })?),
        Some(Value::Number(number)) => numeric(number, format),
        Some(Value::String(text)) => Ok(format.read(text)?),
        Some(Value::Array(_)) => Err(not_single("a list")),
        Some(Value::Object(_)) => Err(not_single("an object")),
    }
}

fn numeric(number: &Number, format: &TextFormat) -> Result<Reading, PayloadError> {
    let text = number.to_string();
    let is_double = !number.is_i64() && !number.is_u64();
    let is_great = number.as_f64().is_some_and(|value| value.abs() > MAX_EXACT_DOUBLE);
    if is_double && is_great && format.wants_integer() {
        return Err(PayloadError::NotExact { found: excerpt(&text) });
    }
    Ok(format.read(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pointcast_api::{Value as Held, ValueType};
    use proptest::prelude::*;

    fn read(
        payload: &str,
        pointer: Option<&str>,
        value_type: ValueType,
    ) -> Result<Reading, String> {
        Payload::new(payload.as_bytes(), pointer.is_some())
            .read(pointer, &TextFormat::plain(value_type))
            .map_err(|error| error.to_string())
    }

    fn member_of(payload: &str, value_type: ValueType) -> Result<Reading, String> {
        read(&format!(r#"{{"v":{payload}}}"#), Some("/v"), value_type)
    }

    fn text(text: &str) -> Reading {
        Reading::Good(Held::text(text).unwrap())
    }

    #[test]
    fn integers_of_64_bits_stay_exact() {
        let unsigned = |number| Ok(Reading::Good(Held::U64(number)));
        let signed = |number| Ok(Reading::Good(Held::I64(number)));
        assert_eq!(member_of("18446744073709551615", ValueType::U64), unsigned(u64::MAX));
        assert_eq!(member_of("-9223372036854775808", ValueType::I64), signed(i64::MIN));
        assert_eq!(member_of("9007199254740993", ValueType::I64), signed(9_007_199_254_740_993));
        assert_eq!(member_of("12.0", ValueType::I16), signed(12));
        assert_eq!(member_of("1e3", ValueType::U16), unsigned(1000));
        assert_eq!(member_of("9007199254740991.0", ValueType::I64), signed(9_007_199_254_740_991));
        // As a double this is …992 already: a wrong last digit must not pass for the number.
        assert_eq!(
            member_of("9007199254740993.0", ValueType::I64),
            Err("\"9007199254740992.0\" is too great to be exact without its last digits"
                .to_owned())
        );
        assert_eq!(
            member_of("18446744073709551616", ValueType::U64),
            Err("\"1.8446744073709552e+19\" is too great to be exact without its last digits"
                .to_owned())
        );
        assert_eq!(member_of("12.5", ValueType::I16), Err(r#""12.5" is no i16"#.to_owned()));
    }

    #[test]
    fn scalars_count_as_their_text() {
        assert_eq!(member_of(r#""21.5""#, ValueType::F64), member_of("21.5", ValueType::F64));
        assert_eq!(member_of("true", ValueType::Bool), Ok(Reading::Good(Held::Bool(true))));
        assert_eq!(member_of("0", ValueType::Bool), Ok(Reading::Good(Held::Bool(false))));
        assert_eq!(member_of(r#""OFF""#, ValueType::Bool), Ok(Reading::Good(Held::Bool(false))));
        assert_eq!(member_of("7", ValueType::Text), Ok(text("7")));
        assert_eq!(member_of(r#""a\u00e9""#, ValueType::Text), Ok(text("aé")));
        assert_eq!(member_of("true", ValueType::U16), Err(r#""true" is no u16"#.to_owned()));
    }

    #[test]
    fn no_value_is_told_from_a_wrong_one() {
        for value_type in [ValueType::F64, ValueType::Text, ValueType::Bool] {
            assert_eq!(member_of("null", value_type), Ok(Reading::NotANumber));
            assert_eq!(read("", None, value_type), Ok(Reading::NotANumber));
            assert_eq!(read("", Some("/v"), value_type), Ok(Reading::NotANumber));
        }
        assert_eq!(read("NaN", None, ValueType::F64), Ok(Reading::NotANumber));
        assert_eq!(member_of(r#""nan""#, ValueType::F32), Ok(Reading::NotANumber));
        assert_eq!(
            read(r#"{"a/b":{"~":[1]}}"#, Some("/a~1b/~0/0"), ValueType::U16),
            Ok(Reading::Good(Held::U64(1)))
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_there() {
        assert_eq!(
            read("21,5", Some("/v"), ValueType::F64),
            Err("\"21,5\" is no JSON text: trailing characters at line 1 column 3".to_owned())
        );
        assert_eq!(
            read("{}", Some("/v"), ValueType::F64),
            Err("there is nothing at /v".to_owned())
        );
        assert_eq!(
            member_of("[1]", ValueType::F64),
            Err("there is a list at /v, no single value".to_owned())
        );
        let bytes = Payload::new(b"\xff\xfe", false).read(None, &TextFormat::plain(ValueType::F64));
        assert_eq!(bytes.unwrap_err().to_string(), "2 bytes that are no UTF-8 text");
    }

    #[test]
    fn nesting_without_end_is_an_error_and_no_overflow() {
        let deep = "[".repeat(500_000);
        assert!(read(&deep, Some("/0"), ValueType::F64).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_reading_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            at in 0_usize..10,
            pointer in proptest::option::of("(/[a-z0-9~]{0,3}){1,3}"),
        ) {
            let (_, value_type) = ValueType::WORDS[at];
            let payload = Payload::new(&bytes, pointer.is_some());
            let _either = payload.read(pointer.as_deref(), &TextFormat::plain(value_type));
        }

        #[test]
        fn any_scalar_is_a_reading_or_an_error(
            json in r#"(-?[0-9]{1,25}(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?|"[ -~]{0,10}"|true|null|\[\])"#,
            at in 0_usize..10,
        ) {
            let (_, value_type) = ValueType::WORDS[at];
            let _either = member_of(&json, value_type);
        }

        #[test]
        fn any_double_comes_back_bit_by_bit(number in any::<f64>()) {
            prop_assume!(number.is_finite());
            let read = member_of(&format!("{number:e}"), ValueType::F64);
            prop_assert_eq!(read, Ok(Reading::Good(Held::f64(number).unwrap())));
        }

        #[test]
        fn any_integer_comes_back(number in any::<i64>()) {
            let read = member_of(&number.to_string(), ValueType::I64);
            prop_assert_eq!(read, Ok(Reading::Good(Held::I64(number))));
        }
    }
}
