//! Dates with times, as ISO 8601 text.
//!
//! A value ends in `Z` only where it is known to be UTC: Unix seconds are by definition, the others when
//! the configuration tells how far the device's clock is from UTC. Without that a value is the device's own
//! clock, said without a zone. What is no date of the calendar is no value.
//!
//! Sources: POSIX.1-2017 §4.16 (seconds since the Epoch); IEC 60870-5-4 §6.8 as Schneider Electric's
//! IM400N manual shows it ("Date and time (TI081 format)": four registers, the octets of CP56Time2a from the
//! last to the first); one register for each of year, month, day, hour, minute, second as in Rockwell's
//! Powermonitor 3000 (1404-UM001, registers 40102 to 40107).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use pointcast_api::{Reading, Value};

use super::reading;
use crate::order::WordOrder;

/// Earliest year of a date; below 100 years count from 2000, between them nothing is a year of this trade.
pub(crate) const FIRST_YEAR: u16 = 1970;

/// How far summer time is ahead of standard time, in seconds.
const SUMMER_TIME_S: i32 = 3_600;

const NANOS_PER_MILLI: i32 = 1_000_000;

/// How a date with time lies in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeLayout {
    /// Seconds since 1970, 32 bits unsigned.
    Unix32,
    /// Year, month, day, hour, minute, second: a register each.
    Fields6,
    /// The same, and milliseconds.
    Fields7,
    /// The CP56Time2a of IEC 60870-5-4 in four registers: year; month and day; hour and minute; milliseconds
    /// of the minute.
    Cp56,
}

impl TimeLayout {
    /// How many registers it fills.
    pub(crate) fn registers(self) -> u16 {
        match self {
            Self::Unix32 => 2,
            Self::Cp56 => 4,
            Self::Fields6 => 6,
            Self::Fields7 => 7,
        }
    }

    /// Digits of a second that it has.
    pub(crate) fn second_digits(self) -> u8 {
        match self {
            Self::Unix32 | Self::Fields6 => 0,
            Self::Fields7 | Self::Cp56 => 3,
        }
    }
}

/// A date with time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Time {
    pub(crate) layout: TimeLayout,
    pub(crate) order: WordOrder,
    /// How far the device's clock, on standard time, is ahead of UTC, where that is known.
    pub(crate) utc_offset: Option<Offset>,
    /// The raw bits by which the device says that it has no value; only for layouts of up to 64.
    pub(crate) no_value: Box<[u64]>,
}

impl Time {
    /// The reading of just as many registers as it fills.
    pub(super) fn read(&self, registers: &[u16]) -> Reading {
        let bits = self.raw_bits(registers);
        if registers.len() <= 4 && self.no_value.contains(&bits) {
            return Reading::NotANumber;
        }
        let text = match self.layout {
            TimeLayout::Unix32 => self.unix(bits),
            TimeLayout::Fields6 | TimeLayout::Fields7 => self.fields(registers),
            TimeLayout::Cp56 => self.cp56(registers),
        };
        reading(text.as_deref().and_then(Value::text))
    }

    fn unix(&self, bits: u64) -> Option<String> {
        let ahead = self.utc_offset.map_or(0, Offset::seconds);
        let second = i64::try_from(bits).ok()? - i64::from(ahead);
        Timestamp::from_second(second).ok().map(|time| time.to_string())
    }

    fn fields(&self, registers: &[u16]) -> Option<String> {
        let register = |at: usize| Some(self.register(*registers.get(at)?));
        let small = |at: usize| i8::try_from(register(at)?).ok();
        let millis = if self.layout == TimeLayout::Fields7 { register(6)? } else { 0 };
        let nanos = i32::from(millis).checked_mul(NANOS_PER_MILLI)?;
        let year = year(register(0)?)?;
        let date =
            DateTime::new(year, small(1)?, small(2)?, small(3)?, small(4)?, small(5)?, nanos);
        self.text(date.ok()?, 0)
    }

    fn cp56(&self, registers: &[u16]) -> Option<String> {
        let [year_word, day_word, minute_word, millis] = *registers else { return None };
        let [_, year_octet] = self.register(year_word).to_be_bytes();
        let [month, day] = self.register(day_word).to_be_bytes();
        let [hour, minute] = self.register(minute_word).to_be_bytes();
        let millis = self.register(millis);
        let is_invalid = minute & 0x80 != 0;
        if is_invalid {
            return None;
        }
        let summer = hour & 0x80 != 0;
        let small = |octet: u8, mask: u8| i8::try_from(octet & mask).ok();
        let date = DateTime::new(
            year(u16::from(year_octet & 0x7F) + 2_000)?,
            small(month, 0x0F)?,
            small(day, 0x1F)?,
            small(hour, 0x1F)?,
            small(minute, 0x3F)?,
            i8::try_from(millis / 1_000).ok()?,
            i32::from(millis % 1_000) * NANOS_PER_MILLI,
        );
        self.text(date.ok()?, if summer { SUMMER_TIME_S } else { 0 })
    }

    fn text(&self, clock: DateTime, summer_s: i32) -> Option<String> {
        let digits = usize::from(self.layout.second_digits());
        let Some(offset) = self.utc_offset else { return Some(format!("{clock:.digits$}")) };
        let ahead = Offset::from_seconds(offset.seconds() + summer_s).ok()?;
        let time = ahead.to_timestamp(clock).ok()?;
        Some(format!("{time:.digits$}"))
    }

    /// A register as a number of 16 bits; the other way round it is the same.
    pub(crate) fn register(&self, register: u16) -> u16 {
        let [.., high, low] = self.order.bits(&[register]).to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// The bits that `no_value` is compared with: a number's in its order, or the registers one by one.
    pub(crate) fn raw_bits(&self, registers: &[u16]) -> u64 {
        match self.layout {
            TimeLayout::Unix32 => self.order.bits(registers),
            TimeLayout::Fields6 | TimeLayout::Fields7 | TimeLayout::Cp56 => registers
                .iter()
                .fold(0, |bits, register| bits << 16 | u64::from(self.register(*register))),
        }
    }
}

fn year(number: u16) -> Option<i16> {
    let year = if number < 100 { number + 2_000 } else { number };
    i16::try_from(year).ok().filter(|_| year >= FIRST_YEAR)
}
