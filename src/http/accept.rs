//! The accept loop: connections within their limits, each with a bound on every wait.
//!
//! A head must arrive within its timeout, a peer that takes nothing is closed, half-open peers are found by
//! the kernel, and a stop ends every connection within the drain's bound. This loop and the application are
//! the only places that start tasks.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::{debug, warn};

use crate::limits::Limits;

/// Connections that the kernel may hold for us while we are busy.
const BACKLOG: u32 = 1_024;

/// Bytes the kernel may hold unsent for one peer. More would only be older news.
const UNSENT_BYTES: u32 = 16 * 1024;

/// Bytes hyper may buffer for one connection, and the longest head of a request.
const BUFFER_BYTES: usize = 32 * 1024;

/// Wait after the process ran out of something that a new connection needs, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a silent connection may be before the kernel asks whether its peer is still there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);

/// How often it asks, and how often in vain before it gives up.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVE_TRIES: u32 = 3;

/// Both ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Where the client is.
    pub remote: SocketAddr,
    /// Where it reached the gateway.
    pub local: SocketAddr,
}

/// Opens the socket that [`serve`] accepts on.
///
/// # Errors
/// Whatever the system says: an address in use, or one that is not this machine's. It may pass.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted gateway must not wait for its old connections' last packets.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop`, then lets open connections end, at most for the drain's bound.
///
/// # Cancellation
/// Dropping the future drops every connection at once.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Arc<Limits>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        // Every arm is cancel-safe: a place or a connection is either taken or still there.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, remote, place)) = accepted else { continue };
        let (router, limits, stop) = (router.clone(), Arc::clone(&limits), stop.clone());
        connections.spawn(async move {
            connection(stream, remote, router, &limits, stop).await;
            drop(place);
        });
    }
    // From here on new connections are refused by the system.
    drop(listener);
    let ended =
        timeout(limits.drain_timeout, async { while connections.join_next().await.is_some() {} });
    if ended.await.is_err() {
        warn!(open = connections.len(), "connections did not end in time and were cut");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, remote)) => Some((stream, remote, place)),
        Err(error) => {
            warn!(%error, "failed to accept a connection");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    remote: SocketAddr,
    router: Router,
    limits: &Limits,
    stop: CancellationToken,
) {
    let local = match prepare(&stream, limits) {
        Ok(local) => local,
        Err(error) => return debug!(%remote, %error, "connection lost at its beginning"),
    };
    let peer = Peer { remote, local };
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().call(request.map(Body::new))
    });
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write_timeout));
    let mut stream = pin!(stream);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream.as_mut()), service);
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(%remote, %error, "connection ended");
    }
}

fn prepare(stream: &TcpStream, limits: &Limits) -> io::Result<SocketAddr> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_TRIES);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(limits.write_timeout))?;
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    stream.local_addr()
}
