//! Values within a SunSpec model, which are such only while the model is there.

use pointcast_api::{Failure, Reading};

use super::Decoder;
use crate::sunspec::HEADER;

/// A value of a model. What is read for it begins with the model's header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OfModel {
    /// Number and length of the model, as they stand in front of it.
    pub(crate) header: [u16; HEADER as usize],
    /// Registers from the header to what `decoder` reads.
    pub(crate) at: u16,
    pub(crate) decoder: Decoder,
}

impl OfModel {
    pub(super) fn length(&self) -> u16 {
        self.at.saturating_add(self.decoder.length()).max(HEADER)
    }

    pub(super) fn own(&self) -> (u16, u16) {
        let (at, length) = self.decoder.own();
        (self.at.saturating_add(at), length)
    }

    /// The reading of just as many registers as are read for it: that it failed where they are of another model.
    pub(super) fn read(&self, registers: &[u16]) -> Option<Reading> {
        if !registers.starts_with(&self.header) {
            return Some(Reading::Failed(Failure::DeviceError));
        }
        let from = usize::from(self.at);
        let until = from.checked_add(usize::from(self.decoder.length()))?;
        self.decoder.registers(registers.get(from..until)?)
    }
}
