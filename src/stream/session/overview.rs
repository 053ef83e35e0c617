//! What a session is at one moment, for those who look after clients.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::{Frames, Session};
use crate::stream::statistics::Sent;

/// A session as it was when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overview {
    /// Whether a connection holds it; if not, its life is running out.
    pub connected: bool,
    /// Of its subscription.
    pub revision: u32,
    /// How many entries the subscription has.
    pub entries: usize,
    /// How many points those select.
    pub points: usize,
    /// What all its connections together have sent.
    pub sent: Sent,
}

impl Session {
    /// The session as it is now.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let state = self.state();
        let now = &state.arrangement;
        let Frames { frames, changes, skipped } = state.sent;
        Overview {
            connected: self.unused(state.connection, Instant::now()).is_none(),
            revision: now.revision,
            entries: now.entries.len(),
            points: now.points(),
            sent: Sent { frames, changes, skipped, bytes: self.sent_bytes.load(Ordering::Relaxed) },
        }
    }
}
