//! What a connection hears and when, on paused time; a file a theme.

mod beginnings;
mod coming;
mod compact;
mod deadbands;
mod edits;
mod ends;
mod gone;
mod intervals;
mod limits;
mod notices;
mod pace;
mod unsettled;

use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use pointcast_api::{PointDeclaration, PointId, ValueType};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, advance, timeout};
use tokio_util::sync::CancellationToken;

use super::testing::{entries, patterns, put, table};
use super::{
    Addressee, Deadband, Edit, EditError, Entry, Feed, Next, Opening, Outgoing, Pace, Refused,
    Session, Sessions, Severity, Verdict, Wish,
};
use crate::limits::{Limits, SMALL_BYTES};
use crate::table::{Form, Index, Pattern, Table};

const HEARTBEAT: Duration = Duration::from_secs(15);
const PACE: Pace = Pace { interval_ms: 0, heartbeat_ms: 15_000 };
const PLAIN: Wish = Wish { interval_ms: 0, deadband: None, flush_ms: None };

fn every(interval_ms: u32) -> Wish {
    Wish { interval_ms, ..PLAIN }
}

fn beyond(width: f64) -> Wish {
    Wish { deadband: Some(Deadband::Absolute(width)), ..PLAIN }
}

fn entry((pattern, wish): (&str, Wish)) -> Entry {
    Entry::new(Pattern::new(pattern).unwrap(), wish)
}

struct Bench {
    table: Arc<Table>,
    sessions: Arc<Sessions>,
    stop: CancellationToken,
}

/// An event, taken apart.
#[derive(Debug)]
struct Event {
    name: String,
    data: Json,
    id: Option<String>,
}

impl Event {
    fn ids(&self) -> Vec<&str> {
        let points = self.data["points"].as_array().unwrap();
        points.iter().map(|point| point["id"].as_str().unwrap()).collect()
    }

    fn values(&self) -> Vec<i64> {
        let points = self.data["points"].as_array().unwrap();
        points.iter().map(|point| point["value"].as_i64().unwrap_or(-1)).collect()
    }

    fn ids_removed(&self) -> Vec<&str> {
        let points = self.data["points"].as_array().unwrap();
        points.iter().map(|point| point.as_str().unwrap()).collect()
    }

    /// The position that its id names.
    fn seq(&self) -> u64 {
        super::EventId::parse(self.id.as_deref().unwrap()).unwrap().seq
    }
}

impl Bench {
    fn new(points: usize, limits: Limits) -> Self {
        Self::of(table(points), limits)
    }

    fn of(table: Arc<Table>, limits: Limits) -> Self {
        let sessions = Arc::new(Sessions::new(Arc::clone(&table), Arc::new(limits)));
        Self { table, sessions, stop: CancellationToken::new() }
    }

    /// One whose sessions keep at most so many removed points once they were told.
    fn keeping(max_gone: usize, points: usize, limits: Limits) -> Self {
        let (table, stop) = (table(points), CancellationToken::new());
        let limits = Arc::new(limits);
        let sessions = Arc::new(Sessions::keeping(max_gone, Arc::clone(&table), limits));
        Self { table, sessions, stop }
    }

    fn open(&self, id: Option<&str>, points: Option<&[usize]>) -> Result<Feed, Refused> {
        self.open_at(id, points, PACE)
    }

    fn open_at(
        &self,
        last_event_id: Option<&str>,
        points: Option<&[usize]>,
        pace: Pace,
    ) -> Result<Feed, Refused> {
        let points = points.map(|points| patterns(points.iter().copied()));
        let address = "127.0.0.1".parse().unwrap();
        self.sessions.open(Opening { last_event_id, points, pace, form: Form::Plain, address })
    }

    fn open_in(&self, form: Form, last_event_id: Option<&str>, points: Option<&[usize]>) -> Feed {
        let points = points.map(|points| patterns(points.iter().copied()));
        let address = "127.0.0.1".parse().unwrap();
        let opening = Opening { last_event_id, points, pace: PACE, form, address };
        self.sessions.open(opening).unwrap()
    }

    /// Comes back with an id, and takes `connect`.
    async fn resume(&self, id: &str) -> Feed {
        let mut feed = self.open(Some(id), None).unwrap();
        let connect = self.next(&mut feed).await;
        assert_eq!((&connect.data["resumed"], connect.id.as_deref()), (&json!(true), Some(id)));
        feed
    }

    /// A client that selected these and has its snapshot, with its last id.
    async fn client<const N: usize>(&self, wanted: [(&str, Wish); N]) -> (Feed, String) {
        let mut feed = self.open(None, None).unwrap();
        let connect = self.next(&mut feed).await;
        let session = self.session(connect.id.as_deref().unwrap());
        session.edit(Edit::Put(wanted.map(entry).into()), None).unwrap();
        assert_eq!(self.next(&mut feed).await.name, "subscribed");
        let id = self.snapshot(&mut feed).await;
        (feed, id)
    }

    fn session(&self, id: &str) -> Arc<Session> {
        self.sessions.find(client_of(id)).unwrap()
    }

    /// Adds and changes entries of the client that has this id.
    fn patch<const N: usize>(&self, id: &str, add: [(&str, Wish); N], remove: &[&str]) {
        let remove = remove.iter().map(|pattern| (*pattern).to_owned()).collect();
        let edit = Edit::Patch { add: add.map(entry).into(), remove };
        self.session(id).edit(edit, None).unwrap();
    }

    async fn next(&self, feed: &mut Feed) -> Event {
        let bytes = timeout(Duration::from_secs(120), feed.next(&self.stop)).await;
        let bytes = bytes.expect("an event in time").expect("the stream goes on");
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.ends_with("\n\n") && text.matches("\n\n").count() == 1, "{text:?}");
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
        Event { name: field("event: ").unwrap(), data, id: field("id: ") }
    }

    /// The next event, which comes at once, or after so many milliseconds and no sooner.
    async fn next_after(&self, feed: &mut Feed, ms: u64) -> Event {
        let begin = Instant::now();
        let event = self.next(feed).await;
        assert_eq!(begin.elapsed(), Duration::from_millis(ms), "{event:?}");
        event
    }

    /// Nothing comes for so many milliseconds.
    async fn quiet(&self, feed: &mut Feed, ms: u64) {
        let event = timeout(Duration::from_millis(ms), feed.next(&self.stop)).await;
        assert!(event.is_err(), "{event:?}");
    }

    /// Takes a heartbeat, the next event.
    async fn heartbeat(&self, feed: &mut Feed) -> Event {
        let event = self.next(feed).await;
        assert_eq!(event.name, "heartbeat", "{event:?}");
        event
    }

    /// Takes `connect`, `subscribed` and the snapshot of a new session; returns the last id.
    async fn begin(&self, feed: &mut Feed) -> String {
        for expected in ["connect", "subscribed"] {
            assert_eq!(self.next(feed).await.name, expected);
        }
        self.snapshot(feed).await
    }

    async fn snapshot(&self, feed: &mut Feed) -> String {
        loop {
            let event = self.next(feed).await;
            assert!(event.data.get("snapshot").is_some(), "{event:?}");
            if event.data.get("more").is_none() {
                return event.id.unwrap();
            }
        }
    }

    /// Points come; their places.
    fn add<const N: usize>(&self, ids: [&str; N]) -> Vec<Index> {
        let declare = |id: &str| {
            let id = PointId::new(id).unwrap();
            (PointDeclaration::bare(id, ValueType::I64), String::new())
        };
        self.sessions.add_points(ids.map(declare).into()).unwrap().collect()
    }
}

fn client_of(id: &str) -> &str {
    id.split('.').next().unwrap()
}
