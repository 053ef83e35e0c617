//! What a frame of many changes costs beside a frame of one: processor time, and bytes.

use crate::conductor::Bench;
use crate::pair::{Floor, Readers, Round, Service, same_points, streams};
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
    let mut service = Service::start(clock, OF_DEVICE);
    let open = |query: &str| {
        let query = vec![format!("points=hall/000/**{query}")];
        streams(service.address, READERS, query, OF_DEVICE as usize)
    };
    let (plain, short) = (open(""), open("&format=compact"));
    let mut short_readers = Readers::none(clock);
    if let Some(status) = short_readers.try_open(short).refused {
        return bench.note(format!("not there yet: the service says {status}"));
    }
    let mut readers = Readers::open(clock, plain);
    for changes in [OF_DEVICE, 1] {
        let put = Put { small: true, ..same_points(changes, puts, 5) };
        let bytes = |round: &Round| round.totals.bytes_in as f64 / round.totals.changes as f64;
        let expected = u64::from(puts * changes) * READERS as u64;
        // The other form's readers read along: the first frames, in which aliases are declared, are not counted.
        let plain = bytes(&service.round(&mut readers, put, expected));
        let short = bytes(&service.round(&mut short_readers, put, expected));
        let name = format!("plain / compact bytes per change, {changes} in a frame");
        let figure = Figure::beside(bench.case(), name, "bytes", &[plain], &[short]);
        bench.tell(if changes == 1 { figure } else { figure.with_target(COMPACT) });
    }
}
