//! A simulated bus: units whose every register is a function of its place, and whatever goes wrong.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

use crate::address::Table;
use crate::crc::{crc, is_whole};
use crate::frame::ReadRequest;
use crate::line::Coding;
use crate::link::timing::Path;

/// How frames look on the bus, and what is between it and the master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Tcp,
    Rtu,
    RtuOverTcp,
    Ascii,
    AsciiOverTcp,
}

impl Wire {
    pub(crate) const ALL: [Self; 5] =
        [Self::Tcp, Self::Rtu, Self::RtuOverTcp, Self::Ascii, Self::AsciiOverTcp];

    /// Where a frame says nothing of the request that it answers.
    pub(crate) const SERIAL: [Self; 4] =
        [Self::Rtu, Self::RtuOverTcp, Self::Ascii, Self::AsciiOverTcp];

    pub(crate) fn coding(self) -> Option<Coding> {
        match self {
            Self::Tcp => None,
            Self::Rtu | Self::RtuOverTcp => Some(Coding::Rtu),
            Self::Ascii | Self::AsciiOverTcp => Some(Coding::Ascii),
        }
    }

    /// Between master and line.
    pub(crate) fn path(self) -> Path {
        match self {
            Self::Rtu | Self::Ascii => Path::Port,
            Self::Tcp | Self::RtuOverTcp | Self::AsciiOverTcp => Path::Network,
        }
    }

    /// How long the request is that `received` begins with, once that is known.
    pub(crate) fn length(self, received: &[u8]) -> Option<usize> {
        match self {
            Self::Tcp => Some(6 + usize::from(*received.get(5)?)),
            Self::Rtu | Self::RtuOverTcp => Some(match received.get(1)? {
                1..=6 => 8,
                7 => 4,
                15 | 16 => 9 + usize::from(*received.get(6)?),
                22 => 10,
                23 => 13 + usize::from(*received.get(10)?),
                other => panic!("function {other}"),
            }),
            Self::Ascii | Self::AsciiOverTcp => {
                received.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
            }
        }
    }

    /// Transaction, unit and PDU of a whole request.
    pub(crate) fn unwrap(self, frame: &[u8]) -> (u16, u8, Vec<u8>) {
        let unit_and_pdu = match self {
            Self::Tcp => {
                assert_eq!(frame[2..5], [0, 0, 0], "{frame:02X?}");
                frame[6..].to_vec()
            }
            Self::Rtu | Self::RtuOverTcp => {
                assert!(is_whole(frame), "{frame:02X?}");
                frame[..frame.len() - 2].to_vec()
            }
            Self::Ascii | Self::AsciiOverTcp => {
                let text = std::str::from_utf8(frame).unwrap();
                let hex = text.strip_prefix(':').unwrap().strip_suffix("\r\n").unwrap();
                let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                let decoded: Vec<u8> = (0..hex.len() - 2).step_by(2).map(byte).collect();
                assert_eq!(Incoming::ascii_frame_of(decoded[0], &decoded[1..]), frame, "{text}");
                decoded
            }
        };
        let transaction = u16::from_be_bytes([frame[0], frame[1]]);
        (transaction, unit_and_pdu[0], unit_and_pdu[1..].to_vec())
    }
}

/// A request as a unit sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming {
    pub(crate) wire: Wire,
    pub(crate) transaction: u16,
    pub(crate) request: ReadRequest,
    /// Function 07 instead, which asks for no value.
    pub(crate) is_fence: bool,
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
        if self.is_fence {
            return vec![7, 0x6D];
        }
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
            Wire::Rtu | Wire::RtuOverTcp => Self::frame_of(unit, pdu),
            Wire::Ascii | Wire::AsciiOverTcp => Self::ascii_frame_of(unit, pdu),
        }
    }

    /// The ASCII frame around a PDU.
    pub(crate) fn ascii_frame_of(unit: u8, pdu: &[u8]) -> Vec<u8> {
        let bytes = [&[unit][..], pdu].concat();
        let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        format!(":{hex}{:02X}\r\n", (256 - sum % 256) % 256).into_bytes()
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
        let function = if self.is_fence { 7 } else { self.request.table.function() };
        self.frame(self.request.unit, &[function | 0x80, code])
    }

    fn parse(wire: Wire, bytes: &[u8]) -> Self {
        let (transaction, unit, pdu) = wire.unwrap(bytes);
        let table = match pdu[0] {
            1 => Table::Coils,
            2 => Table::DiscreteInputs,
            3 => Table::HoldingRegisters,
            4 => Table::InputRegisters,
            7 => {
                let request = ReadRequest { unit, table: Table::Coils, first: 0, quantity: 0 };
                return Self { wire, transaction, request, is_fence: true };
            }
            other => panic!("function {other}"),
        };
        let word = |at: usize| u16::from_be_bytes([pdu[at], pdu[at + 1]]);
        let request = ReadRequest { unit, table, first: word(1), quantity: word(3) };
        Self { wire, transaction, request, is_fence: false }
    }
}

/// Serves a bus until the other end goes: `answer` says what appears on it after each request, and when.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    wire: Wire,
    mut answer: impl FnMut(Incoming) -> Vec<Sent>,
) {
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
        while let Some(length) = wire.length(&received)
            && received.len() >= length
        {
            let request: Vec<u8> = received.drain(..length).collect();
            let now = Instant::now();
            let sent = answer(Incoming::parse(wire, &request));
            pending.extend(sent.into_iter().map(|(after, bytes)| (now + after, bytes)));
        }
    }
}
