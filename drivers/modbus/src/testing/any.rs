//! The link that a site wants, on memory, and how its bus must be served.

use tokio::io::DuplexStream;

use super::bus::Wire;
use crate::line::Coding;
use crate::link::tcp::TcpLink;
use crate::settings::{Reach, SerialSettings, Site, Transport};

/// A link on memory.
pub(crate) type AnyLink = crate::link::any::AnyLink<DuplexStream>;

impl AnyLink {
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
