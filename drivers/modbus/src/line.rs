//! How long things take on a serial line. Modbus over Serial Line V1.02 §2.5.1.
//!
//! Computed, never measured: a kernel takes a request at once and says nothing about when it has left.

use std::time::Duration;

use crate::frame::WireSize;

/// Above this rate the silence between frames is fixed (§2.5.1.1).
const FIXED_SILENCE_ABOVE_BAUD: u32 = 19_200;

/// Silence between frames above [`FIXED_SILENCE_ABOVE_BAUD`].
const FIXED_SILENCE: Duration = Duration::from_micros(1_750);

/// Characters around a PDU: unit, two of the check sum.
const FRAME_OVERHEAD_CHARACTERS: usize = 3;

/// Characters of a read request: five of the PDU and what is around it.
pub(crate) const READ_CHARACTERS: u32 = 8;

/// Characters of its reply beside the content: unit, function, byte count, two of the check sum.
pub(crate) const REPLY_OVERHEAD_CHARACTERS: u32 = 5;

/// Longest frame a line carries (§2.5.1).
pub(crate) const MAX_FRAME_BYTES: usize = 256;

/// Parity of each character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parity {
    None,
    Even,
    Odd,
}

/// The parameters of a line that its timing follows from. Characters have 8 data bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) baud: u32,
    pub(crate) parity: Parity,
    pub(crate) stop_bits: u8,
    /// How long slaves think before they answer, for predictions only.
    pub(crate) turnaround: Duration,
}

impl Line {
    /// How long so many characters take.
    pub(crate) fn wire(&self, characters: u32) -> Duration {
        let parity = u64::from(self.parity != Parity::None);
        let bits_each = 1 + 8 + parity + u64::from(self.stop_bits);
        let nanos = bits_each * u64::from(characters) * 1_000_000_000 / u64::from(self.baud.max(1));
        Duration::from_nanos(nanos)
    }

    /// The silence that ends a frame and must stand before the next: 3.5 characters.
    pub(crate) fn silence(&self) -> Duration {
        if self.baud > FIXED_SILENCE_ABOVE_BAUD { FIXED_SILENCE } else { self.wire(7) / 2 }
    }

    /// How long `request` itself takes on the wire.
    pub(crate) fn request(&self, request: &impl WireSize) -> Duration {
        self.frame(request.request_pdu_bytes())
    }

    /// How long the reply to `request` takes on the wire.
    pub(crate) fn reply(&self, request: &impl WireSize) -> Duration {
        self.frame(request.reply_pdu_bytes())
    }

    /// How long an exception takes on the wire: its code beside what every reply has, less the byte count.
    pub(crate) fn refusal(&self) -> Duration {
        self.wire(REPLY_OVERHEAD_CHARACTERS)
    }

    /// Predicted time from the first bit of `request` to the last of its reply.
    pub(crate) fn exchange(&self, request: &impl WireSize) -> Duration {
        self.request(request) + self.turnaround + self.reply(request)
    }

    fn frame(&self, pdu_bytes: usize) -> Duration {
        self.wire(u32::try_from(pdu_bytes + FRAME_OVERHEAD_CHARACTERS).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::frame::{ReadRequest, Write, WriteRequest};

    fn line(baud: u32, turnaround_ms: u64) -> Line {
        let turnaround = Duration::from_millis(turnaround_ms);
        Line { baud, parity: Parity::Even, stop_bits: 1, turnaround }
    }

    #[test]
    fn silence_is_three_and_a_half_characters_and_fixed_above_19200_baud() {
        assert_eq!(line(9_600, 0).silence(), Duration::from_nanos(8_020_833 / 2));
        assert_eq!(line(19_200, 0).silence(), Duration::from_nanos(4_010_416 / 2));
        assert_eq!(line(38_400, 0).silence(), Duration::from_micros(1_750));
        let without_parity = Line { parity: Parity::None, ..line(9_600, 0) };
        assert_eq!(without_parity.wire(96), Duration::from_millis(100));
    }

    #[test]
    fn an_exchange_is_request_turnaround_and_reply() {
        let request =
            ReadRequest { unit: 1, table: Table::HoldingRegisters, first: 0, quantity: 10 };
        // 8 + 25 characters of 11 bits at 9600 baud, and 5 ms.
        let micros = line(9_600, 5).exchange(&request).as_micros();
        assert_eq!(micros, 5_000 + 33 * 11 * 1_000_000 / 9_600);
        // Ten registers that are written: 29 and 8 characters.
        let request = WriteRequest { unit: 1, first: 0, write: Write::Registers(vec![0; 10]) };
        let micros = line(9_600, 5).exchange(&request).as_micros();
        assert_eq!(micros, 5_000 + 37 * 11 * 1_000_000 / 9_600);
    }
}
