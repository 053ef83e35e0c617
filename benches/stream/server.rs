//! The service as a library, wired as the program wires it, and a writer that puts changes on command.

use std::ops::Add;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pointcast::devices::Devices;
use pointcast::http::{self, Api, Hosts};
use pointcast::limits::Limits;
use pointcast::own::{self, OwnPoints};
use pointcast::stream::Sessions;
use pointcast::table::{Catalog, Index, Table, Update};
use pointcast_api::{PointDeclaration, PointId, Reading, UnixMs, Value, ValueType};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::pipe;
use crate::roles::{Done, Put, ServerAsk, Usage, Written};
use crate::system::{self, Clock};

/// Points of one device.
pub(crate) const OF_DEVICE: u32 = 100;

/// Points of a quarter of a device.
pub(crate) const OF_QUARTER: u32 = 25;

/// How often the program looks for points that turned stale.
const STALE_SWEEP_EVERY: Duration = Duration::from_millis(100);

/// What small values lie between.
const SMALL: std::ops::Range<u64> = 100..1_000;

/// The id of a point: it ends in the point's number.
pub(crate) fn id(point: u32) -> String {
    format!("{}/{point:05}", quarter(point / OF_QUARTER))
}

/// What all ids of a quarter begin with; quarters count through all devices.
pub(crate) fn quarter(quarter: u32) -> String {
    let of_device = OF_DEVICE / OF_QUARTER;
    format!("hall/{:03}/{}", quarter / of_device, quarter % of_device)
}

pub(crate) fn run(clock: Clock) {
    let (asked, asks) = mpsc::channel(1);
    thread::spawn(move || while asked.blocking_send(pipe::next_ask()).is_ok() {});
    Builder::new_multi_thread().enable_all().build().unwrap().block_on(serve(clock, asks));
}

async fn serve(clock: Clock, mut asks: mpsc::Receiver<ServerAsk>) {
    let Some(ServerAsk::Begin { points }) = asks.recv().await else {
        panic!("the server was not told to begin")
    };
    let table = table(points);
    let sessions = start(&table, points);
    let count = points as usize;
    let mut writer = Some(Writer { clock, table, values: vec![0; count], next: 0 });
    let mut writing = None;
    while let Some(ask) = asks.recv().await {
        match ask {
            ServerAsk::Begin { .. } => panic!("the server was told to begin twice"),
            ServerAsk::Put(put) => {
                let writer = writer.take().expect("the last changes are awaited first");
                writing = Some(tokio::spawn(writer.write(put)));
                pipe::reply(&Done);
            }
            ServerAsk::Written => {
                let done = writing.take().expect("something is being put").await.unwrap();
                pipe::reply(&Written { values: done.values.clone() });
                writer = Some(done);
            }
            ServerAsk::Usage => pipe::reply(&Usage {
                cpu_ns: system::cpu_ns(),
                anonymous_bytes: system::anonymous_bytes(),
                streams: sessions.open_streams(),
            }),
        }
    }
}

fn table(points: u32) -> Arc<Table> {
    let declare = |point| {
        let bare = PointDeclaration::bare(PointId::new(&id(point)).unwrap(), ValueType::I64);
        (bare, format!("device {}", point / OF_DEVICE))
    };
    let mut all: Vec<_> = (0..points).map(declare).collect();
    // The gateway's own points stand behind those of devices.
    all.extend(own::declarations().unwrap().into_iter().map(|point| (point, String::new())));
    let end = all.len() as Index;
    let table = Table::new(Catalog::new(all).unwrap()).with_own(points..end);
    let zero = Reading::Good(Value::I64(0));
    table.apply((0..points).map(|point| (point, Update::Read(&zero, UnixMs::now()))));
    Arc::new(table)
}

/// Starts what the program starts, with limits that no case reaches, and says where.
fn start(table: &Arc<Table>, points: Index) -> Arc<Sessions> {
    let limits = Arc::new(Limits {
        connections: 30_000,
        streams: 30_000,
        connections_per_address: 60_000,
        streams_per_address: 30_000,
        sessions_per_address: 30_000,
        sessions: 60_000,
        ..Limits::default()
    });
    let sessions = Arc::new(Sessions::new(Arc::clone(table), Arc::clone(&limits)));
    let stop = CancellationToken::new();
    let api = Api {
        table: Arc::clone(table),
        devices: Arc::new(Devices::default()),
        writes: Arc::default(),
        boards: Arc::default(),
        sessions: Arc::clone(&sessions),
        limits: Arc::clone(&limits),
        hosts: Arc::new(Hosts::new(&[])),
        lookups: Arc::default(),
        stop: stop.clone(),
    };
    let listener = http::accept::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(http::accept::serve(listener, http::router(api), limits, stop));
    let swept = Arc::clone(&sessions);
    tokio::spawn(every(Sessions::SWEEP_EVERY, move || swept.sweep(Instant::now())));
    let aging = Arc::clone(table);
    tokio::spawn(every(STALE_SWEEP_EVERY, move || aging.sweep_stale(UnixMs::now())));
    let mut own = OwnPoints::new(Arc::clone(table), Arc::clone(&sessions), points, "bench");
    tokio::spawn(every(OwnPoints::READ_EVERY, move || own.read(UnixMs::now())));
    pipe::reply(&address);
    sessions
}

async fn every(period: Duration, mut act: impl FnMut()) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        act();
    }
}

/// When something is due again that happens every `gap`. What is late catches up, but not in one burst.
pub(crate) fn next_due<T: Add<Duration, Output = T> + Ord>(due: T, now: T, gap: Duration) -> T {
    (due + gap).max(now + gap / 2)
}

/// Puts changes as a driver does: from a task of the same runtime.
struct Writer {
    clock: Clock,
    table: Arc<Table>,
    /// What was put last, by point; 0 at first.
    values: Vec<u64>,
    next: u64,
}

impl Writer {
    async fn write(mut self, put: Put) -> Self {
        let points = self.values.len() as Index;
        let mut due = Instant::now();
        let mut first = put.first;
        for _ in 0..put.puts {
            sleep_until(due).await;
            let batch = (0..put.count).map(|nth| (first + nth * put.stride) % points);
            self.put(batch, put.small);
            first = (first + put.step) % points;
            due = next_due(due, Instant::now(), Duration::from_millis(put.gap_ms));
        }
        // The last batch has its time too: nothing else is asked of the machine meanwhile.
        sleep_until(due).await;
        self
    }

    fn put(&mut self, batch: impl Iterator<Item = Index> + Clone, small: bool) {
        self.next += 1;
        let small_value = SMALL.start + self.next % (SMALL.end - SMALL.start);
        let value = if small { small_value } else { self.clock.stamp() };
        let reading = Reading::Good(Value::I64(value as i64));
        let time = UnixMs::now();
        let updates = batch.clone().map(|point| (point, Update::Read(&reading, time)));
        self.table.apply(updates);
        for point in batch {
            self.values[point as usize] = value;
        }
    }
}
