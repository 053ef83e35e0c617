//! What tests of this crate share, beyond what tests of all drivers do.

pub(crate) mod any;
pub(crate) mod bus;
pub(crate) mod memory;
pub(crate) mod pki;

use pointcast_api::settings::Refusals;
use pointcast_api::testing::{Heard, Recorder};
use pointcast_api::{DeviceReport, PointIndex, Reading};

/// Everything that is wrong, one text each.
pub(crate) fn told(refusals: Refusals) -> Vec<String> {
    let told = refusals.into_sorted();
    told.iter().map(|told| format!("{}: {} | {}", told.field, told.problem, told.remedy)).collect()
}

/// `bytes` cut at all of `cuts`; a piece may be empty.
pub(crate) fn pieces<'a>(bytes: &'a [u8], cuts: &[proptest::sample::Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.sort_unstable();
    let mut from = 0;
    let ends = ends.into_iter().chain([bytes.len()]);
    ends.map(|end| &bytes[std::mem::replace(&mut from, end)..end]).collect()
}

/// The registers of a SunSpec model, all 0 but those of `set`, which are counted from the model's number on.
pub(crate) fn model(id: u16, length: u16, set: &[(u16, u16)]) -> Vec<u16> {
    let mut registers = vec![0; usize::from(length) + 2];
    (registers[0], registers[1]) = (id, length);
    for (at, value) in set {
        registers[usize::from(*at)] = *value;
    }
    registers
}

/// Everything heard since the last time.
pub(crate) fn take(recorder: &Recorder) -> Vec<Heard> {
    let heard = recorder.heard();
    recorder.forget();
    heard
}

/// The batches among `heard`, each with its points and readings.
pub(crate) fn batches(heard: &[Heard]) -> Vec<Vec<(u32, Reading)>> {
    let batch = |heard: &Heard| match heard {
        Heard::Batch(batch) => Some(batch.iter().map(|s| (s.point.0, s.reading.clone())).collect()),
        Heard::DeviceFailed(..) | Heard::Report(..) => None,
    };
    heard.iter().filter_map(batch).collect()
}

/// All readings of a point among `heard`, in order.
pub(crate) fn readings(heard: &[Heard], point: PointIndex) -> Vec<Reading> {
    let all = batches(heard).into_iter().flatten();
    all.filter(|(at, _)| *at == point.0).map(|(_, reading)| reading).collect()
}

/// The newest report of a device.
pub(crate) fn report(heard: &[Heard], device: u32) -> DeviceReport {
    let found = heard.iter().rev().find_map(|heard| match heard {
        Heard::Report(at, report) if at.0 == device => Some(report.clone()),
        Heard::Report(..) | Heard::Batch(_) | Heard::DeviceFailed(..) => None,
    });
    found.expect("a report")
}
