//! What a serial line carries to one unit, and what became of it.

use std::time::Duration;

use tokio::time::Instant;

/// A message to one unit, and what is known of its reply beforehand.
pub(super) struct Message {
    pub(super) unit: u8,
    pub(super) frame: Vec<u8>,
    /// How long it takes on the wire, and how long its reply does.
    pub(super) wire: Duration,
    pub(super) reply_wire: Duration,
    /// Whether it may come back before the reply.
    pub(super) may_echo: bool,
}

/// What became of a message.
pub(super) struct Outcome<T> {
    /// With how long it took.
    pub(super) reply: Option<(T, Duration)>,
    /// When its last character left, as far as known.
    pub(super) sent: Instant,
}
