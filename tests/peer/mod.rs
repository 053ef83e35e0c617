//! What whole-program tests share: a site of its own for each test, the built gateway, and the real clients that
//! are driven against it. Nothing here waits for time to pass; it waits for conditions under a bound.

#![allow(dead_code, unreachable_pub, reason = "shared by tests that are crates of their own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

pub(crate) mod cut;
pub(crate) mod device;
pub(crate) mod events;
pub(crate) mod gateway;
pub(crate) mod http;
pub(crate) mod server;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `condition` gives something, at most `bound`.
#[track_caller]
pub(crate) fn wait_for<T>(
    what: &str,
    bound: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(begin.elapsed() < bound, "waited {bound:?} in vain for {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `tests/run` sets up the clients.
fn peers() -> PathBuf {
    match std::env::var_os("POINTCAST_PEERS") {
        Some(peers) => PathBuf::from(peers),
        None => root().join("target/peers"),
    }
}

/// Runs `tests/peers/<script>` with Node or Python to its end and gives what it printed.
///
/// A script that fails fails the test, with everything it said.
#[track_caller]
pub(crate) fn run_script(script: &str, arguments: &[&str]) -> String {
    let output = script_command(script)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("run tests/run: the interpreter could not be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed:\n{said}\n{complained}");
    said
}

/// Starts `tests/peers/<script>`, which serves until its standard input ends; and what its first line says behind
/// `ready`.
#[track_caller]
pub(crate) fn start_script(
    script: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> (Child, String) {
    let mut child = script_command(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.strip_prefix("ready ").expect("ready").trim().to_owned())
}

/// The command that runs `tests/peers/<script>` with Node or Python.
#[track_caller]
pub(crate) fn script_command(script: &str) -> Command {
    let interpreter = if script.ends_with(".py") {
        let python = peers().join("venv/bin/python");
        assert!(python.exists(), "{} is missing: run tests/run", python.display());
        python
    } else {
        let modules = peers().join("node/node_modules");
        assert!(modules.exists(), "{} is missing: run tests/run", modules.display());
        PathBuf::from("node")
    };
    let mut command = Command::new(interpreter);
    command.arg(root().join("tests/peers").join(script)).env("POINTCAST_PEERS", peers());
    command
}
