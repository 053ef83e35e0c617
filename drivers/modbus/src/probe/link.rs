//! The open link of a probe: one question at a time, and what came of it.

use std::time::Duration;

use pointcast_api::Fault;
use tokio::time::{Instant, sleep};

use super::image::Image;
use super::span::Span;
use super::survey::{Outcome, Survey};
use super::{Bus, is_of_gateway};
use crate::decode::Content;
use crate::frame::{Answer, ReadRequest};
use crate::link::any::AnyLink;
use crate::link::tcp::TcpLink;
use crate::link::{Exchange, Link, Lost, StrayKind, Strays, Unanswered};
use crate::opening::{self, ByteStream};
use crate::settings::Transport;

/// How often a busy device is asked again, and after what pause.
const BUSY_TRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(500);

/// Exceptions by which a device asks for patience (§7: acknowledge, server device busy).
const BUSY: [u8; 2] = [5, 6];

/// An open link.
pub struct Probe<'a> {
    bus: &'a Bus,
    link: Line,
    heard: Heard,
}

/// What came that was no answer, in all that a probe asked so far: it tells what may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Bytes that are no frame of the framing that is spoken here.
    pub no_frames: bool,
    /// Answers to what was asked before, after its time was over.
    pub late: bool,
    /// Frames that answer nothing that was ever asked, or a line that is never silent.
    pub others: bool,
    /// The other end closed the connection.
    pub closed: bool,
}

impl Heard {
    fn take(&mut self, strays: &Strays) {
        for stray in strays.iter() {
            *match stray.kind {
                StrayKind::Garbled => &mut self.no_frames,
                StrayKind::Late => &mut self.late,
                StrayKind::Foreign | StrayKind::Misshapen | StrayKind::UnknownTransaction => {
                    &mut self.others
                }
            } = true;
        }
    }
}

/// How a unit that was called showed itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It answered after so long: a register's content, or a bit as 0 or 1.
    Answered(u16, Duration),
    /// It answered with an exception of this code: it is there.
    Refused(u8, Duration),
    /// A gateway answered that it cannot reach it, with an exception of this code.
    Unreachable(u8),
    /// Something came, but damaged.
    Damaged,
    /// A whole frame came, from this unit, which was not asked.
    Foreign(u8),
    /// A whole frame of this unit came that is no answer to what was asked.
    Misshapen,
    /// The line was never silent for long enough to ask.
    LineBusy,
    /// Bytes came that are no Modbus TCP; the connection was made anew.
    NoFrames,
    /// The other end closed the connection; it was made anew.
    Closed,
    /// No answer.
    Silent,
}

type Line = AnyLink<Box<dyn ByteStream>>;

/// A link on a stream just opened.
fn link_on(bus: &Bus, stream: Box<dyn ByteStream>) -> Line {
    match &bus.channel.transport {
        Transport::Tcp(..) => Line::Tcp(TcpLink::new(stream, bus.channel.request_gap)),
        Transport::Serial(serial) => Line::serial(stream, bus.timing(serial)),
    }
}

async fn open(bus: &Bus) -> Result<Line, Fault> {
    let stream: Box<dyn ByteStream> = match &bus.channel.transport {
        Transport::Tcp(endpoint, Some(tls)) => {
            Box::new(opening::secure(endpoint, tls, &bus.opening).await?)
        }
        Transport::Tcp(endpoint, None) => Box::new(opening::connect(endpoint).await?),
        Transport::Serial(serial) => opening::line(serial, &bus.opening).await?,
    };
    Ok(link_on(bus, stream))
}

impl<'a> Probe<'a> {
    pub(super) async fn open(bus: &'a Bus) -> Result<Self, Fault> {
        Ok(Self { bus, link: open(bus).await?, heard: Heard::default() })
    }

    #[cfg(test)]
    pub(super) fn on(bus: &'a Bus, stream: impl ByteStream + 'static) -> Self {
        Self { bus, link: link_on(bus, Box::new(stream)), heard: Heard::default() }
    }

    /// What was heard so far that was no answer.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.heard
    }

    /// Listens for as long as nobody may be asked yet; whether somebody was heard, who then is another master or
    /// answers one.
    ///
    /// # Errors
    /// When the link is lost.
    ///
    /// # Cancellation
    /// Safe.
    pub async fn listen(&mut self) -> Result<bool, Fault> {
        let until = Instant::now() + self.bus.rest();
        let mut heard = false;
        while Instant::now() < until {
            heard |= !self.link.idle(until).await.map_err(|lost| self.fault(lost))?.is_empty();
        }
        Ok(heard)
    }

    /// Asks `unit` once for what `span` begins with. Damaged answers are asked for once more.
    ///
    /// # Errors
    /// When the link is lost and cannot be opened again.
    ///
    /// # Cancellation
    /// Safe to stop for good; not to go on with this probe.
    pub async fn call(&mut self, unit: u8, span: &Span) -> Result<Presence, Fault> {
        let request = ReadRequest { unit, table: span.table, first: span.first, quantity: 1 };
        let first = self.presence(request).await?;
        if matches!(first, Presence::Damaged | Presence::Misshapen) {
            let again = self.presence(request).await?;
            return Ok(if again == Presence::Silent { first } else { again });
        }
        Ok(first)
    }

    async fn presence(&mut self, request: ReadRequest) -> Result<Presence, Fault> {
        let Exchange { answer, strays } = match self.ask(request).await {
            Ok(exchange) => exchange,
            Err(lost) => {
                let presence =
                    if is_no_frames(&lost) { Presence::NoFrames } else { Presence::Closed };
                self.reopen(lost).await?;
                return Ok(presence);
            }
        };
        Ok(match answer {
            Ok(answered) => match answered.answer {
                Answer::Content(content) => Presence::Answered(first(&content), answered.response),
                Answer::Exception(code) => match u8::from(code) {
                    code if is_of_gateway(code) => Presence::Unreachable(code),
                    code => Presence::Refused(code, answered.response),
                },
                // Of reads it never is.
                Answer::Written => Presence::Misshapen,
            },
            Err(Unanswered::LineBusy) => Presence::LineBusy,
            Err(_) => stray(&strays, request.unit),
        })
    }

    /// Reads `span` of `unit`, and finds out what of it is refused. `progress` hears before each request how much
    /// of it is known.
    ///
    /// # Errors
    /// When the link is lost and cannot be opened again.
    ///
    /// # Cancellation
    /// Safe to stop for good; not to go on with this probe.
    pub async fn read(
        &mut self,
        unit: u8,
        span: &Span,
        mut progress: impl FnMut(&str),
    ) -> Result<Image, Fault> {
        let mut survey = Survey::new(unit, span);
        while let Some(request) = survey.next() {
            progress(&request.to_string());
            let outcome = self.outcome(request).await?;
            survey.take(&outcome);
        }
        Ok(survey.into_image())
    }

    /// What comes of a request, after as many tries as are configured. A connection that is closed over it is made
    /// anew: some devices hang up where others refuse.
    async fn outcome(&mut self, request: ReadRequest) -> Result<Outcome, Fault> {
        let (mut silent, mut busy) = (0, 0);
        loop {
            let answer = match self.ask(request).await {
                Ok(exchange) => exchange.answer.ok().map(|answered| answered.answer),
                Err(lost) => {
                    self.reopen(lost).await?;
                    None
                }
            };
            match answer {
                Some(Answer::Content(content)) => return Ok(Outcome::Content(content)),
                Some(Answer::Exception(code)) => {
                    let code = u8::from(code);
                    busy += 1;
                    if !BUSY.contains(&code) || busy >= BUSY_TRIES {
                        return Ok(Outcome::Refused(code));
                    }
                    sleep(BUSY_PAUSE).await;
                }
                Some(Answer::Written) | None => {
                    silent += 1;
                    if silent > u32::from(self.bus.channel.retries) {
                        return Ok(Outcome::Silence);
                    }
                }
            }
        }
    }

    /// Asks once, and keeps in mind what came that was no answer.
    async fn ask(&mut self, request: ReadRequest) -> Result<Exchange, Lost> {
        let exchange = self.exchange(request).await;
        match &exchange {
            Ok(Exchange { answer, strays }) => {
                self.heard.take(strays);
                self.heard.others |= matches!(answer, Err(Unanswered::LineBusy));
            }
            Err(lost) if is_no_frames(lost) => self.heard.no_frames = true,
            Err(_) => self.heard.closed = true,
        }
        exchange
    }

    /// Asks once, as soon as the unit may be asked.
    async fn exchange(&mut self, request: ReadRequest) -> Result<Exchange, Lost> {
        while let Some(until) = self.link.rests_until(request.unit)
            && Instant::now() < until
        {
            // What comes meanwhile answers nothing that is asked now.
            self.heard.take(&self.link.idle(until).await?);
        }
        self.link.ask_if(&request.into(), self.bus.channel.timeout, &|| true).await
    }

    /// Opens a connection again that was closed; a port that is lost stays so.
    async fn reopen(&mut self, lost: Lost) -> Result<(), Fault> {
        if !self.bus.is_tcp() {
            return Err(self.fault(lost));
        }
        self.link = open(self.bus).await?;
        Ok(())
    }

    fn fault(&self, lost: Lost) -> Fault {
        Fault::new(format!("read from {}", self.bus.place()), lost)
    }
}

/// Whether a link was lost because what came on it cannot be understood.
fn is_no_frames(lost: &Lost) -> bool {
    matches!(lost, Lost::OutOfStep { .. } | Lost::Flood { .. })
}

fn first(content: &Content) -> u16 {
    match content {
        Content::Registers(registers) => registers.first().copied().unwrap_or_default(),
        Content::Bits(bits) => bits.first().copied().unwrap_or_default().into(),
    }
}

/// What was heard instead of an answer of `unit`.
fn stray(strays: &Strays, unit: u8) -> Presence {
    // Who is late was asked: before, and by nobody else.
    let asked = |stray: &crate::link::Stray| stray.kind == StrayKind::Late;
    let foreign =
        |stray: &crate::link::Stray| stray.unit.filter(|from| *from != unit && !asked(stray));
    let has = |kind: StrayKind| strays.iter().any(|stray| stray.kind == kind);
    if has(StrayKind::Misshapen) {
        Presence::Misshapen
    } else if let Some(from) = strays.iter().find_map(foreign) {
        Presence::Foreign(from)
    } else if has(StrayKind::Garbled) {
        Presence::Damaged
    } else {
        Presence::Silent
    }
}
