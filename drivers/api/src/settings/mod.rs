//! A configuration section as a driver sees it: typed, with file and line for every refusal.
//!
//! The service reads the file and hands each driver [`Settings`]; the driver takes the keys it knows and
//! calls [`Settings::finish`], which refuses the rest. Every problem goes into one [`Refusals`], so a person
//! sees all of them together. Nothing here knows the file's format.

mod entry;
mod located;
mod near;
mod read;
mod refusal;

pub use entry::{Decimal, Entry, Setting};
pub use located::Located;
pub use read::{Settings, UNKNOWN_KEY};
pub use refusal::{Place, Refusal, Refusals};

use crate::{DeviceName, Driver, PointDetails, PointId};

/// A channel as configured: what [`Build`] makes a driver of.
#[derive(Debug)]
pub struct ChannelSettings {
    /// Its name, unique in the gateway.
    pub name: String,
    /// The keys that are the driver's own.
    pub settings: Settings,
    /// Its devices; a [`DeviceIndex`](crate::DeviceIndex) is a place in here.
    pub devices: Vec<DeviceSettings>,
}

/// A device as configured.
#[derive(Debug)]
pub struct DeviceSettings {
    /// Its name, unique in the gateway.
    pub name: DeviceName,
    /// The keys that are the driver's own.
    pub settings: Settings,
    /// Its points, in the order of the file.
    pub points: Vec<PointSettings>,
}

/// A point as configured.
#[derive(Debug)]
pub struct PointSettings {
    /// The full id, device prefix included.
    pub id: PointId,
    /// What any point may be told.
    pub details: PointDetails,
    /// The keys that are the driver's own, `type` and `scan_ms` among them.
    pub settings: Settings,
}

/// A driver's constructor: checks everything, opens nothing.
///
/// Returns `None` only together with at least one refusal.
pub type Build = fn(ChannelSettings, &mut Refusals) -> Option<Box<dyn Driver>>;
