//! How a resource hands its connection over: it leaves its feed here and never answers.
//!
//! The resource runs inside its connection's task, so that the connection sees it at the end of the same poll. A request
//! that has no such place (of HTTP/2) is answered the ordinary way.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use crate::http::pump::Framing;
use crate::stream::Feed;

/// One connection's place for a feed, in the extensions of each of its requests.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct HandOver(Arc<Mutex<Option<(Feed, Framing)>>>);

impl HandOver {
    /// Leaves a feed. The connection ends here: this never returns.
    ///
    /// # Cancellation
    /// Dropping it takes nothing back.
    pub(in crate::http) async fn leave(&self, feed: Feed, framing: Framing) -> Infallible {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((feed, framing));
        pending().await
    }

    /// What was left, if anything was. It does not wake: it is to be asked whenever the request was driven.
    pub(super) fn poll_left(&self) -> Poll<(Feed, Framing)> {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        left.map_or(Poll::Pending, Poll::Ready)
    }
}
