//! A point's address and type, or several of them in SunSpec models, of which a device has one.

use pointcast_api::settings::{Located, Refusals, Settings};
use pointcast_api::{PointDetails, ValueType};

use super::super::device::Device;
use super::keys::Written;
use super::{Made, Making};
use crate::address::Address;
use crate::frame::MAX_REGISTERS;
use crate::sunspec::Form;

/// Most alternatives of one point.
const MAX_ALTERNATIVES: usize = 8;

/// Where a point is and what it is; of alternatives the first.
pub(super) struct Found {
    pub(super) address: Located<Address>,
    pub(super) made: Made,
    /// Empty where the address is the point's own.
    pub(super) forms: Vec<Form>,
}

/// Takes the keys that say where the value is and what it is; `None` only together with a refusal.
pub(super) fn take(
    keys: &mut Settings,
    details: &PointDetails,
    device: &Device,
    refusals: &mut Refusals,
) -> Option<Found> {
    let what = format!("{}, alternative", keys.what());
    let sections = keys.sections("alternatives", &what, refusals);
    if sections.is_empty() {
        let (address, made) = one(keys, details, device, refusals)?;
        let forms = form(&address, &made, device, refusals)?;
        return Some(Found { address, made, forms: forms.into_iter().collect() });
    }
    if sections.len() > MAX_ALTERNATIVES {
        let problem = format!("{} of them", sections.len());
        let remedy = format!("give at most {MAX_ALTERNATIVES}");
        refusals.push(keys.place(), keys.field("alternatives"), problem, remedy);
        return None;
    }
    let mut found: Vec<Option<Found>> = Vec::with_capacity(sections.len());
    for mut section in sections {
        let alternative = one(&mut section, details, device, refusals);
        let alternative = alternative.and_then(|(address, made)| {
            let form = form(&address, &made, device, refusals)?;
            if form.is_none() {
                let problem = format!("{} is there in every device", address.value);
                let remedy = "give addresses in SunSpec models, as \"sunspec:103:14\"";
                address.refuse(refusals, problem, remedy);
            }
            Some(Found { address, made, forms: vec![form?] })
        });
        found.push(alternative);
        section.finish(refusals);
    }
    join(found.into_iter().collect::<Option<_>>()?, refusals)
}

/// One address with what belongs to it.
fn one(
    keys: &mut Settings,
    details: &PointDetails,
    device: &Device,
    refusals: &mut Refusals,
) -> Option<(Located<Address>, Made)> {
    let mut written = Written::take(keys, device, refusals);
    written.fill_in();
    let address = written.address.clone()?;
    let making = Making { keys, written: &written, address: &address, details, device };
    let made = making.decoder(refusals)?;
    Some((address, made))
}

/// What is read in a model; `Some(None)` where the address is in none. `None` only together with a refusal.
fn form(
    address: &Located<Address>,
    made: &Made,
    device: &Device,
    refusals: &mut Refusals,
) -> Option<Option<Form>> {
    let Some(models) = address.value.models else { return Some(None) };
    let form = Form { models, at: made.first, decoder: made.decoder.clone() };
    let length = u32::from(made.first) + u32::from(made.decoder.length());
    if length > u32::from(device.max_block) {
        let problem = format!(
            "{length} registers from the model's header to its end, by which each reply is known, are more than \
             this device gives at once ({})",
            device.max_block
        );
        let remedy = match length > u32::from(MAX_REGISTERS) {
            true => {
                format!("points of models end within {MAX_REGISTERS} registers from the header")
            }
            false => format!("give the device max_block = {length}, or leave the point out"),
        };
        address.refuse(refusals, problem, remedy);
        return None;
    }
    Some(Some(form))
}

/// All alternatives as one point, which has one type.
fn join(found: Vec<Found>, refusals: &mut Refusals) -> Option<Found> {
    let mut found = found.into_iter();
    let mut first = found.next()?;
    for next in found {
        let (one, other) = (first.made.value_type, next.made.value_type);
        match common(one, other) {
            Some(common) => first.made.value_type = common,
            None => {
                let problem = format!("its values are {other}, those of another alternative {one}");
                let remedy =
                    "give alternatives of one type, or of numbers that are scaled or f32 and f64";
                next.address.refuse(refusals, problem, remedy);
                return None;
            }
        }
        first.forms.extend(next.forms);
    }
    Some(first)
}

/// The type that values of both have; a single-precision value is a double-precision one as well.
fn common(one: ValueType, other: ValueType) -> Option<ValueType> {
    match (one, other) {
        (ValueType::F32, ValueType::F64) | (ValueType::F64, ValueType::F32) => Some(ValueType::F64),
        _ => (one == other).then_some(one),
    }
}
