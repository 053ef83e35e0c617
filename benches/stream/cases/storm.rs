//! Thousands of clients lose their connections at once and come back to where they were.

use crate::conductor::Bench;
use crate::pair::{Floor, Readers, Service, same_points, streams};
use crate::report::Figure;
use crate::roles::Open;
use crate::server::{OF_DEVICE, OF_QUARTER};

/// Connections on their way at once: as many as the kernel holds for a service that is busy.
const AT_ONCE: usize = 1_000;

pub(crate) fn run(bench: &mut Bench) {
    let count = bench.scale(5_000, 300);
    let clock = bench.clock();
    let mut service = Service::start(clock, OF_DEVICE);
    let query = vec!["points=hall/000/0/*".to_owned()];
    let open = streams(service.address, count, query, OF_QUARTER as usize);
    let open = Open { in_flight: AT_ONCE, ..open };
    let mut readers = Readers::open(clock, open.clone());
    let mut floor = None;
    let (mut times, mut costs): ([Vec<f64>; 2], [Vec<f64>; 2]) = Default::default();
    for round in 0..bench.warm_ups() + bench.rounds() {
        let (took_ms, cost) = resumes(&mut service, &mut readers, count);
        // The floor greets with the bytes of a resume: the position, and the change that was missed.
        let floor = floor.get_or_insert_with(|| {
            Floor::beside(clock, &mut readers, &Open { points_each: 1, ..open.clone() })
        });
        let (bare_ms, bare_cost) = bare(floor, count);
        if round >= bench.warm_ups() {
            times[0].push(took_ms);
            times[1].push(bare_ms);
            costs[0].push(cost);
            costs[1].push(bare_cost);
        }
    }
    let case = bench.case();
    let name = format!("CPU per resume, {count} at once");
    bench.tell(Figure::beside(case, name, "µs", &costs[0], &costs[1]));
    let name = format!("until all {count} stand where they were");
    bench.tell(Figure::beside(case, name, "ms", &times[0], &times[1]));
}

/// All lose their connection, one point changes, all come back: milliseconds, and µs of processor time for each.
fn resumes(service: &mut Service, readers: &mut Readers, count: usize) -> (f64, f64) {
    readers.close();
    service.until_deserted();
    service.put(same_points(1, 1, 1));
    let values = service.written();
    readers.reset();
    let before = service.usage().cpu_ns;
    let took_ms = readers.reopen();
    readers.settle(&values);
    let cpu_ns = service.usage().cpu_ns - before;
    let totals = readers.totals();
    let streams = count as u64;
    assert_eq!((totals.resumed, totals.reset), (streams, 0), "streams that resumed");
    assert_eq!(totals.changes, streams, "changes that were missed and then told");
    (took_ms, cpu_ns as f64 / 1e3 / count as f64)
}

/// The same with nothing but accepting, reading and sending.
fn bare(floor: &mut Floor, count: usize) -> (f64, f64) {
    floor.readers.close();
    floor.until_deserted();
    floor.readers.reset();
    let before = floor.usage().cpu_ns;
    let took_ms = floor.readers.reopen();
    let cpu_ns = floor.usage().cpu_ns - before;
    assert_eq!(floor.readers.totals().resumed, count as u64, "streams that came back");
    (took_ms, cpu_ns as f64 / 1e3 / count as f64)
}
