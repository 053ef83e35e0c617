//! Keys of numbers: which bits, which scale, which range.

use pointcast_api::ValueType;
use pointcast_api::settings::{Decimal, Located, Refusals};

use super::data_type::DataType;
use super::keys::Key;
use super::{Made, Making, no_value};
use crate::address::{Address, Part};
use crate::decode::{Clamp, Class, Decoder, Number, NumberType, Scaling, Slice};
use crate::encode::whole_limits;
use crate::order::WordOrder;
use crate::scale::Scale;

/// Bits of a byte.
const BYTE_BITS: u8 = 8;

impl Making<'_> {
    /// The point's word order, or its device's.
    pub(super) fn order(&self) -> WordOrder {
        self.written.order.as_ref().map_or(self.device.order, |order| order.value)
    }

    pub(super) fn number(&self, number_type: NumberType, refusals: &mut Refusals) -> Option<Made> {
        let slice = self.byte(number_type, refusals)?;
        let known: &[Key] = match slice {
            // Which half is said by its name; the other order of bytes would say it again.
            Some(_) => &[Key::Scale, Key::NoValue, Key::Clamp],
            None => &[Key::Order, Key::Scale, Key::ScaleRegister, Key::NoValue, Key::Clamp],
        };
        let what = if slice.is_some() { "half a register" } else { "a number" };
        self.written.refuse_all_but(known, what, refusals);
        self.make_number(number_type, slice, refusals)
    }

    /// Several bits of a register as an unsigned number.
    pub(super) fn field(&self, low: u8, high: u8, refusals: &mut Refusals) -> Option<Made> {
        let unsigned = DataType::Number(NumberType::U16);
        let other = self.written.data_type.as_ref().filter(|data_type| data_type.value != unsigned);
        if let Some(other) = other {
            let problem = format!("bits of a register are an unsigned number, no {}", other.value);
            other.refuse(refusals, problem, "give type = \"u16\", or leave it away");
            return None;
        }
        let known = [Key::Scale, Key::NoValue, Key::Clamp];
        self.written.refuse_all_but(&known, "a bit field", refusals);
        let slice = Slice { low, width: high - low + 1 };
        self.make_number(NumberType::U16, Some(slice), refusals)
    }

    /// The half of a register that an 8-bit number needs, and nothing else may have.
    fn byte(&self, number_type: NumberType, refusals: &mut Refusals) -> Option<Option<Slice>> {
        let is_byte = matches!(number_type, NumberType::I8 | NumberType::U8);
        match self.address.value.part {
            Part::Low if is_byte => Some(Some(Slice { low: 0, width: BYTE_BITS })),
            Part::High if is_byte => Some(Some(Slice { low: BYTE_BITS, width: BYTE_BITS })),
            Part::Whole if is_byte => {
                let here = self.address.value;
                self.address.refuse(
                    refusals,
                    format!("{} is half a register", DataType::Number(number_type)),
                    format!("say which: \"{here}.high\" or \"{here}.low\""),
                );
                None
            }
            Part::Whole | Part::Bit(_) | Part::Field(..) | Part::Low | Part::High => {
                self.wants_whole(DataType::Number(number_type), refusals)?;
                Some(None)
            }
        }
    }

    fn make_number(
        &self,
        number_type: NumberType,
        slice: Option<Slice>,
        refusals: &mut Refusals,
    ) -> Option<Made> {
        let first = self.address.value.first;
        let (scaling, first) = match &self.written.scale_register {
            Some(register) => self.power(register, number_type, refusals)?,
            None => (self.scale(refusals)?, first),
        };
        let value_type = match scaling {
            Scaling::None => number_type.plain(),
            Scaling::Fixed(_) | Scaling::Register { .. } => number_type.scaled(),
        };
        let order = if slice.is_some() { WordOrder::Abcd } else { self.order() };
        let data_type = DataType::Number(number_type);
        let width = slice.map_or(number_type.width(), |slice| slice.width.into());
        let none = self.written.no_value.as_ref();
        let (full_is_none, no_value) = match self.address.value.part {
            Part::Field(..) => no_value::of_field(none, width, refusals)?,
            Part::Whole | Part::Bit(_) | Part::Low | Part::High => {
                (false, no_value::bits(none, data_type, width, refusals)?)
            }
        };
        let limits = whole_limits(number_type.class(), width);
        let is_float = matches!(number_type.class(), Class::Single | Class::Double);
        // Whole numbers may be among scaled values; which ones is not worked out.
        if !is_float && scaling == Scaling::None {
            self.check_labels(Some(limits), &format!("this {data_type}"), refusals);
        }
        let clamp = self.clamp(value_type, limits, refusals)?;
        let (no_value, clamp) = (no_value.into(), clamp.map(Box::new));
        let number = Number { number_type, order, slice, scaling, no_value, full_is_none, clamp };
        Some(Made { decoder: Decoder::Number(number), value_type, first })
    }

    fn scale(&self, refusals: &mut Refusals) -> Option<Scaling> {
        let place = self.written.scale.as_ref().or(self.written.offset.as_ref());
        let Some(place) = place else { return Some(Scaling::None) };
        let number = |located: &Option<Located<Decimal>>| located.as_ref().map(|l| l.value.clone());
        let (scale, offset) = (number(&self.written.scale), number(&self.written.offset));
        match Scale::new(scale.as_ref(), offset.as_ref()) {
            Ok(scale) => Some(Scaling::Fixed(Box::new(scale))),
            Err(problem) => {
                place.refuse(refusals, problem, "give a plain decimal such as 0.1");
                None
            }
        }
    }

    /// A scale in a register, and where what is read for both begins.
    ///
    /// Both must come in one reply: a scale that was read before or after its value could belong to another.
    fn power(
        &self,
        register: &Located<Address>,
        number_type: NumberType,
        refusals: &mut Refusals,
    ) -> Option<(Scaling, u16)> {
        let value = self.address.value;
        if let Some(other) = self.written.scale.as_ref().or(self.written.offset.as_ref()) {
            other.refuse(refusals, "its scale stands in a register already", "leave it away");
            return None;
        }
        if matches!(number_type.class(), Class::Single | Class::Double) {
            let problem = format!("{} has an exponent of its own", DataType::Number(number_type));
            register.refuse(refusals, problem, "leave it away");
            return None;
        }
        let power = register.value;
        let is_beside = (power.table, power.models) == (value.table, value.models);
        if !is_beside || power.part != Part::Whole {
            let Address { table, models, .. } = value;
            let right = Address { table, models, part: Part::Whole, ..power };
            register.refuse(
                refusals,
                format!("{power} is no register beside {value}"),
                format!(
                    "give a whole register of the same table or model, as \"{right}\" would be"
                ),
            );
            return None;
        }
        let value_end = u32::from(value.first) + u32::from(number_type.registers());
        let first = value.first.min(power.first);
        if u32::from(power.first) >= u32::from(value.first) && u32::from(power.first) < value_end {
            register.refuse(
                refusals,
                format!("{power} is part of the value itself"),
                "give the register with the power of ten",
            );
            return None;
        }
        let end = value_end.max(u32::from(power.first) + 1);
        let length = end - u32::from(first);
        if length > u32::from(self.device.max_block) {
            register.refuse(
                refusals,
                format!(
                    "value and scale lie {length} registers apart, and this device gives at most {} in one reply",
                    self.device.max_block
                ),
                "give the scale itself if it never changes, e.g. scale = 0.1",
            );
            return None;
        }
        let (value_at, power_at) = (value.first - first, power.first - first);
        Some((Scaling::Register { value_at, power_at }, first))
    }

    fn clamp(
        &self,
        value_type: ValueType,
        (lowest, highest): (i128, i128),
        refusals: &mut Refusals,
    ) -> Option<Option<Clamp>> {
        let Some(clamp) = self.written.clamp.as_ref().filter(|clamp| clamp.value) else {
            return Some(None);
        };
        let Some((low, high)) = self.details.about().range else {
            clamp.refuse(refusals, "there is no range to clamp to", "add range = [0, 100]");
            return None;
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and limits are taken after"
        )]
        let clamped = match value_type {
            ValueType::F32 => Clamp::Single { low: low as f32, high: high as f32 },
            ValueType::F64 => Clamp::Double { low, high },
            ValueType::Bool
            | ValueType::I16
            | ValueType::U16
            | ValueType::I32
            | ValueType::U32
            | ValueType::I64
            | ValueType::U64
            | ValueType::Text => Clamp::Whole {
                low: (low.ceil() as i128).max(lowest),
                high: (high.floor() as i128).min(highest),
            },
        };
        if let Clamp::Whole { low, high } = clamped
            && low > high
        {
            let problem = "no value of the point's type lies within its range";
            clamp.refuse(refusals, problem, "correct range, or leave clamp away");
            return None;
        }
        Some(Some(clamped))
    }
}
