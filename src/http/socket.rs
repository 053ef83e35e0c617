//! What is set on each connection's socket, and why.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tracing::debug;

use crate::limits::Limits;

/// Bytes the kernel may hold unsent for one peer. More would only be older news.
const UNSENT_BYTES: u32 = 16 * 1024;

/// How long a silent connection may be before the kernel asks whether its peer is still there, and how often it asks.
/// When it gives up is the user timeout's affair.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);

/// How long the peer of a stream may leave unanswered what it was sent before it counts as gone. Bytes that a slow reader
/// has no room for count as unanswered too: see [`be_patient`].
const PEER_TIMEOUT: Duration = Duration::from_secs(12);

/// A stream whose peer vanished is gone within this.
const VANISHED_WITHIN: Duration = Duration::from_secs(30);

// The kernel looks at a silent connection after `KEEPALIVE_AFTER` and then every `KEEPALIVE_EVERY`, and gives up at the
// first of these looks at which the peer was silent for `PEER_TIMEOUT`. An event that is sent right before that look
// begins the count anew, and then `PEER_TIMEOUT` runs from that event's first repetition, a second later at most on
// a path that is of any use for a stream.
const _: () = {
    let look = KEEPALIVE_AFTER.as_secs() + KEEPALIVE_EVERY.as_secs();
    assert!(look >= PEER_TIMEOUT.as_secs(), "the second look is the last");
    assert!(look + PEER_TIMEOUT.as_secs() + 1 < VANISHED_WITHIN.as_secs());
};

/// Bytes that a client may send behind its request: nobody reads them.
const UNREAD_BYTES: usize = 4 * 1024;

/// Prepares an accepted connection; says where it was reached.
pub(super) fn prepare(stream: &TcpStream, limits: &Limits) -> io::Result<SocketAddr> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_EVERY);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(patience(limits)))?;
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    stream.local_addr()
}

/// The connection is a stream from now on: its peer is watched closely, and what it sends is not read.
pub(super) fn hand_over(stream: &std::net::TcpStream, limits: &Limits) {
    expect_peer(stream, limits);
    told(SockRef::from(stream).set_recv_buffer_size(UNREAD_BYTES));
}

/// The reader has taken everything: whoever does not answer now is gone.
pub(super) fn expect_peer(stream: &std::net::TcpStream, limits: &Limits) {
    set_timeout(stream, PEER_TIMEOUT.min(limits.write_timeout));
}

/// The reader has no room: it has [`patience`].
pub(super) fn be_patient(stream: &std::net::TcpStream, limits: &Limits) {
    set_timeout(stream, patience(limits));
}

/// How long a peer may leave unanswered what it was sent where it may be there and slow, which the kernel's timeout does
/// not tell apart: a full peer answers probes, and they count against it nevertheless. Nearly all the time that a slow
/// reader has; nearly, because it may be gone, with its room filled by what was on its way, and the kernel's count begins
/// a little later than its silence, and ends at its next look.
fn patience(limits: &Limits) -> Duration {
    limits.write_timeout * 9 / 10
}

fn set_timeout(stream: &std::net::TcpStream, timeout: Duration) {
    told(SockRef::from(stream).set_tcp_user_timeout(Some(timeout)));
}

/// A socket that refuses an option is about to be closed by its peer; that is found out elsewhere.
fn told(set: io::Result<()>) {
    if let Err(error) = set {
        debug!(%error, "failed to set an option of a stream's socket");
    }
}
