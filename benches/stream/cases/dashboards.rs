//! Many dashboards that each show some of many points, all of which change every second.

use crate::conductor::Bench;
use crate::pair::{Floor, Readers, Round, Service, streams};
use crate::report::Figure;
use crate::roles::{Put, Send};
use crate::server::{OF_DEVICE, OF_QUARTER, quarter};
use crate::stats::Spread;

/// A dashboard shows a quarter of so many devices.
const QUARTERS: u32 = 4;

/// Points that a dashboard shows.
pub(crate) const SHOWN: u32 = QUARTERS * OF_QUARTER;

/// The quarters that the dashboard of a number shows, each of another device.
fn shown(dashboard: u32, points: u32) -> impl Iterator<Item = u32> {
    let quarters = points / OF_QUARTER;
    (0..QUARTERS).map(move |nth| (dashboard + nth * quarters / QUARTERS) % quarters)
}

/// The points of the quarters that a dashboard shows.
pub(crate) fn points_shown(dashboard: u32, points: u32) -> impl Iterator<Item = u32> {
    shown(dashboard, points).flat_map(|quarter| quarter * OF_QUARTER..(quarter + 1) * OF_QUARTER)
}

/// A query for each dashboard.
pub(crate) fn queries(dashboards: u32, points: u32) -> Vec<String> {
    let query = |dashboard| {
        let patterns = shown(dashboard, points).map(|at| format!("{}/*", quarter(at)));
        format!("points={}", patterns.collect::<Vec<_>>().join(","))
    };
    (0..dashboards).map(query).collect()
}

/// Every device once a second, one after the other: every `stride`th of its points.
pub(crate) fn every_second(points: u32, seconds: u32, stride: u32) -> Put {
    let devices = points / OF_DEVICE;
    Put {
        first: 0,
        count: OF_DEVICE / stride,
        stride,
        step: OF_DEVICE,
        puts: devices * seconds,
        gap_ms: 1_000 / u64::from(devices),
        small: false,
    }
}

pub(crate) fn run(bench: &mut Bench) {
    let (dashboards, points, seconds) = bench.scale((1_000, 10_000, 2), (100, 1_000, 1));
    let clock = bench.clock();
    let mut service = Service::start(clock, points);
    let queries = queries(dashboards, points);
    let open = streams(service.address, dashboards as usize, queries, SHOWN as usize);
    let mut readers = Readers::open(clock, open.clone());
    let mut floor = Floor::beside(clock, &mut readers, &open);
    // Every quarter of a device is shown by as many.
    let of_quarter = dashboards * SHOWN / points;
    let of_device = of_quarter * OF_DEVICE / OF_QUARTER;
    let put = every_second(points, seconds, 1);
    let expected = u64::from(put.puts * of_quarter * OF_DEVICE);
    let one = Put { puts: 1, ..put };
    service.round(&mut readers, one, u64::from(of_quarter * OF_DEVICE));
    let frame = readers.sample();
    let mut all: [Vec<Round>; 2] = Default::default();
    for round in 0..bench.warm_ups() + bench.rounds() {
        let (frame, to) = (frame.clone(), of_device as usize);
        let sent = floor.round(Send { frame, puts: put.puts, to, gap_ms: put.gap_ms });
        let measured = service.round(&mut readers, put, expected);
        if round >= bench.warm_ups() {
            all[0].push(measured);
            all[1].push(sent);
        }
    }
    let case = bench.case();
    let [service, sent] = &all;
    let [service_us, floor_us] =
        [service, sent].map(|rounds| rounds.iter().map(Round::us_per_frame).collect::<Vec<_>>());
    let name = format!("CPU per frame of {OF_QUARTER} points, {dashboards} dashboards");
    bench.tell(Figure::beside(case, name, "µs", &service_us, &floor_us));
    let delivered = Spread::of(service.iter().map(|round| round.us_per(round.totals.changes)));
    bench.tell(Figure::alone(case, "CPU per change delivered", "µs", delivered));
    let changes = u64::from(put.puts * put.count);
    let put = Spread::of(service.iter().map(|round| round.us_per(changes)));
    let name = format!("CPU per change put, {of_quarter} readers each");
    bench.tell(Figure::alone(case, name, "µs", put));
    let [service_ms, floor_ms] = [service, sent]
        .map(|rounds| rounds.iter().map(|round| round.totals.delay.p99_ms()).collect::<Vec<_>>());
    bench.tell(Figure::beside(case, "p99 from put to reader", "ms", &service_ms, &floor_ms));
}
