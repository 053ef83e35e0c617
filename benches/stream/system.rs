//! Clocks, memory, files, and how busy the machine is.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The first stamp of a run: thirteen digits, and so are all others for hours. What is less is no stamp.
pub(crate) const FIRST_STAMP: u64 = 1_000_000_000_000;

/// How long the machine is looked at to tell how busy it is.
const LOOK: Duration = Duration::from_millis(100);

/// Gives stamps that all processes of a run agree on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: u64,
}

impl Clock {
    /// A clock that began at `origin` on the monotonic clock, in nanoseconds.
    pub(crate) fn since(origin: u64) -> Self {
        Self { origin }
    }

    /// A clock that begins now.
    pub(crate) fn begin() -> Self {
        Self::since(nanoseconds(ClockId::Monotonic))
    }

    pub(crate) fn origin(self) -> u64 {
        self.origin
    }

    /// Nanoseconds since the origin, as a number of thirteen digits.
    pub(crate) fn stamp(self) -> u64 {
        nanoseconds(ClockId::Monotonic) - self.origin + FIRST_STAMP
    }
}

/// User and system time of this process, in nanoseconds.
pub(crate) fn cpu_ns() -> u64 {
    nanoseconds(ClockId::ProcessCPUTime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Memory of this process that no file stands behind, in bytes.
pub(crate) fn anonymous_bytes() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Lets this process open as many files as the system allows it.
pub(crate) fn raise_files() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// How many files this process may open.
pub(crate) fn files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Share of all cores that is used, 0 to 1, at a moment when this run uses none.
pub(crate) fn busy() -> f64 {
    let before = ticks();
    sleep(LOOK);
    let after = ticks();
    let (idle, all) = (after.0 - before.0, after.1 - before.1);
    if all == 0 { 0.0 } else { 1.0 - idle as f64 / all as f64 }
}

/// Idle ticks and all ticks of all cores since the machine started.
fn ticks() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let line = stat.lines().next().unwrap();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).map(|t| t.parse().unwrap()).collect();
    // Idle and waiting for a disk; guests' time is in the user's already.
    (ticks[3] + ticks[4], ticks.iter().take(8).sum())
}

/// Loads of the last 1, 5 and 15 minutes.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The kernel's version.
pub(crate) fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned()
}
