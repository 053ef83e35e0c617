//! Points that come and go, in the steps in which `Sessions::add_points` and `remove_points` let them, with everybody
//! else's steps in between.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::reader::Reader;
use super::site::Site;
use crate::stream::coming::Came;
use crate::stream::{Session, Sessions};
use crate::table::Batch;

pub(super) struct Coming {
    steps: VecDeque<Step>,
    batch: Option<Batch>,
    /// By client: points that it wants and was not given yet.
    unknown: Vec<BTreeSet<usize>>,
}

enum Step {
    /// A client that wants points is given them.
    Give(usize, Vec<Came>),
    /// A mark is placed, or the batch settled.
    Mark,
    /// A client's session takes note of what it lost.
    Lose(usize),
    Wake(usize),
}

fn session(reader: &Reader) -> &Arc<Session> {
    reader.session.as_ref().expect("known by now")
}

impl Coming {
    pub(super) fn add(
        site: &mut Site,
        sessions: &Sessions,
        readers: &[Reader],
        new: &[usize],
    ) -> Self {
        let arrival = site.begin_add(sessions, new);
        let mut steps = VecDeque::new();
        let mut unknown = Vec::new();
        for (client, reader) in readers.iter().enumerate() {
            let mut wanting = arrival.wanting.iter();
            let given = wanting.find(|(wants, _)| Arc::ptr_eq(wants, session(reader)));
            let given = given.map(|(_, came)| came.clone()).unwrap_or_default();
            let (_, selection) = reader.client.latest();
            let entries = session(reader).subscription().entries;
            let wanted = (arrival.places.clone().zip(new))
                .filter_map(|(index, point)| Some((index, selection.wish_of(*point)?)));
            let told = given.iter().map(|came| {
                let entry = entries[came.entry].entry.as_ref().unwrap();
                (came.index, entry.wish())
            });
            assert!(told.eq(wanted), "each client is given what it selected, as it wished");
            unknown.push(new.iter().copied().filter(|point| selection.means(*point)).collect());
            if !given.is_empty() {
                steps.push_back(Step::Give(client, given));
            }
        }
        steps.push_back(Step::Mark);
        steps.extend((0..readers.len()).map(Step::Wake));
        Self { steps, batch: Some(arrival.batch), unknown }
    }

    pub(super) fn remove(
        site: &mut Site,
        sessions: &Sessions,
        readers: &[Reader],
        gone: &[usize],
    ) -> Option<Self> {
        if gone.is_empty() {
            return None;
        }
        let batch = site.begin_remove(sessions, gone);
        let mut steps = VecDeque::from([Step::Mark]);
        steps.extend((0..readers.len()).map(Step::Lose));
        steps.extend((0..readers.len()).map(Step::Wake));
        Some(Self { steps, batch, unknown: vec![BTreeSet::new(); readers.len()] })
    }

    /// Whether a point is in the catalogue, and not yet in the selection of a client that wants it.
    pub(super) fn is_unknown_to(&self, client: usize, point: usize) -> bool {
        self.unknown[client].contains(&point)
    }

    /// Does the next step; false when all are done.
    pub(super) fn move_on(&mut self, site: &Site, readers: &[Reader]) -> bool {
        match self.steps.pop_front() {
            None => return false,
            Some(Step::Give(client, came)) => {
                session(&readers[client]).attach(&site.table.catalog(), &came);
                self.unknown[client].clear();
            }
            Some(Step::Mark) => {
                self.batch = self.batch.take().and_then(|batch| site.move_on(batch));
                if self.batch.is_some() {
                    self.steps.push_front(Step::Mark);
                }
            }
            Some(Step::Lose(client)) => session(&readers[client]).lose(),
            Some(Step::Wake(client)) => session(&readers[client]).wake(),
        }
        true
    }
}
