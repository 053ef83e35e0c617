//! A value as JSON gives it, for a point of a given type. Pure.
//!
//! The mirror of how values are shown: integers beyond what a browser's number holds are strings of digits.

use pointcast_api::{MAX_TEXT_BYTES, Value, ValueType};
use serde_json::{Number, Value as Json};

/// Up to this a double holds every integer, and not beyond.
const MAX_EXACT_DOUBLE: f64 = 9_007_199_254_740_992.0;

/// Why JSON is no value of a point.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is of another kind; what to give.
    Kind(String),
    /// It is of the right kind, and too small or too large for the type; what to give.
    Size(String),
}

/// The value that `json` gives to a point of `value_type`. With `has_names`, where its values have names, a text that is
/// no number is one of them: its driver knows which.
pub(super) fn read(json: &Json, value_type: ValueType, has_names: bool) -> Result<Value, Unfit> {
    match (read_plain(json, value_type), json) {
        (Err(_), Json::String(name)) if has_names => Value::text(name)
            .ok_or_else(|| Unfit::Size("give the name of one of its values".to_owned())),
        (read, _) => read,
    }
}

fn read_plain(json: &Json, value_type: ValueType) -> Result<Value, Unfit> {
    let kind = |what: &str| Err(Unfit::Kind(format!("give {what}: it is {}", one_of(value_type))));
    match (value_type, json) {
        (ValueType::Bool, Json::Bool(on)) => Ok(Value::Bool(*on)),
        (ValueType::Bool, _) => kind("true or false"),
        (ValueType::Text, Json::String(text)) => Value::text(text)
            .ok_or_else(|| Unfit::Size(format!("give at most {MAX_TEXT_BYTES} bytes of text"))),
        (ValueType::Text, _) => kind("a text"),
        (ValueType::F32, Json::Number(number)) => {
            finite(number.to_string().parse().ok().and_then(Value::f32), value_type)
        }
        (ValueType::F64, Json::Number(number)) => {
            finite(number.as_f64().and_then(Value::f64), value_type)
        }
        (ValueType::F32 | ValueType::F64, _) => kind("a number"),
        (_, Json::Number(number)) => match whole(number) {
            Some(number) => integer(number, value_type),
            None => kind("a whole number; beyond 2^53 as a text of digits"),
        },
        (ValueType::I64 | ValueType::U64, Json::String(digits)) => match digits.parse() {
            Ok(number) => integer(number, value_type),
            Err(_) => kind("a whole number, or a text of its digits"),
        },
        _ => kind("a whole number"),
    }
}

/// The type with its article, as it is spoken: an f64, a u16.
fn one_of(value_type: ValueType) -> String {
    let article = match value_type {
        ValueType::F32 | ValueType::F64 | ValueType::I16 | ValueType::I32 | ValueType::I64 => "an",
        ValueType::Bool | ValueType::U16 | ValueType::U32 | ValueType::U64 | ValueType::Text => "a",
    };
    format!("{article} {value_type}")
}

fn finite(value: Option<Value>, value_type: ValueType) -> Result<Value, Unfit> {
    value.ok_or_else(|| Unfit::Size(format!("give a number that {} holds", one_of(value_type))))
}

/// A number without a fraction, also where it is written with one (`5.0`).
fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    let number = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= MAX_EXACT_DOUBLE)?;
    format!("{number:.0}").parse().ok()
}

fn integer(number: i128, value_type: ValueType) -> Result<Value, Unfit> {
    let (least, most): (i128, i128) = match value_type {
        ValueType::I16 => (i16::MIN.into(), i16::MAX.into()),
        ValueType::U16 => (0, u16::MAX.into()),
        ValueType::I32 => (i32::MIN.into(), i32::MAX.into()),
        ValueType::U32 => (0, u32::MAX.into()),
        ValueType::U64 => (0, u64::MAX.into()),
        ValueType::I64 | ValueType::Bool | ValueType::F32 | ValueType::F64 | ValueType::Text => {
            (i64::MIN.into(), i64::MAX.into())
        }
    };
    let value = match (least..=most).contains(&number) {
        true if least < 0 => i64::try_from(number).ok().map(Value::I64),
        true => u64::try_from(number).ok().map(Value::U64),
        false => None,
    };
    value
        .ok_or_else(|| Unfit::Size(format!("give {least} to {most}: it is {}", one_of(value_type))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn takes(value_type: ValueType, json: &Json, value: Value) {
        assert_eq!(read(json, value_type, false), Ok(value), "{json}");
    }

    #[test]
    fn every_type_takes_its_own() {
        takes(ValueType::Bool, &json!(true), Value::Bool(true));
        takes(ValueType::Text, &json!("21 °C"), Value::text("21 °C").unwrap());
        takes(ValueType::I16, &json!(-5), Value::I64(-5));
        takes(ValueType::U16, &json!(65_535), Value::U64(65_535));
        takes(ValueType::U32, &json!(5.0), Value::U64(5));
        takes(ValueType::F64, &json!(5), Value::f64(5.0).unwrap());
        takes(ValueType::F32, &json!(21.7), Value::f32(21.7).unwrap());
        takes(ValueType::F64, &json!(-0.1), Value::f64(-0.1).unwrap());
        takes(ValueType::U64, &json!(u64::MAX), Value::U64(u64::MAX));
        takes(ValueType::U64, &json!("18446744073709551615"), Value::U64(u64::MAX));
        takes(ValueType::I64, &json!("-9223372036854775808"), Value::I64(i64::MIN));
    }

    #[track_caller]
    fn refuses(value_type: ValueType, json: &Json, says: &str) {
        let refused = read(json, value_type, false);
        let text = match &refused {
            Err(Unfit::Kind(text) | Unfit::Size(text)) => text.as_str(),
            Ok(value) => panic!("{json} was taken as {value:?}"),
        };
        assert!(text.contains(says), "{json}: {text}");
    }

    #[test]
    fn nothing_is_bent_into_a_type() {
        for json in [json!(1), json!("true"), json!(null), json!([true])] {
            refuses(ValueType::Bool, &json, "true or false");
        }
        for json in [json!(5.5), json!(true), json!("5"), json!(null), json!({})] {
            refuses(ValueType::I16, &json, "whole number");
        }
        refuses(ValueType::U64, &json!("5.5"), "digits");
        refuses(ValueType::U64, &json!(1e300), "digits");
        refuses(ValueType::F32, &json!("5"), "a number: it is an f32");
        refuses(ValueType::I64, &json!(true), "it is an i64");
        refuses(ValueType::U16, &json!(true), "it is a u16");
        refuses(ValueType::Text, &json!(5), "a text");
    }

    #[test]
    fn a_name_is_left_to_the_driver_where_there_are_names() {
        let named = |json: &Json, value_type| read(json, value_type, true);
        assert_eq!(named(&json!("night"), ValueType::U16), Ok(Value::text("night").unwrap()));
        assert_eq!(named(&json!("on"), ValueType::Bool), Ok(Value::text("on").unwrap()));
        assert_eq!(named(&json!("5"), ValueType::U64), Ok(Value::U64(5)));
        assert_eq!(named(&json!(5), ValueType::U16), Ok(Value::U64(5)));
        assert!(named(&json!(true), ValueType::U16).is_err());
    }

    #[test]
    fn what_a_type_cannot_hold_is_told_with_what_it_can() {
        refuses(ValueType::I16, &json!(32_768), "-32768 to 32767");
        refuses(ValueType::U16, &json!(-1), "0 to 65535");
        refuses(ValueType::U64, &json!("18446744073709551616"), "0 to 18446744073709551615");
        refuses(ValueType::I64, &json!(u64::MAX), "to 9223372036854775807");
        refuses(ValueType::F32, &json!(1e39), "that an f32 holds");
        let long = "x".repeat(MAX_TEXT_BYTES + 1);
        refuses(ValueType::Text, &json!(long), "at most 4096 bytes");
    }
}
