//! Getting to know what hangs on a bus before it is configured: who is there, what stands in which register, and
//! where a value that one can see on a display lies. Only reads, and keeps nothing.
//!
//! - [`Bus`] is a channel's keys, checked; [`Probe`] the open link, one request at a time and as patient as a
//!   gateway. It is a master like any other: a line must have no second one.
//! - [`Span`] says what is to be read, `Image` what came of it, holes included; `survey` finds them out. Pure.
//! - [`TYPES`] and [`ORDERS`] are all that numbers may be; [`Expectation`] looks for one among them. Pure.

mod fit;
mod image;
mod link;
mod span;
mod survey;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use pointcast_api::settings::{Refusals, Settings};
use pointcast_api::{Blocking, Fault};
use tokio_modbus::ExceptionCode;

pub use fit::{Expectation, Fit};
pub use image::{Cell, Image, ORDERS, Order, TYPES, Type};
pub use link::{Heard, Presence, Probe};
pub use span::{Span, SpanError};

use crate::link::timing::SerialTiming;
use crate::planned;
use crate::settings::{Channel, Kind, Transport, channel, serial_timing};

/// What an exception of this code means, in words (Modbus Application Protocol V1.1b3 §7).
#[must_use]
pub fn exception_words(code: u8) -> String {
    ExceptionCode::new(code).to_string().to_lowercase()
}

/// Exceptions by which a gateway says that it cannot reach a unit (§7).
const OF_GATEWAY: [u8; 2] = [10, 11];

/// Whether an exception of this code is a gateway's, which cannot reach the unit, and not the unit's own.
#[must_use]
pub fn is_of_gateway(code: u8) -> bool {
    OF_GATEWAY.contains(&code)
}

/// Checks a channel's own keys; `None` only together with at least one refusal.
pub type Check = fn(Settings, &mut Refusals) -> Option<Bus>;

/// A bus as configured. Nothing is open.
#[derive(Debug)]
pub struct Bus {
    channel: Channel,
    kind: Kind,
    opening: Blocking,
}

/// The keys of a channel of the driver `modbus-tcp`, as [`build_tcp`](crate::build_tcp) has them.
pub fn check_tcp(keys: Settings, refusals: &mut Refusals) -> Option<Bus> {
    check(keys, Kind::Tcp, refusals)
}

/// The keys of a channel of the driver `modbus-rtu`.
pub fn check_rtu(keys: Settings, refusals: &mut Refusals) -> Option<Bus> {
    check(keys, Kind::Rtu, refusals)
}

/// The keys of a channel of the driver `modbus-rtu-over-tcp`.
pub fn check_rtu_over_tcp(keys: Settings, refusals: &mut Refusals) -> Option<Bus> {
    check(keys, Kind::RtuOverTcp, refusals)
}

/// The keys of a channel of the driver `modbus-ascii`.
pub fn check_ascii(keys: Settings, refusals: &mut Refusals) -> Option<Bus> {
    check(keys, Kind::Ascii, refusals)
}

/// The keys of a channel of the driver `modbus-ascii-over-tcp`.
pub fn check_ascii_over_tcp(keys: Settings, refusals: &mut Refusals) -> Option<Bus> {
    check(keys, Kind::AsciiOverTcp, refusals)
}

fn check(keys: Settings, kind: Kind, refusals: &mut Refusals) -> Option<Bus> {
    let before = refusals.len();
    let channel = channel::check(keys, kind, refusals);
    (refusals.len() == before).then(|| Bus { channel, kind, opening: Blocking::default() })
}

impl Bus {
    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        self.channel.place()
    }

    /// What its line is like, where it is one and that is known: `9600 baud 8E1`.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        match &self.channel.transport {
            Transport::Tcp(..) => None,
            Transport::Serial(serial) => serial.known_line().map(planned::words),
        }
    }

    /// Which units there may be.
    #[must_use]
    pub fn units(&self) -> RangeInclusive<u8> {
        self.kind.units()
    }

    /// Whether its frames are numbered. Then a device that is alone there may answer for every unit.
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        self.kind == Kind::Tcp
    }

    /// Longest wait for an answer to begin.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.channel.timeout
    }

    /// How long nobody is asked after the link was opened, in case that somebody else asked just before.
    #[must_use]
    pub fn rest(&self) -> Duration {
        match &self.channel.transport {
            Transport::Tcp(..) => Duration::ZERO,
            Transport::Serial(serial) => self.timing(serial).longest_delay(),
        }
    }

    fn timing(&self, serial: &crate::settings::SerialSettings) -> SerialTiming {
        serial_timing(&self.channel, serial, self.channel.timeout)
    }

    /// Opens it, a serial port for itself alone.
    ///
    /// # Errors
    /// What the system says; [`Fault::explain`] has all of it. Trying again helps where the other end, or another
    /// program that has the port, is the cause.
    ///
    /// # Cancellation
    /// Safe: whatever was opened is closed.
    pub async fn open(&self) -> Result<Probe<'_>, Fault> {
        Probe::open(self).await
    }
}
