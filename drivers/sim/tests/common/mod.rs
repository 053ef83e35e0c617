//! A site of its own for each test, and the programs it is tried with.

#![allow(dead_code, clippy::panic, reason = "test code, of which each file takes what it needs")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pointcast_sim::{FaultBoard, Running, Settings};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Whatever is waited for comes sooner than this, or never.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What does not come within this does not come.
pub(crate) const A_WHILE: Duration = Duration::from_millis(700);

/// A running site.
pub(crate) struct Site {
    pub(crate) faults: FaultBoard,
    pub(crate) settings: Settings,
    running: watch::Receiver<Running>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Site {
    /// Starts what `settings` asks for, and waits until all of it is there.
    pub(crate) async fn start(settings: Settings) -> Self {
        let mut site = Self::begin(settings);
        let settings = site.settings.clone();
        let all = site.running.wait_for(|running| running.is_all_of(&settings));
        timeout(SOON, all).await.expect("the whole site is up").unwrap();
        site
    }

    /// Starts without waiting.
    pub(crate) fn begin(settings: Settings) -> Self {
        let faults = FaultBoard::new();
        let (sender, running) = watch::channel(Running::default());
        let stop = CancellationToken::new();
        let run = pointcast_sim::run(settings.clone(), faults.clone(), sender, stop.clone());
        let task = tokio::spawn(run);
        Self { faults, settings, running, stop, task }
    }

    pub(crate) fn running(&self) -> Running {
        self.running.borrow().clone()
    }

    /// Waits until the site says so.
    pub(crate) async fn until(&mut self, wanted: impl FnMut(&Running) -> bool) {
        timeout(SOON, self.running.wait_for(wanted)).await.expect("it comes about").unwrap();
    }

    pub(crate) fn fault(&self, text: &str) {
        self.faults.apply(text).unwrap();
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        timeout(SOON, self.task).await.expect("it stops").unwrap();
    }
}

/// A free port of this machine.
pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A directory for one test, gone with it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pointcast-sim-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) text: String,
}

/// Runs one of the peers to its end.
pub(crate) async fn peer(program: &str, arguments: &[&str]) -> Said {
    let child =
        Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(SOON, child).await.expect("the peer comes to an end");
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; run tests/run"));
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Said { success: output.status.success(), text }
}

/// Runs a Python script with pymodbus at hand.
pub(crate) async fn python(script: &str, arguments: &[&str]) -> Said {
    let peers = std::env::var_os("POINTCAST_PEERS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers"),
        PathBuf::from,
    );
    let interpreter = peers.join("venv/bin/python");
    assert!(interpreter.exists(), "{} is missing: run tests/run", interpreter.display());
    let mut all = vec!["-c", script];
    all.extend(arguments);
    peer(interpreter.to_str().unwrap(), &all).await
}

/// What pymodbus finds, whichever way it came; its client is made by the lines before.
const READS: &str = r"
assert client.connect()
for unit in (1, 2):
    read = client.read_input_registers(0, count=7, device_id=unit)
    assert not read.isError(), read
    assert 50 < read.registers[0] < 450, read
lamps = client.read_coils(0, count=2, device_id=2)
assert not lamps.isError(), lamps
hole = client.read_input_registers(7, count=1, device_id=2)
assert hole.exception_code == 2, hole
written = client.write_register(0, 225, device_id=1)
assert not written.isError(), written
setpoint = client.read_holding_registers(0, count=1, device_id=1)
assert setpoint.registers == [225], setpoint
print('as the map says')
";

/// Reads both greenhouses with pymodbus and writes a setpoint; `client` is what makes its client of `place`.
pub(crate) async fn pymodbus(client: &str, place: &str) {
    let said = python(&format!("import sys\n{client}\n{READS}"), &[place]).await;
    assert!(said.success && said.text.contains("as the map says"), "{}", said.text);
}
