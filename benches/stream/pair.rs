//! The service and the floor, each with readers of its own, put through the same rounds.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::pipe::Process;
use crate::roles::{
    Done, FloorAsk, LoadAsk, Open, Opened, Put, Role, Send, ServerAsk, Settled, Totals, Usage,
    Written,
};
use crate::system::Clock;

/// How long everything that was put may take to arrive.
const ARRIVES_WITHIN_MS: u64 = 60_000;

/// How long connections may take to be gone once their readers have closed them.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// Streams on their way at once, unless a case is about that.
const GENTLY: usize = 64;

/// What one round cost, and what arrived.
pub(crate) struct Round {
    pub(crate) cpu_ns: u64,
    pub(crate) totals: Totals,
}

impl Round {
    pub(crate) fn us_per_frame(&self) -> f64 {
        self.cpu_ns as f64 / 1e3 / self.totals.frames as f64
    }

    pub(crate) fn us_per(&self, count: u64) -> f64 {
        self.cpu_ns as f64 / 1e3 / count as f64
    }
}

/// The service in a process of its own.
pub(crate) struct Service {
    process: Process,
    pub(crate) address: SocketAddr,
}

impl Service {
    pub(crate) fn start(clock: Clock, points: u32) -> Self {
        let mut process = Process::start(Role::Server, clock);
        let address = process.ask(&ServerAsk::Begin { points });
        Self { process, address }
    }

    pub(crate) fn usage(&mut self) -> Usage {
        self.process.ask(&ServerAsk::Usage)
    }

    /// Begins to put changes.
    pub(crate) fn put(&mut self, put: Put) {
        let Done = self.process.ask(&ServerAsk::Put(put));
    }

    /// Waits until they are put; the value of every point then.
    pub(crate) fn written(&mut self) -> Vec<u64> {
        let written: Written = self.process.ask(&ServerAsk::Written);
        written.values
    }

    /// Waits until no stream is open.
    pub(crate) fn until_deserted(&mut self) {
        until_deserted(|| self.usage());
    }

    /// Puts changes and waits until all of them have arrived, `expected` in all.
    pub(crate) fn round(&mut self, readers: &mut Readers, put: Put, expected: u64) -> Round {
        readers.reset();
        let before = self.usage();
        self.put(put);
        let values = self.written();
        readers.settle(&values);
        let cpu_ns = self.usage().cpu_ns - before.cpu_ns;
        let totals = readers.totals();
        let told = totals.changes + totals.skipped;
        assert_eq!(told, expected, "changes that arrived or were told to be skipped: {totals:?}");
        assert_eq!(totals.ended, 0, "streams ended");
        Round { cpu_ns, totals }
    }
}

/// Streams in a process of their own.
pub(crate) struct Readers {
    process: Process,
}

impl Readers {
    /// Opens streams.
    pub(crate) fn open(clock: Clock, open: Open) -> Self {
        let mut readers = Self::none(clock);
        readers.open_more(open);
        readers
    }

    pub(crate) fn none(clock: Clock) -> Self {
        Self { process: Process::start(Role::Load, clock) }
    }

    /// Opens more streams; returns how long it took, in milliseconds.
    pub(crate) fn open_more(&mut self, open: Open) -> f64 {
        let opened: Opened = self.process.ask(&LoadAsk::Open(open));
        assert_eq!(opened.refused, None, "a stream was refused");
        opened.took_ms
    }

    pub(crate) fn close(&mut self) {
        let Done = self.process.ask(&LoadAsk::Close);
    }

    /// Comes back with all streams; returns how long it took, in milliseconds.
    pub(crate) fn reopen(&mut self) -> f64 {
        let opened: Opened = self.process.ask(&LoadAsk::Reopen);
        assert_eq!(opened.refused, None, "a stream was refused");
        opened.took_ms
    }

    /// Reads nothing from now on, until anything else is wanted.
    pub(crate) fn stall(&mut self) {
        let Done = self.process.ask(&LoadAsk::Stall);
    }

    pub(crate) fn reset(&mut self) {
        let Done = self.process.ask(&LoadAsk::Reset);
    }

    /// What was counted since the last reset. Nothing may have been shown older than before.
    pub(crate) fn totals(&mut self) -> Totals {
        self.counted(&LoadAsk::Totals)
    }

    /// The same, and counts from here.
    pub(crate) fn take(&mut self) -> Totals {
        self.counted(&LoadAsk::Take)
    }

    fn counted(&mut self, ask: &LoadAsk) -> Totals {
        let totals: Totals = self.process.ask(ask);
        assert_eq!(totals.older, 0, "older values were shown after newer ones");
        totals
    }

    /// Waits until every stream shows `values`.
    pub(crate) fn settle(&mut self, values: &[u64]) {
        let ask = LoadAsk::Settle { values: values.to_vec(), within_ms: ARRIVES_WITHIN_MS };
        let settled: Settled = self.process.ask(&ask);
        assert_eq!(settled.wrong, 0, "points do not show their last values");
    }

    /// The bytes of the newest event of the first stream.
    pub(crate) fn sample(&mut self) -> String {
        self.process.ask(&LoadAsk::Sample)
    }

    fn greeting(&mut self) -> String {
        self.process.ask(&LoadAsk::Greeting)
    }
}

/// The bare loop in a process of its own, and its readers.
pub(crate) struct Floor {
    process: Process,
    pub(crate) readers: Readers,
}

impl Floor {
    /// A floor with as many streams, which greets them as the service greeted `readers`.
    pub(crate) fn beside(clock: Clock, readers: &mut Readers, open: &Open) -> Self {
        let mut process = Process::start(Role::Floor, clock);
        let address = process.ask(&FloorAsk::Begin { greeting: readers.greeting() });
        let readers = Readers::open(clock, Open { address, ..open.clone() });
        Self { process, readers }
    }

    pub(crate) fn usage(&mut self) -> Usage {
        self.process.ask(&FloorAsk::Usage)
    }

    pub(crate) fn until_deserted(&mut self) {
        until_deserted(|| self.usage());
    }

    /// Sends frames and waits until all of them have arrived.
    pub(crate) fn round(&mut self, send: Send) -> Round {
        let expected = u64::from(send.puts) * send.to as u64;
        self.readers.reset();
        let before = self.usage();
        let Done = self.process.ask(&FloorAsk::Send(send));
        let wait = LoadAsk::Await { frames: expected, within_ms: ARRIVES_WITHIN_MS };
        let Done = self.readers.process.ask(&wait);
        let cpu_ns = self.usage().cpu_ns - before.cpu_ns;
        let totals = self.readers.totals();
        assert_eq!(totals.frames, expected, "frames of the floor");
        Round { cpu_ns, totals }
    }
}

fn until_deserted(mut usage: impl FnMut() -> Usage) {
    let until = Instant::now() + GONE_WITHIN;
    while usage().streams > 0 {
        assert!(Instant::now() < until, "connections that were closed are still there");
        sleep(Duration::from_millis(20));
    }
}

/// Streams with these queries, one behind the other.
pub(crate) fn streams(
    address: SocketAddr,
    count: usize,
    queries: Vec<String>,
    points_each: usize,
) -> Open {
    Open {
        address,
        queries,
        streams: count,
        points_each,
        in_flight: GENTLY,
        receive_bytes: None,
        comes_back: false,
    }
}

/// Batches of `count` points from the first on, always the same ones.
pub(crate) fn same_points(count: u32, puts: u32, gap_ms: u64) -> Put {
    Put { first: 0, count, stride: 1, step: 0, puts, gap_ms, small: false }
}
