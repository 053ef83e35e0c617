//! `pumps`: a pump station with three pumps, Modbus TCP unit 3. Its pairs are CDAB: low word first.
//!
//! Input registers (function 04):
//!
//! | address | point | type | unit |
//! |---|---|---|---|
//! | 0 | `sump/level` | f32 CDAB | m |
//! | 2 | `reservoir/level` | f32 CDAB | m |
//! | 4 | `inlet/flow` | f32 CDAB | m³/h |
//! | 6 | `outlet/flow` | f32 CDAB | m³/h |
//! | 8 | `outlet/pressure` | f32 CDAB | bar |
//! | 10–19 | hole | | |
//! | 20, 21, 22 | `pump1/speed` … `pump3/speed` | u16 | rpm |
//! | 23–29 | hole | | |
//! | 30, 32, 34 | `pump1/starts` … `pump3/starts` | u32 CDAB | |
//! | 36, 38, 40 | `pump1/hours` … `pump3/hours` | u32 CDAB × 0.1 | h |
//! | 42–49 | hole | | |
//! | 50 | `outlet/volume` | u32 CDAB | m³ |
//!
//! Coils (function 01): 0, 1, 2 `pump1/command` … `pump3/command`; the rest is a hole.
//! Discrete inputs (function 02): 0, 1, 2 `pump1/running` … ; hole; 8, 9, 10 `pump1/fault` … ; hole;
//! 16 `sump/high`, 17 `sump/low`; the rest is a hole.
//!
//! The sump's level is what ran in less what was pumped out, over its area.

use super::{Register, Snapshot};
use crate::map::Encoding::{F32, U16, U32};
use crate::map::MapEntry;
use crate::map::Table::{Coil, Discrete, Input};
use crate::map::WordOrder::Cdab;
use crate::signal::{Duty, SiteTime, Tone, Wave, noise};

const DEVICE: &str = "pumps";
const UNIT_ID: u8 = 3;

/// What one running pump moves, in cubic metres a second.
const PUMP_M3_PER_S: f64 = 0.01;
const SUMP_AREA_M2: f64 = 2.0;
/// Makes the sump's level swing around two metres.
const SUMP_AT_FIRST_M: f64 = 2.85;
const FULL_SPEED_RPM: f64 = 1_450.0;
const SPIN_UP_S: f64 = 4.0;
const HIGH_M: f64 = 2.3;
const LOW_M: f64 = 1.7;

const PUMPS: [Duty; 3] = [
    Duty { period_s: 300.0, on_s: 120.0, offset_s: 0.0 },
    Duty { period_s: 400.0, on_s: 100.0, offset_s: 130.0 },
    Duty { period_s: 600.0, on_s: 60.0, offset_s: 400.0 },
];

/// On the average exactly what the pumps move (120/300 + 100/400 + 60/600 of one pump), so that the sump
/// neither overflows nor runs dry in the long run.
const INLET_M3_PER_S: Wave = Wave {
    seed: 41,
    mean: 0.75 * PUMP_M3_PER_S,
    tones: &[
        Tone { amplitude: 0.0015, period_s: 480.0 },
        Tone { amplitude: 0.0004, period_s: 37.0 },
        Tone { amplitude: 0.0001, period_s: 5.3 },
    ],
};

const RESERVOIR_M: Wave = Wave {
    seed: 42,
    mean: 4.2,
    tones: &[
        Tone { amplitude: 0.9, period_s: 86_400.0 },
        Tone { amplitude: 0.12, period_s: 1_500.0 },
        Tone { amplitude: 0.01, period_s: 11.0 },
    ],
};

/// A pump's motor protection trips now and then while it stands still.
const TRIPS: [Duty; 3] = [
    Duty { period_s: 1_800.0, on_s: 20.0, offset_s: 1_650.0 },
    Duty { period_s: 2_400.0, on_s: 25.0, offset_s: 2_100.0 },
    Duty { period_s: 3_600.0, on_s: 30.0, offset_s: 3_400.0 },
];

/// What the station measures at one moment.
pub(crate) struct Pumps {
    sump_m: f64,
    reservoir_m: f64,
    inlet_m3_per_h: f64,
    pressure_bar: f64,
    speed: [f64; 3],
    starts: [f64; 3],
    hours: [f64; 3],
    running: [bool; 3],
    tripped: [bool; 3],
    volume_m3: f64,
}

impl Pumps {
    /// The reading at a moment.
    pub(crate) fn at(time: SiteTime) -> Self {
        let on_seconds = PUMPS.map(|pump| pump.on_seconds(time));
        let volume_m3 = on_seconds.iter().sum::<f64>() * PUMP_M3_PER_S;
        let speed = PUMPS.map(|pump| pump.ramped(SPIN_UP_S, time));
        Self {
            sump_m: SUMP_AT_FIRST_M + (INLET_M3_PER_S.integral(time) - volume_m3) / SUMP_AREA_M2,
            reservoir_m: RESERVOIR_M.value(time),
            inlet_m3_per_h: INLET_M3_PER_S.value(time) * 3_600.0,
            pressure_bar: 2.1 + 0.4 * speed.iter().sum::<f64>() + 0.05 * noise(43, 3.0, time),
            speed,
            starts: PUMPS.map(|pump| pump.starts(time)),
            hours: on_seconds.map(|seconds| seconds / 3_600.0),
            running: PUMPS.map(|pump| pump.on(time)),
            tripped: TRIPS.map(|trip| trip.on(time)),
            volume_m3,
        }
    }

    fn outlet_m3_per_h(&self) -> f64 {
        self.speed.iter().sum::<f64>() * PUMP_M3_PER_S * 3_600.0
    }
}

const fn float(
    point: &'static str,
    address: u16,
    unit: &'static str,
    read: fn(&Pumps) -> f64,
) -> Register<Pumps> {
    Register::number(point, (Input, address), F32(Cdab), unit, read)
}

const fn counter(
    point: &'static str,
    address: u16,
    unit: &'static str,
    read: fn(&Pumps) -> f64,
) -> Register<Pumps> {
    Register::number(point, (Input, address), U32(Cdab), unit, read)
}

const fn speed(point: &'static str, address: u16, read: fn(&Pumps) -> f64) -> Register<Pumps> {
    Register::number(point, (Input, address), U16, "rpm", read).within(0.0, 1_500.0)
}

static MAP: &[Register<Pumps>] = &[
    float("sump/level", 0, "m", |p| p.sump_m).within(0.0, 4.0),
    float("reservoir/level", 2, "m", |p| p.reservoir_m).within(0.0, 6.0),
    float("inlet/flow", 4, "m³/h", |p| p.inlet_m3_per_h).within(0.0, 60.0),
    float("outlet/flow", 6, "m³/h", Pumps::outlet_m3_per_h).within(0.0, 120.0),
    float("outlet/pressure", 8, "bar", |p| p.pressure_bar).within(0.0, 6.0),
    speed("pump1/speed", 20, |p| p.speed[0] * FULL_SPEED_RPM),
    speed("pump2/speed", 21, |p| p.speed[1] * FULL_SPEED_RPM),
    speed("pump3/speed", 22, |p| p.speed[2] * FULL_SPEED_RPM),
    counter("pump1/starts", 30, "", |p| p.starts[0]),
    counter("pump2/starts", 32, "", |p| p.starts[1]),
    counter("pump3/starts", 34, "", |p| p.starts[2]),
    counter("pump1/hours", 36, "h", |p| p.hours[0]).scaled(0.1),
    counter("pump2/hours", 38, "h", |p| p.hours[1]).scaled(0.1),
    counter("pump3/hours", 40, "h", |p| p.hours[2]).scaled(0.1),
    counter("outlet/volume", 50, "m³", |p| p.volume_m3),
    Register::bit("pump1/command", (Coil, 0), |p| p.running[0]),
    Register::bit("pump2/command", (Coil, 1), |p| p.running[1]),
    Register::bit("pump3/command", (Coil, 2), |p| p.running[2]),
    Register::bit("pump1/running", (Discrete, 0), |p| p.speed[0] > 0.1),
    Register::bit("pump2/running", (Discrete, 1), |p| p.speed[1] > 0.1),
    Register::bit("pump3/running", (Discrete, 2), |p| p.speed[2] > 0.1),
    Register::bit("pump1/fault", (Discrete, 8), |p| p.tripped[0]),
    Register::bit("pump2/fault", (Discrete, 9), |p| p.tripped[1]),
    Register::bit("pump3/fault", (Discrete, 10), |p| p.tripped[2]),
    Register::bit("sump/high", (Discrete, 16), |p| p.sump_m > HIGH_M),
    Register::bit("sump/low", (Discrete, 17), |p| p.sump_m < LOW_M),
];

/// The station's map.
pub(crate) fn map() -> Vec<MapEntry> {
    MAP.iter().map(|register| register.of(DEVICE, UNIT_ID)).collect()
}

/// The station as it is at a moment.
pub(crate) fn snapshot(time: SiteTime) -> Snapshot<'static, Pumps> {
    Snapshot { map: MAP, now: Pumps::at(time) }
}
