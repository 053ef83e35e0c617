//! What simulated values are made of: pure functions of a seed and the time.
//!
//! Nothing here remembers anything: a value does not depend on how often, or by how many, it was read.
//! Curves are continuous with a bounded slope unless they are steps by nature; counters only grow.

use std::f64::consts::TAU;

use pointcast_api::UnixMs;

/// 2026-01-01T00:00:00Z: the day the site was put into service. Counters start there.
const COMMISSIONED_UNIX_MS: u64 = 1_767_225_600_000;

/// Seconds in a day.
pub const DAY_S: f64 = 86_400.0;

/// Seconds since the site was put into service; 0 before that.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct SiteTime(f64);

impl SiteTime {
    /// The moment by the machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self::from_unix_ms(UnixMs::now())
    }

    /// The moment of a Unix time in milliseconds.
    #[must_use]
    pub fn from_unix_ms(time: UnixMs) -> Self {
        let ms = time.0.saturating_sub(COMMISSIONED_UNIX_MS);
        Self(std::time::Duration::from_millis(ms).as_secs_f64())
    }

    /// Seconds, milliseconds as the fraction.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0
    }
}

/// The greatest whole number not above `x`; saturates at the ends, 0 for NaN.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, which is meant here")]
#[must_use]
pub fn whole(x: f64) -> i64 {
    x.floor() as i64
}

/// A number from -1 to 1 that looks random and is always the same for the same seed and place.
///
/// The mixing steps are those of SplitMix64 (Steele, Lea, Flood 2014).
#[must_use]
pub fn scatter(seed: u64, place: i64) -> f64 {
    let mut x = seed ^ place.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for factor in [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB] {
        x = (x ^ (x >> 29)).wrapping_mul(factor);
    }
    let top = u32::try_from((x ^ (x >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// Smooth noise from -1 to 1 that takes a new direction every `cell_s`; its slope is at most 3 / `cell_s`.
#[must_use]
pub fn noise(seed: u64, cell_s: f64, time: SiteTime) -> f64 {
    let place = time.0 / cell_s;
    let cell = whole(place);
    let (from, to) = (scatter(seed, cell), scatter(seed, cell.saturating_add(1)));
    let x = place - place.floor();
    from + (to - from) * x * x * (3.0 - 2.0 * x)
}

/// -1 at the coldest hour to 1 at `peak_hour` (UTC), one smooth swing a day.
#[must_use]
pub fn day(peak_hour: f64, time: SiteTime) -> f64 {
    ((time.0 / DAY_S - peak_hour / 24.0) * TAU).cos()
}

/// 0 at night, up to 1 at noon; the sun is up for twelve hours.
#[must_use]
pub fn daylight(time: SiteTime) -> f64 {
    day(12.0, time).max(0.0)
}

/// From `from` to `to` in a straight line that takes `length_s`; flat before and after.
#[must_use]
pub fn ramp(from: f64, to: f64, length_s: f64, elapsed_s: f64) -> f64 {
    from + (to - from) * (elapsed_s / length_s).clamp(0.0, 1.0)
}

/// First-order lag: from `from` towards `to`, 63 % of the way after each `tau_s`.
#[must_use]
pub fn lag(from: f64, to: f64, tau_s: f64, elapsed_s: f64) -> f64 {
    to + (from - to) * (-elapsed_s.max(0.0) / tau_s).exp()
}

/// One sine of a [`Wave`].
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    /// Half of the swing from bottom to top.
    pub amplitude: f64,
    /// Seconds of one swing.
    pub period_s: f64,
}

/// A mean with sines upon it: lively enough to look measured, and its integral is known exactly.
#[derive(Clone, Copy, Debug)]
pub struct Wave {
    /// Gives each tone its phase.
    pub seed: u64,
    /// The middle.
    pub mean: f64,
    /// The sines; where the amplitudes add up to no more than the mean, the integral never falls.
    pub tones: &'static [Tone],
}

impl Wave {
    /// The value.
    #[must_use]
    pub fn value(&self, time: SiteTime) -> f64 {
        let swing = |(tone, phase): (&Tone, f64)| {
            tone.amplitude * (time.0 / tone.period_s * TAU + phase).sin()
        };
        self.mean + self.phased().map(swing).sum::<f64>()
    }

    /// The integral over the seconds since the site was put into service.
    #[must_use]
    pub fn integral(&self, time: SiteTime) -> f64 {
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
pub struct Duty {
    /// From one start to the next.
    pub period_s: f64,
    /// How long it then runs; less than the period.
    pub on_s: f64,
    /// How far into its first period it was when the site was put into service.
    pub offset_s: f64,
}

impl Duty {
    /// Seconds since the last start.
    #[must_use]
    pub fn elapsed(&self, time: SiteTime) -> f64 {
        (time.0 + self.offset_s).rem_euclid(self.period_s)
    }

    /// Whether it runs.
    #[must_use]
    pub fn on(&self, time: SiteTime) -> bool {
        self.elapsed(time) < self.on_s
    }

    /// Starts so far: only grows, by one at each start.
    #[must_use]
    pub fn starts(&self, time: SiteTime) -> f64 {
        ((time.0 + self.offset_s) / self.period_s).floor()
    }

    /// Seconds it has run so far: only grows, and only while it runs.
    #[must_use]
    pub fn on_seconds(&self, time: SiteTime) -> f64 {
        self.starts(time) * self.on_s + self.elapsed(time).min(self.on_s)
    }

    /// Follows the running in straight lines: 0 to 1 within `ramp_s` of a start, and back after it.
    #[must_use]
    pub fn ramped(&self, ramp_s: f64, time: SiteTime) -> f64 {
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
    #[must_use]
    pub fn lagged(&self, tau_s: f64, time: SiteTime) -> f64 {
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

impl SiteTime {
    /// A moment this much earlier, but not before the site was put into service.
    #[must_use]
    pub fn earlier_ms(self, ms: u64) -> Self {
        Self((self.0 - std::time::Duration::from_millis(ms).as_secs_f64()).max(0.0))
    }
}
