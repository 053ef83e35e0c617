//! Driver name → constructor. The only place that names the drivers.

use pointcast_api::settings::Build;
pub use pointcast_modbus::probe;

use crate::config::Simulation;

/// One kind of driver, as `driver = "…"` names it.
#[derive(Clone, Copy, Debug)]
pub struct DriverKind {
    /// The word in the configuration.
    pub name: &'static str,
    /// The keys of a point that say where it lies.
    pub point_address: &'static [&'static str],
    /// Checks a channel's settings and makes its driver; opens nothing.
    pub build: Build,
}

const MODBUS: &[&str] = &["address", "alternatives"];

/// Every driver this program has.
pub const DRIVERS: &[DriverKind] = &[
    kind("modbus-tcp", MODBUS, pointcast_modbus::build_tcp),
    kind("modbus-rtu", MODBUS, pointcast_modbus::build_rtu),
    kind("modbus-rtu-over-tcp", MODBUS, pointcast_modbus::build_rtu_over_tcp),
    kind("modbus-ascii", MODBUS, pointcast_modbus::build_ascii),
    kind("modbus-ascii-over-tcp", MODBUS, pointcast_modbus::build_ascii_over_tcp),
    kind("mqtt", &["topic", "pointer"], pointcast_mqtt::build),
    kind("serial", &["capture"], pointcast_serial::build),
];

const fn kind(
    name: &'static str,
    point_address: &'static [&'static str],
    build: Build,
) -> DriverKind {
    DriverKind { name, point_address, build }
}

/// How the link of a channel is checked for those who look at a bus before they configure it, by driver: of those
/// that have registers to look at.
pub const PROBES: &[(&str, probe::Check)] = &[
    ("modbus-tcp", probe::check_tcp),
    ("modbus-rtu", probe::check_rtu),
    ("modbus-rtu-over-tcp", probe::check_rtu_over_tcp),
    ("modbus-ascii", probe::check_ascii),
    ("modbus-ascii-over-tcp", probe::check_ascii_over_tcp),
];

impl From<Simulation> for pointcast_sim::Settings {
    fn from(simulation: Simulation) -> Self {
        let Simulation { modbus_tcp, modbus_rtu, scale, mqtt } = simulation;
        Self { modbus_tcp, modbus_rtu, scale, mqtt, ..Self::none() }
    }
}
