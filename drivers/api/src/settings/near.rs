//! What was meant: by a key that nobody knows, or by a number in quotes. Pure.

use super::{Decimal, Setting};

/// Most letters that may be wrong, in a long key; in a short one fewer.
const MAX_WRONG_LETTERS: usize = 3;

/// The one key of `known` that `given` is near to; `None` if there is none, or more than one as near.
pub(super) fn nearest(known: &[&'static str], given: &str) -> Option<&'static str> {
    let mut near: Vec<_> =
        known.iter().filter_map(|known| Some((distance(known, given)?, *known))).collect();
    near.sort_unstable();
    match near.as_slice() {
        [(first, _), (second, _), ..] if first == second => None,
        near => near.first().map(|(_, known)| *known),
    }
}

/// How far a key is from a known one; `None` if they have too little in common to be taken for each other.
fn distance(known: &str, given: &str) -> Option<usize> {
    let begins = |whole: &str, part: &str| part.len() > 2 && whole.starts_with(part);
    let distance = strsim::damerau_levenshtein(known, given);
    let letters = known.chars().count().min(given.chars().count());
    let is_near = begins(known, given)
        || begins(given, known)
        || distance <= (letters / 3).clamp(1, MAX_WRONG_LETTERS);
    is_near.then_some(distance)
}

/// What a text would be without its quotes: a number, `true` or `false`.
pub(super) fn unquoted(setting: &Setting) -> Option<Setting> {
    let Setting::Text(text) = setting else { return None };
    if let Ok(flag) = text.parse() {
        return Some(Setting::Bool(flag));
    }
    if let Ok(number) = text.parse() {
        return Some(Setting::Integer(number));
    }
    let value = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(Setting::Float(Decimal { value, text: text.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_that_is_near_is_meant() {
        assert_eq!(nearest(&["port", "baud"], "baudrate"), Some("baud"));
        assert_eq!(nearest(&["scan_ms", "type"], "scan"), Some("scan_ms"));
        assert_eq!(nearest(&["keep_alive_ms"], "keep_alive_s"), Some("keep_alive_ms"));
        assert_eq!(nearest(&["streams_per_address", "streams"], "stream"), Some("streams"));
        assert_eq!(nearest(&["on", "off"], "json"), None);
        assert_eq!(nearest(&["qos", "broker"], "port"), None);
        assert_eq!(nearest(&["modbus_tcp", "modbus_rtu"], "modbus"), None, "either may be meant");
    }
}
