//! Half of the readers stop reading: what the others notice, what the service holds for them, and that nobody
//! loses a last value.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::dashboards::{SHOWN, every_second, queries};
use crate::conductor::Bench;
use crate::pair::{Readers, Service, streams};
use crate::report::{Figure, Target};
use crate::roles::Open;
use crate::stats::Spread;

/// What p99 of the others may be, in theirs while nobody is stalled.
const OTHERS: Target = Target::AtMost(1.1);

/// What memory may be at most, in memory soon after the readers stopped.
const FLAT: Target = Target::AtMost(1.02);

/// Bytes that the kernel holds for a reader, so that one that stops is soon full.
const RECEIVE_BYTES: usize = 4 * 1024;

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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

    let (all_ms, _) = p99(&mut service, &mut others, &shape, shape.calm_s);
    stalling.reset();
    stalling.stall();
    let (stalled_ms, memory) = p99(&mut service, &mut others, &shape, shape.stalled_s);
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
    let (alone_ms, _) = p99(&mut service, &mut others, &shape, shape.calm_s);

    let name = "p99 of the others / while all read";
    bench.tell(Figure::beside(case, name, "ms", &[stalled_ms], &[all_ms]).with_target(OTHERS));
    let name = "p99 of the others / without the stalled ones";
    bench.tell(Figure::beside(case, name, "ms", &[stalled_ms], &[alone_ms]).with_target(OTHERS));
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

/// p99 of the others in milliseconds over so many seconds, and the service's memory in MB, second by second. All
/// that was put must arrive there.
fn p99(
    service: &mut Service,
    others: &mut Readers,
    shape: &Shape,
    seconds: u32,
) -> (f64, Vec<f64>) {
    others.reset();
    let put = every_second(shape.points, seconds, 1);
    service.put(put);
    let mut memory = Vec::new();
    for _ in 0..seconds {
        memory.push(service.usage().anonymous_bytes as f64 / 1e6);
        sleep(LOOK_EVERY);
    }
    let values = service.written();
    others.settle(&values);
    let totals = others.totals();
    let expected = u64::from(seconds * shape.half * SHOWN);
    assert_eq!(totals.changes + totals.skipped, expected, "changes of the others: {totals:?}");
    assert_eq!(totals.ended, 0, "streams of the others ended");
    (totals.delay.p99_ms(), memory)
}
