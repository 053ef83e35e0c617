//! A session's entries in memory: a plain id that was known costs four bytes, whatever else there is itself. Pure.

use super::entry::{Entry, Wish};
use crate::table::{Catalog, Index, MAX_PLACES, Pattern};

/// The entries of a subscription, in their order.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The place of the point that an entry means by its id, or [`OTHER`] and a place among the others.
    order: Box<[u32]>,
    #[expect(clippy::box_collection, reason = "every session has one, and most have none")]
    others: Option<Box<Vec<Entry>>>,
}

const OTHER: u32 = 1 << 31;
const _: () = assert!(MAX_PLACES <= OTHER as usize, "no point's place is taken for another entry");

impl Entries {
    /// Entries, each with the point whose id it is, if it is one's.
    pub(super) fn of(entries: impl IntoIterator<Item = (Entry, Option<Index>)>) -> Self {
        let (mut order, mut others) = (Vec::new(), Vec::new());
        for (entry, point) in entries {
            order.push(match point.filter(|_| entry.wish() == Wish::default()) {
                Some(index) => index,
                None => {
                    others.push(entry);
                    // A request is far too short for more.
                    OTHER | u32::try_from(others.len() - 1).unwrap_or_default()
                }
            });
        }
        others.shrink_to_fit();
        Self { order: order.into(), others: (!others.is_empty()).then(|| Box::new(others)) }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Each as it was given. The catalogue keeps the ids of points that were removed.
    pub(super) fn iter(&self, catalog: &Catalog) -> impl Iterator<Item = Entry> {
        self.order.iter().filter_map(|place| match place & OTHER {
            0 => Some(Pattern::literal(catalog.entry(*place)?.id()).into()),
            _ => self.others.as_ref()?.get((place & !OTHER) as usize).cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::testing::table;

    #[test]
    fn entries_come_back_as_they_were_given_and_plain_ids_are_not_kept_twice() {
        let catalog = table(3).catalog();
        let plain = |text: &str| Entry::from(Pattern::new(text).unwrap());
        let rare = Wish { interval_ms: 100, ..Wish::default() };
        let given = [
            (plain("p2"), Some(2)),
            (plain("*"), None),
            (Entry::new(Pattern::new("p1").unwrap(), rare), Some(1)),
            (plain("new"), None),
            (plain("p0"), Some(0)),
        ];
        let entries = Entries::of(given.clone());
        assert_eq!(
            (entries.len(), entries.others.as_ref().map(|others| others.len())),
            (5, Some(3))
        );
        let expected: Vec<Entry> = given.into_iter().map(|(entry, _)| entry).collect();
        assert_eq!(entries.iter(&catalog).collect::<Vec<_>>(), expected);
    }
}
