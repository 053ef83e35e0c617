//! The service over a table that the test writes itself, as fast as it can, in the test's own process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pointcast::devices::Devices;
use pointcast::http::{Api, Hosts, accept, router};
use pointcast::limits::Limits;
use pointcast::stream::Sessions;
use pointcast::table::{Catalog, Table, Update};
use pointcast_api::{PointDeclaration, PointId, Reading, UnixMs, Value, ValueType};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server and its points, `line/<number>/value`. It ends when it is dropped.
pub struct Server {
    pub table: Arc<Table>,
    pub sessions: Arc<Sessions>,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    points: u32,
    serving: JoinHandle<()>,
    runtime: Runtime,
}

fn declaration(point: u32) -> PointDeclaration {
    PointDeclaration::bare(PointId::new(&format!("line/{point}/value")).unwrap(), ValueType::I64)
}

impl Server {
    pub fn start(points: u32, limits: Limits) -> Self {
        let declared = (0..points).map(|point| (declaration(point), String::new())).collect();
        let table = Arc::new(Table::new(Catalog::new(declared).unwrap()));
        let limits = Arc::new(limits);
        let sessions = Arc::new(Sessions::new(Arc::clone(&table), Arc::clone(&limits)));
        let stop = CancellationToken::new();
        let api = Api {
            table: Arc::clone(&table),
            devices: Arc::new(Devices::default()),
            writes: Arc::default(),
            boards: Arc::default(),
            sessions: Arc::clone(&sessions),
            limits: Arc::clone(&limits),
            hosts: Arc::new(Hosts::default()),
            lookups: Arc::default(),
            stop: stop.clone(),
        };
        let runtime = Runtime::new().unwrap();
        let listener = {
            let _context = runtime.enter();
            accept::listen("127.0.0.1:0".parse().unwrap()).unwrap()
        };
        let address = listener.local_addr().unwrap();
        let serving = runtime.spawn(accept::serve(listener, router(api), limits, stop.clone()));
        Self { table, sessions, address, stop, points, serving, runtime }
    }

    /// One device reply that gives every point this value.
    pub fn put(&self, value: i64) {
        let reading = Reading::Good(Value::I64(value));
        self.table.apply((0..self.points).map(|point| (point, Update::Read(&reading, UnixMs(1)))));
    }

    /// Waits until a server that was told to stop has ended.
    #[track_caller]
    pub fn wait_for_end(&mut self, bound: Duration) {
        let Self { runtime, serving, .. } = self;
        runtime.block_on(async { tokio::time::timeout(bound, serving).await }).unwrap().unwrap();
    }
}
