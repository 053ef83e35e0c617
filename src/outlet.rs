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
#[expect(clippy::cast_precision_loss, reason = "a range is given in doubles anyway")]
fn is_within(value: &Value, (low, high): (f64, f64)) -> bool {
    let number = match value {
        Value::I64(number) => *number as f64,
        Value::U64(number) => *number as f64,
        Value::F32(number) => number.get().into(),
        Value::F64(number) => number.get(),
        Value::Bool(_) | Value::Text(_) => return true,
    };
    (low..=high).contains(&number)
}
