//! What is asked, and what a reply to it must look like: unit, function, byte count, and for a write the echo.
//!
//! Modbus Application Protocol V1.1b3 §6 (functions 1 to 6, 15, 16, 22, 23) and §7 (exceptions). Lengths are
//! checked here, before any parser sees the bytes; what does not match to the byte is no answer.

mod read;
mod write;

use std::fmt;

use tokio_modbus::ExceptionCode;

use crate::decode::Content;

pub(crate) use read::{MAX_REGISTERS, ReadRequest};
pub(crate) use write::{MAX_EXCHANGED_REGISTERS, MAX_WRITTEN_REGISTERS, Write, WriteRequest};

/// Set in the function code of a reply that carries an exception (§7).
const EXCEPTION_FLAG: u8 = 0x80;

/// What a link carries: one request to one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Read(ReadRequest),
    Write(WriteRequest),
}

/// A valid answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Content(Content),
    /// The echo of a write.
    Written,
    Exception(ExceptionCode),
}

/// What a whole, undamaged frame is to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    Answer(Answer),
    /// From another unit.
    Foreign,
    /// From the unit that was asked, but not what was asked for.
    Misshapen,
}

/// How much of a wire a request and its reply take: PDUs, without what a link puts around them.
pub(crate) trait WireSize {
    /// Bytes of the request.
    fn request_pdu_bytes(&self) -> usize;

    /// Bytes of the reply, if it is no exception.
    fn reply_pdu_bytes(&self) -> usize;
}

impl Request {
    pub(crate) fn unit(&self) -> u8 {
        match self {
            Self::Read(read) => read.unit,
            Self::Write(write) => write.unit,
        }
    }

    /// The function code.
    pub(crate) fn function(&self) -> u8 {
        match self {
            Self::Read(read) => read.table.function(),
            Self::Write(write) => write.function(),
        }
    }

    /// Puts the PDU behind what `frame` holds; it is the same on every link.
    pub(crate) fn put_pdu(&self, frame: &mut Vec<u8>) {
        match self {
            Self::Read(read) => frame.extend_from_slice(&read.pdu()),
            Self::Write(write) => write.put_pdu(frame),
        }
    }

    /// What a whole frame of `unit` is to this request.
    pub(crate) fn judge(&self, unit: u8, pdu: &[u8]) -> Judged {
        match self {
            Self::Read(read) => read.judge(unit, pdu),
            Self::Write(write) => write.judge(unit, pdu),
        }
    }

    /// Whether a right reply repeats the request to the byte, so that no one can tell it from an echo.
    pub(crate) fn is_repeated_by_its_reply(&self) -> bool {
        match self {
            Self::Read(_) => false,
            Self::Write(write) => write.is_repeated_by_its_reply(),
        }
    }
}

impl From<ReadRequest> for Request {
    fn from(read: ReadRequest) -> Self {
        Self::Read(read)
    }
}

impl From<WriteRequest> for Request {
    fn from(write: WriteRequest) -> Self {
        Self::Write(write)
    }
}

impl WireSize for Request {
    fn request_pdu_bytes(&self) -> usize {
        match self {
            Self::Read(read) => read.request_pdu_bytes(),
            Self::Write(write) => write.request_pdu_bytes(),
        }
    }

    fn reply_pdu_bytes(&self) -> usize {
        match self {
            Self::Read(read) => read.reply_pdu_bytes(),
            Self::Write(write) => write.reply_pdu_bytes(),
        }
    }
}

impl fmt::Display for Request {
    /// `03 holding registers 100-119`; the unit is said elsewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(read) => read.fmt(f),
            Self::Write(write) => write.fmt(f),
        }
    }
}

/// What a frame of `from` is to whoever asked `asked`, when `answer` says what it answers.
fn judged(asked: u8, from: u8, answer: impl FnOnce() -> Option<Answer>) -> Judged {
    if from != asked {
        return Judged::Foreign;
    }
    answer().map_or(Judged::Misshapen, Judged::Answer)
}

/// An exception to `function` (§7).
fn exception(function: u8, pdu: &[u8]) -> Option<Answer> {
    match pdu {
        [flagged, code] if *flagged == function | EXCEPTION_FLAG => {
            Some(Answer::Exception(ExceptionCode::new(*code)))
        }
        _ => None,
    }
}

/// `number table first-last`, as requests are told to people.
fn tell(
    f: &mut fmt::Formatter<'_>,
    function: u8,
    table: &str,
    first: u16,
    quantity: u16,
) -> fmt::Result {
    write!(f, "{function:02} {table} {first}")?;
    match u32::from(first) + u32::from(quantity) {
        end if quantity > 1 => write!(f, "-{}", end - 1),
        _ => Ok(()),
    }
}
