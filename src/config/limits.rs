//! `[limits]`: each bound of the service under its own name.

use std::ops::RangeInclusive;
use std::time::Duration;

use pointcast_api::settings::{Refusals, Settings};

use crate::limits::Limits;

/// Takes `[limits]` out of the main file.
pub(super) fn take(main: &mut Settings, refusals: &mut Refusals) -> Limits {
    let mut limits = Limits::default();
    let Some(mut section) = main.section("limits", "limits", refusals) else {
        return limits;
    };
    let mut count = |key, range, limit: &mut usize| {
        set_count(&mut section, key, range, limit, refusals);
    };
    count("connections", 1..=1_000_000, &mut limits.connections);
    count("connections_per_address", 1..=1_000_000, &mut limits.connections_per_address);
    count("streams", 1..=1_000_000, &mut limits.streams);
    count("streams_per_address", 1..=1_000_000, &mut limits.streams_per_address);
    count("sessions_per_address", 1..=2_000_000, &mut limits.sessions_per_address);
    count("sessions", 1..=2_000_000, &mut limits.sessions);
    count("selected_points", 1..=1_000_000_000, &mut limits.selected_points);
    count("points_per_client", 1..=1_000_000, &mut limits.points_per_client);
    count("entries_per_client", 1..=1_000_000, &mut limits.entries_per_client);
    count("snapshots_per_second", 1..=10_000, &mut limits.snapshots_per_second);
    count("body_bytes", 1024..=64 * 1024 * 1024, &mut limits.body_bytes);
    // At least one point with the longest text, each character escaped, must fit.
    count("frame_bytes", 32 * 1024..=16 * 1024 * 1024, &mut limits.frame_bytes);
    count("frame_points", 1..=100_000, &mut limits.frame_points);
    count("pending_bytes", 0..=2 * 1024 * 1024 * 1024, &mut limits.pending_bytes);
    let mut wait = |key, range, limit: &mut Duration| {
        if let Some(given) = section.millis(key, range, refusals) {
            *limit = given.value;
        }
    };
    wait("session_life_ms", 1_000..=86_400_000, &mut limits.session_life);
    wait("header_timeout_ms", 100..=600_000, &mut limits.header_timeout);
    wait("write_timeout_ms", 1_000..=600_000, &mut limits.write_timeout);
    wait("drain_timeout_ms", 0..=600_000, &mut limits.drain_timeout);
    section.finish(refusals);
    limits
}

fn set_count(
    section: &mut Settings,
    key: &'static str,
    range: RangeInclusive<i64>,
    limit: &mut usize,
    refusals: &mut Refusals,
) {
    if let Some(given) = section.integer(key, range, refusals)
        && let Ok(count) = usize::try_from(given.value)
    {
        *limit = count;
    }
}
