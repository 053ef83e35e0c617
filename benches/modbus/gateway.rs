//! The whole gateway, `pointcast run`, in a process of its own: what it uses, from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where a gateway's configuration is while it runs. Gone when this is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// A gateway that runs. It ends when this is dropped.
pub(crate) struct Gateway {
    child: Child,
    _folder: Folder,
}

impl Gateway {
    /// With these files of channels and devices, on a port of its own.
    pub(crate) fn start(name: &str, site: &[String]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("pointcast-bench-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let folder = Folder(folder);
        let file = folder.0.join("pointcast.toml");
        let include = if site.is_empty() { "" } else { "include = [\"part-*.toml\"]" };
        fs::write(&file, format!("[gateway]\nlisten = \"127.0.0.1:0\"\n{include}\n")).unwrap();
        for (at, part) in site.iter().enumerate() {
            fs::write(folder.0.join(format!("part-{at}.toml")), part).unwrap();
        }
        let child = Command::new(Path::new(env!("CARGO_BIN_EXE_pointcast")))
            .args(["run", "--log", "error", "--config"])
            .arg(&file)
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, _folder: folder }
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // Fields count from behind the name, which is in brackets.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = [11, 12].map(|at| fields[at].parse::<u64>().unwrap()).iter().sum();
        Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
    }

    /// Memory that no file stands behind, in bytes.
    pub(crate) fn anonymous_bytes(&self) -> u64 {
        let rollup = self.proc("smaps_rollup");
        let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))
            .unwrap_or_else(|error| panic!("the gateway ended; what it said stands above: {error}"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Waits until `is_so`, at most so long.
pub(crate) fn until(what: &str, within: Duration, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + within;
    while !is_so() {
        assert!(Instant::now() < until, "still not: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
