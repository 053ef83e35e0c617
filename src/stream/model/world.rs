//! The table, its writers and the clients' streams, moved on step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use pointcast_api::{Failure, Reading, UnixMs, Value};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use crate::limits::Limits;
use crate::stream::testing::{entries, patterns, table};
use crate::stream::{Edit, Feed, Opening, Pace, Sessions};
use crate::table::{Batch, Form, Pattern, Table, Update};

pub(super) const POINTS: usize = 12;
pub(super) const DEVICES: usize = 3;
pub(super) const WRITERS: usize = DEVICES;
pub(super) const CLIENTS: usize = 3;

const PACE: Pace = Pace { interval_ms: 0, heartbeat_ms: 15_000 };
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A writer applies a batch to some of its device's points.
    Begin {
        writer: usize,
        points: u8,
    },
    /// It places one mark, or settles when all are placed.
    Mark {
        writer: usize,
    },
    /// It places the rest and settles.
    Finish {
        writer: usize,
    },
    /// Another writer turns the device bad, whatever the first is at.
    Fail {
        device: usize,
    },
    /// A client takes events until there are none.
    Read {
        client: usize,
    },
    /// Its connection breaks, some events are lost, and it comes back.
    Reconnect {
        client: usize,
        lost: usize,
    },
    Put {
        client: usize,
        points: u16,
    },
    Patch {
        client: usize,
        add: u16,
        remove: u16,
    },
    /// Time passes until the client's heartbeat.
    Heartbeat {
        client: usize,
    },
}

/// Every change of every point: number → what it became.
#[derive(Default)]
pub(super) struct Truth {
    changes: Vec<BTreeMap<u64, (i64, bool)>>,
}

impl Truth {
    /// The newest number at which the point was so; values only grow, so there is one run of it.
    pub(super) fn position(&self, point: usize, value: i64, good: bool) -> u64 {
        let found = self.changes[point].iter().rev().find(|(_, was)| **was == (value, good));
        *found.unwrap_or_else(|| panic!("p{point} never was {value}, good: {good}")).0
    }

    /// The number of the newest change up to `seq`; 0 if there was none.
    pub(super) fn newest_until(&self, point: usize, seq: u64) -> u64 {
        self.changes[point].range(..=seq).next_back().map_or(0, |(seq, _)| *seq)
    }
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Reader {
    feed: Feed,
    bell: Arc<Bell>,
    client: Client,
    name: String,
}

pub(super) struct World {
    table: Arc<Table>,
    sessions: Arc<Sessions>,
    open: Vec<Option<Batch>>,
    readers: Vec<Reader>,
    truth: Truth,
    counter: i64,
    stop: CancellationToken,
}

fn chosen(mask: u16) -> BTreeSet<usize> {
    (0..POINTS).filter(|point| mask >> point & 1 == 1).collect()
}

impl World {
    pub(super) fn new(frame_points: usize) -> Self {
        let table = table(POINTS);
        let limits = Arc::new(Limits { frame_points, ..Limits::default() });
        let sessions = Arc::new(Sessions::new(Arc::clone(&table), limits));
        let mut world = Self {
            table,
            sessions,
            open: (0..WRITERS).map(|_| None).collect(),
            readers: Vec::new(),
            truth: Truth { changes: vec![BTreeMap::new(); POINTS] },
            counter: 0,
            stop: CancellationToken::new(),
        };
        (0..POINTS).for_each(|point| world.record(point));
        for client in 0..CLIENTS {
            let all: BTreeSet<usize> = (0..POINTS).filter(|p| p % CLIENTS != client).collect();
            let feed = world.connect(None, Some(patterns(all.iter().copied())));
            let mut client = Client::new(frame_points > POINTS);
            client.selections.insert(1, all);
            let bell = Arc::new(Bell(AtomicBool::new(true)));
            world.readers.push(Reader { feed, bell, client, name: String::new() });
        }
        world
    }

    fn connect(&self, last_event_id: Option<&str>, points: Option<Vec<Pattern>>) -> Feed {
        let address = "127.0.0.1".parse().unwrap();
        self.sessions
            .open(Opening { last_event_id, points, pace: PACE, form: Form::Plain, address })
            .unwrap()
    }

    /// Writes down what a point has become.
    fn record(&mut self, point: usize) {
        let state = self.table.read(u32::try_from(point).unwrap()).unwrap();
        let value = match state.value {
            Some(Value::I64(value)) => value,
            _ => -1,
        };
        self.truth.changes[point].insert(state.seq, (value, state.doubt.is_none()));
    }

    pub(super) async fn apply(&mut self, op: Op) {
        match op {
            Op::Begin { writer, points } => self.begin(writer, points),
            Op::Mark { writer } => {
                self.mark(writer);
            }
            Op::Finish { writer } => while self.mark(writer) {},
            Op::Fail { device } => self.fail(device),
            Op::Read { client } => self.read(client),
            Op::Reconnect { client, lost } => self.reconnect(client, lost),
            Op::Put { client, points } => self.edit(client, |_| chosen(points), true),
            Op::Patch { client, add, remove } => self.edit(
                client,
                |now| &(now - &chosen(remove)) | &(&chosen(add) - &chosen(remove)),
                false,
            ),
            Op::Heartbeat { client } => {
                self.read(client);
                tokio::time::advance(HEARTBEAT).await;
                self.readers[client].bell.0.store(true, Ordering::SeqCst);
                self.read(client);
            }
        }
    }

    fn begin(&mut self, writer: usize, mask: u8) {
        while self.mark(writer) {}
        self.counter += 1;
        let reading = Reading::Good(Value::I64(self.counter));
        let points: Vec<usize> = (0..POINTS / DEVICES)
            .filter(|at| mask >> at & 1 == 1)
            .map(|at| at * DEVICES + writer)
            .collect();
        let updates = points
            .iter()
            .map(|point| (u32::try_from(*point).unwrap(), Update::Read(&reading, UnixMs(0))));
        self.open[writer] = self.table.begin(updates);
        points.into_iter().for_each(|point| self.record(point));
    }

    /// Moves a writer's batch on; false when it has none.
    fn mark(&mut self, writer: usize) -> bool {
        let Some(mut batch) = self.open[writer].take() else { return false };
        if self.table.mark_next(&mut batch) {
            self.open[writer] = Some(batch);
        } else {
            self.table.settle(batch);
        }
        true
    }

    fn fail(&mut self, device: usize) {
        let points: Vec<usize> = (0..POINTS).filter(|point| point % DEVICES == device).collect();
        let failed = Update::Fail(Failure::Timeout, UnixMs(0));
        self.table.apply(points.iter().map(|point| (u32::try_from(*point).unwrap(), failed)));
        points.into_iter().for_each(|point| self.record(point));
    }

    /// Polls a reader as long as it is woken and has something to say.
    fn read(&mut self, client: usize) {
        let Reader { feed, bell, client, name } = &mut self.readers[client];
        while bell.0.swap(false, Ordering::SeqCst) {
            let waker = Waker::from(Arc::clone(bell));
            loop {
                let next = pin!(feed.next(&self.stop)).poll(&mut Context::from_waker(&waker));
                let Poll::Ready(event) = next else { break };
                let event = String::from_utf8(event.expect("not ended").to_vec()).unwrap();
                if let Some(connect) = event.split_once("\"client\":\"") {
                    *name = connect.1.split('"').next().unwrap().to_owned();
                }
                client.take(&event, &self.truth);
            }
        }
    }

    fn reconnect(&mut self, client: usize, lost: usize) {
        self.readers[client].client.lose(lost);
        let last_id = self.readers[client].client.known.last_id.clone();
        if last_id.is_none() {
            // It never heard its name: for such a client there is nothing to come back to.
            return self.read(client);
        }
        let feed = self.connect(last_id.as_deref(), None);
        let reader = &mut self.readers[client];
        let mut old = std::mem::replace(&mut reader.feed, feed);
        reader.bell = Arc::new(Bell(AtomicBool::new(true)));
        // The old connection is still there for a while: it only learns that it was replaced.
        let waker = Waker::from(Arc::new(Bell(AtomicBool::new(false))));
        let last = pin!(old.next(&self.stop)).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(Some(event)) = last {
            let text = String::from_utf8(event.to_vec()).unwrap();
            assert!(text.contains("event: replaced") || text.contains("event: connect"), "{text}");
        }
    }

    fn edit(
        &mut self,
        client: usize,
        change: impl Fn(&BTreeSet<usize>) -> BTreeSet<usize>,
        put: bool,
    ) {
        if self.readers[client].name.is_empty() {
            self.read(client);
        }
        let reader = &mut self.readers[client];
        let session = self.sessions.find(&reader.name).unwrap();
        let revision = session.subscription().revision;
        let now = reader.client.selection(revision);
        let wanted = change(&now);
        let edit = if put {
            Edit::Put(entries(wanted.iter().copied()))
        } else {
            let remove = (&now - &wanted).iter().map(|point| format!("p{point}")).collect();
            Edit::Patch { add: entries(&wanted - &now), remove }
        };
        let edited = session.edit(edit, Some(revision)).unwrap();
        reader.client.selections.insert(edited.revision, wanted);
    }

    /// Everything is written and read: each client knows exactly what is true.
    pub(super) async fn come_to_rest(&mut self) {
        for writer in 0..WRITERS {
            while self.mark(writer) {}
        }
        for client in 0..CLIENTS {
            self.read(client);
            let revision = {
                let reader = &self.readers[client];
                self.sessions.find(&reader.name).unwrap().subscription().revision
            };
            let client = &self.readers[client].client;
            let selection = client.selection(revision);
            assert_eq!(client.known.points.keys().copied().collect::<BTreeSet<_>>(), selection);
            for (point, known) in &client.known.points {
                let newest = self.truth.changes[*point].values().next_back().unwrap();
                assert_eq!(known, newest, "p{point} did not arrive");
            }
        }
        tokio::time::advance(HEARTBEAT).await;
        for client in 0..CLIENTS {
            self.readers[client].bell.0.store(true, Ordering::SeqCst);
            self.read(client);
            let id = self.readers[client].client.known.last_id.clone().unwrap();
            let seq = crate::stream::EventId::parse(&id).unwrap().seq;
            assert_eq!(seq, self.table.settled(), "a heartbeat at rest proves it is not behind");
        }
    }
}
