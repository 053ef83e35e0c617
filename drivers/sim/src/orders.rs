//! What masters have written to the slaves. What is not written follows from the time alone.

use std::sync::{Arc, Mutex, PoisonError};

use crate::devices::{boiler, greenhouse};
use crate::signal::{SiteTime, lag};

/// What was written to every slave. Clones are handles to one store, which holds a few numbers and never more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders(Arc<Mutex<Written>>);

/// By device.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) boiler: boiler::Orders,
    pub(crate) greenhouse1: greenhouse::Orders,
    pub(crate) greenhouse2: greenhouse::Orders,
}

impl Orders {
    /// Looks at it or changes it, between two requests.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Written) -> T) -> T {
        // Every change is one assignment, so a panic elsewhere spoils nothing.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A setpoint that was written, and where the device stood then: it goes from there to what is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Setpoint {
    pub(crate) wanted: f64,
    from: f64,
    at: SiteTime,
}

impl Setpoint {
    /// Written at a moment at which the device stood at `from`.
    pub(crate) fn new(wanted: f64, from: f64, at: SiteTime) -> Self {
        Self { wanted, from, at }
    }

    /// Where the device stands at a moment, when it follows in `tau_s`.
    pub(crate) fn lagged(&self, tau_s: f64, time: SiteTime) -> f64 {
        lag(self.from, self.wanted, tau_s, time.seconds() - self.at.seconds())
    }
}
