//! Modbus TCP on a byte stream: each request has a number, and only the reply with that number counts.
//!
//! Messaging on TCP/IP Implementation Guide V1.0b §4.2: the transaction identifier pairs reply and request.
//! Numbers come round again after 65 536 requests; a reply later than that is the bound of this guard.
//!
//! A server that breaks off in the middle of a reply would have the rest of it filled up with whatever comes
//! next. So a frame within a frame, bytes after a reply that begin no frame, and a reply that is unfinished
//! when time is up, all mean that the stream is out of step. A server that sends without being asked is hung
//! up on, or reading would take all there is to take and no time would ever be up.
//!
//! Several requests may be on their way at once: they go out in one write and are answered in any order. Then a reply
//! that was cut may be followed at once by another one, and be filled up with it. So nothing counts that holds the
//! begin of an awaited reply, or is followed by anything else; and what ends as another one begins counts only once
//! that one has come whole. Their numbers lie far [`apart`], so that damage does not make one of the other. **The
//! bounds:** a reply of the same shape that bears the number of another request on its way, and a cut reply that noise of
//! just its length fills up: nothing in the protocol tells them from the right ones.

use std::collections::VecDeque;
use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::mbap::{Among, Frame, Head, Splitter, begins_frame, put};
use super::{
    Answered, DEAF_AFTER, Exchange, Link, Lost, MayGo, READ_CHUNK_BYTES, StrayKind, Strays,
    Unanswered, read_behind, write_through,
};
use crate::frame::{Answer, Judged, Request};

/// How many transactions that were given up are remembered, in case that they are answered late.
const MAX_GIVEN_UP: usize = 64;

/// Most bytes taken in between two answers: far more than all that was given up can bring, late.
const MAX_UNANSWERED_BYTES: usize = 64 * 1024;

/// The longest frame: header and 253 bytes of PDU.
const MAX_FRAME_BYTES: usize = 260;

/// A connection to a Modbus TCP server, or to a gateway with units behind it.
#[derive(Debug)]
pub(crate) struct TcpLink<S> {
    stream: S,
    splitter: Splitter,
    /// Requests in the making; kept for the room it has.
    outgoing: Vec<u8>,
    /// How many requests were sent, round and round.
    count: u16,
    /// Whether several may be on their way.
    takes_several: bool,
    /// What is on its way, in the order in which it was sent; most servers answer in it.
    open: VecDeque<Open>,
    /// Answers that count once others have come.
    held: Vec<Held>,
    /// When that was sent, or the newest answer to any of it came.
    since: Instant,
    /// The newest transactions that were not answered in time.
    given_up: VecDeque<Head>,
    /// Bytes that came since the last answer.
    unanswered_bytes: usize,
    /// Whether the last read took as much as it may, so that where it ended says nothing.
    was_full: bool,
    /// Least pause between a reply and the next request.
    request_gap: Duration,
    may_ask_at: Instant,
}

/// A request on its way.
#[derive(Debug)]
struct Open {
    /// Its place among those that were sent with it.
    place: usize,
    head: Head,
    request: Request,
    patience: Duration,
}

/// An answer that ends as others on their way begin: cut, and filled up with one of them, it would look the same.
#[derive(Debug)]
struct Held {
    place: usize,
    answered: Answered,
    /// The numbers of those that have not come yet.
    others: Vec<u16>,
    /// One of them never came.
    is_doubtful: bool,
}

/// What became of a request, and its place among those that were sent with it.
type Known = (usize, Result<Answered, Unanswered>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send> TcpLink<S> {
    /// A link on a fresh connection.
    pub(crate) fn new(stream: S, request_gap: Duration) -> Self {
        let now = Instant::now();
        Self {
            stream,
            splitter: Splitter::default(),
            outgoing: Vec::new(),
            count: 0,
            takes_several: false,
            open: VecDeque::new(),
            held: Vec::new(),
            since: now,
            given_up: VecDeque::new(),
            unanswered_bytes: 0,
            was_full: false,
            request_gap,
            may_ask_at: now,
        }
    }

    /// The same, on which so many requests may be on their way at once.
    pub(crate) fn taking(self, max_in_flight: u8) -> Self {
        Self { takes_several: max_in_flight > 1, ..self }
    }

    /// Cancel-safe: what was read is kept in the splitter at once.
    async fn receive(&mut self) -> Result<(), Lost> {
        let (held, most) =
            (self.splitter.rest().len(), READ_CHUNK_BYTES.max(self.open.len() * MAX_FRAME_BYTES));
        let count = read_behind(&mut self.stream, self.splitter.room(most), most).await?;
        let was_full = std::mem::replace(&mut self.was_full, count == most);
        let piece = self.splitter.rest().get(held..).unwrap_or_default();
        if held > 0 && !was_full && self.begins_awaited(piece) {
            return Err(Lost::OutOfStep { what: "a frame within a frame".to_owned() });
        }
        self.unanswered_bytes += count;
        if self.unanswered_bytes > MAX_UNANSWERED_BYTES {
            return Err(Lost::Flood { bytes: MAX_UNANSWERED_BYTES });
        }
        Ok(())
    }

    /// Whether `piece` begins a reply that is awaited, or was.
    fn begins_awaited(&self, piece: &[u8]) -> bool {
        let Some(begun) = begins_frame(piece) else { return false };
        if self.open.len() > 1 {
            // Among several, replies are cut anywhere, and what they hold may look like a header.
            return self.awaited().any(|head| head.begins(piece));
        }
        self.awaited().any(|head| head.transaction == begun)
    }

    fn awaited(&self) -> impl Iterator<Item = &Head> {
        self.open.iter().map(|open| &open.head).chain(&self.given_up)
    }

    /// The first answer among the frames that came, which request it is to, and the numbers of those on their way that
    /// begin as it ends; what answers none is thrown away.
    fn answer(&mut self, strays: &mut Strays) -> Result<Option<(Open, Answer, Vec<u16>)>, Lost> {
        while let Some(frame) = self.splitter.next()? {
            let Frame { transaction, unit, pdu } = frame;
            let at = self.open.iter().position(|open| open.head.transaction == transaction);
            let judged = at.and_then(|at| Some((at, self.open.get(at)?.request.judge(unit, pdu))));
            match judged {
                None => strays.add(self.unasked(transaction), Some(unit)),
                Some((at, Judged::Answer(answer))) => {
                    match self.step_behind(&frame) {
                        Among::InStep => {}
                        Among::Undecided => return Ok(None),
                        Among::OutOfStep => {
                            let what = "what follows a reply begins no frame".to_owned();
                            return Err(Lost::OutOfStep { what });
                        }
                    }
                    let others = self.begun_at_the_end(&frame);
                    self.splitter.skip()?;
                    return Ok(self.open.remove(at).map(|open| (open, answer, others)));
                }
                Some((_, Judged::Foreign)) => strays.add(StrayKind::Foreign, Some(unit)),
                Some((_, Judged::Misshapen)) => strays.add(StrayKind::Misshapen, Some(unit)),
            }
            self.splitter.skip()?;
        }
        Ok(None)
    }

    /// Whether an answer is what it looks like, by what is in it and behind it.
    fn step_behind(&self, frame: &Frame<'_>) -> Among {
        if self.open.len() > 1 {
            let others = |head: &&Head| head.transaction != frame.transaction;
            let begins =
                |bytes: &[u8]| self.awaited().filter(others).any(|head| head.begins(bytes));
            return self.splitter.among(frame, begins);
        }
        if self.splitter.is_in_step(frame) { Among::InStep } else { Among::OutOfStep }
    }

    /// What a reply is that nobody waits for.
    fn unasked(&self, transaction: u16) -> StrayKind {
        match self.given_up.iter().any(|head| head.transaction == transaction) {
            true => StrayKind::Late,
            false => StrayKind::UnknownTransaction,
        }
    }

    /// The numbers of the others on their way that `frame` may have been filled up with.
    fn begun_at_the_end(&self, frame: &Frame<'_>) -> Vec<u16> {
        let others = self.open.iter().map(|open| &open.head);
        let others = others.filter(|head| head.transaction != frame.transaction);
        others.filter(|head| head.is_begun_by_end_of(frame.pdu)).map(|h| h.transaction).collect()
    }

    /// What was held and is known now.
    fn settled(&mut self) -> Option<Known> {
        let is_known = |held: &Held| held.is_doubtful || held.others.is_empty();
        let at = self.held.iter().position(is_known)?;
        let Held { place, answered, is_doubtful, .. } = self.held.swap_remove(at);
        Some((place, if is_doubtful { Err(Unanswered::Silence) } else { Ok(answered) }))
    }

    /// Sends them in one write.
    async fn send<'a>(
        &mut self,
        requests: impl Iterator<Item = (&'a Request, Duration)> + Send,
    ) -> Result<(), Lost> {
        self.outgoing.clear();
        self.open.clear();
        self.held.clear();
        for (place, (request, patience)) in requests.enumerate() {
            self.count = self.count.wrapping_add(1);
            let transaction = if self.takes_several { apart(self.count) } else { self.count };
            put(&mut self.outgoing, transaction, request);
            let head = Head::of(transaction, request);
            self.open.push_back(Open { place, head, request: request.clone(), patience });
        }
        write_through(&mut self.stream, &self.outgoing).await?;
        self.since = Instant::now();
        Ok(())
    }

    /// What becomes of the next of those on their way; `None`: of all it is known.
    async fn known(&mut self, strays: &mut Strays) -> Result<Option<Known>, Lost> {
        loop {
            if let Some(known) = self.settled() {
                return Ok(Some(known));
            }
            if let Some((open, answer, others)) = self.answer(strays)? {
                let now = Instant::now();
                let response = now - std::mem::replace(&mut self.since, now);
                self.unanswered_bytes = 0;
                let answered = Answered { answer, arrived: UnixMs::now(), response };
                for held in &mut self.held {
                    held.others.retain(|number| *number != open.head.transaction);
                }
                if others.is_empty() {
                    return Ok(Some((open.place, Ok(answered))));
                }
                let place = open.place;
                self.held.push(Held { place, answered, others, is_doubtful: false });
                continue;
            }
            // Most servers answer in order, and one after the other: the time of whoever waits longest is up first.
            let Some(patience) = self.open.front().map(|open| open.patience) else {
                return Ok(None);
            };
            match timeout_at(self.since + patience, self.receive()).await {
                Ok(received) => received?,
                Err(_) if self.splitter.is_unfinished() => {
                    return Err(Lost::OutOfStep { what: "an unfinished frame".to_owned() });
                }
                Err(_) => {
                    let Some(Open { place, head, .. }) = self.open.pop_front() else {
                        return Ok(None);
                    };
                    for held in &mut self.held {
                        held.is_doubtful |= held.others.contains(&head.transaction);
                    }
                    self.given_up.truncate(MAX_GIVEN_UP - 1);
                    self.given_up.push_front(head);
                    return Ok(Some((place, Err(Unanswered::Silence))));
                }
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
        if self.may_ask_at > Instant::now() {
            sleep_until(self.may_ask_at).await;
        }
        let mut strays = Strays::default();
        if !may_go() {
            return Ok(Exchange { answer: Err(Unanswered::Withheld), strays });
        }
        self.send(std::iter::once((request, patience))).await?;
        let known = self.known(&mut strays).await?;
        let answer = known.map_or(Err(Unanswered::Silence), |(_, answer)| answer);
        if !self.request_gap.is_zero() {
            self.may_ask_at = Instant::now() + self.request_gap;
        }
        Ok(Exchange { answer, strays })
    }

    async fn send_all(&mut self, requests: &[(Request, Duration)]) -> Result<usize, Lost> {
        self.send(requests.iter().map(|(request, patience)| (request, *patience))).await?;
        Ok(requests.len())
    }

    async fn hear(&mut self) -> Result<Option<(usize, Exchange)>, Lost> {
        let mut strays = Strays::default();
        let known = self.known(&mut strays).await?;
        Ok(known.map(|(place, answer)| (place, Exchange { answer, strays })))
    }

    async fn idle(&mut self, until: Instant) -> Result<Strays, Lost> {
        let mut strays = Strays::default();
        match timeout_at(until, self.receive()).await {
            Ok(received) => received?,
            Err(_) => return Ok(strays),
        }
        while let Some(frame) = self.splitter.next()? {
            strays.add(self.unasked(frame.transaction), Some(frame.unit));
            self.splitter.skip()?;
        }
        Ok(strays)
    }

    fn rests_until(&self, _: u8) -> Option<Instant> {
        None
    }
}

/// The number of the request `count`: each comes once in 65 536, and any two of sixteen in a row differ in at least
/// seven of their bits.
///
/// Sixteen words of sixteen bits that differ in eight (the first-order Reed-Muller code of length 16, without its
/// complements), shifted by what the bits between them leave room for; that changes by one bit at a time (Gray's code).
fn apart(count: u16) -> u16 {
    const WORDS: [u16; 4] = [0xAAAA, 0xCCCC, 0xF0F0, 0xFF00];
    let chosen = (0..).zip(WORDS).filter(|(bit, _)| count >> bit & 1 == 1);
    let word = chosen.fold(0, |word, (_, other)| word ^ other);
    let round = count >> 4;
    let gray = round ^ round >> 1;
    // Bits 1, 2, 4 and 8 tell the words: the shift has the others.
    word ^ (gray & 1 | (gray & 0b10) << 2 | (gray & 0b1_1100) << 3 | (gray >> 5) << 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_once_and_lie_apart() {
        let mut all: Vec<u16> = (0..=u16::MAX).map(apart).collect();
        let near = |at: u16, next: u16| (apart(at) ^ apart(at.wrapping_add(next))).count_ones();
        let least = (0..=u16::MAX).flat_map(|at| (1..16).map(move |next| near(at, next))).min();
        assert_eq!(least, Some(7));
        all.sort_unstable();
        assert!(all.into_iter().eq(0..=u16::MAX));
    }
}
