//! The case `requests`: what the driver's thread spends on a request of 125 registers.
//!
//! Everything runs on one thread in one runtime, and that thread's time is counted, the kernel's part of it included;
//! the devices are another process. **Raw** writes and counts bytes. **Link** is the driver's link: numbered requests,
//! deadlines, every header and length checked, registers as numbers: as much as a Modbus library does. **Driver** is all
//! of the driver: scheduling, link, what is counted and told, 125 points decoded, with their time. **With table** the
//! gateway's table stands behind it, and each point is a change.
//!
//! Rounds alternate, and ratios are taken round by round.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointcast::devices::Devices;
use pointcast::outlet::ChannelOutlet;
use pointcast::table::{Catalog, Table as PointTable};
use pointcast_api::{DeviceIndex, DeviceReport, Failure, Outlet, Reading, Sample, UnixMs};
use pointcast_modbus::measure::{self, Reader};
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::raw;
use crate::report::{Cell, Row, Table};
use crate::slave::Slave;
use crate::stats::{Spread, ratios};

/// Requests on their way at once, where there are several.
const DEPTH: usize = 16;

/// Blocks of the device that is read: a flight.
const BLOCKS: u16 = 16;

pub(crate) fn run(quick: bool) -> Vec<Table> {
    let (rounds, requests) = if quick { (1, 1_600) } else { (9, 32_000) };
    let slave = Slave::start();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench { slave, runtime, requests };
    [1, DEPTH].into_iter().map(|depth| bench.beside(depth, rounds)).collect()
}

struct Bench {
    slave: Slave,
    runtime: Runtime,
    requests: usize,
}

impl Bench {
    fn beside(&self, depth: usize, rounds: usize) -> Table {
        let [bare, whole] = [false, true].map(|table| Whole::new(depth, self.requests, table));
        let mut us: [Vec<f64>; 4] = Default::default();
        // The first round warms up.
        for round in 0..=rounds {
            let raw = self.us(async |stream| raw::ask(stream, depth, self.requests).await);
            let link = self.us(async |stream| {
                measure::ask(stream, depth, self.requests).await.unwrap();
            });
            let bare = self.us(async |stream| bare.read(stream).await);
            let whole = self.us(async |stream| whole.read(stream).await);
            for (all, one) in us.iter_mut().zip([raw, link, bare, whole]) {
                all.extend((round > 0).then_some(one));
            }
        }
        let [raw, link, bare, whole] = &us;
        let row = |name: &str, us: &[f64]| {
            let (ratio, us) = (ratios(us, raw), Spread::of(us.iter().copied()));
            let cell = |value, unit| Cell { value, unit, requests: None };
            let cells = vec![
                cell(us.median, "µs"),
                cell(us.least, "µs"),
                cell(us.most, "µs"),
                cell(ratio.median, "×"),
                cell(ratio.least, "×"),
                cell(ratio.most, "×"),
            ];
            Row { name: name.to_owned(), cells }
        };
        Table {
            case: "requests",
            title: format!(
                "CPU of a request of 125 registers, {depth} on their way at once, {rounds} rounds of {}",
                self.requests
            ),
            columns: ["median", "least", "most", "of raw", "least", "most"]
                .map(str::to_owned)
                .into(),
            rows: vec![
                row("raw loop", raw),
                row("link alone", link),
                row("driver", bare),
                row("driver with table", whole),
            ],
        }
    }

    /// What a request takes of this thread's time, in microseconds.
    fn us(&self, ask: impl AsyncFnOnce(TcpStream)) -> f64 {
        let stream = self.runtime.block_on(TcpStream::connect(self.slave.address)).unwrap();
        stream.set_nodelay(true).unwrap();
        let before = thread_ns();
        self.runtime.block_on(ask(stream));
        (thread_ns() - before) as f64 / 1e3 / self.requests as f64
    }
}

fn thread_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The driver, and the table that it puts into.
struct Whole {
    reader: Reader,
    outlet: Counting,
}

impl Whole {
    fn new(depth: usize, requests: usize, has_table: bool) -> Self {
        let reader = Reader::new(BLOCKS, depth as u8).unwrap();
        let points = reader.points();
        let count = points.len() as u32;
        let declared = points.iter().map(|point| (point.clone(), "device".to_owned()));
        let table = Arc::new(PointTable::new(Catalog::new(declared.collect()).unwrap()));
        let devices = Arc::new(Devices::default());
        let table = ChannelOutlet::new(table, devices, (0, count), (0, 1));
        let table = has_table.then_some(table);
        let outlet = Counting { table, requests, put: AtomicUsize::new(0), done: Notify::new() };
        Self { reader, outlet }
    }

    async fn read(&self, stream: TcpStream) {
        self.outlet.put.store(0, Ordering::Relaxed);
        tokio::select! {
            lost = self.reader.read(stream, &self.outlet) => panic!("{lost}"),
            () = self.outlet.done.notified() => {}
        }
    }
}

/// Puts into the table, if there is one, and tells when there were so many batches.
struct Counting {
    table: Option<ChannelOutlet>,
    requests: usize,
    put: AtomicUsize,
    done: Notify,
}

impl Outlet for Counting {
    fn put(&self, samples: &[Sample]) {
        let is_right = |sample: &Sample| matches!(sample.reading, Reading::Good(_));
        assert!(samples.len() == 125 && samples.iter().all(is_right), "a block without its values");
        if let Some(table) = &self.table {
            table.put(samples);
        }
        if self.put.fetch_add(1, Ordering::Relaxed) + 1 == self.requests {
            self.done.notify_one();
        }
    }

    fn fail_device(&self, _: DeviceIndex, failure: Failure, _: UnixMs) {
        panic!("the device is lost: {failure:?}");
    }

    fn report(&self, _: DeviceIndex, _: DeviceReport) {}
}
