//! A simulated bus whose units keep what they are given.

use std::collections::HashMap;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

use super::bus::{Incoming, Sent, Wire};

/// A request as it reached the bus.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) unit: u8,
    pub(crate) pdu: Vec<u8>,
    pub(crate) wire: Wire,
    pub(crate) transaction: u16,
}

impl Heard {
    /// Whether it changes something.
    pub(crate) fn writes(&self) -> bool {
        !matches!(self.pdu[0], 1..=4 | 7)
    }

    /// The frame around a reply.
    pub(crate) fn frame(&self, pdu: &[u8]) -> Vec<u8> {
        match self.wire {
            Wire::Rtu | Wire::RtuOverTcp => Incoming::frame_of(self.unit, pdu),
            Wire::Ascii | Wire::AsciiOverTcp => Incoming::ascii_frame_of(self.unit, pdu),
            Wire::Tcp => {
                let length = u16::try_from(pdu.len() + 1).unwrap().to_be_bytes();
                let prefix = [self.transaction.to_be_bytes(), [0, 0], length].concat();
                [prefix, vec![self.unit], pdu.to_vec()].concat()
            }
        }
    }

    pub(crate) fn exception(&self, code: u8) -> Vec<u8> {
        self.frame(&[self.pdu[0] | 0x80, code])
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.pdu[at], self.pdu[at + 1]])
    }
}

/// What all units hold: 0 where nothing was written.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) registers: HashMap<(u8, u16), u16>,
    pub(crate) coils: HashMap<(u8, u16), bool>,
}

impl Memory {
    /// Does what a request says; the right reply's PDU.
    pub(crate) fn answer(&mut self, heard: &Heard) -> Vec<u8> {
        let (pdu, first) = (&heard.pdu, heard.word(1));
        match pdu[0] {
            1 | 2 => self.coils(heard.unit, first, heard.word(3), pdu[0]),
            3 | 4 => self.read(heard.unit, first, heard.word(3), pdu[0]),
            5 => {
                self.coils.insert((heard.unit, first), pdu[3] == 0xFF);
                pdu.clone()
            }
            6 => {
                self.registers.insert((heard.unit, first), heard.word(3));
                pdu.clone()
            }
            15 => {
                for at in 0..heard.word(3) {
                    let byte = pdu[6 + usize::from(at / 8)];
                    self.coils.insert((heard.unit, first + at), byte >> (at % 8) & 1 == 1);
                }
                pdu[..5].to_vec()
            }
            16 => {
                self.write(heard.unit, first, &pdu[6..]);
                pdu[..5].to_vec()
            }
            7 => vec![7, 0],
            22 => {
                let register = self.registers.entry((heard.unit, first)).or_default();
                let (and, or) = (heard.word(3), heard.word(5));
                *register = *register & and | or & !and;
                pdu.clone()
            }
            23 => {
                self.write(heard.unit, heard.word(5), &pdu[10..]);
                self.read(heard.unit, first, heard.word(3), 23)
            }
            other => vec![other | 0x80, 1],
        }
    }

    fn write(&mut self, unit: u8, first: u16, bytes: &[u8]) {
        for (at, pair) in (first..).zip(bytes.chunks(2)) {
            self.registers.insert((unit, at), u16::from_be_bytes([pair[0], pair[1]]));
        }
    }

    fn read(&self, unit: u8, first: u16, quantity: u16, function: u8) -> Vec<u8> {
        let register = |at| self.registers.get(&(unit, at)).copied().unwrap_or_default();
        let content = (first..first + quantity).flat_map(|at| register(at).to_be_bytes());
        [function, u8::try_from(quantity * 2).unwrap()].into_iter().chain(content).collect()
    }

    fn coils(&self, unit: u8, first: u16, quantity: u16, function: u8) -> Vec<u8> {
        let mut content = vec![0; usize::from(quantity.div_ceil(8))];
        for at in (0..quantity).filter(|at| self.coils.get(&(unit, first + at)) == Some(&true)) {
            content[usize::from(at / 8)] |= 1 << (at % 8);
        }
        [vec![function, u8::try_from(content.len()).unwrap()], content].concat()
    }
}

/// Serves a bus until the other end goes: `react` says what appears on it after each request, and when.
pub(crate) async fn serve_writes(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    wire: Wire,
    mut react: impl FnMut(&Heard) -> Vec<Sent>,
) {
    let (mut received, mut pending) = (Vec::new(), Vec::<(Instant, Vec<u8>)>::new());
    loop {
        let next = pending.iter().map(|(at, _)| *at).min();
        let mut chunk = [0; 512];
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
        while let Some(heard) = take(&mut received, wire) {
            let sent = react(&heard);
            pending.extend(sent.into_iter().map(|(after, bytes)| (heard.at + after, bytes)));
        }
    }
}

/// A reply of a device that thinks for so long.
pub(crate) fn after(delay_ms: u64, frame: Vec<u8>) -> Vec<Sent> {
    vec![(Duration::from_millis(delay_ms), frame)]
}

fn take(received: &mut Vec<u8>, wire: Wire) -> Option<Heard> {
    let length = wire.length(received).filter(|length| received.len() >= *length)?;
    let frame: Vec<u8> = received.drain(..length).collect();
    let (transaction, unit, pdu) = wire.unwrap(&frame);
    Some(Heard { at: Instant::now(), unit, pdu, wire, transaction })
}
