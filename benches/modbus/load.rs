//! The cases `connections` and `points`: what the whole gateway uses, driver, table and HTTP, that reads so much each
//! second. All its CPU counts, user and system; memory is what no file stands behind, beside that of a gateway that
//! has nothing to read. Every point changes with every reading, and nobody listens.
//!
//! Neuron's figures are its makers' own, for 1 000 connections of 300 tags each second.

use std::fmt::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::gateway::{Gateway, until};
use crate::report::{Cell, Row, Table};
use crate::slave::Slave;
use crate::stats::Spread;

/// Registers in a block: three of them make a device of 300 points, ten one of 1 000.
const BLOCK: usize = 100;

/// How long starting and connecting everything may take.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

struct Shape {
    case: &'static str,
    connections: usize,
    /// Of each connection.
    points: usize,
    rounds: usize,
    round: Duration,
}

pub(crate) fn connections(quick: bool) -> Vec<Table> {
    let mut rows = vec![];
    rows.extend(measured(&shape("connections", quick, (1_000, 50), 300)));
    rows.push(Row {
        name: "Neuron 2, published: 1 000 connections, 300 points each".to_owned(),
        cells: vec![percent(90.0), none(), none(), megabytes(300.0), none(), none()],
    });
    vec![table("connections", rows)]
}

pub(crate) fn points(quick: bool) -> Vec<Table> {
    vec![table("points", measured(&shape("points", quick, (100, 10), 1_000)))]
}

fn shape(case: &'static str, quick: bool, connections: (usize, usize), points: usize) -> Shape {
    let (connections, rounds, seconds) =
        if quick { (connections.1, 1, 1) } else { (connections.0, 5, 5) };
    Shape { case, connections, points, rounds, round: Duration::from_secs(seconds) }
}

fn table(case: &'static str, rows: Vec<Row>) -> Table {
    let columns = ["CPU of a core", "least", "most", "memory", "of it for points", "requests/s"];
    Table {
        case,
        title: "the whole gateway, each point read and changed once a second".to_owned(),
        columns: columns.map(str::to_owned).into(),
        rows,
    }
}

fn measured(shape: &Shape) -> Vec<Row> {
    let empty = Gateway::start(&format!("{}-empty", shape.case), &[]);
    sleep(Duration::from_millis(500));
    let empty_bytes = empty.anonymous_bytes();
    drop(empty);
    let mut slave = Slave::start();
    let gateway = Gateway::start(shape.case, &site(shape, &slave));
    let requests = (shape.connections * shape.points.div_ceil(BLOCK)) as u64;
    until("everything is read", STARTS_WITHIN, || slave.answered() >= requests * 2);
    sleep(Duration::from_secs(1));
    let (mut cpu, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..shape.rounds {
        let (begin, before, answered) = (Instant::now(), gateway.cpu(), slave.answered());
        sleep(shape.round);
        let seconds = begin.elapsed().as_secs_f64();
        cpu.push((gateway.cpu() - before).as_secs_f64() / seconds * 100.0);
        rates.push((slave.answered() - answered) as f64 / seconds);
    }
    let bytes = gateway.anonymous_bytes();
    let (cpu, rate) = (Spread::of(cpu), Spread::of(rates));
    let name = format!("{} connections, {} points each", shape.connections, shape.points);
    let mb = |bytes: u64| megabytes(bytes as f64 / 1e6);
    let cells = vec![
        percent(cpu.median),
        percent(cpu.least),
        percent(cpu.most),
        mb(bytes),
        mb(bytes.saturating_sub(empty_bytes)),
        Cell { value: rate.median, unit: "", requests: None },
    ];
    vec![Row { name, cells }]
}

fn percent(value: f64) -> Cell {
    Cell { value, unit: "%", requests: None }
}

fn megabytes(value: f64) -> Cell {
    Cell { value, unit: "MB", requests: None }
}

fn none() -> Cell {
    Cell { value: f64::NAN, unit: "", requests: None }
}

/// A channel, a connection and a device for each, in files of ten.
fn site(shape: &Shape, slave: &Slave) -> Vec<String> {
    let all: Vec<usize> = (0..shape.connections).collect();
    all.chunks(10).map(|some| part(some, shape, slave)).collect()
}

fn part(connections: &[usize], shape: &Shape, slave: &Slave) -> String {
    let mut site = String::new();
    let address = slave.address;
    for at in connections {
        writeln!(
            site,
            "[[channels]]\nname = \"c{at}\"\ndriver = \"modbus-tcp\"\naddress = \"{address}\"\n\
             [[devices]]\nname = \"d{at}\"\nchannel = \"c{at}\"\nmax_block = {BLOCK}\npoints = ["
        )
        .unwrap();
        for point in 0..shape.points {
            writeln!(
                site,
                "{{ name = \"p{point}\", address = \"holding:{point}\", type = \"u16\" }},"
            )
            .unwrap();
        }
        site.push_str("]\n");
    }
    site
}
