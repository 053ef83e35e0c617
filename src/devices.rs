//! The devices of the site: who they are, how they are, and their points under `$devices/`.
//!
//! A device's report is kept for the API and written to the table as points, so that one subscription
//! serves values and states alike.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pointcast_api::{
    About, DeviceDeclaration, DeviceReport, DeviceState, Failure, NameError, PlannedRequest,
    PointDeclaration, PointId, PointTraits, Reading, Shared, UnixMs, Value, ValueType,
};

use crate::figures;
use crate::table::{Index, Table, Update};

/// Longest `last_error` kept, in bytes.
const MAX_ERROR_BYTES: usize = 512;

/// All devices, in the order of the configuration.
#[derive(Debug, Default)]
pub struct Devices {
    list: Vec<Device>,
    by_name: HashMap<String, usize>,
}

/// One device.
#[derive(Debug)]
pub struct Device {
    /// Its name, unique in the gateway.
    pub name: String,
    /// Where it is, for people.
    pub address: String,
    /// The channel it is on.
    pub channel: String,
    /// The driver of that channel.
    pub driver: &'static str,
    /// The places of its points in the table.
    pub points: Vec<Index>,
    /// Its fastest scan interval; `None` where nothing is scanned.
    pub scan_interval: Option<Duration>,
    /// The same as configured: shorter where its channel has not the time for that.
    pub configured_interval: Option<Duration>,
    /// The place of the first of its own points; the others follow in the order of [`OWN`].
    own: Index,
    report: Mutex<DeviceReport>,
    plan: Mutex<Arc<[PlanLine]>>,
}

/// One line of a device's reading plan, with its points' places in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanLine {
    /// What is asked.
    pub request: String,
    /// The same taken apart, by name; empty where `request` says it better.
    pub parts: Vec<(&'static str, Value)>,
    /// How often, where it is asked at all.
    pub scan_interval: Option<Duration>,
    /// Predicted time on the wire, where the channel can tell.
    pub wire_time: Option<Duration>,
    /// Predicted time until the next request may begin, where the channel can tell.
    pub busy_time: Option<Duration>,
    /// Whether the device refuses it, and is asked for it ever more rarely.
    pub is_refused: bool,
    /// The points that its reply carries.
    pub points: Vec<Index>,
}

impl PlanLine {
    /// A request of a driver whose points stand in the table from `first` on.
    #[must_use]
    pub fn new(request: PlannedRequest, first: Index) -> Self {
        Self {
            request: request.request,
            parts: request.parts,
            scan_interval: request.scan_interval,
            wire_time: request.wire_time,
            busy_time: request.busy_time,
            is_refused: request.is_refused,
            points: request.points.iter().map(|point| first.saturating_add(point.0)).collect(),
        }
    }
}

/// A device's own point: the last segment of the id, the type, the unit, and what it is.
type Own = (&'static str, ValueType, Option<&'static str>, &'static str);

/// Digits of a device's own fractions that mean something.
const PRECISION: u8 = 3;

/// A device's own points, in the order of the table; the last [`OF_SCANNED`] are there only where it is scanned.
const OWN: [Own; 5] = [
    ("state", ValueType::Text, None, "online, degraded, offline or disabled"),
    ("last_error", ValueType::Text, None, "the newest thing that went wrong"),
    ("timeouts", ValueType::U64, None, "requests without a valid reply in time, since the start"),
    ("scan_ms", ValueType::U64, Some("ms"), "fastest scan interval, as revised"),
    ("utilisation", ValueType::F64, None, "share of the channel's time used, 0 to 1"),
];

/// How many of a device's own points make sense only where it is scanned.
const OF_SCANNED: usize = 2;

/// The declarations of a device's own points, in the order of the table. `scanned`: whether it has points that are
/// read at an interval. What they are is in `traits`, the same for all devices.
///
/// # Errors
/// [`NameError`] for a device name so long that the ids would pass their limit.
pub fn own_points(
    device: &DeviceDeclaration,
    scanned: bool,
    traits: &mut Shared<PointTraits>,
) -> Result<Vec<PointDeclaration>, NameError> {
    let mut declare = |(name, value_type, unit, description): &Own| {
        let id = PointId::new(&format!("$devices/{}/{name}", device.name))?;
        Ok(PointDeclaration { id, traits: traits.of(&own_point(*value_type, *unit, description)) })
    };
    OWN.iter().take(own_count(scanned)).map(&mut declare).collect()
}

fn own_count(scanned: bool) -> usize {
    if scanned { OWN.len() } else { OWN.len() - OF_SCANNED }
}

/// What a point is that the gateway itself writes, and whose value never ages.
#[must_use]
pub fn own_point(value_type: ValueType, unit: Option<&str>, description: &str) -> PointTraits {
    let mut traits = PointTraits::bare(value_type);
    traits.details.tell(About {
        unit: unit.map(str::to_owned),
        description: Some(description.to_owned()),
        precision: (value_type == ValueType::F64).then_some(PRECISION),
        ..About::default()
    });
    traits
}

impl Device {
    /// A device that nothing is known of yet. `own` is the place of the first of its own points.
    #[must_use]
    pub fn new(
        declaration: &DeviceDeclaration,
        channel: &str,
        driver: &'static str,
        own: Index,
    ) -> Self {
        Self {
            name: declaration.name.to_string(),
            address: declaration.address.clone(),
            channel: channel.to_owned(),
            driver,
            points: Vec::new(),
            scan_interval: None,
            configured_interval: None,
            own,
            report: Mutex::default(),
            plan: Mutex::default(),
        }
    }

    /// The newest report.
    #[must_use]
    pub fn report(&self) -> DeviceReport {
        self.locked().clone()
    }

    /// What it is asked for.
    #[must_use]
    pub fn plan(&self) -> Arc<[PlanLine]> {
        Arc::clone(&self.plan.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in what it is asked for now.
    pub fn take_plan(&self, plan: Vec<PlanLine>) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan.into();
    }

    fn locked(&self) -> MutexGuard<'_, DeviceReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a report and writes it to the table as points. Returns what was known before.
    pub fn take_report(
        &self,
        mut report: DeviceReport,
        table: &Table,
        time: UnixMs,
    ) -> DeviceReport {
        if let Some(error) = &mut report.last_error {
            error.truncate(error.floor_char_boundary(MAX_ERROR_BYTES));
        }
        let text = |text: &str| Value::text(text).map(Reading::Good);
        let readings = [
            text(report.state.as_str()),
            text(report.last_error.as_deref().unwrap_or_default()),
            Some(Reading::Good(Value::U64(report.counters.timeouts))),
            self.scan_ms(&report).map(|ms| Reading::Good(Value::U64(ms))),
            utilisation(&report),
        ];
        let own = own_count(self.scan_interval.is_some());
        let updates = (self.own..).zip(readings.iter().take(own));
        table.apply(updates.filter_map(|(index, reading)| {
            reading.as_ref().map(|reading| (index, Update::Read(reading, time)))
        }));
        std::mem::replace(&mut *self.locked(), report)
    }

    /// The fastest scan interval in milliseconds, as revised before the start and since.
    #[must_use]
    pub fn scan_ms(&self, report: &DeviceReport) -> Option<u64> {
        let interval = self.scan_interval.map(|declared| report.scan_interval.unwrap_or(declared));
        interval.map(|interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX))
    }
}

/// What is told of a device's use: while it is offline nobody knows any, and the last one counts no longer.
fn utilisation(report: &DeviceReport) -> Option<Reading> {
    match report.utilisation.map(figures::share).and_then(Value::f64) {
        Some(share) => Some(Reading::Good(share)),
        None if report.state == DeviceState::Offline => {
            Some(Reading::Failed(Failure::NoCommunication))
        }
        None => None,
    }
}

impl Devices {
    /// The devices in their order.
    #[must_use]
    pub fn new(list: Vec<Device>) -> Self {
        let by_name = (0..).zip(&list).map(|(at, device)| (device.name.clone(), at)).collect();
        Self { list, by_name }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Device] {
        &self.list
    }

    /// The device at a place.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&Device> {
        self.list.get(place)
    }

    /// The device of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Device> {
        self.by_name.get(name).and_then(|at| self.list.get(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Catalog;
    use pointcast_api::{DeviceName, Quality};

    #[test]
    fn a_scan_interval_that_was_revised_since_the_start_is_told() {
        let name = DeviceName::new("press").unwrap();
        let declaration = DeviceDeclaration { name, address: "there".to_owned() };
        let points = own_points(&declaration, true, &mut Shared::default()).unwrap();
        let points = points.into_iter().map(|point| (point, String::new())).collect();
        let table = Table::new(Catalog::new(points).unwrap());
        let mut device = Device::new(&declaration, "line", "modbus-rtu", 0);
        device.scan_interval = Some(Duration::from_millis(500));
        let id = PointId::new("$devices/press/scan_ms").unwrap();
        let told = |scan_interval| {
            let report = DeviceReport { scan_interval, ..DeviceReport::default() };
            device.take_report(report, &table, UnixMs(1));
            let state = table.read(table.catalog().find(&id).unwrap()).unwrap();
            state.value.map(|value| value.to_string())
        };
        assert_eq!(told(None).as_deref(), Some("500"));
        assert_eq!(told(Some(Duration::from_millis(812))).as_deref(), Some("812"));
        assert_eq!(told(None).as_deref(), Some("500"));
        let id = PointId::new("$devices/press/utilisation").unwrap();
        let told = |state, utilisation| {
            let report = DeviceReport { state, utilisation, ..DeviceReport::default() };
            device.take_report(report, &table, UnixMs(1));
            let state = table.read(table.catalog().find(&id).unwrap()).unwrap();
            (state.quality(), state.value.map(|value| value.to_string()))
        };
        let share = Some("0.3333".to_owned());
        assert_eq!(told(DeviceState::Online, Some(1.0 / 3.0)), (Quality::Good, share.clone()));
        assert_eq!(
            told(DeviceState::Offline, None),
            (Quality::Bad, share),
            "it is not what is now"
        );
    }
}
