//! Half of the readers stop reading: what the others notice, what the service holds for them, and that nobody
//! loses a last value.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::dashboards::{SHOWN, every_second, queries};
use crate::conductor::Bench;
use crate::pair::{Readers, Service, streams};
use crate::report::{Figure, Target};
use crate::roles::{Open, Totals};
use crate::stats::Spread;

/// What p99 of the others may be, in theirs while nobody is stalled.
const OTHERS: Target = Target::AtMost(1.1);

/// What memory may be at most, in memory soon after the readers stopped.
const FLAT: Target = Target::AtMost(1.02);

/// Bytes that the kernel holds for a reader, so that one that stops is soon full.
const RECEIVE_BYTES: usize = 4 * 1024;

/// How often memory is looked at, and how many looks one p99 is taken over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS: u32 = 5;

struct Shape {
    points: u32,
    half: u32,
    /// While all read, and while only the others are there.
    calm_s: u32,
    stalled_s: u32,
    /// From when on memory is to be flat.
    settled_s: u32,
}

pub(crate) fn run(bench: &mut Bench) {
    let full = Shape { points: 10_000, half: 500, calm_s: 15, stalled_s: 60, settled_s: 15 };
    let quick = Shape { points: 1_000, half: 50, calm_s: 1, stalled_s: 2, settled_s: 1 };
    let shape = bench.scale(full, quick);
    let clock = bench.clock();
    let mut service = Service::start(clock, shape.points);
    let queries = queries(2 * shape.half, shape.points);
    let (first, second) = queries.split_at(shape.half as usize);
    let open = |queries: &[String]| {
        streams(service.address, queries.len(), queries.to_vec(), SHOWN as usize)
    };
    let stalling = Open { receive_bytes: Some(RECEIVE_BYTES), comes_back: true, ..open(second) };
    let mut others = Readers::open(clock, open(first));
    let mut stalling = Readers::open(clock, stalling);
    let case = bench.case();

    let (all, _) = p99(&mut service, &mut others, &shape, shape.calm_s);
    stalling.reset();
    stalling.stall();
    let (stalled, memory) = p99(&mut service, &mut others, &shape, shape.stalled_s);
    let values = {
        // One more round, so that the stalled ones come back while nothing else is going on.
        service.put(every_second(shape.points, 1, 1));
        service.written()
    };
    let begin = Instant::now();
    stalling.settle(&values);
    let caught_up = begin.elapsed();
    let totals = stalling.totals();
    others.settle(&values);
    drop(stalling);
    let (alone, _) = p99(&mut service, &mut others, &shape, shape.calm_s);

    for (name, beside) in [("while all read", all), ("without the stalled ones", alone)] {
        let name = format!("p99 of the others / {name}");
        // What is compared are times of different length: their medians are.
        let ratio = Some(Spread::once(stalled.median / beside.median));
        let figure = Figure::alone(case, name, "ms", stalled).with_target(OTHERS);
        bench.tell(Figure { floor: Some(beside), ratio, ..figure });
    }
    let settled = memory[(shape.settled_s as usize).min(memory.len() - 1)];
    let name = format!("memory, most of {} s / after {} s", shape.stalled_s, shape.settled_s);
    let behind = memory.iter().skip(shape.settled_s as usize).copied();
    let figure = Figure::beside(case, name, "MB", &[Spread::of(behind).most], &[settled]);
    bench.tell(figure.with_target(FLAT));
    bench.note(format!(
        "of {} stalled readers {} were closed, {} resumed, {} began again; {} changes were told to be skipped; \
         all showed the last values {} ms after they read again",
        shape.half,
        totals.ended,
        totals.resumed,
        totals.reset,
        totals.skipped,
        caught_up.as_millis()
    ));
}

/// p99 of the others in milliseconds, some seconds at a time, and the service's memory in MB, second by second. All
/// that was put must arrive there.
fn p99(
    service: &mut Service,
    others: &mut Readers,
    shape: &Shape,
    seconds: u32,
) -> (Spread, Vec<f64>) {
    others.reset();
    let put = every_second(shape.points, seconds, 1);
    service.put(put);
    let (mut memory, mut delays) = (Vec::new(), Vec::new());
    let (mut told, mut ended) = (0, 0);
    let mut count = |totals: &Totals| {
        told += totals.changes + totals.skipped;
        ended += totals.ended;
    };
    for look in 1..=seconds {
        memory.push(service.usage().anonymous_bytes as f64 / 1e6);
        sleep(LOOK_EVERY);
        if look % LOOKS == 0 || look == seconds {
            let totals = others.take();
            count(&totals);
            delays.push(totals.delay.p99_ms());
        }
    }
    let values = service.written();
    others.settle(&values);
    count(&others.totals());
    assert_eq!(told, u64::from(seconds * shape.half * SHOWN), "changes of the others");
    assert_eq!(ended, 0, "streams of the others ended");
    (Spread::of(delays), memory)
}
