//! An entry of a subscription: which points it means, and how often and from what change on it wants to hear. Pure.

use crate::table::Pattern;

/// One entry, as a client gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The points it means.
    pub pattern: Pattern,
    /// `None`, as with most entries: every change, at once. There can be ten thousand in each session.
    wish: Option<Box<Wish>>,
}

/// What an entry wants to hear of its points. By default: every change, at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wish {
    /// Least time between two frames with its points, in milliseconds; 0 to [`MAX_INTERVAL_MS`].
    pub interval_ms: u32,
    /// The smallest change it wants to hear of.
    pub deadband: Option<Deadband>,
    /// How long a change within the deadband may be held back at most, in milliseconds: 1 to [`MAX_FLUSH_MS`].
    /// `None`: for ever.
    pub flush_ms: Option<u32>,
}

/// How far a number may move from the value last sent before it is sent again. What moves by no more is held back.
/// A change of quality is never held back, nor is one between values that are no numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deadband {
    /// In the point's own unit: finite, not negative.
    Absolute(f64),
    /// In percent of the point's range, 0 to 100. A point without a range has no deadband.
    Percent(f64),
}

/// Longest interval of an entry, in milliseconds.
pub const MAX_INTERVAL_MS: u32 = 60_000;

/// Longest time after which a change within the deadband is sent all the same, in milliseconds: an hour.
pub const MAX_FLUSH_MS: u32 = 3_600_000;

impl Wish {
    /// Whether it holds nothing back.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.interval_ms == 0 && self.deadband.is_none()
    }
}

impl Entry {
    /// An entry that wants to hear this of its points.
    #[must_use]
    pub fn new(pattern: Pattern, wish: Wish) -> Self {
        Self { pattern, wish: (wish != Wish::default()).then(|| Box::new(wish)) }
    }

    /// What it wants to hear of its points.
    #[must_use]
    pub fn wish(&self) -> Wish {
        self.wish.as_deref().copied().unwrap_or_default()
    }
}

impl From<Pattern> for Entry {
    /// Every change of its points, at once.
    fn from(pattern: Pattern) -> Self {
        Self { pattern, wish: None }
    }
}

impl Deadband {
    /// How far a number of a point with this range may move; `None` if any change is to be sent.
    #[must_use]
    pub fn width(self, range: Option<(f64, f64)>) -> Option<f64> {
        match self {
            Self::Absolute(width) => Some(width),
            Self::Percent(percent) => range.map(|(least, most)| (most - least) * percent / 100.0),
        }
    }
}
