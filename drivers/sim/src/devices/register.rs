//! Registers of a device: where each lies, and how its value is computed and encoded.

use crate::map::{Encoding, MapEntry, Table, WordOrder};
use crate::modbus::Bank;
use crate::signal::whole;

/// What this site's slaves put where a 16-bit register has no value.
pub(crate) const NO_VALUE_I16: u16 = 0x8000;

/// How an entry takes its value out of a device's reading `N`.
pub(crate) enum Read<N> {
    /// An engineering value; NaN where the device has none.
    Number(fn(&N) -> f64),
    /// On or off.
    Bit(fn(&N) -> bool),
    /// Text that never changes.
    Text(&'static str),
}

/// One entry of a device's map.
pub(crate) struct Register<N> {
    pub(crate) entry: MapEntry,
    pub(crate) read: Read<N>,
}

/// An entry that still lacks its device; [`Register::of`] fills it in.
const fn entry(
    point: &'static str,
    table: Table,
    address: u16,
    encoding: Encoding,
    unit: &'static str,
) -> MapEntry {
    MapEntry {
        device: "",
        unit_id: 0,
        point,
        table,
        address,
        bit: None,
        encoding,
        scale: 1.0,
        unit,
        range: None,
        labels: &[],
        no_value: None,
    }
}

impl<N> Register<N> {
    /// A number in a register of whatever encoding.
    pub(crate) const fn number(
        point: &'static str,
        (table, address): (Table, u16),
        encoding: Encoding,
        unit: &'static str,
        read: fn(&N) -> f64,
    ) -> Self {
        Self { entry: entry(point, table, address, encoding, unit), read: Read::Number(read) }
    }

    /// A coil or a discrete input.
    pub(crate) const fn bit(
        point: &'static str,
        (table, address): (Table, u16),
        read: fn(&N) -> bool,
    ) -> Self {
        Self { entry: entry(point, table, address, Encoding::Bool, ""), read: Read::Bit(read) }
    }

    /// One bit of a register that has an entry of its own; it says what that register's bit means.
    pub(crate) const fn bit_of(
        point: &'static str,
        (table, address): (Table, u16),
        bit: u8,
        read: fn(&N) -> bool,
    ) -> Self {
        let mut entry = entry(point, table, address, Encoding::Bool, "");
        entry.bit = Some(bit);
        Self { entry, read: Read::Bit(read) }
    }

    /// Text.
    pub(crate) const fn text(
        point: &'static str,
        (table, address): (Table, u16),
        registers: u16,
        text: &'static str,
    ) -> Self {
        let encoding = Encoding::Text { registers };
        Self { entry: entry(point, table, address, encoding, ""), read: Read::Text(text) }
    }

    /// With engineering value = raw value × `scale`.
    pub(crate) const fn scaled(mut self, scale: f64) -> Self {
        self.entry.scale = scale;
        self
    }

    /// With least and greatest engineering value.
    pub(crate) const fn within(mut self, least: f64, greatest: f64) -> Self {
        self.entry.range = Some((least, greatest));
        self
    }

    /// With names of its values.
    pub(crate) const fn labelled(mut self, labels: &'static [(i64, &'static str)]) -> Self {
        self.entry.labels = labels;
        self
    }

    /// May hold this site's 16-bit "no value".
    pub(crate) const fn gaps(mut self) -> Self {
        self.entry.no_value = Some(NO_VALUE_I16);
        self
    }

    /// The entry as the map shows it.
    pub(crate) fn of(&self, device: &'static str, unit_id: u8) -> MapEntry {
        MapEntry { device, unit_id, ..self.entry }
    }

    /// Its registers at the moment of `now`.
    fn words(&self, now: &N) -> Vec<u16> {
        match &self.read {
            Read::Number(read) => encode(self.entry.encoding, read(now) / self.entry.scale),
            Read::Bit(read) => vec![u16::from(read(now))],
            Read::Text(text) => encode_text(text, self.entry.encoding.width()),
        }
    }

    fn covers(&self, table: Table, address: u16) -> bool {
        let first = self.entry.address;
        let width = self.entry.encoding.width();
        self.entry.table == table
            && self.entry.bit.is_none()
            && address.checked_sub(first).is_some_and(|offset| offset < width)
    }
}

/// A device at one moment: its map and its reading.
pub(crate) struct Snapshot<'a, N> {
    pub(crate) map: &'a [Register<N>],
    pub(crate) now: N,
}

impl<N> Snapshot<'_, N> {
    /// The words from `start` on, `count` of them; `None` when one of them lies in a hole.
    fn words(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>> {
        let count = usize::from(count);
        let mut words = Vec::with_capacity(count);
        let mut address = start;
        while words.len() < count {
            let register = self.map.iter().find(|register| register.covers(table, address))?;
            let skip = usize::from(address.checked_sub(register.entry.address)?);
            let left = count - words.len();
            let encoded = register.words(&self.now);
            words.extend(encoded.iter().skip(skip).take(left));
            if words.len() < count {
                address = register.entry.address.checked_add(register.entry.encoding.width())?;
            }
        }
        Some(words)
    }
}

impl<N> Bank for Snapshot<'_, N> {
    fn registers(&self, table: Table, start: u16, count: u16) -> Option<Vec<u16>> {
        self.words(table, start, count)
    }

    fn bits(&self, table: Table, start: u16, count: u16) -> Option<Vec<bool>> {
        Some(self.words(table, start, count)?.into_iter().map(|word| word != 0).collect())
    }

    fn set_registers(&mut self, _: u16, _: &[u16]) -> bool {
        false
    }

    fn set_coils(&mut self, _: u16, _: &[bool]) -> bool {
        false
    }
}

/// A raw number in its registers. Out of reach of its type it is cut off at the type's end, as a device
/// with a full register does.
fn encode(encoding: Encoding, raw: f64) -> Vec<u16> {
    let nearest = whole(raw + 0.5);
    match encoding {
        Encoding::Bool => vec![u16::from(raw != 0.0)],
        Encoding::I16 if raw.is_nan() => vec![NO_VALUE_I16],
        Encoding::I16 => {
            let kept = nearest.clamp(i64::from(i16::MIN) + 1, i64::from(i16::MAX));
            vec![i16::try_from(kept).unwrap_or_default().cast_unsigned()]
        }
        Encoding::U16 => vec![u16::try_from(nearest.max(0)).unwrap_or(u16::MAX)],
        Encoding::U32(order) => {
            pair(u32::try_from(nearest.max(0)).unwrap_or(u32::MAX).to_be_bytes(), order)
        }
        Encoding::U64 => {
            let [a, b, c, d, e, f, g, h] = nearest.max(0).to_be_bytes();
            [[a, b], [c, d], [e, f], [g, h]].map(u16::from_be_bytes).to_vec()
        }
        Encoding::F32(order) => pair(single(raw).to_be_bytes(), order),
        Encoding::Text { registers } => vec![0; usize::from(registers)],
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the wire has single precision: rounding is meant"
)]
fn single(x: f64) -> f32 {
    x as f32
}

fn pair([a, b, c, d]: [u8; 4], order: WordOrder) -> Vec<u16> {
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    match order {
        WordOrder::Abcd => vec![high, low],
        WordOrder::Cdab => vec![low, high],
    }
}

fn encode_text(text: &str, registers: u16) -> Vec<u16> {
    let mut bytes = text.bytes();
    let mut word = || {
        let high = bytes.next().unwrap_or(0);
        u16::from_be_bytes([high, bytes.next().unwrap_or(0)])
    };
    (0..registers).map(|_| word()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_as_the_map_says() {
        assert_eq!(encode(Encoding::F32(WordOrder::Abcd), 1.0), [0x3F80, 0x0000]);
        assert_eq!(encode(Encoding::F32(WordOrder::Cdab), 1.0), [0x0000, 0x3F80]);
        assert_eq!(encode(Encoding::U32(WordOrder::Cdab), 65_538.0), [2, 1]);
        assert_eq!(encode(Encoding::U64, 4_294_967_297.0), [0, 1, 0, 1]);
        assert_eq!(encode(Encoding::I16, -12.4), [0xFFF4]);
        assert_eq!(encode_text("AB1", 3), [0x4142, 0x3100, 0]);
    }

    #[test]
    fn no_value_is_told_from_the_least_value() {
        assert_eq!(encode(Encoding::I16, f64::NAN), [NO_VALUE_I16]);
        assert_eq!(encode(Encoding::I16, -1e9), [0x8001]);
        let nan = encode(Encoding::F32(WordOrder::Abcd), f64::NAN);
        assert_eq!(nan[0] & 0x7FC0, 0x7FC0);
    }

    #[test]
    fn a_full_register_is_cut_off() {
        assert_eq!(encode(Encoding::U16, 70_000.0), [u16::MAX]);
        assert_eq!(encode(Encoding::U16, -5.0), [0]);
        assert_eq!(encode(Encoding::U32(WordOrder::Abcd), 1e12), [u16::MAX, u16::MAX]);
    }
}
