//! Devices that talk lines on a serial port: scales, NMEA 0183 talkers, sensors that print.
//!
//! - `config`: a channel's settings, checked once.
//! - `splitter`: bytes to whole lines; a line whose head was missed is never one.
//! - `pauses`: when the head of a line may have been missed.
//! - `checksum`: NMEA 0183's.
//! - `matcher`: a line to readings, by regular expressions that must match all of it.
//! - `standing`: how each device is, from what it said and when.
//! - `session`: reads and asks on anything that reads and writes; `port` opens the real thing.
//!
//! Invariants: one line is one batch. A damaged line, or one nobody knows, is never a value. The port is never
//! flushed: that would block a thread for as long as the wire takes.
//!
//! Without a checksum, a character that the wire changed or lost inside a line cannot be told from a right
//! one, unless the pattern no longer matches: that is the bound of what this driver can promise.

mod checksum;
mod config;
mod matcher;
mod pauses;
mod port;
mod session;
mod splitter;
mod standing;

use pointcast_api::settings::{ChannelSettings, Refusals};
use pointcast_api::{
    Blocking, DeviceDeclaration, DeviceIndex, Driver, Inlet, Outlet, PlannedRequest,
    PointDeclaration, PointIndex, Reports, SessionFuture,
};
use tokio_util::sync::CancellationToken;

use crate::config::Channel;

/// Makes the driver of a channel whose `driver` is `serial`. It checks everything and opens nothing.
///
/// Channel keys: `port`, `baud` (9600), `data_bits` (8), `parity` (`none`, `even`, `odd`), `stop_bits` (1),
/// `delimiter` (`"\n"`, before which a `\r` does not count, or `"\r"`), `max_line_bytes` (1024), `checksum`
/// (`none`, or `nmea`: patterns then see the sentence without its `*hh`), `ignore` (patterns of lines that are known and not wanted), `ask` and `ask_every_ms`
/// (text to send, and how often).
///
/// Device keys: `lines` (patterns, the first that matches a line reads it), `silence_ms` (10 000).
///
/// Point keys: `capture` (which named group of the patterns; by default the last segment of the point's
/// name), `type`, `scale`, `offset`, `on`, `off`. `stale_after_ms` is required.
pub fn build(settings: ChannelSettings, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    let channel = Channel::take(settings, refusals)?;
    let reports = Reports::new(channel.devices.len());
    Some(Box::new(Serial { channel, reports, opening: Blocking::default() }))
}

/// One port and the devices that talk on it.
struct Serial {
    channel: Channel,
    reports: Reports,
    opening: Blocking,
}

impl Driver for Serial {
    fn devices(&self) -> &[DeviceDeclaration] {
        &self.channel.devices
    }

    fn points(&self) -> &[PointDeclaration] {
        &self.channel.points
    }

    fn plan(&self) -> Vec<PlannedRequest> {
        let ask = self.channel.ask.as_ref();
        let request = match ask {
            Some(ask) => format!("ask {:?}", String::from_utf8_lossy(&ask.text)),
            None => "listen for lines".to_owned(),
        };
        let of = |device| {
            let points = (0..).map(PointIndex).zip(&self.channel.points);
            points.filter(move |(_, point)| point.details.device == device).map(|(index, _)| index)
        };
        let time = ask.map(|ask| self.channel.wire.time(ask.text.len()));
        let line = |device| PlannedRequest {
            device,
            request: request.clone(),
            parts: Vec::new(),
            scan_interval: ask.map(|ask| ask.every),
            wire_time: time,
            busy_time: time,
            is_refused: false,
            points: of(device).collect(),
        };
        (0..).map(DeviceIndex).take(self.channel.devices.len()).map(line).collect()
    }

    fn session<'a>(
        &'a self,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
        stop: CancellationToken,
    ) -> SessionFuture<'a> {
        Box::pin(async move {
            self.reports.all_offline(outlet, None);
            let ended = self.run(outlet, inlet, stop).await;
            if let Err(fault) = &ended {
                self.reports.all_offline(outlet, Some(&fault.explain()));
            }
            ended
        })
    }
}
