//! `meter`: a three-phase energy meter, Modbus TCP unit 1.
//!
//! Input registers (function 04), single precision ABCD unless said otherwise:
//!
//! | address | point | type | unit |
//! |---|---|---|---|
//! | 0, 2, 4 | `voltage/l1` `l2` `l3` | f32 | V |
//! | 6, 8, 10 | `current/l1` `l2` `l3` | f32 | A |
//! | 12, 14, 16 | `power/l1` `l2` `l3` | f32 | W |
//! | 18 | `power/total` | f32 | W |
//! | 20 | `power/reactive` | f32 | var |
//! | 22 | `power/apparent` | f32 | VA |
//! | 24 | `power/factor` | f32 | |
//! | 26 | `frequency` | f32 | Hz |
//! | 28–39 | hole | | |
//! | 40 | `energy/import` | u64 | Wh |
//! | 44 | `energy/reactive` | u32 | varh |
//! | 46–59 | hole | | |
//! | 60 | `distortion/current` | f32 | %, NaN for 5 s of each minute |
//!
//! Holding registers (function 03):
//!
//! | address | point | type | unit |
//! |---|---|---|---|
//! | 0 | `transformer_ratio` | u16 | |
//! | 1–99 | hole | | |
//! | 100 | `serial_number` | string, 8 registers | |
//! | 108 | `firmware` | u16 × 0.01 | |
//!
//! Active power is the derivative of `energy/import`, which therefore grows exactly as fast as shown.

use super::{Register, Snapshot};
use crate::map::Encoding::{F32, U16, U32, U64};
use crate::map::MapEntry;
use crate::map::Table::{Holding, Input};
use crate::map::WordOrder::Abcd;
use crate::signal::{Duty, SiteTime, Tone, Wave, noise};

const DEVICE: &str = "meter";
const UNIT_ID: u8 = 1;

/// Seconds in an hour: watts to watt hours.
const HOUR_S: f64 = 3_600.0;

/// What the meter measures at one moment.
pub(crate) struct Meter {
    voltage_v: [f64; 3],
    current_a: [f64; 3],
    power_w: [f64; 3],
    reactive_var: f64,
    frequency_hz: f64,
    import_wh: f64,
    reactive_varh: f64,
    distortion_percent: f64,
}

/// Active power of a phase. Amplitudes add up to less than the mean: energy never runs backwards.
const TONES: &[Tone] = &[
    Tone { amplitude: 1_900.0, period_s: 86_400.0 },
    Tone { amplitude: 700.0, period_s: 1_740.0 },
    Tone { amplitude: 240.0, period_s: 61.0 },
    Tone { amplitude: 90.0, period_s: 7.3 },
];
const PHASES: [Wave; 3] = [
    Wave { seed: 11, mean: 4_200.0, tones: TONES },
    Wave { seed: 12, mean: 3_700.0, tones: TONES },
    Wave { seed: 13, mean: 3_100.0, tones: TONES },
];
const REACTIVE: Wave = Wave {
    seed: 14,
    mean: 2_600.0,
    tones: &[
        Tone { amplitude: 900.0, period_s: 86_400.0 },
        Tone { amplitude: 300.0, period_s: 95.0 },
    ],
};

/// When the current is too small for its distortion to be told.
const NO_DISTORTION: Duty = Duty { period_s: 60.0, on_s: 5.0, offset_s: 0.0 };

impl Meter {
    /// The reading at a moment.
    pub(crate) fn at(time: SiteTime) -> Self {
        let voltage_v = [21, 22, 23].map(|seed| 231.0 + 4.0 * noise(seed, 30.0, time));
        let power_w = PHASES.map(|phase| phase.value(time));
        let [i1, i2, i3] = [0, 1, 2].map(|phase: usize| {
            let power = power_w.get(phase).copied().unwrap_or_default();
            let voltage = voltage_v.get(phase).copied().unwrap_or(f64::INFINITY);
            let apparent = power.hypot(REACTIVE.value(time) / 3.0);
            apparent / voltage
        });
        let distortion = 3.5 + 1.5 * noise(25, 12.0, time);
        Self {
            voltage_v,
            current_a: [i1, i2, i3],
            power_w,
            reactive_var: REACTIVE.value(time),
            frequency_hz: 50.0 + 0.03 * noise(24, 20.0, time),
            import_wh: PHASES.iter().map(|phase| phase.integral(time)).sum::<f64>() / HOUR_S,
            reactive_varh: REACTIVE.integral(time) / HOUR_S,
            distortion_percent: if NO_DISTORTION.on(time) { f64::NAN } else { distortion },
        }
    }

    fn total_w(&self) -> f64 {
        self.power_w.iter().sum()
    }

    fn apparent_va(&self) -> f64 {
        self.total_w().hypot(self.reactive_var)
    }
}

/// A single-precision input register pair.
const fn float(
    point: &'static str,
    address: u16,
    unit: &'static str,
    read: fn(&Meter) -> f64,
) -> Register<Meter> {
    Register::number(point, (Input, address), F32(Abcd), unit, read)
}

static MAP: &[Register<Meter>] = &[
    float("voltage/l1", 0, "V", |m| m.voltage_v[0]).within(225.0, 237.0),
    float("voltage/l2", 2, "V", |m| m.voltage_v[1]).within(225.0, 237.0),
    float("voltage/l3", 4, "V", |m| m.voltage_v[2]).within(225.0, 237.0),
    float("current/l1", 6, "A", |m| m.current_a[0]).within(0.0, 40.0),
    float("current/l2", 8, "A", |m| m.current_a[1]).within(0.0, 40.0),
    float("current/l3", 10, "A", |m| m.current_a[2]).within(0.0, 40.0),
    float("power/l1", 12, "W", |m| m.power_w[0]).within(0.0, 8_000.0),
    float("power/l2", 14, "W", |m| m.power_w[1]).within(0.0, 8_000.0),
    float("power/l3", 16, "W", |m| m.power_w[2]).within(0.0, 8_000.0),
    float("power/total", 18, "W", Meter::total_w).within(0.0, 24_000.0),
    float("power/reactive", 20, "var", |m| m.reactive_var).within(0.0, 5_000.0),
    float("power/apparent", 22, "VA", Meter::apparent_va).within(0.0, 25_000.0),
    float("power/factor", 24, "", |m| m.total_w() / m.apparent_va()).within(0.0, 1.0),
    float("frequency", 26, "Hz", |m| m.frequency_hz).within(49.9, 50.1),
    Register::number("energy/import", (Input, 40), U64, "Wh", |m| m.import_wh),
    Register::number("energy/reactive", (Input, 44), U32(Abcd), "varh", |m| m.reactive_varh),
    float("distortion/current", 60, "%", |m| m.distortion_percent).within(0.0, 10.0),
    Register::number("transformer_ratio", (Holding, 0), U16, "", |_| 40.0).within(1.0, 1_000.0),
    Register::text("serial_number", (Holding, 100), 8, "EM3-0026-114477"),
    Register::number("firmware", (Holding, 108), U16, "", |_| 2.14).scaled(0.01).within(0.0, 99.0),
];

/// The meter's map.
pub(crate) fn map() -> Vec<MapEntry> {
    MAP.iter().map(|register| register.of(DEVICE, UNIT_ID)).collect()
}

/// The meter as it is at a moment.
pub(crate) fn snapshot(time: SiteTime) -> Snapshot<'static, Meter> {
    Snapshot { map: MAP, now: Meter::at(time) }
}
