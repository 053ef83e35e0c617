//! The table, its writers and the clients' streams, moved on step by step.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::Failure;
use tokio::time::Instant;

use super::client::{Client, Scene};
use super::coming::Coming;
use super::promises;
use super::reader::Reader;
use super::site::{Read, Site};
use super::wishes::{Ask, DEVICES, FIRST_IDS, IDS, Selection, pattern_text};
use crate::limits::Limits;
use crate::stream::{Addressee, Edit, EventId, Feed, Opening, Pace, Sessions, Severity, Verdict};
use crate::table::{Form, Pattern};

pub(super) const CLIENTS: usize = 3;

const HEARTBEAT_MS: u32 = 15_000;

/// Longer than any interval and flush together, and much shorter than a heartbeat.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A device's writer applies a batch to some of its points.
    Begin {
        device: usize,
        points: u8,
        read: Read,
    },
    /// It places one mark, or settles when all are placed.
    Mark {
        device: usize,
    },
    /// It places the rest and settles.
    Finish {
        device: usize,
    },
    /// Another writer turns the device bad, whatever the first is at.
    Fail {
        device: usize,
        how: Failure,
    },
    /// Points come, of those that are not there.
    Add {
        points: u16,
    },
    /// Points go, of those that are there.
    Remove {
        points: u16,
    },
    /// Points that are coming or going do so by a step.
    Move,
    /// A client takes at most so many events.
    Read {
        client: usize,
        most: usize,
    },
    /// Its connection breaks, some events are lost, and it comes back.
    Reconnect {
        client: usize,
        lost: usize,
    },
    Put {
        client: usize,
        asks: Vec<Ask>,
    },
    Patch {
        client: usize,
        add: Vec<Ask>,
        remove: Vec<usize>,
    },
    /// A message to a client, or to everybody.
    Notice {
        to: Option<usize>,
    },
    Pass {
        ms: u64,
    },
    /// Time passes until the client's heartbeat.
    Heartbeat {
        client: usize,
    },
}

pub(super) struct World {
    pub(super) site: Site,
    pub(super) sessions: Arc<Sessions>,
    pub(super) readers: Vec<Reader>,
    coming: Option<Coming>,
    /// Whom each notice is for.
    notices: Vec<Option<usize>>,
    max_gone: usize,
}

fn some(points: u16) -> impl Iterator<Item = usize> {
    (0..IDS).filter(move |point| points >> point & 1 == 1)
}

impl World {
    /// `max_gone`: how many removed points a session keeps once they were told.
    pub(super) fn new(frame_points: usize, max_gone: usize) -> Self {
        let site = Site::new();
        let limits = Arc::new(Limits {
            frame_points,
            snapshots_per_second: usize::MAX,
            ..Limits::default()
        });
        let sessions = Arc::new(Sessions::keeping(max_gone, Arc::clone(&site.table), limits));
        let (readers, notices) = (Vec::new(), Vec::new());
        let mut world = Self { site, sessions, readers, coming: None, notices, max_gone };
        for client in 0..CLIENTS {
            let asks: Vec<Ask> = (0..FIRST_IDS)
                .filter(|point| point % CLIENTS != client)
                .map(|pattern| Ask { pattern, wish: 0 })
                .collect();
            let form = if client == 1 { Form::Compact } else { Form::Plain };
            let pace_ms = if client == 2 { 50 } else { 0 };
            let mut believer = Client::new(frame_points >= IDS, pace_ms);
            let points = asks.iter().map(|ask| Pattern::new(&pattern_text(ask.pattern)).unwrap());
            let feed = world.connect(None, Some(points.collect()), form, pace_ms);
            believer.selections.insert(1, Selection::put(&asks));
            world.readers.push(Reader::new(feed, believer, form, pace_ms));
            world.read(client, 1);
            let reader = &mut world.readers[client];
            reader.session = world.sessions.find(&reader.name);
        }
        world
    }

    fn connect(
        &self,
        last_event_id: Option<&str>,
        points: Option<Vec<Pattern>>,
        form: Form,
        interval_ms: u32,
    ) -> Feed {
        let pace = Pace { interval_ms, heartbeat_ms: HEARTBEAT_MS };
        let address = "127.0.0.1".parse().unwrap();
        self.sessions.open(Opening { last_event_id, points, pace, form, address }).unwrap()
    }

    pub(super) async fn apply(&mut self, op: Op) {
        match op {
            Op::Begin { device, points, read } => self.site.begin(device, points, read),
            Op::Mark { device } => drop(self.site.mark(device)),
            Op::Finish { device } => while self.site.mark(device) {},
            Op::Fail { device, how } => self.site.fail(device, how),
            Op::Add { points } => {
                self.finish_coming();
                let new: Vec<usize> =
                    some(points).filter(|point| !self.site.there.contains(point)).collect();
                let Self { site, sessions, readers, .. } = self;
                self.coming = Some(Coming::add(site, sessions, readers, &new));
            }
            Op::Remove { points } => {
                self.finish_coming();
                let gone: Vec<usize> =
                    some(points).filter(|point| self.site.there.contains(point)).collect();
                for reader in &mut self.readers {
                    reader.client.known.awaited.retain(|point| !gone.contains(point));
                }
                let Self { site, sessions, readers, .. } = self;
                self.coming = Coming::remove(site, sessions, readers, &gone);
            }
            Op::Move => self.move_coming(),
            Op::Read { client, most } => self.read(client, most),
            Op::Reconnect { client, lost } => self.reconnect(client, lost),
            Op::Put { client, asks } => self.edit(client, Some(&asks), &[], &[]),
            Op::Patch { client, add, remove } => self.edit(client, None, &add, &remove),
            Op::Notice { to } => self.notify(to),
            Op::Pass { ms } => tokio::time::advance(Duration::from_millis(ms)).await,
            Op::Heartbeat { client } => {
                self.read(client, usize::MAX);
                tokio::time::advance(Duration::from_millis(HEARTBEAT_MS.into())).await;
                self.read(client, usize::MAX);
            }
        }
    }

    fn move_coming(&mut self) {
        let Some(mut coming) = self.coming.take() else { return };
        if coming.move_on(&self.site, &self.readers) {
            self.coming = Some(coming);
        }
    }

    fn finish_coming(&mut self) {
        while self.coming.is_some() {
            self.move_coming();
        }
    }

    pub(super) fn read(&mut self, client: usize, most: usize) {
        let mut there = self.site.there.clone();
        if let Some(coming) = &self.coming {
            there.retain(|point| !coming.is_unknown_to(client, *point));
        }
        let scene = Scene {
            truth: &self.site.truth,
            settled: self.site.table.settled(),
            generation: self.site.table.catalog().generation(),
            now: Instant::now(),
            there,
        };
        self.readers[client].read(most, &scene);
    }

    fn reconnect(&mut self, client: usize, lost: usize) {
        let reader = &mut self.readers[client];
        reader.client.lose(lost);
        if client == 2 {
            reader.form = if reader.form == Form::Plain { Form::Compact } else { Form::Plain };
        }
        self.resume(client);
    }

    /// A client comes back with what it knows.
    pub(super) fn resume(&mut self, client: usize) {
        let Reader { form, pace_ms, .. } = self.readers[client];
        let last_id = self.readers[client].client.known.last_id.clone();
        let feed = self.connect(last_id.as_deref(), None, form, pace_ms);
        let session = Arc::clone(&feed.attached().session);
        let reader = &mut self.readers[client];
        let before = reader.session.replace(Arc::clone(&session)).unwrap();
        if Arc::ptr_eq(&before, &session) {
            let position = last_id.as_deref().and_then(EventId::parse).map_or(0, |id| id.seq);
            let client = &mut reader.client;
            client.came_back_at = client.came_back_at.max(position);
            reader.replace(feed);
        } else {
            reader.session = Some(before);
            self.begin_anew(client, feed);
        }
    }

    /// What a client missed is not known any more: it begins anew, and wants the same.
    fn begin_anew(&mut self, client: usize, feed: Feed) {
        // Whoever edits waits for points that are coming or going.
        self.finish_coming();
        let for_it = self.notices_for(client);
        let reader = &mut self.readers[client];
        promises::check_expired(&reader.client, &self.site.truth, self.max_gone);
        let selection = reader.client.begin_anew(for_it);
        reader.session = Some(Arc::clone(&feed.attached().session));
        reader.begin_anew(feed);
        self.read(client, 1);
        self.sessions.sweep(Instant::now() + Limits::default().session_life);
        assert_eq!(self.sessions.held(), CLIENTS, "its earlier session is over");
        self.edit(client, Some(selection.asks()), &[], &[]);
    }

    fn edit(&mut self, client: usize, put: Option<&[Ask]>, add: &[Ask], remove: &[usize]) {
        // Whoever edits waits for points that are coming or going.
        self.finish_coming();
        let reader = &mut self.readers[client];
        let session = reader.session.as_ref().unwrap();
        let (revision, before) = reader.client.latest();
        let entries = |asks: &[Ask]| asks.iter().map(|ask| ask.entry()).collect();
        let (edit, after) = match put {
            Some(asks) => (Edit::Put(entries(asks)), Selection::put(asks)),
            None => {
                let texts = remove.iter().map(|pattern| pattern_text(*pattern)).collect();
                let edit = Edit::Patch { add: entries(add), remove: texts };
                (edit, before.patched(add, remove))
            }
        };
        let edited = session.edit(edit, Some(revision)).unwrap();
        let given = Selection::put(put.unwrap_or(add));
        for (ask, told) in given.asks().iter().zip(&edited.entries) {
            let count = self.site.there.iter().filter(|point| ask.means(**point)).count();
            let verdict = if count == 0 { Verdict::Unknown } else { Verdict::Selected(count) };
            assert_eq!((told.given.clone(), told.verdict), (pattern_text(ask.pattern), verdict));
        }
        reader.client.edited(edited.revision, after);
    }

    fn notify(&mut self, to: Option<usize>) {
        let addressee = match to {
            None => Addressee::Everybody,
            Some(client) => Addressee::Client(self.readers[client].name.clone()),
        };
        let text = format!("to {to:?}");
        let id = self.sessions.notify(addressee, Severity::Info, text, "here".to_owned());
        self.notices.push(to);
        assert_eq!(id, Some(self.notices.len() as u64));
    }

    /// Everything is written and read, and whoever waits is waited for: each client knows exactly what is true.
    pub(super) async fn come_to_rest(&mut self) {
        self.finish_coming();
        (0..DEVICES).for_each(|device| while self.site.mark(device) {});
        let end = Instant::now() + PATIENCE;
        loop {
            (0..CLIENTS).for_each(|client| self.read(client, usize::MAX));
            let due = self.readers.iter().filter_map(Reader::next_due).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            tokio::time::advance(due.saturating_duration_since(Instant::now())).await;
        }
        for client in 0..CLIENTS {
            promises::check_rest(&self.readers[client].client, &self.scene());
            assert_eq!(self.readers[client].client.noticed, self.notices_for(client), "notices");
        }
        self.check_held();
        tokio::time::advance(Duration::from_millis(HEARTBEAT_MS.into())).await;
        for client in 0..CLIENTS {
            self.read(client, usize::MAX);
            let id = self.readers[client].client.known.last_id.clone().unwrap();
            let seq = EventId::parse(&id).unwrap().seq;
            assert_eq!(seq, self.site.table.settled(), "a heartbeat proves it is not behind");
        }
    }

    fn notices_for(&self, client: usize) -> Vec<u64> {
        let addressed = |to: &Option<usize>| to.is_none_or(|to| to == client);
        let for_it = (1..).zip(&self.notices).filter(|(_, to)| addressed(to));
        for_it.map(|(id, _)| id).collect()
    }

    /// Points that are gone count no more, and only so many are kept.
    fn check_held(&self) {
        let mut all = 0;
        for reader in &self.readers {
            let (_, selection) = reader.client.latest();
            let there = self.site.there.iter().filter(|point| selection.means(**point)).count();
            let (points, kept, places) = reader.session.as_ref().unwrap().holds();
            assert_eq!(points, there);
            assert!(kept <= self.max_gone, "{kept} removed points are kept");
            assert!(places <= IDS, "{places} places: each id has one at most");
            all += points;
        }
        assert_eq!(self.sessions.selected_points(), all);
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            truth: &self.site.truth,
            settled: self.site.table.settled(),
            generation: self.site.table.catalog().generation(),
            now: Instant::now(),
            there: self.site.there.clone(),
        }
    }
}
