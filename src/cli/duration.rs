//! Durations as people read them.

use std::time::Duration;

/// `0.3 ms`, `500 ms`, `2 s`, `1.25 s`, `90 s`.
pub(super) fn words(duration: Duration) -> String {
    let micros = duration.as_micros();
    let (whole, thousandths, unit) = if micros < 1_000_000 {
        (micros / 1_000, micros % 1_000, "ms")
    } else {
        (duration.as_millis() / 1_000, duration.as_millis() % 1_000, "s")
    };
    let fraction = format!("{thousandths:03}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole} {unit}"),
        digits => format!("{whole}.{digits} {unit}"),
    }
}

/// A time that was predicted: `2.0 ms`, `306.4 ms`. More digits would promise more than anybody knows.
pub(super) fn predicted(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_rounded_away_and_nothing_added() {
        let told = |micros| words(Duration::from_micros(micros));
        assert_eq!(told(0), "0 ms");
        assert_eq!(told(50), "0.05 ms");
        assert_eq!(told(2_500), "2.5 ms");
        assert_eq!(told(999_000), "999 ms");
        assert_eq!(told(1_000_000), "1 s");
        assert_eq!(told(1_250_000), "1.25 s");
        assert_eq!(told(90_000_000), "90 s");
    }
}
