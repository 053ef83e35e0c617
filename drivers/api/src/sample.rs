//! One reading of one point.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Failure, PointIndex, Value};

/// Milliseconds since 1970-01-01 UTC by the gateway's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct UnixMs(pub u64);

impl UnixMs {
    /// The clock's time now; 0 for a clock set before 1970.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// What a reading brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A live, plausible value.
    Good(Value),
    /// A value outside its configured range: uncertain, `out_of_range`.
    OutOfRange(Value),
    /// A value that was not measured: uncertain, `substituted`.
    Substituted(Value),
    /// A value whose age nobody knows, such as a retained MQTT message: uncertain, `stale`.
    OfUnknownAge(Value),
    /// The device answered, but with NaN, ±Inf or its "no value": bad, `not_a_number`, value `null`.
    NotANumber,
    /// No answer, or a refusal: bad, and the last value stays with its own time.
    Failed(Failure),
}

/// One reading of one point, with the time its reply arrived (or the device's own, where configured).
///
/// `time` says nothing for [`Reading::Failed`] but when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which of the driver's declared points.
    pub point: PointIndex,
    /// What was read.
    pub reading: Reading,
    /// Source timestamp.
    pub time: UnixMs,
}
