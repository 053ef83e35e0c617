//! Keys of strings and of dates with times.

use pointcast_api::ValueType;
use pointcast_api::settings::Refusals;

use super::data_type::DataType;
use super::keys::{Key, NoValue};
use super::{Made, Making, no_value};
use crate::decode::{Decoder, Text, Time, TimeLayout};

impl Making<'_> {
    pub(super) fn text(&self, refusals: &mut Refusals) -> Option<Made> {
        self.wants_whole(DataType::Text, refusals)?;
        let known = [Key::Order, Key::Length, Key::NoValue, Key::Text];
        self.written.refuse_all_but(&known, "a string", refusals);
        self.check_labels(None, "a string", refusals);
        let mut empty_is_none = false;
        if let Some(none) = &self.written.no_value {
            empty_is_none = none.value.iter().all(|none| *none == NoValue::SunSpec);
            if !empty_is_none {
                none.refuse(
                    refusals,
                    "a string is no raw number",
                    "give no_value = \"sunspec\" if an empty one stands for none, or leave it away",
                );
            }
        }
        let example = "length = 8, the number of registers (two characters each)";
        let length =
            self.keys.required(self.written.length.as_ref(), "length", example, refusals)?;
        let text = Text {
            order: self.order(),
            registers: u16::try_from(length.value).ok()?,
            encoding: self.written.encoding.as_ref().map(|word| word.value).unwrap_or_default(),
            padding: self.written.padding.as_ref().map(|word| word.value).unwrap_or_default(),
            empty_is_none,
        };
        Some(self.made(Decoder::Text(text), ValueType::Text))
    }

    pub(super) fn time(&self, layout: TimeLayout, refusals: &mut Refusals) -> Option<Made> {
        let data_type = DataType::Time(layout);
        self.wants_whole(data_type, refusals)?;
        let known: &[Key] = match layout {
            TimeLayout::Unix32 | TimeLayout::Cp56 => &[Key::Order, Key::NoValue, Key::UtcOffset],
            // A register that holds no date makes none; there is no raw number of 96 bits.
            TimeLayout::Fields6 | TimeLayout::Fields7 => &[Key::Order, Key::UtcOffset],
        };
        self.written.refuse_all_but(known, "a date with time", refusals);
        self.check_labels(None, "a date with time", refusals);
        let width = u32::from(layout.registers()) * 16;
        let no_value = match known.contains(&Key::NoValue) {
            true => no_value::bits(self.written.no_value.as_ref(), data_type, width, refusals)?,
            false => Vec::new(),
        };
        let utc_offset = self.written.utc_offset.as_ref().map(|offset| offset.value);
        let no_value = no_value.into();
        let time = Time { layout, order: self.order(), utc_offset, no_value };
        Some(self.made(Decoder::Time(time), ValueType::Text))
    }
}
