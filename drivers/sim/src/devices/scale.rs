//! `scale`: a weighing scale that fills batches and says its weight [`LINES_PER_S`] times a second.
//!
//! A line is 20 bytes: `ST` (at rest) or `US` (moving), `,GS,` (gross weight), a sign, the weight in nine
//! characters filled up with spaces from the left, `kg`, CR LF: `ST,GS,+   12.345kg`.

use crate::signal::{SiteTime, noise, ramp, scatter, whole};

/// Lines a second.
pub(crate) const LINES_PER_S: u32 = 5;

/// The scale's line as a configuration needs it: a regular expression with the groups `state`
/// (`ST` or `US`) and `weight` (kilograms; spaces stand between sign and digits, so the sign is the group
/// `sign`, always `+` or `-`).
pub const SCALE_LINE: &str = r"^(?<state>ST|US),GS,(?<sign>[+-]) *(?<weight>[0-9]+\.[0-9]{3})kg$";

/// From an empty pan to the next.
const BATCH_S: f64 = 40.0;
const EMPTY_S: f64 = 6.0;
const POUR_S: f64 = 3.0;
const PAUSE_S: f64 = 1.5;
const POURS: f64 = 4.0;
const REST_S: f64 = 10.0;
const UNLOAD_S: f64 = 2.0;
const TARGET_KG: f64 = 24.0;

/// Slower than this it counts as at rest.
const AT_REST_KG_PER_S: f64 = 0.02;

/// What lies on the scale, in kilograms.
pub(crate) fn weight_kg(time: SiteTime) -> f64 {
    let batch = whole(time.seconds() / BATCH_S);
    let elapsed = time.seconds().rem_euclid(BATCH_S) - EMPTY_S;
    let full = TARGET_KG + 1.5 * scatter(51, batch);
    let mut weight = 0.0;
    let mut start = 0.0;
    while start < POURS * (POUR_S + PAUSE_S) {
        weight += ramp(0.0, full / POURS, POUR_S, elapsed - start);
        start += POUR_S + PAUSE_S;
    }
    weight += ramp(0.0, -full, UNLOAD_S, elapsed - start - REST_S);
    weight
}

/// Whether the weight is at rest.
pub(crate) fn at_rest(time: SiteTime) -> bool {
    const LOOK_BACK_MS: u64 = 400;
    let before = time.earlier_ms(LOOK_BACK_MS);
    let moved = (weight_kg(time) - weight_kg(before)).abs();
    moved <= AT_REST_KG_PER_S * 0.4
}

/// The line at a moment, CR LF included.
pub(crate) fn line(time: SiteTime) -> String {
    let rest = at_rest(time);
    // Grams tremble while something is poured; at rest the scale's own filter holds them.
    let tremble = if rest { 0.0 } else { 0.004 * noise(52, 0.3, time) };
    let weight = (weight_kg(time) + tremble).max(0.0);
    let state = if rest { "ST" } else { "US" };
    format!("{state},GS,+{weight:9.3}kg\r\n")
}

#[cfg(test)]
mod tests {
    use pointcast_api::UnixMs;

    use super::*;

    fn some_batches() -> impl Iterator<Item = SiteTime> {
        (0..400_000_u64)
            .step_by(200)
            .map(|ms| SiteTime::from_unix_ms(UnixMs(1_791_000_000_000 + ms)))
    }

    #[test]
    fn lines_have_their_fixed_shape() {
        for time in some_batches() {
            let line = line(time);
            assert_eq!(line.len(), 20, "{line:?}");
            let (state, rest) = line.split_at(2);
            assert!(["ST", "US"].contains(&state), "{line:?}");
            let weight = rest.strip_prefix(",GS,+").and_then(|rest| rest.strip_suffix("kg\r\n"));
            let weight: f64 = weight.unwrap().trim_start().parse().unwrap();
            assert!((0.0..=30.0).contains(&weight), "{line:?}");
        }
    }

    #[test]
    fn a_weight_at_rest_stands_still_and_every_batch_rests_full_and_empty() {
        let lines: Vec<_> = some_batches().map(line).collect();
        let mut rests = Vec::new();
        for pair in lines.windows(2) {
            if pair[0].starts_with("ST") && pair[1].starts_with("ST") {
                assert_eq!(pair[0], pair[1]);
                rests.push(pair[0].clone());
            }
        }
        rests.dedup();
        let empty = rests.iter().filter(|line| line.contains("+    0.000kg")).count();
        let full = rests.iter().filter(|line| line.contains("+   2")).count();
        assert!(empty >= 9 && full >= 9, "{rests:?}");
    }

    #[test]
    fn the_weight_never_jumps() {
        let weights: Vec<_> = some_batches().map(weight_kg).collect();
        let steepest = weights.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        // A full pan of 25.5 kg is unloaded within two seconds.
        assert!(steepest <= 25.5 / UNLOAD_S * 0.2 + 1e-6, "{steepest} kg in 200 ms");
    }
}
