//! Modbus TCP, and Modbus RTU and ASCII on serial lines here or behind serial device servers, as a Pointcast
//! driver: functions 1 to 4, and 5, 6, 15, 16, 22 and 23 for what may be written.
//!
//! Documents: Modbus Application Protocol V1.1b3, Modbus over Serial Line V1.02, Modbus Messaging on TCP/IP
//! Implementation Guide V1.0b. The library tokio-modbus gives the PDU types; link, framing, correlation and
//! timing are this crate's, as on them hangs whether a wrong value can appear.
//!
//! From the configuration down to the wire:
//!
//! - `settings` checks everything and tells all that is wrong; [`build_tcp`], [`build_rtu`] and the like are
//!   its doors.
//! - `admission` says whether the channel has the time, and revises intervals where it has not; pure.
//! - `plan` groups points into the blocks that keep the bus least busy; `schedule` says which block is next;
//!   `patience` how long to leave alone what does not answer; `learner` how long an answer takes; `depth` how many
//!   requests are on their way at once. All are pure.
//! - `sunspec` finds out where a device has its models, and puts the points that are in them there; pure.
//! - `planned` tells of a plan what people want to know.
//! - `memory` is what was learned as text, for the next start.
//! - `opening` opens ports and connections; `session` asks block after block and puts what is answered, and
//!   writes between two requests (`writes`);
//!   `link` carries one request and its answer.
//! - `frame` knows what a reply must look like, `decode` (with `order` and `scale`) what it means; `encode`
//!   is its inverse.
//!
//! Beside all that, [`probe`] is for people who get to know a bus before they configure it.
//!
//! Invariants: a value appears only from a reply that matches its request in all the protocol has to match
//! by; one reply is one batch; no unit, block or register that fails takes others with it. Nothing is
//! written but what a command asks for, to a point whose configuration says `writable`, and that once.

mod address;
mod admission;
mod crc;
mod decode;
mod depth;
mod driver;
mod encode;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod learner;
mod line;
mod link;
#[cfg(feature = "bench")]
pub mod measure;
mod memory;
mod opening;
mod order;
mod patience;
mod plan;
mod planned;
pub mod probe;
mod scale;
mod schedule;
mod session;
mod settings;
mod sunspec;
mod tls;
mod writing;

use pointcast_api::Driver;
use pointcast_api::settings::{ChannelSettings, Refusals};

use driver::ModbusDriver;
use settings::Kind;

/// A channel of the driver `modbus-tcp`.
///
/// Channel keys: `address` (`host`, `host:port`; port 502, with TLS 802), `tls` (false), `ca`,
/// `client_certificate`, `client_key`, `server_name` (that of `address`), `connect_timeout_ms` (3000),
/// `round_trip_ms` (what a request and its reply take, for predictions), `timeout_ms` (1000), `timeout_min_ms`
/// (200: by so much a learned timeout is longer than the mean), `retries` (1), `max_gap` (registers that nobody
/// wants and that may be read along; as many as are cheaper than another request), `request_gap_ms` (0),
/// `max_in_flight` (1; up to 16: how many requests may be on their way at once, until the server shows that it does
/// not take them). Device
/// keys: `unit_id` (1; 0 to 255),
/// `word_order` (`"ABCD"`), `scan_ms` (1000), `timeout_ms`, `max_gap`, `max_block` (125 registers), `sunspec_base`
/// (where the SunSpec marker is). Point keys: `address`, `alternatives` (several addresses in SunSpec models, with what
/// belongs to them), `optional` (not in every device), `type`, `scan_ms`, `word_order`, `scale`, `offset`, `scale_register` (where the power of
/// ten stands), `no_value` (raw values that stand for none, such as `0x8000`, or `"sunspec"`), `clamp` (to
/// the range), `length`, `encoding` (`"utf-8"`), `padding` (`"nul"`), `utc_offset`, `overlap`, `writable`,
/// `write_function`, `read_modify_write`, `coalesce`.
///
/// Returns `None` only together with at least one refusal. Opens nothing.
pub fn build_tcp(channel: ChannelSettings, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    build(channel, Kind::Tcp, refusals)
}

/// A channel of the driver `modbus-rtu`.
///
/// Keys as in [`build_tcp`], but for the channel: `port` instead of `address`, `connect_timeout_ms`, `round_trip_ms`,
/// `max_in_flight` and what belongs to TLS; `baud` (9600), `data_bits` (8), `parity` (`"even"`), `stop_bits` (1), `rs485` (false),
/// `rts_on_send` (`"high"`), `rts_delay_before_ms` (0), `rts_delay_after_ms` (0), `turnaround_ms` (5: how long slaves
/// think, for predictions), `max_reply_delay_ms` (twice the longest timeout: how late an answer may begin and
/// still be known as late). `unit_id` (1 to 247) must be given.
///
/// Returns `None` only together with at least one refusal. Opens nothing.
pub fn build_rtu(channel: ChannelSettings, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    build(channel, Kind::Rtu, refusals)
}

/// A channel of the driver `modbus-rtu-over-tcp`: a line behind a serial device server that passes RTU frames on
/// as they are.
///
/// Keys as in [`build_rtu`], but for the channel: `address` (`host:port`) and `connect_timeout_ms` (3000) instead
/// of `port`. `baud` and what belongs to it describe the far line, for predictions; without `baud` the line
/// is unknown, and `timeout_ms` covers the whole reply.
///
/// Returns `None` only together with at least one refusal. Opens nothing.
pub fn build_rtu_over_tcp(
    channel: ChannelSettings,
    refusals: &mut Refusals,
) -> Option<Box<dyn Driver>> {
    build(channel, Kind::RtuOverTcp, refusals)
}

/// A channel of the driver `modbus-ascii`.
///
/// Keys as in [`build_rtu`]; `data_bits` (7) may be 8.
///
/// Returns `None` only together with at least one refusal. Opens nothing.
pub fn build_ascii(channel: ChannelSettings, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    build(channel, Kind::Ascii, refusals)
}

/// A channel of the driver `modbus-ascii-over-tcp`.
///
/// Keys as in [`build_rtu_over_tcp`]; `data_bits` (7) may be 8.
///
/// Returns `None` only together with at least one refusal. Opens nothing.
pub fn build_ascii_over_tcp(
    channel: ChannelSettings,
    refusals: &mut Refusals,
) -> Option<Box<dyn Driver>> {
    build(channel, Kind::AsciiOverTcp, refusals)
}

fn build(channel: ChannelSettings, kind: Kind, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    let site = settings::check(channel, kind, refusals)?;
    Some(Box::new(ModbusDriver::new(site)))
}

#[cfg(test)]
mod testing;
