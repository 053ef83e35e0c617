//! The model's promises on real threads: writers that race each other, connections in tasks that only a wake moves,
//! clients that come back before their old connection knows, lose what it was told last, and change their selection.
//!
//! Each writer gives all its points the same value, one more with each reply, so that a client can check alone: no
//! value goes back, no frame shows half a reply. What an event's `id` claims is held against the writers' records
//! afterwards. Between two bursts nothing is written and no heartbeat is near: who lost a wake is found waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value as Json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::testing::{entries, patterns, put, table};
use super::{Edit, EventId, Feed, Opening, Pace, Sessions};
use crate::limits::Limits;
use crate::table::{Form, Table};

const WRITERS: usize = 4;
const POINTS_EACH: usize = 5;
const POINTS: usize = WRITERS * POINTS_EACH;
const READERS: usize = 8;
const REPLIES: i64 = 60;

/// The longest heartbeat there is: it must not come to the rescue.
const PACE: Pace = Pace { interval_ms: 0, heartbeat_ms: 60_000 };

/// Less than a heartbeat, and far more than a busy machine needs.
const AT_REST_WITHIN: Duration = Duration::from_secs(30);

fn bursts() -> i64 {
    if std::env::var_os("POINTCAST_LONG").is_some() { 10_000 } else { 100 }
}

fn writer_of(point: usize) -> usize {
    point / POINTS_EACH
}

/// What each writer did: the last number of each of its replies → the value it gave.
type Records = [BTreeMap<u64, i64>; WRITERS];

/// What a client knew when it was given a number: the number, and each selected point's value.
type Claim = (u64, Vec<(usize, i64)>);

/// What a client knows, and may look at from outside.
#[derive(Default)]
struct Known {
    last_id: Option<String>,
    values: BTreeMap<usize, i64>,
    selection: BTreeSet<usize>,
    /// The revision whose `subscribed` came last, and the one whose snapshot came last.
    announced: u32,
    whole: u32,
    /// The newest revision that was asked for.
    asked: u32,
}

impl Known {
    fn is_at_rest(&self, value: i64) -> bool {
        self.whole == self.asked
            && self.values.len() == self.selection.len()
            && self.values.values().all(|known| *known == value)
    }
}

struct Reader {
    sessions: Arc<Sessions>,
    known: Arc<Mutex<Known>>,
    /// The selection of each revision.
    selections: BTreeMap<u32, BTreeSet<usize>>,
    claims: Vec<Claim>,
    /// Connections that were replaced, each in a task that ends when it hears so.
    replaced: JoinSet<()>,
    random: StdRng,
}

impl Reader {
    fn new(sessions: &Arc<Sessions>, seed: u64) -> Self {
        Self {
            sessions: Arc::clone(sessions),
            known: Arc::default(),
            selections: BTreeMap::new(),
            claims: Vec::new(),
            replaced: JoinSet::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn some_points(&mut self) -> BTreeSet<usize> {
        (0..POINTS).filter(|_| self.random.random_bool(0.6)).collect()
    }

    fn connect(&mut self) -> Feed {
        let last_id = self.known.lock().unwrap().last_id.clone();
        let points = last_id.is_none().then(|| {
            let points = self.some_points();
            self.known.lock().unwrap().asked = 1;
            self.selections.insert(1, points.clone());
            patterns(points)
        });
        let address = "127.0.0.1".parse().unwrap();
        let opening = Opening {
            last_event_id: last_id.as_deref(),
            points,
            pace: PACE,
            form: Form::Plain,
            address,
        };
        self.sessions.open(opening).unwrap()
    }

    async fn live(mut self, over: CancellationToken) -> Vec<Claim> {
        let never = CancellationToken::new();
        let mut feed = self.connect();
        loop {
            let event = tokio::select! {
                () = over.cancelled() => break,
                event = feed.next(&never) => event.expect("nobody ends the stream"),
            };
            self.take(std::str::from_utf8(&event).unwrap());
            match self.random.random_range(0..100) {
                0..5 => {
                    self.replaced.spawn(hear_of_it(feed));
                    // As a rule it waits by the time it is replaced.
                    tokio::task::yield_now().await;
                    feed = self.connect();
                }
                5..10 => {
                    // It tells things to nobody, as a connection does whose client is gone.
                    let mut lost = self.connect();
                    let _nothing = timeout(Duration::from_micros(50), lost.next(&never)).await;
                    feed = self.connect();
                }
                10..15 => self.edit(),
                15..20 => tokio::task::yield_now().await,
                _ => {}
            }
        }
        while let Some(heard) = self.replaced.join_next().await {
            heard.unwrap();
        }
        self.claims
    }

    fn edit(&mut self) {
        let id = self.known.lock().unwrap().last_id.clone().unwrap();
        let session = self.sessions.find(EventId::parse(&id).unwrap().client).unwrap();
        let now = self.selections.last_key_value().unwrap().1.clone();
        let wanted = self.some_points();
        let edit = if self.random.random_bool(0.3) {
            Edit::Put(entries(wanted.clone()))
        } else {
            let remove = (&now - &wanted).iter().map(|point| format!("p{point}")).collect();
            Edit::Patch { add: entries(&wanted - &now), remove }
        };
        let revision = session.edit(edit, None).unwrap().revision;
        self.selections.insert(revision, wanted);
        self.known.lock().unwrap().asked = revision;
    }

    fn take(&mut self, event: &str) {
        let mut known = self.known.lock().unwrap();
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let name = field("event: ").unwrap();
        let data: Json = serde_json::from_str(field("data: ").unwrap()).unwrap();
        match name {
            "connect" => assert_eq!(data["reset"], Json::Null),
            "subscribed" => {
                known.announced = u32::try_from(data["revision"].as_u64().unwrap()).unwrap();
                known.selection = self.selections[&known.announced].clone();
                let selection = known.selection.clone();
                known.values.retain(|point, _| selection.contains(point));
            }
            "points" => take_points(&mut known, &data),
            other => panic!("unexpected event {other}"),
        }
        let Some(id) = field("id: ") else { return };
        let position = EventId::parse(id).unwrap();
        if name != "connect" && position.revision == known.announced {
            let values = known.values.iter().map(|(point, value)| (*point, *value)).collect();
            self.claims.push((position.seq, values));
        }
        known.last_id = Some(id.to_owned());
    }
}

async fn hear_of_it(mut old: Feed) {
    let never = CancellationToken::new();
    let to_its_end = async { while old.next(&never).await.is_some() {} };
    timeout(AT_REST_WITHIN, to_its_end).await.expect("a replaced connection hears of it");
}

fn take_points(known: &mut Known, data: &Json) {
    for point in data["points"].as_array().unwrap() {
        let id: usize = point["id"].as_str().unwrap()[1..].parse().unwrap();
        let value = point["value"].as_i64().unwrap_or(0);
        assert!(known.selection.contains(&id), "p{id} is not selected");
        let before = known.values.insert(id, value).unwrap_or(0);
        assert!(value >= before, "p{id} went back from {before} to {value}");
    }
    if let Some(revision) = data.get("snapshot") {
        assert_eq!(revision.as_u64(), Some(known.announced.into()));
        if data.get("more").is_none() {
            assert_eq!(known.values.len(), known.selection.len(), "a snapshot is whole");
            known.whole = known.announced;
        }
        return;
    }
    for writer in 0..WRITERS {
        let values: BTreeSet<i64> = known
            .values
            .iter()
            .filter(|(point, _)| writer_of(**point) == writer)
            .map(|(_, value)| *value)
            .collect();
        assert!(values.len() <= 1, "half a reply of writer {writer}: {values:?}");
    }
}

/// One writer's burst: its replies, as fast as they go, and now and then a pause in which others come first.
fn write(table: &Table, writer: usize, burst: i64, record: &mut BTreeMap<u64, i64>) {
    let first = writer * POINTS_EACH;
    let points: Vec<u32> =
        (first..first + POINTS_EACH).map(|p| u32::try_from(p).unwrap()).collect();
    for value in burst * REPLIES + 1..=(burst + 1) * REPLIES {
        put(table, &points, value);
        // Nobody else writes these points, so this is the number that the reply was given.
        let last = table.changed_at(&points).into_iter().max().unwrap();
        record.insert(last, value);
        if (value + i64::try_from(writer).unwrap()) % 7 == 0 {
            thread::yield_now();
        }
    }
}

/// What an id claims was told: of each of a writer's selected points at least the newest value up to its number.
fn check_claims(claims: &[Claim], records: &Records) {
    for (seq, values) in claims {
        for (point, value) in values {
            let newest = records[writer_of(*point)].range(..=*seq).next_back();
            let expected = newest.map_or(0, |(_, value)| *value);
            assert!(*value >= expected, "id says {seq}, but p{point} is {value}, not {expected}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_real_threads_nothing_is_lost_torn_or_claimed_too_early() {
    let table = table(POINTS);
    let limits = Limits { snapshots_per_second: usize::MAX, ..Limits::default() };
    let sessions = Arc::new(Sessions::new(Arc::clone(&table), Arc::new(limits)));
    let over = CancellationToken::new();
    let mut known = Vec::new();
    let mut readers = JoinSet::new();
    for seed in 0..READERS as u64 {
        let reader = Reader::new(&sessions, seed);
        known.push(Arc::clone(&reader.known));
        readers.spawn(reader.live(over.clone()));
    }
    let mut records = Records::default();
    for burst in 0..bursts() {
        let table = Arc::clone(&table);
        records = tokio::task::spawn_blocking(move || {
            thread::scope(|scope| {
                for (writer, record) in records.iter_mut().enumerate() {
                    let table = &table;
                    scope.spawn(move || write(table, writer, burst, record));
                }
            });
            records
        })
        .await
        .unwrap();
        let value = (burst + 1) * REPLIES;
        let at_rest = async {
            while !known.iter().all(|known| known.lock().unwrap().is_at_rest(value)) {
                assert!(readers.try_join_next().is_none(), "a reader was told something untrue");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(AT_REST_WITHIN, at_rest).await.expect("a reader lost a wake");
    }
    over.cancel();
    while let Some(claims) = readers.join_next().await {
        check_claims(&claims.unwrap(), &records);
    }
}
