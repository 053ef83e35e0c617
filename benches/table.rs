//! What a sample costs the table, beside the least it could cost, and what a selected point does in memory:
//! `cargo bench --bench table`.
//!
//! The floor is a plain vector of numbers behind one lock, written one by one in the same batches and run. Rounds
//! alternate, and medians are compared, so that a busy machine disturbs both alike.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "a measurement stops at its first surprise"
)]

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use pointcast::table::{Catalog, Mailbox, Table, Update};
use pointcast_api::{PointDeclaration, PointId, Reading, UnixMs, Value, ValueType};

const POINTS: u32 = 10_000;
const BATCH: u32 = 100;
const ROUNDS: usize = 31;
const SWEEPS: i64 = 20;

/// Readers whose memory is measured, and how many points each of them selects.
const READERS: u32 = 10_000;
const SELECTED: u32 = 100;

fn declaration(point: u32) -> PointDeclaration {
    PointDeclaration::bare(PointId::new(&format!("line/{point}")).unwrap(), ValueType::I64)
}

fn table() -> Table {
    let points = (0..POINTS).map(|point| (declaration(point), String::new())).collect();
    Table::new(Catalog::new(points).unwrap())
}

/// Writes every point `SWEEPS` times; `value` says which value each sweep gives.
fn sweep_table(table: &Table, value: impl Fn(i64) -> i64) {
    for sweep in 0..SWEEPS {
        let reading = Reading::Good(Value::I64(value(sweep)));
        let time = UnixMs(1);
        for first in (0..POINTS).step_by(BATCH as usize) {
            let batch = first..first + BATCH;
            table.apply(batch.map(|point| (point, Update::Read(black_box(&reading), time))));
        }
    }
}

fn sweep_floor(floor: &Mutex<Vec<(i64, u64)>>, value: impl Fn(i64) -> i64) {
    for sweep in 0..SWEEPS {
        for first in (0..POINTS as usize).step_by(BATCH as usize) {
            let mut floor = floor.lock().unwrap();
            for slot in floor.iter_mut().skip(first).take(BATCH as usize) {
                let number = black_box(value(sweep));
                if slot.0 != number {
                    *slot = (number, slot.1 + 1);
                }
            }
        }
    }
}

/// Nanoseconds for each sample.
fn timed(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_nanos() as f64 / f64::from(POINTS) / SWEEPS as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The memory of this process that is in use, in bytes; `None` where the system does not tell it that way.
fn resident_bytes() -> Option<f64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4_096.0)
}

/// Readers of `selected` points each, spread over the table, every point marked, and what they take in memory.
fn readers(table: &Table, selected: u32) -> Option<(Vec<Arc<Mailbox>>, f64)> {
    let before = resident_bytes()?;
    let mailboxes = (0..READERS).map(|reader| {
        let mailbox = Arc::new(Mailbox::new(selected as usize));
        for local in 0..selected {
            table.register((reader + local * 97) % POINTS, &mailbox, local);
            mailbox.backlog().mark(local);
        }
        mailbox
    });
    let mailboxes = mailboxes.collect();
    Some((mailboxes, resident_bytes()? - before))
}

fn memory() {
    let tables = (table(), table());
    let (Some(one), Some(all)) = (readers(&tables.0, 1), readers(&tables.1, SELECTED)) else {
        println!("memory: not told by this system");
        return;
    };
    let bytes = (all.1 - one.1) / f64::from(READERS) / f64::from(SELECTED - 1);
    println!("{READERS} readers of {SELECTED} of {POINTS} points each, table and mailboxes:");
    println!("{:<34}{bytes:>10.1}", "bytes a further selected point");
    println!("{:<34}{:>10.1}", "bytes a reader of one point", one.1 / f64::from(READERS));
}

fn main() {
    let (quiet, alone, read) = (table(), table(), table());
    let mailbox = Arc::new(Mailbox::new(POINTS as usize));
    for point in 0..POINTS {
        read.register(point, &mailbox, point);
    }
    let floor = Mutex::new(vec![(0, 0); POINTS as usize]);
    let mut times: [Vec<f64>; 5] = Default::default();
    for round in 0..ROUNDS as i64 {
        let new = move |sweep| round * SWEEPS + sweep;
        let measured = [
            timed(|| sweep_floor(&floor, |_| 0)),
            timed(|| sweep_table(&quiet, |_| 0)),
            timed(|| sweep_floor(&floor, new)),
            timed(|| sweep_table(&alone, new)),
            timed(|| sweep_table(&read, new)),
        ];
        mailbox.backlog().clear();
        for (times, time) in times.iter_mut().zip(measured) {
            times.push(time);
        }
    }
    let [floor_same, same, floor_new, new, marked] = times.map(median);
    println!("samples in batches of {BATCH}, {POINTS} points, median of {ROUNDS} rounds");
    println!("{:<34}{:>10}{:>12}{:>10}", "", "ns each", "million/s", "floors");
    for (name, time, floor) in [
        ("unchanged", same, floor_same),
        ("changed, nobody reads", new, floor_new),
        ("changed, one reader of all", marked, floor_new),
    ] {
        println!("{name:<34}{time:>10.1}{:>12.1}{:>10.1}", 1_000.0 / time, time / floor);
    }
    memory();
}
