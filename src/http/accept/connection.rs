//! One connection, from its first byte to its end or to its stream's handing over.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::future::RouteFuture;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::debug;

use super::{Peer, Place};
use crate::http::pump::{Arrival, Pumps};
use crate::http::socket;
use crate::limits::Limits;

/// What HTTP/2 by prior knowledge begins with (RFC 9113, section 3.4), as far as it tells it from any method of ours.
const PREFACE: &[u8; 4] = b"PRI ";

/// Longest head of a request.
pub(super) const HEAD_BYTES: u32 = 32 * 1024;

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
    pub(super) async fn connection(self, mut stream: TcpStream, remote: SocketAddr, place: Place) {
        let local = match socket::prepare(&stream, &self.limits) {
            Ok(local) => local,
            Err(error) => return debug!(%remote, %error, "connection lost at its beginning"),
        };
        let peer = Peer { remote, local };
        // Cancel-safe: nobody wants what was read of a connection that ends here.
        let first = tokio::select! {
            () = self.stop.cancelled() => return,
            first = timeout(self.limits.header_timeout, First::read(&mut stream)) => first,
        };
        let first = match first {
            Ok(Ok(first)) => first,
            Ok(Err(error)) => return debug!(%remote, %error, "connection lost at its beginning"),
            Err(_) => return debug!(%remote, "connection without a request"),
        };
        let ended = match first.is_preface() {
            true => self.http2(&mut stream, &first, peer).await.map(|()| None),
            false => self.http1(&mut stream, &first, peer).await,
        };
        match ended {
            Ok(None) => {}
            Ok(Some((feed, framing))) => match stream.into_std() {
                Ok(socket) => self.pumps.take(Arrival { socket, feed, framing, place }),
                Err(error) => debug!(%remote, %error, "stream lost at its beginning"),
            },
            Err(error) => debug!(%remote, %error, "connection ended"),
        }
    }

    pub(super) fn call(
        &self,
        mut request: hyper::Request<Incoming>,
        peer: Peer,
    ) -> RouteFuture<std::convert::Infallible> {
        request.extensions_mut().insert(peer);
        self.router.clone().call(request.map(Body::new))
    }

    /// The connection as hyper takes it: what was read of it already comes first, and who takes nothing is given up.
    /// It is only lent: a stream's socket is wanted back.
    pub(super) fn lend<'a>(
        &self,
        stream: &'a mut TcpStream,
        first: &'a First,
    ) -> TimeoutStream<impl AsyncRead + AsyncWrite + 'a> {
        let (reading, writing) = stream.split();
        let mut lent = TimeoutStream::new(tokio::io::join(first.bytes().chain(reading), writing));
        lent.set_write_timeout(Some(self.limits.write_timeout));
        lent
    }
}

/// A connection's first bytes: as many as it takes to know what is spoken.
#[derive(Debug, Default)]
pub(super) struct First {
    bytes: [u8; PREFACE.len()],
    count: usize,
}

impl First {
    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut first = Self::default();
        while PREFACE.starts_with(first.bytes()) && !first.is_preface() {
            let room = first.bytes.get_mut(first.count..).unwrap_or_default();
            match stream.read(room).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => first.count += count,
            }
        }
        Ok(first)
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }

    fn is_preface(&self) -> bool {
        self.bytes() == PREFACE
    }
}
