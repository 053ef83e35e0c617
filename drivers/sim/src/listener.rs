//! A listening socket that comes back: binds, retries where it cannot, and runs its connections in place.
//!
//! Everything lives in the one future that [`serve`] is; nothing is spawned.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backoff::Backoff;
use crate::presence::Presence;

/// Most connections at a time on one socket; one more is closed at once.
pub(crate) const MAX_CONNECTIONS: usize = 64;

/// The wait after a failed accept, such as one for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens on `address` and runs `connection` for each that comes, until `stop`.
///
/// `present` hears the address as soon as it listens, and why it does not. A socket that cannot be bound is tried again with
/// growing patience.
///
/// # Cancellation
/// Dropping it closes the socket and every connection.
pub(crate) async fn serve<F, C>(
    what: &'static str,
    address: SocketAddr,
    stop: &CancellationToken,
    present: impl Fn(Presence<'_, SocketAddr>),
    connection: F,
) where
    F: Fn(TcpStream, SocketAddr) -> C,
    C: Future<Output = ()>,
{
    let bind = bind(what, address, present);
    let Some(listener) = stop.run_until_cancelled(bind).await else {
        return;
    };
    let mut connections = FuturesUnordered::new();
    let mut accept_at = Instant::now();
    loop {
        let accept = async {
            sleep_until(accept_at).await;
            listener.accept().await
        };
        // Cancel-safe: accept and next lose nothing when dropped.
        tokio::select! {
            () = stop.cancelled() => return,
            Some(()) = connections.next() => {}
            accepted = accept => match accepted {
                Ok((stream, peer)) if connections.len() < MAX_CONNECTIONS => {
                    connections.push(connection(stream, peer));
                }
                Ok((_, peer)) => {
                    warn!(what, %peer, MAX_CONNECTIONS, "turned away: too many connections");
                }
                Err(error) => {
                    warn!(what, %address, %error, "failed to accept");
                    accept_at = Instant::now() + ACCEPT_PAUSE;
                }
            },
        }
    }
}

async fn bind(
    what: &'static str,
    address: SocketAddr,
    present: impl Fn(Presence<'_, SocketAddr>),
) -> TcpListener {
    let mut backoff = Backoff::new();
    loop {
        let tried = async {
            let listener = TcpListener::bind(address).await?;
            let local = listener.local_addr()?;
            Ok::<_, std::io::Error>((listener, local))
        };
        match tried.await {
            Ok((listener, local)) => {
                info!(what, address = %local, "listening");
                present(Presence::There(local));
                return listener;
            }
            Err(error) => {
                present(Presence::Failed(&error));
                yield_now().await;
                let wait = backoff.next_wait();
                warn!(what, %address, %error, retry_in = ?wait, "failed to listen");
                sleep(wait).await;
            }
        }
    }
}
