//! What a serial line may be like, here or behind a connection.

use std::time::Duration;

use crate::line::{Coding, Line};

/// USB adapters hand bytes over in pieces up to 16 ms apart; only a pause longer than this is a silence
/// within what was received.
pub(super) const ADAPTER_LATENCY: Duration = Duration::from_millis(20);

/// A network may hold back a piece of a frame until it is sent again, after 200 ms and a round trip at least.
const NETWORK_LATENCY: Duration = Duration::from_millis(500);

/// How long a device may pause between two characters in ASCII (§2.5.2.1).
const ASCII_PAUSE: Duration = Duration::from_secs(1);

/// What is between us and the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// A port of this machine.
    Port,
    /// A connection to whatever has the port.
    Network,
}

/// What a line may be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SerialTiming {
    pub(crate) path: Path,
    pub(crate) coding: Coding,
    /// Behind a connection it may be unknown: then everything on it is taken to be part of the patience.
    pub(crate) line: Option<Line>,
    /// How much longer a request takes where RTS is switched for it.
    pub(crate) rts_delay: Duration,
    /// Longest an answer may take to begin and still be known as late.
    pub(crate) max_reply_delay: Duration,
    /// Least pause between a reply and the next request, where more than the silence is wanted.
    pub(crate) request_gap: Duration,
}

impl SerialTiming {
    /// What the line makes of its parameters; nothing where they are unknown.
    pub(super) fn wire(&self, time: impl FnOnce(&Line) -> Duration) -> Duration {
        self.line.as_ref().map(time).unwrap_or_default()
    }

    /// What stands before every request.
    pub(super) fn silence(&self) -> Duration {
        self.wire(Line::silence).max(self.request_gap)
    }

    /// The pause after which what is unfinished is given up.
    pub(super) fn quiet(&self) -> Duration {
        let latency = match self.path {
            Path::Port => ADAPTER_LATENCY,
            Path::Network => NETWORK_LATENCY,
        };
        match self.coding {
            Coding::Rtu => latency.max(self.wire(Line::silence)),
            Coding::Ascii => ASCII_PAUSE + latency,
        }
    }

    /// How long after a request has reached the line the last of an answer may come, of the longest kind.
    pub(crate) fn longest_delay(&self) -> Duration {
        self.max_reply_delay + self.wire(Line::longest_frame) + ADAPTER_LATENCY
    }
}
