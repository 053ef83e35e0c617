//! Values to registers and bits: the inverse of `decode`, for writes.
//!
//! What was encoded decodes to the value that was given, or it is refused with what would be right. The one
//! liberty: floating-point types take the nearest that they have, as for any decimal that is read, unless a
//! whole number lies beyond their digits. Nothing here knows how the registers get to the device.

// Whoever writes takes this away.
#![cfg_attr(not(test), allow(dead_code, reason = "only writes use it"))]

mod number;
mod text;

use pointcast_api::Value;

use crate::decode::Decoder;

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
}

impl Decoder {
    /// The registers or bits that decode to `value`.
    ///
    /// A bit takes `true`, `false`, 1 and 0; a number any number, whole or not, in whichever variant it
    /// comes; a string only text.
    ///
    /// # Errors
    /// [`EncodeError`], which says what would be right.
    pub(crate) fn encode(&self, value: &Value) -> Result<Encoded, EncodeError> {
        match self {
            Self::Bit => Ok(Encoded::Bits(vec![switch(value)?])),
            Self::RegisterBit(bit) => {
                let mask = 1_u16.checked_shl(u32::from(*bit)).unwrap_or_default();
                Ok(Encoded::Part { mask, bits: if switch(value)? { mask } else { 0 } })
            }
            Self::Number(number) => number::encode(number, value),
            Self::Text(text) => text::encode(text, value).map(Encoded::Registers),
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
