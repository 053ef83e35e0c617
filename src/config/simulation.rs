//! `[simulation]`: simulated devices that run inside the gateway, for a first look and for tests.

use std::net::SocketAddr;
use std::path::PathBuf;

use pointcast_api::settings::{Refusals, Settings};

/// Where the simulated devices are to be reached; one that is not named does not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Modbus TCP slaves: energy meter, boiler, pump station.
    pub modbus_tcp: Option<SocketAddr>,
    /// A Modbus RTU line with two greenhouse slaves, linked at this path.
    pub modbus_rtu: Option<PathBuf>,
    /// A weighing scale that talks lines, linked at this path.
    pub scale: Option<PathBuf>,
    /// An MQTT broker with a weather station that publishes to it.
    pub mqtt: Option<SocketAddr>,
}

/// Takes `[simulation]` out of a file.
pub(super) fn take(file: &mut Settings, refusals: &mut Refusals) -> Option<Simulation> {
    let mut section = file.section("simulation", "simulation", refusals)?;
    let simulation = Simulation {
        modbus_tcp: address(&mut section, "modbus_tcp", refusals),
        modbus_rtu: path(&mut section, "modbus_rtu", refusals),
        scale: path(&mut section, "scale", refusals),
        mqtt: address(&mut section, "mqtt", refusals),
    };
    section.finish(refusals);
    Some(simulation)
}

fn address(
    section: &mut Settings,
    key: &'static str,
    refusals: &mut Refusals,
) -> Option<SocketAddr> {
    let text = section.text(key, refusals)?;
    let parsed = text.value.parse().ok();
    if parsed.is_none() {
        let problem = format!("{:?} is no IP address with a port", text.value);
        text.refuse(refusals, problem, "write it like \"127.0.0.1:15020\"");
    }
    parsed
}

fn path(section: &mut Settings, key: &'static str, refusals: &mut Refusals) -> Option<PathBuf> {
    let text = section.text(key, refusals)?;
    if !text.value.starts_with('/') {
        let problem = format!("{:?} does not begin at the root", text.value);
        text.refuse(refusals, problem, "write it like \"/tmp/pointcast-sim/scale\"");
        return None;
    }
    Some(PathBuf::from(text.value))
}
