//! What is to be read: `holding:100`, `holding:100-119`, `ref:40101-40120`.

use std::fmt;
use std::str::FromStr;

use crate::address::{Address, Misread, Part, TABLE_SIZE, Table};

/// Neighbouring registers or bits of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub(super) table: Table,
    pub(super) first: u16,
    /// The last one, not before the first.
    pub(super) last: u16,
}

/// What is wrong with a span as written, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: {remedy}")]
pub struct SpanError {
    problem: String,
    remedy: String,
}

impl From<Misread> for SpanError {
    fn from(Misread { problem, remedy }: Misread) -> Self {
        Self { problem, remedy }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    /// Addresses are written as in the configuration; a last one of the same kind may follow behind a dash.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (from, until) = match text.split_once('-') {
            Some((from, until)) => (from, Some(until)),
            None => (text, None),
        };
        let first = whole(text, from)?;
        let Some(until) = until else {
            return Ok(Self { table: first.table, first: first.first, last: first.first });
        };
        let kind = from.split_once(':').map_or("", |(kind, _)| kind);
        let last = whole(text, &format!("{kind}:{until}"))?;
        if last.table != first.table {
            let problem = format!("{text:?} begins and ends in different tables");
            return Err(SpanError { problem, remedy: "read each table by itself".to_owned() });
        }
        if last.first < first.first {
            let problem = format!("{text:?} ends before it begins");
            let remedy =
                format!("write \"{kind}:{until}-{}\"", from.split_once(':').map_or("", |f| f.1));
            return Err(SpanError { problem, remedy });
        }
        Ok(Self { table: first.table, first: first.first, last: last.first })
    }
}

/// An address without a part of a register; `text` is what it was taken from.
fn whole(text: &str, address: &str) -> Result<Address, SpanError> {
    let address = Address::parse(address)?;
    if address.models.is_some() {
        let problem =
            format!("{text:?} means a place in a SunSpec model, which only a device tells");
        let remedy =
            "read the table: \"holding:40000-40099\" begins where most devices have theirs";
        return Err(SpanError { problem, remedy: remedy.to_owned() });
    }
    if address.part == Part::Whole {
        return Ok(address);
    }
    let problem = format!("{text:?} means some bits of a register");
    Err(SpanError {
        problem,
        remedy: "read whole registers: what they hold is shown bit by bit too".to_owned(),
    })
}

impl Span {
    /// Whether it is a single register or bit.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// What it begins with.
    #[must_use]
    pub fn beginning(self) -> Self {
        Self { last: self.first, ..self }
    }

    /// Whether it is of coils or discrete inputs.
    #[must_use]
    pub fn is_bits(&self) -> bool {
        self.table.is_bits()
    }

    /// The same, and as many behind it as the longest number has registers, as far as there are such.
    #[must_use]
    pub fn with_longest_number(self) -> Self {
        let last = self.last.saturating_add(super::image::LONGEST_NUMBER - 1);
        Self { last, ..self }
    }

    /// How many registers or bits.
    pub(super) fn count(&self) -> u32 {
        (u32::from(self.last) + 1).saturating_sub(self.first.into()).min(TABLE_SIZE)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.table.word(), self.first)?;
        if self.is_single() { Ok(()) } else { write!(f, "-{}", self.last) }
    }
}
