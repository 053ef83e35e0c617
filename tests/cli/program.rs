//! Starts the program and waits for what it says, each wait under a bound.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Longest wait for anything: far more than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

/// What an ended program left.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pointcast"))
            .args(arguments)
            .env_remove("RUST_LOG")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { stdin: child.stdin.take(), stdout, stderr, child }
    }

    /// The next line of standard output.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let reading = self.stdout.as_mut().unwrap().read_line(&mut line);
        timeout(PATIENCE, reading).await.expect("a line within the bound").unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    /// The next line of standard error that contains `part`.
    pub(crate) async fn said(&mut self, part: &str) -> String {
        let search = async {
            loop {
                let mut line = String::new();
                let read = self.stderr.read_line(&mut line).await.unwrap();
                assert!(read > 0, "standard error ended without {part:?}");
                if line.contains(part) {
                    return line.trim_end_matches('\n').to_owned();
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{part:?} was never said"))
    }

    /// Closes this end of its standard output.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Sends `INT` or `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("a running program").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.expect("an end within the bound").unwrap()
    }

    /// Waits for its end and takes what it still had to say.
    pub(crate) async fn rest(mut self) -> Ended {
        drop(self.stdin.take());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let reading = async {
            if let Some(output) = &mut self.stdout {
                output.read_to_string(&mut stdout).await.unwrap();
            }
            self.stderr.read_to_string(&mut stderr).await.unwrap();
        };
        timeout(PATIENCE, reading).await.expect("both outputs end within the bound");
        let code = self.ended().await.code();
        Ended { code, stdout, stderr }
    }
}

/// Runs the program to its end.
pub(crate) async fn run(arguments: &[&str]) -> Ended {
    Program::start(arguments).rest().await
}

/// A folder of its own, gone when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("pointcast-cli-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and gives its path as an argument.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}
