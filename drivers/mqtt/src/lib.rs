//! Points that come by MQTT 3.1.1 (OASIS standard, 2014): one broker connection per channel.
//!
//! - `config`: a channel's settings, checked once.
//! - `payload`: a message's bytes to readings: plain text, or JSON by pointer (RFC 6901).
//! - `feeds`: which topics feed which points.
//! - `subscriptions`: which topics are asked for, granted and refused.
//! - `standing`: how each device is, from what was granted, what came and what was silent.
//! - `pace`: how fast events are taken from the broker.
//! - `session`: the connection; the only room with I/O and a clock.
//!
//! Invariants: a message is one batch. A payload that is no value of its point turns that point bad and no
//! other. A retained message, whose age nobody knows, is uncertain unless the configuration says otherwise.
//! The session is clean (§3.1.2.4), so nothing is delivered hours late. It never publishes.

mod config;
mod feeds;
mod pace;
mod payload;
mod session;
mod standing;
mod subscriptions;

use pointcast_api::settings::{ChannelSettings, Refusals};
use pointcast_api::{
    Blocking, DeviceDeclaration, Driver, Inlet, Outlet, PlannedRequest, PointDeclaration, Reports,
    SessionFuture,
};
use tokio_util::sync::CancellationToken;

use crate::config::Channel;

/// Makes the driver of a channel whose `driver` is `mqtt`. It checks everything and opens nothing.
///
/// Channel keys: `broker` (`host`, `host:port`, `[v6]:port`; port 1883), `client_id` (default
/// `pointcast-<channel>-<8 random hex digits>`, new at every start, so that two gateways never push each other
/// out), `username`, `password_file` (read at every connection, a path that is not absolute from
/// the working directory; a line end at its end does not count),
/// `keep_alive_ms` (10 000, whole seconds), `connect_timeout_ms` (5 000), `max_packet_bytes` (1 048 576),
/// `qos` (0).
///
/// Device keys: `topic_prefix`, `retained`, `missing`, `silence_ms`.
///
/// Point keys: `topic`, `pointer`, `type`, `scale`, `offset`, `on`, `off`, `qos`, `retained` (`uncertain`,
/// `good` or `ignore`), `missing` (`error` or `ignore`: what a JSON text without the pointer's member is).
/// `stale_after_ms` is required: nobody else knows how often a publisher publishes.
pub fn build(settings: ChannelSettings, refusals: &mut Refusals) -> Option<Box<dyn Driver>> {
    let channel = Channel::take(settings, refusals)?;
    let reports = Reports::new(channel.devices.len());
    Some(Box::new(Mqtt { channel, reports, reading: Blocking::default() }))
}

/// One broker connection and the points it feeds.
struct Mqtt {
    channel: Channel,
    reports: Reports,
    reading: Blocking,
}

impl Driver for Mqtt {
    fn devices(&self) -> &[DeviceDeclaration] {
        &self.channel.devices
    }

    fn points(&self) -> &[PointDeclaration] {
        &self.channel.points
    }

    fn plan(&self) -> Vec<PlannedRequest> {
        self.channel.feeds.plan()
    }

    fn session<'a>(
        &'a self,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
        stop: CancellationToken,
    ) -> SessionFuture<'a> {
        Box::pin(async move {
            self.reports.all_offline(outlet, None);
            let ended =
                session::run(&self.channel, &self.reading, &self.reports, outlet, inlet, stop)
                    .await;
            if let Err(fault) = &ended {
                self.reports.all_offline(outlet, Some(&fault.explain()));
            }
            ended
        })
    }
}

#[cfg(test)]
mod testing;
