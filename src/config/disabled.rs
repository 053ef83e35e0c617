//! A channel that is switched off: its devices and points are there, and nothing is ever opened.

use std::sync::Arc;

use pointcast_api::{
    DeviceDeclaration, DeviceIndex, DeviceReport, DeviceState, Driver, Inlet, Outlet,
    PlannedRequest, PointDeclaration, Refused, SessionFuture, StaleAfter,
};
use tokio_util::sync::CancellationToken;

/// Stands in for the driver of a channel with `enabled = false`.
///
/// Its points wait for a first reading for ever: they never go stale, because nobody was to read them.
pub(super) struct Disabled {
    devices: Vec<DeviceDeclaration>,
    points: Vec<Arc<PointDeclaration>>,
}

impl Disabled {
    /// Declares what `driver` declares.
    pub(super) fn new(driver: &dyn Driver) -> Self {
        let asleep = |point: &Arc<PointDeclaration>| {
            Arc::new(PointDeclaration {
                scan_interval: None,
                configured_interval: None,
                stale_after: StaleAfter::Never,
                writable: false,
                ..point.as_ref().clone()
            })
        };
        Self {
            devices: driver.devices().to_vec(),
            points: driver.points().iter().map(asleep).collect(),
        }
    }
}

impl Driver for Disabled {
    fn devices(&self) -> &[DeviceDeclaration] {
        &self.devices
    }

    fn points(&self) -> &[Arc<PointDeclaration>] {
        &self.points
    }

    fn plan(&self) -> Vec<PlannedRequest> {
        Vec::new()
    }

    fn session<'a>(
        &'a self,
        outlet: &'a dyn Outlet,
        inlet: &'a mut Inlet,
        stop: CancellationToken,
    ) -> SessionFuture<'a> {
        Box::pin(async move {
            for (index, _) in (0..).zip(&self.devices) {
                let state = DeviceState::Disabled;
                outlet.report(DeviceIndex(index), DeviceReport { state, ..Default::default() });
            }
            loop {
                // Cancel-safe both: a token remembers, and the inlet's `next` loses no command.
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    command = inlet.next() => command.refuse(Refused::Unreachable),
                }
            }
        })
    }
}
