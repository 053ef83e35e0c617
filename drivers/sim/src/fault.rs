//! Faults on demand: which device misbehaves, and how. Switched at run time by words such as `boiler=late:300`.
//!
//! A board only says what is wanted; each device's shell does it. Nothing here touches a wire.

mod words;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use words::Word;

/// Longest delay that `late` takes.
pub const MAX_LATE_MS: u64 = 60_000;

/// Most bits that `flipped` takes.
pub const MAX_FLIPPED_BITS: u64 = 16;

/// What a device does wrong, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fault {
    /// Works as it should.
    #[default]
    Ok,
    /// Takes everything in and says nothing.
    Silent,
    /// Answers this much later than it would.
    Late(Duration),
    /// On a line: the reply's check sum is wrong (CRC, in ASCII LRC).
    WrongCrc,
    /// TCP: the reply carries a transaction id that nobody used.
    WrongTransaction,
    /// The reply is another unit's, by what it says.
    WrongUnit,
    /// So many bits of the reply are flipped, always others. TCP: in its header, but for the transaction id, as what
    /// happens to the rest nobody could tell.
    Flipped(u8),
    /// The reply ends early. TCP: two bytes short, and its MBAP header agrees. On a line: half the frame.
    Truncated,
    /// The reply comes twice, without anything between.
    Joined,
    /// Answers every request with this exception code.
    Exception(u8),
    /// Answers what would change something with this exception code, and does not do it; reads are answered.
    RefusedWrites(u8),
    /// Does what it is told and says nothing of it, as if the reply were lost; reads are answered.
    UnansweredWrites,
    /// TCP: half a reply, then the connection ends. Serial: unplugged, the port is gone while this stands.
    /// Weather: its will is published, then nothing. Broker: every connection is closed at once.
    Disconnect,
    /// Bytes that are no reply at all.
    Garbage,
    /// Scale: lines with characters flipped.
    Garbled,
    /// Scale: lines that end in the middle, without CR LF.
    Cut,
}

/// A device that faults can be asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Device {
    Meter,
    Boiler,
    Pumps,
    Greenhouse1,
    Greenhouse2,
    Scale,
    Weather,
    Broker,
}

impl Device {
    /// All of them, in the order of help texts.
    pub const ALL: [Self; 8] = [
        Self::Meter,
        Self::Boiler,
        Self::Pumps,
        Self::Greenhouse1,
        Self::Greenhouse2,
        Self::Scale,
        Self::Weather,
        Self::Broker,
    ];

    /// Its name in maps and fault texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meter => "meter",
            Self::Boiler => "boiler",
            Self::Pumps => "pumps",
            Self::Greenhouse1 => "greenhouse1",
            Self::Greenhouse2 => "greenhouse2",
            Self::Scale => "scale",
            Self::Weather => "weather",
            Self::Broker => "broker",
        }
    }

    fn words(self) -> &'static [Word] {
        match self {
            Self::Meter | Self::Boiler | Self::Pumps => words::TCP,
            Self::Greenhouse1 | Self::Greenhouse2 => words::LINE,
            Self::Scale => words::SCALE,
            Self::Weather | Self::Broker => words::MQTT,
        }
    }

    /// The words it takes behind the `=`, `ok` first, as help shows them: `late:<ms>`.
    #[must_use]
    pub fn fault_words(self) -> Vec<String> {
        let mut words = vec!["ok".to_owned()];
        words.extend(self.words().iter().map(|word| match &word.number {
            Some(number) => format!("{}:{}", word.word, number.shown),
            None => word.word.to_owned(),
        }));
        words
    }

    fn parse_fault(self, text: &str) -> Result<Fault, FaultError> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        if name == "ok" {
            return number.map_or(Ok(Fault::Ok), |_| Err(FaultError::NoNumber { word: "ok" }));
        }
        let word = self.words().iter().find(|word| word.word == name).ok_or_else(|| {
            FaultError::Unknown { device: self.name(), word: name.to_owned(), known: self.listed() }
        })?;
        match (&word.number, number) {
            (None, None) => Ok((word.make)(0)),
            (None, Some(_)) => Err(FaultError::NoNumber { word: word.word }),
            (Some(wanted), given) => given
                .and_then(|given| given.parse::<u64>().ok())
                .filter(|given| (wanted.least..=wanted.greatest).contains(given))
                .map(word.make)
                .ok_or(FaultError::Number {
                    word: word.word,
                    shown: wanted.shown,
                    least: wanted.least,
                    greatest: wanted.greatest,
                }),
        }
    }

    fn listed(self) -> String {
        self.fault_words().join(", ")
    }
}

/// Why a fault text was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It is not of the form `device=fault`.
    #[error("`{0}` is not of the form device=fault, such as boiler=late:300 or boiler=ok")]
    Form(String),
    /// There is no such device.
    #[error("there is no simulated device `{0}`; there are {known}", known = names(&Device::ALL))]
    Device(String),
    /// The device is not simulated, so that its fault would show nowhere.
    #[error("`{device}` is not simulated here; there are {known}")]
    Absent {
        /// The device.
        device: &'static str,
        /// What is simulated.
        known: String,
    },
    /// The device has no such fault.
    #[error("`{device}` knows no fault `{word}`; it knows {known}")]
    Unknown {
        /// The device.
        device: &'static str,
        /// What was asked of it.
        word: String,
        /// What could be.
        known: String,
    },
    /// The fault takes a number.
    #[error("`{word}` takes a number from {least} to {greatest}: {word}:{shown}")]
    Number {
        /// The fault.
        word: &'static str,
        /// What the number is.
        shown: &'static str,
        /// Least number it takes.
        least: u64,
        /// Greatest number it takes.
        greatest: u64,
    },
    /// The fault takes no number.
    #[error("`{word}` takes no number, nor anything else behind it")]
    NoNumber {
        /// The fault.
        word: &'static str,
    },
}

fn names(devices: &[Device]) -> String {
    devices.iter().map(|device| device.name()).collect::<Vec<_>>().join(", ")
}

type Faults = [Fault; Device::ALL.len()];

/// Which faults stand. Clones are handles to one board.
#[derive(Clone, Debug)]
pub struct FaultBoard(Arc<watch::Sender<Faults>>);

impl Default for FaultBoard {
    fn default() -> Self {
        Self::new()
    }
}

impl FaultBoard {
    /// A board on which everything works.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new([Fault::Ok; Device::ALL.len()])))
    }

    /// Sets one device's fault from its text form: `boiler=late:300`, `boiler=ok`. It holds from the
    /// device's next reply on.
    ///
    /// # Errors
    /// A text that names no device or no fault of that device, with what would be right; the board stays
    /// as it was.
    pub fn apply(&self, text: &str) -> Result<(), FaultError> {
        self.apply_among(text, &Device::ALL)
    }

    /// [`FaultBoard::apply`] where only these devices are simulated.
    ///
    /// # Errors
    /// As there, and a text that names another device.
    pub fn apply_among(&self, text: &str, simulated: &[Device]) -> Result<(), FaultError> {
        let (device, fault) =
            text.split_once('=').ok_or_else(|| FaultError::Form(text.to_owned()))?;
        let (device, fault) = (device.trim(), fault.trim());
        let device = Device::ALL
            .into_iter()
            .find(|known| known.name() == device)
            .ok_or_else(|| FaultError::Device(device.to_owned()))?;
        if !simulated.contains(&device) {
            return Err(FaultError::Absent { device: device.name(), known: names(simulated) });
        }
        self.set(device, device.parse_fault(fault)?);
        Ok(())
    }

    fn set(&self, device: Device, fault: Fault) {
        self.0.send_modify(|faults| {
            if let Some(slot) = faults.get_mut(device as usize) {
                *slot = fault;
            }
        });
    }

    /// What stands for a device now.
    #[must_use]
    pub fn of(&self, device: Device) -> Fault {
        self.0.borrow().get(device as usize).copied().unwrap_or_default()
    }

    /// Waits until `wanted` says yes to the device's fault, which may be at once.
    ///
    /// # Cancellation
    /// Safe: it only looks.
    pub async fn until(&self, device: Device, wanted: impl Fn(Fault) -> bool) {
        let mut changes = self.0.subscribe();
        let place = device as usize;
        let seen = changes
            .wait_for(|faults| wanted(faults.get(place).copied().unwrap_or_default()))
            .await
            .is_ok();
        if !seen {
            // Cannot be: this handle itself keeps the board alive.
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Display for FaultBoard {
    /// The faults that stand, as `apply` takes them, separated by a space; `ok` when there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = *self.0.borrow();
        let mut stands =
            Device::ALL.into_iter().zip(faults).filter(|(_, fault)| *fault != Fault::Ok);
        let Some((device, fault)) = stands.next() else {
            return f.write_str("ok");
        };
        write!(f, "{}={fault}", device.name())?;
        stands.try_for_each(|(device, fault)| write!(f, " {}={fault}", device.name()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Silent => f.write_str("silent"),
            Self::Late(by) => write!(f, "late:{}", by.as_millis()),
            Self::WrongCrc => f.write_str("wrong-crc"),
            Self::WrongUnit => f.write_str("wrong-unit"),
            Self::Flipped(bits) => write!(f, "flipped:{bits}"),
            Self::Joined => f.write_str("joined"),
            Self::WrongTransaction => f.write_str("wrong-transaction"),
            Self::Truncated => f.write_str("truncated"),
            Self::Exception(code) => write!(f, "exception:{code}"),
            Self::RefusedWrites(code) => write!(f, "write-exception:{code}"),
            Self::UnansweredWrites => f.write_str("write-silent"),
            Self::Disconnect => f.write_str("disconnect"),
            Self::Garbage => f.write_str("garbage"),
            Self::Garbled => f.write_str("garbled"),
            Self::Cut => f.write_str("cut"),
        }
    }
}

#[cfg(test)]
mod tests;
