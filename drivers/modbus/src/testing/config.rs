//! Configuration from text, and an outlet that remembers. Knows nothing of the crate it lies in.

use std::sync::Mutex;

use pointcast_api::settings::{
    ChannelSettings, Decimal, DeviceSettings, Entry, Place, PointSettings, Refusals, Setting,
    Settings,
};
use pointcast_api::{
    DeviceIndex, DeviceName, DeviceReport, Failure, Outlet, PointDetails, PointId, PointIndex,
    Reading, Sample, UnixMs,
};

fn place() -> Place {
    Place { file: "test.toml".into(), line: 1 }
}

fn setting(value: toml::Value) -> Setting {
    match value {
        toml::Value::String(text) => Setting::Text(text),
        toml::Value::Integer(number) => Setting::Integer(number),
        toml::Value::Float(value) => Setting::Float(Decimal { value, text: value.to_string() }),
        toml::Value::Boolean(flag) => Setting::Bool(flag),
        toml::Value::Array(items) => {
            Setting::List(items.into_iter().map(|item| (place(), setting(item))).collect())
        }
        toml::Value::Table(table) => Setting::Section(entries(table)),
        toml::Value::Datetime(_) => Setting::Other("a date"),
    }
}

fn entries(table: toml::Table) -> Vec<Entry> {
    let entry = |(key, value)| Entry { key, place: place(), value: setting(value) };
    table.into_iter().map(entry).collect()
}

fn text(table: &mut toml::Table, key: &str) -> String {
    table.remove(key).unwrap().as_str().unwrap().to_owned()
}

fn tables(table: &mut toml::Table, key: &str) -> Vec<toml::Table> {
    let list = table.remove(key).unwrap_or(toml::Value::Array(Vec::new()));
    list.as_array().unwrap().iter().map(|item| item.as_table().unwrap().clone()).collect()
}

/// A channel from its keys and its `[[devices]]`, as the service would hand it over.
pub(crate) fn channel(toml: &str) -> ChannelSettings {
    let mut table: toml::Table = toml.parse().unwrap();
    let devices = tables(&mut table, "devices");
    let device = |(index, mut device): (u32, toml::Table)| {
        let name = text(&mut device, "name");
        let points = tables(&mut device, "points");
        let point = |mut point: toml::Table| {
            let id = format!("{name}/{}", text(&mut point, "name"));
            let details = PointDetails {
                id: PointId::new(&id).unwrap(),
                device: DeviceIndex(index),
                unit: None,
                description: None,
                range: None,
                precision: None,
                labels: Vec::new(),
                stale_after: None,
            };
            let settings = Settings::new(format!("point \"{id}\""), place(), entries(point));
            PointSettings { details, settings }
        };
        DeviceSettings {
            points: points.into_iter().map(point).collect(),
            settings: Settings::new(format!("device \"{name}\""), place(), entries(device)),
            name: DeviceName::new(&name).unwrap(),
        }
    };
    ChannelSettings {
        name: "channel".to_owned(),
        devices: (0..).zip(devices).map(device).collect(),
        settings: Settings::new("channel", place(), entries(table)),
    }
}

/// Everything that is wrong, one text each.
pub(crate) fn told(refusals: Refusals) -> Vec<String> {
    refusals
        .into_sorted()
        .iter()
        .map(|r| format!("{}: {} | {}", r.field, r.problem, r.remedy))
        .collect()
}

/// What an outlet was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    Batch(Vec<(u32, Reading)>),
    Lost(u32, Failure),
    Report(u32, DeviceReport),
}

/// An outlet that remembers.
#[derive(Debug, Default)]
pub(crate) struct Ear(Mutex<Vec<Heard>>);

impl Outlet for Ear {
    fn put(&self, samples: &[Sample]) {
        let batch = samples.iter().map(|s| (s.point.0, s.reading.clone())).collect();
        self.0.lock().unwrap().push(Heard::Batch(batch));
    }

    fn fail_device(&self, device: DeviceIndex, failure: Failure, _: UnixMs) {
        self.0.lock().unwrap().push(Heard::Lost(device.0, failure));
    }

    fn report(&self, device: DeviceIndex, report: DeviceReport) {
        self.0.lock().unwrap().push(Heard::Report(device.0, report));
    }
}

impl Ear {
    /// All that was heard since the last time.
    pub(crate) fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// All that was heard since it was last taken, left where it is.
    pub(crate) fn peek(&self) -> Vec<Heard> {
        self.0.lock().unwrap().clone()
    }

    /// All readings of a point among `heard`, in order.
    pub(crate) fn readings(heard: &[Heard], point: PointIndex) -> Vec<Reading> {
        let of = |heard: &Heard| match heard {
            Heard::Batch(batch) => batch.iter().filter(|(at, _)| *at == point.0).cloned().collect(),
            Heard::Lost(..) | Heard::Report(..) => Vec::new(),
        };
        heard.iter().flat_map(of).map(|(_, reading)| reading).collect()
    }
}
