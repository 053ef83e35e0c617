//! Values to registers and bits: the inverse of `decode`, for writes.
//!
//! What was encoded decodes to the value that was given, or it is refused with what would be right. The one
//! liberty: floating-point types take the nearest that they have, as for any decimal that is read, unless a
//! whole number lies beyond their digits. Nothing here knows how the registers get to the device.

mod number;
mod text;
mod time;

use pointcast_api::Value;

pub(crate) use number::whole_limits;

use crate::decode::{Content, Decoder, Scaling};

/// What is to be written, from the point's first register or bit on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// Coils.
    Bits(Vec<bool>),
    /// Whole registers.
    Registers(Vec<u16>),
    /// Some bits of one register. The others are not the point's own and must stay as they are.
    Part {
        /// Set where the point's bits lie.
        mask: u16,
        /// The point's bits, in their places.
        bits: u16,
    },
}

/// Why a value cannot be written to a point. The same value never becomes right by trying again.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("{found} is no value of this point: give {wanted}")]
    NotOfType { found: String, wanted: &'static str },
    #[error("{found} is out of range: give {lowest} to {highest}")]
    OutOfRange { found: Value, lowest: Value, highest: Value },
    #[error("{found} cannot be written exactly: the nearest is {nearest}")]
    NotExact { found: Value, nearest: Value },
    #[error("{found} is what the device takes for \"no value\": give another")]
    StandsForNone { found: Value },
    #[error("the text has {bytes} bytes: give at most {most}")]
    TooLong { bytes: usize, most: usize },
    #[error("the text would not read back as it is: leave {what} away")]
    NotKept { what: &'static str },
    #[error("{found:?} is no character of the point's encoding")]
    NoCharacter { found: char },
    #[error("{found} is no name of a value of this point: give {known}")]
    UnknownName { found: String, known: String },
    #[error("the register with its scale was not read yet, or holds no power of ten")]
    NoScale,
}

impl Decoder {
    /// The registers or bits that decode to `value`, to be written where [`Decoder::own`] says.
    ///
    /// A bit takes `true`, `false`, 1 and 0; a number any number, whole or not, in whichever variant it
    /// comes; a string only text; a date with time the text that it is shown as.
    ///
    /// # Errors
    /// [`EncodeError`], which says what would be right. [`EncodeError::NoScale`] where the scale lies in a
    /// register: see [`Decoder::encode_beside`].
    pub(crate) fn encode(&self, value: &Value) -> Result<Encoded, EncodeError> {
        match self {
            Self::Bit => Ok(Encoded::Bits(vec![switch(value)?])),
            Self::RegisterBit(bit) | Self::SunSpecBit(bit) => {
                let mask = 1_u16.checked_shl(u32::from(*bit)).unwrap_or_default();
                Ok(Encoded::Part { mask, bits: if switch(value)? { mask } else { 0 } })
            }
            Self::Number(number) => match &number.scaling {
                Scaling::None => number::encode(number, None, value),
                Scaling::Fixed(scale) => number::encode(number, Some(scale), value),
                Scaling::Register { .. } => Err(EncodeError::NoScale),
            },
            Self::Text(text) => text::encode(text, value).map(Encoded::Registers),
            Self::Time(time) => time::encode(time, value).map(Encoded::Registers),
            // Points of models are not writable: the configuration is refused.
            Self::OfModel(_) => Err(EncodeError::NoScale),
        }
    }

    /// As [`Decoder::encode`], with the scale that stands in `content`: what was read for the point last,
    /// from its first register on.
    ///
    /// # Errors
    /// [`EncodeError`]; [`EncodeError::NoScale`] where no scale stands there.
    pub(crate) fn encode_beside(
        &self,
        content: &Content,
        value: &Value,
    ) -> Result<Encoded, EncodeError> {
        match (self, content) {
            (Self::Number(number), Content::Registers(registers))
                if matches!(number.scaling, Scaling::Register { .. }) =>
            {
                let scale = number.scale_of(registers).flatten().ok_or(EncodeError::NoScale)?;
                number::encode(number, Some(&scale), value)
            }
            _ => self.encode(value),
        }
    }
}

/// The value that `value` means where it is one of `labels`, the names of a point's values.
///
/// Anything but text is the value itself, and so is every text where there are no names.
///
/// # Errors
/// [`EncodeError::UnknownName`], also of a name that several values have.
pub(crate) fn labelled(value: &Value, labels: &[(i64, String)]) -> Result<Value, EncodeError> {
    let Value::Text(text) = value else { return Ok(value.clone()) };
    if labels.is_empty() {
        return Ok(value.clone());
    }
    let mut named = labels.iter().filter(|(_, name)| name == text.as_str());
    match (named.next(), named.next()) {
        (Some((number, _)), None) => Ok(Value::I64(*number)),
        _ => {
            let known: Vec<_> = labels.iter().map(|(_, name)| format!("{name:?}")).collect();
            let found = pointcast_api::text::excerpt(text.as_str());
            Err(EncodeError::UnknownName { found, known: known.join(", ") })
        }
    }
}

fn switch(value: &Value) -> Result<bool, EncodeError> {
    match value {
        Value::Bool(on) => Ok(*on),
        Value::I64(0) | Value::U64(0) => Ok(false),
        Value::I64(1) | Value::U64(1) => Ok(true),
        Value::I64(_) | Value::U64(_) | Value::F32(_) | Value::F64(_) | Value::Text(_) => {
            Err(not_of_type(value, "true or false"))
        }
    }
}

fn not_of_type(value: &Value, wanted: &'static str) -> EncodeError {
    let found = match value {
        Value::Text(text) => pointcast_api::text::excerpt(text.as_str()),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F32(_) | Value::F64(_) => {
            value.to_string()
        }
    };
    EncodeError::NotOfType { found, wanted }
}

#[cfg(test)]
mod tests;
