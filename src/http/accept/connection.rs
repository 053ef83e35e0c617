//! One connection, from its first byte to its end or to its stream's handing over.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::debug;

use super::{HandOver, Peer};
use crate::http::pump::{Arrival, Framing, Pumps};
use crate::http::socket;
use crate::limits::Limits;
use crate::stream::Feed;

/// Bytes hyper may buffer for one connection, and the longest head of a request.
const BUFFER_BYTES: usize = 32 * 1024;

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) limits: Arc<Limits>,
    pub(super) pumps: Arc<Pumps>,
    pub(super) stop: CancellationToken,
}

impl Service {
    /// Serves one connection to its end, or until it is a stream that a pump serves.
    ///
    /// # Cancellation
    /// Dropping the future drops the connection.
    pub(super) async fn connection(
        self,
        mut stream: TcpStream,
        remote: SocketAddr,
        place: OwnedSemaphorePermit,
    ) {
        let local = match socket::prepare(&stream, &self.limits) {
            Ok(local) => local,
            Err(error) => return debug!(%remote, %error, "connection lost at its beginning"),
        };
        match self.http1(&mut stream, Peer { remote, local }).await {
            Ok(None) => {}
            Ok(Some((feed, framing))) => match stream.into_std() {
                Ok(socket) => self.pumps.take(Arrival { socket, feed, framing, place }),
                Err(error) => debug!(%remote, %error, "stream lost at its beginning"),
            },
            Err(error) => debug!(%remote, %error, "connection ended"),
        }
    }

    /// Serves requests; gives the feed of a stream, whose answer is due.
    async fn http1(
        &self,
        stream: &mut TcpStream,
        peer: Peer,
    ) -> hyper::Result<Option<(Feed, Framing)>> {
        let hand_over = HandOver::default();
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(hand_over.clone());
            self.router.clone().call(request.map(Body::new))
        });
        // It is only lent: a stream's socket is wanted back.
        let (reading, writing) = stream.split();
        let mut lent = TimeoutStream::new(tokio::io::join(reading, writing));
        lent.set_write_timeout(Some(self.limits.write_timeout));
        let mut lent = pin!(lent);
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(BUFFER_BYTES)
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
