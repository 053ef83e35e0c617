//! A simulated bus: units whose every register is a function of its place, and whatever goes wrong.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

use crate::address::Table;
use crate::crc::{crc, is_whole};
use crate::frame::ReadRequest;

/// How frames look on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Tcp,
    Rtu,
}

/// A request as a unit sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming {
    pub(crate) wire: Wire,
    pub(crate) transaction: u16,
    pub(crate) request: ReadRequest,
}

/// Something that appears on the bus so long after the request.
pub(crate) type Sent = (Duration, Vec<u8>);

/// What a register or bit (0 or 1) holds, for ever.
pub(crate) fn truth(unit: u8, table: Table, at: u16) -> u16 {
    let mixed = u64::from(unit) << 32 | u64::from(table.function()) << 24 | u64::from(at);
    let mixed = (mixed ^ 0x5851_F42D_4C95_7F2D).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let [high, low, ..] = (mixed ^ mixed >> 29).to_be_bytes();
    let register = u16::from_be_bytes([high, low]);
    if table.is_bits() { register & 1 } else { register }
}

impl Incoming {
    /// The right reply's PDU.
    pub(crate) fn pdu(&self) -> Vec<u8> {
        let ReadRequest { unit, table, first, quantity } = self.request;
        let values = (0..quantity).map(|at| truth(unit, table, first.wrapping_add(at)));
        let content: Vec<u8> = if table.is_bits() {
            let bits: Vec<u16> = values.collect();
            let byte = |bits: &[u16]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
            bits.chunks(8).map(|bits| u8::try_from(byte(bits)).unwrap()).collect()
        } else {
            values.flat_map(u16::to_be_bytes).collect()
        };
        [vec![table.function(), u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// The frame around a PDU.
    pub(crate) fn frame(&self, unit: u8, pdu: &[u8]) -> Vec<u8> {
        match self.wire {
            Wire::Tcp => {
                let length = u16::try_from(pdu.len() + 1).unwrap().to_be_bytes();
                let prefix = [self.transaction.to_be_bytes(), [0, 0], length].concat();
                [prefix, vec![unit], pdu.to_vec()].concat()
            }
            Wire::Rtu => Self::frame_of(unit, pdu),
        }
    }

    /// The RTU frame around a PDU.
    pub(crate) fn frame_of(unit: u8, pdu: &[u8]) -> Vec<u8> {
        let mut frame = [vec![unit], pdu.to_vec()].concat();
        frame.extend(crc(&frame.clone()));
        frame
    }

    /// The right reply.
    pub(crate) fn reply(&self) -> Vec<u8> {
        self.frame(self.request.unit, &self.pdu())
    }

    /// A refusal.
    pub(crate) fn exception(&self, code: u8) -> Vec<u8> {
        self.frame(self.request.unit, &[self.request.table.function() | 0x80, code])
    }

    fn parse(wire: Wire, bytes: &[u8]) -> Self {
        let (transaction, unit_and_pdu) = match wire {
            Wire::Tcp => {
                assert_eq!(bytes[2..6], [0, 0, 0, 6], "{bytes:02X?}");
                (u16::from_be_bytes([bytes[0], bytes[1]]), &bytes[6..])
            }
            Wire::Rtu => {
                assert!(is_whole(bytes), "{bytes:02X?}");
                (0, &bytes[..6])
            }
        };
        let table = match unit_and_pdu[1] {
            1 => Table::Coils,
            2 => Table::DiscreteInputs,
            3 => Table::HoldingRegisters,
            4 => Table::InputRegisters,
            other => panic!("function {other}"),
        };
        let word = |at: usize| u16::from_be_bytes([unit_and_pdu[at], unit_and_pdu[at + 1]]);
        let request =
            ReadRequest { unit: unit_and_pdu[0], table, first: word(2), quantity: word(4) };
        Self { wire, transaction, request }
    }
}

/// Serves a bus until the other end goes: `answer` says what appears on it after each request, and when.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    wire: Wire,
    mut answer: impl FnMut(Incoming) -> Vec<Sent>,
) {
    let length = if wire == Wire::Tcp { 12 } else { 8 };
    let (mut received, mut pending) = (Vec::new(), Vec::<(Instant, Vec<u8>)>::new());
    loop {
        let next = pending.iter().map(|(at, _)| *at).min();
        let mut chunk = [0; 64];
        tokio::select! {
            read = stream.read(&mut chunk) => match read {
                Ok(0) | Err(_) => return,
                Ok(count) => received.extend_from_slice(&chunk[..count]),
            },
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                let at = pending.iter().position(|(at, _)| Some(*at) == next).unwrap();
                let (_, bytes) = pending.remove(at);
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
        while received.len() >= length {
            let request: Vec<u8> = received.drain(..length).collect();
            let now = Instant::now();
            let sent = answer(Incoming::parse(wire, &request));
            pending.extend(sent.into_iter().map(|(after, bytes)| (now + after, bytes)));
        }
    }
}
