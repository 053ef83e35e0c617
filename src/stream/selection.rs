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
    /// Its points would pass the limit: it is not part of the selection.
    Limit,
    /// It is no longer part of the selection.
    Removed,
    /// There was no such entry to remove.
    NoSuchEntry,
}

/// The points that `entries` mean, each once, in the order in which they are first meant.
///
/// An entry whose new points do not fit under `max_points` is left out as a whole and gets
/// [`Verdict::Limit`]. The verdicts are in the order of the entries.
pub(super) fn resolve(
    catalog: &Catalog,
    entries: &[Pattern],
    max_points: usize,
) -> (Vec<Index>, Vec<Verdict>) {
    let mut points = Vec::new();
    let mut seen = HashSet::new();
    let mut verdicts = Vec::with_capacity(entries.len());
    for pattern in entries {
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
