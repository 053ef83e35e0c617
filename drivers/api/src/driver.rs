//! The contract between the service and a driver: one driver runs one channel.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{DeviceDeclaration, DeviceIndex, Inlet, Outlet, PointDeclaration, PointIndex, Value};

/// Longest memory of a driver that is kept ([`Driver::memory`]).
pub const MAX_MEMORY_BYTES: usize = 256 * 1024;

/// What [`Driver::session`] returns.
pub type SessionFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

/// One channel: a bus, a connection or a port, with the devices on it.
///
/// The service asks for the declarations once, then calls [`session`](Self::session) again and again, never
/// two at a time. After a session ended in a fault (or a panic) it turns every point of the driver bad, waits
/// with growing patience and starts the next one. A driver therefore never sleeps to reconnect, and keeps
/// nothing of a session but what it wants to have learned: that is why a session borrows it shared.
pub trait Driver: Send + Sync + 'static {
    /// Its devices, always the same in the same order.
    fn devices(&self) -> &[DeviceDeclaration];

    /// Its points, always the same in the same order.
    fn points(&self) -> &[PointDeclaration];

    /// What it will ask its devices for, in the order of its wish, without asking.
    fn plan(&self) -> Vec<PlannedRequest>;

    /// What its predictions of time rest on, for people: `a round trip of 20 ms (round_trip_ms)`; `None` where it
    /// predicts nothing.
    fn basis(&self) -> Option<String> {
        None
    }

    /// How busy its plan keeps the channel, predicted before anything is asked; `None` where it cannot tell.
    fn utilisation(&self) -> Option<Utilisation> {
        None
    }

    /// What it learned about its devices that is to outlive the program; `None`: nothing.
    ///
    /// Text of its own making, at most [`MAX_MEMORY_BYTES`] long, or none of it is kept. The service does not look
    /// into it. Asked for now and then while a session runs, so it must neither wait nor take long.
    fn memory(&self) -> Option<String> {
        None
    }

    /// Takes in what [`memory`](Self::memory) said in an earlier run. Called at most once, before the first session.
    ///
    /// The text may be of another version of the program, of a configuration that has changed since, or damaged:
    /// what does not fit is passed over. So a driver's memory names its version and its devices.
    fn recall(&self, _memory: &str) {}

    /// Connects, reads and puts until `stop` is cancelled (`Ok`) or the channel is lost (`Err`).
    ///
    /// While it runs, it answers each command from `inlet`, if only with a refusal. A device that does not
    /// answer is no fault while the channel itself works: the driver fails that device's points and goes on.
    ///
    /// # Cancellation
    /// Dropping the future must be safe at any await; nothing is owed to a dropped session. After `stop` it
    /// ends within a second.
    fn session<'a>(
        &'a self,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
        stop: CancellationToken,
    ) -> SessionFuture<'a>;
}

/// One line of a reading plan, for people and for the API.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRequest {
    /// Which of the driver's devices is asked.
    pub device: DeviceIndex,
    /// What is asked, e.g. `03 holding registers 100-119` or `subscribe plant/line1/speed`.
    pub request: String,
    /// The same taken apart, by name, for those who lay it out in columns; the names are the driver's own and the
    /// same for all its requests. Empty where `request` says it better.
    pub parts: Vec<(&'static str, Value)>,
    /// How often, where it is asked at all.
    pub scan_interval: Option<Duration>,
    /// Predicted time on the wire, request to end of reply, where the channel can tell.
    pub wire_time: Option<Duration>,
    /// Predicted time that the channel is busy with it, until the next may begin, where the channel can tell.
    pub busy_time: Option<Duration>,
    /// Whether the device is known to refuse it: then it is asked again ever more rarely, at its interval at most.
    pub is_refused: bool,
    /// The points its reply carries.
    pub points: Vec<PointIndex>,
}

impl PlannedRequest {
    /// The share of its channel's time that it takes at its interval, predicted; `None` where nobody can tell.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let every = self.scan_interval.filter(|every| !every.is_zero())?;
        Some(self.busy_time?.as_secs_f64() / every.as_secs_f64())
    }
}

/// The share of its channel's time that a plan takes, predicted: 1 is all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Utilisation {
    /// At the scan intervals as configured; more than 1 is more than there is.
    pub configured: f64,
    /// At the intervals as revised, which are those that its points declare.
    pub revised: f64,
    /// What a plan may take.
    pub most: f64,
}

/// Why a session ended: the channel as a whole is lost. Trying again later is always right.
///
/// `doing` reads after "failed to": `open /dev/ttyUSB0`, `connect to 192.168.0.10:502`.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing}")]
pub struct Fault {
    doing: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault with its cause.
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), source: Some(source.into()) }
    }

    /// The fault and its causes in one line, for `last_error` and the log.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_explains_itself_in_one_line() {
        let fault = Fault::new("connect to 10.0.0.1:502", std::io::Error::other("no route"));
        assert_eq!(fault.explain(), "failed to connect to 10.0.0.1:502: no route");
    }
}
