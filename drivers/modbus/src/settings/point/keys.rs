//! A point's keys as written, before they are held against each other.

use jiff::tz::Offset;
use pointcast_api::settings::{Decimal, Located, Refusals, Setting, Settings};

use super::super::device::Device;
use super::data_type::DataType;
use crate::address::Address;
use crate::decode::{Encoding, Padding};
use crate::order::WordOrder;

/// Most raw values of one point that stand for none.
const MAX_NO_VALUES: usize = 16;

/// Furthest that a clock may be from UTC, in hours: no place on Earth is further.
const MAX_OFFSET_H: i32 = 14;

/// What stands for no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoValue {
    /// This raw number.
    Raw(i64),
    /// What SunSpec says of the point's type.
    SunSpec,
}

/// The keys, but for those that any type may have.
pub(super) struct Written {
    pub(super) address: Option<Located<Address>>,
    pub(super) data_type: Option<Located<DataType>>,
    pub(super) order: Option<Located<WordOrder>>,
    pub(super) scale: Option<Located<Decimal>>,
    pub(super) offset: Option<Located<Decimal>>,
    pub(super) scale_register: Option<Located<Address>>,
    pub(super) no_value: Option<Located<Vec<NoValue>>>,
    pub(super) clamp: Option<Located<bool>>,
    pub(super) length: Option<Located<i64>>,
    pub(super) encoding: Option<Located<Encoding>>,
    pub(super) padding: Option<Located<Padding>>,
    pub(super) utc_offset: Option<Located<Offset>>,
}

/// A key that not every type may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Order,
    Scale,
    ScaleRegister,
    NoValue,
    Clamp,
    Length,
    Text,
    UtcOffset,
}

impl Written {
    pub(super) fn take(keys: &mut Settings, device: &Device, refusals: &mut Refusals) -> Self {
        let address = address(keys, "address", refusals);
        Self {
            address: keys.required(address, "address", "address = \"holding:100\"", refusals),
            data_type: keys.choice("type", &DataType::WORDS, refusals),
            order: keys.choice("word_order", &WordOrder::WORDS, refusals),
            scale: keys.number("scale", refusals),
            offset: keys.number("offset", refusals),
            scale_register: address_of_scale(keys, refusals),
            no_value: no_value(keys, refusals),
            clamp: keys.flag("clamp", refusals),
            length: keys.integer("length", 1..=i64::from(device.max_block), refusals),
            encoding: keys.choice("encoding", &Encoding::WORDS, refusals),
            padding: keys.choice("padding", &Padding::WORDS, refusals),
            utc_offset: utc_offset(keys, refusals),
        }
    }

    /// Lets what SunSpec says of the type stand for none in a model, where nothing else is written.
    pub(super) fn fill_in(&mut self) {
        let is_time = |found: &Located<DataType>| matches!(found.value, DataType::Time(_));
        let of_model = self.address.as_ref().filter(|address| address.value.models.is_some());
        if let (None, Some(address)) = (&self.no_value, of_model)
            && !self.data_type.as_ref().is_some_and(is_time)
        {
            self.no_value = Some(address.clone().map(|_| vec![NoValue::SunSpec]));
        }
    }

    /// Refuses every key that is not among `known`; `what` reads before "has no word order".
    pub(super) fn refuse_all_but(&self, known: &[Key], what: &str, refusals: &mut Refusals) {
        let mut refuse = |key: Key, found: Option<Located<()>>, why: &str| {
            if let Some(found) = found.filter(|_| !known.contains(&key)) {
                found.refuse(refusals, format!("{what} {why}"), "leave it away");
            }
        };
        refuse(Key::Order, place(&self.order), "has no word order");
        refuse(Key::Scale, place(&self.scale), "is not scaled");
        refuse(Key::Scale, place(&self.offset), "has no offset");
        refuse(Key::ScaleRegister, place(&self.scale_register), "is not scaled by a register");
        refuse(Key::NoValue, place(&self.no_value), "always has a value");
        refuse(Key::Clamp, place(&self.clamp), "is not clamped");
        refuse(Key::Length, place(&self.length), "has no length of its own");
        refuse(Key::Text, place(&self.encoding), "has no encoding");
        refuse(Key::Text, place(&self.padding), "is not filled up");
        refuse(Key::UtcOffset, place(&self.utc_offset), "has no time zone");
    }
}

fn place<T>(found: &Option<Located<T>>) -> Option<Located<()>> {
    let found = found.as_ref()?;
    Some(Located { value: (), place: found.place.clone(), field: found.field.clone() })
}

fn address(
    keys: &mut Settings,
    key: &'static str,
    refusals: &mut Refusals,
) -> Option<Located<Address>> {
    let text = keys.text_or_number(key, refusals)?;
    match Address::parse(&text.value) {
        Ok(address) => Some(text.map(|_| address)),
        Err(misread) => {
            text.refuse(refusals, misread.problem, misread.remedy);
            None
        }
    }
}

fn address_of_scale(keys: &mut Settings, refusals: &mut Refusals) -> Option<Located<Address>> {
    address(keys, "scale_register", refusals)
}

fn no_value(keys: &mut Settings, refusals: &mut Refusals) -> Option<Located<Vec<NoValue>>> {
    let wanted = "a raw value such as 0x8000, \"sunspec\", or a list of them";
    let found = keys.one_or_more("no_value", wanted, refusals, |setting| match setting {
        Setting::Integer(raw) => Some(NoValue::Raw(*raw)),
        Setting::Text(word) if word == "sunspec" => Some(NoValue::SunSpec),
        Setting::Bool(_)
        | Setting::Float(_)
        | Setting::Text(_)
        | Setting::List(_)
        | Setting::Section(_)
        | Setting::Other(_) => None,
    })?;
    if found.value.len() > MAX_NO_VALUES {
        let problem = format!("{} raw values", found.value.len());
        found.refuse(refusals, problem, format!("give at most {MAX_NO_VALUES}"));
        return None;
    }
    Some(found)
}

fn utc_offset(keys: &mut Settings, refusals: &mut Refusals) -> Option<Located<Offset>> {
    let text = keys.text("utc_offset", refusals)?;
    if let Some(offset) = offset(&text.value) {
        return Some(text.map(|_| offset));
    }
    let problem = format!("{:?} is no offset from UTC", text.value);
    let remedy = "give how far the device's clock is ahead of UTC on standard time: \"+01:00\", \"-05:00\" or \"Z\"";
    text.refuse(refusals, problem, remedy);
    None
}

/// `+hh:mm`, `-hh:mm` or `Z`.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (None, Some(rest)) => (-1, rest),
        (None, None) => return None,
    };
    let two = |part: &str| {
        let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = rest.split_once(':')?;
    let minutes = two(minutes).filter(|minutes| *minutes < 60)?;
    let ahead = two(hours)? * 3_600 + minutes * 60;
    let ahead = Some(ahead).filter(|ahead| *ahead <= MAX_OFFSET_H * 3_600)?;
    Offset::from_seconds(sign * ahead).ok()
}
