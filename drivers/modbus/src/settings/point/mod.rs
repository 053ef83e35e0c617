//! A point's own keys: where its value lies and what it is.

mod data_type;
mod forms;
mod keys;
mod no_value;
mod number;
mod text;

use std::ops::Range;
use std::time::Duration;

use pointcast_api::settings::{Located, Refusals, Settings};
use pointcast_api::{PointDetails, ValueType};

use super::device::Device;
use super::writing;
use crate::address::{Address, Part, TABLE_SIZE};
use crate::decode::Decoder;
use crate::plan::Want;
use crate::sunspec::{Form, Models};
use crate::writing::Writing;
pub(crate) use data_type::DataType;
use keys::{Key, Written};

/// Shortest and longest scan interval in milliseconds.
pub(crate) const SCAN_MS: std::ops::RangeInclusive<u32> = 10..=86_400_000;

/// A point's keys, checked.
#[derive(Debug)]
pub(crate) struct Point {
    /// Of a point in a SunSpec model it counts from the model's header on.
    pub(crate) want: Want,
    /// The registers or bits that are its value. With a scale in a register more is read for it.
    pub(crate) own: Range<u32>,
    pub(crate) decoder: Decoder,
    /// How it may lie in SunSpec models; empty where its address is its own.
    pub(crate) forms: Vec<Form>,
    pub(crate) value_type: ValueType,
    /// How it is written; `None` if it is not.
    pub(crate) writing: Option<Writing>,
    /// Whether devices may be without it, where it is found by its model.
    pub(crate) optional: bool,
    /// Whether it may share registers with other points.
    pub(crate) overlap: bool,
    /// Where its address stands, for refusals that concern several points.
    pub(crate) address: Located<Address>,
    /// Its name in refusals.
    pub(crate) called: String,
}

impl Point {
    /// The models that its address counts in, the first if there are alternatives.
    pub(crate) fn models(&self) -> Option<Models> {
        self.address.value.models
    }
}

/// What a decoder is made from.
struct Making<'a> {
    keys: &'a Settings,
    written: &'a Written,
    address: &'a Located<Address>,
    details: &'a PointDetails,
    device: &'a Device,
}

/// A decoder, what its values are, and where what is read for it begins.
struct Made {
    decoder: Decoder,
    value_type: ValueType,
    first: u16,
}

/// Takes the point's keys; `None` only together with a refusal.
pub(crate) fn check(
    mut keys: Settings,
    details: &PointDetails,
    device: &Device,
    refusals: &mut Refusals,
) -> Option<Point> {
    let before = refusals.len();
    let called = keys.what().to_owned();
    let found = forms::take(&mut keys, details, device, refusals);
    let scan = keys.millis("scan_ms", SCAN_MS, refusals);
    let overlap = keys.flag("overlap", refusals);
    let optional = keys.flag("optional", refusals);
    let writes = writing::Written::take(&mut keys, refusals);
    keys.finish(refusals);
    let forms::Found { address, made: Made { decoder, value_type, first }, forms } = found?;
    let (own_at, own_length) = decoder.own();
    let mut read = (first, decoder.length());
    let writing = match forms.first() {
        None => {
            fits(&address, own_length, device, refusals);
            if let Some(optional) = &optional {
                let remedy = "leave it away: it is for points in SunSpec models";
                optional.refuse(refusals, "its address is there in every device", remedy);
            }
            writes.check(&address.value, &decoder, refusals)
        }
        Some(form) => {
            read = (0, form.length());
            writes.refuse_of_model(refusals);
            None
        }
    };
    let own = u32::from(first) + u32::from(own_at);
    (refusals.len() == before).then(|| Point {
        want: Want {
            device: device.index,
            table: address.value.table,
            first: read.0,
            length: read.1,
            interval: scan.map_or(device.scan, |scan: Located<Duration>| scan.value),
        },
        own: own..own + u32::from(own_length),
        decoder,
        forms,
        value_type,
        writing,
        optional: optional.is_some_and(|optional| optional.value),
        overlap: overlap.is_some_and(|overlap| overlap.value),
        address,
        called,
    })
}

impl Making<'_> {
    fn decoder(&self, refusals: &mut Refusals) -> Option<Made> {
        let Address { table, part, .. } = self.address.value;
        let is_bit = table.is_bits() || matches!(part, Part::Bit(_));
        if is_bit {
            return self.bit(refusals);
        }
        if let Part::Field(low, high) = part {
            return self.field(low, high, refusals);
        }
        let types = "type = \"u16\" (or i16, i32, u32, i64, u64, f32, f64, string …)";
        let written =
            self.keys.required(self.written.data_type.as_ref(), "type", types, refusals)?;
        match written.value {
            DataType::Bool => {
                written.refuse(
                    refusals,
                    "a register is no bool, only one of its bits is",
                    format!(
                        "give address = \"{}.0\" for its least significant bit",
                        self.address.value
                    ),
                );
                None
            }
            DataType::Text => self.text(refusals),
            DataType::Time(layout) => self.time(layout, refusals),
            DataType::Number(number) => self.number(number, refusals),
        }
    }

    fn bit(&self, refusals: &mut Refusals) -> Option<Made> {
        let other =
            self.written.data_type.as_ref().filter(|data_type| data_type.value != DataType::Bool);
        if let Some(other) = other {
            let problem = format!("{} is a single bit, no {}", self.address.value, other.value);
            other.refuse(refusals, problem, "give type = \"bool\", or leave it away");
            return None;
        }
        self.check_labels(Some((0, 1)), "a bit", refusals);
        let Part::Bit(bit) = self.address.value.part else {
            self.written.refuse_all_but(&[], "a bit", refusals);
            return Some(self.made(Decoder::Bit, ValueType::Bool));
        };
        self.written.refuse_all_but(&[Key::NoValue], "a bit", refusals);
        let (sunspec, raw) = no_value::of_field(self.written.no_value.as_ref(), 1, refusals)?;
        if let Some(none) = self.written.no_value.as_ref().filter(|_| !raw.is_empty()) {
            let remedy =
                "give no_value = \"sunspec\" if a register with all bits set stands for none";
            none.refuse(refusals, "a bit is never none by itself", remedy);
        }
        let decoder = if sunspec { Decoder::SunSpecBit(bit) } else { Decoder::RegisterBit(bit) };
        Some(self.made(decoder, ValueType::Bool))
    }

    fn made(&self, decoder: Decoder, value_type: ValueType) -> Made {
        Made { decoder, value_type, first: self.address.value.first }
    }

    /// Refuses a part of a register where the value fills registers.
    fn wants_whole(&self, data_type: DataType, refusals: &mut Refusals) -> Option<()> {
        if self.address.value.part == Part::Whole {
            return Some(());
        }
        let whole = Address { part: Part::Whole, ..self.address.value };
        let problem = format!("half a register is no {data_type}");
        let remedy = format!("give type = \"u8\" or \"i8\", or address = \"{whole}\"");
        self.address.refuse(refusals, problem, remedy);
        None
    }

    /// Refuses names for values that are no whole numbers, or that the type does not have.
    fn check_labels(&self, values: Option<(i128, i128)>, what: &str, refusals: &mut Refusals) {
        let refuse = |refusals: &mut Refusals, problem: String, remedy: String| {
            refusals.push(self.keys.place(), self.keys.field("labels"), problem, remedy);
        };
        let labels = &self.details.about().labels;
        let Some((lowest, highest)) = values else {
            if !labels.is_empty() {
                let problem = format!("{what} has no names of values");
                refuse(refusals, problem, "leave it away".to_owned());
            }
            return;
        };
        let strange = labels.iter().find(|(n, _)| !(lowest..=highest).contains(&i128::from(*n)));
        if let Some((number, _)) = strange {
            let problem = format!("{number} is no value of {what}");
            refuse(refusals, problem, format!("give names of {lowest} to {highest}"));
        }
    }
}

fn fits(address: &Located<Address>, length: u16, device: &Device, refusals: &mut Refusals) {
    let end = u32::from(address.value.first) + u32::from(length);
    if end > TABLE_SIZE {
        let problem = format!("{length} registers from there reach past 65535");
        address.refuse(
            refusals,
            problem,
            format!("begin at {} at most", TABLE_SIZE - u32::from(length)),
        );
    }
    if length > device.max_block && !address.value.table.is_bits() {
        let problem = format!(
            "its {length} registers are more than this device's blocks may have ({})",
            device.max_block
        );
        address.refuse(refusals, problem, format!("give the device max_block = {length}"));
    }
}
