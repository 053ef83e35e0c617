//! The accept loop: connections within their limits, each with a bound on every wait.
//!
//! - `connection`: one connection, from its first byte to its end or to its stream's handing over.
//! - `http1`, `http2`: what is spoken on it. `patience`: how long an HTTP/2 stream may stand still.
//! - `place`: how many connections there may be, and how many of one address. `hand_over`: how a resource hands its connection over.
//!
//! A head must arrive within its timeout, a peer that takes nothing is closed, half-open peers are found by the kernel,
//! and a stop ends every connection within the drain's bound. This loop and the application are the only places that
//! start tasks.

mod connection;
mod hand_over;
mod http1;
mod http2;
mod patience;
mod place;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use super::pump::Pumps;
use crate::limits::Limits;
use connection::Service;
use place::Places;

pub(super) use hand_over::HandOver;
pub(super) use place::Place;

/// Connections that the kernel may hold for us while we are busy.
const BACKLOG: u32 = 1_024;

/// Wait after the process ran out of something that a new connection needs, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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

/// Serves until `stop`, then lets open connections end, at most for the drain's bound. It ends by itself only if it
/// cannot go on, and says why in the log.
///
/// # Cancellation
/// Dropping the future drops every connection at once.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Arc<Limits>,
    stop: CancellationToken,
) {
    let (pumps, loops) = match Pumps::new(&limits) {
        Ok(made) => made,
        Err(error) => return error!(%error, "failed to prepare for streams"),
    };
    let pumps = CutWhenDropped(Arc::new(pumps));
    let mut running = JoinSet::new();
    for pump in loops {
        running.spawn_blocking(move || pump.run());
    }
    let places = Places::new(&limits);
    let service = Service { router, limits, pumps: Arc::clone(&pumps.0), stop };
    let mut connections = JoinSet::new();
    loop {
        // Every arm is cancel-safe: a place or a connection is either taken or still there.
        let accepted = tokio::select! {
            () = service.stop.cancelled() => break,
            Some(_) = running.join_next() => break error!("streams are not served any more"),
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, remote, place)) = accepted else { continue };
        connections.spawn(service.clone().connection(stream, remote, place));
    }
    // From here on new connections are refused by the system.
    drop(listener);
    let until = Instant::now() + service.limits.drain_timeout;
    pumps.0.drain(until);
    let ended = timeout_at(until, async { while connections.join_next().await.is_some() {} });
    if ended.await.is_err() {
        warn!(open = connections.len(), "connections did not end in time and were cut");
    }
    pumps.0.close();
    while running.join_next().await.is_some() {}
}

/// A thread cannot be dropped: its pump is told to end.
struct CutWhenDropped(Arc<Pumps>);

impl Drop for CutWhenDropped {
    fn drop(&mut self) {
        self.0.drain(Instant::now());
        self.0.close();
    }
}

async fn accept(listener: &TcpListener, places: &Places) -> Option<(TcpStream, SocketAddr, Place)> {
    let room = places.room().await.ok()?;
    match listener.accept().await {
        Ok((stream, remote)) => {
            let place = places.take(room, remote.ip());
            if place.is_none() {
                debug!(%remote, "closed: too many connections of this address");
            }
            Some((stream, remote, place?))
        }
        Err(error) => {
            warn!(%error, "failed to accept a connection");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
