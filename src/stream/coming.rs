//! Points that come and go while streams are open: whom it concerns, and in which order it is done.
//!
//! From when new points are numbered until everybody who wants them has them, nothing settles for anybody. What is
//! done meanwhile costs as much as there are points that come and sessions that want them, whatever else those have
//! selected.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use pointcast_api::{PointDeclaration, PointId};

use super::session::Session;
use super::sessions::Sessions;
use crate::table::{Batch, CatalogError, Index};

/// The number of the change by which a point of each id last went, if none has come again since.
#[derive(Debug, Default)]
pub(super) struct Departed(HashMap<PointId, u64>);

/// A point that comes, for one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) index: Index,
    /// The place of the entry that speaks for it, among the session's entries.
    pub(super) entry: usize,
    /// If it comes again: the change by which it went.
    pub(super) went: Option<u64>,
}

/// Points that are in the table while their numbers are open.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) places: Range<Index>,
    pub(super) batch: Batch,
    /// Those who want any of them are to have them before the batch is settled.
    pub(super) wanting: Vec<(Arc<Session>, Vec<Came>)>,
}

impl Sessions {
    /// Adds points, each with the name of its device, and has everybody told whose subscription means them. Returns
    /// their places.
    ///
    /// # Errors
    /// [`CatalogError`] for an id that is there already, and past the most places. Nothing has changed then.
    pub fn add_points(
        &self,
        points: Vec<(PointDeclaration, String)>,
    ) -> Result<Range<Index>, CatalogError> {
        let places = {
            let mut changing =
                self.shared().changing.write().unwrap_or_else(PoisonError::into_inner);
            let Arrival { places, batch, wanting } = self.begin_add(&mut changing, points)?;
            let catalog = self.shared().table.catalog();
            wanting.iter().for_each(|(session, came)| session.attach(&catalog, came));
            // Only now may anybody's position pass the numbers of the new points.
            self.shared().table.finish(batch);
            places
        };
        self.wake_all();
        Ok(places)
    }

    /// Puts points into the table, and says who wants them.
    pub(super) fn begin_add(
        &self,
        departed: &mut Departed,
        points: Vec<(PointDeclaration, String)>,
    ) -> Result<Arrival, CatalogError> {
        let ids: Vec<PointId> = points.iter().map(|(point, _)| point.id.clone()).collect();
        // Looked for before anything waits for it.
        let wanting = self.shared().standing.wanting(&ids.iter().collect::<Vec<_>>());
        let (places, batch) = self.shared().table.begin_add(points)?;
        let went: Vec<Option<u64>> = ids.iter().map(|id| departed.0.remove(id)).collect();
        let came = |(at, entry): (usize, usize)| {
            let index = places.clone().nth(at)?;
            Some(Came { index, entry, went: went.get(at).copied().flatten() })
        };
        let wanting = wanting.into_iter();
        let wanting = wanting
            .map(|(session, wanted)| (session, wanted.into_iter().filter_map(came).collect()))
            .collect();
        Ok(Arrival { places, batch, wanting })
    }

    /// Removes points, those of them that are there, and has everybody told who knows them.
    pub fn remove_points(&self, points: &[Index]) {
        {
            let mut changing =
                self.shared().changing.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(batch) = self.begin_remove(&mut changing, points) {
                self.shared().table.finish(batch);
            }
            self.all().for_each(|session| session.lose());
        }
        self.wake_all();
    }

    /// Takes points out of the table: each session that knows any of them is to [`lose`](Session::lose) it once the
    /// batch is finished. `None`: nobody knows them.
    pub(super) fn begin_remove(&self, departed: &mut Departed, points: &[Index]) -> Option<Batch> {
        let table = &self.shared().table;
        let catalog = table.catalog();
        let there = points.iter().copied().filter(|point| !catalog.is_removed(*point));
        let (gone, ids): (Vec<Index>, Vec<&PointId>) =
            there.filter_map(|point| Some((point, catalog.entry(point)?.id()))).unzip();
        let batch = table.begin_remove(&gone);
        let went = ids.into_iter().cloned().zip(table.changed_at(&gone));
        departed.0.extend(went);
        batch
    }
}
