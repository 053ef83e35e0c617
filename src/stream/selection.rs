//! Which points a subscription's entries mean. Pure.

use std::collections::HashSet;

use crate::table::{Catalog, Index, Pattern};

/// What became of one entry of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryVerdict {
    /// The entry as it was given.
    pub given: String,
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

/// Most ids that one subscription's patterns may be held against. More would keep a thread busy for seconds: ten
/// thousand patterns that begin with a wildcard, on a large site.
const MAX_LOOKS: usize = 10_000_000;

/// The points that `entries` mean, each once, in the order in which they are first meant.
///
/// An entry whose new points do not fit under `max_points`, or that would take too long to look for, is left
/// out as a whole and gets [`Verdict::Limit`]. The verdicts are in the order of the entries.
pub(super) fn resolve(
    catalog: &Catalog,
    entries: &[Pattern],
    max_points: usize,
) -> (Vec<Index>, Vec<Verdict>) {
    resolve_within(catalog, entries, max_points, MAX_LOOKS)
}

fn resolve_within(
    catalog: &Catalog,
    entries: &[Pattern],
    max_points: usize,
    max_looks: usize,
) -> (Vec<Index>, Vec<Verdict>) {
    let mut points = Vec::new();
    let mut seen = HashSet::new();
    let mut verdicts = Vec::with_capacity(entries.len());
    let mut looks = max_looks;
    for pattern in entries {
        let Some(left) = looks.checked_sub(catalog.candidates(pattern).len()) else {
            verdicts.push(Verdict::Limit);
            continue;
        };
        looks = left;
        let meant: Vec<Index> = catalog.matching(pattern).collect();
        let new = meant.iter().filter(|index| !seen.contains(*index)).count();
        verdicts.push(if points.len() + new > max_points {
            Verdict::Limit
        } else if meant.is_empty() {
            Verdict::Unknown
        } else {
            points.extend(meant.iter().copied().filter(|index| seen.insert(*index)));
            Verdict::Selected(meant.len())
        });
    }
    (points, verdicts)
}

/// `entries` changed by a `PATCH`: what is removed goes, what is added comes last unless it is there.
pub(super) fn patch(
    entries: &[Pattern],
    add: &[Pattern],
    remove: &[String],
) -> (Vec<Pattern>, Vec<EntryVerdict>) {
    let mut removed = Vec::with_capacity(remove.len());
    let gone: HashSet<&str> = remove.iter().map(String::as_str).collect();
    let there: HashSet<&str> = entries.iter().map(Pattern::as_str).collect();
    for given in remove {
        let known = there.contains(given.as_str());
        let verdict = if known { Verdict::Removed } else { Verdict::NoSuchEntry };
        removed.push(EntryVerdict { given: given.clone(), verdict });
    }
    let kept = entries.iter().filter(|entry| !gone.contains(entry.as_str())).cloned();
    (unique(kept.chain(add.iter().cloned())), removed)
}

/// Each entry once, where it first stands.
pub(super) fn unique(entries: impl IntoIterator<Item = Pattern>) -> Vec<Pattern> {
    let mut seen = HashSet::new();
    entries.into_iter().filter(|entry| seen.insert(entry.as_str().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::testing::table;

    #[test]
    fn what_takes_too_long_to_look_for_is_left_out_and_the_rest_is_not() {
        let table = table(100);
        let entries = ["*", "p1", "*/nothing", "**", "p1/**", "p9"];
        let entries: Vec<_> = entries.iter().map(|text| Pattern::new(text).unwrap()).collect();
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
}
