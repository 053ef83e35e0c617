//! What the service keeps for a stream that nothing happens on, and for each point it selects.

use std::thread::sleep;
use std::time::Duration;

use crate::conductor::Bench;
use crate::pair::{Readers, Service, streams};
use crate::report::{Figure, Target};
use crate::server::{OF_DEVICE, id};
use crate::stats::Spread;

/// Bytes a stream may take, and a point more in its selection.
const STREAM: Target = Target::AtMost(1_024.0);
const POINT: Target = Target::AtMost(48.0);

/// How long what opening left behind may take to be given back.
const REST: Duration = Duration::from_millis(500);

/// Points that a stream selects beside its first.
const FURTHER: u32 = 100;

pub(crate) fn run(bench: &mut Bench) {
    let (count, first) = bench.scale((10_000, 2_000), (500, 100));
    // The first make the texts and the lists that the table keeps of each point, however many come after them.
    let (selecting, before) = bench.scale((2_500, 500), (200, 100));
    let (mut each, mut next): (Vec<f64>, Vec<f64>) = Default::default();
    let mut further: [Vec<f64>; 2] = Default::default();
    for _ in 0..bench.scale(3, 1) {
        let one = queries(|device| vec![id(device * OF_DEVICE)]);
        let grown = growth(bench, &one, 1, &[first, count]);
        each.push(grown[1] / count as f64);
        next.push((grown[1] - grown[0]) / (count - first) as f64);
        let points = 1 + FURTHER as usize;
        let one = between(&growth(bench, &one, 1, &[before, selecting]));
        let by_pattern = queries(|device| {
            let other = (device + 1) % DEVICES * OF_DEVICE;
            vec![format!("hall/{device:03}/**"), id(other)]
        });
        let by_id = queries(|device| {
            let first = device * OF_DEVICE;
            (first..=first + FURTHER).map(|point| id(point % (DEVICES * OF_DEVICE))).collect()
        });
        for (further, queries) in further.iter_mut().zip([by_pattern, by_id]) {
            let many = between(&growth(bench, &queries, points, &[before, selecting]));
            further.push((many - one) / (selecting - before) as f64 / f64::from(FURTHER));
        }
    }
    let case = bench.case();
    let name = format!("per idle stream of one point, {count} of them");
    let figure = Figure::alone(case, name, "bytes", Spread::of(each));
    bench.tell(figure.with_target(STREAM));
    let name = format!("the same, without the first {first}");
    bench.tell(Figure::alone(case, name, "bytes", Spread::of(next)));
    let [by_pattern, by_id] = further.map(Spread::of);
    let name = "per further point, selected by a pattern";
    bench.tell(Figure::alone(case, name, "bytes", by_pattern).with_target(POINT));
    let name = "per further point, each by its id";
    bench.tell(Figure::alone(case, name, "bytes", by_id).with_target(POINT));
}

/// From the first count to the last.
fn between(grown: &[f64]) -> f64 {
    grown[grown.len() - 1] - grown[0]
}

/// Devices of the table.
const DEVICES: u32 = 100;

/// A query for each device.
fn queries(entries: impl Fn(u32) -> Vec<String>) -> Vec<String> {
    (0..DEVICES).map(|device| format!("points={}", entries(device).join(","))).collect()
}

/// By how many bytes a new service grows until it has each of `counts` streams.
fn growth(bench: &Bench, queries: &[String], points_each: usize, counts: &[usize]) -> Vec<f64> {
    let clock = bench.clock();
    let mut service = Service::start(clock, DEVICES * OF_DEVICE);
    let mut readers = Readers::none(clock);
    let before = service.usage().anonymous_bytes;
    let mut opened = 0;
    let mut grown = Vec::new();
    for count in counts {
        let more = streams(service.address, count - opened, queries.to_vec(), points_each);
        readers.open_more(more);
        opened = *count;
        sleep(REST);
        grown.push(service.usage().anonymous_bytes.saturating_sub(before) as f64);
    }
    assert_eq!(service.usage().streams, opened, "open streams");
    grown
}
