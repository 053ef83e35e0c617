//! How long things take on a serial line. Modbus over Serial Line V1.02 §2.5.1.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::coding::Coding;

/// Above this rate the silence between frames is fixed (§2.5.1.1).
const FIXED_SILENCE_ABOVE_BAUD: u32 = 19_200;
const FIXED_SILENCE: Duration = Duration::from_micros(1_750);

/// How slaves' lines are set, all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bits in a second.
    pub baud: u32,
    /// Bits of a character; `None`: 8E1 for RTU and 7E1 for ASCII, as the standard has them.
    pub format: Option<Format>,
    /// From the last bit of a request to the first of its reply. In RTU no reply begins before the silence that
    /// ends the request is over, however short this is.
    pub turnaround: Duration,
}

impl Default for Pace {
    /// 9600 baud, and slaves that think for 8 ms.
    fn default() -> Self {
        Self { baud: 9_600, format: None, turnaround: Duration::from_millis(8) }
    }
}

impl Pace {
    /// A line at this pace.
    #[must_use]
    pub fn line(self, coding: Coding) -> Line {
        let usual = match coding {
            Coding::Rtu => Format { data_bits: 8, parity: 'E', stop_bits: 1 },
            Coding::Ascii => Format { data_bits: 7, parity: 'E', stop_bits: 1 },
        };
        let bits_per_character = self.format.unwrap_or(usual).bits_per_character();
        Line { coding, baud: self.baud.max(1), bits_per_character, turnaround: self.turnaround }
    }
}

/// A character's data bits, parity and stop bits, written like `8E1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    data_bits: u8,
    parity: char,
    stop_bits: u8,
}

impl Format {
    fn bits_per_character(self) -> u32 {
        let parity = u32::from(self.parity != 'N');
        1 + u32::from(self.data_bits) + parity + u32::from(self.stop_bits)
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let mut letters = text.chars();
        let (data, parity, stop) = (letters.next(), letters.next(), letters.next());
        let data_bits = data.filter(|bits| "78".contains(*bits)).and_then(|bits| bits.to_digit(10));
        let parity = parity.filter(|parity| "NEO".contains(*parity));
        let stop_bits = stop.filter(|bits| "12".contains(*bits)).and_then(|bits| bits.to_digit(10));
        let (Some(data), Some(parity), Some(stop), None) =
            (data_bits, parity, stop_bits, letters.next())
        else {
            return Err(FormatError);
        };
        let bits = |bits: u32| u8::try_from(bits).map_err(|_| FormatError);
        Ok(Self { data_bits: bits(data)?, parity, stop_bits: bits(stop)? })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.data_bits, self.parity, self.stop_bits)
    }
}

/// A text that is no [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write it like 8E1: 7 or 8 data bits; N, E or O for the parity; 1 or 2 stop bits")]
pub struct FormatError;

/// A line's coding, rate and character, and how long its slaves think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub(super) coding: Coding,
    baud: u32,
    /// Start, data, parity and stop bits.
    bits_per_character: u32,
    turnaround: Duration,
}

impl Line {
    /// How long so many characters take.
    #[must_use]
    pub fn time_of(&self, characters: usize) -> Duration {
        let bits = u64::try_from(characters).unwrap_or(u64::MAX);
        let bits = bits.saturating_mul(u64::from(self.bits_per_character));
        Duration::from_nanos(bits.saturating_mul(1_000_000_000) / u64::from(self.baud))
    }

    /// The silence between two frames: 3.5 characters, or 1.75 ms on a fast line.
    #[must_use]
    pub fn silence(&self) -> Duration {
        if self.baud > FIXED_SILENCE_ABOVE_BAUD { FIXED_SILENCE } else { self.time_of(7) / 2 }
    }

    /// How long after its last character a slave knows that a request has ended: in RTU silence says so, in
    /// ASCII the character itself.
    pub(super) fn known_after(&self) -> Duration {
        match self.coding {
            Coding::Rtu => self.silence(),
            Coding::Ascii => Duration::ZERO,
        }
    }

    /// How long after the last bit of a request its reply begins.
    pub(super) fn reply_after(&self) -> Duration {
        self.turnaround.max(self.known_after())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_its_time() {
        let line = Pace::default().line(Coding::Rtu);
        assert_eq!(line.time_of(96), Duration::from_millis(110));
        assert_eq!(line.silence().as_micros(), 4_010);
        assert_eq!(line.reply_after(), Duration::from_millis(8));
        let slow = Pace { baud: 1_200, ..Pace::default() };
        assert_eq!(slow.line(Coding::Rtu).reply_after(), slow.line(Coding::Rtu).silence());
        assert_eq!(slow.line(Coding::Ascii).reply_after(), Duration::from_millis(8));
        let fast = Pace { baud: 115_200, ..Pace::default() }.line(Coding::Ascii);
        assert_eq!(fast.silence(), Duration::from_micros(1_750));
        assert_eq!(fast.time_of(1_152), Duration::from_millis(100), "10 bits a character");
    }

    #[test]
    fn a_format_is_written_as_everybody_writes_it() {
        for (text, bits) in [("8E1", 11), ("8N1", 10), ("8N2", 11), ("7O2", 11), ("7N1", 9)] {
            let format: Format = text.parse().unwrap();
            assert_eq!((format.to_string(), format.bits_per_character()), (text.to_owned(), bits));
        }
        for wrong in ["", "8", "8E", "9E1", "8X1", "8e1", "8E3", "8E1x"] {
            assert_eq!(wrong.parse::<Format>(), Err(FormatError), "{wrong}");
        }
    }
}
