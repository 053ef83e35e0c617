//! The case `plans`: what a plan takes on the wire, beside the rules of other gateways, and how long planning
//! takes. Wire times are predicted, by the same rule for everybody.

use std::hint::black_box;
use std::time::{Duration, Instant};

use pointcast_modbus::measure::{Request, Value, Wire};

use crate::maps::{self, Map};
use crate::report::{Cell, Row, Table};
use crate::rules::Rule;

const TURNAROUND: Duration = Duration::from_millis(5);
const ROUND_TRIP: Duration = Duration::from_millis(2);

/// The wires, each under the head of its column.
fn wires() -> [(&'static str, Wire); 4] {
    let serial = |baud| Wire::Serial { baud, turnaround: TURNAROUND };
    [
        ("9 600 baud", serial(9_600)),
        ("19 200 baud", serial(19_200)),
        ("115 200 baud", serial(115_200)),
        ("TCP", Wire::Tcp { round_trip: ROUND_TRIP }),
    ]
}

pub(crate) fn run(quick: bool) -> Vec<Table> {
    let mut tables = Vec::new();
    for map in maps::all() {
        tables.push(one_rate(&map));
        tables.push(several_rates(&map));
    }
    tables.push(planning(if quick { 3 } else { 31 }));
    tables
}

/// All of `map` once: requests and milliseconds.
fn one_rate(map: &Map) -> Table {
    let once = |value: &Value| Value { interval: Duration::from_secs(1), ..*value };
    let once: Vec<Value> = map.values.iter().map(once).collect();
    let cell = |requests: &[Request], wire: &Wire| {
        let time: Duration = requests.iter().map(|request| wire.time(request)).sum();
        let value = time.as_secs_f64() * 1_000.0;
        Cell { value, unit: "ms", requests: Some(requests.len()) }
    };
    let title = format!("{}, {} values at one rate: requests and wire time", map.name, once.len());
    beside(title, &once, map.max_block, cell)
}

/// `map` at the rates that are wanted: requests and the share of all time.
fn several_rates(map: &Map) -> Table {
    let cell = |requests: &[Request], wire: &Wire| {
        let share =
            |request: &Request| wire.time(request).as_secs_f64() / request.interval.as_secs_f64();
        let value = requests.iter().map(share).sum::<f64>() * 100.0;
        Cell { value, unit: "%", requests: Some(requests.len()) }
    };
    let title = format!("{}, at several rates: requests and share of all time", map.name);
    beside(title, &map.values, map.max_block, cell)
}

/// One row a rule, ours last.
fn beside(
    title: String,
    values: &[Value],
    max_block: u16,
    cell: impl Fn(&[Request], &Wire) -> Cell,
) -> Table {
    let row = |name: &str, plan: &dyn Fn(&Wire) -> Vec<Request>| {
        let cells = wires().iter().map(|(_, wire)| cell(&plan(wire), wire)).collect();
        Row { name: name.to_owned(), cells }
    };
    let others = Rule::ALL.iter();
    let mut rows: Vec<Row> =
        others.map(|(name, rule)| row(name, &|_| rule.plan(values, max_block))).collect();
    rows.push(row("Pointcast", &|wire| wire.plan(values, max_block)));
    let columns = wires().iter().map(|(name, _)| (*name).to_owned()).collect();
    Table { case: "plans", title, columns, rows }
}

/// How long 10 000 points of one device take to plan.
fn planning(rounds: usize) -> Table {
    const POINTS: u16 = 10_000;
    let value =
        |first, length, seconds| Value { first, length, interval: Duration::from_secs(seconds) };
    let rate = |at: u16| match at % 3 {
        0 => 1,
        1 => 5,
        _ => 60,
    };
    let kinds: [(&str, &dyn Fn(u16) -> Value); 3] = [
        ("one after another, one rate", &|at| value(at, 1, 1)),
        ("with gaps, one rate", &|at| value(at * 5 + at % 3, 2, 1)),
        ("three rates in turn", &|at| value(at, 1, rate(at))),
    ];
    let row = |(name, kind): &(&str, &dyn Fn(u16) -> Value)| {
        let values: Vec<Value> = (0..POINTS).map(kind).collect();
        let cell = |(_, wire): &(&str, Wire)| {
            let once = |_| {
                let begin = Instant::now();
                black_box(wire.plan(black_box(&values), 125));
                begin.elapsed()
            };
            let mut times: Vec<Duration> = (0..rounds).map(once).collect();
            times.sort_unstable();
            let value = times.get(rounds / 2).unwrap().as_secs_f64() * 1_000.0;
            Cell { value, unit: "ms", requests: None }
        };
        Row { name: (*name).to_owned(), cells: wires().iter().map(cell).collect() }
    };
    Table {
        case: "plans",
        title: format!("planning {POINTS} points, median of {rounds} rounds"),
        columns: wires().iter().map(|(name, _)| (*name).to_owned()).collect(),
        rows: kinds.iter().map(row).collect(),
    }
}
