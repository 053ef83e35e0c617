//! Messages to everybody or to one client, the newest of which are kept for those who come back.
//!
//! A session remembers the id of the last notice that was written to it, so nothing is queued for a client. What was
//! written shortly before a connection ended is written again when its client comes back. What has been pushed out by
//! newer notices before a client came back is lost to it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pointcast_api::UnixMs;
use serde::Serialize;
use tokio::time::Instant;

/// How many notices are kept.
pub(super) const MAX_KEPT: usize = 1_000;

/// Longest text of a notice, in bytes of UTF-8.
pub const MAX_NOTICE_BYTES: usize = 4_096;

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something may need attention.
    Warning,
    /// Something needs attention now.
    Critical,
}

impl Severity {
    /// Every severity with its word on the wire.
    pub const WORDS: [(&'static str, Self); 3] =
        [("info", Self::Info), ("warning", Self::Warning), ("critical", Self::Critical)];
}

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// Every client.
    Everybody,
    /// The client of this name.
    Client(String),
}

/// A message, as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Counts up from 1 in each run of the gateway.
    pub id: u64,
    /// How serious it is.
    pub severity: Severity,
    /// What it says.
    pub text: String,
    /// Who sent it, as far as the gateway can tell: an address.
    pub from: String,
    /// When the gateway took it in.
    pub time: u64,
    #[serde(skip)]
    to: Addressee,
    #[serde(skip)]
    at: Instant,
}

/// The notices of one run of the gateway.
#[derive(Debug, Default)]
pub(super) struct Notices {
    kept: Mutex<VecDeque<Arc<Notice>>>,
    /// The id of the newest, so that streams need no lock to see that there is nothing new.
    last: AtomicU64,
}

impl Notices {
    /// Takes a message in, in place of the oldest if there are [`MAX_KEPT`], and gives it its id.
    pub(super) fn add(
        &self,
        to: Addressee,
        severity: Severity,
        text: String,
        from: String,
        time: UnixMs,
    ) -> u64 {
        let mut kept = self.kept();
        let id = self.last() + 1;
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        let at = Instant::now();
        kept.push_back(Arc::new(Notice { id, severity, text, from, time: time.0, to, at }));
        self.last.store(id, Ordering::Release);
        id
    }

    /// The id of the newest notice; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    /// The id of the newest notice that was there at a time, as far as is known: those that made way count as old.
    pub(super) fn last_at(&self, time: Instant) -> u64 {
        let kept = self.kept();
        let at = kept.partition_point(|notice| notice.at <= time);
        kept.get(at).map_or(self.last(), |notice| notice.id.saturating_sub(1))
    }

    /// The first notice for `client` after `id`. `None`: up to [`last`](Self::last) as it was before this call there
    /// is none.
    pub(super) fn next(&self, id: u64, client: &str) -> Option<Arc<Notice>> {
        let kept = self.kept();
        let at = kept.partition_point(|notice| notice.id <= id);
        let mut newer = kept.range(at..);
        newer.find(|notice| notice.is_for(client)).cloned()
    }

    // A notice is added in one step, so a panic elsewhere leaves whole ones.
    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Notice>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notice {
    fn is_for(&self, client: &str) -> bool {
        match &self.to {
            Addressee::Everybody => true,
            Addressee::Client(name) => name == client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(notices: &Notices, to: Addressee) -> u64 {
        notices.add(to, Severity::Info, "text".to_owned(), "here".to_owned(), UnixMs(5))
    }

    #[test]
    fn a_client_finds_what_is_for_it_in_order() {
        let notices = Notices::default();
        assert_eq!((notices.last(), notices.next(0, "a")), (0, None));
        assert_eq!(add(&notices, Addressee::Client("b".to_owned())), 1);
        assert_eq!(add(&notices, Addressee::Everybody), 2);
        assert_eq!(add(&notices, Addressee::Client("a".to_owned())), 3);
        assert_eq!(notices.next(0, "a").unwrap().id, 2);
        assert_eq!(notices.next(2, "a").unwrap().id, 3);
        assert_eq!(notices.next(3, "a"), None);
        assert_eq!(notices.next(0, "b").unwrap().id, 1);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let notices = Notices::default();
        for _ in 0..=MAX_KEPT {
            add(&notices, Addressee::Everybody);
        }
        assert_eq!(notices.next(0, "a").unwrap().id, 2, "the first made way");
    }
}
