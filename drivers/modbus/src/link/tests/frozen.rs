//! Bytes of requests that must never change.

use super::*;
use crate::frame::{Write, WriteRequest};
use crate::link::framing::Framing;

/// A request in RTU and in ASCII.
fn encoded(request: &Request) -> (Vec<u8>, String) {
    let put_pdu = |frame: &mut Vec<u8>| request.put_pdu(frame);
    let ascii = ascii::Framer::encode(request.unit(), put_pdu);
    (framer::Framer::encode(request.unit(), put_pdu), String::from_utf8(ascii).unwrap())
}

/// The standard's request (V1.02 appendix B has the check sum's rules). Do not change this test.
#[test]
fn request_bytes_are_frozen() {
    let request = |table, first, quantity| {
        encoded(&ReadRequest { unit: 0x11, table, first, quantity }.into())
    };
    let (rtu, ascii) = request(Table::Coils, 0x13, 0x25);
    assert_eq!(rtu, [0x11, 0x01, 0x00, 0x13, 0x00, 0x25, 0x0E, 0x84]);
    assert_eq!(ascii, ":110100130025B6\r\n");
    let (rtu, ascii) = request(Table::DiscreteInputs, 0xC4, 0x16);
    assert_eq!(rtu, [0x11, 0x02, 0x00, 0xC4, 0x00, 0x16, 0xBA, 0xA9]);
    assert_eq!(ascii, ":110200C4001613\r\n");
    let (rtu, ascii) = request(Table::HoldingRegisters, 0x6B, 3);
    assert_eq!(rtu, [0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87]);
    assert_eq!(ascii, ":1103006B00037E\r\n");
    let (rtu, ascii) = request(Table::InputRegisters, 0x08, 1);
    assert_eq!(rtu, [0x11, 0x04, 0x00, 0x08, 0x00, 0x01, 0xB2, 0x98]);
    assert_eq!(ascii, ":110400080001E2\r\n");
}

/// The examples of the application protocol (§6.5, §6.6, §6.11, §6.12, §6.16) on a line. Do not change this test.
#[test]
fn rtu_write_bytes_are_frozen() {
    let frame = |first, write| encoded(&WriteRequest { unit: 0x11, first, write }.into()).0;
    assert_eq!(frame(0xAC, Write::Coil(true)), [0x11, 0x05, 0x00, 0xAC, 0xFF, 0x00, 0x4E, 0x8B]);
    assert_eq!(frame(1, Write::Register(3)), [0x11, 0x06, 0x00, 0x01, 0x00, 0x03, 0x9A, 0x9B]);
    assert_eq!(
        frame(1, Write::Registers(vec![0x000A, 0x0102])),
        [0x11, 0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02, 0xC6, 0xF0]
    );
    let coils = [true, false, true, true, false, false, true, true, true, false];
    assert_eq!(
        frame(0x13, Write::Coils(coils.to_vec())),
        [0x11, 0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01, 0xBF, 0x0B]
    );
    assert_eq!(
        frame(4, Write::Mask { and: 0x00F2, or: 0x0025 }),
        [0x11, 0x16, 0x00, 0x04, 0x00, 0xF2, 0x00, 0x25, 0x66, 0xE2]
    );
}
