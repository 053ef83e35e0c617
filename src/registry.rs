//! Driver name → constructor. The only place that names the drivers.

use pointcast_api::settings::Build;

/// One kind of driver, as `driver = "…"` names it.
#[derive(Clone, Copy, Debug)]
pub struct DriverKind {
    /// The word in the configuration.
    pub name: &'static str,
    /// What it talks to, for people.
    pub about: &'static str,
    /// Checks a channel's settings and makes its driver; opens nothing.
    pub build: Build,
}

/// Every driver this program has.
pub const DRIVERS: &[DriverKind] = &[];
