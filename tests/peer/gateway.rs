//! The built gateway over the default configuration, moved to addresses of its own, or over one that a test writes.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use super::{root, wait_for};

/// A gateway that is not ready by then is broken.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A configuration in a directory and at addresses of its own.
pub(crate) struct Site {
    directory: PathBuf,
    address: SocketAddr,
    devices: SocketAddr,
}

impl Site {
    /// The default configuration. `name` must be unique among all tests: it names the directory.
    pub(crate) fn new(name: &str) -> Self {
        let directory = empty_directory(name);
        let own = own_addresses();
        let moves = [
            ("127.0.0.1:8080", own[0].to_string()),
            ("127.0.0.1:15020", own[1].to_string()),
            ("127.0.0.1:18830", own[2].to_string()),
            ("/tmp/pointcast-sim", directory.join("sim").display().to_string()),
        ];
        copy(&root().join("config"), &directory.join("config"), &moves);
        Self { directory, address: own[0], devices: own[1] }
    }

    /// A configuration that `text` writes, given an address to listen at and one for the devices that the test
    /// plays. `name` as in [`new`](Self::new).
    pub(crate) fn of(name: &str, text: impl FnOnce(SocketAddr, SocketAddr) -> String) -> Self {
        let [address, devices, _] = own_addresses();
        let directory = empty_directory(name);
        fs::create_dir_all(directory.join("config")).unwrap();
        fs::write(directory.join("config/pointcast.toml"), text(address, devices)).unwrap();
        Self { directory, address, devices }
    }

    /// Where the test is to play devices.
    pub(crate) fn devices(&self) -> SocketAddr {
        self.devices
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.directory.join("config/pointcast.toml")
    }

    /// Starts the gateway and waits until it says that it is ready.
    #[track_caller]
    pub(crate) fn start(&self) -> Gateway {
        let log = File::create(self.directory.join("gateway.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pointcast"))
            .args(["run", "--config"])
            .arg(self.config())
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let guard = guard(&child);
        let mut gateway = Gateway { child, guard, address: self.address };
        wait_for("the gateway to be ready", READY_WITHIN, || {
            if let Some(status) = gateway.child.try_wait().unwrap() {
                let log = fs::read_to_string(self.directory.join("gateway.log")).unwrap();
                panic!("the gateway ended with {status}:\n{log}");
            }
            get(self.address, "/readyz").filter(|answer| answer.starts_with("HTTP/1.1 200"))
        });
        gateway
    }
}

/// A running gateway; killed when dropped, and when the test's process ends without dropping it.
pub(crate) struct Gateway {
    child: Child,
    guard: Child,
    address: SocketAddr,
}

impl Gateway {
    /// The body of a successful `GET`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> String {
        let answer = get(self.address, path).expect("the gateway did not answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "GET {path}: {head}");
        body.to_owned()
    }
}

impl Gateway {
    /// Sends it a signal, by the option that `kill` takes.
    #[track_caller]
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its memory, as the system counts it.
    #[track_caller]
    pub fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // First, so that it cannot take another process for the gateway.
        let _gone = self.guard.kill();
        let _reaped = self.guard.wait();
        // It may have ended by itself; then there is nothing left to end.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A process that kills the gateway when this one is gone: a value in a `static` is never dropped.
fn guard(gateway: &Child) -> Child {
    Command::new("sh")
        .args(["-c", "read -r _; kill -9 \"$0\"", &gateway.id().to_string()])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The directory for what the test of this name writes.
fn empty_directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).unwrap();
    }
    directory
}

/// One request on a connection of its own; `None` when nobody answers it whole.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_WITHIN).ok()?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Three addresses that no other test has, of this run or another: a loopback address for each process, and ports
/// for each site in it. Asking the system for free ports would leave a moment in which another takes them.
fn own_addresses() -> [SocketAddr; 3] {
    static SITES: AtomicU16 = AtomicU16::new(0);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 64 | high, middle, low);
    let first = 10_000 + 3 * SITES.fetch_add(1, Ordering::Relaxed);
    [first, first + 1, first + 2].map(|port| (address, port).into())
}

/// Copies a directory of text files, replacing each of `moves`.
fn copy(from: &Path, to: &Path, moves: &[(&str, String)]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target, moves);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let moved = moves.iter().fold(text, |text, (old, new)| text.replace(old, new));
        fs::write(target, moved).unwrap();
    }
}
