//! How a driver's devices are: kept across its sessions, told when it matters.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{DeviceIndex, DeviceReport, DeviceState, Outlet};

/// Most changes of one device's state told at once between two calls of [`Reports::tell`]. A device that goes
/// to and fro faster is told with the others, or every dashboard and log would hear each of its messages.
const CHANGES_AT_ONCE: u32 = 3;

/// The newest report of each device, and what the outlet was told of it.
///
/// A change of state is told at once (of a device that goes to and fro, the first three), everything else when [`tell`](Self::tell) is called, which a session
/// does once a second. Counters live as long as the driver.
#[derive(Debug)]
pub struct Reports(Mutex<Vec<Slot>>);

#[derive(Clone, Debug, Default)]
struct Slot {
    newest: DeviceReport,
    told: Option<DeviceReport>,
    /// Changes told at once since the last telling of everything.
    at_once: u32,
}

impl Reports {
    /// Every one of `devices` devices offline, with nothing counted yet.
    #[must_use]
    pub fn new(devices: usize) -> Self {
        Self(Mutex::new(vec![Slot::default(); devices]))
    }

    /// Changes the report of `device`, and tells it if its state is another now.
    pub fn update(
        &self,
        outlet: &dyn Outlet,
        device: DeviceIndex,
        change: impl FnOnce(&mut DeviceReport),
    ) {
        let due = {
            let mut slots = self.slots();
            let Some(slot) = slots.get_mut(device.at()) else { return };
            change(&mut slot.newest);
            slot.forget_use();
            let told = slot.told.as_ref().map(|report| report.state);
            let is_due = told != Some(slot.newest.state) && slot.at_once < CHANGES_AT_ONCE;
            slot.at_once += u32::from(is_due);
            is_due.then(|| slot.take())
        };
        if let Some(report) = due {
            outlet.report(device, report);
        }
    }

    /// Tells every report that is not as it was last told.
    pub fn tell(&self, outlet: &dyn Outlet) {
        let due: Vec<_> = (0..)
            .map(DeviceIndex)
            .zip(self.slots().iter_mut())
            .filter_map(|(device, slot)| {
                slot.at_once = 0;
                (slot.told.as_ref() != Some(&slot.newest)).then_some((device, slot))
            })
            .map(|(device, slot)| (device, slot.take()))
            .collect();
        for (device, report) in due {
            outlet.report(device, report);
        }
    }

    /// Changes the report of every device; it is told with the others, by [`tell`](Self::tell).
    pub fn update_all(&self, change: impl Fn(&mut DeviceReport)) {
        self.slots().iter_mut().for_each(|slot| change(&mut slot.newest));
    }

    /// Turns every device offline and tells so: at the begin of a session, and at its end with the reason.
    pub fn all_offline(&self, outlet: &dyn Outlet, error: Option<&str>) {
        for slot in self.slots().iter_mut() {
            slot.newest.state = DeviceState::Offline;
            slot.forget_use();
            slot.told = None;
            if let Some(error) = error {
                slot.newest.last_error = Some(error.to_owned());
            }
        }
        self.tell(outlet);
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        // A report is whole after every line of the sections above, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Who is offline uses nothing that would be worth knowing: what was measured before is not what is now.
    fn forget_use(&mut self) {
        if self.newest.state == DeviceState::Offline {
            self.newest.utilisation = None;
        }
    }

    fn take(&mut self) -> DeviceReport {
        self.told = Some(self.newest.clone());
        self.newest.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, Sample, UnixMs};

    #[derive(Default)]
    struct Heard(Mutex<Vec<(u32, DeviceReport)>>);

    impl Outlet for Heard {
        fn put(&self, _: &[Sample]) {}
        fn fail_device(&self, _: DeviceIndex, _: Failure, _: UnixMs) {}
        fn report(&self, device: DeviceIndex, report: DeviceReport) {
            self.0.lock().unwrap().push((device.0, report));
        }
    }

    impl Heard {
        fn take(&self) -> Vec<(u32, DeviceState, u64)> {
            let heard = std::mem::take(&mut *self.0.lock().unwrap());
            heard.into_iter().map(|(at, r)| (at, r.state, r.counters.requests)).collect()
        }
    }

    #[test]
    fn a_change_of_state_is_told_at_once_and_counts_when_asked() {
        let (heard, reports) = (Heard::default(), Reports::new(2));
        reports.all_offline(&heard, None);
        assert_eq!(heard.take(), [(0, DeviceState::Offline, 0), (1, DeviceState::Offline, 0)]);
        reports.update(&heard, DeviceIndex(1), |report| report.counters.requests += 1);
        assert_eq!(heard.take(), []);
        reports.tell(&heard);
        assert_eq!(heard.take(), [(1, DeviceState::Offline, 1)]);
        reports.tell(&heard);
        assert_eq!(heard.take(), []);
        reports.update(&heard, DeviceIndex(1), |report| report.state = DeviceState::Online);
        assert_eq!(heard.take(), [(1, DeviceState::Online, 1)]);
        reports.all_offline(&heard, Some("failed to open /dev/ttyS9"));
        assert_eq!(heard.take(), [(0, DeviceState::Offline, 0), (1, DeviceState::Offline, 1)]);
    }

    #[test]
    fn a_device_that_goes_to_and_fro_is_told_a_few_times_and_then_as_it_is() {
        let (heard, reports) = (Heard::default(), Reports::new(1));
        for round in 1..=3 {
            for _ in 0..1000 {
                for state in [DeviceState::Online, DeviceState::Degraded] {
                    reports.update(&heard, DeviceIndex(0), |report| {
                        report.counters.requests += 1;
                        report.state = state;
                    });
                }
            }
            reports.tell(&heard);
            let told = heard.take();
            let newest = (0, DeviceState::Degraded, round * 2000);
            assert_eq!((told.len(), told.last()), (4, Some(&newest)), "{round}: {told:?}");
        }
    }

    #[test]
    fn nobody_who_is_offline_is_told_to_be_busy() {
        let (heard, reports) = (Heard::default(), Reports::new(1));
        let newest = || heard.0.lock().unwrap().last().map(|(_, report)| report.utilisation);
        reports.update(&heard, DeviceIndex(0), |report| report.utilisation = Some(0.5));
        assert_eq!(newest(), Some(None));
        reports.update(&heard, DeviceIndex(0), |report| {
            (report.state, report.utilisation) = (DeviceState::Online, Some(0.5));
        });
        assert_eq!(newest(), Some(Some(0.5)));
        reports.all_offline(&heard, Some("it is gone"));
        assert_eq!(newest(), Some(None));
    }
}
