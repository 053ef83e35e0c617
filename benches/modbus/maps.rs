//! The registers of three real devices, counted from 0, as a plant would want them.

use std::time::Duration;

use pointcast_modbus::measure::Value;

/// A device, and what is wanted of it.
pub(crate) struct Map {
    pub(crate) name: &'static str,
    pub(crate) max_block: u16,
    pub(crate) values: Vec<Value>,
}

fn values<'a>(
    seconds: u64,
    length: u16,
    firsts: impl IntoIterator<Item = &'a u16>,
) -> impl Iterator<Item = Value> {
    let interval = Duration::from_secs(seconds);
    firsts.into_iter().map(move |first| Value { first: *first, length, interval })
}

pub(crate) fn all() -> [Map; 3] {
    [sdm630(), pm5000(), sunspec()]
}

/// Eastron SDM630-Modbus V2: input registers, two to a float; at most 40 values in one request.
///
/// Source: Eastron, "SDM630-Modbus V2 user manual", Modbus protocol, input register parameters.
fn sdm630() -> Map {
    // Voltages, currents and powers of the phases; sums, frequency; voltages between the phases, neutral.
    let now = [0, 2, 4, 6, 8, 10, 12, 14, 16, 48, 52, 56, 60, 62, 70, 200, 202, 204, 224];
    // Apparent and reactive power, power factor and angle of the phases; demands.
    let soon = [18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 66, 84, 100, 258, 260, 262];
    // Energies in all and of the phases; highest demands; distortion.
    let rarely = [72, 74, 76, 78, 86, 102, 234, 236, 238, 240, 242, 244, 264, 266, 268];
    let energies = [342, 344, 346, 348, 350, 352, 354, 356, 358, 360, 362];
    let values = values(1, 2, &now).chain(values(10, 2, &soon)).chain(values(
        60,
        2,
        rarely.iter().chain(&energies),
    ));
    Map { name: "Eastron SDM630, input registers", max_block: 80, values: values.collect() }
}

/// Schneider Electric PM5000 series: holding registers, floats and 64-bit energies.
///
/// Source: Schneider Electric, "PM5000 series Modbus register list" (FAQ FA234017), which counts from 1. Not held
/// against it: where unbalance, what the phases have of reactive and apparent power, and the energies stand.
fn pm5000() -> Map {
    let from_1 =
        |registers: &[u16]| -> Vec<u16> { registers.iter().map(|register| register - 1).collect() };
    // Currents, voltages, active, reactive and apparent power, power factor in all, frequency.
    let now = from_1(&[
        3000, 3002, 3004, 3010, 3020, 3022, 3024, 3026, 3028, 3030, 3032, 3036, 3054, 3056, 3058,
        3060, 3068, 3076, 3084, 3110,
    ]);
    // Neutral and ground, unbalance, what the phases have of reactive and apparent power.
    let soon = from_1(&[3006, 3008, 3018, 3044, 3052, 3062, 3064, 3066, 3070, 3072, 3074]);
    let energies = from_1(&[3204, 3208, 3220, 3224, 3236, 3240]);
    let values =
        values(1, 2, &now).chain(values(10, 2, &soon)).chain(values(60, 4, &energies)).collect();
    Map { name: "Schneider PM5000, holding registers", max_block: 125, values }
}

/// A three-phase inverter and its meter: SunSpec models 1, 103 and 203 in a row from 40000 on, each with its
/// number and length before it.
///
/// Source: SunSpec Alliance, information models 1, 103 and 203 (github.com/sunspec/models).
fn sunspec() -> Map {
    const COMMON: u16 = 40_002;
    const INVERTER: u16 = COMMON + 2 + 66;
    const METER: u16 = INVERTER + 2 + 50;
    let of = |model: u16, offsets: &[u16]| -> Vec<u16> {
        offsets.iter().map(|offset| model + offset).collect()
    };
    // Currents, voltages to neutral, powers, frequency; direct current side; state and events.
    let inverter_now = of(INVERTER, &[2, 3, 4, 5, 10, 11, 12, 14, 16, 18, 20, 22, 27, 29, 31, 38]);
    let events = of(INVERTER, &[40]);
    let meter_now = of(METER, &[2, 3, 4, 5, 8, 9, 10, 16, 18, 19, 20, 21, 28, 33]);
    let temperature = of(INVERTER, &[33]);
    let energies = [of(INVERTER, &[24]), of(METER, &[38, 46])].concat();
    // Scale factors, each in a register of its own.
    let inverter_scales = of(INVERTER, &[6, 13, 15, 17, 19, 21, 23, 26, 28, 30, 32, 37]);
    let meter_scales = of(METER, &[6, 15, 17, 22, 32, 37, 54]);
    // Model and serial number.
    let nameplate = of(COMMON, &[18, 50]);
    let values = values(1, 1, inverter_now.iter().chain(&meter_now))
        .chain(values(1, 2, &events))
        .chain(values(10, 1, &temperature))
        .chain(values(60, 2, &energies))
        .chain(values(60, 1, inverter_scales.iter().chain(&meter_scales)))
        .chain(values(3_600, 16, &nameplate))
        .collect();
    Map { name: "SunSpec inverter and meter, models 1, 103, 203", max_block: 125, values }
}
