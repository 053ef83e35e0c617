//! What was read, holes included, and what the numbers in it may be.

use std::fmt;

use pointcast_api::{Reading, Value};

use super::span::Span;
use crate::address::Table;
use crate::decode::{Content, Decoder, Number, NumberType, Scaling};
use crate::order::WordOrder;
use crate::scale::Scale;
use crate::settings::DataType;

/// Registers of the longest number.
pub(super) const LONGEST_NUMBER: u16 = 4;

/// What became of one register or bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What it holds.
    Register(u16),
    /// Whether it is set.
    Bit(bool),
    /// The device refused it, with this exception code.
    Refused(u8),
    /// No answer came.
    Unanswered,
}

/// A type of numbers, as the configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    pub(super) of: NumberType,
}

/// The types that are looked at, shorter ones first.
pub const TYPES: [Type; 10] = [
    Type { of: NumberType::U16 },
    Type { of: NumberType::I16 },
    Type { of: NumberType::Bcd16 },
    Type { of: NumberType::F32 },
    Type { of: NumberType::U32 },
    Type { of: NumberType::I32 },
    Type { of: NumberType::Bcd32 },
    Type { of: NumberType::F64 },
    Type { of: NumberType::U64 },
    Type { of: NumberType::I64 },
];

impl Type {
    /// The type of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        TYPES.into_iter().find(|of| of.word() == word)
    }

    /// Its word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        DataType::Number(self.of).word()
    }

    /// How many registers it lies in.
    #[must_use]
    pub fn registers(self) -> u16 {
        self.of.registers()
    }
}

/// A word order, as the configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub(super) of: WordOrder,
}

/// The word orders, those that are met most often first.
pub const ORDERS: [Order; 4] = [
    Order { of: WordOrder::Abcd },
    Order { of: WordOrder::Cdab },
    Order { of: WordOrder::Badc },
    Order { of: WordOrder::Dcba },
];

impl Order {
    /// Its word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        let known = WordOrder::WORDS.iter().find(|(_, order)| *order == self.of);
        known.map_or("", |(word, _)| *word)
    }
}

/// What stands in neighbouring registers or bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    table: Table,
    first: u16,
    cells: Vec<Cell>,
}

impl Image {
    /// Nothing of `span` was answered yet.
    pub(super) fn new(span: &Span) -> Self {
        let count = usize::try_from(span.count()).unwrap_or_default();
        Self { table: span.table, first: span.first, cells: vec![Cell::Unanswered; count] }
    }

    /// What came of as many cells as `content` has, from the `at`th on.
    pub(super) fn fill(&mut self, at: u32, content: &Content) {
        let cells: Vec<Cell> = match content {
            Content::Registers(registers) => registers.iter().map(|r| Cell::Register(*r)).collect(),
            Content::Bits(bits) => bits.iter().map(|bit| Cell::Bit(*bit)).collect(),
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        for (cell, found) in self.cells.iter_mut().skip(at).zip(cells) {
            *cell = found;
        }
    }

    /// `count` cells were refused from the `at`th on.
    pub(super) fn refuse(&mut self, at: u32, count: u32, code: u8) {
        let [at, count] = [at, count].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        self.cells.iter_mut().skip(at).take(count).for_each(|cell| *cell = Cell::Refused(code));
    }

    /// Each register or bit with its address as requests count it.
    pub fn cells(&self) -> impl Iterator<Item = (u16, Cell)> {
        (self.first..=u16::MAX).zip(self.cells.iter().copied())
    }

    /// Whether it is of coils or discrete inputs.
    #[must_use]
    pub fn is_bits(&self) -> bool {
        self.table.is_bits()
    }

    /// How an address is written.
    #[must_use]
    pub fn address(&self, at: u16) -> String {
        format!("{}:{at}", self.table.word())
    }

    /// How many cells hold something.
    #[must_use]
    pub fn answered(&self) -> usize {
        let is_there = |cell: &&Cell| matches!(cell, Cell::Register(_) | Cell::Bit(_));
        self.cells.iter().filter(is_there).count()
    }

    /// The registers at `at` and behind it; `None` where one of them is not known.
    pub(super) fn registers(&self, at: u16, count: u16) -> Option<Vec<u16>> {
        let from = usize::from(at.checked_sub(self.first)?);
        let cells = self.cells.get(from..from.checked_add(usize::from(count))?)?;
        let register = |cell: &Cell| match cell {
            Cell::Register(register) => Some(*register),
            Cell::Bit(_) | Cell::Refused(_) | Cell::Unanswered => None,
        };
        cells.iter().map(register).collect()
    }

    /// The number that lies at `at`, as a gateway would read it; `None` where it is not known, or no number.
    #[must_use]
    pub fn number(&self, at: u16, of: Type, order: Order) -> Option<Value> {
        self.scaled(at, of, order, 0)
    }

    /// The same, times ten to the `power`.
    pub(super) fn scaled(&self, at: u16, of: Type, order: Order, power: i16) -> Option<Value> {
        let scaling = match power {
            0 => Scaling::None,
            _ => Scaling::Fixed(Box::new(Scale::power_of_ten(power)?)),
        };
        let number = Number { scaling, ..Number::plain(of.of, order.of) };
        let registers = self.registers(at, of.registers())?;
        match Decoder::Number(number).read(&Content::Registers(registers), 0)? {
            Reading::Good(value) => Some(value),
            Reading::OutOfRange(_)
            | Reading::OfUnknownAge(_)
            | Reading::Substituted(_)
            | Reading::NotANumber
            | Reading::Failed(_) => None,
        }
    }

    /// The two characters in the register at `at`, a point for what is none; `None` where neither is one.
    #[must_use]
    pub fn text(&self, at: u16) -> Option<String> {
        let bytes = self.registers(at, 1)?.first()?.to_be_bytes();
        let is_one = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        let shown = |byte: u8| if is_one(&byte) { char::from(byte) } else { '.' };
        bytes.iter().any(u8::is_ascii_graphic).then(|| bytes.map(shown).iter().collect())
    }
}

impl fmt::Display for Cell {
    /// What a register holds in hexadecimal, a bit as 0 or 1, or why there is nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(register) => write!(f, "{register:04X}"),
            Self::Bit(bit) => f.write_str(if *bit { "1" } else { "0" }),
            Self::Refused(code) => write!(f, "refused ({code:02})"),
            Self::Unanswered => f.write_str("no answer"),
        }
    }
}
