//! Where a driver puts what it reads.

use std::time::Duration;

use crate::{DeviceIndex, Failure, PlannedRequest, Sample, UnixMs};

/// Where a driver puts what it reads. None of its calls waits: not for readers, not for I/O.
pub trait Outlet: Send + Sync {
    /// Hands over the samples of **one device reply**: they become visible together, in this order.
    ///
    /// A later sample of the same point in one batch wins. A point index that the driver never declared is a
    /// defect of the driver; the sample is dropped and logged.
    fn put(&self, samples: &[Sample]);

    /// Turns every point of a device bad at once, for a device that is lost as a whole.
    fn fail_device(&self, device: DeviceIndex, failure: Failure, time: UnixMs);

    /// Says how a device is. Call it when its state or last error changes, and otherwise at most once a second.
    fn report(&self, device: DeviceIndex, report: DeviceReport);

    /// Says what all its devices are asked for now, in place of what [`Driver::plan`](crate::Driver::plan) said or
    /// this did before. Call it when that changes, at most once a second.
    fn plan(&self, _requests: Vec<PlannedRequest>) {}
}

/// How a device is, as a whole.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeviceReport {
    /// Its state.
    pub state: DeviceState,
    /// The newest thing that went wrong, with function and address where there are such; kept after recovery.
    pub last_error: Option<String>,
    /// What happened since the gateway started.
    pub counters: DeviceCounters,
    /// Share of its channel's time this device used lately, 0 to 1, where the channel can tell; none while it is offline.
    pub utilisation: Option<f64>,
    /// Its fastest scan interval where it is longer than declared, as the device turned out to be too slow for that.
    pub scan_interval: Option<Duration>,
    /// How long the newest reply took, in milliseconds.
    pub response_ms: Option<f64>,
}

/// State of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum DeviceState {
    /// It answers, and every request succeeds.
    Online,
    /// It answers, but some requests fail.
    Degraded,
    /// It does not answer, or there is no way to it.
    #[default]
    Offline,
    /// Switched off in the configuration.
    Disabled,
}

impl DeviceState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Degraded => "degraded",
            Self::Offline => "offline",
            Self::Disabled => "disabled",
        }
    }
}

/// Counts since the gateway started. A driver keeps them across its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DeviceCounters {
    /// Requests sent, or messages and lines taken in where nothing is asked.
    pub requests: u64,
    /// Requests that no valid reply came to in time, nor would, as their link was lost under them.
    pub timeouts: u64,
    /// Exceptions: the device answered that it could not.
    pub exceptions: u64,
    /// The same by code, where the protocol has codes.
    pub exception_codes: ExceptionCounts,
    /// What was no valid reply, of whatever kind: the next three, and what cannot be told apart.
    pub malformed: u64,
    /// Of it, frames that were cut, or whose check sum was wrong, and bytes that were no frame.
    pub damaged: u64,
    /// Of it, whole frames that answer nothing that was asked: of another device, or to another request.
    pub foreign: u64,
    /// Of it, whole frames of the device that was asked, but not of the form that was asked for.
    pub misshapen: u64,
    /// What came on its channel, or broke it off, that belongs to no device that could be told: the same for each device
    /// of the channel, and in none of the above.
    pub channel_malformed: u64,
    /// Valid replies that came after their request had been given up, and were thrown away.
    pub late: u64,
}

/// Codes that are counted each by itself; Modbus has eleven.
const EXCEPTION_CODES: usize = 16;

/// How often a device answered with which exception code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ExceptionCounts([u64; EXCEPTION_CODES]);

impl ExceptionCounts {
    /// One more of `code`. Codes above 15 count as 0, which no protocol gives.
    pub fn add(&mut self, code: u8) {
        let at = usize::from(code);
        let at = if at < EXCEPTION_CODES { at } else { 0 };
        if let Some(count) = self.0.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    /// The codes that came, in order, each with how often.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u64)> {
        (0..).zip(self.0).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_counted_by_code() {
        let mut counts = ExceptionCounts::default();
        [2, 15, 2, 16, 255].into_iter().for_each(|code| counts.add(code));
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(0, 2), (2, 2), (15, 1)]);
    }
}
