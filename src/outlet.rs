//! Where one channel's driver puts what it reads: its points' places in the table, the range check that all
//! drivers share, and its devices' reports.

use std::sync::Arc;

use pointcast_api::{
    DeviceIndex, DeviceReport, DeviceState, Failure, Outlet, Reading, Sample, UnixMs, Value,
};
use tracing::{info, warn};

use crate::devices::{Device, Devices};
use crate::supervisor::ChannelEnd;
use crate::table::{Catalog, Index, Table, Update};

/// One channel's outlet.
#[derive(Debug)]
pub struct ChannelOutlet {
    table: Arc<Table>,
    devices: Arc<Devices>,
    /// The place of the driver's first point; the others follow in the order of their declaration.
    first_point: Index,
    points: Index,
    /// The place of the driver's first device.
    first_device: usize,
    device_count: usize,
}

impl ChannelOutlet {
    /// The outlet of a driver whose `points` points stand in the table from `first_point` on, and whose
    /// `device_count` devices stand among `devices` from `first_device` on.
    #[must_use]
    pub fn new(
        table: Arc<Table>,
        devices: Arc<Devices>,
        (first_point, points): (Index, Index),
        (first_device, device_count): (usize, usize),
    ) -> Self {
        Self { table, devices, first_point, points, first_device, device_count }
    }

    fn device(&self, device: DeviceIndex) -> Option<&Device> {
        let known = device.at() < self.device_count;
        let found = known.then(|| self.devices.at(self.first_device + device.at())).flatten();
        if found.is_none() {
            warn!(device = device.0, "a driver reported a device that it never declared");
        }
        found
    }

    fn update<'a>(&self, catalog: &Catalog, sample: &'a Sample) -> Option<(Index, Update<'a>)> {
        if sample.point.0 >= self.points {
            warn!(point = sample.point.0, "a driver put a point that it never declared");
            return None;
        }
        let index = self.first_point + sample.point.0;
        let range = catalog.entry(index).and_then(|e| e.declaration().details.range);
        let update = match (&sample.reading, range) {
            (Reading::Good(value), Some(range)) if !is_within(value, range) => {
                Update::OutOfRange(value, sample.time)
            }
            (reading, _) => Update::Read(reading, sample.time),
        };
        Some((index, update))
    }
}

impl Outlet for ChannelOutlet {
    fn put(&self, samples: &[Sample]) {
        let catalog = self.table.catalog();
        self.table.apply(samples.iter().filter_map(|sample| self.update(&catalog, sample)));
    }

    fn fail_device(&self, device: DeviceIndex, failure: Failure, time: UnixMs) {
        if let Some(device) = self.device(device) {
            let failed = Update::Fail(failure, time);
            self.table.apply(device.points.iter().map(|index| (*index, failed)));
        }
    }

    fn report(&self, device: DeviceIndex, report: DeviceReport) {
        let Some(device) = self.device(device) else { return };
        let state = report.state;
        let error = report.last_error.clone().unwrap_or_default();
        let before = device.take_report(report, &self.table, UnixMs::now());
        if before.state == state {
            return;
        }
        let name = &device.name;
        match state {
            DeviceState::Online => info!(device = %name, "device is online"),
            DeviceState::Degraded | DeviceState::Offline | DeviceState::Disabled => {
                warn!(device = %name, error, "device is {}", state.as_str());
            }
        }
    }
}

impl ChannelEnd for ChannelOutlet {
    /// Every point bad, every device offline for this reason.
    fn lose(&self, why: &str, time: UnixMs) {
        let devices = (0..).map(DeviceIndex).take(self.device_count);
        for index in devices {
            self.fail_device(index, Failure::NoCommunication, time);
            if let Some(device) = self.device(index) {
                let mut report = device.report();
                report.state = DeviceState::Offline;
                report.last_error = Some(why.to_owned());
                self.report(index, report);
            }
        }
    }
}

/// Whether a number lies within `range`, ends included. What is no number has no range.
///
/// Whole numbers are compared digit by digit. Single precision is held against ends of single precision: what
/// is shown as 0.1 lies within `[0, 0.1]`.
pub(crate) fn is_within(value: &Value, (low, high): (f64, f64)) -> bool {
    match value {
        Value::I64(number) => is_whole_within((*number).into(), (low, high)),
        Value::U64(number) => is_whole_within((*number).into(), (low, high)),
        #[expect(clippy::cast_possible_truncation, reason = "rounded as the value was")]
        Value::F32(number) => (low as f32..=high as f32).contains(&number.get()),
        Value::F64(number) => (low..=high).contains(&number.get()),
        Value::Bool(_) | Value::Text(_) => true,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole, and what is beyond saturates")]
fn is_whole_within(number: i128, (low, high): (f64, f64)) -> bool {
    (low.ceil() as i128..=high.floor() as i128).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(number: f32) -> Value {
        Value::f32(number).unwrap()
    }

    #[test]
    fn the_ends_of_a_range_lie_within_it_to_the_last_digit() {
        let tenth = (0.0, 0.1);
        assert!(is_within(&single(0.1), tenth) && is_within(&Value::f64(0.1).unwrap(), tenth));
        assert!(!is_within(&single(0.100_000_02), tenth));
        assert!(is_within(&single(f32::MAX), (0.0, 1e300)));
        let halves = (-1.5, 2.5);
        assert!(is_within(&Value::I64(-1), halves) && is_within(&Value::U64(2), halves));
        assert!(!is_within(&Value::I64(-2), halves) && !is_within(&Value::U64(3), halves));
        // A double cannot tell these two apart.
        let end = 9_007_199_254_740_992;
        assert!(is_within(&Value::U64(end), (0.0, 9_007_199_254_740_992.0)));
        assert!(!is_within(&Value::U64(end + 1), (0.0, 9_007_199_254_740_992.0)));
        assert!(is_within(&Value::U64(u64::MAX), (-1e300, 1e300)));
        assert!(is_within(&Value::Bool(true), (5.0, 6.0)));
    }
}
