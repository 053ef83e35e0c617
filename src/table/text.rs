//! The JSON text of a point's changes, in the two forms that the wire contract has.
//!
//! Numbers are the shortest text that reads back the same in their own width; integers beyond ±(2⁵³−1) are
//! strings of digits, because a browser would bend them. No text depends on who reads it.

use std::fmt::Write as _;

use pointcast_api::{UnixMs, Value};

use super::Index;
use super::catalog::Entry;
use super::version::State;

/// Largest integer that a browser's number holds exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// How a point's changes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// `{"id":…,"value":…,"quality":…,"time":…}`.
    #[default]
    Plain,
    /// `[alias,value,dt]`, and behind that the reason when the quality is not good. The alias is the point's place,
    /// `dt` its source time in milliseconds since the table's [`t0`](super::Table::t0), or `null`.
    Compact,
}

/// A point as texts name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) entry: &'a Entry,
    pub(super) index: Index,
    pub(super) t0: UnixMs,
}

impl Named<'_> {
    /// The text of a change.
    pub(super) fn change(&self, form: Form, state: &State) -> String {
        match form {
            Form::Plain => {
                let mut text = String::with_capacity(self.entry.id().as_str().len() + 80);
                text.push('{');
                write_state(&mut text, self.entry, state);
                text.push('}');
                text
            }
            Form::Compact => self.compact(state),
        }
    }

    fn compact(&self, state: &State) -> String {
        let mut text = String::with_capacity(32);
        append(&mut text, format_args!("[{},", self.index));
        write_value(&mut text, state.value.as_ref());
        text.push(',');
        match state.time {
            Some(time) => {
                let sign = if time < self.t0 { "-" } else { "" };
                append(&mut text, format_args!("{sign}{}", time.0.abs_diff(self.t0.0)));
            }
            None => text.push_str("null"),
        }
        if let Some((reason, _)) = state.doubt {
            append(&mut text, format_args!(",\"{reason}\""));
        }
        text.push(']');
        text
    }
}

/// Writes the fields of a point's state, without the braces around them.
pub fn write_state(text: &mut String, entry: &Entry, state: &State) {
    // An id needs no escape: its constructor lets nothing in that would.
    text.push_str("\"id\":\"");
    text.push_str(entry.id().as_str());
    text.push_str("\",\"value\":");
    write_value(text, state.value.as_ref());
    text.push_str(",\"quality\":\"");
    text.push_str(state.quality().as_str());
    text.push('"');
    if let Some((reason, since)) = state.doubt {
        append(text, format_args!(",\"reason\":\"{reason}\",\"since\":{}", since.0));
    }
    match state.time {
        Some(time) => append(text, format_args!(",\"time\":{}", time.0)),
        None => text.push_str(",\"time\":null"),
    }
}

/// A value as JSON text, as it stands in a change.
#[must_use]
pub fn value_json(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, Some(value));
    text
}

fn write_value(text: &mut String, value: Option<&Value>) {
    let Some(value) = value else { return text.push_str("null") };
    match value {
        Value::Bool(flag) => append(text, format_args!("{flag}")),
        Value::I64(number) if number.unsigned_abs() > MAX_SAFE_INTEGER => {
            append(text, format_args!("\"{number}\""));
        }
        Value::I64(number) => append(text, format_args!("{number}")),
        Value::U64(number) if *number > MAX_SAFE_INTEGER => {
            append(text, format_args!("\"{number}\""));
        }
        Value::U64(number) => append(text, format_args!("{number}")),
        Value::F32(number) => push_json(text, &number.get()),
        Value::F64(number) => push_json(text, &number.get()),
        Value::Text(words) => push_json(text, words.as_str()),
    }
}

fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _always_ok = text.write_fmt(arguments);
}

fn push_json<T: serde::Serialize + ?Sized>(text: &mut String, value: &T) {
    // Finite numbers and text always have a JSON form.
    text.push_str(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
}

#[cfg(test)]
mod tests {
    use pointcast_api::{PointDeclaration, PointId, Reason, ValueType};

    use super::*;
    use crate::table::Catalog;

    const T0: UnixMs = UnixMs(1_700_000_000_000);

    fn check(value: Option<Value>, expected: &str) {
        let mut text = String::new();
        write_value(&mut text, Some(&value.unwrap()));
        assert_eq!(text, expected);
    }

    // Frozen: dashboards read these.
    #[test]
    fn values_on_the_wire() {
        check(Some(Value::Bool(true)), "true");
        check(Some(Value::I64(-9_007_199_254_740_991)), "-9007199254740991");
        check(Some(Value::I64(-9_007_199_254_740_992)), "\"-9007199254740992\"");
        check(Some(Value::U64(9_007_199_254_740_991)), "9007199254740991");
        check(Some(Value::U64(u64::MAX)), "\"18446744073709551615\"");
        check(Value::f32(21.4), "21.4");
        check(Value::f32(0.1), "0.1");
        check(Value::f64(0.1), "0.1");
        check(Value::f64(23.5), "23.5");
        check(Value::f64(1.0), "1.0");
        check(Value::f64(1e300), "1e+300");
        check(Value::text("a\"b\\\n\u{1}é"), "\"a\\\"b\\\\\\n\\u0001é\"");
    }

    fn state(value: Option<Value>, doubt: Option<Reason>, time: Option<u64>) -> State {
        let doubt = doubt.map(|reason| (reason, UnixMs(T0.0 + 5)));
        State { value, doubt, time: time.map(UnixMs), checked: None, seq: 1 }
    }

    /// The text of a point that is the 1235th.
    fn text(form: Form, id: &str, state: &State) -> String {
        let declare = |id: &str| PointDeclaration::bare(PointId::new(id).unwrap(), ValueType::F64);
        let catalog = Catalog::new(vec![(declare(id), String::new())]).unwrap();
        let named = Named { entry: catalog.entry(0).unwrap(), index: 1_234, t0: T0 };
        named.change(form, state)
    }

    // Frozen: dashboards read these.
    #[test]
    fn changes_on_the_wire() {
        let check = |value, doubt, time, plain: &str, compact: &str| {
            let state = state(value, doubt, time);
            assert_eq!(text(Form::Plain, "a/b", &state), plain);
            assert_eq!(text(Form::Compact, "a/b", &state), compact);
        };
        check(
            Value::f64(21.4),
            None,
            Some(1_700_000_086_400),
            r#"{"id":"a/b","value":21.4,"quality":"good","time":1700000086400}"#,
            "[1234,21.4,86400]",
        );
        check(
            Some(Value::I64(-3)),
            Some(Reason::Timeout),
            Some(1_699_999_999_250),
            r#"{"id":"a/b","value":-3,"quality":"bad","reason":"timeout","since":1700000000005,"time":1699999999250}"#,
            r#"[1234,-3,-750,"timeout"]"#,
        );
        check(
            None,
            Some(Reason::Waiting),
            None,
            r#"{"id":"a/b","value":null,"quality":"bad","reason":"waiting","since":1700000000005,"time":null}"#,
            r#"[1234,null,null,"waiting"]"#,
        );
        check(
            Value::text("on, \"so\""),
            Some(Reason::Substituted),
            Some(T0.0),
            r#"{"id":"a/b","value":"on, \"so\"","quality":"uncertain","reason":"substituted","since":1700000000005,"time":1700000000000}"#,
            r#"[1234,"on, \"so\"",0,"substituted"]"#,
        );
    }

    #[test]
    fn compact_is_at_most_a_third_of_plain() {
        let week = T0.0 + 7 * 24 * 3_600_000;
        for (id, value) in [
            ("boiler/supply/temperature", Value::f64(21.4)),
            ("line1/press2/cycles", Some(Value::U64(1_204_331))),
            ("site/meter/3/power/active", Value::f32(-1_532.25)),
            ("hall/door", Some(Value::Bool(true))),
        ] {
            for time in [T0.0 + 1_234, week] {
                let state = state(value.clone(), None, Some(time));
                let plain = text(Form::Plain, id, &state);
                let compact = text(Form::Compact, id, &state);
                assert!(plain.len() >= 3 * compact.len(), "{plain} {compact}");
            }
        }
    }
}
