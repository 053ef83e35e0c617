//! Figures of what is measured, predicted or asked for, told to the resolution that they have. Pure.

use std::time::Duration;

use pointcast_api::Value;
use serde_json::{Map, Value as Json};

/// Steps of a millisecond that are told: a clock and a scheduler give no finer ones.
const STEPS_PER_MS: f64 = 100.0;

/// Steps of a whole that are told.
const STEPS_PER_SHARE: f64 = 10_000.0;

/// Milliseconds, to a hundredth.
#[must_use]
pub(crate) fn millis(ms: f64) -> f64 {
    (ms * STEPS_PER_MS).round() / STEPS_PER_MS
}

/// The milliseconds of a time, to a hundredth.
#[must_use]
pub(crate) fn millis_of(time: Duration) -> f64 {
    millis(time.as_secs_f64() * 1_000.0)
}

/// A share of 1, to a ten-thousandth.
#[must_use]
pub(crate) fn share(share: f64) -> f64 {
    (share * STEPS_PER_SHARE).round() / STEPS_PER_SHARE
}

/// The parts of a request by name: numbers as such, for those who lay them out in columns.
#[must_use]
pub(crate) fn parts(parts: &[(&'static str, Value)]) -> Map<String, Json> {
    let value = |part: &Value| match part {
        Value::U64(number) => Json::from(*number),
        Value::I64(number) => Json::from(*number),
        Value::Bool(flag) => Json::from(*flag),
        Value::F32(_) | Value::F64(_) | Value::Text(_) => Json::from(part.to_string()),
    };
    parts.iter().map(|(name, part)| ((*name).to_owned(), value(part))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_digits_are_told_than_mean_something() {
        let told = [millis(1.234_567_89), millis(306.354_166_67), millis(0.004), millis(0.007)];
        assert_eq!(told.map(|ms| ms.to_string()), ["1.23", "306.35", "0", "0.01"]);
        let told = [share(0.012_345_678), share(1.0 / 3.0), share(1.241), share(0.0)];
        assert_eq!(told.map(|share| share.to_string()), ["0.0123", "0.3333", "1.241", "0"]);
    }
}
