//! A channel that is switched off: its devices and points are there, and nothing is ever opened.

use pointcast_api::{
    DeviceDeclaration, DeviceIndex, DeviceReport, DeviceState, Driver, Inlet, Outlet,
    PlannedRequest, PointDeclaration, PointTraits, Refused, SessionFuture, Shared, StaleAfter,
};
use tokio_util::sync::CancellationToken;

/// Stands in for the driver of a channel with `enabled = false`.
///
/// Its points wait for a first reading for ever: they never go stale, because nobody was to read them.
pub(super) struct Disabled {
    devices: Vec<DeviceDeclaration>,
    points: Vec<PointDeclaration>,
}

impl Disabled {
    /// Declares what `driver` declares.
    pub(super) fn new(driver: &dyn Driver) -> Self {
        let mut traits = Shared::default();
        let mut asleep = |point: &PointDeclaration| {
            let said = PointTraits {
                scan_interval: None,
                configured_interval: None,
                stale_after: StaleAfter::Never,
                writable: false,
                ..PointTraits::clone(point)
            };
            PointDeclaration { id: point.id.clone(), traits: traits.of(&said) }
        };
        Self {
            devices: driver.devices().to_vec(),
            points: driver.points().iter().map(&mut asleep).collect(),
        }
    }
}

impl Driver for Disabled {
    fn devices(&self) -> &[DeviceDeclaration] {
        &self.devices
    }

    fn points(&self) -> &[PointDeclaration] {
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
