//! The table, its writers, and the record of all they did.

use std::collections::BTreeSet;
use std::sync::Arc;

use pointcast_api::{About, Failure, PointDeclaration, PointId, Reading, UnixMs, Value, ValueType};

use super::truth::{Change, Truth, Was};
use super::wishes::{DEVICES, FIRST_IDS, IDS, device_of, id_of, range_of};
use crate::stream::Sessions;
use crate::stream::coming::Arrival;
use crate::table::{Batch, Catalog, Index, Table, Update};

/// What a batch reads of its points.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    /// So much more than before; 0 is the same again.
    Good(i64),
    /// The same, but out of range.
    Outside(i64),
    NoNumber,
}

pub(super) struct Site {
    pub(super) table: Arc<Table>,
    pub(super) truth: Truth,
    /// Points that are in the catalogue.
    pub(super) there: BTreeSet<usize>,
    /// The place that each point had last, and the generation it came with.
    places: [Option<(Index, u64)>; IDS],
    open: [Option<Batch>; DEVICES],
    values: [i64; IDS],
    stamp: u64,
}

fn declarations(points: impl Iterator<Item = usize>) -> Vec<(PointDeclaration, String)> {
    let declare = |point| {
        let mut declaration =
            PointDeclaration::bare(PointId::new(&id_of(point)).unwrap(), ValueType::I64);
        let about = About { range: range_of(point), ..About::default() };
        declaration.change(|traits| traits.details.tell(about));
        (declaration, String::new())
    };
    points.map(declare).collect()
}

impl Site {
    pub(super) fn new() -> Self {
        let catalog = Catalog::new(declarations(0..FIRST_IDS)).unwrap();
        let mut site = Self {
            table: Arc::new(Table::new(catalog)),
            truth: Truth::default(),
            there: BTreeSet::new(),
            places: [None; IDS],
            open: [const { None }; DEVICES],
            values: [50; IDS],
            stamp: 0,
        };
        site.have_come(0..FIRST_IDS, 0);
        site
    }

    fn have_come(&mut self, points: impl Iterator<Item = usize>, first: Index) {
        let generation = self.table.catalog().generation();
        for (index, point) in (first..).zip(points) {
            self.there.insert(point);
            self.places[point] = Some((index, generation));
            self.record(point);
        }
    }

    /// Writes down what a point has become.
    fn record(&mut self, point: usize) {
        let Some((index, generation)) = self.places[point] else { return };
        if let Some(state) = self.table.read(index) {
            let change = Change { was: Was::of(&state), index, generation };
            self.truth.record(point, state.seq, change);
        }
    }

    /// A device's writer applies a batch to some of its points, those that are gone among them.
    pub(super) fn begin(&mut self, device: usize, mask: u8, read: Read) {
        while self.mark(device) {}
        self.stamp += 1;
        let points: Vec<usize> = (0..IDS)
            .filter(|point| device_of(*point) == device && mask >> (point / DEVICES) & 1 == 1)
            .collect();
        let mut readings = Vec::new();
        for point in &points {
            let mut value = |by| {
                self.values[*point] += by;
                Value::I64(self.values[*point])
            };
            let reading = match read {
                Read::Good(by) => Reading::Good(value(by)),
                Read::Outside(by) => Reading::OutOfRange(value(by)),
                Read::NoNumber => Reading::NotANumber,
            };
            readings.extend(self.places[*point].map(|(index, _)| (index, reading)));
        }
        let time = UnixMs(self.stamp);
        let updates = readings.iter().map(|(index, reading)| (*index, Update::Read(reading, time)));
        self.open[device] = self.table.begin(updates);
        points.into_iter().for_each(|point| self.record(point));
    }

    /// Moves a writer's batch on by a mark; false when it has none.
    pub(super) fn mark(&mut self, device: usize) -> bool {
        let Some(batch) = self.open[device].take() else { return false };
        self.open[device] = self.move_on(batch);
        true
    }

    /// Places one more mark of a batch, or settles it when all are placed.
    pub(super) fn move_on(&self, mut batch: Batch) -> Option<Batch> {
        if self.table.mark_next(&mut batch) {
            return Some(batch);
        }
        self.table.settle(batch);
        None
    }

    /// Another writer turns a device bad, whatever the first is at.
    pub(super) fn fail(&mut self, device: usize, failure: Failure) {
        self.stamp += 1;
        let failed = Update::Fail(failure, UnixMs(self.stamp));
        let points = (0..IDS).filter(|point| device_of(*point) == device);
        let points: Vec<usize> = points.collect();
        let known = points.iter().filter_map(|point| self.places[*point]);
        let updates: Vec<_> = known.map(|(index, _)| (index, failed)).collect();
        self.table.apply(updates);
        points.into_iter().for_each(|point| self.record(point));
    }

    /// Adds points that are not there: who is to have them, and the batch that is to be settled.
    pub(super) fn begin_add(&mut self, sessions: &Sessions, points: &[usize]) -> Arrival {
        let added = declarations(points.iter().copied());
        let mut departed = sessions.shared().changing.write().unwrap();
        let arrival = sessions.begin_add(&mut departed, added).unwrap();
        self.have_come(points.iter().copied(), arrival.places.start);
        arrival
    }

    /// Removes points that are there; the batch whose marks are to be placed, if anybody wants them.
    pub(super) fn begin_remove(&mut self, sessions: &Sessions, points: &[usize]) -> Option<Batch> {
        let places: Vec<Index> =
            points.iter().map(|point| self.places[*point].unwrap().0).collect();
        let mut departed = sessions.shared().changing.write().unwrap();
        let batch = sessions.begin_remove(&mut departed, &places);
        let generation = self.table.catalog().generation();
        let numbers = self.table.changed_at(&places);
        for ((point, index), seq) in points.iter().zip(places).zip(numbers) {
            self.there.remove(point);
            self.truth.record(*point, seq, Change { was: Was::Gone, index, generation });
        }
        batch
    }
}
