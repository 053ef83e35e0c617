//! Whichever link a bus needs, as one type.

use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::bus::Wire;
use crate::frame::Request;
use crate::line::Coding;
use crate::link::serial::{AsciiLink, RtuLink};
use crate::link::tcp::TcpLink;
use crate::link::timing::SerialTiming;
use crate::link::{Exchange, Link, Lost, MayGo, Strays};
use crate::settings::{Reach, SerialSettings, Site, Transport};

/// A link on memory.
pub(crate) enum AnyLink {
    Tcp(TcpLink<DuplexStream>),
    Rtu(RtuLink<DuplexStream>),
    Ascii(AsciiLink<DuplexStream>),
}

impl AnyLink {
    /// A link to a serial line.
    pub(crate) fn serial(stream: DuplexStream, timing: SerialTiming) -> Self {
        match timing.coding {
            Coding::Rtu => Self::Rtu(RtuLink::new(stream, timing)),
            Coding::Ascii => Self::Ascii(AsciiLink::new(stream, timing)),
        }
    }

    /// The link that `site` wants, and how its bus must be served.
    pub(crate) fn of(site: &Site, stream: DuplexStream) -> (Self, Wire) {
        match &site.channel.transport {
            Transport::Tcp(..) => {
                let link = TcpLink::new(stream, site.channel.request_gap);
                (Self::Tcp(link.taking(site.channel.max_in_flight)), Wire::Tcp)
            }
            Transport::Serial(serial @ SerialSettings { reach, line, .. }) => {
                let wire = match (line.coding, reach) {
                    (Coding::Rtu, Reach::Port(_)) => Wire::Rtu,
                    (Coding::Rtu, Reach::Network(_)) => Wire::RtuOverTcp,
                    (Coding::Ascii, Reach::Port(_)) => Wire::Ascii,
                    (Coding::Ascii, Reach::Network(_)) => Wire::AsciiOverTcp,
                };
                (Self::serial(stream, site.timing(serial)), wire)
            }
        }
    }
}

impl Link for AnyLink {
    fn deaf_after(&self) -> Option<u32> {
        match self {
            Self::Tcp(link) => link.deaf_after(),
            Self::Rtu(link) => link.deaf_after(),
            Self::Ascii(link) => link.deaf_after(),
        }
    }

    async fn ask_if(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
    ) -> Result<Exchange, Lost> {
        match self {
            Self::Tcp(link) => link.ask_if(request, patience, may_go).await,
            Self::Rtu(link) => link.ask_if(request, patience, may_go).await,
            Self::Ascii(link) => link.ask_if(request, patience, may_go).await,
        }
    }

    async fn send_all(&mut self, requests: &[(Request, Duration)]) -> Result<usize, Lost> {
        match self {
            Self::Tcp(link) => link.send_all(requests).await,
            Self::Rtu(link) => link.send_all(requests).await,
            Self::Ascii(link) => link.send_all(requests).await,
        }
    }

    async fn hear(&mut self) -> Result<Option<(usize, Exchange)>, Lost> {
        match self {
            Self::Tcp(link) => link.hear().await,
            Self::Rtu(link) => link.hear().await,
            Self::Ascii(link) => link.hear().await,
        }
    }

    async fn idle(&mut self, until: Instant) -> Result<Strays, Lost> {
        match self {
            Self::Tcp(link) => link.idle(until).await,
            Self::Rtu(link) => link.idle(until).await,
            Self::Ascii(link) => link.idle(until).await,
        }
    }

    fn rests_until(&self, unit: u8) -> Option<Instant> {
        match self {
            Self::Tcp(link) => link.rests_until(unit),
            Self::Rtu(link) => link.rests_until(unit),
            Self::Ascii(link) => link.rests_until(unit),
        }
    }
}
