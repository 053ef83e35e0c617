//! The driver on a real tty: a pair of pseudo-terminals that socat joins, with the far end at our hand.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::testing::{Recorder, driver};
use pointcast_api::{
    Command as Written, DeviceState, Driver, Fault, PointIndex, Reading, Refused, Value,
    command_queue,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(10);

/// Two ttys, joined while `process` lives.
struct Line {
    directory: PathBuf,
    process: Child,
}

impl Line {
    async fn new() -> Self {
        let unique =
            format!("pointcast-line-{}-{:?}", std::process::id(), std::thread::current().id());
        let directory = std::env::temp_dir().join(unique.replace(['(', ')'], ""));
        std::fs::create_dir_all(&directory).unwrap();
        let process = Self::join(&directory).await;
        Self { directory, process }
    }

    async fn join(directory: &std::path::Path) -> Child {
        let end = |name| format!("pty,raw,echo=0,link={}", directory.join(name).display());
        let mut process = Command::new("socat")
            .args(["-d", "-d", &end("gateway"), &end("device")])
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("socat is missing: run tests/run");
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let started = timeout(SOON, async {
            while let Some(line) = log.next_line().await.unwrap() {
                if line.contains("starting data transfer loop") {
                    return true;
                }
            }
            false
        });
        assert!(started.await.expect("socat says that it runs"));
        // Read on, or a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        process
    }

    fn port(&self) -> String {
        self.directory.join("gateway").display().to_string()
    }

    /// The far end, as the device has it.
    fn device(&self) -> File {
        OpenOptions::new().read(true).write(true).open(self.directory.join("device")).unwrap()
    }

    async fn unplug(&mut self) {
        self.process.kill().await.unwrap();
    }

    async fn plug_in(&mut self) {
        for name in ["gateway", "device"] {
            // A killed socat leaves its links behind, pointing to nothing; a missing one is as good.
            let _gone = std::fs::remove_file(self.directory.join(name));
        }
        self.process = Self::join(&self.directory).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // A directory left behind is only litter.
        let _litter = std::fs::remove_dir_all(&self.directory);
    }
}

fn scale(port: &str, further: &str) -> Arc<dyn Driver> {
    let text = format!(
        r#"
        port = "{port}"
        {further}
        [[devices]]
        name = "scale"
        lines = ['ST,(?<weight>[0-9.]+) kg']
        points = [ {{ name = "weight", type = "f64", stale_after_ms = 3000 }} ]"#
    );
    driver(pointcast_serial::build, &text).unwrap().into()
}

struct Session {
    outlet: Arc<Recorder>,
    stop: CancellationToken,
    commands: mpsc::Sender<Written>,
    ended: JoinHandle<Result<(), Fault>>,
}

impl Session {
    fn start(driver: &Arc<dyn Driver>) -> Self {
        let (outlet, stop) = (Arc::new(Recorder::default()), CancellationToken::new());
        let (commands, mut inlet) = command_queue();
        let (driver, its_outlet, its_stop) = (driver.clone(), outlet.clone(), stop.clone());
        let ended =
            tokio::spawn(async move { driver.session(&*its_outlet, &mut inlet, its_stop).await });
        Self { outlet, stop, commands, ended }
    }

    /// Waits for a command's answer: from then on the session is at its port.
    async fn is_open(&self) {
        let (command, mut ticket) =
            Written::new(PointIndex(0), Value::Bool(true), Instant::now() + SOON);
        self.commands.send(command).await.unwrap();
        let verdict = timeout(SOON, ticket.answer()).await.expect("an answer");
        assert_eq!(verdict, Err(Refused::NotWritable));
    }

    async fn weight(&self, weight: f64) {
        let wanted = vec![(0, Reading::Good(Value::f64(weight).unwrap()))];
        let found = |outlet: &Recorder| outlet.batches().contains(&wanted).then_some(());
        self.outlet.until(&format!("{weight} kg"), SOON, found).await;
    }

    async fn fault(self) -> String {
        timeout(SOON, self.ended).await.expect("the session ends").unwrap().unwrap_err().explain()
    }

    async fn finish(self) {
        self.stop.cancel();
        let ended = timeout(Duration::from_secs(1), self.ended).await;
        ended.expect("a stopped session ends within a second").unwrap().unwrap();
    }
}

#[tokio::test]
async fn lines_come_through_a_tty_and_an_unplugged_one_is_a_fault() {
    let mut line = Line::new().await;
    let driver = scale(&line.port(), "");
    let session = Session::start(&driver);
    session.is_open().await;
    line.device().write_all(b"2.345 kg\r\nST,12.345 kg\r\nST,1").unwrap();
    session.weight(12.345).await;
    assert_eq!(session.outlet.report_of(0).unwrap().state, DeviceState::Online);
    let outlet = session.outlet.clone();
    line.unplug().await;
    let fault = session.fault().await;
    assert!(fault.starts_with(&format!("failed to read from {}: ", line.port())), "{fault}");
    let told = outlet.report_of(0).unwrap();
    assert_eq!((told.state, told.last_error), (DeviceState::Offline, Some(fault)));

    let missing = Session::start(&driver).fault().await;
    assert!(
        missing.starts_with(&format!("failed to open {}: No such file", line.port())),
        "{missing}"
    );

    line.plug_in().await;
    let session = Session::start(&driver);
    session.is_open().await;
    line.device().write_all(b"3.5 kg\nST,4.5 kg\n").unwrap();
    session.weight(4.5).await;
    assert_eq!(outlet.batches().len() + session.outlet.batches().len(), 2);
    session.finish().await;
}

#[tokio::test]
async fn what_waits_in_the_port_at_opening_is_dropped() {
    let line = Line::new().await;
    // Somebody keeps the port open, so the kernel keeps what comes before the gateway does.
    let mut keeper = OpenOptions::new().read(true).open(line.port()).unwrap();
    line.device().write_all(b"\nST,1 kg\nST,2 kg\nST,3").unwrap();
    let mut first = [0; 1];
    keeper.read_exact(&mut first).unwrap();
    let session = Session::start(&scale(&line.port(), ""));
    session.is_open().await;
    line.device().write_all(b"9 kg\nST,4 kg\n").unwrap();
    session.weight(4.0).await;
    assert_eq!(session.outlet.batches().len(), 1);
    session.finish().await;
}

#[tokio::test]
async fn a_device_that_wants_to_be_asked_is_asked_on_a_tty() {
    let line = Line::new().await;
    let session = Session::start(&scale(&line.port(), "ask = \"P\\r\\n\"\nask_every_ms = 50"));
    let mut device = line.device();
    let answering = tokio::task::spawn_blocking(move || {
        for answer in ["\nST,1 kg\n", "ST,2 kg\n"] {
            let mut question = [0; 3];
            device.read_exact(&mut question).unwrap();
            assert_eq!(&question, b"P\r\n");
            device.write_all(answer.as_bytes()).unwrap();
        }
        device
    });
    session.weight(2.0).await;
    drop(answering.await.unwrap());
    session.finish().await;
}

#[tokio::test]
async fn what_is_no_port_is_a_fault_that_names_it() {
    let fault = Session::start(&scale("/dev/null", "")).fault().await;
    assert!(fault.starts_with("failed to open /dev/null: "), "{fault}");
    let fault = Session::start(&scale("/proc/nowhere", "")).fault().await;
    assert_eq!(fault, "failed to open /proc/nowhere: No such file or directory");
}
