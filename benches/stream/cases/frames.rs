//! What a frame of many changes costs beside a frame of one: processor time, and bytes.

use crate::conductor::Bench;
use crate::pair::{Floor, Readers, Service, same_points, streams};
use crate::report::{Figure, Target};
use crate::roles::{Put, Send};
use crate::server::OF_DEVICE;

/// What a frame of 100 changes may cost, in frames of one.
const LARGE: Target = Target::AtMost(2.0);

/// How many bytes of the plain form one of the compact form is to stand for.
const COMPACT: Target = Target::AtLeast(3.0);

/// Readers of each form.
const READERS: usize = 10;

pub(crate) fn sizes(bench: &mut Bench) {
    let (count, puts) = bench.scale((1_000, 25), (100, 20));
    let gap_ms = bench.scale(30, 10);
    let clock = bench.clock();
    let mut service = Service::start(clock, OF_DEVICE);
    let query = vec!["points=hall/000/**".to_owned()];
    let open = streams(service.address, count, query, OF_DEVICE as usize);
    let mut readers = Readers::open(clock, open.clone());
    let mut floor = Floor::beside(clock, &mut readers, &open);
    let shapes = [1, OF_DEVICE].map(|changes| {
        let one = same_points(changes, 1, gap_ms);
        service.round(&mut readers, one, u64::from(changes) * count as u64);
        (changes, readers.sample())
    });
    // Of frames with one change, and with many.
    let (mut service_us, mut floor_us): ([Vec<f64>; 2], [Vec<f64>; 2]) = Default::default();
    for round in 0..bench.warm_ups() + bench.rounds() {
        for (at, (changes, frame)) in shapes.iter().enumerate() {
            let sent = floor.round(Send { frame: frame.clone(), puts, to: count, gap_ms });
            let expected = u64::from(puts * changes) * count as u64;
            let put = same_points(*changes, puts, gap_ms);
            let measured = service.round(&mut readers, put, expected);
            if round >= bench.warm_ups() {
                service_us[at].push(measured.us_per_frame());
                floor_us[at].push(sent.us_per_frame());
            }
        }
    }
    let case = bench.case();
    for (at, (changes, frame)) in shapes.iter().enumerate() {
        let name = format!("CPU per frame with {changes} changed, {} bytes", frame.len());
        bench.tell(Figure::beside(case, name, "µs", &service_us[at], &floor_us[at]));
    }
    let ([one, many], [bare_one, bare_many]) = (service_us, floor_us);
    let name = "CPU of a frame with 100 changes / with 1";
    bench.tell(Figure::beside(case, name, "µs", &many, &one).with_target(LARGE));
    let name = "the same of the bare loop";
    bench.tell(Figure::beside(case, name, "µs", &bare_many, &bare_one));
}

pub(crate) fn compact(bench: &mut Bench) {
    let puts = bench.scale(200, 20);
    let clock = bench.clock();
    let mut sides = Vec::new();
    for query in ["points=hall/000/**", "points=hall/000/**&format=compact"] {
        let service = Service::start(clock, OF_DEVICE);
        let query = vec![query.to_owned()];
        let open = streams(service.address, READERS, query, OF_DEVICE as usize);
        sides.push((service, Readers::open(clock, open)));
    }
    for changes in [OF_DEVICE, 1] {
        let put = Put { small: true, ..same_points(changes, puts, 5) };
        let expected = u64::from(puts * changes) * READERS as u64;
        let bytes = sides.iter_mut().map(|(service, readers)| {
            let totals = service.round(readers, put, expected).totals;
            totals.bytes_in as f64 / totals.changes as f64
        });
        let bytes: Vec<f64> = bytes.collect();
        let name = format!("plain / compact bytes per change, {changes} in a frame");
        let figure = Figure::beside(bench.case(), name, "bytes", &bytes[..1], &bytes[1..]);
        bench.tell(if changes == 1 { figure } else { figure.with_target(COMPACT) });
    }
}
