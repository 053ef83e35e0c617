//! Text in registers, two characters in each.

use pointcast_api::{Reading, Value};

use super::reading;
use crate::order::WordOrder;

/// Text over so many registers: UTF-8 up to the first NUL, without white space at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) order: WordOrder,
    pub(crate) registers: u16,
}

impl Text {
    /// The reading of just as many registers as it fills. What is no UTF-8 is no text, and read as none.
    pub(super) fn read(&self, registers: &[u16]) -> Reading {
        let bytes = self.order.text(registers);
        let kept = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        reading(std::str::from_utf8(kept).ok().and_then(|text| Value::text(text.trim_end())))
    }
}
