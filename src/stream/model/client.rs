//! A client as wire.md's reader would be: it believes what it is told, and checks every promise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::world::{DEVICES, POINTS, Truth};
use crate::stream::EventId;

/// What a client knows, as it was after some event.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) last_id: Option<String>,
    /// What it was told of each point: value (or −1 for `null`), quality good.
    pub(super) points: BTreeMap<usize, (i64, bool)>,
    announced: u32,
    whole: u32,
}

/// A client and what it remembers of its past, so that events can be lost.
pub(super) struct Client {
    pub(super) known: Known,
    past: Vec<Known>,
    /// The selection of each revision, as the client itself asked for it.
    pub(super) selections: BTreeMap<u32, BTreeSet<usize>>,
    one_frame: bool,
}

impl Client {
    pub(super) fn new(one_frame: bool) -> Self {
        Self { known: Known::default(), past: Vec::new(), selections: BTreeMap::new(), one_frame }
    }

    /// The connection broke, and the last `lost` events with it; never its first, which names the client.
    pub(super) fn lose(&mut self, lost: usize) {
        for _ in 0..lost {
            if let Some(before) = self.past.pop().filter(|before| before.last_id.is_some()) {
                self.known = before;
            }
        }
        self.past.clear();
    }

    pub(super) fn selection(&self, revision: u32) -> BTreeSet<usize> {
        self.selections.get(&revision).cloned().unwrap_or_default()
    }

    /// Takes in one event and checks what it promises against the truth.
    pub(super) fn take(&mut self, event: &str, truth: &Truth) {
        self.past.push(self.known.clone());
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let name = field("event: ").expect("every event has a name");
        let data: Json = serde_json::from_str(field("data: ").expect("data")).expect("JSON");
        match name {
            "connect" => assert_eq!(data["reset"], Json::Null, "sessions are within their life"),
            "subscribed" => {
                let revision = u32::try_from(data["revision"].as_u64().unwrap()).unwrap();
                assert!(revision > self.known.announced || self.known.whole < revision);
                let selection = self.selection(revision);
                assert_eq!(data["count"].as_u64().unwrap(), selection.len() as u64);
                self.known.announced = revision;
                self.known.points.retain(|point, _| selection.contains(point));
            }
            "points" => self.take_points(&data, truth),
            "heartbeat" => {}
            other => panic!("unexpected event {other}"),
        }
        if let Some(id) = field("id: ") {
            self.check_position(name, id, truth);
            self.known.last_id = Some(id.to_owned());
        }
    }

    fn take_points(&mut self, data: &Json, truth: &Truth) {
        let selection = self.selection(self.known.announced);
        let mut told = BTreeSet::new();
        for point in data["points"].as_array().unwrap() {
            let id: usize = point["id"].as_str().unwrap()[1..].parse().unwrap();
            assert!(selection.contains(&id), "p{id} has left the selection");
            assert!(told.insert(id), "p{id} stands twice in one frame");
            let value = point["value"].as_i64().unwrap_or(-1);
            let good = point["quality"] == "good";
            let at = truth.position(id, value, good);
            if let Some((value, good)) = self.known.points.get(&id) {
                let before = truth.position(id, *value, *good);
                assert!(at >= before, "p{id} went back from change {before} to {at}");
            }
            self.known.points.insert(id, (value, good));
        }
        match data.get("snapshot") {
            None if self.one_frame => self.check_batches(&selection, &told, truth),
            None => {}
            Some(revision) => {
                assert_eq!(revision.as_u64(), Some(self.known.announced.into()));
                if data.get("more").is_none() {
                    self.known.whole = self.known.announced;
                    for point in &selection {
                        assert!(self.known.points.contains_key(point), "snapshot lacks p{point}");
                    }
                }
            }
        }
    }

    /// No frame shows half a batch: of one that reaches into it, every selected point is at least there.
    fn check_batches(&self, selection: &BTreeSet<usize>, told: &BTreeSet<usize>, truth: &Truth) {
        for device in 0..DEVICES {
            let points = (0..POINTS).filter(|point| point % DEVICES == device);
            let selected: Vec<usize> = points.filter(|point| selection.contains(point)).collect();
            let seen = |point: &usize| {
                let (value, good) = self.known.points[point];
                truth.position(*point, value, good)
            };
            let shown = selected.iter().filter(|point| told.contains(point)).map(seen).max();
            let Some(newest) = shown else { continue };
            for point in selected {
                let expected = truth.newest_until(point, newest);
                assert!(seen(&point) >= expected, "half a batch: p{point} is behind {newest}");
            }
        }
    }

    /// Everything up to the id's number was told; the revision is one whose snapshot is whole.
    fn check_position(&self, name: &str, id: &str, truth: &Truth) {
        let id = EventId::parse(id).expect("an id");
        if name == "connect" {
            return;
        }
        assert_eq!(id.revision, self.known.whole);
        for point in self.selection(id.revision) {
            let expected = truth.newest_until(point, id.seq);
            if expected == 0 || !self.selection(self.known.announced).contains(&point) {
                continue;
            }
            // One that left and came back since that revision is in a snapshot still to come.
            let Some((value, good)) = self.known.points.get(&point).copied() else {
                assert!(self.known.whole < self.known.announced, "p{point} is missing");
                continue;
            };
            let at = truth.position(point, value, good);
            assert!(at >= expected, "id says {} but p{point} is at {at}, not {expected}", id.seq);
        }
    }
}
