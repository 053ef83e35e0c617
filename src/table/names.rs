//! The ids of all points that are there, in their order and one behind the other in memory: whoever holds a pattern
//! against all of them waits for the memory only as often as it must. Pure.

use std::ops::Range;

use super::Pattern;

/// Ids by rank: by their place in their order.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each id ends. [`MAX_PLACES`](super::MAX_PLACES) of the longest fit.
    ends: Vec<u32>,
    /// Those of the gateway itself.
    own: Range<usize>,
}

impl Names {
    /// `ids` are sorted.
    pub(super) fn new<'a>(ids: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut text = String::with_capacity(ids.clone().map(str::len).sum());
        let mut ends = Vec::with_capacity(ids.clone().count());
        for id in ids {
            text.push_str(id);
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        let mut names = Self { text, ends, own: 0..0 };
        names.own = names.beginning_with("$");
        names
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, rank: usize) -> &str {
        let end_of = |rank: usize| self.ends.get(rank).map(|end| *end as usize);
        let begin = rank.checked_sub(1).and_then(end_of).unwrap_or(0);
        end_of(rank).and_then(|end| self.text.get(begin..end)).unwrap_or_default()
    }

    /// How many ids in front satisfy `before`, which those behind them do not.
    fn partition_point(&self, within: Range<usize>, before: impl Fn(&str) -> bool) -> usize {
        let Range { mut start, mut end } = within;
        while start < end {
            let middle = start.midpoint(end);
            if before(self.get(middle)) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        start
    }

    /// The rank of the first id behind `id`, which need not be there.
    pub(super) fn behind(&self, id: &str) -> usize {
        self.partition_point(0..self.len(), |name| name <= id)
    }

    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let rank = self.partition_point(0..self.len(), |name| name < id);
        (self.get(rank) == id && rank < self.len()).then_some(rank)
    }

    fn beginning_with(&self, prefix: &str) -> Range<usize> {
        let start = self.partition_point(0..self.len(), |name| name < prefix);
        start..self.partition_point(start..self.len(), |name| name.starts_with(prefix))
    }

    /// The ids that `pattern` is to be held against, in two runs: those with its literal beginning, the gateway's own
    /// left out where they cannot be meant. Found in a few steps, whatever their number.
    pub(super) fn candidates(&self, pattern: &Pattern) -> [Range<usize>; 2] {
        match pattern.prefix() {
            "" => [0..self.own.start, self.own.end..self.len()],
            id if pattern.is_literal() => {
                let rank = self.find(id);
                [rank.map_or(0..0, |rank| rank..rank + 1), 0..0]
            }
            prefix => [self.beginning_with(prefix), 0..0],
        }
    }

    /// The ranks of all ids from `first` on that `pattern` means, in order.
    pub(super) fn matching<'a>(
        &'a self,
        pattern: &'a Pattern,
        first: usize,
    ) -> impl Iterator<Item = usize> + 'a {
        let shape = pattern.shape();
        let from = move |run: Range<usize>| run.start.max(first)..run.end;
        let candidates = self.candidates(pattern).into_iter().flat_map(from);
        candidates.filter(move |rank| shape.as_ref().is_none_or(|s| s.fits(self.get(*rank))))
    }
}
