//! How many requests may be on their way at once. Pure: told the time, never asks for it.
//!
//! As many as are configured, until the server shows that it does not take them: in [`FAILED_AFTER`] flights one after
//! the other something is not answered, or put off as by a server that is busy, or the connection is lost meanwhile.
//! Then one at a time, for [`ALONE_FOR`] or until the next start; after that, one flight that fails is enough.
//!
//! One flight that fails is an accident: a device that was switched off was asked by one flight, not by two, as it is
//! asked alone until it answers again.

use std::time::Duration;

use tokio::time::Instant;

/// Flights in a row that fail until it is one request at a time.
const FAILED_AFTER: u32 = 2;

/// How long it stays so. A server that was replaced is found out within the hour; one that cannot costs a flight.
pub(crate) const ALONE_FOR: Duration = Duration::from_secs(3_600);

/// What a channel's server was seen to take; kept from session to session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Depth {
    /// Flights that failed in a row.
    failed: u32,
    alone_until: Option<Instant>,
    /// Whether that was not told yet.
    is_news: bool,
}

impl Depth {
    /// How many may be on their way at `now`, where `configured` is the most.
    pub(crate) fn most(&self, configured: u8, now: Instant) -> usize {
        let alone = self.alone_until.is_some_and(|until| now < until);
        if alone { 1 } else { configured.into() }
    }

    /// A flight of several failed, up to `now`.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.failed = self.failed.saturating_add(1);
        if self.failed >= FAILED_AFTER {
            self.alone_until = Some(now + ALONE_FOR);
            self.is_news = true;
        }
    }

    /// Whether it is one at a time from here on; said once.
    pub(crate) fn is_news(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }

    /// All of a flight of several were answered.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn two_flights_in_a_row_that_fail_are_one_at_a_time_for_an_hour() {
        let now = Instant::now();
        let mut depth = Depth::default();
        assert_eq!(depth.most(8, now), 8);
        depth.failed(now);
        depth.succeeded();
        depth.failed(now);
        assert!(depth.most(8, now) == 8 && !depth.is_news(), "not in a row");
        depth.failed(now);
        assert!(depth.is_news() && !depth.is_news());
        assert_eq!(depth.most(8, now), 1);
        assert_eq!(depth.most(8, now + ALONE_FOR - SECOND), 1);
        // Tried once an hour from then on, and whoever can is believed.
        let later = now + ALONE_FOR;
        assert_eq!(depth.most(8, later), 8);
        depth.failed(later);
        assert_eq!(depth.most(8, later + SECOND), 1);
        depth.succeeded();
        assert_eq!(depth.most(8, later), 8);
        depth.failed(later);
        assert_eq!(depth.most(8, later), 8);
    }
}
