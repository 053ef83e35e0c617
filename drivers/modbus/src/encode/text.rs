//! Text to registers.

use pointcast_api::Value;

use super::{EncodeError, not_of_type};
use crate::decode::{Encoding, Padding, Text};

/// All registers of `text`, what is left over filled up.
pub(super) fn encode(text: &Text, value: &Value) -> Result<Vec<u16>, EncodeError> {
    let Value::Text(given) = value else { return Err(not_of_type(value, "text")) };
    let given = given.as_str();
    if given.contains('\0') {
        return Err(EncodeError::NotKept { what: "NUL" });
    }
    if given.trim_end() != given {
        return Err(EncodeError::NotKept { what: "the white space at its end" });
    }
    if given.is_empty() && text.empty_is_none {
        return Err(EncodeError::StandsForNone { found: value.clone() });
    }
    let padding = match text.padding {
        Padding::Nul => 0,
        Padding::Space => b' ',
    };
    let most = usize::from(text.registers) * 2;
    if text.encoding == Encoding::Utf16 {
        let mut units: Vec<u16> = given.encode_utf16().collect();
        if units.len() * 2 > most {
            return Err(EncodeError::TooLong { bytes: units.len() * 2, most });
        }
        units.resize(text.registers.into(), padding.into());
        return Ok(units.into_iter().map(|unit| text.unit(unit)).collect());
    }
    let mut bytes = match text.encoding {
        Encoding::Utf8 | Encoding::Utf16 => given.as_bytes().to_vec(),
        Encoding::Latin1 => {
            let byte = |c: char| u8::try_from(c).map_err(|_| EncodeError::NoCharacter { found: c });
            given.chars().map(byte).collect::<Result<_, _>>()?
        }
    };
    if bytes.len() > most {
        return Err(EncodeError::TooLong { bytes: bytes.len(), most });
    }
    bytes.resize(most, padding);
    Ok(text.order.text_registers(&bytes))
}
