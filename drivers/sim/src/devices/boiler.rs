//! `boiler`: a heating boiler, Modbus TCP unit 2.
//!
//! Holding registers (function 03):
//!
//! | address | point | type | unit |
//! |---|---|---|---|
//! | 100 | `supply/temperature` | i16 × 0.1 | °C |
//! | 101 | `return/temperature` | i16 × 0.1 | °C |
//! | 102 | `flue/temperature` | i16 × 0.1 | °C |
//! | 103 | `outdoor/temperature` | i16 × 0.1 | °C, `0x8000` (no value) for 10 s of each 3 min |
//! | 104 | `supply/setpoint` | i16 × 0.1 | °C, may be written: held between 50 and 70, and then kept |
//! | 105 | `pressure` | i16 × 0.01 | bar |
//! | 106 | `burner/modulation` | u16 | % |
//! | 107–109 | hole | | |
//! | 110 | `operating_hours` | u32 ABCD | h |
//! | 112 | `burner/starts` | u32 ABCD | |
//! | 114–119 | hole | | |
//! | 120 | `status` | u16 | bit 0 `fault/ignition`, 1 `fault/low_pressure`, 4 `service_due` |
//! | 121 | `mode` | u16 | 0 off, 1 day, 2 night |
//!
//! Coils (function 01): 0 `burner/on`, 1 `pump/on`, which may be written and switches the pump; the rest is a hole.
//! Discrete inputs (function 02): 0 `pump/running`, 1 `flame`, hole, 8 `door/closed`; the rest is a hole.

use super::{Register, Snapshot};
use crate::map::Encoding::{I16, U16, U32};
use crate::map::MapEntry;
use crate::map::Table::{self, Coil, Discrete, Holding};
use crate::map::WordOrder::Abcd;
use crate::modbus::Bank;
use crate::orders::Setpoint;
use crate::signal::{DAY_S, Duty, SiteTime, day, lag, noise};

const DEVICE: &str = "boiler";
const UNIT_ID: u8 = 2;

/// The burner: seven minutes from start to start.
const BURNER: Duty = Duty { period_s: 420.0, on_s: 250.0, offset_s: 100.0 };
/// How slowly the water follows the burner.
const WATER_TAU_S: f64 = 180.0;
/// How slowly the whole heating follows its setpoint.
const SETPOINT_TAU_S: f64 = 900.0;
const SETPOINT_DAY: f64 = 68.0;
const SETPOINT_NIGHT: f64 = 55.0;
/// What the boiler makes of a setpoint that is written to it, in tenths of a degree.
const SETPOINT_TENTHS: std::ops::RangeInclusive<i16> = 500..=700;
const SETPOINT_ADDRESS: u16 = 104;
const PUMP_ADDRESS: u16 = 1;
/// Hours (UTC) at which day and night setpoint begin.
const DAY_FROM_H: f64 = 5.0;
const NIGHT_FROM_H: f64 = 21.0;

/// The outdoor sensor's loose wire.
const LOOSE_WIRE: Duty = Duty { period_s: 180.0, on_s: 10.0, offset_s: 60.0 };
/// A missed ignition now and then.
const IGNITION_FAULT: Duty = Duty { period_s: 1_260.0, on_s: 15.0, offset_s: 300.0 };
/// Below this, the low pressure bit stands.
const LOW_PRESSURE_BAR: f64 = 1.35;

/// What was written to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Orders {
    setpoint: Option<Setpoint>,
    pump_off: bool,
}

/// What the boiler shows at one moment.
pub(crate) struct Boiler {
    supply: f64,
    back: f64,
    flue: f64,
    outdoor: f64,
    setpoint: f64,
    pressure_bar: f64,
    modulation_percent: f64,
    hours: f64,
    starts: f64,
    burner_on: bool,
    pump_on: bool,
    ignition_fault: bool,
    is_day: bool,
}

impl Boiler {
    /// Around which temperature the water swings, and which is wanted.
    fn middle(time: SiteTime, orders: &Orders) -> (f64, f64) {
        if let Some(written) = orders.setpoint {
            return (written.lagged(SETPOINT_TAU_S, time), written.wanted);
        }
        let (is_day, since_h) = Self::half(time);
        let (before, setpoint) =
            if is_day { (SETPOINT_NIGHT, SETPOINT_DAY) } else { (SETPOINT_DAY, SETPOINT_NIGHT) };
        (lag(before, setpoint, SETPOINT_TAU_S, since_h * 3_600.0), setpoint)
    }

    /// Whether it is day, and for how many hours it has been that or night.
    fn half(time: SiteTime) -> (bool, f64) {
        let hour = time.seconds().rem_euclid(DAY_S) / 3_600.0;
        let is_day = (DAY_FROM_H..NIGHT_FROM_H).contains(&hour);
        let since_h =
            if is_day { hour - DAY_FROM_H } else { (hour - NIGHT_FROM_H).rem_euclid(24.0) };
        (is_day, since_h)
    }

    /// The reading at a moment.
    pub(crate) fn at(time: SiteTime, orders: &Orders) -> Self {
        let (is_day, _) = Self::half(time);
        let (middle, setpoint) = Self::middle(time, orders);
        let heat = BURNER.lagged(WATER_TAU_S, time);
        let supply = middle + 14.0 * (heat - 0.5) + 0.15 * noise(31, 4.0, time);
        let outdoor = 8.0 + 6.0 * day(14.0, time) + 0.4 * noise(33, 90.0, time);
        let burner_on = BURNER.on(time);
        Self {
            supply,
            back: supply - 15.0 - 3.0 * (1.0 - heat) + 0.2 * noise(32, 6.0, time),
            flue: 58.0 + 95.0 * BURNER.lagged(40.0, time) + noise(34, 3.0, time),
            outdoor: if LOOSE_WIRE.on(time) { f64::NAN } else { outdoor },
            setpoint,
            pressure_bar: 1.6 + 0.3 * noise(35, 240.0, time),
            modulation_percent: 85.0 * BURNER.ramped(20.0, time),
            hours: BURNER.on_seconds(time) / 3_600.0,
            starts: BURNER.starts(time),
            burner_on,
            pump_on: !orders.pump_off,
            ignition_fault: IGNITION_FAULT.on(time),
            is_day,
        }
    }

    fn low_pressure(&self) -> bool {
        self.pressure_bar < LOW_PRESSURE_BAR
    }

    /// Service is due in the second half of each thousand hours.
    fn service_due(&self) -> bool {
        self.hours.rem_euclid(1_000.0) >= 500.0
    }

    fn status(&self) -> f64 {
        let bit = |set: bool, weight: f64| if set { weight } else { 0.0 };
        bit(self.ignition_fault, 1.0)
            + bit(self.low_pressure(), 2.0)
            + bit(self.service_due(), 16.0)
    }
}

/// A temperature in tenths of a degree.
const fn degrees(point: &'static str, address: u16, read: fn(&Boiler) -> f64) -> Register<Boiler> {
    Register::number(point, (Holding, address), I16, "°C", read).scaled(0.1)
}

static MAP: &[Register<Boiler>] = &[
    degrees("supply/temperature", 100, |b| b.supply).within(40.0, 80.0),
    degrees("return/temperature", 101, |b| b.back).within(20.0, 70.0),
    degrees("flue/temperature", 102, |b| b.flue).within(40.0, 170.0),
    degrees("outdoor/temperature", 103, |b| b.outdoor).within(-30.0, 50.0).gaps(),
    degrees("supply/setpoint", SETPOINT_ADDRESS, |b| b.setpoint).within(30.0, 90.0),
    Register::number("pressure", (Holding, 105), I16, "bar", |b: &Boiler| b.pressure_bar)
        .scaled(0.01)
        .within(1.0, 3.0),
    Register::number("burner/modulation", (Holding, 106), U16, "%", |b: &Boiler| {
        b.modulation_percent
    })
    .within(0.0, 100.0),
    Register::number("operating_hours", (Holding, 110), U32(Abcd), "h", |b| b.hours.floor()),
    Register::number("burner/starts", (Holding, 112), U32(Abcd), "", |b| b.starts),
    Register::number("status", (Holding, 120), U16, "", Boiler::status),
    Register::bit_of("fault/ignition", (Holding, 120), 0, |b| b.ignition_fault),
    Register::bit_of("fault/low_pressure", (Holding, 120), 1, Boiler::low_pressure),
    Register::bit_of("service_due", (Holding, 120), 4, Boiler::service_due),
    Register::number(
        "mode",
        (Holding, 121),
        U16,
        "",
        |b: &Boiler| {
            if b.is_day { 1.0 } else { 2.0 }
        },
    )
    .within(0.0, 2.0)
    .labelled(&[(0, "off"), (1, "day"), (2, "night")]),
    Register::bit("burner/on", (Coil, 0), |b| b.burner_on),
    Register::bit("pump/on", (Coil, PUMP_ADDRESS), |b| b.pump_on),
    Register::bit("pump/running", (Discrete, 0), |b| b.pump_on),
    Register::bit("flame", (Discrete, 1), |b| b.modulation_percent > 10.0),
    Register::bit("door/closed", (Discrete, 8), |b| !b.ignition_fault),
];

/// The boiler's map.
pub(crate) fn map() -> Vec<MapEntry> {
    MAP.iter().map(|register| register.of(DEVICE, UNIT_ID)).collect()
}

/// The boiler at a moment, with what is written to it.
pub(crate) struct Slave<'a> {
    pub(crate) orders: &'a mut Orders,
    pub(crate) time: SiteTime,
}

impl Slave<'_> {
    fn snapshot(&self) -> Snapshot<'static, Boiler> {
        Snapshot { map: MAP, now: Boiler::at(self.time, self.orders) }
    }
}

impl Bank for Slave<'_> {
    fn registers(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>> {
        self.snapshot().registers(table, start, count)
    }

    fn bits(&self, table: Table, start: u16, count: u16) -> Option<Vec<bool>> {
        self.snapshot().bits(table, start, count)
    }

    fn set_registers(&mut self, start: u16, words: &[u16]) -> bool {
        let (SETPOINT_ADDRESS, [word]) = (start, words) else { return false };
        let (least, most) = SETPOINT_TENTHS.into_inner();
        let wanted = f64::from(word.cast_signed().clamp(least, most)) * 0.1;
        let (from, _) = Boiler::middle(self.time, self.orders);
        self.orders.setpoint = Some(Setpoint::new(wanted, from, self.time));
        true
    }

    fn set_coils(&mut self, start: u16, bits: &[bool]) -> bool {
        let (PUMP_ADDRESS, [on]) = (start, bits) else { return false };
        self.orders.pump_off = !on;
        true
    }
}
