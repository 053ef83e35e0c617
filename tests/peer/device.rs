//! A Modbus TCP device that a test plays: it holds exactly the registers that the test sets, and falls silent or
//! refuses when the test says so.
//!
//! MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.3, and Modbus Application Protocol V1.1b3 §6.3, §6.6 and
//! §6.12: it knows functions 3, 6 and 16. A request is answered under the same lock under which registers are set, so
//! that one reply is one moment. It remembers everything that it was told to change, whatever it made of it.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How a unit behaves when it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Answers,
    /// It takes the request and says nothing.
    Silent,
    /// It answers with an exception: illegal data address.
    Refuses,
    /// It answers reads, and writes with an exception: illegal data value.
    RefusesWrites,
}

/// One unit behind the address.
#[derive(Debug, Default)]
pub struct Unit {
    holding: HashMap<u16, u16>,
    pub mood: Mood,
    /// Requests that were answered with registers.
    pub answered: u64,
    /// What it does to itself after each answer: these registers count up together, as one 32-bit number each.
    pub counting: Vec<u16>,
    /// What it was told to change, in order: the first register and what they were to hold.
    pub told: Vec<(u16, Vec<u16>)>,
    /// It keeps no more than this in a register, whatever it is told.
    pub keeps_at_most: Option<u16>,
}

impl Unit {
    /// Sets registers from `first` on.
    pub fn set(&mut self, first: u16, words: &[u16]) {
        self.holding.extend((first..).zip(words.iter().copied()));
    }

    /// A 32-bit number, high word first.
    pub fn set_i32(&mut self, first: u16, number: i32) {
        self.set(first, &words(&number.to_be_bytes()));
    }

    /// A 64-bit float, high word first.
    pub fn set_f64(&mut self, first: u16, number: f64) {
        self.set(first, &words(&number.to_be_bytes()));
    }

    /// A register as it stands.
    pub fn get(&self, at: u16) -> u16 {
        self.holding.get(&at).copied().unwrap_or(0)
    }

    /// Takes what it is told to hold.
    fn take(&mut self, first: u16, words: &[u16]) {
        let most = self.keeps_at_most.unwrap_or(u16::MAX);
        let kept: Vec<u16> = words.iter().map(|word| (*word).min(most)).collect();
        self.set(first, &kept);
    }

    fn count_up(&mut self) {
        for first in self.counting.clone() {
            let number = (u32::from(self.get(first)) << 16) | u32::from(self.get(first + 1));
            self.set(first, &words(&(number + 1).to_be_bytes()));
        }
    }
}

/// Bytes as registers, the first byte the more significant.
pub fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1])).collect()
}

/// The device. Its threads end with the connections they serve.
#[derive(Clone)]
pub struct Device {
    units: Arc<Mutex<HashMap<u8, Unit>>>,
}

impl Device {
    /// Listens at `address`. A unit that was never mentioned answers that all its registers are zero.
    pub fn listen(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| {
            panic!("the played device cannot listen at {address}: {error}");
        });
        let device = Self { units: Arc::default() };
        let played = device.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let played = played.clone();
                thread::spawn(move || played.serve(stream));
            }
        });
        device
    }

    /// Looks at a unit or changes it, between two of its replies.
    pub fn with<T>(&self, unit: u8, act: impl FnOnce(&mut Unit) -> T) -> T {
        act(self.units.lock().unwrap().entry(unit).or_default())
    }

    fn serve(&self, mut stream: TcpStream) {
        let _best_effort = stream.set_nodelay(true);
        let mut prefix = [0; 6];
        while stream.read_exact(&mut prefix).is_ok() {
            let mut rest = vec![0; usize::from(prefix[5])];
            if stream.read_exact(&mut rest).is_err() {
                break;
            }
            let Some(reply) = self.reply([prefix[0], prefix[1]], &rest) else { continue };
            if stream.write_all(&reply).is_err() {
                break;
            }
        }
    }

    /// What is said to a request of a unit id and a PDU.
    fn reply(&self, [t1, t2]: [u8; 2], request: &[u8]) -> Option<Vec<u8>> {
        let &[unit, function, a1, a2, c1, c2, ref data @ ..] = request else {
            panic!("the played device does not know the request {request:02x?}");
        };
        let (first, count) = (u16::from_be_bytes([a1, a2]), u16::from_be_bytes([c1, c2]));
        let told = match function {
            6 => Some(vec![count]),
            16 => Some(words(&data[1..])),
            _ => None,
        };
        let body = self.with(unit, |played| {
            played.told.extend(told.clone().map(|told| (first, told)));
            match (played.mood, told) {
                (Mood::Silent, _) => None,
                (Mood::RefusesWrites, Some(_)) => Some(vec![function | 0x80, 3]),
                (Mood::Answers, Some(told)) => {
                    played.take(first, &told);
                    Some(vec![function, a1, a2, c1, c2])
                }
                (Mood::Answers | Mood::RefusesWrites, None) if function == 3 => {
                    let data: Vec<u8> = (first..first + count)
                        .flat_map(|at| played.get(at).to_be_bytes())
                        .collect();
                    played.answered += 1;
                    played.count_up();
                    let length = u8::try_from(data.len()).unwrap();
                    Some([&[function, length][..], &data].concat())
                }
                (Mood::Answers | Mood::RefusesWrites | Mood::Refuses, _) => {
                    Some(vec![function | 0x80, 2])
                }
            }
        })?;
        let [l1, l2] = u16::try_from(body.len() + 1).unwrap().to_be_bytes();
        Some([&[t1, t2, 0, 0, l1, l2, unit][..], &body].concat())
    }
}
