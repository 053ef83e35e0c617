//! The words for faults, and which device knows which.

use std::time::Duration;

use super::{Fault, MAX_FLIPPED_BITS, MAX_LATE_MS};

/// A kind of fault as a word.
pub(super) struct Word {
    /// The word, before a colon if it takes a number.
    pub(super) word: &'static str,
    /// What the number is, where it takes one.
    pub(super) number: Option<Number>,
    pub(super) make: fn(u64) -> Fault,
}

pub(super) struct Number {
    pub(super) shown: &'static str,
    pub(super) least: u64,
    pub(super) greatest: u64,
}

const SILENT: Word = plain("silent", |_| Fault::Silent);
const TRUNCATED: Word = plain("truncated", |_| Fault::Truncated);
const DISCONNECT: Word = plain("disconnect", |_| Fault::Disconnect);
const GARBAGE: Word = plain("garbage", |_| Fault::Garbage);
const LATE: Word = Word {
    word: "late",
    number: Some(Number { shown: "<ms>", least: 1, greatest: MAX_LATE_MS }),
    make: |ms| Fault::Late(Duration::from_millis(ms)),
};
const EXCEPTION: Word = Word {
    word: "exception",
    number: Some(Number { shown: "<code>", least: 1, greatest: 255 }),
    make: |code| Fault::Exception(u8::try_from(code).unwrap_or(u8::MAX)),
};

const WRITE_EXCEPTION: Word = Word {
    word: "write-exception",
    number: Some(Number { shown: "<code>", least: 1, greatest: 255 }),
    make: |code| Fault::RefusedWrites(u8::try_from(code).unwrap_or(u8::MAX)),
};
const WRITE_SILENT: Word = plain("write-silent", |_| Fault::UnansweredWrites);

const FLIPPED: Word = Word {
    word: "flipped",
    number: Some(Number { shown: "<bits>", least: 1, greatest: MAX_FLIPPED_BITS }),
    make: |bits| Fault::Flipped(u8::try_from(bits).unwrap_or(u8::MAX)),
};
const JOINED: Word = plain("joined", |_| Fault::Joined);
const WRONG_UNIT: Word = plain("wrong-unit", |_| Fault::WrongUnit);

const fn plain(word: &'static str, make: fn(u64) -> Fault) -> Word {
    Word { word, number: None, make }
}

/// What a slave can do wrong, and what is wrong with what guards its frames.
const fn modbus(guard: Word) -> [Word; 12] {
    [
        SILENT,
        LATE,
        guard,
        WRONG_UNIT,
        FLIPPED,
        TRUNCATED,
        JOINED,
        EXCEPTION,
        WRITE_EXCEPTION,
        WRITE_SILENT,
        DISCONNECT,
        GARBAGE,
    ]
}

pub(super) static TCP: &[Word] = &modbus(plain("wrong-transaction", |_| Fault::WrongTransaction));
pub(super) static LINE: &[Word] = &modbus(plain("wrong-crc", |_| Fault::WrongCrc));
pub(super) static SCALE: &[Word] =
    &[SILENT, plain("garbled", |_| Fault::Garbled), plain("cut", |_| Fault::Cut), DISCONNECT];
pub(super) static MQTT: &[Word] = &[SILENT, DISCONNECT];
