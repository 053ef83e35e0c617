//! Dates with times to registers.

use jiff::Timestamp;
use jiff::civil::DateTime;
use pointcast_api::Value;

use super::{EncodeError, not_of_type};
use crate::decode::{FIRST_YEAR, Time, TimeLayout};

const UTC: &str = "a UTC time like \"2026-11-27T12:08:42Z\"";
const LOCAL: &str = "the device's own time like \"2026-11-27T12:08:42\"";

/// All registers of `time`. The clock of the device is taken to be on standard time.
pub(super) fn encode(time: &Time, value: &Value) -> Result<Vec<u16>, EncodeError> {
    let is_utc = time.layout == TimeLayout::Unix32 || time.utc_offset.is_some();
    let wanted = if is_utc { UTC } else { LOCAL };
    let refused = || not_of_type(value, wanted);
    let Value::Text(text) = value else { return Err(refused()) };
    let text = text.as_str();
    let registers = if is_utc {
        let at: Timestamp = text.parse().map_err(|_| refused())?;
        let ahead = time.utc_offset.unwrap_or(jiff::tz::Offset::UTC);
        if time.layout == TimeLayout::Unix32 {
            whole_seconds(at.subsec_nanosecond(), 1)?;
            let second = at.as_second() + i64::from(ahead.seconds());
            let second = u32::try_from(second).map_err(|_| refused())?;
            time.order.registers(second.into(), time.layout.registers())
        } else {
            fields(time.layout, ahead.to_datetime(at), &refused)?
        }
    } else if text.ends_with(['Z', 'z']) {
        // The calendar's parser would pass over it.
        return Err(refused());
    } else {
        let clock: DateTime = text.parse().map_err(|_| refused())?;
        fields(time.layout, clock, &refused)?
    };
    if time.layout == TimeLayout::Unix32 {
        return keep(time, registers, value);
    }
    let swapped = registers.iter().map(|register| time.register(*register)).collect();
    keep(time, swapped, value)
}

fn keep(time: &Time, registers: Vec<u16>, value: &Value) -> Result<Vec<u16>, EncodeError> {
    if registers.len() <= 4 && time.no_value.contains(&time.raw_bits(&registers)) {
        return Err(EncodeError::StandsForNone { found: value.clone() });
    }
    Ok(registers)
}

fn fields(
    layout: TimeLayout,
    clock: DateTime,
    refused: &impl Fn() -> EncodeError,
) -> Result<Vec<u16>, EncodeError> {
    let number = |field: i16| u16::try_from(field).map_err(|_| refused());
    let year = number(clock.year())?;
    let date = [number(clock.month().into())?, number(clock.day().into())?];
    let hour_minute = [number(clock.hour().into())?, number(clock.minute().into())?];
    let second = number(clock.second().into())?;
    if year < FIRST_YEAR {
        return Err(refused());
    }
    let ([month, day], [hour, minute]) = (date, hour_minute);
    let parts = if layout.second_digits() == 0 { 1 } else { 1_000 };
    let parts = whole_seconds(clock.subsec_nanosecond(), parts)?;
    Ok(match layout {
        TimeLayout::Unix32 | TimeLayout::Fields6 => vec![year, month, day, hour, minute, second],
        TimeLayout::Fields7 => vec![year, month, day, hour, minute, second, parts],
        TimeLayout::Cp56 => {
            let year = year.checked_sub(2_000).filter(|year| *year <= 0x7F).ok_or_else(refused)?;
            vec![year, month << 8 | day, hour << 8 | minute, second * 1_000 + parts]
        }
    })
}

/// How many parts of a second `nanos` are, if they are whole ones.
fn whole_seconds(nanos: i32, parts: u16) -> Result<u16, EncodeError> {
    let step = 1_000_000_000 / i32::from(parts);
    if nanos.checked_rem(step) != Some(0) {
        return Err(EncodeError::NotKept { what: "what is finer than the point's clock" });
    }
    Ok(u16::try_from(nanos / step).unwrap_or_default())
}
