//! How far a value may be trusted, and why not further.

use std::fmt;

/// The three qualities of the wire contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quality {
    /// Read, live and plausible.
    Good,
    /// There is a value, but with a doubt that the reason names.
    Uncertain,
    /// Not to be relied on.
    Bad,
}

impl Quality {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Uncertain => "uncertain",
            Self::Bad => "bad",
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a quality is not good. Each reason has exactly one quality, so the pair cannot contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No reading yet.
    Waiting,
    /// Not read within its `stale_after`.
    Stale,
    /// The device did not answer in time.
    Timeout,
    /// There is no connection to the device.
    NoCommunication,
    /// The device answered that it could not (an exception).
    DeviceError,
    /// NaN, ±Inf or the device's own "no value".
    NotANumber,
    /// Outside the range that the configuration gives.
    OutOfRange,
    /// Not measured: a value that stands in for the measured one.
    Substituted,
    /// The point cannot be read as it is configured.
    Configuration,
}

impl Reason {
    /// The quality this reason stands for; never good.
    #[must_use]
    pub fn quality(self) -> Quality {
        match self {
            Self::Stale | Self::OutOfRange | Self::Substituted => Quality::Uncertain,
            Self::Waiting
            | Self::Timeout
            | Self::NoCommunication
            | Self::DeviceError
            | Self::NotANumber
            | Self::Configuration => Quality::Bad,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Stale => "stale",
            Self::Timeout => "timeout",
            Self::NoCommunication => "no_communication",
            Self::DeviceError => "device_error",
            Self::NotANumber => "not_a_number",
            Self::OutOfRange => "out_of_range",
            Self::Substituted => "substituted",
            Self::Configuration => "configuration",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a reading failed. The point keeps its last value and that value's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The device did not answer in time.
    Timeout,
    /// There is no connection to the device.
    NoCommunication,
    /// The device answered that it could not.
    DeviceError,
}

impl From<Failure> for Reason {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Timeout => Self::Timeout,
            Failure::NoCommunication => Self::NoCommunication,
            Failure::DeviceError => Self::DeviceError,
        }
    }
}
