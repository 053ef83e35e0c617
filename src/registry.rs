//! Driver name → constructor. The only place that names the drivers.

use pointcast_api::settings::Build;
pub use pointcast_modbus::probe;

use crate::config::Simulation;

/// One kind of driver, as `driver = "…"` names it.
#[derive(Clone, Copy, Debug)]
pub struct DriverKind {
    /// The word in the configuration.
    pub name: &'static str,
    /// Checks a channel's settings and makes its driver; opens nothing.
    pub build: Build,
}

/// Every driver this program has.
pub const DRIVERS: &[DriverKind] = &[
    DriverKind { name: "modbus-tcp", build: pointcast_modbus::build_tcp },
    DriverKind { name: "modbus-rtu", build: pointcast_modbus::build_rtu },
    DriverKind { name: "modbus-rtu-over-tcp", build: pointcast_modbus::build_rtu_over_tcp },
    DriverKind { name: "modbus-ascii", build: pointcast_modbus::build_ascii },
    DriverKind { name: "modbus-ascii-over-tcp", build: pointcast_modbus::build_ascii_over_tcp },
    DriverKind { name: "mqtt", build: pointcast_mqtt::build },
    DriverKind { name: "serial", build: pointcast_serial::build },
];

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
