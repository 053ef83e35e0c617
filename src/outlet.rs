//! Where one channel's driver puts what it reads: its points' places in the table, the range check that all
//! drivers share, and its devices' reports.

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::{
    DeviceIndex, DeviceReport, DeviceState, Failure, Outlet, PlannedRequest, PointTraits, Reading,
    STALE_AFTER_SCANS, Sample, StaleAfter, UnixMs, Value,
};
use tracing::{info, warn};

use crate::devices::{Device, Devices, PlanLine};
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
        let range = catalog.entry(index).and_then(|e| e.traits().details.about().range);
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

    fn plan(&self, requests: Vec<PlannedRequest>) {
        let catalog = self.table.catalog();
        let mut plans = vec![Vec::new(); self.device_count];
        for request in requests {
            let Some(plan) = plans.get_mut(request.device.at()) else { continue };
            plan.push(PlanLine::new(request, self.first_point));
        }
        let of_line = |line: &PlanLine| {
            let of_point = |index: &Index| {
                let after = stale_after(catalog.entry(*index)?.traits(), line.scan_interval);
                Some((*index, after?))
            };
            line.points.iter().filter_map(of_point).collect::<Vec<_>>()
        };
        let stale_after: Vec<_> = plans.iter().flatten().flat_map(of_line).collect();
        self.table.set_stale_after(stale_after);
        for (device, plan) in (0..).map(DeviceIndex).zip(plans) {
            if let Some(device) = self.device(device) {
                device.take_plan(plan);
            }
        }
    }
}

/// After what time a point turns stale that is read `every` so often by now: later where that is more rarely than
/// declared, unless the configuration says after what time.
fn stale_after(point: &PointTraits, every: Option<Duration>) -> Option<StaleAfter> {
    let (declared, every) = (point.scan_interval?, every?);
    let StaleAfter::Elapsed(after) = point.stale_after else { return None };
    let longer = every.saturating_sub(declared).saturating_mul(STALE_AFTER_SCANS);
    let is_given = point.details.stale_after.is_some();
    (!is_given).then(|| StaleAfter::Elapsed(after.saturating_add(longer)))
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
                report.utilisation = None;
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
    use pointcast_api::{
        DeviceDeclaration, DeviceName, PointDeclaration, PointId, PointIndex, ValueType,
    };

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

    /// One device with two points that are read each second, the second of which says when it is stale.
    fn outlet() -> ChannelOutlet {
        let point = |name: &str, given: Option<Duration>| {
            let id = PointId::new(name).unwrap();
            let mut point = PointDeclaration::bare(id, ValueType::I64);
            point.change(|traits| {
                traits.scan_interval = Some(Duration::from_secs(1));
                traits.details.stale_after = given.map(StaleAfter::Elapsed);
                traits.stale_after = StaleAfter::Elapsed(given.unwrap_or(Duration::from_secs(4)));
            });
            (point, "press".to_owned())
        };
        let points = vec![point("a", None), point("b", Some(Duration::from_secs(5)))];
        let table = Arc::new(Table::new(Catalog::new(points).unwrap()));
        let name = DeviceName::new("press").unwrap();
        let declaration = DeviceDeclaration { name, address: String::new() };
        let device = Device::new(&declaration, "line", "modbus-rtu", 2);
        let devices = Arc::new(Devices::new(vec![device]));
        ChannelOutlet::new(table, devices, (0, 2), (0, 1))
    }

    fn request(every: u64, is_refused: bool) -> PlannedRequest {
        PlannedRequest {
            device: DeviceIndex(0),
            request: "03 holding registers 0-1".to_owned(),
            parts: Vec::new(),
            scan_interval: Some(Duration::from_secs(every)),
            wire_time: None,
            busy_time: None,
            is_refused,
            points: vec![PointIndex(0), PointIndex(1)],
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_point_that_is_read_more_rarely_is_stale_later_unless_the_configuration_says_when() {
        let outlet = outlet();
        let read = || {
            let reading = Reading::Good(Value::I64(1));
            let sample =
                |at| Sample { point: PointIndex(at), reading: reading.clone(), time: UnixMs(1) };
            outlet.put(&[sample(0), sample(1)]);
        };
        let stale_after = async |seconds: u64| {
            tokio::time::sleep(Duration::from_secs(seconds) + Duration::from_millis(1)).await;
            outlet.table.sweep_stale(UnixMs(1));
            [0, 1].map(|index| outlet.table.read(index).unwrap().doubt.is_some())
        };
        read();
        assert_eq!(stale_after(4).await, [true, false]);
        // Each 3 s instead of each 1 s: 6 s later.
        outlet.plan(vec![request(3, false)]);
        read();
        assert_eq!(stale_after(5).await, [false, true]);
        assert_eq!(stale_after(5).await, [true, true]);
        outlet.plan(vec![request(1, false)]);
        read();
        assert_eq!(stale_after(4).await, [true, false]);
    }

    #[test]
    fn a_channel_that_is_lost_is_used_by_nobody() {
        let outlet = outlet();
        let (state, utilisation) = (DeviceState::Online, Some(0.5));
        let report = DeviceReport { state, utilisation, ..DeviceReport::default() };
        outlet.report(DeviceIndex(0), report);
        assert_eq!(outlet.device(DeviceIndex(0)).unwrap().report().utilisation, Some(0.5));
        // As after a panic of its driver, who could not say so himself.
        outlet.lose("it is gone", UnixMs(1));
        let report = outlet.device(DeviceIndex(0)).unwrap().report();
        assert_eq!((report.state, report.utilisation), (DeviceState::Offline, None));
    }

    #[test]
    fn what_is_asked_now_takes_the_place_of_what_was_asked() {
        let outlet = outlet();
        outlet.plan(vec![request(1, false), request(2, true)]);
        let device = outlet.devices.at(0).unwrap();
        let told = device.plan().iter().map(|line| line.is_refused).collect::<Vec<_>>();
        assert_eq!(told, [false, true]);
        outlet.plan(vec![request(3, false)]);
        assert_eq!(*device.plan(), [PlanLine::new(request(3, false), 0)]);
        assert_eq!(device.plan()[0].points, [0, 1]);
    }
}
