//! Simulated devices that speak the real protocols over real sockets, pseudo terminals and a broker.
//!
//! - [`run`] with [`Settings`]: the site, as one future. [`Running`] says what is there.
//! - [`FaultBoard`]: makes devices misbehave at run time, by words such as `boiler=late:300`.
//! - [`Capture`]: the traffic of the Modbus wires with its times; [`serve_line`] plays a paced line for tests.
//! - [`map`]: what each device offers, as tables that a configuration can be checked against.
//!
//! Invariants: a value is a function of the time and of what was written, however often it is read; one reply is one
//! moment; a counter never runs backwards. Nothing here is a driver, and no driver knows of it.

mod backoff;
mod capture;
mod devices;
mod fault;
mod listener;
pub mod map;
mod modbus;
mod mqtt;
mod orders;
mod port;
mod presence;
#[cfg(test)]
mod scratch;
mod signal;
mod simulation;
mod talker;

pub use capture::{Capture, Direction, Entry, MAX_ENTRIES, MAX_FILE_BYTES, Tap};
pub use fault::{Device, Fault, FaultBoard, FaultError, MAX_FLIPPED_BITS, MAX_LATE_MS};
pub use modbus::{Answer, Coding, Format, FormatError, Line, Pace, serve_line};
pub use simulation::{Failure, Running, Settings, run};
