//! How long things take on a serial line. Modbus over Serial Line V1.02 §2.5.1.
//!
//! Computed, never measured: a kernel takes a request at once and says nothing about when it has left.

use std::time::Duration;

use crate::frame::WireSize;

/// Above this rate the silence between frames is fixed (§2.5.1.1).
const FIXED_SILENCE_ABOVE_BAUD: u32 = 19_200;

/// Silence between frames above [`FIXED_SILENCE_ABOVE_BAUD`].
const FIXED_SILENCE: Duration = Duration::from_micros(1_750);

/// Bytes around a PDU in RTU: unit, two of the check sum.
const RTU_OVERHEAD: usize = 3;

/// Characters around a PDU in ASCII: colon, unit, check sum, CR, LF.
const ASCII_OVERHEAD: usize = 7;

/// PDU of a read request, and that of its reply beside the content: function, byte count.
const READ_BYTES: usize = 5;
const REPLY_OVERHEAD_BYTES: usize = 2;

/// Longest PDU (§2.5.1, §2.5.2).
const MAX_PDU_BYTES: usize = 253;

/// How the bytes of a frame become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Each is one; frames are told apart by silence (§2.5.1).
    Rtu,
    /// Each is two hexadecimal digits, between a colon and CR LF (§2.5.2).
    Ascii,
}

/// Parity of each character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parity {
    None,
    Even,
    Odd,
}

/// The parameters of a line that its timing follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) coding: Coding,
    pub(crate) baud: u32,
    pub(crate) data_bits: u8,
    pub(crate) parity: Parity,
    pub(crate) stop_bits: u8,
    /// How long slaves think before they answer, for predictions only.
    pub(crate) turnaround: Duration,
}

impl Line {
    /// A line of 8 data bits for RTU, for those who measure and test.
    #[cfg(any(test, feature = "bench"))]
    pub(crate) fn rtu(baud: u32, parity: Parity, stop_bits: u8, turnaround: Duration) -> Self {
        Self { coding: Coding::Rtu, baud, data_bits: 8, parity, stop_bits, turnaround }
    }

    /// How long so many characters take.
    pub(crate) fn wire(&self, characters: u32) -> Duration {
        let parity = u64::from(self.parity != Parity::None);
        let bits_each = 1 + u64::from(self.data_bits) + parity + u64::from(self.stop_bits);
        let nanos = bits_each * u64::from(characters) * 1_000_000_000 / u64::from(self.baud.max(1));
        Duration::from_nanos(nanos)
    }

    /// How long a frame takes around a PDU of so many bytes.
    fn frame(&self, pdu_bytes: usize) -> Duration {
        let characters = match self.coding {
            Coding::Rtu => pdu_bytes + RTU_OVERHEAD,
            Coding::Ascii => 2 * pdu_bytes + ASCII_OVERHEAD,
        };
        self.wire(u32::try_from(characters).unwrap_or(u32::MAX))
    }

    /// How long the longest frame takes.
    pub(crate) fn longest_frame(&self) -> Duration {
        self.frame(MAX_PDU_BYTES)
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
        self.frame(REPLY_OVERHEAD_BYTES)
    }

    /// Predicted time from the first bit of `request` to the last of its reply.
    pub(crate) fn exchange(&self, request: &impl WireSize) -> Duration {
        self.request(request) + self.turnaround + self.reply(request)
    }

    /// How long a read request and its reply take without the content.
    pub(crate) fn empty_read(&self) -> Duration {
        self.frame(READ_BYTES) + self.frame(REPLY_OVERHEAD_BYTES)
    }

    /// How long each byte of content takes.
    pub(crate) fn content_byte(&self) -> Duration {
        match self.coding {
            Coding::Rtu => self.wire(1),
            Coding::Ascii => self.wire(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::frame::{ReadRequest, Write, WriteRequest};

    fn line(baud: u32, turnaround_ms: u64) -> Line {
        let turnaround = Duration::from_millis(turnaround_ms);
        Line::rtu(baud, Parity::Even, 1, turnaround)
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

    #[test]
    fn in_ascii_a_byte_is_two_characters_of_ten_bits() {
        let ascii = Line { coding: Coding::Ascii, data_bits: 7, ..line(9_600, 5) };
        let request =
            ReadRequest { unit: 1, table: Table::HoldingRegisters, first: 0, quantity: 10 };
        // :010300000003F9 and CR LF are 17; a reply of 20 bytes has 51.
        let micros = ascii.exchange(&request).as_micros();
        assert_eq!(micros, 5_000 + (17 + 51) * 10 * 1_000_000 / 9_600);
        assert_eq!(ascii.longest_frame(), ascii.wire(513));
        let parts = ascii.empty_read() + 20 * ascii.content_byte() + ascii.turnaround;
        assert!(parts.abs_diff(ascii.exchange(&request)) < Duration::from_nanos(50));
    }
}
