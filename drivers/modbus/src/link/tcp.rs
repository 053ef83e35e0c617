//! Modbus TCP on a byte stream: each request has a number, and only the reply with that number counts.
//!
//! Messaging on TCP/IP Implementation Guide V1.0b §4.2: the transaction identifier pairs reply and request.
//! Numbers come round again after 65 536 requests; a reply later than that is the bound of this guard.
//!
//! A server that breaks off in the middle of a reply would have the rest of it filled up with whatever comes
//! next. So a frame within a frame, bytes after a reply that begin no frame, and a reply that is unfinished
//! when time is up, all mean that the stream is out of step. A server that sends without being asked is hung
//! up on, or reading would take all there is to take and no time would ever be up.

use std::collections::VecDeque;
use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::mbap::{Frame, Splitter, begins_frame, encode};
use super::{
    Answered, DEAF_AFTER, Exchange, Link, Lost, MayGo, READ_CHUNK_BYTES, StrayKind, Strays,
    Unanswered, read_some, write_through,
};
use crate::frame::{Answer, Judged, Request};

/// How many transactions that were given up are remembered, in case that they are answered late.
const MAX_GIVEN_UP: usize = 64;

/// Most bytes taken in between two answers: far more than all that was given up can bring, late.
const MAX_UNANSWERED_BYTES: usize = 64 * 1024;

/// A connection to a Modbus TCP server, or to a gateway with units behind it.
#[derive(Debug)]
pub(crate) struct TcpLink<S> {
    stream: S,
    splitter: Splitter,
    transaction: u16,
    /// The newest transactions that were not answered in time.
    given_up: VecDeque<u16>,
    /// Bytes that came since the last answer.
    unanswered_bytes: usize,
    /// Least pause between a reply and the next request.
    request_gap: Duration,
    may_ask_at: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> TcpLink<S> {
    /// A link on a fresh connection.
    pub(crate) fn new(stream: S, request_gap: Duration) -> Self {
        let may_ask_at = Instant::now();
        let (splitter, given_up) = (Splitter::default(), VecDeque::new());
        Self {
            stream,
            splitter,
            transaction: 0,
            given_up,
            unanswered_bytes: 0,
            request_gap,
            may_ask_at,
        }
    }

    /// Cancel-safe: what was read is kept in the splitter at once.
    async fn receive(&mut self) -> Result<(), Lost> {
        let mut chunk = [0; READ_CHUNK_BYTES];
        let count = read_some(&mut self.stream, &mut chunk).await?;
        let piece = chunk.get(..count).unwrap_or_default();
        let awaited = |begun: u16| begun == self.transaction || self.given_up.contains(&begun);
        if self.splitter.is_unfinished() && begins_frame(piece).is_some_and(awaited) {
            return Err(Lost::OutOfStep { what: "a frame within a frame".to_owned() });
        }
        self.splitter.push(piece);
        self.unanswered_bytes += count;
        if self.unanswered_bytes > MAX_UNANSWERED_BYTES {
            return Err(Lost::Flood { bytes: MAX_UNANSWERED_BYTES });
        }
        Ok(())
    }

    /// The answer to `request` among the frames that came; all others are thrown away.
    fn answer(&mut self, request: &Request, strays: &mut Strays) -> Result<Option<Answer>, Lost> {
        while let Some(Frame { transaction, unit, pdu }) = self.splitter.next()? {
            if transaction != self.transaction {
                strays.add(StrayKind::UnknownTransaction, Some(unit));
                continue;
            }
            match request.judge(unit, &pdu) {
                Judged::Answer(_) if !self.splitter.is_in_step() => {
                    let what = "what follows a reply begins no frame".to_owned();
                    return Err(Lost::OutOfStep { what });
                }
                Judged::Answer(answer) => return Ok(Some(answer)),
                Judged::Foreign => strays.add(StrayKind::Foreign, Some(unit)),
                Judged::Misshapen => strays.add(StrayKind::Misshapen, Some(unit)),
            }
        }
        Ok(None)
    }

    async fn exchange(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
        strays: &mut Strays,
    ) -> Result<Result<Answered, Unanswered>, Lost> {
        sleep_until(self.may_ask_at).await;
        if !may_go() {
            return Ok(Err(Unanswered::Withheld));
        }
        self.transaction = self.transaction.wrapping_add(1);
        write_through(&mut self.stream, &encode(self.transaction, request)).await?;
        let sent = Instant::now();
        let deadline = sent + patience;
        loop {
            if let Some(answer) = self.answer(request, strays)? {
                let response = sent.elapsed();
                self.unanswered_bytes = 0;
                return Ok(Ok(Answered { answer, arrived: UnixMs::now(), response }));
            }
            match timeout_at(deadline, self.receive()).await {
                Ok(received) => received?,
                Err(_) if self.splitter.is_unfinished() => {
                    return Err(Lost::OutOfStep { what: "an unfinished frame".to_owned() });
                }
                Err(_) => return Ok(Err(Unanswered::Silence)),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link for TcpLink<S> {
    fn deaf_after(&self) -> Option<u32> {
        Some(DEAF_AFTER)
    }

    async fn ask_if(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
    ) -> Result<Exchange, Lost> {
        let mut strays = Strays::default();
        let answer = self.exchange(request, patience, may_go, &mut strays).await?;
        if matches!(answer, Err(Unanswered::Withheld)) {
            return Ok(Exchange { answer, strays });
        }
        if answer.is_err() {
            self.given_up.truncate(MAX_GIVEN_UP - 1);
            self.given_up.push_front(self.transaction);
        }
        self.may_ask_at = Instant::now() + self.request_gap;
        Ok(Exchange { answer, strays })
    }

    async fn idle(&mut self, until: Instant) -> Result<Strays, Lost> {
        let mut strays = Strays::default();
        match timeout_at(until, self.receive()).await {
            Ok(received) => received?,
            Err(_) => return Ok(strays),
        }
        while let Some(frame) = self.splitter.next()? {
            strays.add(StrayKind::UnknownTransaction, Some(frame.unit));
        }
        Ok(strays)
    }

    fn rests_until(&self, _: u8) -> Option<Instant> {
        None
    }
}
