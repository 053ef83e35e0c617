//! Follows one gateway from connection to connection.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use hyper::http::response::Parts;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::backoff::Backoff;
use super::connection::{get, whole};
use super::event::{Connect, Event, Notice, decode};
use super::line::{Details, Lines, printable};
use super::problem;
use super::sse::{Parser, RawEvent};
use super::target::Target;
use crate::cli::{duration, say};

/// Silence after which a stream is dead that has not yet said how often its heart beats: twice the default.
const FIRST_SILENCE: Duration = Duration::from_secs(30);

/// Most bytes of a problem document that are read.
const MAX_PROBLEM_BYTES: usize = 64 * 1024;

/// Most bytes of one page of points that are read.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;

/// Most points whose unit and labels are asked for.
const MAX_DETAILED_POINTS: usize = 100_000;

/// Most patterns that are looked at for whether they match anything: each costs a request or two.
const MAX_NAMED_PATTERNS: usize = 16;

/// Why following ended for good.
#[derive(Debug)]
pub(super) enum Over {
    /// Another try would end the same.
    Useless(String),
    /// Nobody reads the output any more.
    OutputClosed,
    /// The output cannot be written.
    Output(io::Error),
}

/// Why one connection ended.
enum Ended {
    /// To be tried again, at the earliest after the wait that the gateway asked for.
    Lost(String, Option<Duration>),
    Over(Over),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Over(match error.kind() == ErrorKind::BrokenPipe {
            true => Over::OutputClosed,
            false => Over::Output(error),
        })
    }
}

fn lost(why: impl ToString) -> Ended {
    Ended::Lost(why.to_string(), None)
}

/// Follows one gateway.
pub(super) struct Follower<W> {
    target: Target,
    patterns: Vec<String>,
    lines: Lines,
    out: W,
    backoff: Backoff,
    last_id: Option<String>,
    noticed: u64,
    silence: Duration,
}

impl<W: Write> Follower<W> {
    /// Follows the points of `target`, which people wrote as `patterns`, and writes `lines` to `out`.
    pub(super) fn new(target: Target, patterns: Vec<String>, lines: Lines, out: W) -> Self {
        let (backoff, last_id, noticed, silence) = (Backoff::default(), None, 0, FIRST_SILENCE);
        Self { target, patterns, lines, out, backoff, last_id, noticed, silence }
    }

    /// Connects again and again, until that is of no more use.
    ///
    /// # Cancellation
    /// Safe: lines are written whole.
    pub(super) async fn follow(&mut self) -> Over {
        loop {
            let (why, asked) = match self.connection().await {
                Ended::Over(over) => return over,
                Ended::Lost(why, asked) => (why, asked),
            };
            let wait = self.backoff.next(rand::random()).max(asked.unwrap_or_default());
            let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
            say(&format!("{why}; next try in {}", duration::words(wait)));
            sleep(wait).await;
        }
    }

    async fn connection(&mut self) -> Ended {
        let (target, last_id) = (self.target.clone(), self.last_id.clone());
        let mut headers = vec![(ACCEPT, "text/event-stream")];
        if let Some(id) = last_id.as_deref().filter(|id| !id.is_empty()) {
            headers.push((HeaderName::from_static("last-event-id"), id));
        }
        self.silence = FIRST_SILENCE;
        let take = async |answer| self.answer(answer).await;
        match get(&target, &target.stream(), &headers, take).await {
            Ok(ended) => ended,
            Err(error) => lost(format!("{}: {error}", target.shown)),
        }
    }

    async fn answer(&mut self, answer: Response<Incoming>) -> Ended {
        let (Parts { status, headers, .. }, body) = answer.into_parts();
        let kind =
            headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if status != StatusCode::OK {
            // Without its body the status still says enough.
            let body = whole(body, MAX_PROBLEM_BYTES).await.unwrap_or_default();
            let words = problem::words(status, &body);
            return match problem::is_worth_retrying(status) {
                true => Ended::Lost(words, problem::retry_after(&headers)),
                false => Ended::Over(Over::Useless(words)),
            };
        }
        if !kind.starts_with("text/event-stream") {
            let kind = printable(kind);
            let why = format!("{} is no gateway: it answered with {kind:?}", self.target.shown);
            return Ended::Over(Over::Useless(why));
        }
        match self.events(body).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn events(&mut self, mut body: Incoming) -> Result<std::convert::Infallible, Ended> {
        let mut parser = Parser::default();
        loop {
            let frame = timeout(self.silence, body.frame())
                .await
                .map_err(|_| lost(format!("nothing came for {}", duration::words(self.silence))))?;
            let frame = frame.ok_or_else(|| lost("the gateway ended the stream"))?.map_err(lost)?;
            let Ok(bytes) = frame.into_data() else { continue };
            parser.feed(&bytes).map_err(lost)?;
            while let Some(event) = parser.next_event() {
                self.event(&event).await?;
            }
            self.out.flush()?;
            if let Some(id) = parser.last_id.take() {
                self.last_id = Some(id);
            }
            if let Some(retry) = parser.retry.take() {
                self.backoff.asked(retry);
            }
        }
    }

    async fn event(&mut self, raw: &RawEvent) -> Result<(), Ended> {
        let unreadable = |error| lost(format!("an event cannot be understood: {error}"));
        match decode(raw).map_err(unreadable)? {
            Event::Connect(connect) => self.connected(&connect).await,
            Event::Catalog => self.learn().await,
            Event::Subscribed(0) => say("no point matches yet; waiting for one to appear"),
            Event::Subscribed(_) | Event::Other => {}
            Event::Points(points) => {
                for point in &points.points {
                    writeln!(self.out, "{}", self.lines.line(point))?;
                }
                if points.skipped > 0 {
                    say(&format!("{} changes were overtaken by newer ones", points.skipped));
                }
            }
            Event::Removed(removed) => {
                for id in &removed.points {
                    writeln!(self.out, "{}", self.lines.removed(id, &removed.why))?;
                }
            }
            Event::Notice(notice) => self.notice(&notice),
            Event::Replaced => {
                self.last_id = None;
                return Err(lost("another connection took this session over"));
            }
            Event::Drain => say("the gateway is stopping"),
        }
        Ok(())
    }

    /// Ids come in order; a resume may repeat some.
    fn notice(&mut self, notice: &Notice) {
        if notice.id > self.noticed {
            self.noticed = notice.id;
            say(&self.lines.notice(notice));
        }
    }

    async fn connected(&mut self, connect: &Connect) {
        if !connect.resumed {
            // A new session is told only of notices to come, and another run of the gateway counts anew.
            self.noticed = 0;
        }
        self.silence = connect.silence();
        self.backoff.worked();
        let again = self.last_id.is_some();
        say(&match (connect.reset.as_deref(), again) {
            (Some("restart"), _) => "the gateway was restarted: every value comes anew".to_owned(),
            (Some("expired"), _) => "away for too long: every value comes anew".to_owned(),
            (Some(other), _) => format!("{}: every value comes anew", printable(other)),
            (None, true) if connect.resumed => {
                "connected again; what changed meanwhile follows".to_owned()
            }
            (None, true | false) => {
                format!("following {} at {}", self.patterns.join(" "), self.target.shown)
            }
        });
        if !connect.resumed {
            self.learn().await;
            if !again {
                self.name_unmatched().await;
            }
        }
    }

    /// Says which patterns match nothing yet, and what may be meant.
    async fn name_unmatched(&self) {
        for pattern in self.patterns.iter().take(MAX_NAMED_PATTERNS) {
            match self.matches_any(pattern).await {
                Some(true) => continue,
                Some(false) => {}
                None => return,
            }
            let below = format!("{pattern}/**");
            let meant = !pattern.ends_with("**") && self.matches_any(&below).await == Some(true);
            say(&match meant {
                true => format!("nothing matches '{pattern}'; is '{below}' meant?"),
                false => format!("nothing matches '{pattern}' yet"),
            });
        }
    }

    /// Whether there is a point that matches; `None` if that cannot be told.
    async fn matches_any(&self, pattern: &str) -> Option<bool> {
        Some(!self.page(&self.target.first(pattern)).await?.points.is_empty())
    }

    /// Asks for units and labels. Without them lines are poorer, and nothing is lost.
    async fn learn(&mut self) {
        let mut details = Vec::new();
        let mut cursor = Some(String::new());
        while let Some(from) = cursor.filter(|_| details.len() < MAX_DETAILED_POINTS) {
            let path = self.target.list(&from);
            let page = self.page(&path).await;
            let Some(page) = page else {
                tracing::debug!("units and labels cannot be had");
                return;
            };
            details.extend(page.points);
            cursor = page.cursor.filter(|next| *next != from);
        }
        self.lines.know(details);
    }

    async fn page(&self, path: &str) -> Option<Page> {
        let take =
            async |answer: Response<Incoming>| whole(answer.into_body(), MAX_PAGE_BYTES).await;
        match get(&self.target, path, &[], take).await {
            Ok(Ok(body)) => serde_json::from_slice(&body).ok(),
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

/// One page of the list of points.
#[derive(Deserialize)]
struct Page {
    points: Vec<Details>,
    cursor: Option<String>,
}
