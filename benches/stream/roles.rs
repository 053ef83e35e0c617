//! The processes of a run, what each is asked and what it replies.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::stats::Quantiles;

/// Which process of a run this is; the conductor has no role.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Role {
    /// The service, and a writer.
    Server,
    /// The bare loop that the service is held against.
    Floor,
    /// Thousands of streams.
    Load,
    /// Dashboards that poll.
    Poll,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Floor => "floor",
            Self::Load => "load",
            Self::Poll => "poll",
        }
    }
}

/// What the server is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ServerAsk {
    /// To serve so many points. Reply: where, as [`SocketAddr`].
    Begin { points: u32 },
    /// To begin to put changes. Reply: [`Done`].
    Put(Put),
    /// To wait until they are put. Reply: [`Written`].
    Written,
    /// Reply: [`Usage`].
    Usage,
}

/// Changes to be put, batch by batch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Put {
    /// The first point of the first batch.
    pub(crate) first: u32,
    /// How many points a batch changes.
    pub(crate) count: u32,
    /// How far these are from each other; 1: one behind the other.
    pub(crate) stride: u32,
    /// How far the next batch begins behind this one's beginning; past the last point it goes on at the first.
    pub(crate) step: u32,
    /// How many batches.
    pub(crate) puts: u32,
    /// Time from batch to batch, whole milliseconds.
    pub(crate) gap_ms: u64,
    /// Values of three digits instead of stamps.
    pub(crate) small: bool,
}

/// What was put.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    /// The value of every point.
    pub(crate) values: Vec<u64>,
}

/// That it was done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done;

/// What a process has used until now.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) cpu_ns: u64,
    pub(crate) anonymous_bytes: u64,
    /// Open streams.
    pub(crate) streams: usize,
}

/// What the floor is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FloorAsk {
    /// To listen, and to answer every request with these bytes. Reply: where, as [`SocketAddr`].
    Begin { greeting: String },
    /// To send. Reply: [`Done`].
    Send(Send),
    /// Reply: [`Usage`].
    Usage,
}

/// Frames to be sent by the floor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Send {
    /// The bytes on the wire, stamps to be replaced.
    pub(crate) frame: String,
    pub(crate) puts: u32,
    /// To how many sockets each time; the next time to those behind them.
    pub(crate) to: usize,
    /// Time from one to the next.
    pub(crate) gap_ms: u64,
}

/// What a load is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LoadAsk {
    /// To open streams beside those it has. Reply: [`Opened`].
    Open(Open),
    /// To drop all connections and remember all positions. Reply: [`Done`].
    Close,
    /// To come back with all of them. Reply: [`Opened`].
    Reopen,
    /// To read nothing until the next ask. Reply: [`Done`].
    Stall,
    /// To count from here. Reply: [`Done`].
    Reset,
    /// Reply: [`Totals`].
    Totals,
    /// The same, and to count from here. Reply: [`Totals`].
    Take,
    /// To wait until every stream shows these values. Reply: [`Settled`].
    Settle { values: Vec<u64>, within_ms: u64 },
    /// To wait until so many frames came. Reply: [`Done`], in time or not.
    Await { frames: u64, within_ms: u64 },
    /// Reply: the bytes of the newest event of the first stream, as text.
    Sample,
    /// Reply: all bytes of the first stream since it was connected, as text.
    Greeting,
}

/// Streams to be opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) address: SocketAddr,
    /// Each stream's query; from the first again when they run out.
    pub(crate) queries: Vec<String>,
    pub(crate) streams: usize,
    /// How many points each must show.
    pub(crate) points_each: usize,
    /// How many may be on their way at once.
    pub(crate) in_flight: usize,
    /// Bytes that the kernel holds for a reader that does not read; as it likes, if not given.
    pub(crate) receive_bytes: Option<usize>,
    /// Whether a stream that ends is opened again at once, where it was.
    pub(crate) comes_back: bool,
}

/// How opening went.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) took_ms: f64,
    /// The first status line that was not 200.
    pub(crate) refused: Option<String>,
}

/// Whether all streams show what they must.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settled {
    /// Points of streams that show something else; 0 is what must be.
    pub(crate) wrong: usize,
}

/// What a load has counted.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// `points` events that are no snapshot.
    pub(crate) frames: u64,
    /// Points in them.
    pub(crate) changes: u64,
    /// Changes that the service says were overtaken.
    pub(crate) skipped: u64,
    /// Other events: connect, subscribed, snapshots, heartbeats.
    pub(crate) others: u64,
    /// Streams that came back to their session.
    pub(crate) resumed: u64,
    /// Streams that were told to begin again.
    pub(crate) reset: u64,
    /// Connections that ended.
    pub(crate) ended: u64,
    /// Points that were shown older than before. Must be 0.
    pub(crate) older: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// From stamp to arrival: a frame counts once, by its oldest change.
    pub(crate) delay: Quantiles,
    /// The same, every change counted.
    pub(crate) lag: Lag,
}

/// Times from change to knowledge.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Lag {
    pub(crate) count: u64,
    pub(crate) sum_ns: u64,
    pub(crate) worst_ns: u64,
}

impl Lag {
    pub(crate) fn add(&mut self, lag_ns: u64) {
        self.count += 1;
        self.sum_ns += lag_ns;
        self.worst_ns = self.worst_ns.max(lag_ns);
    }

    pub(crate) fn mean_ms(&self) -> f64 {
        self.sum_ns as f64 / self.count.max(1) as f64 / 1e6
    }

    pub(crate) fn worst_ms(&self) -> f64 {
        self.worst_ns as f64 / 1e6
    }
}

/// What polling dashboards are asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum PollAsk {
    /// To connect a dashboard for each body, and read once. Reply: [`Done`].
    Open { address: SocketAddr, bodies: Vec<String> },
    /// To poll for so long. Reply: [`Polled`].
    Run { seconds: u64, interval_ms: u64 },
    /// To poll once more: which show other values? Reply: [`Settled`].
    Wrong { values: Vec<u64> },
}

/// What polling brought.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Polled {
    pub(crate) requests: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// Changes that were seen.
    pub(crate) lag: Lag,
}
