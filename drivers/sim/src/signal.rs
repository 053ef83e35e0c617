//! What simulated values are made of: pure functions of a seed and the time.
//!
//! Nothing here remembers anything: a value does not depend on how often, or by how many, it was read.
//! Curves are continuous with a bounded slope unless they are steps by nature; counters only grow.

use std::f64::consts::TAU;

use pointcast_api::UnixMs;

/// 2026-01-01T00:00:00Z: the day the site was put into service. Counters start there.
const COMMISSIONED_UNIX_MS: u64 = 1_767_225_600_000;

/// Seconds in a day.
pub(crate) const DAY_S: f64 = 86_400.0;

/// Seconds since the site was put into service; 0 before that.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct SiteTime(f64);

impl SiteTime {
    /// The moment by the machine's clock.
    pub(crate) fn now() -> Self {
        Self::from_unix_ms(UnixMs::now())
    }

    /// The moment of a Unix time in milliseconds.
    pub(crate) fn from_unix_ms(time: UnixMs) -> Self {
        let ms = time.0.saturating_sub(COMMISSIONED_UNIX_MS);
        Self(std::time::Duration::from_millis(ms).as_secs_f64())
    }

    /// A moment this much earlier, but not before the site was put into service.
    pub(crate) fn earlier_ms(self, ms: u64) -> Self {
        Self((self.0 - std::time::Duration::from_millis(ms).as_secs_f64()).max(0.0))
    }

    /// Seconds, milliseconds as the fraction.
    pub(crate) fn seconds(self) -> f64 {
        self.0
    }
}

/// The greatest whole number not above `x`; saturates at the ends, 0 for NaN.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, which is meant here")]
pub(crate) fn whole(x: f64) -> i64 {
    x.floor() as i64
}

/// A number from -1 to 1 that looks random and is always the same for the same seed and place.
///
/// The mixing steps are those of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn scatter(seed: u64, place: i64) -> f64 {
    let mut x = seed ^ place.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for factor in [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB] {
        x = (x ^ (x >> 29)).wrapping_mul(factor);
    }
    let top = u32::try_from((x ^ (x >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// Smooth noise from -1 to 1 that takes a new direction every `cell_s`; its slope is at most 3 / `cell_s`.
pub(crate) fn noise(seed: u64, cell_s: f64, time: SiteTime) -> f64 {
    let place = time.0 / cell_s;
    let cell = whole(place);
    let (from, to) = (scatter(seed, cell), scatter(seed, cell.saturating_add(1)));
    let x = place - place.floor();
    from + (to - from) * x * x * (3.0 - 2.0 * x)
}

/// -1 at the coldest hour to 1 at `peak_hour` (UTC), one smooth swing a day.
pub(crate) fn day(peak_hour: f64, time: SiteTime) -> f64 {
    ((time.0 / DAY_S - peak_hour / 24.0) * TAU).cos()
}

/// 0 at night, up to 1 at noon; the sun is up for twelve hours.
pub(crate) fn daylight(time: SiteTime) -> f64 {
    day(12.0, time).max(0.0)
}

/// From `from` to `to` in a straight line that takes `length_s`; flat before and after.
pub(crate) fn ramp(from: f64, to: f64, length_s: f64, elapsed_s: f64) -> f64 {
    from + (to - from) * (elapsed_s / length_s).clamp(0.0, 1.0)
}

/// First-order lag: from `from` towards `to`, 63 % of the way after each `tau_s`.
pub(crate) fn lag(from: f64, to: f64, tau_s: f64, elapsed_s: f64) -> f64 {
    to + (from - to) * (-elapsed_s.max(0.0) / tau_s).exp()
}

/// One sine of a [`Wave`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tone {
    /// Half of the swing from bottom to top.
    pub(crate) amplitude: f64,
    /// Seconds of one swing.
    pub(crate) period_s: f64,
}

/// A mean with sines upon it: lively enough to look measured, and its integral is known exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wave {
    /// Gives each tone its phase.
    pub(crate) seed: u64,
    /// The middle.
    pub(crate) mean: f64,
    /// The sines; where the amplitudes add up to no more than the mean, the integral never falls.
    pub(crate) tones: &'static [Tone],
}

impl Wave {
    /// The value.
    pub(crate) fn value(&self, time: SiteTime) -> f64 {
        let swing = |(tone, phase): (&Tone, f64)| {
            tone.amplitude * (time.0 / tone.period_s * TAU + phase).sin()
        };
        self.mean + self.phased().map(swing).sum::<f64>()
    }

    /// The integral over the seconds since the site was put into service.
    pub(crate) fn integral(&self, time: SiteTime) -> f64 {
        let area = |(tone, phase): (&Tone, f64)| {
            let angular = TAU / tone.period_s;
            tone.amplitude / angular * (phase.cos() - (angular * time.0 + phase).cos())
        };
        self.mean * time.0 + self.phased().map(area).sum::<f64>()
    }

    fn phased(&self) -> impl Iterator<Item = (&'static Tone, f64)> {
        let seed = self.seed;
        self.tones.iter().zip(0_i64..).map(move |(tone, at)| (tone, scatter(seed, at) * TAU))
    }
}

/// Something that runs for `on_s` of every `period_s`, again and again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duty {
    /// From one start to the next.
    pub(crate) period_s: f64,
    /// How long it then runs; less than the period.
    pub(crate) on_s: f64,
    /// How far into its first period it was when the site was put into service.
    pub(crate) offset_s: f64,
}

impl Duty {
    /// Seconds since the last start.
    pub(crate) fn elapsed(&self, time: SiteTime) -> f64 {
        (time.0 + self.offset_s).rem_euclid(self.period_s)
    }

    /// Whether it runs.
    pub(crate) fn on(&self, time: SiteTime) -> bool {
        self.elapsed(time) < self.on_s
    }

    /// Starts so far: only grows, by one at each start.
    pub(crate) fn starts(&self, time: SiteTime) -> f64 {
        ((time.0 + self.offset_s) / self.period_s).floor()
    }

    /// Seconds it has run so far: only grows, and only while it runs.
    pub(crate) fn on_seconds(&self, time: SiteTime) -> f64 {
        self.starts(time) * self.on_s + self.elapsed(time).min(self.on_s)
    }

    /// Follows the running in straight lines: 0 to 1 within `ramp_s` of a start, and back after it.
    pub(crate) fn ramped(&self, ramp_s: f64, time: SiteTime) -> f64 {
        let elapsed = self.elapsed(time);
        if elapsed < self.on_s {
            ramp(0.0, 1.0, ramp_s, elapsed)
        } else {
            ramp(1.0, 0.0, ramp_s, elapsed - self.on_s)
        }
    }

    /// Follows the running with a first-order lag, between 0 (long off) and 1 (long on).
    ///
    /// It is the steady swing: where it ends a period is where it starts the next.
    pub(crate) fn lagged(&self, tau_s: f64, time: SiteTime) -> f64 {
        let (on, off) = (self.on_s, self.period_s - self.on_s);
        let top = (1.0 - (-on / tau_s).exp()) / (1.0 - (-(on + off) / tau_s).exp());
        let bottom = lag(top, 0.0, tau_s, off);
        let elapsed = self.elapsed(time);
        if elapsed < on {
            lag(bottom, 1.0, tau_s, elapsed)
        } else {
            lag(top, 0.0, tau_s, elapsed - on)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any moment of the site's first twenty years.
    fn moments() -> impl Strategy<Value = SiteTime> {
        (0.0..20.0 * 365.0 * DAY_S).prop_map(SiteTime)
    }

    /// So much later.
    fn later(time: SiteTime, seconds: f64) -> SiteTime {
        SiteTime(time.0 + seconds)
    }

    const WAVE: Wave = Wave {
        seed: 5,
        mean: 10.0,
        tones: &[
            Tone { amplitude: 6.0, period_s: 86_400.0 },
            Tone { amplitude: 3.0, period_s: 70.0 },
            Tone { amplitude: 1.0, period_s: 7.0 },
        ],
    };

    /// Steepest that [`WAVE`] can be.
    fn wave_slope() -> f64 {
        WAVE.tones.iter().map(|tone| tone.amplitude * TAU / tone.period_s).sum()
    }

    const DUTY: Duty = Duty { period_s: 300.0, on_s: 120.0, offset_s: 17.0 };

    /// What rounding may add over twenty years.
    const ROUNDING: f64 = 1e-6;

    proptest! {
        #[test]
        fn curves_keep_their_slope_and_their_range(
            time in moments(),
            step in 0.001_f64..5.0,
            seed in any::<u64>(),
        ) {
            let next = later(time, step);
            let (a, b) = (noise(seed, 4.0, time), noise(seed, 4.0, next));
            prop_assert!(a.abs() <= 1.0 && (b - a).abs() <= 3.0 / 4.0 * step + ROUNDING);
            let (a, b) = (WAVE.value(time), WAVE.value(next));
            prop_assert!((0.0..=20.0).contains(&a) && (b - a).abs() <= wave_slope() * step + ROUNDING);
            let (a, b) = (DUTY.ramped(4.0, time), DUTY.ramped(4.0, next));
            prop_assert!((0.0..=1.0).contains(&a) && (b - a).abs() <= step / 4.0 + ROUNDING);
            let (a, b) = (DUTY.lagged(60.0, time), DUTY.lagged(60.0, next));
            prop_assert!((0.0..=1.0).contains(&a) && (b - a).abs() <= step / 60.0 + ROUNDING);
            let (a, b) = (day(14.0, time), day(14.0, next));
            prop_assert!(a.abs() <= 1.0 && (b - a).abs() <= TAU / DAY_S * step + ROUNDING);
        }

        #[test]
        fn counters_only_grow_and_no_faster_than_what_they_count(
            time in moments(),
            step in 0.0_f64..1_000.0,
        ) {
            let next = later(time, step);
            let grown = WAVE.integral(next) - WAVE.integral(time);
            prop_assert!((-ROUNDING..=20.0 * step + ROUNDING).contains(&grown), "{grown}");
            let ran = DUTY.on_seconds(next) - DUTY.on_seconds(time);
            prop_assert!((-ROUNDING..=step + ROUNDING).contains(&ran), "{ran}");
            let starts = DUTY.starts(next) - DUTY.starts(time);
            prop_assert!(starts >= 0.0 && starts <= step / DUTY.period_s + 1.0, "{starts}");
        }

        #[test]
        fn a_wave_is_the_slope_of_its_integral(time in moments()) {
            let slope = (WAVE.integral(later(time, 0.5)) - WAVE.integral(time)) / 0.5;
            prop_assert!((slope - WAVE.value(later(time, 0.25))).abs() < 0.05, "{slope}");
        }
    }

    #[test]
    fn a_lag_goes_most_of_the_way_in_its_time_constant() {
        assert!((lag(20.0, 70.0, 900.0, 900.0) - 51.6).abs() < 0.05);
        assert!((lag(20.0, 70.0, 900.0, 9_000.0) - 70.0).abs() < 0.01);
        assert!((lag(20.0, 70.0, 900.0, -5.0) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_steady_swing_ends_where_it_began() {
        let start = SiteTime(3.0 * DUTY.period_s - DUTY.offset_s);
        let end = later(start, DUTY.period_s - 1e-6);
        assert!((DUTY.lagged(60.0, start) - DUTY.lagged(60.0, end)).abs() < 1e-6);
    }

    #[test]
    fn scatter_spreads_and_repeats_itself() {
        let all: Vec<f64> = (0..10_000).map(|place| scatter(1, place)).collect();
        let mean = all.iter().sum::<f64>() / 10_000.0;
        let spread = all.iter().map(|x| x * x).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.02 && (spread - 1.0 / 3.0).abs() < 0.01, "{mean} {spread}");
        assert_eq!(scatter(1, 77).to_bits(), scatter(1, 77).to_bits());
        assert_ne!(scatter(1, 77).to_bits(), scatter(2, 77).to_bits());
    }

    #[test]
    fn time_starts_at_the_commissioning() {
        assert!(SiteTime::from_unix_ms(UnixMs(5)).seconds().abs() < f64::EPSILON);
        let later = SiteTime::from_unix_ms(UnixMs(COMMISSIONED_UNIX_MS + 1_250));
        assert!((later.seconds() - 1.25).abs() < f64::EPSILON);
        assert!(later.earlier_ms(2_000).seconds().abs() < f64::EPSILON);
    }
}
