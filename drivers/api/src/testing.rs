//! What tests of drivers need: a channel from a piece of TOML, and an outlet that remembers.
//!
//! Only with the feature `testing`, which no build that ships turns on.

#![expect(clippy::panic, reason = "this room serves tests only, and a test fails by panicking")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::settings::{
    Build, ChannelSettings, Decimal, DeviceSettings, Entry, Place, PointSettings, Refusals,
    Setting, Settings,
};
use crate::{
    About, DeviceIndex, DeviceName, DeviceReport, Driver, Failure, Outlet, PlannedRequest,
    PointDetails, PointId, Reading, Sample, UnixMs,
};

/// The channel that `text` describes: its own keys on top, `[[devices]]` with `points` below.
///
/// Stands in for the service's reader as far as drivers need it: `name`, `stale_after_ms`, `unit`, `range`
/// and `labels` of a point are taken out, every other key is the driver's.
///
/// # Panics
/// When `text` is no such TOML.
#[must_use]
pub fn channel(text: &str) -> ChannelSettings {
    let table = DeTable::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let mut settings =
        Settings::new("channel \"test\"", place(text, 0), section(text, table.get_ref()));
    let mut refusals = Refusals::new();
    let devices = (0..)
        .map(DeviceIndex)
        .zip(settings.sections("devices", "device", &mut refusals))
        .map(|(index, device)| take_device(index, device, &mut refusals))
        .collect();
    none_of(refusals);
    ChannelSettings { name: "test".to_owned(), settings, devices }
}

/// The driver that `build` makes of `text`.
///
/// # Errors
/// Its refusals, as a person reads them.
///
/// # Panics
/// When `text` is no TOML, or `build` breaks its promise to give a driver or a refusal.
pub fn driver(build: Build, text: &str) -> Result<Box<dyn Driver>, Vec<String>> {
    let mut refusals = Refusals::new();
    let made = build(channel(text), &mut refusals);
    let told: Vec<_> = refusals.into_sorted().iter().map(ToString::to_string).collect();
    match made {
        Some(driver) if told.is_empty() => Ok(driver),
        None if told.is_empty() => panic!("neither a driver nor a refusal"),
        Some(_) | None => Err(told),
    }
}

fn take_device(
    index: DeviceIndex,
    mut settings: Settings,
    refusals: &mut Refusals,
) -> DeviceSettings {
    let name = settings.text("name", refusals).unwrap_or_else(|| panic!("a device needs a name"));
    let name = name.value;
    settings.rename(format!("device {name:?}"));
    let points = settings.sections("points", "point", refusals);
    let points =
        points.into_iter().map(|point| take_point(index, &name, point, refusals)).collect();
    let name = DeviceName::new(&name).unwrap_or_else(|error| panic!("{error}"));
    DeviceSettings { name, settings, points }
}

fn take_point(
    device: DeviceIndex,
    prefix: &str,
    mut settings: Settings,
    refusals: &mut Refusals,
) -> PointSettings {
    let name = settings.text("name", refusals).unwrap_or_else(|| panic!("a point needs a name"));
    let id = format!("{prefix}/{}", name.value);
    settings.rename(format!("point {id:?}"));
    let id = PointId::new(&id).unwrap_or_else(|error| panic!("{error}"));
    let mut details = PointDetails::new(device);
    details.tell(About {
        unit: settings.text("unit", refusals).map(|unit| unit.value),
        description: None,
        range: take_range(&mut settings, refusals),
        precision: None,
        labels: take_labels(&mut settings, refusals),
    });
    details.stale_after = settings.stale_after("stale_after_ms", refusals).map(|given| given.value);
    PointSettings { id, details, settings }
}

fn take_range(point: &mut Settings, refusals: &mut Refusals) -> Option<(f64, f64)> {
    let range = point.numbers("range", refusals)?;
    match range.value.as_slice() {
        [low, high] => Some((low.value, high.value)),
        _ => panic!("a range is two numbers"),
    }
}

fn take_labels(point: &mut Settings, refusals: &mut Refusals) -> Vec<(i64, String)> {
    let labels = point.section("labels", "labels", refusals);
    let entries = labels.map(|mut labels| labels.take_rest()).unwrap_or_default();
    let label = |entry: Entry| match (entry.key.parse(), entry.value) {
        (Ok(number), Setting::Text(name)) => (number, name),
        (_, other) => panic!("{}: no label, {other:?}", entry.key),
    };
    entries.into_iter().map(label).collect()
}

fn none_of(refusals: Refusals) {
    let told: Vec<_> = refusals.into_sorted().iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

fn place(text: &str, at: usize) -> Place {
    let lines = text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    Place::new("test.toml", u32::try_from(lines + 1).unwrap_or(u32::MAX))
}

fn section(text: &str, table: &DeTable<'_>) -> Vec<Entry> {
    table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: place(text, key.span().start),
            value: setting(text, value),
        })
        .collect()
}

fn setting(text: &str, value: &Spanned<DeValue<'_>>) -> Setting {
    match value.get_ref() {
        DeValue::String(word) => Setting::Text(word.to_string()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            Setting::Integer(number.unwrap_or_else(|error| panic!("{error}")))
        }
        DeValue::Float(number) => {
            let text = number.as_str().to_owned();
            let value = text.parse().unwrap_or_else(|error| panic!("{error}"));
            Setting::Float(Decimal { value, text })
        }
        DeValue::Boolean(flag) => Setting::Bool(*flag),
        DeValue::Datetime(_) => Setting::Other("a date"),
        DeValue::Array(items) => {
            let item = |item| (place(text, Spanned::span(item).start), setting(text, item));
            Setting::List(items.iter().map(item).collect())
        }
        DeValue::Table(table) => Setting::Section(section(text, table)),
    }
}

/// One call of an outlet.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nobody keeps many of them")]
pub enum Heard {
    /// [`Outlet::put`].
    Batch(Vec<Sample>),
    /// [`Outlet::fail_device`].
    DeviceFailed(DeviceIndex, Failure),
    /// [`Outlet::report`].
    Report(DeviceIndex, DeviceReport),
}

/// An outlet that remembers every call, and wakes whoever waits for one.
#[derive(Debug, Default)]
pub struct Recorder {
    heard: Mutex<Vec<Heard>>,
    news: Notify,
    plans: Mutex<Vec<Vec<PlannedRequest>>>,
}

impl Recorder {
    /// Everything heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.lock().clone()
    }

    /// Forgets everything heard so far.
    pub fn forget(&self) {
        self.lock().clear();
    }

    /// The batches heard so far, each with the points and readings it carried.
    pub fn batches(&self) -> Vec<Vec<(u32, Reading)>> {
        self.lock()
            .iter()
            .filter_map(|heard| match heard {
                Heard::Batch(batch) => Some(batch),
                Heard::DeviceFailed(..) | Heard::Report(..) => None,
            })
            .map(|batch| batch.iter().map(|s| (s.point.0, s.reading.clone())).collect())
            .collect()
    }

    /// Every plan that was told, in order.
    pub fn plans(&self) -> Vec<Vec<PlannedRequest>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest report of `device`.
    pub fn report_of(&self, device: u32) -> Option<DeviceReport> {
        self.lock().iter().rev().find_map(|heard| match heard {
            Heard::Report(of, report) if of.0 == device => Some(report.clone()),
            Heard::Report(..) | Heard::Batch(_) | Heard::DeviceFailed(..) => None,
        })
    }

    /// Waits until `found` gives something, looking again after each call.
    ///
    /// # Panics
    /// After `bound`, with everything heard.
    ///
    /// # Cancellation
    /// Safe: nothing is lost.
    pub async fn until<T>(
        &self,
        what: &str,
        bound: Duration,
        mut found: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let looking = async {
            loop {
                let news = self.news.notified();
                if let Some(found) = found(self) {
                    return found;
                }
                news.await;
            }
        };
        match timeout(bound, looking).await {
            Ok(found) => found,
            Err(_) => panic!("no {what} within {bound:?}; heard {:#?}", self.heard()),
        }
    }

    fn hear(&self, heard: Heard) {
        self.lock().push(heard);
        self.news.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet for Recorder {
    fn put(&self, samples: &[Sample]) {
        self.hear(Heard::Batch(samples.to_vec()));
    }

    fn fail_device(&self, device: DeviceIndex, failure: Failure, _time: UnixMs) {
        self.hear(Heard::DeviceFailed(device, failure));
    }

    fn report(&self, device: DeviceIndex, report: DeviceReport) {
        self.hear(Heard::Report(device, report));
    }

    fn plan(&self, requests: Vec<PlannedRequest>) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).push(requests);
        self.news.notify_waiters();
    }
}
