//! Text to registers.

use pointcast_api::Value;

use super::{EncodeError, not_of_type};
use crate::decode::Text;

/// All registers of `text`, what is left over filled with NUL.
pub(super) fn encode(text: &Text, value: &Value) -> Result<Vec<u16>, EncodeError> {
    let Value::Text(given) = value else { return Err(not_of_type(value, "text")) };
    let given = given.as_str();
    if given.contains('\0') {
        return Err(EncodeError::NotKept { what: "NUL" });
    }
    if given.trim_end() != given {
        return Err(EncodeError::NotKept { what: "the white space at its end" });
    }
    let mut bytes = given.as_bytes().to_vec();
    let most = usize::from(text.registers) * 2;
    if bytes.len() > most {
        return Err(EncodeError::TooLong { bytes: bytes.len(), most });
    }
    bytes.resize(most, 0);
    Ok(text.order.text_registers(&bytes))
}
