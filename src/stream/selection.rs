//! Which points a subscription's entries mean, and which entry speaks for each. Pure.

use std::collections::HashSet;

use super::entry::Entry;
use crate::table::{Catalog, Index};

/// What became of one entry of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryVerdict {
    /// The entry's pattern as it was given.
    pub given: String,
    /// The entry, if it is part of the selection or was to be.
    pub entry: Option<Entry>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is part of the selection and means this many points.
    Selected(usize),
    /// It is part of the selection; no point is known that it means.
    Unknown,
    /// Its points, or the search for them, would pass the limit: it is not part of the selection.
    Limit,
    /// It is no longer part of the selection.
    Removed,
    /// There was no such entry to remove.
    NoSuchEntry,
}

/// A point of the selection, and the place of the entry that speaks for it: a literal id before a pattern, then
/// the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) index: Index,
    pub(super) entry: usize,
}

/// Most ids that one subscription's patterns may be held against: at 20 ns a look, a fifth of a second. Ten thousand
/// patterns that begin with a wildcard would keep a processor busy for many, on a large site.
const MAX_LOOKS: usize = 10_000_000;

/// The points that `entries` mean, each once, in the order in which they are first meant.
///
/// An entry whose new points do not fit under `max_points`, or that would take too long to look for, is left
/// out as a whole and gets [`Verdict::Limit`]. The verdicts are in the order of the entries.
pub(super) fn resolve(
    catalog: &Catalog,
    entries: &[Entry],
    max_points: usize,
) -> (Vec<Chosen>, Vec<Verdict>) {
    resolve_within(catalog, entries, max_points, MAX_LOOKS)
}

fn resolve_within(
    catalog: &Catalog,
    entries: &[Entry],
    max_points: usize,
    max_looks: usize,
) -> (Vec<Chosen>, Vec<Verdict>) {
    let mut chosen: Vec<Chosen> = Vec::new();
    let mut places = Places::of(catalog);
    let mut verdicts = Vec::with_capacity(entries.len());
    let mut looks = max_looks;
    for (at, entry) in entries.iter().enumerate() {
        let Some(left) = looks.checked_sub(catalog.candidates(&entry.pattern)) else {
            verdicts.push(Verdict::Limit);
            continue;
        };
        looks = left;
        let meant: Vec<Index> = catalog.matching(&entry.pattern).collect();
        let new = meant.iter().filter(|index| places.get(**index).is_none()).count();
        if chosen.len() + new > max_points {
            verdicts.push(Verdict::Limit);
            continue;
        }
        verdicts.push(match meant.len() {
            0 => Verdict::Unknown,
            count => Verdict::Selected(count),
        });
        for index in meant {
            match places.get(index).and_then(|place| chosen.get_mut(place)) {
                None => {
                    places.set(index, chosen.len());
                    chosen.push(Chosen { index, entry: at });
                }
                Some(known) if speaks_before(entries, at, known.entry) => known.entry = at,
                Some(_) => {}
            }
        }
    }
    (chosen, verdicts)
}

/// Where each point of the catalogue stands among the chosen ones, if it does: 0 for those that do not, and else one more.
/// Most of it is never touched, and then takes no memory.
struct Places(Vec<u32>);

impl Places {
    fn of(catalog: &Catalog) -> Self {
        Self(vec![0; catalog.places() as usize])
    }

    fn get(&self, index: Index) -> Option<usize> {
        Some(self.0.get(index as usize)?.checked_sub(1)? as usize)
    }

    fn set(&mut self, index: Index, place: usize) {
        // There are no more chosen ones than places.
        if let (Some(known), Ok(place)) = (self.0.get_mut(index as usize), u32::try_from(place)) {
            *known = place + 1;
        }
    }
}

/// Whether the entry at `new` speaks for a point that the earlier one at `known` means too.
fn speaks_before(entries: &[Entry], new: usize, known: usize) -> bool {
    let is_literal = |at: usize| entries.get(at).is_some_and(|entry| entry.pattern.is_literal());
    is_literal(new) || !is_literal(known)
}

/// `entries` changed by a `PATCH`: what is removed goes, what is added comes last, in place of what had the same
/// pattern.
pub(super) fn patch(
    entries: &[Entry],
    add: &[Entry],
    remove: &[String],
) -> (Vec<Entry>, Vec<EntryVerdict>) {
    let mut removed = Vec::with_capacity(remove.len());
    let gone: HashSet<&str> = remove.iter().map(String::as_str).collect();
    let there: HashSet<&str> = entries.iter().map(|entry| entry.pattern.as_str()).collect();
    for given in remove {
        let known = there.contains(given.as_str());
        let verdict = if known { Verdict::Removed } else { Verdict::NoSuchEntry };
        removed.push(EntryVerdict { given: given.clone(), entry: None, verdict });
    }
    let kept = entries.iter().filter(|entry| !gone.contains(entry.pattern.as_str())).cloned();
    (unique(kept.chain(add.iter().cloned()).collect()), removed)
}

/// Each pattern once, where it last stands: the later entry wins.
pub(super) fn unique(entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let last_first = entries.into_iter().rev();
    let mut kept: Vec<Entry> =
        last_first.filter(|entry| seen.insert(entry.pattern.as_str().to_owned())).collect();
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::testing::table;
    use crate::table::Pattern;

    fn entries<const N: usize>(patterns: [&str; N]) -> Vec<Entry> {
        patterns.iter().map(|text| Pattern::new(text).unwrap().into()).collect()
    }

    #[test]
    fn what_takes_too_long_to_look_for_is_left_out_and_the_rest_is_not() {
        let table = table(100);
        let entries = entries(["*", "p1", "*/nothing", "**", "p1/**", "p9"]);
        let (points, verdicts) = resolve_within(&table.catalog(), &entries, 1_000, 202);
        let expected = [
            Verdict::Selected(100),
            Verdict::Selected(1),
            Verdict::Unknown,
            Verdict::Limit,
            Verdict::Unknown,
            Verdict::Selected(1),
        ];
        assert_eq!(verdicts, expected, "a plain id is one look, whatever begins with it");
        assert_eq!(points.len(), 100);
    }

    #[test]
    fn a_literal_id_speaks_before_a_pattern_and_then_the_later_entry() {
        let table = table(3);
        let entries = entries(["*", "p1", "**"]);
        let (points, _) = resolve(&table.catalog(), &entries, 10);
        let spoken: Vec<_> = points.iter().map(|chosen| (chosen.index, chosen.entry)).collect();
        assert_eq!(spoken, [(0, 2), (1, 1), (2, 2)]);
    }

    #[test]
    fn an_entry_given_again_replaces_the_first() {
        let kept = unique(entries(["a", "b", "a"]));
        let order: Vec<_> = kept.iter().map(|entry| entry.pattern.as_str()).collect();
        assert_eq!(order, ["b", "a"]);
    }
}
