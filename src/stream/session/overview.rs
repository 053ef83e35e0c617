//! What a session is at one moment, for those who look after clients.

use std::sync::atomic::Ordering;

use super::Session;
use crate::stream::statistics::Sent;
use crate::table::Index;

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
        let (mut overview, selected) = {
            let state = self.state();
            let now = &state.arrangement;
            let selected: Vec<Index> = now.rows.iter().map(|row| row.index).collect();
            let overview = Overview {
                connected: self.left_at(state.connection).is_none(),
                revision: now.revision,
                entries: now.entries.len(),
                points: 0,
                sent: Sent { bytes: self.sent_bytes.load(Ordering::Relaxed), ..state.sent },
            };
            (overview, selected)
        };
        // A removed point stays selected until its client was told.
        let catalog = self.shared.table.catalog();
        overview.points = selected.iter().filter(|index| !catalog.is_removed(**index)).count();
        overview
    }
}
