//! SunSpec: where a device has which models, and what of a configuration lies where in them. Pure.
//!
//! A SunSpec device says itself what it holds: behind a marker lies a chain of models, each with its number and
//! length in front. A point's address is then a model and an offset in it ([`Models`]), and becomes registers once the
//! chain was walked ([`Walk`], [`Sought`], [`Layout`]).
//!
//! Whatever is read of a model is read from its header on, and what the header says is looked at in each reply
//! ([`OfModel`](crate::decode::OfModel)): a device that was exchanged for another never shows a value from a place
//! that used to mean something else, however quickly that was done.
//!
//! Document: SunSpec Device Information Model Specification, version 1.1 (2022): marker, places of it, header and
//! end of the chain; the models themselves are data and stand in profiles.

mod chain;
mod layout;

use std::fmt;

#[cfg(test)]
use chain::BASES;
pub(crate) use chain::{Chain, LAST_BASE, NoChain, Step, Walk};
pub(crate) use layout::{Form, Layout, MAX_GROUPS, Placement, Sought};

/// Registers in front of a model's own: its number, and how many of its own follow.
pub(crate) const HEADER: u16 = 2;

/// The number that ends a chain and is no model's.
const END: u16 = 0xFFFF;

/// Greatest place among the models of a chain that may be asked for.
const MAX_NTH: u8 = 64;

/// Which model of a chain is meant: the first one, or a later one, whose number is one of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Models {
    /// The least number, 1 to 65 534.
    first: u16,
    /// The greatest.
    last: u16,
    /// Counted from 1 among those of the chain that have one of the numbers.
    nth: u8,
}

impl Models {
    /// Reads `103`, `101-103`, `101-103[2]`; `None` of anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<u16>().ok()).flatten()
        };
        let (numbers, nth) = match text.split_once('[') {
            Some((numbers, rest)) => (numbers, plain(rest.strip_suffix(']')?)?),
            None => (text, 1),
        };
        let (first, last) = match numbers.split_once('-') {
            Some((first, last)) => (plain(first)?, plain(last)?),
            None => (plain(numbers)?, plain(numbers)?),
        };
        let nth = u8::try_from(nth).ok().filter(|nth| (1..=MAX_NTH).contains(nth))?;
        (first >= 1 && first <= last && last < END).then_some(Self { first, last, nth })
    }

    fn contains(self, id: u16) -> bool {
        (self.first..=self.last).contains(&id)
    }
}

impl fmt::Display for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.last > self.first {
            write!(f, "-{}", self.last)?;
        }
        if self.nth > 1 {
            write!(f, "[{}]", self.nth)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
