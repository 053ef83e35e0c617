//! Names and metadata of all points, as they are between two changes of the catalogue.
//!
//! A catalogue never changes: when points come or go, another takes its place, which shares all declarations with it.
//! A place is never given to a second point; what was removed keeps its place and its name, and nothing finds it.

use std::collections::HashSet;
use std::sync::Arc;

use pointcast_api::{PointDeclaration, PointId, PointTraits, Shared, StaleAfter};

use super::names::Names;
use super::{Index, Pattern};

/// Most places that a table gives between start and end of the program, removed points counted: each keeps a name
/// and a slot, less than a kilobyte in all. Points that come and go a hundred at a time, every minute, may do so for
/// a month.
pub const MAX_PLACES: usize = 1 << 22;

/// All points, by place and by name.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
    /// The places of the points that are there, in the order of their ids.
    sorted: Vec<Index>,
    /// And their ids.
    names: Names,
    /// By place, whether the point was removed: asked for each point of a selection.
    removed: Vec<bool>,
    generation: u64,
}

/// One point: what its driver declared, and the name of its device. All of it is shared, with the driver and with the
/// device's other points: a copy is three pointers.
#[derive(Debug, Clone)]
pub struct Entry {
    id: PointId,
    kind: Arc<Kind>,
}

/// What is said of several points of one device alike.
#[derive(Debug, Clone)]
pub struct Kind {
    traits: Arc<PointTraits>,
    device: Arc<str>,
}

impl PartialEq for Kind {
    /// Whether it is the very same: what is equal but not shared may stay so.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.traits, &other.traits) && Arc::ptr_eq(&self.device, &other.device)
    }
}

impl Entry {
    /// A point, of one of `kinds`; `device` is empty for the gateway's own.
    #[must_use]
    pub fn new(point: &PointDeclaration, device: &Arc<str>, kinds: &mut Shared<Kind>) -> Self {
        let kind = Kind { traits: Arc::clone(&point.traits), device: Arc::clone(device) };
        Self { id: point.id.clone(), kind: kinds.of(&kind) }
    }

    /// The point's id.
    #[must_use]
    pub fn id(&self) -> &PointId {
        &self.id
    }

    /// The device it belongs to; empty for the gateway's own points.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.kind.device
    }

    /// What its driver declared.
    #[must_use]
    pub fn traits(&self) -> &PointTraits {
        &self.kind.traits
    }

    pub(super) fn stale_after(&self) -> StaleAfter {
        self.kind.traits.stale_after
    }
}

/// Why a point cannot be in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Two points with one id.
    #[error("point {0} is declared twice")]
    Duplicate(PointId),
    /// No place is left.
    #[error("more than {MAX_PLACES} points since the start, those removed again counted")]
    TooMany,
}

impl Catalog {
    /// The first catalogue, of `points`, each with the name of its device (empty for the gateway's own). A point's
    /// place is its place in the list.
    ///
    /// # Errors
    /// [`CatalogError`] for an id that occurs twice, and past [`MAX_PLACES`] points.
    pub fn new(points: Vec<(PointDeclaration, String)>) -> Result<Self, CatalogError> {
        Self::of_entries(entries_of(points))
    }

    /// The same, of entries.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_entries(entries: Vec<Entry>) -> Result<Self, CatalogError> {
        Self::of(Vec::new(), Vec::new(), 0).with_at_most(entries, MAX_PLACES)
    }

    /// The next catalogue: `points` more, at the places behind the last.
    pub(super) fn with(
        &self,
        points: Vec<(PointDeclaration, String)>,
    ) -> Result<Self, CatalogError> {
        self.with_at_most(entries_of(points), MAX_PLACES)
    }

    fn with_at_most(&self, added: Vec<Entry>, max_places: usize) -> Result<Self, CatalogError> {
        let count = self.entries.len() + added.len();
        if count > max_places {
            return Err(CatalogError::TooMany);
        }
        let mut entries = Vec::with_capacity(count);
        entries.extend(self.entries.iter().cloned());
        entries.extend(added);
        let places = Index::try_from(count).unwrap_or(Index::MAX);
        let mut sorted = Vec::with_capacity(self.sorted.len() + count - self.entries.len());
        sorted.extend(&self.sorted);
        sorted.extend(self.places()..places);
        let id_of = |index: &Index| id_of(&entries, *index);
        // What was sorted already is one run to it, and is merged.
        sorted.sort_by(|a, b| id_of(a).cmp(id_of(b)));
        let mut twice = sorted.iter().zip(sorted.iter().skip(1));
        let twice = twice.find(|(a, b)| id_of(a) == id_of(b));
        if let Some(entry) = twice.and_then(|(index, _)| entries.get(*index as usize)) {
            return Err(CatalogError::Duplicate(entry.id().clone()));
        }
        Ok(Self::of(entries, sorted, self.generation + 1))
    }

    /// The next catalogue: without these points.
    pub(super) fn without(&self, points: &[Index]) -> Self {
        let gone: HashSet<Index> = points.iter().copied().collect();
        let sorted = self.sorted.iter().copied().filter(|index| !gone.contains(index)).collect();
        Self::of(self.entries.clone(), sorted, self.generation + 1)
    }

    fn of(entries: Vec<Entry>, sorted: Vec<Index>, generation: u64) -> Self {
        let names = Names::new(sorted.iter().map(|index| id_of(&entries, *index)));
        let mut removed = vec![true; entries.len()];
        for index in &sorted {
            if let Some(removed) = removed.get_mut(*index as usize) {
                *removed = false;
            }
        }
        Self { entries, sorted, names, removed, generation }
    }

    /// How many places were given so far, those of removed points among them: the place that the next new point gets.
    #[must_use]
    pub fn places(&self) -> Index {
        // `with` sees to it that this is always so.
        Index::try_from(self.entries.len()).unwrap_or(Index::MAX)
    }

    /// Counts the catalogues, from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// All points, by place, those removed again as well.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The point at a place, or the one that was there before it was removed.
    #[must_use]
    pub fn entry(&self, index: Index) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    /// Whether the point at a place was removed. A point of the same id at another place is another point.
    #[must_use]
    pub fn is_removed(&self, index: Index) -> bool {
        self.removed.get(index as usize).copied().unwrap_or_default()
    }

    /// The place of a point.
    #[must_use]
    pub fn find(&self, id: &PointId) -> Option<Index> {
        self.sorted.get(self.names.find(id.as_str())?).copied()
    }

    /// The places of all points that `pattern` means, in the order of their ids. Looks only at its
    /// [`candidates`](Self::candidates).
    pub fn matching<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = Index> + 'a {
        self.names.matching(pattern, 0).filter_map(|rank| self.sorted.get(rank).copied())
    }

    /// How many points have ids that begin with the literal part of `pattern`; for a plain id, that point alone. Found
    /// in a few steps, whatever their number.
    #[must_use]
    pub fn candidates(&self, pattern: &Pattern) -> usize {
        self.names.candidates(pattern).iter().map(ExactSizeIterator::len).sum()
    }

    /// A page of the points that any of `patterns` means: at most `limit` whose ids sort after `after`, in
    /// the order of their ids, and whether there are more. Each pattern is held against no more than its
    /// [`candidates`](Self::candidates).
    #[must_use]
    pub fn page(&self, patterns: &[Pattern], after: &str, limit: usize) -> (Vec<Index>, bool) {
        let first = self.names.behind(after);
        let matching = |pattern| self.names.matching(pattern, first).peekable();
        let mut runs: Vec<_> = patterns.iter().map(matching).collect();
        let mut page = Vec::new();
        while let Some(next) = runs.iter_mut().filter_map(|run| run.peek().copied()).min() {
            if page.len() == limit {
                return (page, true);
            }
            page.extend(self.sorted.get(next));
            for run in &mut runs {
                run.next_if_eq(&next);
            }
        }
        (page, false)
    }
}

fn entries_of(points: Vec<(PointDeclaration, String)>) -> Vec<Entry> {
    let mut kinds = Shared::default();
    let mut shared: Arc<str> = "".into();
    let entry = |(point, device): (PointDeclaration, String)| {
        if *shared != *device {
            shared = device.into();
        }
        Entry::new(&point, &shared, &mut kinds)
    };
    points.into_iter().map(entry).collect()
}

fn id_of(entries: &[Entry], index: Index) -> &str {
    entries.get(index as usize).map_or("", |entry| entry.id().as_str())
}

#[cfg(test)]
mod tests {
    use pointcast_api::ValueType;
    use proptest::prelude::*;

    use super::*;

    fn points<const N: usize>(ids: [&str; N]) -> Vec<(PointDeclaration, String)> {
        let declare = |id| PointDeclaration::bare(PointId::new(id).unwrap(), ValueType::F64);
        ids.into_iter().map(|id| (declare(id), "device".to_owned())).collect()
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    fn find(catalog: &Catalog, id: &str) -> Option<Index> {
        catalog.find(&PointId::new(id).unwrap())
    }

    #[test]
    fn what_comes_gets_the_next_places_and_is_found_in_the_order_of_ids() {
        let first = Catalog::new(points(["b/x", "a/x", "b"])).unwrap();
        let next = first.with(points(["b/a", "a"])).unwrap();
        assert_eq!((first.len(), first.generation()), (3, 1));
        assert_eq!((next.len(), next.generation()), (5, 2));
        assert_eq!((find(&first, "a"), find(&next, "a")), (None, Some(4)));
        assert_eq!(next.matching(&pattern("b/*")).collect::<Vec<_>>(), [3, 0]);
        assert_eq!(next.matching(&pattern("**")).collect::<Vec<_>>(), [4, 1, 2, 3, 0]);
        assert_eq!(next.page(&[pattern("**")], "a/x", 2), (vec![2, 3], true));
        let shared = [&first, &next].map(|catalog| &catalog.entries()[0].kind);
        assert!(Arc::ptr_eq(shared[0], shared[1]), "declarations are shared");
    }

    #[test]
    fn what_went_is_not_found_keeps_its_place_and_may_come_again_at_another() {
        let first = Catalog::new(points(["a", "b", "c"])).unwrap();
        let without = first.without(&[1, 2]);
        let again = without.with(points(["b"])).unwrap();
        assert_eq!((without.len(), without.generation(), again.generation()), (1, 2, 3));
        assert_eq!(without.matching(&pattern("**")).collect::<Vec<_>>(), [0]);
        assert_eq!(without.page(&[pattern("b"), pattern("c")], "", 9), (vec![], false));
        let removed =
            |catalog: &Catalog| (0..5).map(|at| catalog.is_removed(at)).collect::<Vec<_>>();
        assert_eq!(removed(&first), [false; 5]);
        assert_eq!(removed(&without), [false, true, true, false, false]);
        assert_eq!(removed(&again), [false, true, true, false, false]);
        assert_eq!((find(&without, "b"), find(&again, "b")), (None, Some(3)));
        assert_eq!(again.entry(1).unwrap().id().as_str(), "b");
        assert!(again.entry(4).is_none());
        let all_gone = again.without(&[0, 3]);
        assert!(all_gone.is_empty() && all_gone.candidates(&pattern("**")) == 0);
    }

    #[test]
    fn an_id_that_is_there_and_a_place_too_many_are_refused() {
        let first = Catalog::new(points(["a", "b"])).unwrap();
        let twice = |points| match first.with(points) {
            Err(CatalogError::Duplicate(id)) => id.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(twice(points(["c", "b"])), "b");
        assert_eq!(twice(points(["c", "c"])), "c");
        let gone = first.without(&[0, 1]);
        assert!(gone.with_at_most(entries_of(points(["a"])), 3).is_ok());
        let refused = gone.with_at_most(entries_of(points(["a", "b"])), 3);
        assert_eq!(refused.unwrap_err(), CatalogError::TooMany, "what was removed counts");
    }

    /// Segments that sort in front of `$`, and behind it.
    fn segment() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec!["!", "a", "ab", "b", "é"])
    }

    fn id() -> impl Strategy<Value = String> {
        let segments = proptest::collection::vec(segment(), 1..4);
        (any::<bool>(), segments).prop_map(|(own, segments)| {
            let dollar = if own { "$" } else { "" };
            format!("{dollar}{}", segments.join("/"))
        })
    }

    fn any_pattern() -> impl Strategy<Value = Pattern> {
        let segment = prop_oneof![segment(), Just("*")];
        let segments = proptest::collection::vec(segment, 0..4);
        let parts = (prop_oneof![Just(""), Just("$")], segments, any::<bool>());
        parts.prop_filter_map("no pattern", |(dollar, segments, open)| {
            let rest = open.then_some("**");
            let segments: Vec<&str> = segments.into_iter().chain(rest).collect();
            Pattern::new(&format!("{dollar}{}", segments.join("/"))).ok()
        })
    }

    /// What a pattern means, in as few words as it can be said.
    fn means(pattern: &Pattern, id: &str) -> bool {
        let segments: Vec<&str> = pattern.as_str().split('/').collect();
        let names: Vec<&str> = id.split('/').collect();
        let open = segments.last() == Some(&"**");
        let fits = |(segment, name): (&&str, &&str)| segment.starts_with('*') || segment == name;
        let long_enough = names.len() == segments.len() || open && names.len() > segments.len();
        let own = !id.starts_with('$') || pattern.as_str().starts_with('$');
        long_enough && own && segments.iter().zip(&names).all(fits)
    }

    proptest! {
        #[test]
        fn a_pattern_finds_what_it_means_and_a_page_is_a_part_of_that(
            ids in proptest::collection::btree_set(id(), 0..20),
            patterns in proptest::collection::vec(any_pattern(), 1..4),
            after in id(),
            limit in 1..5_usize,
        ) {
            let declare = |id: &String| PointDeclaration::bare(PointId::new(id).unwrap(), ValueType::F64);
            // Declared in another order than their own.
            let points = ids.iter().rev().map(|id| (declare(id), String::new())).collect();
            let catalog = Catalog::new(points).unwrap();
            let id_of = |index: Index| catalog.entry(index).unwrap().id().as_str().to_owned();
            for pattern in &patterns {
                let expected: Vec<_> = ids.iter().filter(|id| means(pattern, id)).cloned().collect();
                let found: Vec<_> = catalog.matching(pattern).map(id_of).collect();
                prop_assert_eq!(&found, &expected, "{:?}", pattern);
                prop_assert!(catalog.candidates(pattern) >= found.len());
                let matches = |id: &String| pattern.matches(&PointId::new(id).unwrap());
                prop_assert_eq!(ids.iter().filter(|id| matches(id)).count(), found.len());
            }
            let meant = |id: &&String| **id > after && patterns.iter().any(|p| means(p, id));
            let all: Vec<_> = ids.iter().filter(meant).cloned().collect();
            let (page, more) = catalog.page(&patterns, &after, limit);
            let page: Vec<_> = page.into_iter().map(id_of).collect();
            prop_assert_eq!(&page[..], &all[..limit.min(all.len())]);
            prop_assert_eq!(more, all.len() > limit);
            for id in &ids {
                prop_assert!(catalog.find(&PointId::new(id).unwrap()).is_some());
            }
        }
    }
}
