//! HTTP/1.x on one connection, until it ends or becomes a stream.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::connection::{First, HEAD_BYTES, Service};
use super::{HandOver, Peer};
use crate::http::pump::Framing;
use crate::stream::Feed;

impl Service {
    /// Serves requests; gives the feed of a stream, whose answer is due.
    pub(super) async fn http1(
        &self,
        stream: &mut TcpStream,
        first: &First,
        peer: Peer,
    ) -> hyper::Result<Option<(Feed, Framing)>> {
        let hand_over = HandOver::default();
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(hand_over.clone());
            self.call(request, peer)
        });
        let mut lent = pin!(self.lend(stream, first));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(HEAD_BYTES as usize)
            .serve_connection(TokioIo::new(lent.as_mut()), service);
        let mut served = pin!(served);
        let mut stopping = false;
        loop {
            // A feed is left while the connection is driven, and is seen before anything else can happen to it.
            let driven = poll_fn(|context| match served.as_mut().poll(context) {
                Poll::Ready(ended) => Poll::Ready(ended.map(|()| None)),
                Poll::Pending => hand_over.poll_left().map(|left| Ok(Some(left))),
            });
            // Both arms are cancel-safe: the connection keeps its place in what it does.
            tokio::select! {
                driven = driven => return driven,
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    served.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
