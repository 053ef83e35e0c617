//! The clients' language: ids, patterns and wishes, and what a selection of them means by wire.md's rules.

use std::collections::BTreeSet;

use crate::stream::{Deadband, Entry, Wish};
use crate::table::Pattern;

pub(super) const DEVICES: usize = 3;
/// Points that a device ever has, and how many of them it has at the beginning.
const EACH: usize = 5;
const FIRST_EACH: usize = 4;

/// All ids there ever are, and those that are there at the beginning.
pub(super) const IDS: usize = DEVICES * EACH;
pub(super) const FIRST_IDS: usize = DEVICES * FIRST_EACH;

pub(super) fn device_of(point: usize) -> usize {
    point % DEVICES
}

pub(super) fn id_of(point: usize) -> String {
    format!("d{}/{}", device_of(point), point / DEVICES)
}

pub(super) fn point_of(id: &str) -> usize {
    (0..IDS).find(|point| id_of(*point) == id).unwrap_or_else(|| panic!("nobody knows {id}"))
}

pub(super) fn range_of(point: usize) -> Option<(f64, f64)> {
    (!point.is_multiple_of(5)).then_some((0.0, 100.0))
}

const WILD: [&str; 6] = ["d0/*", "d1/*", "d2/*", "*/4", "*/*", "**"];

pub(super) const PATTERNS: usize = IDS + WILD.len();

const fn wish(interval_ms: u32, deadband: Option<Deadband>, flush_ms: Option<u32>) -> Wish {
    Wish { interval_ms, deadband, flush_ms }
}

/// Two equal intervals and another, deadbands with and without flush, behind intervals and not.
pub(super) const WISHES: [Wish; 9] = [
    wish(0, None, None),
    wish(100, None, None),
    wish(250, None, None),
    wish(0, Some(Deadband::Absolute(5.0)), None),
    wish(0, Some(Deadband::Absolute(5.0)), Some(400)),
    wish(0, Some(Deadband::Percent(3.0)), None),
    wish(100, Some(Deadband::Percent(3.0)), Some(300)),
    wish(250, Some(Deadband::Absolute(2.0)), None),
    wish(100, Some(Deadband::Absolute(8.0)), Some(60)),
];

/// One entry, by the numbers of its pattern and its wish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ask {
    pub(super) pattern: usize,
    pub(super) wish: usize,
}

pub(super) fn pattern_text(pattern: usize) -> String {
    if pattern < IDS { id_of(pattern) } else { WILD[pattern - IDS].to_owned() }
}

impl Ask {
    pub(super) fn wish(self) -> Wish {
        WISHES[self.wish]
    }

    pub(super) fn entry(self) -> Entry {
        Entry::new(Pattern::new(&pattern_text(self.pattern)).unwrap(), self.wish())
    }

    fn is_literal(self) -> bool {
        self.pattern < IDS
    }

    pub(super) fn means(self, point: usize) -> bool {
        match self.pattern.checked_sub(IDS) {
            None => self.pattern == point,
            Some(device) if device < DEVICES => device_of(point) == device,
            Some(3) => point / DEVICES == 4,
            Some(_) => true,
        }
    }
}

/// A selection, as its client asked for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selection {
    asks: Vec<Ask>,
    /// Whether it was put, and not patched.
    pub(super) is_put: bool,
}

impl Selection {
    pub(super) fn put(asks: &[Ask]) -> Self {
        let again = |at: usize| asks[at + 1..].iter().any(|ask| ask.pattern == asks[at].pattern);
        let asks = (0..asks.len()).filter(|at| !again(*at)).map(|at| asks[at]).collect();
        Self { asks, is_put: true }
    }

    pub(super) fn patched(&self, add: &[Ask], remove: &[usize]) -> Self {
        let kept = self.asks.iter().filter(|ask| !remove.contains(&ask.pattern));
        let asks: Vec<Ask> = kept.chain(add).copied().collect();
        Self { is_put: false, ..Self::put(&asks) }
    }

    pub(super) fn asks(&self) -> &[Ask] {
        &self.asks
    }

    /// The wish that counts for a point; `None` if it is not selected.
    pub(super) fn wish_of(&self, point: usize) -> Option<Wish> {
        let mut speaking = self.asks.iter().filter(|ask| ask.means(point));
        let literal = speaking.clone().find(|ask| ask.is_literal());
        literal.or_else(|| speaking.next_back()).map(|ask| ask.wish())
    }

    pub(super) fn means(&self, point: usize) -> bool {
        self.wish_of(point).is_some()
    }

    pub(super) fn points(&self) -> BTreeSet<usize> {
        (0..IDS).filter(|point| self.means(*point)).collect()
    }
}
