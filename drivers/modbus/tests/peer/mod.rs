//! Peers in processes of their own, and the line to them.

#![allow(dead_code, reason = "test code, of which each file takes what it needs")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// For things that must happen soon on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// What `tests/run` has set up.
fn set_up(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let peers = std::env::var_os("POINTCAST_PEERS")
        .map_or_else(|| workspace.join("target/peers"), PathBuf::from);
    let program = peers.join(name);
    assert!(program.exists(), "no {}: run tests/run, which sets it up", program.display());
    program
}

/// A server of pymodbus, and what its first line said after `ready`; it ends with its standard input.
pub(crate) async fn server(arguments: &[impl AsRef<OsStr>]) -> (Child, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pymodbus_server.py");
    let mut python = Command::new(set_up("venv/bin/python"));
    start(python.arg(script).args(arguments)).await
}

/// A server of libmodbus, likewise.
pub(crate) async fn libmodbus(arguments: &[&str]) -> (Child, String) {
    start(Command::new(set_up("libmodbus_server")).args(arguments)).await
}

async fn start(command: &mut Command) -> (Child, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(SOON, lines.next_line()).await.expect("ready in time").unwrap();
    let line = line.expect("the server says ready");
    (child, line.strip_prefix("ready").expect("ready").trim().to_owned())
}

/// A directory that goes with its test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("pointcast-modbus-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.join(name), text).unwrap();
        self.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind it would only be litter.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

/// Two pseudo terminals tied together, as links in a directory of their own.
pub(crate) struct Line {
    _socat: Child,
    pub(crate) directory: Directory,
}

impl Line {
    /// `name` tells the lines of this program's tests apart.
    pub(crate) async fn new(name: &str) -> Self {
        let directory = Directory::new(name);
        let end = |name: &str| format!("pty,raw,echo=0,link={}", directory.join(name).display());
        let socat = Command::new("socat")
            .args([end("master"), end("slave")])
            .kill_on_drop(true)
            .spawn()
            .expect("socat is installed: run tests/run");
        let line = Self { _socat: socat, directory };
        let linked = async {
            while !line.end("master").exists() || !line.end("slave").exists() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, linked).await.expect("both ends in time");
        line
    }

    pub(crate) fn end(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}
