//! A question whose reply is nobody's value: read exception status.
//!
//! Modbus Application Protocol V1.1b3 §6.7: function 07 has no parameters, changes nothing, and is answered
//! by one byte, or by an exception where a device lacks it. Either shows that whatever was asked of the device
//! before is answered or never will be, as replies come in the order of their requests. No request for a value
//! has this function, so a late reply to it is taken for none; and the reply is longer than the request, so an
//! adapter's echo is taken for none either.

use tokio_modbus::ExceptionCode;

use crate::frame::WireSize;

const READ_EXCEPTION_STATUS: u8 = 7;
const EXCEPTION_FLAG: u8 = 0x80;

/// The request's PDU.
pub(super) const PDU: [u8; 1] = [READ_EXCEPTION_STATUS];

/// The request, as far as a wire is concerned.
pub(super) struct Fence;

impl WireSize for Fence {
    fn request_pdu_bytes(&self) -> usize {
        PDU.len()
    }

    fn reply_pdu_bytes(&self) -> usize {
        PDU.len() + 1
    }
}

/// Whether a PDU of the unit that was asked is a reply of its own to it; a gateway that speaks for it shows
/// nothing.
pub(super) fn is_reply(pdu: &[u8]) -> bool {
    let gateways = [ExceptionCode::GatewayPathUnavailable, ExceptionCode::GatewayTargetDevice];
    match pdu {
        [READ_EXCEPTION_STATUS, _] => true,
        [function, code] if *function == READ_EXCEPTION_STATUS | EXCEPTION_FLAG => {
            !gateways.contains(&ExceptionCode::new(*code))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_an_exception_are_replies_and_an_echo_is_none() {
        assert!(is_reply(&[7, 0x6D]) && is_reply(&[0x87, 1]));
        for pdu in [&PDU[..], &[], &[0x87], &[0x87, 0x0B], &[0x87, 0x0A], &[3, 2], &[7, 0, 0]] {
            assert!(!is_reply(pdu), "{pdu:?}");
        }
    }
}
