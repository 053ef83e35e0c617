//! `greenhouse1` and `greenhouse2`: climate controllers, Modbus RTU units 1 and 2 on one line, alike.
//!
//! Input registers (function 04):
//!
//! | address | point | type | unit |
//! |---|---|---|---|
//! | 0 | `temperature` | i16 × 0.1 | °C |
//! | 1 | `humidity` | u16 × 0.1 | % |
//! | 2 | `co2` | u16 | ppm |
//! | 3 | `vent/position` | u16 | % |
//! | 4 | `light` | u32 ABCD | lx |
//! | 6 | `soil/moisture` | u16 × 0.1 | % |
//!
//! Holding registers (function 03): 0 `temperature/setpoint` i16 × 0.1 °C, which may be written and is held between
//! 10 and 35; 1 `co2/setpoint` u16 ppm.
//! Coils (function 01): 0 `lamps/on`, 1 `irrigation/on`. Discrete inputs (function 02): 0 `door/open`.
//! Everything else is a hole.

use super::{Register, Snapshot};
use crate::map::Encoding::{I16, U16, U32};
use crate::map::MapEntry;
use crate::map::Table::{self, Coil, Discrete, Holding, Input};
use crate::map::WordOrder::Abcd;
use crate::modbus::Bank;
use crate::orders::Setpoint;
use crate::signal::{Duty, SiteTime, daylight, noise};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum House {
    One,
    Two,
}

impl House {
    fn device(self) -> &'static str {
        match self {
            Self::One => "greenhouse1",
            Self::Two => "greenhouse2",
        }
    }

    fn unit_id(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    fn seed(self) -> u64 {
        u64::from(self.unit_id()) * 1_000
    }

    fn setpoint(self) -> f64 {
        match self {
            Self::One => 21.0,
            Self::Two => 18.5,
        }
    }
}

const IRRIGATION: Duty = Duty { period_s: 900.0, on_s: 90.0, offset_s: 200.0 };
const DOOR: Duty = Duty { period_s: 700.0, on_s: 25.0, offset_s: 500.0 };
/// Below this share of full daylight the lamps are on.
const DUSK: f64 = 0.15;
const SUN_LUX: f64 = 70_000.0;
const LAMP_LUX: f64 = 9_000.0;

/// What the controller makes of a setpoint that is written to it, in tenths of a degree.
const SETPOINT_TENTHS: std::ops::RangeInclusive<i16> = 100..=350;
const SETPOINT_ADDRESS: u16 = 0;
/// How slowly the air follows a setpoint.
const SETPOINT_TAU_S: f64 = 600.0;

/// What was written to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Orders {
    setpoint: Option<Setpoint>,
}

/// What a house measures at one moment.
pub(crate) struct Greenhouse {
    temperature: f64,
    humidity: f64,
    co2_ppm: f64,
    vent_percent: f64,
    light_lux: f64,
    soil_percent: f64,
    setpoint: f64,
    lamps_on: bool,
    irrigation_on: bool,
    door_open: bool,
}

impl Greenhouse {
    /// Around which temperature the air swings, and which is wanted.
    fn middle(house: House, time: SiteTime, orders: &Orders) -> (f64, f64) {
        match orders.setpoint {
            Some(written) => (written.lagged(SETPOINT_TAU_S, time), written.wanted),
            None => (house.setpoint(), house.setpoint()),
        }
    }

    /// The reading at a moment.
    pub(crate) fn at(house: House, time: SiteTime, orders: &Orders) -> Self {
        let (middle, setpoint) = Self::middle(house, time, orders);
        let seed = house.seed();
        let sun = daylight(time) * (0.75 + 0.25 * noise(seed + 1, 45.0, time));
        let irrigated = IRRIGATION.lagged(240.0, time);
        let door = DOOR.lagged(20.0, time);
        let temperature = middle + 7.0 * sun - 1.2 * door
            + 0.5 * noise(seed + 2, 40.0, time)
            + 0.1 * noise(seed + 3, 2.0, time);
        let vent = ((temperature - middle) / 5.0).clamp(0.0, 1.0);
        let lamps_on = daylight(time) < DUSK;
        Self {
            temperature,
            humidity: 68.0 - 12.0 * vent + 10.0 * irrigated + 2.0 * noise(seed + 4, 25.0, time),
            co2_ppm: 820.0 - 260.0 * vent - 60.0 * door + 25.0 * noise(seed + 5, 8.0, time),
            vent_percent: 100.0 * vent,
            light_lux: SUN_LUX * sun
                + if lamps_on { LAMP_LUX } else { 0.0 }
                + 120.0 * (1.0 + noise(seed + 6, 3.0, time)),
            soil_percent: 31.0 + 14.0 * irrigated + 0.3 * noise(seed + 7, 15.0, time),
            setpoint,
            lamps_on,
            irrigation_on: IRRIGATION.on(time),
            door_open: DOOR.on(time),
        }
    }
}

static MAP: &[Register<Greenhouse>] = &[
    Register::number("temperature", (Input, 0), I16, "°C", |g: &Greenhouse| g.temperature)
        .scaled(0.1)
        .within(5.0, 45.0),
    Register::number("humidity", (Input, 1), U16, "%", |g: &Greenhouse| g.humidity)
        .scaled(0.1)
        .within(0.0, 100.0),
    Register::number("co2", (Input, 2), U16, "ppm", |g: &Greenhouse| g.co2_ppm)
        .within(300.0, 2_000.0),
    Register::number("vent/position", (Input, 3), U16, "%", |g: &Greenhouse| g.vent_percent)
        .within(0.0, 100.0),
    Register::number("light", (Input, 4), U32(Abcd), "lx", |g: &Greenhouse| g.light_lux)
        .within(0.0, 100_000.0),
    Register::number("soil/moisture", (Input, 6), U16, "%", |g: &Greenhouse| g.soil_percent)
        .scaled(0.1)
        .within(0.0, 100.0),
    Register::number(
        "temperature/setpoint",
        (Holding, SETPOINT_ADDRESS),
        I16,
        "°C",
        |g: &Greenhouse| g.setpoint,
    )
    .scaled(0.1)
    .within(5.0, 35.0),
    Register::number("co2/setpoint", (Holding, 1), U16, "ppm", |_: &Greenhouse| 800.0)
        .within(300.0, 2_000.0),
    Register::bit("lamps/on", (Coil, 0), |g| g.lamps_on),
    Register::bit("irrigation/on", (Coil, 1), |g| g.irrigation_on),
    Register::bit("door/open", (Discrete, 0), |g| g.door_open),
];

/// The map of one house.
pub(crate) fn map(house: House) -> Vec<MapEntry> {
    MAP.iter().map(|register| register.of(house.device(), house.unit_id())).collect()
}

/// One house at a moment, with what is written to it.
pub(crate) struct Slave<'a> {
    pub(crate) house: House,
    pub(crate) orders: &'a mut Orders,
    pub(crate) time: SiteTime,
}

impl Slave<'_> {
    fn snapshot(&self) -> Snapshot<'static, Greenhouse> {
        Snapshot { map: MAP, now: Greenhouse::at(self.house, self.time, self.orders) }
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
        let (from, _) = Greenhouse::middle(self.house, self.time, self.orders);
        self.orders.setpoint = Some(Setpoint::new(wanted, from, self.time));
        true
    }

    fn set_coils(&mut self, _: u16, _: &[bool]) -> bool {
        false
    }
}
