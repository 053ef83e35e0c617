//! Every bound of the service, with its name, its unit and its default.

use std::time::Duration;

/// The largest frame, in bytes, while more than [`Limits::pending_bytes`] wait for their readers; and the largest answer
/// that is given then.
pub const SMALL_BYTES: usize = 16 * 1024;

/// Bounds on what clients may cost. Each is a setting in `[limits]`, under the name it has here with its
/// unit behind it (`session_life` is `session_life_ms`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most open connections, streams among them.
    pub connections: usize,
    /// Most open connections from one address; another is closed at once. Whoever reaches the gateway through a proxy
    /// shares an address with all others who do.
    pub connections_per_address: usize,
    /// Most open streams.
    pub streams: usize,
    /// Most open streams from one address.
    pub streams_per_address: usize,
    /// Most sessions opened from one address, connected or within their life: whoever opens and drops streams as fast
    /// as it can fills only its own share.
    pub sessions_per_address: usize,
    /// Most sessions, connected or within their life.
    pub sessions: usize,
    /// Most points selected by all sessions together.
    pub selected_points: usize,
    /// Most points one session may select.
    pub points_per_client: usize,
    /// Most entries in one session's subscription.
    pub entries_per_client: usize,
    /// How often one client may edit its subscription or resume its session within a second: each may mean a snapshot.
    pub snapshots_per_second: usize,
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Largest data of one frame, in bytes.
    pub frame_bytes: usize,
    /// Most points in one frame.
    pub frame_points: usize,
    /// Bytes that may wait in memory for slow readers, of all streams and answers together, before less is gathered for
    /// each stream, and larger answers are refused. It is no wall: open streams go on, and a reader who takes nothing
    /// may be owed one small frame more. So readers hold this many bytes at most and the answer that passed it, and
    /// [`SMALL_BYTES`] (or their largest point, if that is more) for each of them. What HTTP itself keeps of a connection
    /// is not in it.
    pub pending_bytes: usize,
    /// How long a session outlives its connection.
    pub session_life: Duration,
    /// How long a request's head may take to arrive.
    pub header_timeout: Duration,
    /// How long a reader may take nothing before its connection is closed.
    pub write_timeout: Duration,
    /// How long open connections may take to end after a stop was asked for. What else there is to end needs a moment too:
    /// by default all is over within ten seconds.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 12_000,
            connections_per_address: 1_500,
            streams: 10_000,
            streams_per_address: 1_000,
            sessions_per_address: 2_000,
            sessions: 20_000,
            selected_points: 10_000_000,
            points_per_client: 100_000,
            entries_per_client: 10_000,
            snapshots_per_second: 20,
            body_bytes: 1024 * 1024,
            frame_bytes: 256 * 1024,
            frame_points: 1_000,
            pending_bytes: 64 * 1024 * 1024,
            session_life: Duration::from_secs(60),
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(8),
        }
    }
}
