//! A client as wire.md's reader would be: it believes what it is told, and holds every event to what it was promised.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value as Json;
use tokio::time::Instant;

use super::event::Event;
use super::patience::Patience;
use super::promises;
use super::truth::{Truth, Was};
use super::wishes::{Selection, point_of};
use crate::stream::{EventId, Wish};
use crate::table::Index;

/// How many events back a client may be.
const MAX_PAST: usize = 60;

/// What is so while a client takes an event.
pub(super) struct Scene<'a> {
    pub(super) truth: &'a Truth,
    pub(super) settled: u64,
    pub(super) generation: u64,
    pub(super) now: Instant,
    /// Points of the catalogue, but those that have come and that the client's session was not offered yet.
    pub(super) there: BTreeSet<usize>,
}

/// What a client was told of a point.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The number of the change.
    pub(super) at: u64,
    pub(super) was: Was,
    pub(super) index: Index,
    /// The selection that was announced, and the connection, when it was told.
    pub(super) revision: u32,
    pub(super) connection: u32,
}

/// What a client knows, as it was after some event.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) last_id: Option<String>,
    pub(super) points: BTreeMap<usize, Told>,
    pub(super) announced: u32,
    pub(super) whole: u32,
    catalog: u64,
    /// Points that the snapshot under way is yet to show.
    pub(super) awaited: BTreeSet<usize>,
}

/// What belongs to one connection.
#[derive(Default)]
struct Link {
    connected: bool,
    t0: Option<u64>,
    names: BTreeMap<Index, usize>,
    seq: u64,
    notice: u64,
    /// Whether the session before could not be resumed.
    expired: bool,
}

pub(super) struct Client {
    pub(super) known: Known,
    /// What it knew before each event, so that events can be lost.
    past: VecDeque<Known>,
    /// The selection of each revision, as the client itself asked for it.
    pub(super) selections: BTreeMap<u32, Selection>,
    pub(super) connection: u32,
    pub(super) patience: Patience,
    /// Whether everything fits into one frame.
    pub(super) one_frame: bool,
    /// The newest position at which it came back to its session.
    pub(super) came_back_at: u64,
    /// Notices that were written to it, on any connection.
    pub(super) noticed: Vec<u64>,
    link: Link,
}

impl Client {
    pub(super) fn new(one_frame: bool, pace_ms: u32) -> Self {
        Self {
            known: Known::default(),
            past: VecDeque::new(),
            selections: BTreeMap::from([(0, Selection::default())]),
            connection: 0,
            patience: Patience::new(pace_ms),
            one_frame,
            came_back_at: 0,
            noticed: Vec::new(),
            link: Link::default(),
        }
    }

    /// The connection broke, and the last `lost` events with it, on whatever connection they came; never the first,
    /// which names the client.
    pub(super) fn lose(&mut self, lost: usize) {
        let mut known = self.known.clone();
        for _ in 0..lost {
            if let Some(before) = self.past.pop_back_if(|before| before.last_id.is_some()) {
                known = before;
            }
        }
        self.come_back_with(known);
    }

    /// The connection broke, and this is what it knew by then.
    pub(super) fn come_back_with(&mut self, known: Known) {
        self.known = known;
        self.connection += 1;
        self.link = Link::default();
        self.patience.begin();
    }

    /// What it missed is not known any more: it drops what it holds. What it had selected.
    pub(super) fn begin_anew(&mut self, noticed: Vec<u64>) -> Selection {
        let selection = self.latest().1.clone();
        self.come_back_with(Known::default());
        self.past.clear();
        self.selections = BTreeMap::from([(0, Selection::default())]);
        self.came_back_at = 0;
        self.noticed = noticed;
        self.link.expired = true;
        selection
    }

    /// What it knew at first, and after each event that it took and did not lose.
    pub(super) fn known_after_each(&self) -> Vec<Known> {
        self.past.iter().chain([&self.known]).cloned().collect()
    }

    /// The newest selection it asked for, with its revision.
    pub(super) fn latest(&self) -> (u32, &Selection) {
        self.selections.last_key_value().map(|(revision, latest)| (*revision, latest)).unwrap()
    }

    pub(super) fn edited(&mut self, revision: u32, selection: Selection) {
        let before = self.latest().1.clone();
        self.patience.edit(&before, &selection);
        self.selections.insert(revision, selection);
    }

    /// The wish that counted for a point in each revision from `first` on.
    pub(super) fn wishes_since(&self, point: usize, first: u32) -> impl Iterator<Item = Wish> {
        let since = self.selections.range(first..);
        since.filter_map(move |(_, selection)| selection.wish_of(point))
    }

    /// Takes in one event and checks what it promises against the truth.
    pub(super) fn take(&mut self, event: &Event, scene: &Scene<'_>) {
        if self.past.len() == MAX_PAST {
            self.past.pop_front();
        }
        self.past.push_back(self.known.clone());
        assert_eq!(self.link.connected, event.name != "connect", "`connect` comes first, once");
        let data = &event.data;
        match event.name.as_str() {
            "connect" => self.take_connect(event, scene),
            "subscribed" => self.take_subscribed(data, scene),
            "points" => self.take_points(data, scene),
            "removed" => {
                self.patience.pace(scene.now);
                self.take_removed(data, scene);
            }
            "catalog" => {
                let generation = data["generation"].as_u64().unwrap();
                assert!(generation > self.known.catalog, "told again");
                assert_eq!(generation, scene.generation);
                self.known.catalog = generation;
            }
            "heartbeat" => {}
            "notice" => {
                let id = data["id"].as_u64().unwrap();
                assert!(id > self.link.notice, "notice {id} twice, or out of order");
                self.link.notice = id;
                // What was in doubt when a connection ended comes again.
                if !self.noticed.contains(&id) {
                    self.noticed.push(id);
                }
            }
            other => panic!("unexpected event {other}"),
        }
        if let Some(text) = &event.id {
            let id = EventId::parse(text).expect("an id");
            if event.name != "connect" {
                promises::check_position(self, id, scene);
                assert!(id.seq >= self.link.seq, "the position went back");
            }
            self.link.seq = id.seq;
            self.known.last_id = Some(text.clone());
        }
    }

    fn take_connect(&mut self, event: &Event, scene: &Scene<'_>) {
        let data = &event.data;
        let reset = if self.link.expired { Json::from("expired") } else { Json::Null };
        assert_eq!(data["reset"], reset);
        assert_eq!(data["resumed"], self.known.last_id.is_some());
        if self.known.last_id.is_some() {
            assert_eq!(event.id, self.known.last_id, "a cut right here must lose nothing");
        }
        self.known.catalog = data["catalog"].as_u64().unwrap();
        assert!(self.known.catalog <= scene.generation);
        self.link.t0 = data.get("t0").map(|t0| t0.as_u64().unwrap());
        self.link.connected = true;
    }

    fn take_subscribed(&mut self, data: &Json, scene: &Scene<'_>) {
        let (latest, selection) = self.latest();
        let (announced, whole) = (self.known.announced, self.known.whole);
        assert_eq!(data["revision"], latest);
        assert!(latest > whole, "nothing is announced twice");
        let selected: BTreeSet<usize> =
            scene.there.iter().copied().filter(|point| selection.means(*point)).collect();
        assert_eq!(data["count"], selected.len());
        let stays =
            |point: usize| self.selections.range(announced + 1..).all(|(_, s)| s.means(point));
        // The client knows itself when it left a point and took it again.
        let joined = |point: usize| {
            let mut since = self.selections.range(whole..=latest).map(|(_, s)| s);
            let before = since.next().is_some_and(|selection| selection.means(point));
            !before || since.any(|selection| selection.is_put || !selection.means(point))
        };
        let left = |point: &usize| !stays(*point);
        let left: Vec<usize> = self.known.points.keys().copied().filter(left).collect();
        self.known.awaited = selected.into_iter().filter(|point| joined(*point)).collect();
        left.iter().for_each(|point| drop(self.known.points.remove(point)));
        self.known.announced = latest;
    }

    fn take_points(&mut self, data: &Json, scene: &Scene<'_>) {
        let snapshot = data.get("snapshot");
        let frame = self.read_points(data);
        let mut rows = Vec::new();
        for (point, alias, was) in frame {
            let told = self.told(point, &was, scene);
            assert!(alias.is_none_or(|alias| alias == told.index), "another point's alias");
            let before = self.known.points.insert(point, told.clone());
            assert!(
                before.as_ref().is_none_or(|before| told.at >= before.at),
                "p{point} went back"
            );
            self.known.awaited.remove(&point);
            rows.push((point, before, told));
        }
        match snapshot {
            None => promises::check_changes(self, data, &rows, scene),
            Some(revision) => {
                rows.iter().for_each(|(point, ..)| self.patience.told(*point));
                assert_eq!(*revision, self.known.announced);
                assert!(self.known.whole < self.known.announced, "a snapshot too many");
                if data.get("more").is_none() {
                    self.known.whole = self.known.announced;
                    let awaited = std::mem::take(&mut self.known.awaited);
                    let missing: Vec<_> = awaited.intersection(&scene.there).collect();
                    assert!(missing.is_empty(), "the snapshot lacks {missing:?}");
                }
            }
        }
    }

    /// The rows of a frame in either form: point, alias if it has one, and what it was told to be.
    fn read_points(&mut self, data: &Json) -> Vec<(usize, Option<Index>, Was)> {
        let points = data["points"].as_array().unwrap();
        let Some(t0) = self.link.t0 else {
            return points.iter().map(plain).collect();
        };
        let mut rows = Vec::new();
        let mut new: BTreeMap<Index, usize> = BTreeMap::new();
        for (alias, name) in data.get("names").and_then(Json::as_object).into_iter().flatten() {
            new.insert(alias.parse().unwrap(), point_of(name.as_str().unwrap()));
        }
        // Of a point that left and came back, in its snapshot, it may be told again.
        let repeated = new.iter().find(|(alias, _)| self.link.names.contains_key(alias));
        let same = |(alias, point): (&Index, &usize)| self.link.names.get(alias) == Some(point);
        let may_repeat = data.get("snapshot").is_some() && repeated.is_some_and(same);
        assert!(repeated.is_none() || may_repeat, "{repeated:?} is declared again");
        for row in points.iter().map(|row| row.as_array().unwrap()) {
            let alias = Index::try_from(row[0].as_u64().unwrap()).unwrap();
            if let Some(point) = new.remove(&alias) {
                self.link.names.insert(alias, point);
            }
            let point = *self.link.names.get(&alias).expect("an alias that was declared");
            let time = row[2].as_i64().map(|dt| t0.checked_add_signed(dt).unwrap());
            let reason = row.get(3).map(|reason| reason.as_str().unwrap().to_owned());
            let was = Was::Here { value: row[1].as_i64(), reason, time };
            rows.push((point, Some(alias), was));
        }
        assert!(new.is_empty(), "declared without use: {new:?}");
        rows
    }

    /// A frame shows its points as they were at one settled number: nothing older, and nothing newer.
    fn told(&self, point: usize, was: &Was, scene: &Scene<'_>) -> Told {
        let Known { announced, catalog, .. } = self.known;
        let selection = &self.selections[&announced];
        assert!(selection.means(point), "p{point} has left the selection");
        let newest = scene.truth.newest(point, scene.settled);
        let (at, change) = newest.unwrap_or_else(|| panic!("p{point} was never there"));
        assert_eq!(*was, change.was, "p{point} as of change {at}");
        assert!(change.generation <= catalog, "p{point} came before its catalogue was told");
        let Self { connection, .. } = *self;
        Told { at, was: was.clone(), index: change.index, revision: announced, connection }
    }

    fn take_removed(&mut self, data: &Json, scene: &Scene<'_>) {
        assert_eq!(data["why"], "deleted");
        assert_eq!(self.known.whole, self.known.announced, "a snapshot is under way");
        for id in data["points"].as_array().unwrap() {
            let point = point_of(id.as_str().unwrap());
            let told = self.told(point, &Was::Gone, scene);
            self.known.points.insert(point, told);
            self.patience.told(point);
        }
    }
}

fn plain(point: &Json) -> (usize, Option<Index>, Was) {
    let reason = point.get("reason").map(|reason| reason.as_str().unwrap().to_owned());
    assert_eq!(point["quality"] == "good", reason.is_none(), "{point}");
    assert_eq!(point.get("since").is_some(), reason.is_some(), "{point}");
    let was = Was::Here { value: point["value"].as_i64(), reason, time: point["time"].as_u64() };
    (point_of(point["id"].as_str().unwrap()), None, was)
}
