//! What the simulated site offers, as tables: registers and bits, topics, and the scale's line.
//!
//! The devices encode their answers from these very tables, so the tables cannot disagree with the wire.
//! A check of the default configuration walks [`register_map`], [`topic_map`] and [`SCALE_LINE`].

use crate::devices::{boiler, greenhouse, meter, pumps, weather};

pub use crate::devices::scale::SCALE_LINE;

/// Which of the four Modbus tables (Application Protocol V1.1b3 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// Coils, read by function 01.
    Coil,
    /// Discrete inputs, read by function 02.
    Discrete,
    /// Holding registers, read by function 03.
    Holding,
    /// Input registers, read by function 04.
    Input,
}

impl Table {
    /// The word in an address such as `holding:100`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Holding => "holding",
            Self::Input => "input",
        }
    }
}

/// How a value lies in its registers. Registers themselves are big-endian, as the protocol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One coil, one discrete input, or one bit of a register (see [`MapEntry::bit`]).
    Bool,
    /// One register, two's complement.
    I16,
    /// One register.
    U16,
    /// Two registers.
    U32(WordOrder),
    /// Four registers, most significant word first.
    U64,
    /// Two registers, IEEE 754 single precision.
    F32(WordOrder),
    /// This many registers of two ASCII characters, filled up with NUL.
    Text {
        /// How many registers.
        registers: u16,
    },
}

impl Encoding {
    /// How many registers it takes; 1 for a bit.
    #[must_use]
    pub fn width(self) -> u16 {
        match self {
            Self::Bool | Self::I16 | Self::U16 => 1,
            Self::U32(_) | Self::F32(_) => 2,
            Self::U64 => 4,
            Self::Text { registers } => registers,
        }
    }

    /// The word for it in a configuration's `type`.
    #[must_use]
    pub fn type_word(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::U32(_) => "u32",
            Self::U64 => "u64",
            Self::F32(_) => "f32",
            Self::Text { .. } => "string",
        }
    }
}

/// Which register of a pair comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordOrder {
    /// Most significant register first.
    Abcd,
    /// Least significant register first.
    Cdab,
}

/// One register, register group, coil or input of one simulated slave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapEntry {
    /// Device, as in [`FaultBoard`](crate::FaultBoard) texts, e.g. `boiler`.
    pub device: &'static str,
    /// Unit id of that device on its channel.
    pub unit_id: u8,
    /// Point name below the device, e.g. `supply/temperature`.
    pub point: &'static str,
    /// Which table.
    pub table: Table,
    /// Protocol address, counted from 0.
    pub address: u16,
    /// The bit of the register that is meant, 0 the least significant; `None` for the whole.
    pub bit: Option<u8>,
    /// How the value lies there.
    pub encoding: Encoding,
    /// Engineering value = raw value × scale.
    pub scale: f64,
    /// Engineering unit, empty for none.
    pub unit: &'static str,
    /// Least and greatest engineering value it ever takes; `None` for bits, text and counters.
    pub range: Option<(f64, f64)>,
    /// Names of enumerated values.
    pub labels: &'static [(i64, &'static str)],
    /// The raw register that now and then says "no value here"; floats say it with NaN.
    pub no_value: Option<u16>,
}

/// What a topic carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicEntry {
    /// Point name below the device `weather`, e.g. `wind/speed`.
    pub point: &'static str,
    /// Topic it is published on.
    pub topic: &'static str,
    /// JSON pointer (RFC 6901) into the payload; `None` for a plain payload.
    pub pointer: Option<&'static str>,
    /// Word for the configuration's `type`.
    pub type_word: &'static str,
    /// Engineering unit, empty for none.
    pub unit: &'static str,
    /// Least and greatest value; `None` for text, booleans and counters.
    pub range: Option<(f64, f64)>,
    /// Milliseconds between two publications.
    pub every_ms: u64,
    /// Whether the broker keeps the newest for later subscribers.
    pub retained: bool,
}

/// Every entry of every Modbus slave: TCP units 1 `meter`, 2 `boiler`, 3 `pumps`; RTU units 1
/// `greenhouse1` and 2 `greenhouse2`. What lies between the entries answers exception 02.
#[must_use]
pub fn register_map() -> Vec<MapEntry> {
    let mut map = meter::map();
    map.extend(boiler::map());
    map.extend(pumps::map());
    map.extend(greenhouse::map(greenhouse::House::One));
    map.extend(greenhouse::map(greenhouse::House::Two));
    map
}

/// Everything the weather station publishes.
#[must_use]
pub fn topic_map() -> &'static [TopicEntry] {
    weather::TOPICS
}
