//! Text in registers.
//!
//! It ends at the first NUL and loses the white space at its end. What its encoding does not know is no
//! text at all: a wrong character would look like a right one.

use pointcast_api::{Reading, Value};

use super::reading;
use crate::order::WordOrder;

/// What the bytes of a text mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// ASCII among it.
    #[default]
    Utf8,
    /// ISO 8859-1: every byte is the character of that number.
    Latin1,
    /// One register for each unit of 16 bits; also what one character in a register is called.
    Utf16,
}

impl Encoding {
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("utf-8", Self::Utf8), ("latin-1", Self::Latin1), ("utf-16", Self::Utf16)];
}

/// What fills up a text that is shorter than its registers when it is written. Reading takes either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Padding {
    #[default]
    Nul,
    Space,
}

impl Padding {
    pub(crate) const WORDS: [(&'static str, Self); 2] =
        [("nul", Self::Nul), ("space", Self::Space)];
}

/// Text over so many registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) order: WordOrder,
    pub(crate) registers: u16,
    pub(crate) encoding: Encoding,
    pub(crate) padding: Padding,
    /// Whether a text without a character is the device's "no value".
    pub(crate) empty_is_none: bool,
}

impl Text {
    /// The reading of just as many registers as it fills.
    pub(super) fn read(&self, registers: &[u16]) -> Reading {
        let text = self.decoded(registers);
        let text = text.as_deref().map(str::trim_end);
        let text = text.filter(|text| !(self.empty_is_none && text.is_empty()));
        // 125 registers of any encoding are far below the bound of a text.
        reading(text.and_then(Value::text))
    }

    fn decoded(&self, registers: &[u16]) -> Option<String> {
        if self.encoding == Encoding::Utf16 {
            let units = registers.iter().map(|register| self.unit(*register));
            let kept = units.take_while(|unit| *unit != 0);
            return char::decode_utf16(kept).collect::<Result<_, _>>().ok();
        }
        let bytes = self.order.text(registers);
        let kept = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        if self.encoding == Encoding::Latin1 {
            return Some(kept.iter().copied().map(char::from).collect());
        }
        std::str::from_utf8(kept).ok().map(str::to_owned)
    }

    /// A register as a number of 16 bits, and back.
    pub(crate) fn unit(&self, register: u16) -> u16 {
        match *self.order.text(&[register]) {
            [high, low] => u16::from_be_bytes([high, low]),
            _ => register,
        }
    }
}
