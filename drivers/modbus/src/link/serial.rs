//! Requests and replies as a serial line has them, on a byte stream. Modbus over Serial Line V1.02 §2.4, §2.5.
//!
//! Nothing in a frame says which request a reply answers, so the guard is time: silence before each
//! request, everything thrown away that comes unasked, and a unit that left a request unanswered rests
//! until its answer can no longer come. **The bound:** an answer that begins later than `max_reply_delay`
//! after its request reached the line can be taken for the answer to a later request of the same unit,
//! function and length.
//!
//! Over TCP, to a serial device server, time alone says nothing: a connection that stalls for half a minute
//! delivers requests and replies after that, in their order. So a unit that owes an answer is not asked again
//! before its rest is over *and* the connection has shown that nothing is held up in it ([`Rests::passed`]);
//! if nothing else shows it, a question to that unit does which no value can answer (`fence`). A frame may
//! come in pieces; what is unfinished is given up after a pause as [`SerialTiming::quiet`] says,
//! and the next frame begins with what comes after that.

use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;
use tokio::time::{Instant, sleep_until};

use super::framing::{Frame, Framing};
use super::message::{Message, Outcome};
use super::rests::Rests;
use super::timing::{ADAPTER_LATENCY, Path, SerialTiming};
use super::{
    Answered, DEAF_AFTER, Exchange, Link, Lost, MayGo, READ_CHUNK_BYTES, StrayKind, Strays,
    Unanswered, ascii, fence, framer, read_some, write_whole,
};
use crate::frame::{Answer, Judged, Request, WireSize};

/// Pause after a full chunk, which is more than any frame: whoever sends that is no device of this bus, and
/// must not cost more than reading half a megabyte a second does.
const BREATH: Duration = Duration::from_millis(1);

/// A serial line with one or many units on it, of which we are the only master.
#[derive(Debug)]
pub(crate) struct SerialLink<S, F> {
    stream: S,
    timing: SerialTiming,
    framer: F,
    rests: Rests,
    /// Whether what is sent comes back before the reply, once a read has shown it.
    echoes: Option<bool>,
    /// When the last byte came or went, as far as known; may lie ahead while a request is on the wire.
    busy_until: Instant,
    /// Before this nothing is read.
    read_at: Instant,
}

/// In RTU.
pub(crate) type RtuLink<S> = SerialLink<S, framer::Framer>;

/// In ASCII.
pub(crate) type AsciiLink<S> = SerialLink<S, ascii::Framer>;

impl<S: AsyncRead + AsyncWrite + Unpin + Send, F: Framing> SerialLink<S, F> {
    /// A link on a port just opened, or on a connection just made.
    ///
    /// Somebody may have asked just before (this program's last run, for one), so at first all units rest.
    pub(crate) fn new(stream: S, timing: SerialTiming) -> Self {
        let now = Instant::now();
        let rests = Rests::new(now + timing.longest_delay());
        let framer = F::default();
        Self { stream, timing, framer, rests, echoes: None, busy_until: now, read_at: now }
    }

    /// Cancel-safe: what was read is kept in the framer at once.
    async fn receive(&mut self) -> Result<(), Lost> {
        if Instant::now() < self.read_at {
            sleep_until(self.read_at).await;
        }
        let mut chunk = [0; READ_CHUNK_BYTES];
        let count = read_some(&mut self.stream, &mut chunk).await?;
        self.framer.push(chunk.get(..count).unwrap_or_default());
        let now = Instant::now();
        if count == READ_CHUNK_BYTES {
            self.read_at = now + BREATH;
        }
        // What is not read yet is no silence.
        self.busy_until = now.max(self.read_at);
        Ok(())
    }

    /// Throws away the frames that came while nothing was asked.
    fn discard(&mut self, strays: &mut Strays) {
        while let Some(frame) = self.framer.next() {
            let kind = match self.rests.settle(frame.unit, &frame.pdu) {
                true => StrayKind::Late,
                false => StrayKind::Foreign,
            };
            strays.add(kind, Some(frame.unit));
        }
        if self.framer.garbled() {
            strays.add(StrayKind::Garbled, None);
        }
    }

    /// When the line may be used: after 3.5 characters of silence, or more where a pause within something
    /// received may not be the line's.
    fn silent_at(&self) -> Instant {
        let silence = self.timing.silence();
        let clear = self.framer.is_clear();
        self.busy_until + if clear { silence } else { silence.max(self.timing.quiet()) }
    }

    /// Listens until the line is silent; `false` if it is not by `bound`.
    async fn await_silence(&mut self, bound: Instant, strays: &mut Strays) -> Result<bool, Lost> {
        loop {
            let silent_at = self.silent_at();
            // Both arms are cancel-safe. Bytes come first: a silence is one only if none are waiting.
            select! {
                biased;
                received = self.receive() => received?,
                () = sleep_until(silent_at.min(bound)) => {
                    if self.framer.silence() {
                        strays.add(StrayKind::Garbled, None);
                    }
                    return Ok(silent_at <= bound);
                }
            }
            self.discard(strays);
            // On a line that never stops, bytes come first for ever.
            if Instant::now() >= bound {
                return Ok(false);
            }
        }
    }

    /// Takes in one piece or one silence, but listens no longer than until `until`.
    async fn listen(&mut self, until: Instant, strays: &mut Strays) -> Result<(), Lost> {
        let silent_at = if self.framer.is_clear() { until } else { self.silent_at() };
        // Both arms are cancel-safe. Bytes come first: a silence is one only if none are waiting.
        select! {
            biased;
            received = self.receive() => received?,
            () = sleep_until(silent_at.min(until)) => {
                if silent_at <= until && self.framer.silence() {
                    strays.add(StrayKind::Garbled, None);
                }
            }
        }
        self.discard(strays);
        Ok(())
    }

    /// What `wanted` takes among the frames that came; all others are thrown away.
    fn reply<T>(
        &mut self,
        unit: u8,
        wanted: impl Fn(&Frame) -> Option<T>,
        strays: &mut Strays,
    ) -> Option<T> {
        let mut found = None;
        while let (None, Some(frame)) = (&found, self.framer.next()) {
            found = wanted(&frame);
            if found.is_some() {
                continue;
            }
            let kind = match self.rests.settle(frame.unit, &frame.pdu) {
                true => StrayKind::Late,
                false if frame.unit == unit => StrayKind::Misshapen,
                false => StrayKind::Foreign,
            };
            strays.add(kind, Some(frame.unit));
        }
        if self.framer.garbled() {
            strays.add(StrayKind::Garbled, Some(unit));
        }
        found
    }

    async fn exchange<T>(
        &mut self,
        message: Message,
        patience: Duration,
        wanted: impl Fn(&Frame) -> Option<T>,
        strays: &mut Strays,
    ) -> Result<Outcome<T>, Lost> {
        let Message { unit, frame, wire, reply_wire, may_echo } = message;
        if may_echo {
            self.framer.sent(&frame);
        }
        write_whole(&mut self.stream, &frame).await?;
        // The kernel has it now; the line has it when so many characters have passed.
        let sent = Instant::now() + wire;
        self.busy_until = sent;
        let deadline = sent + patience + reply_wire;
        loop {
            if let Some(reply) = self.reply(unit, &wanted, strays) {
                let now = Instant::now();
                if self.timing.path == Path::Network {
                    self.rests.passed(sent, now, self.timing.longest_delay());
                }
                return Ok(Outcome {
                    reply: Some((reply, now.saturating_duration_since(sent))),
                    sent,
                });
            }
            // Looked at here as well as by the timer: on a line that never stops, bytes come first for ever.
            if Instant::now() >= deadline {
                // The listening window: an answer on its way is heard out before anybody talks.
                self.busy_until = Instant::now() + ADAPTER_LATENCY;
                return Ok(Outcome { reply: None, sent });
            }
            let unfinished_until = match self.framer.is_clear() {
                true => deadline,
                false => self.busy_until + self.timing.quiet(),
            };
            // Both arms are cancel-safe. Bytes come first: a silence is one only if none are waiting.
            select! {
                biased;
                received = self.receive() => received?,
                () = sleep_until(unfinished_until.min(deadline)) => {
                    if Instant::now() < deadline && self.framer.silence() {
                        strays.add(StrayKind::Garbled, Some(unit));
                    }
                }
            }
        }
    }

    /// Asks, and notes what is owed when nobody answers.
    async fn answer(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
        strays: &mut Strays,
    ) -> Result<Result<Answered, Unanswered>, Lost> {
        if !may_go() {
            return Ok(Err(Unanswered::Withheld));
        }
        // The reply to a write begins like the write: an echo is waited for only where there is one.
        let may_echo = matches!(request, Request::Read(_)) || self.echoes == Some(true);
        let frame = F::encode(request.unit(), |frame| request.put_pdu(frame));
        let message = self.message(request.unit(), frame, request, may_echo);
        let reply_wire = message.reply_wire;
        let wanted = |frame: &Frame| match request.judge(frame.unit, &frame.pdu) {
            Judged::Answer(answer) => Some(answer),
            Judged::Misshapen | Judged::Foreign => None,
        };
        let Outcome { reply, sent } = self.exchange(message, patience, wanted, strays).await?;
        let answered = |(answer, response): (Answer, Duration)| Answered {
            answer,
            arrived: UnixMs::now(),
            response,
        };
        if reply.is_none() {
            self.rests.owe(request.clone(), sent + self.late_after(patience, reply_wire));
        }
        Ok(reply.map(answered).ok_or(Unanswered::Silence))
    }

    fn message(&self, unit: u8, frame: Vec<u8>, size: &impl WireSize, may_echo: bool) -> Message {
        let wire = self.timing.wire(|line| line.request(size)) + self.timing.rts_delay;
        let reply_wire = self.timing.wire(|line| line.reply(size));
        Message { unit, frame, wire, reply_wire, may_echo }
    }

    /// A read shows whether the line echoes: its reply never looks like it.
    fn learn_echo(&mut self, request: &Request, why: Option<&Unanswered>, strays: &Strays) {
        if !matches!(request, Request::Read(_)) {
            return;
        }
        let heard_out = match why {
            None => true,
            Some(Unanswered::Silence) => strays.is_empty(),
            Some(
                Unanswered::LineBusy
                | Unanswered::Withheld
                | Unanswered::MaybeEcho
                | Unanswered::OwesAnswer,
            ) => return,
        };
        if self.framer.has_echoed() {
            self.echoes = Some(true);
        } else if heard_out {
            self.echoes = Some(false);
        }
    }

    /// Whether nothing that `unit` owes can come any more, over a connection: then it has answered a request
    /// whose reply is nobody's value, and replies come in the order of their requests.
    async fn fence(
        &mut self,
        unit: u8,
        patience: Duration,
        strays: &mut Strays,
    ) -> Result<bool, Lost> {
        if self.rests.is_fenced(unit) {
            // It is out already, and its reply may be held up: a second one would get the reply to the first.
            let until = Instant::now() + patience;
            while self.rests.owes(unit) && Instant::now() < until {
                self.listen(until, strays).await?;
            }
            return Ok(!self.rests.owes(unit));
        }
        let frame = F::encode(unit, |frame| frame.extend(fence::PDU));
        let message = self.message(unit, frame, &fence::Fence, true);
        let late_after = message.wire + self.late_after(patience, message.reply_wire);
        self.rests.fence(unit, Instant::now() + late_after);
        let wanted =
            |frame: &Frame| (frame.unit == unit && fence::is_reply(&frame.pdu)).then_some(());
        let passed = self.exchange(message, patience, wanted, strays).await?.reply.is_some();
        if passed {
            self.rests.forget(unit);
        }
        Ok(passed)
    }

    /// How long after a request has left its reply may come, late.
    fn late_after(&self, patience: Duration, reply_wire: Duration) -> Duration {
        self.timing.max_reply_delay.max(patience) + reply_wire + ADAPTER_LATENCY
    }

    /// Waits for the unit's rest and the line's silence, and asks.
    async fn ask_at_last(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
        strays: &mut Strays,
    ) -> Result<Result<Answered, Unanswered>, Lost> {
        let unit = request.unit();
        if self.echoes.is_none() && request.is_repeated_by_its_reply() {
            return Ok(Err(Unanswered::MaybeEcho));
        }
        // A caller who asks a resting unit waits: the guard does not hang on the caller's discipline.
        while Instant::now() < self.rests.until(unit) {
            self.listen(self.rests.until(unit), strays).await?;
        }
        // A line that is never silent belongs to somebody else: nothing is asked, nothing is owed.
        if !self.silent(patience, strays).await? {
            return Ok(Err(Unanswered::LineBusy));
        }
        if self.timing.path == Path::Network && self.rests.owes(unit) {
            if !self.fence(unit, patience, strays).await? {
                return Ok(Err(Unanswered::OwesAnswer));
            }
            if !self.silent(patience, strays).await? {
                return Ok(Err(Unanswered::LineBusy));
            }
        }
        let answer = self.answer(request, patience, may_go, strays).await?;
        self.learn_echo(request, answer.as_ref().err(), strays);
        Ok(answer)
    }

    async fn silent(&mut self, patience: Duration, strays: &mut Strays) -> Result<bool, Lost> {
        let bound = self.silent_at().max(Instant::now()) + patience;
        self.await_silence(bound, strays).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send, F: Framing> Link for SerialLink<S, F> {
    /// A line on which all units are silent looks the same after opening the port again; a peer that vanished
    /// without a word does not, after connecting again.
    fn deaf_after(&self) -> Option<u32> {
        match self.timing.path {
            Path::Port => None,
            Path::Network => Some(DEAF_AFTER),
        }
    }

    async fn ask_if(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
    ) -> Result<Exchange, Lost> {
        let mut strays = Strays::default();
        let answer = self.ask_at_last(request, patience, may_go, &mut strays).await?;
        Ok(Exchange { answer, strays })
    }

    async fn idle(&mut self, until: Instant) -> Result<Strays, Lost> {
        let mut strays = Strays::default();
        while strays.is_empty() && Instant::now() < until {
            self.listen(until, &mut strays).await?;
        }
        Ok(strays)
    }

    fn rests_until(&self, unit: u8) -> Option<Instant> {
        Some(self.rests.until(unit))
    }
}
