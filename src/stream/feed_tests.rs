//! What a connection hears and when, on paused time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, advance, timeout};
use tokio_util::sync::CancellationToken;

use super::testing::{entries, patterns, put, table};
use super::{Edit, EditError, Feed, Opening, Pace, Refused, Sessions, Verdict};
use crate::limits::Limits;
use crate::table::{Form, Table};

const HEARTBEAT: Duration = Duration::from_secs(15);
const PACE: Pace = Pace { interval_ms: 0, heartbeat_ms: 15_000 };

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
}

impl Bench {
    fn new(points: usize, limits: Limits) -> Self {
        let table = table(points);
        let sessions = Arc::new(Sessions::new(Arc::clone(&table), Arc::new(limits)));
        Self { table, sessions, stop: CancellationToken::new() }
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

    /// Takes `connect`, `subscribed` and the snapshot of a new session; returns the last id.
    async fn begin(&self, feed: &mut Feed) -> String {
        for expected in ["connect", "subscribed"] {
            assert_eq!(self.next(feed).await.name, expected);
        }
        loop {
            let event = self.next(feed).await;
            assert!(event.data.get("snapshot").is_some());
            if event.data.get("more").is_none() {
                return event.id.unwrap();
            }
        }
    }
}

fn client_of(id: &str) -> &str {
    id.split('.').next().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_new_stream_begins_with_its_state_and_then_hears_changes() {
    let bench = Bench::new(3, Limits::default());
    put(&bench.table, &[0, 1], 5);
    let mut feed = bench.open(None, Some(&[0, 1])).unwrap();
    let connect = bench.next(&mut feed).await;
    assert_eq!(connect.data["selection"], "query");
    assert_eq!(connect.data["resumed"], false);
    assert_eq!(connect.data["reset"], Json::Null);
    assert!(connect.id.unwrap().ends_with(".0.0"), "nothing was told yet");
    let subscribed = bench.next(&mut feed).await;
    assert_eq!((subscribed.name.as_str(), &subscribed.id), ("subscribed", &None));
    assert_eq!(subscribed.data, serde_json::json!({"revision": 1, "count": 2}));
    let snapshot = bench.next(&mut feed).await;
    assert_eq!((snapshot.ids(), snapshot.values()), (vec!["p0", "p1"], vec![5, 5]));
    assert_eq!(snapshot.data["snapshot"], 1);
    put(&bench.table, &[0, 1, 2], 6);
    let changes = bench.next(&mut feed).await;
    assert_eq!((changes.ids(), changes.values()), (vec!["p0", "p1"], vec![6, 6]));
    assert!(changes.data.get("snapshot").is_none() && changes.data.get("skipped").is_none());
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_heartbeat_that_proves_the_position() {
    let bench = Bench::new(2, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    bench.begin(&mut feed).await;
    put(&bench.table, &[1], 1);
    let before = Instant::now();
    let heartbeat = bench.next(&mut feed).await;
    assert_eq!(heartbeat.name, "heartbeat");
    assert_eq!(before.elapsed(), HEARTBEAT);
    assert_eq!(heartbeat.data["heartbeat_ms"], 15_000);
    let settled = bench.table.settled();
    assert!(heartbeat.id.unwrap().ends_with(&format!(".{settled}.1")));
}

#[tokio::test(start_paused = true)]
async fn an_interval_gathers_but_the_first_change_after_quiet_goes_at_once() {
    let bench = Bench::new(1, Limits::default());
    let pace = Pace { interval_ms: 1_000, ..PACE };
    let mut feed = bench.open_at(None, Some(&[0]), pace).unwrap();
    bench.begin(&mut feed).await;
    let begin = Instant::now();
    put(&bench.table, &[0], 1);
    assert_eq!(bench.next(&mut feed).await.values(), [1]);
    assert_eq!(begin.elapsed(), Duration::ZERO);
    for value in 2..=4 {
        put(&bench.table, &[0], value);
    }
    let gathered = bench.next(&mut feed).await;
    assert_eq!(begin.elapsed(), Duration::from_secs(1));
    assert_eq!((gathered.values(), &gathered.data["skipped"]), (vec![4], &Json::from(2)));
    advance(Duration::from_secs(5)).await;
    let quiet_over = Instant::now();
    put(&bench.table, &[0], 5);
    assert_eq!(bench.next(&mut feed).await.values(), [5]);
    assert_eq!(quiet_over.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_the_newest_and_hears_what_it_missed() {
    let bench = Bench::new(2, Limits::default());
    let mut feed = bench.open(None, Some(&[0, 1])).unwrap();
    bench.begin(&mut feed).await;
    for value in 1..=100 {
        put(&bench.table, &[0, 1], value);
    }
    let late = bench.next(&mut feed).await;
    assert_eq!(late.values(), [100, 100]);
    assert_eq!(late.data["skipped"], 198);
}

#[tokio::test(start_paused = true)]
async fn a_resume_tells_only_what_changed_since() {
    let bench = Bench::new(3, Limits::default());
    let mut feed = bench.open(None, Some(&[0, 1, 2])).unwrap();
    let id = bench.begin(&mut feed).await;
    drop(feed);
    put(&bench.table, &[1], 7);
    advance(Duration::from_secs(59)).await;
    bench.sessions.sweep(Instant::now());
    let mut feed = bench.open(Some(&id), Some(&[0])).unwrap();
    let connect = bench.next(&mut feed).await;
    assert_eq!(connect.data["resumed"], true);
    assert_eq!(connect.data["selection"], "kept");
    assert_eq!(connect.id.as_deref(), Some(id.as_str()), "a cut right here must lose nothing");
    let changes = bench.next(&mut feed).await;
    assert_eq!((changes.ids(), changes.values()), (vec!["p1"], vec![7]));
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_cannot_be_says_why_and_starts_anew() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    let parts: Vec<&str> = id.split('.').collect();
    let (client, epoch) = (parts[0], parts[1]);
    let ahead = format!("{client}.{epoch}.99999.1");
    let unheard = format!("{client}.{epoch}.0.9");
    let restart = format!("{client}.another.0.1");
    let stranger = format!("nobody.{epoch}.0.1");
    for (id, reset, selection) in [
        (ahead.as_str(), "expired", "empty"),
        (unheard.as_str(), "expired", "empty"),
        (restart.as_str(), "restart", "empty"),
        (stranger.as_str(), "expired", "empty"),
        ("nonsense", "expired", "empty"),
    ] {
        let connect = bench.next(&mut bench.open(Some(id), None).unwrap()).await;
        assert_eq!(connect.data["reset"], reset, "{id}");
        assert_eq!(connect.data["resumed"], false);
        assert_eq!(connect.data["selection"], selection);
        assert_ne!(connect.data["client"], client);
    }
    drop(feed);
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    let connect = bench.next(&mut bench.open(Some(&id), Some(&[0])).unwrap()).await;
    assert_eq!(
        (&connect.data["reset"], &connect.data["selection"]),
        (&"expired".into(), &"query".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_replaces_the_first() {
    let bench = Bench::new(1, Limits::default());
    let mut first = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut first).await;
    let mut second = bench.open(Some(&id), None).unwrap();
    assert_eq!(bench.next(&mut second).await.name, "connect");
    assert_eq!(bench.next(&mut first).await.name, "replaced");
    assert_eq!(first.next(&bench.stop).await, None);
    drop(first);
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    put(&bench.table, &[0], 3);
    assert_eq!(
        bench.next(&mut second).await.values(),
        [3],
        "the old one's end is not the session's"
    );
}

/// Runs a connection in a task of its own, as the server does: after its beginning it is polled only when it is
/// woken. Tells when each event came and its name.
fn run_alone(
    bench: &Bench,
    open: impl FnOnce() -> Feed + Send + 'static,
) -> Receiver<(Instant, String)> {
    let (sender, receiver) = channel(8);
    let stop = bench.stop.clone();
    tokio::spawn(async move {
        let mut feed = open();
        while let Some(bytes) = feed.next(&stop).await {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let name = text.lines().find_map(|line| line.strip_prefix("event: ")).unwrap();
            sender.try_send((Instant::now(), name.to_owned())).expect("few events");
        }
    });
    receiver
}

#[tokio::test(start_paused = true)]
async fn a_replaced_connection_takes_no_wake_from_its_successor() {
    let bench = Bench::new(1, Limits::default());
    let mut first = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut first).await;
    let mut first = run_alone(&bench, || first);
    advance(Duration::from_secs(1)).await;
    let begin = Instant::now();
    let sessions = Arc::clone(&bench.sessions);
    // The successor is opened and waits before the first is polled again.
    let mut second = run_alone(&bench, move || {
        let address = "127.0.0.1".parse().unwrap();
        let opening = Opening {
            last_event_id: Some(&id),
            points: None,
            pace: PACE,
            form: Form::Plain,
            address,
        };
        sessions.open(opening).unwrap()
    });
    assert_eq!(second.recv().await.unwrap().1, "connect");
    assert_eq!(first.recv().await.unwrap(), (begin, "replaced".to_owned()));
    put(&bench.table, &[0], 3);
    assert_eq!(second.recv().await.unwrap(), (begin, "points".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_life_is_over_can_neither_be_resumed_nor_edited() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    // Whoever looked a session up may come to it only after it has ended.
    let session = bench.sessions.find(client_of(&id)).unwrap();
    drop(feed);
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    assert_eq!(session.edit(Edit::Put(entries([0])), None), Err(EditError::Over));
    assert!(session.resume(0, 1, Form::Plain).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_acknowledged_before_any_event_of_the_new_selection() {
    let bench = Bench::new(3, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    let session = bench.sessions.find(client_of(&id)).unwrap();
    put(&bench.table, &[0, 1], 1);
    let add = Edit::Patch { add: entries([1]), remove: vec!["p0".to_owned(), "p9".to_owned()] };
    let edited = session.edit(add, Some(1)).unwrap();
    let verdicts: Vec<_> = edited.entries.iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Selected(1), Verdict::Removed, Verdict::NoSuchEntry]);
    assert_eq!(session.edit(Edit::Put(Vec::new()), Some(1)), Err(EditError::Conflict(2)));
    let subscribed = bench.next(&mut feed).await;
    assert_eq!(subscribed.data, serde_json::json!({"revision": 2, "count": 1}));
    let snapshot = bench.next(&mut feed).await;
    assert_eq!((snapshot.ids(), &snapshot.data["snapshot"]), (vec!["p1"], &Json::from(2)));
    session.edit(Edit::Put(Vec::new()), None).unwrap();
    assert_eq!(bench.next(&mut feed).await.data["count"], 0);
    let empty = bench.next(&mut feed).await;
    assert_eq!((empty.ids(), &empty.data["snapshot"]), (vec![], &Json::from(3)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_drains_every_stream() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    bench.begin(&mut feed).await;
    bench.stop.cancel();
    assert_eq!(bench.next(&mut feed).await.name, "drain");
    assert_eq!(feed.next(&bench.stop).await, None);
}

#[tokio::test(start_paused = true)]
async fn limits_refuse_the_new_and_never_hurt_the_old() {
    let limits = Limits { streams: 1, points_per_client: 1, ..Limits::default() };
    let bench = Bench::new(2, limits);
    assert_eq!(bench.open(None, Some(&[0, 1])).unwrap_err(), Refused::Points);
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    assert_eq!(bench.open(None, None).unwrap_err(), Refused::Streams(1));
    let session = bench.sessions.find(client_of(&id)).unwrap();
    let edited = session.edit(Edit::Put(entries([0, 1])), None).unwrap();
    let verdicts: Vec<_> = edited.entries.iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Selected(1), Verdict::Limit]);
    assert_eq!(session.subscription().entries.len(), 1, "what did not fit is not kept");
    drop(feed);
    assert_eq!(bench.sessions.open_streams(), 0);
    assert!(bench.open(Some(&id), None).is_ok(), "a session within its life keeps its place");
}

#[tokio::test(start_paused = true)]
async fn who_opens_and_drops_streams_fills_only_its_own_share_and_that_for_a_while() {
    let bench = Bench::new(1, Limits { sessions_per_address: 2, ..Limits::default() });
    for _ in 0..2 {
        drop(bench.open(None, None).unwrap());
    }
    assert_eq!(bench.open(None, None).unwrap_err(), Refused::SessionsPerAddress(2));
    let elsewhere = Opening {
        last_event_id: None,
        points: None,
        pace: PACE,
        form: Form::Plain,
        address: "127.0.0.2".parse().unwrap(),
    };
    assert!(bench.sessions.open(elsewhere).is_ok());
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    assert!(bench.open(None, None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_large_snapshot_comes_in_frames_and_is_whole_only_with_the_last() {
    let limits = Limits { frame_points: 2, ..Limits::default() };
    let bench = Bench::new(5, limits);
    let mut feed = bench.open(None, Some(&[0, 1, 2, 3, 4])).unwrap();
    bench.next(&mut feed).await;
    bench.next(&mut feed).await;
    let first = bench.next(&mut feed).await;
    assert_eq!((first.ids(), &first.data["more"]), (vec!["p0", "p1"], &Json::from(true)));
    let cut = first.id.unwrap();
    assert!(cut.ends_with(".0.0"), "a cut here must repeat everything");
    let mut feed = bench.open(Some(&cut), None).unwrap();
    bench.next(&mut feed).await;
    assert_eq!(bench.next(&mut feed).await.name, "subscribed");
    let mut all = Vec::new();
    loop {
        let frame = bench.next(&mut feed).await;
        all.extend(frame.ids().iter().map(|id| (*id).to_owned()));
        if frame.data.get("more").is_none() {
            break;
        }
    }
    assert_eq!(all, ["p0", "p1", "p2", "p3", "p4"]);
}
