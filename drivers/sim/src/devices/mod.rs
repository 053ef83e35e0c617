//! The simulated devices: what each one would measure at a given moment, and where that lies on its wire.
//!
//! A device's reading at a moment is one plain struct, computed when a request comes in: everything in one
//! reply belongs to one moment. No device knows of sockets, ports or faults.

pub(crate) mod boiler;
pub(crate) mod greenhouse;
pub(crate) mod meter;
pub(crate) mod pumps;
mod register;
pub(crate) mod scale;
pub(crate) mod weather;

pub(crate) use register::{Register, Snapshot};
