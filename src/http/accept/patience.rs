//! How long an HTTP/2 stream's reader may take nothing.
//!
//! A reader that opens no window holds up its own stream alone, and its connection looks well: pings are answered. So a
//! body is given in pieces, and each must be taken before the next is asked for; whoever takes none for too long loses the
//! stream.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

/// Largest piece: as much of a body as is held beside what HTTP/2 itself may buffer.
const PIECE_BYTES: usize = 16 * 1024;

/// Since when one stream's reader has been owed a piece.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience(Arc<Mutex<Option<Instant>>>);

impl Patience {
    /// Ends when the reader has taken nothing for so long.
    ///
    /// # Cancellation
    /// Safe.
    pub(super) async fn lost(&self, bound: Duration) {
        loop {
            let now = Instant::now();
            let until = self.since().unwrap_or(now) + bound;
            if until <= now {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// A body in pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    body: Body,
    rest: Bytes,
    patience: Patience,
}

impl Pieces {
    pub(super) fn new(body: Body, patience: Patience) -> Self {
        Self { body, rest: Bytes::new(), patience }
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Whoever asks has taken what was given.
        self.patience.set(None);
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        self.patience.set(Some(Instant::now()));
        let count = self.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let inner = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
