//! Where a point lies: which of the four tables, which register or coil, which part of it.
//!
//! Modbus Application Protocol V1.1b3 §4.3 and §4.4: requests carry addresses counted from 0, people's
//! references (`40101`) count from 1 and put the table in front. Both are taken, neither is guessed.

use std::fmt;
use std::ops::RangeInclusive;

use crate::sunspec::Models;

/// Bits in a register.
pub(crate) const REGISTER_BITS: u16 = 16;

/// How many registers or coils a table has.
pub(crate) const TABLE_SIZE: u32 = 65_536;

/// One of the four tables of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Table {
    Coils,
    DiscreteInputs,
    HoldingRegisters,
    InputRegisters,
}

impl Table {
    const ALL: [Self; 4] =
        [Self::Coils, Self::DiscreteInputs, Self::HoldingRegisters, Self::InputRegisters];

    /// The function code that reads it.
    pub(crate) fn function(self) -> u8 {
        match self {
            Self::Coils => 1,
            Self::DiscreteInputs => 2,
            Self::HoldingRegisters => 3,
            Self::InputRegisters => 4,
        }
    }

    /// Whether it holds single bits.
    pub(crate) fn is_bits(self) -> bool {
        matches!(self, Self::Coils | Self::DiscreteInputs)
    }

    /// The word before the colon of an address.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Coils => "coil",
            Self::DiscreteInputs => "discrete",
            Self::HoldingRegisters => "holding",
            Self::InputRegisters => "input",
        }
    }

    /// Its name in sentences.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Coils => "coils",
            Self::DiscreteInputs => "discrete inputs",
            Self::HoldingRegisters => "holding registers",
            Self::InputRegisters => "input registers",
        }
    }

    fn reference_digit(self) -> char {
        match self {
            Self::Coils => '0',
            Self::DiscreteInputs => '1',
            Self::HoldingRegisters => '4',
            Self::InputRegisters => '3',
        }
    }
}

/// A place in a table, as requests count it: from 0. Or in a SunSpec model, from the first register of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) table: Table,
    pub(crate) first: u16,
    pub(crate) part: Part,
    /// The model that `first` counts in; `None`: it counts in the table.
    pub(crate) models: Option<Models>,
}

/// Which bits of a register are meant; 0 is the least significant one of the register as the standard sends
/// it, whatever the word order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole register, and those that follow it; a whole coil.
    Whole,
    /// `.3`: one bit.
    Bit(u8),
    /// `.4-7`: several bits as one number, from the least significant to the most significant.
    Field(u8, u8),
    /// `.low`: bits 0 to 7.
    Low,
    /// `.high`: bits 8 to 15.
    High,
}

/// What is wrong with an address as written, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

const FORMS: &str = r#"write "holding:100", "input:100", "coil:100", "discrete:100", "holding:100.3", "ref:40101" or "sunspec:103:14""#;

const PARTS: &str = "give 0 (least significant) to 15, two of them as in 4-7, high or low";

impl Address {
    /// Reads `holding:100`, `holding:100.3`, `ref:40101`, `ref:400101.high` and their like.
    ///
    /// # Errors
    /// [`Misread`] with both right spellings for a bare number.
    pub(crate) fn parse(text: &str) -> Result<Self, Misread> {
        let misread = |problem: String| Misread { problem, remedy: FORMS.to_owned() };
        let Some((kind, rest)) = text.split_once(':') else {
            return Err(bare_number(text)
                .unwrap_or_else(|| misread(format!("{text:?} does not say which table"))));
        };
        let (number, part) = match rest.split_once('.') {
            Some((number, part)) => (number, Some(part)),
            None => (rest, None),
        };
        if kind == "sunspec" {
            return of_model(number, part);
        }
        let (table, first) = match Table::ALL.iter().find(|table| table.word() == kind) {
            Some(table) => (*table, protocol_address(number)?),
            None if kind == "ref" => reference(number)?,
            None => return Err(misread(format!("{kind:?} is no table"))),
        };
        let part = part.map_or(Ok(Part::Whole), |part| part_of(part, table))?;
        Ok(Self { table, first, part, models: None })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.models {
            Some(models) => write!(f, "sunspec:{models}:{}", self.first)?,
            None => write!(f, "{}:{}", self.table.word(), self.first)?,
        }
        match self.part {
            Part::Whole => Ok(()),
            Part::Bit(bit) => write!(f, ".{bit}"),
            Part::Field(low, high) => write!(f, ".{low}-{high}"),
            Part::Low => f.write_str(".low"),
            Part::High => f.write_str(".high"),
        }
    }
}

/// A whole number of plain digits; a sign or a space makes it none.
fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn protocol_address(text: &str) -> Result<u16, Misread> {
    digits(text).and_then(|number| u16::try_from(number).ok()).ok_or_else(|| Misread {
        problem: format!("{text:?} is no protocol address"),
        remedy: "give a whole number from 0 to 65535".to_owned(),
    })
}

fn reference(text: &str) -> Result<(Table, u16), Misread> {
    let misread = || Misread {
        problem: format!("{text:?} is no reference"),
        remedy: "give the table's digit (0 coil, 1 discrete, 3 input, 4 holding) and then \
                 0001 to 9999 or 00001 to 65536, as in \"ref:40101\" or \"ref:400101\""
            .to_owned(),
    };
    let table = Table::ALL.iter().find(|table| text.starts_with(table.reference_digit()));
    let table = *table.ok_or_else(misread)?;
    let number = match text.len() {
        5 | 6 => text.get(1..).and_then(digits),
        _ => None,
    };
    let first = number.and_then(|number| number.checked_sub(1));
    let first = first.and_then(|first| u16::try_from(first).ok()).ok_or_else(misread)?;
    Ok((table, first))
}

/// What stands behind `sunspec:`, a model or several and an offset. All models lie in holding registers.
fn of_model(text: &str, part: Option<&str>) -> Result<Address, Misread> {
    let place = text.split_once(':').and_then(|(models, offset)| {
        let offset = digits(offset).and_then(|offset| u16::try_from(offset).ok());
        Some((Models::parse(models)?, offset?))
    });
    let (models, first) = place.ok_or_else(|| Misread {
        problem: format!("{text:?} is no place in a SunSpec model"),
        remedy: "give the model, or the first and the last that have it there, and the offset from the register \
                 with the model's number: \"sunspec:103:14\", \"sunspec:101-103:14\"; \"sunspec:203[2]:18\" is in \
                 the second of the device"
            .to_owned(),
    })?;
    let table = Table::HoldingRegisters;
    let part = part.map_or(Ok(Part::Whole), |part| part_of(part, table))?;
    Ok(Address { table, first, part, models: Some(models) })
}

fn part_of(text: &str, table: Table) -> Result<Part, Misread> {
    if table.is_bits() {
        return Err(Misread {
            problem: format!("{} have no bits of their own", table.name()),
            remedy: "leave the part after the point away".to_owned(),
        });
    }
    match text {
        "low" => return Ok(Part::Low),
        "high" => return Ok(Part::High),
        _ => {}
    }
    let Some((low, high)) = text.split_once('-') else {
        return bit_number(text).map(Part::Bit);
    };
    let (low, high) = (bit_number(low)?, bit_number(high)?);
    if low < high {
        return Ok(Part::Field(low, high));
    }
    let problem = format!("bits {text} do not go upwards");
    let remedy = if low == high {
        format!("write \".{low}\" for a single bit")
    } else {
        format!("write the lower one first: \".{high}-{low}\"")
    };
    Err(Misread { problem, remedy })
}

fn bit_number(text: &str) -> Result<u8, Misread> {
    let bit = digits(text).and_then(|bit| u8::try_from(bit).ok());
    bit.filter(|bit| u16::from(*bit) < REGISTER_BITS).ok_or_else(|| Misread {
        problem: format!("{text:?} is no part of a register"),
        remedy: PARTS.to_owned(),
    })
}

/// A number alone could be counted from 0 or from 1, and could mean any table: told, not guessed.
fn bare_number(text: &str) -> Option<Misread> {
    const REFERENCES: [RangeInclusive<u32>; 2] = [10_001..=49_999, 100_001..=465_536];
    let (number, part) = match text.split_once('.') {
        Some((number, part)) => {
            part_of(part, Table::HoldingRegisters).ok()?;
            (digits(number)?, format!(".{part}"))
        }
        None => (digits(text)?, String::new()),
    };
    let is_reference = REFERENCES.iter().any(|range| range.contains(&number));
    let from_0 = format!("holding:{number}{part}");
    let from_1 = match number {
        _ if is_reference => format!("ref:{number}{part}"),
        0..=9_999 => format!("ref:4{number:04}{part}"),
        _ => format!("ref:4{number:05}{part}"),
    };
    // Only what is right is proposed.
    let remedy = match (Address::parse(&from_0).is_ok(), Address::parse(&from_1)) {
        (true, Ok(address)) if is_reference => format!(
            "write \"{from_1}\" if it counts from 1 (the same as \"{address}\"), \"{from_0}\" if it counts from 0"
        ),
        (true, Ok(_)) => {
            format!("write \"{from_0}\" if it counts from 0, \"{from_1}\" if from 1")
        }
        (false, Ok(address)) => format!("write \"{from_1}\" (the same as \"{address}\")"),
        (true, Err(_)) if is_reference => format!("write \"{from_0}\" if it counts from 0"),
        (true, Err(_)) => {
            format!("write \"{from_0}\" (or input:, coil:, discrete:), counted from 0")
        }
        (false, Err(_)) => FORMS.to_owned(),
    };
    let problem = format!("the bare number {text} says neither which table nor whence it counts");
    Some(Misread { problem, remedy })
}

#[cfg(test)]
mod tests;
