//! Points that come and go while the gateway runs.
//!
//! What takes time, the making of the next catalogue, is done without the lock that drivers need.

use std::ops::Range;
use std::sync::{Arc, MutexGuard, PoisonError};

use pointcast_api::{PointDeclaration, UnixMs};

use super::catalog::{Catalog, CatalogError};
use super::core::Batch;
use super::{Index, Table};

impl Table {
    // The lock guards no data of its own.
    fn editing(&self) -> (MutexGuard<'_, ()>, Arc<Catalog>) {
        let guard = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        (guard, self.catalog())
    }

    /// Adds `points`, each with the name of its device, `waiting`: from now on they are found, and may be read and
    /// written, at the places that are returned. None is shown, and no number given from now on is settled, before
    /// the batch is: until then everybody who wants them is to be registered and marked.
    ///
    /// # Errors
    /// [`CatalogError`] for an id that is there already, and past [`MAX_PLACES`](super::MAX_PLACES). Nothing has
    /// changed then.
    pub(crate) fn begin_add(
        &self,
        points: Vec<(PointDeclaration, String)>,
    ) -> Result<(Range<Index>, Batch), CatalogError> {
        let (_editing, before) = self.editing();
        let catalog = Arc::new(before.with(points)?);
        let places = before.places()..catalog.places();
        let batch = self.core().extend(catalog, UnixMs::now());
        Ok((places, batch))
    }

    /// Removes `points`, those of them that are there: from now on they are not found, and writing them does
    /// nothing. Their last change, the tombstone, is in the batch; what they were before stays to be shown until it
    /// is settled. `None`: nothing to announce.
    pub(crate) fn begin_remove(&self, points: &[Index]) -> Option<Batch> {
        let (_editing, before) = self.editing();
        let there = |index: &Index| before.entry(*index).is_some() && !before.is_removed(*index);
        let gone: Vec<Index> = points.iter().copied().filter(there).collect();
        if gone.is_empty() {
            return None;
        }
        let catalog = Arc::new(before.without(&gone));
        self.core().remove(catalog, &gone, self.uptime(), UnixMs::now())
    }

    /// Adds points that nobody waits for; see `begin_add`.
    ///
    /// # Errors
    /// [`CatalogError`] for an id that is there already, and past [`MAX_PLACES`](super::MAX_PLACES). Nothing has
    /// changed then.
    pub fn add(
        &self,
        points: Vec<(PointDeclaration, String)>,
    ) -> Result<Range<Index>, CatalogError> {
        let (places, batch) = self.begin_add(points)?;
        self.finish(batch);
        Ok(places)
    }

    /// Removes points, those of them that are there, and tells whoever reads them.
    pub fn remove(&self, points: &[Index]) {
        if let Some(batch) = self.begin_remove(points) {
            self.finish(batch);
        }
    }
}
