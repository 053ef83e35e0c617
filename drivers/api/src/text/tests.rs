use proptest::prelude::*;

use super::*;
use crate::settings::{Entry, Place, Setting};

fn good(value_type: ValueType, text: &str) -> Value {
    match TextFormat::plain(value_type).read(text) {
        Ok(Reading::Good(value)) => value,
        other => panic!("{text:?}: {other:?}"),
    }
}

fn told(value_type: ValueType, text: &str) -> String {
    TextFormat::plain(value_type).read(text).unwrap_err().to_string()
}

fn take(entries: &[(&str, Setting)]) -> Result<TextFormat, Vec<String>> {
    let place = Place::new("a.toml", 1);
    let entries = entries
        .iter()
        .map(|(key, value)| Entry {
            key: (*key).to_owned(),
            place: place.clone(),
            value: value.clone(),
        })
        .collect();
    let mut settings = Settings::new("point \"p\"", place, entries);
    let mut refusals = Refusals::new();
    let format = TextFormat::take(&mut settings, &mut refusals);
    settings.finish(&mut refusals);
    format.ok_or_else(|| refusals.into_sorted().iter().map(ToString::to_string).collect())
}

fn text(text: &str) -> Setting {
    Setting::Text(text.to_owned())
}

fn float(text: &str) -> Setting {
    Setting::Float(Decimal { value: text.parse().unwrap(), text: text.to_owned() })
}

#[test]
fn integers_keep_every_digit() {
    assert_eq!(good(ValueType::U64, "18446744073709551615"), Value::U64(u64::MAX));
    assert_eq!(good(ValueType::I64, "-9223372036854775808"), Value::I64(i64::MIN));
    assert_eq!(good(ValueType::I64, " +00012 "), Value::I64(12));
    assert_eq!(good(ValueType::U16, "1.2e1"), Value::U64(12));
    assert_eq!(good(ValueType::I32, "-7.000"), Value::I64(-7));
}

#[test]
fn what_does_not_fit_is_no_value() {
    assert_eq!(told(ValueType::U16, "65536"), r#""65536" does not fit u16"#);
    assert_eq!(told(ValueType::U16, "-1"), r#""-1" does not fit u16"#);
    assert_eq!(
        told(ValueType::U64, "18446744073709551616"),
        r#""18446744073709551616" does not fit u64"#
    );
    assert_eq!(told(ValueType::I64, "1e400"), r#""1e400" does not fit i64"#);
    assert_eq!(told(ValueType::I64, "12.5"), r#""12.5" is no i64"#);
    assert_eq!(told(ValueType::F32, "1e39"), r#""1e39" does not fit f32"#);
    assert_eq!(told(ValueType::F64, "-1e999"), r#""-1e999" does not fit f64"#);
    assert_eq!(told(ValueType::F64, "12,5"), r#""12,5" is no f64"#);
    assert_eq!(told(ValueType::F64, ""), r#""" is no f64"#);
    assert_eq!(told(ValueType::Bool, "yes"), r#""yes" is no true, on, 1, false, off or 0"#);
    let long = told(ValueType::F64, &"y".repeat(5000));
    assert_eq!(long, format!("\"{}\"… is no f64", "y".repeat(MAX_EXCERPT_CHARS)));
    assert_eq!(
        told(ValueType::Text, &"y".repeat(5000)),
        "the text has 5000 bytes, at most 4096 are kept"
    );
}

#[test]
fn no_value_is_not_a_number() {
    for word in ["NaN", "nan", "-nan", "inf", "-Infinity", "null"] {
        for value_type in [ValueType::F32, ValueType::F64, ValueType::I16, ValueType::Bool] {
            assert_eq!(TextFormat::plain(value_type).read(word), Ok(Reading::NotANumber), "{word}");
        }
        assert_eq!(good(ValueType::Text, word), Value::text(word).unwrap());
    }
}

#[test]
fn floats_are_the_nearest_of_their_own_width() {
    assert_eq!(good(ValueType::F64, "21.4"), Value::f64(21.4).unwrap());
    assert_eq!(good(ValueType::F32, "21.4"), Value::f32(21.4).unwrap());
    assert_eq!(good(ValueType::F64, "-0"), Value::f64(-0.0).unwrap());
}

#[test]
fn scale_and_offset_are_applied_exactly() {
    let entries =
        [("type", text("f64")), ("scale", float("0.1")), ("offset", Setting::Integer(-40))];
    let format = take(&entries).unwrap();
    let read = |text| format.read(text).unwrap();
    assert_eq!(read("231"), Reading::Good(Value::f64(-16.9).unwrap()));
    assert_eq!(read("403"), Reading::Good(Value::f64(0.3).unwrap()));
    assert!(format.read(&format!("1e{}", i32::MAX)).is_err());
    let long = "3.14159265358979323846264338327950288419716939937510";
    assert_eq!(read(long), Reading::Good(Value::f64(-39.685_840_734_641_02).unwrap()));
}

#[test]
fn words_name_on_and_off() {
    let both = take(&[("type", text("bool")), ("on", text("ST")), ("off", text("US"))]).unwrap();
    assert_eq!(both.read("ST"), Ok(Reading::Good(Value::Bool(true))));
    assert_eq!(both.read(" US "), Ok(Reading::Good(Value::Bool(false))));
    assert_eq!(both.read("1").unwrap_err().to_string(), r#""1" is no "ST" or "US""#);
    let one = take(&[("type", text("bool")), ("on", text("ST"))]).unwrap();
    assert_eq!(one.read("OL"), Ok(Reading::Good(Value::Bool(false))));
    assert_eq!(good(ValueType::Bool, "On"), Value::Bool(true));
    assert_eq!(good(ValueType::Bool, "0"), Value::Bool(false));
}

#[test]
fn what_contradicts_its_type_is_refused() {
    let refusal = |entries: &[(&str, Setting)]| take(entries).unwrap_err().join("; ");
    assert_eq!(refusal(&[]), "a.toml:1: point \"p\": type: missing\n    add type = \"f64\"");
    assert_eq!(
        refusal(&[("type", text("i32")), ("scale", float("0.1"))]),
        "a.toml:1: point \"p\": scale: type i32 holds no scaled number\n    \
         give type = \"f64\", or leave scale and offset out"
    );
    assert_eq!(
        refusal(&[("type", text("f64")), ("on", text("ST"))]),
        "a.toml:1: point \"p\": on: type f64 has no words for on and off\n    \
         give type = \"bool\", or leave on and off out"
    );
    assert_eq!(
        refusal(&[("type", text("bool")), ("off", text("US"))]),
        "a.toml:1: point \"p\": off: off without on\n    add on = \"…\", the word for true"
    );
    assert_eq!(
        refusal(&[("type", text("bool")), ("on", text("ST")), ("off", text("ST"))]),
        "a.toml:1: point \"p\": off: \"ST\" is the word for on already\n    \
         give another word, or leave it out: then every other is off"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_reading_or_an_error(input in ".{0,60}", at in 0_usize..10) {
        let (_, value_type) = ValueType::WORDS[at];
        let _either = TextFormat::plain(value_type).read(&input);
    }

    #[test]
    fn a_float_comes_back_bit_by_bit(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        prop_assert_eq!(good(ValueType::F64, &number.to_string()), Value::f64(number).unwrap());
    }
}
