//! Modbus RTU on a byte stream. Modbus over Serial Line V1.02 §2.4 and §2.5.1.
//!
//! Nothing on the line says which request a reply answers, so the guard is time: silence before each
//! request, everything thrown away that comes unasked, and a unit that left a request unanswered rests
//! until its answer can no longer come. **The bound:** an answer that begins later than `max_reply_delay`
//! after its request ended can be taken for the answer to a later request of the same unit, function and
//! length.

use std::time::Duration;

use pointcast_api::UnixMs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;
use tokio::time::{Instant, sleep_until};

use super::framer::Framer;
use super::rests::Rests;
use super::{
    Answered, Exchange, Link, Lost, MayGo, READ_CHUNK_BYTES, StrayKind, Strays, Unanswered,
    read_some, write_whole,
};
use crate::crc::crc;
use crate::frame::{Answer, Judged, Request, WireSize};
use crate::line::{Line, MAX_FRAME_BYTES};

/// USB adapters hand bytes over in pieces up to 16 ms apart; only a pause longer than this is a silence
/// within what was received.
const ADAPTER_LATENCY: Duration = Duration::from_millis(20);

/// Unit and check sum around a PDU.
const FRAME_OVERHEAD_BYTES: usize = 3;

/// Pause after a full chunk, which is more than any frame: whoever sends that is no device of this bus, and
/// must not cost more than reading half a megabyte a second does.
const BREATH: Duration = Duration::from_millis(1);

/// What a line may be like, beside its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtuTiming {
    pub(crate) line: Line,
    /// Longest an answer may take to begin and still be known as late.
    pub(crate) max_reply_delay: Duration,
    /// Least pause between a reply and the next request, where more than the silence is wanted.
    pub(crate) request_gap: Duration,
}

/// A serial line with one or many units on it, of which we are the only master.
#[derive(Debug)]
pub(crate) struct RtuLink<S> {
    stream: S,
    timing: RtuTiming,
    framer: Framer,
    rests: Rests,
    /// Whether what is sent comes back before the reply, once a read has shown it.
    echoes: Option<bool>,
    /// When the last byte came or went, as far as known; may lie ahead while a request is on the wire.
    busy_until: Instant,
    /// Before this nothing is read.
    read_at: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> RtuLink<S> {
    /// A link on a port just opened.
    ///
    /// Somebody may have asked just before (this program's last run, for one), so at first all units rest.
    pub(crate) fn new(stream: S, timing: RtuTiming) -> Self {
        let now = Instant::now();
        let longest = timing.line.wire(u32::try_from(MAX_FRAME_BYTES).unwrap_or(u32::MAX));
        let rests = Rests::new(now + timing.max_reply_delay + longest + ADAPTER_LATENCY);
        let framer = Framer::default();
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
    }

    /// When the line may be used: after 3.5 characters of silence, or more where a pause within something
    /// received may be the adapter's.
    fn silent_at(&self) -> Instant {
        let silence = self.timing.line.silence().max(self.timing.request_gap);
        let clear = self.framer.is_clear();
        self.busy_until + if clear { silence } else { silence.max(ADAPTER_LATENCY) }
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

    /// The answer to `request` among the frames that came; all others are thrown away.
    fn answer(&mut self, request: &Request, strays: &mut Strays) -> Option<Answer> {
        while let Some(frame) = self.framer.next() {
            match request.judge(frame.unit, &frame.pdu) {
                Judged::Answer(answer) => return Some(answer),
                Judged::Misshapen => strays.add(StrayKind::Misshapen, Some(frame.unit)),
                Judged::Foreign if self.rests.settle(frame.unit, &frame.pdu) => {
                    strays.add(StrayKind::Late, Some(frame.unit));
                }
                Judged::Foreign => strays.add(StrayKind::Foreign, Some(frame.unit)),
            }
        }
        None
    }

    async fn exchange(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
        strays: &mut Strays,
    ) -> Result<Result<Answered, Unanswered>, Lost> {
        let line = self.timing.line;
        if !may_go() {
            return Ok(Err(Unanswered::Withheld));
        }
        let bytes = encode(request);
        // The reply to a write begins like the write: an echo is waited for only where there is one.
        if matches!(request, Request::Read(_)) || self.echoes == Some(true) {
            self.framer.sent(&bytes);
        }
        write_whole(&mut self.stream, &bytes).await?;
        // The kernel has it now; the line has it when so many characters have passed.
        let sent = Instant::now() + line.request(request);
        self.busy_until = sent;
        let deadline = sent + patience + line.reply(request);
        loop {
            if let Some(answer) = self.answer(request, strays) {
                let response = Instant::now().saturating_duration_since(sent);
                return Ok(Ok(Answered { answer, arrived: UnixMs::now(), response }));
            }
            // Looked at here as well as by the timer: on a line that never stops, bytes come first for ever.
            if Instant::now() >= deadline {
                self.give_up(request, sent, patience);
                return Ok(Err(Unanswered::Silence));
            }
            let unfinished_until = match self.framer.is_clear() {
                true => deadline,
                false => self.busy_until + line.silence().max(ADAPTER_LATENCY),
            };
            // Both arms are cancel-safe. Bytes come first: a silence is one only if none are waiting.
            select! {
                biased;
                received = self.receive() => received?,
                () = sleep_until(unfinished_until.min(deadline)) => {
                    if Instant::now() < deadline && self.framer.silence() {
                        strays.add(StrayKind::Garbled, Some(request.unit()));
                    }
                }
            }
        }
    }

    /// A read shows whether the line echoes: its reply never looks like it.
    fn learn_echo(&mut self, request: &Request, why: Option<&Unanswered>, strays: &Strays) {
        if !matches!(request, Request::Read(_)) {
            return;
        }
        let heard_out = match why {
            None => true,
            Some(Unanswered::Silence) => strays.is_empty(),
            Some(Unanswered::LineBusy | Unanswered::Withheld | Unanswered::MaybeEcho) => return,
        };
        if self.framer.has_echoed() {
            self.echoes = Some(true);
        } else if heard_out {
            self.echoes = Some(false);
        }
    }

    /// The time of a request that left at `sent` is up: its answer is owed.
    fn give_up(&mut self, request: &Request, sent: Instant, patience: Duration) {
        let late_until = self.timing.max_reply_delay.max(patience)
            + self.timing.line.reply(request)
            + ADAPTER_LATENCY;
        self.rests.owe(request.clone(), sent + late_until);
        // The listening window: an answer on its way is heard out before anybody talks.
        self.busy_until = Instant::now() + ADAPTER_LATENCY;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link for RtuLink<S> {
    /// A line on which all units are silent looks the same after opening the port again.
    const DEAF_AFTER: Option<u32> = None;

    async fn ask_if(
        &mut self,
        request: &Request,
        patience: Duration,
        may_go: &MayGo<'_>,
    ) -> Result<Exchange, Lost> {
        let mut strays = Strays::default();
        if self.echoes.is_none() && request.is_repeated_by_its_reply() {
            return Ok(Exchange { answer: Err(Unanswered::MaybeEcho), strays });
        }
        // A caller who asks a resting unit waits: the guard does not hang on the caller's discipline.
        while Instant::now() < self.rests.until(request.unit()) {
            self.listen(self.rests.until(request.unit()), &mut strays).await?;
        }
        let bound = self.silent_at().max(Instant::now()) + patience;
        let answer = match self.await_silence(bound, &mut strays).await? {
            true => self.exchange(request, patience, may_go, &mut strays).await?,
            // A line that is never silent belongs to somebody else: nothing was asked, nothing is owed.
            false => Err(Unanswered::LineBusy),
        };
        self.learn_echo(request, answer.as_ref().err(), &strays);
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

/// The bytes of a request.
pub(crate) fn encode(request: &Request) -> Vec<u8> {
    let mut frame = Vec::with_capacity(request.request_pdu_bytes() + FRAME_OVERHEAD_BYTES);
    frame.push(request.unit());
    request.put_pdu(&mut frame);
    let check = crc(&frame);
    frame.extend(check);
    frame
}
