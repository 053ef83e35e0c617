//! The same dashboards, asking every second or listening: why there is a stream.

use std::fmt::Write as _;

use super::dashboards::{SHOWN, every_second, points_shown, queries};
use crate::conductor::Bench;
use crate::pair::{Readers, Service, streams};
use crate::pipe::Process;
use crate::report::{Figure, number};
use crate::roles::{Done, Lag, PollAsk, Polled, Put, Role, Settled};
use crate::server::{OF_DEVICE, id};

/// How often a dashboard polls.
const POLL_EVERY_MS: u64 = 1_000;

/// What one way of knowing cost.
struct Way {
    name: &'static str,
    requests: u64,
    bytes: u64,
    cpu_ms: f64,
    lag: Lag,
}

pub(crate) fn run(bench: &mut Bench) {
    let (dashboards, points, seconds) = bench.scale((200, 10_000, 8), (20, 1_000, 1));
    let mut table = format!(
        "\n| {dashboards} dashboards of {SHOWN} points | requests | on the wire | server CPU | \
         mean lag | worst lag |\n|---|---|---|---|---|---|\n"
    );
    for (stride, what) in [(1, "every point"), (10, "every tenth point")] {
        let put = every_second(points, seconds, stride);
        let polled = poll(bench, dashboards, points, put);
        let pushed = push(bench, dashboards, points, put, None);
        let gathered = push(bench, dashboards, points, put, Some(POLL_EVERY_MS));
        for way in [&polled, &gathered, &pushed] {
            // A second of all dashboards together.
            let each = |total: f64| number(total / f64::from(seconds));
            let requests = way.requests / u64::from(seconds);
            writeln!(
                table,
                "| {}, {what} changes each second | {requests}/s | {} KB/s | {} ms/s | {} ms | {} ms |",
                way.name,
                each(way.bytes as f64 / 1e3),
                each(way.cpu_ms),
                number(way.lag.mean_ms()),
                number(way.lag.worst_ms()),
            )
            .unwrap();
        }
        let case = bench.case();
        let mut tell = |name: &str, unit, polled: f64, pushed: f64| {
            let name = format!("{name}, polling / pushing, {what} changes");
            bench.tell(Figure::beside(case, name, unit, &[polled], &[pushed]));
        };
        tell("server CPU", "ms", polled.cpu_ms, pushed.cpu_ms);
        tell("the same, pushing once a second", "ms", polled.cpu_ms, gathered.cpu_ms);
        tell("bytes on the wire", "KB", polled.bytes as f64 / 1e3, pushed.bytes as f64 / 1e3);
        tell("mean lag", "ms", polled.lag.mean_ms(), pushed.lag.mean_ms());
        tell("worst lag", "ms", polled.lag.worst_ms(), pushed.lag.worst_ms());
    }
    bench.note(table);
}

/// Dashboards that ask once a second for all they show.
fn poll(bench: &Bench, dashboards: u32, points: u32, put: Put) -> Way {
    let clock = bench.clock();
    let mut service = Service::start(clock, points);
    let body = |dashboard| {
        let ids: Vec<String> = points_shown(dashboard, points).map(id).collect();
        serde_json::json!({ "ids": ids }).to_string()
    };
    let bodies = (0..dashboards).map(body).collect();
    let mut polling = Process::start(Role::Poll, clock);
    let Done = polling.ask(&PollAsk::Open { address: service.address, bodies });
    let before = service.usage().cpu_ns;
    service.put(put);
    let seconds = u64::from(put.puts) * put.gap_ms / 1_000;
    let polled: Polled = polling.ask(&PollAsk::Run { seconds, interval_ms: POLL_EVERY_MS });
    let cpu_ns = service.usage().cpu_ns - before;
    let settled: Settled = polling.ask(&PollAsk::Wrong { values: service.written() });
    assert_eq!(settled.wrong, 0, "points do not show their last values");
    Way {
        name: "polling",
        requests: polled.requests,
        bytes: polled.bytes_in + polled.bytes_out,
        cpu_ms: cpu_ns as f64 / 1e6,
        lag: polled.lag,
    }
}

/// Dashboards that listen, and may ask for frames no more often than at an interval. Every change must reach them.
fn push(bench: &Bench, dashboards: u32, points: u32, put: Put, interval_ms: Option<u64>) -> Way {
    let clock = bench.clock();
    let mut service = Service::start(clock, points);
    let mut queries = queries(dashboards, points);
    if let Some(interval_ms) = interval_ms {
        queries.iter_mut().for_each(|query| *query += &format!("&interval_ms={interval_ms}"));
    }
    let open = streams(service.address, dashboards as usize, queries, SHOWN as usize);
    let mut readers = Readers::open(clock, open);
    readers.reset();
    let before = service.usage().cpu_ns;
    service.put(put);
    let values = service.written();
    readers.settle(&values);
    let cpu_ns = service.usage().cpu_ns - before;
    let totals = readers.totals();
    let read_by = |point: u32| {
        (0..dashboards).filter(|d| points_shown(*d, points).any(|shown| shown == point)).count()
    };
    let changing = (0..points).filter(|point| (point % OF_DEVICE).is_multiple_of(put.stride));
    let readers: usize = changing.map(read_by).sum();
    let expected = readers as u64 * u64::from(put.puts / (points / OF_DEVICE));
    assert_eq!(totals.changes + totals.skipped, expected, "changes that arrived: {totals:?}");
    Way {
        name: if interval_ms.is_some() { "pushing once a second" } else { "pushing at once" },
        requests: 0,
        bytes: totals.bytes_in + totals.bytes_out,
        cpu_ms: cpu_ns as f64 / 1e6,
        lag: totals.lag,
    }
}
