//! A span read with as few requests as may be, and what of it is refused found out. Pure.
//!
//! A refused block is cut at the greatest power of two below its length, so that what is left of it in the end
//! are pieces of 8, 4, 2 registers and one: devices that do not give half a value give it whole then.

use super::image::Image;
use super::span::Span;
use crate::address::Table;
use crate::decode::Content;
use crate::frame::{MAX_REGISTERS, ReadRequest};

/// Most coils or discrete inputs one request may ask for (§6.1, §6.2).
const MAX_BITS: u16 = 2_000;

/// So many blocks that nobody answers end it, if nothing was answered before: there is nobody.
const MAX_UNHEARD: u32 = 3;

/// And so many if something was: some devices are silent where others refuse, and each silence is a timeout.
const MAX_SILENT: u32 = 24;

/// Exceptions that say that a table is not there at all, and those that may be about a part of a block.
const ILLEGAL_FUNCTION: u8 = 1;
const OF_A_PART: [u8; 3] = [2, 3, 4];

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Content(Content),
    Refused(u8),
    Silence,
}

/// What is known and what is still to be asked.
#[derive(Debug)]
pub(super) struct Survey {
    unit: u8,
    table: Table,
    first: u16,
    image: Image,
    /// Blocks still to be asked for, the next one last: where they begin in the image, and how long they are.
    open: Vec<(u32, u16)>,
    /// How many blocks nobody answered.
    silent: u32,
    /// Whether anything was answered, if only with an exception.
    is_heard: bool,
}

impl Survey {
    pub(super) fn new(unit: u8, span: &Span) -> Self {
        let most = if span.is_bits() { MAX_BITS } else { MAX_REGISTERS };
        let mut open: Vec<(u32, u16)> = (0..span.count())
            .step_by(most.into())
            .map(|at| (at, u16::try_from(span.count() - at).unwrap_or(most).min(most)))
            .collect();
        open.reverse();
        let (table, first) = (span.table, span.first);
        Self { unit, table, first, image: Image::new(span), open, silent: 0, is_heard: false }
    }

    /// What to ask next; `None`: nothing.
    pub(super) fn next(&self) -> Option<ReadRequest> {
        let (at, quantity) = *self.open.last()?;
        let first = self.first.checked_add(u16::try_from(at).ok()?)?;
        Some(ReadRequest { unit: self.unit, table: self.table, first, quantity })
    }

    /// What came of that.
    pub(super) fn take(&mut self, outcome: &Outcome) {
        let Some((at, quantity)) = self.open.pop() else { return };
        self.is_heard |= *outcome != Outcome::Silence;
        match outcome {
            Outcome::Content(content) => self.image.fill(at, content),
            Outcome::Refused(ILLEGAL_FUNCTION) => {
                self.open.push((at, quantity));
                for (at, quantity) in std::mem::take(&mut self.open) {
                    self.image.refuse(at, quantity.into(), ILLEGAL_FUNCTION);
                }
            }
            Outcome::Refused(code) if quantity > 1 && OF_A_PART.contains(code) => {
                self.cut(at, quantity);
            }
            Outcome::Refused(code) => self.image.refuse(at, quantity.into(), *code),
            Outcome::Silence => {
                self.silent += 1;
                let most = if self.is_heard { MAX_SILENT } else { MAX_UNHEARD };
                if self.silent >= most {
                    self.open.clear();
                } else if quantity > 1 {
                    self.cut(at, quantity);
                }
            }
        }
    }

    /// Both parts of a block are to be asked for.
    fn cut(&mut self, at: u32, quantity: u16) {
        let left = quantity.next_power_of_two() / 2;
        self.open.push((at + u32::from(left), quantity - left));
        self.open.push((at, left));
    }

    /// What is known.
    pub(super) fn into_image(self) -> Image {
        self.image
    }
}
