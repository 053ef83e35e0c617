//! Links: how a request goes out and its answer comes in, and nothing else ever does.
//!
//! A link sends one request at a time, or several where it can tell their answers apart, and returns the answer
//! **to each request** or silence. Everything
//! else that arrives is thrown away and told as [`Strays`]. Links are generic over their byte stream, so
//! tests run them on memory and on paused time.

pub(crate) mod any;
pub(crate) mod ascii;
mod fence;
pub(crate) mod framer;
pub(crate) mod framing;
pub(crate) mod mbap;
mod message;
mod rests;
pub(crate) mod serial;
pub(crate) mod tcp;
pub(crate) mod timing;

use std::future::Future;
use std::io;
use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_modbus::bytes::BufMut;

use crate::frame::{Answer, Request};

/// Bytes taken from a stream at once.
const READ_CHUNK_BYTES: usize = 512;

/// Longest a request of 260 bytes may take to leave our hands; a link slower than this is broken.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether a request may still be sent; asked once, and after a yes it is sent.
pub(crate) type MayGo<'a> = dyn Fn() -> bool + Sync + 'a;

/// After so many requests in a row that nobody answered, a connection is made anew: a peer that vanished
/// without a word reads like one that is silent.
const DEAF_AFTER: u32 = 4;

/// How requests are asked. One request is on its way at a time, or several where each has a number.
pub(crate) trait Link: Send {
    /// After how many requests in a row that nobody answered the link itself is to be doubted.
    fn deaf_after(&self) -> Option<u32>;

    /// Sends `request`, if `may_go` says so right before the first byte goes out, and waits at most `patience` for
    /// its answer to begin.
    ///
    /// # Errors
    /// [`Lost`] when the link as a whole is of no use any more.
    fn ask_if(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
    ) -> impl Future<Output = Result<Exchange, Lost>> + Send;

    /// As [`ask_if`](Self::ask_if), for what may always go.
    #[cfg(test)]
    fn ask(
        &mut self,
        request: &Request,
        patience: Duration,
    ) -> impl Future<Output = Result<Exchange, Lost>> + Send {
        self.ask_if(request, patience, &|| true)
    }

    /// Sends requests together, each with how long its answer is waited for once it is its turn: from when they were
    /// sent, or from the newest answer to any of them, as a server may answer one after the other. How many were
    /// sent, the first ones: none, where one request at a time is on its way.
    ///
    /// # Errors
    /// [`Lost`] when the link as a whole is of no use any more.
    fn send_all(
        &mut self,
        _requests: &[(Request, Duration)],
    ) -> impl Future<Output = Result<usize, Lost>> + Send {
        async { Ok(0) }
    }

    /// What came of the next of those that were sent together, whichever is known first, and its place among them;
    /// `None`: all are known.
    ///
    /// # Errors
    /// [`Lost`] when the link as a whole is of no use any more.
    fn hear(&mut self) -> impl Future<Output = Result<Option<(usize, Exchange)>, Lost>> + Send {
        async { Ok(None) }
    }

    /// Listens until `until` while nothing is asked, or until something came that nobody waits for.
    ///
    /// # Errors
    /// [`Lost`] when the link as a whole is of no use any more.
    ///
    /// # Cancellation
    /// Safe: what was read is kept.
    fn idle(&mut self, until: Instant) -> impl Future<Output = Result<Strays, Lost>> + Send;

    /// Until when `unit` must not be asked, for a late answer of its could still be taken for a new one.
    /// May lie in the past.
    fn rests_until(&self, unit: u8) -> Option<Instant>;
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) answer: Result<Answered, Unanswered>,
    /// What else came.
    pub(crate) strays: Strays,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// None came in time.
    Silence,
    /// The line was never silent for long enough to ask: nothing was sent.
    LineBusy,
    /// It may not go any more: nothing was sent.
    Withheld,
    /// Its answer could not be told from an echo of it, for no read has shown yet whether this line echoes:
    /// nothing was sent.
    MaybeEcho,
    /// The unit owes an answer that may be held up in the connection, and did not show that it is not:
    /// nothing was sent.
    OwesAnswer,
}

/// An answer and when its last byte arrived.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) arrived: UnixMs,
    /// From the end of the request to the end of the answer; of several that were sent together, from the end of the
    /// answer before.
    pub(crate) response: Duration,
}

/// The link as a whole is lost.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the other end closed it")]
    Closed,
    #[error("none of the last {requests} requests was answered, by any unit")]
    Deaf { requests: u32 },
    #[error("it sends what nobody asked for: more than {bytes} bytes without an answer in them")]
    Flood { bytes: usize },
    #[error("a request could not be sent within {} ms", WRITE_TIMEOUT.as_millis())]
    Stuck,
    #[error("the stream is out of step: {what}")]
    OutOfStep { what: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why something that came was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrayKind {
    /// An answer to a request that was given up.
    Late,
    /// From a unit that was not asked.
    Foreign,
    /// From the unit that was asked, but not what was asked for.
    Misshapen,
    /// To a transaction that is not open.
    UnknownTransaction,
    /// Bytes that are no whole frame, or whose check sum is wrong.
    Garbled,
}

impl StrayKind {
    /// What it was, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Late => "a late answer",
            Self::Foreign => "a frame of another unit",
            Self::Misshapen => "a reply that is not what was asked for",
            Self::UnknownTransaction => "a reply to an unknown transaction",
            Self::Garbled => "bytes that are no frame",
        }
    }
}

/// Something that was thrown away, `count` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) kind: StrayKind,
    /// Which unit it came from, where that can be told.
    pub(crate) unit: Option<u8>,
    pub(crate) count: u64,
}

/// What was thrown away, each kind once for each unit, so never more than a few hundred entries.
#[derive(Debug, Default)]
pub(crate) struct Strays(Vec<Stray>);

impl Strays {
    pub(crate) fn add(&mut self, kind: StrayKind, unit: Option<u8>) {
        match self.0.iter_mut().find(|stray| stray.kind == kind && stray.unit == unit) {
            Some(stray) => stray.count = stray.count.saturating_add(1),
            None => self.0.push(Stray { kind, unit, count: 1 }),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Stray> {
        self.0.iter()
    }
}

/// Reads what is there, at least one byte; cancel-safe, as nothing is read before it is returned.
async fn read_some<S: AsyncRead + Unpin>(
    stream: &mut S,
    chunk: &mut [u8; READ_CHUNK_BYTES],
) -> Result<usize, Lost> {
    whether_read(stream.read(chunk).await)
}

/// The same, behind what `buffer` holds, at most so many bytes.
async fn read_behind<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    most: usize,
) -> Result<usize, Lost> {
    whether_read(stream.read_buf(&mut buffer.limit(most)).await)
}

fn whether_read(read: io::Result<usize>) -> Result<usize, Lost> {
    match read {
        // A serial port that was unplugged reads as nothing, for ever; a socket, as closed.
        Ok(0) => Err(Lost::Closed),
        // Within TLS a peer should say that it closes; few do.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Lost::Closed),
        Ok(count) => Ok(count),
        Err(error) => Err(error.into()),
    }
}

/// Writes a whole request. Never flushed: on a serial port that blocks the thread until the line is idle.
async fn write_whole<S: AsyncWrite + Unpin>(stream: &mut S, request: &[u8]) -> Result<(), Lost> {
    within_write_timeout(stream.write_all(request)).await
}

/// Writes a whole request to a connection, and flushes it: within TLS, written is not sent.
async fn write_through<S: AsyncWrite + Unpin>(stream: &mut S, request: &[u8]) -> Result<(), Lost> {
    let writing = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    within_write_timeout(writing).await
}

async fn within_write_timeout(writing: impl Future<Output = io::Result<()>>) -> Result<(), Lost> {
    match timeout(WRITE_TIMEOUT, writing).await {
        Ok(written) => Ok(written?),
        Err(_) => Err(Lost::Stuck),
    }
}

#[cfg(test)]
mod tests;
