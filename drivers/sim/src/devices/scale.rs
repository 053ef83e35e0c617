//! `scale`: a weighing scale that fills batches and says its weight [`LINES_PER_S`] times a second.
//!
//! A line is 18 bytes: `ST` (at rest) or `US` (moving), `,GS,` (gross weight), a sign, the weight in nine
//! characters filled up with spaces from the left, `kg`, CR LF: `ST,GS,+   12.345kg`.

use crate::signal::{SiteTime, noise, ramp, scatter, whole};

/// Lines a second.
pub const LINES_PER_S: u32 = 5;

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
#[must_use]
pub fn weight_kg(time: SiteTime) -> f64 {
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
#[must_use]
pub fn at_rest(time: SiteTime) -> bool {
    const LOOK_BACK_MS: u64 = 400;
    let before = time.earlier_ms(LOOK_BACK_MS);
    let moved = (weight_kg(time) - weight_kg(before)).abs();
    moved <= AT_REST_KG_PER_S * 0.4
}

/// The line at a moment, CR LF included.
#[must_use]
pub fn line(time: SiteTime) -> String {
    let rest = at_rest(time);
    // Grams tremble while something is poured; at rest the scale's own filter holds them.
    let tremble = if rest { 0.0 } else { 0.004 * noise(52, 0.3, time) };
    let weight = (weight_kg(time) + tremble).max(0.0);
    let state = if rest { "ST" } else { "US" };
    format!("{state},GS,+{weight:9.3}kg\r\n")
}
