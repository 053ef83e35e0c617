//! Points that come and go, in the steps in which `Sessions::add_points` and `remove_points` let them, with everybody
//! else's steps in between.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use pointcast_api::PointId;

use super::reader::Reader;
use super::site::Site;
use super::wishes::id_of;
use crate::stream::Session;
use crate::table::{Batch, Index};

pub(super) struct Coming {
    steps: VecDeque<Step>,
    batch: Option<Batch>,
    /// By client: points that it wants and was not given yet.
    unknown: Vec<BTreeSet<usize>>,
}

enum Step {
    /// A client that wants points is given them.
    Give(usize, Vec<Index>),
    /// A mark is placed, or the batch settled.
    Mark,
    /// A client's session expects these again.
    Expect(usize, Vec<usize>),
    Wake(usize),
}

fn session(reader: &Reader) -> &Arc<Session> {
    reader.session.as_ref().expect("known by now")
}

impl Coming {
    pub(super) fn add(site: &mut Site, readers: &[Reader], new: Vec<usize>) -> Option<Self> {
        let ids: Vec<PointId> = new.iter().map(|p| PointId::new(&id_of(*p)).unwrap()).collect();
        let ids: Vec<&PointId> = ids.iter().collect();
        let (places, batch) = site.begin_add(&new);
        let wanting = session(readers.first()?).shared().standing.wanting(&ids);
        let mut steps = VecDeque::new();
        let mut unknown = Vec::new();
        for (client, reader) in readers.iter().enumerate() {
            let given = wanting.iter().find(|(wants, _)| Arc::ptr_eq(wants, session(reader)));
            let given: Vec<usize> = given.map(|(_, at)| at.clone()).unwrap_or_default();
            let (_, selection) = reader.client.latest();
            let wanted: Vec<usize> =
                (0..new.len()).filter(|at| selection.means(new[*at])).collect();
            assert_eq!(given, wanted, "each client is given what it selected");
            unknown.push(given.iter().map(|at| new[*at]).collect());
            let places: Vec<Index> =
                given.iter().map(|at| places.clone().nth(*at).unwrap()).collect();
            if !places.is_empty() {
                steps.push_back(Step::Give(client, places));
            }
        }
        steps.push_back(Step::Mark);
        steps.extend((0..readers.len()).map(Step::Wake));
        Some(Self { steps, batch: Some(batch), unknown })
    }

    pub(super) fn remove(site: &mut Site, readers: &[Reader], gone: Vec<usize>) -> Option<Self> {
        if gone.is_empty() {
            return None;
        }
        let batch = site.begin_remove(&gone);
        let mut steps = VecDeque::from([Step::Mark]);
        steps.extend((0..readers.len()).map(|client| Step::Expect(client, gone.clone())));
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
            Some(Step::Give(client, places)) => {
                session(&readers[client]).attach(&places);
                self.unknown[client].clear();
            }
            Some(Step::Mark) => {
                self.batch = self.batch.take().and_then(|batch| site.move_on(batch));
                if self.batch.is_some() {
                    self.steps.push_front(Step::Mark);
                }
            }
            Some(Step::Expect(client, gone)) => {
                let gone: Vec<String> = gone.into_iter().map(id_of).collect();
                let gone: HashSet<&str> = gone.iter().map(String::as_str).collect();
                session(&readers[client]).expect_again(&gone);
            }
            Some(Step::Wake(client)) => session(&readers[client]).wake(),
        }
        true
    }
}
