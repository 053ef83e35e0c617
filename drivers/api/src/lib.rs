//! What a driver is: the words drivers and the service share, and the contract between them.
//!
//! - [`PointId`], [`DeviceName`]: names, checked once, never checked again.
//! - [`Value`], [`Reading`], [`Sample`], [`Reason`]: what was read, and how far it may be trusted.
//! - [`Driver`], [`Outlet`], [`Inlet`], [`Fault`]: who calls whom, and when.
//! - [`Command`], [`Ticket`], [`Outcome`]: a value on its way to a device, and what became of it.
//! - [`text`], [`Reports`], [`Rationed`], [`Blocking`]: what several drivers need: text to value, devices'
//!   reports told in time, log lines told seldom, threads that may hang.
//! - [`settings`]: a configuration section as a driver sees it, with file and line for every refusal.
//!
//! Invariants: a [`Value`] is always finite and bounded; a [`Sample`] that carries no value cannot look
//! like one that does. This crate does no I/O, keeps no clock but [`UnixMs::now`], and knows neither a
//! protocol nor the service.

mod blocking;
mod command;
mod driver;
mod exact;
mod failing;
mod inlet;
mod name;
mod outlet;
mod point;
mod quality;
mod rationed;
mod reports;
mod sample;
pub mod settings;
mod shared;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
mod value;

pub use blocking::Blocking;
pub use command::{Command, Outcome, Refused, Ticket, Verdict};
pub use driver::{Driver, Fault, MAX_MEMORY_BYTES, PlannedRequest, SessionFuture, Utilisation};
pub use exact::Exact;
pub use failing::FailingPoints;
pub use inlet::{COMMANDS_PER_CHANNEL, Inlet, command_queue};
pub use name::{DeviceName, MAX_ID_BYTES, MAX_SEGMENTS, NameError, PointId, check_segment};
pub use outlet::{DeviceCounters, DeviceReport, DeviceState, ExceptionCounts, Outlet};
pub use point::{
    About, DeviceDeclaration, DeviceIndex, PointDeclaration, PointDetails, PointIndex, PointTraits,
    STALE_AFTER_SCANS, StaleAfter, ValueType,
};
pub use quality::{Failure, Quality, Reason};
pub use rationed::Rationed;
pub use reports::Reports;
pub use sample::{Reading, Sample, UnixMs};
pub use shared::Shared;
pub use value::{FiniteF32, FiniteF64, MAX_TEXT_BYTES, Text, Value};
