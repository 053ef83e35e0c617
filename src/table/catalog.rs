//! Names and metadata of all points: fixed once the gateway runs.

use std::collections::HashMap;

use pointcast_api::{PointDeclaration, PointId, StaleAfter};

use super::{Index, Pattern};

/// All points, by place and by name.
#[derive(Debug, Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    by_name: HashMap<PointId, Index>,
    /// Every place, in the order of the ids.
    sorted: Vec<Index>,
}

/// One point: what its driver declared, and the name of its device.
#[derive(Debug)]
pub struct Entry {
    declaration: PointDeclaration,
    device: String,
}

impl Entry {
    /// The point's id.
    #[must_use]
    pub fn id(&self) -> &PointId {
        &self.declaration.details.id
    }

    /// The device it belongs to; empty for the gateway's own points.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// What its driver declared.
    #[must_use]
    pub fn declaration(&self) -> &PointDeclaration {
        &self.declaration
    }

    pub(super) fn stale_after(&self) -> StaleAfter {
        self.declaration.stale_after
    }
}

/// Why a point cannot be in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Two points with one id.
    #[error("point {0} is declared twice")]
    Duplicate(PointId),
    /// More points than an index can count.
    #[error("more than {} points", u32::MAX)]
    TooMany,
}

impl Catalog {
    /// The catalogue of `points`, each with the name of its device (empty for the gateway's own). A point's
    /// place is its place in the list.
    ///
    /// # Errors
    /// [`CatalogError`] for an id that occurs twice, and past `u32::MAX` points.
    pub fn new(points: Vec<(PointDeclaration, String)>) -> Result<Self, CatalogError> {
        let count = Index::try_from(points.len()).map_err(|_| CatalogError::TooMany)?;
        let mut by_name = HashMap::with_capacity(points.len());
        let mut entries = Vec::with_capacity(points.len());
        for (index, (declaration, device)) in (0..count).zip(points) {
            let id = declaration.details.id.clone();
            if by_name.insert(id.clone(), index).is_some() {
                return Err(CatalogError::Duplicate(id));
            }
            entries.push(Entry { declaration, device });
        }
        let mut catalog = Self { entries, by_name, sorted: Vec::new() };
        let mut sorted: Vec<Index> = (0..count).collect();
        sorted.sort_by(|a, b| catalog.id_of(*a).cmp(catalog.id_of(*b)));
        catalog.sorted = sorted;
        Ok(catalog)
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All points, by place.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The point at a place.
    #[must_use]
    pub fn entry(&self, index: Index) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    /// The place of a point.
    #[must_use]
    pub fn find(&self, id: &PointId) -> Option<Index> {
        self.by_name.get(id).copied()
    }

    /// The places of all points that `pattern` means, in the order of their ids. Looks only at its
    /// [`candidates`](Self::candidates).
    pub fn matching<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = Index> + 'a {
        let means = |index: &Index| self.entry(*index).is_some_and(|e| pattern.matches(e.id()));
        self.candidates(pattern).iter().copied().filter(means)
    }

    /// The places of all points whose ids begin with the literal part of `pattern`; for a plain id, of that
    /// point alone. Found in a few steps, whatever their number.
    #[must_use]
    pub fn candidates(&self, pattern: &Pattern) -> &[Index] {
        let prefix = pattern.prefix();
        let begin = self.sorted.partition_point(|index| self.id_of(*index) < prefix);
        let behind = self.sorted.get(begin..).unwrap_or_default();
        let count = behind.partition_point(|index| {
            let id = self.id_of(*index);
            if pattern.is_literal() { id == prefix } else { id.starts_with(prefix) }
        });
        behind.get(..count).unwrap_or_default()
    }

    /// A page of the points that any of `patterns` means: at most `limit` whose ids sort after `after`, in
    /// the order of their ids, and whether there are more.
    #[must_use]
    pub fn page(&self, patterns: &[Pattern], after: &str, limit: usize) -> (Vec<Index>, bool) {
        let matching = |index: &Index| {
            let id = self.entry(*index).map(Entry::id);
            id.is_some_and(|id| patterns.iter().any(|pattern| pattern.matches(id)))
        };
        let behind = self.from(after).skip_while(|index| self.id_of(*index) == after);
        let mut page: Vec<Index> = behind.filter(matching).take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        (page, more)
    }

    /// All places whose id is `first` or sorts after it.
    fn from(&self, first: &str) -> impl Iterator<Item = Index> + '_ {
        let at = self.sorted.partition_point(|index| self.id_of(*index) < first);
        self.sorted.iter().skip(at).copied()
    }

    fn id_of(&self, index: Index) -> &str {
        self.entry(index).map_or("", |entry| entry.id().as_str())
    }
}
