//! Devices that die while streams are open: each simulated kind runs in a process of its own, is killed or frozen,
//! and comes back. Its points turn bad or uncertain at every subscriber within their configured bound; nobody
//! else's points notice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use peer::gateway::Site;
use peer::http::{Stream, get};
use peer::wait_for;

/// How many dashboards look on.
const SUBSCRIBERS: usize = 3;

/// Far longer than the longest wait between two tries of a lost channel.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// From the gateway's doubt to the subscriber's note of it, on a machine that is busy with other tests.
const ON_THE_WAY: Duration = Duration::from_secs(5);

/// A part of the simulated site, in a process of its own; killed when dropped.
struct Part {
    arguments: [String; 4],
    process: Child,
    devices: &'static [&'static str],
}

impl Part {
    fn start(name: &str, place: &str, devices: &'static [&'static str]) -> Self {
        let flag = |text: &str| format!("--{text}");
        let arguments = [flag("only"), name.to_owned(), flag(name), place.to_owned()];
        let process = spawn(&arguments);
        Self { arguments, process, devices }
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn kill(&mut self) {
        self.signal("-KILL");
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = spawn(&self.arguments);
    }

    fn owns(&self, point: &str) -> bool {
        self.devices.iter().any(|device| point.starts_with(&format!("{device}/")))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may be dead already, and frozen ones die too.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn spawn(arguments: &[String]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_pointcast"))
        .arg("sim")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What one subscriber heard of each point.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeMap<String, Vec<Told>>>>);

/// When, and in which quality.
type Told = (Instant, String);

impl Heard {
    fn listen(address: std::net::SocketAddr) -> Self {
        let heard = Self::default();
        let into = heard.clone();
        let mut stream = Stream::open(address, "points=**&heartbeat_ms=1000");
        thread::spawn(move || {
            while let Some(event) = stream.next() {
                let mut heard = into.0.lock().unwrap();
                for point in event.data["points"].as_array().into_iter().flatten() {
                    let (id, quality) = (point["id"].as_str().unwrap(), point["quality"].as_str());
                    let told = (event.at, quality.unwrap().to_owned());
                    heard.entry(id.to_owned()).or_default().push(told);
                }
            }
        });
        heard
    }

    /// Whether every point that `which` picks was last heard of in a quality that `is` takes. Before the first
    /// snapshot that is no point at all.
    fn all(&self, which: impl Fn(&str) -> bool, is: impl Fn(&str) -> bool) -> bool {
        let heard = self.0.lock().unwrap();
        if heard.is_empty() {
            return false;
        }
        let mut last = heard.iter().filter(|(id, _)| which(id)).map(|(_, told)| told.last());
        last.all(|told| told.is_some_and(|(_, quality)| is(quality)))
    }

    /// When the last of the points that `which` picks turned from good, after `begin`.
    fn lost_at(&self, which: impl Fn(&str) -> bool, begin: Instant) -> Instant {
        let heard = self.0.lock().unwrap();
        let first = |told: &Vec<Told>| {
            told.iter().find(|(at, quality)| *at >= begin && quality != "good").map(|(at, _)| *at)
        };
        let lost = heard.iter().filter(|(id, _)| which(id)).filter_map(|(_, told)| first(told));
        lost.max().expect("points were lost")
    }

    /// Checks that the points that `which` picks stayed good after `begin`; how often they changed since.
    fn undisturbed(&self, which: impl Fn(&str) -> bool, begin: Instant) -> usize {
        let heard = self.0.lock().unwrap();
        let mut changes = 0;
        for (id, told) in heard.iter().filter(|(id, _)| which(id)) {
            for (_, quality) in told.iter().filter(|(at, _)| *at >= begin) {
                assert_eq!(quality, "good", "{id} was disturbed");
                changes += 1;
            }
        }
        changes
    }
}

/// The default site without its own simulation, and where that was.
fn site_without_simulation(name: &str) -> (Site, BTreeMap<String, String>) {
    let site = Site::new(name);
    let text = fs::read_to_string(site.config()).unwrap();
    let (rest, simulation) = text.split_once("\n[simulation]\n").unwrap();
    fs::write(site.config(), rest).unwrap();
    let fields = simulation.lines().filter_map(|line| line.split_once(" = "));
    let places = fields.map(|(key, place)| (key.replace('_', "-"), place.replace('"', "")));
    (site, places.collect())
}

/// The largest `stale_after_ms` among the points of `part`: no doubt may take longer to be told.
fn bound(address: std::net::SocketAddr, part: &Part) -> Duration {
    let points = get(address, "/api/v1/points").json();
    let all = points["points"].as_array().unwrap().clone();
    let of_part = all.iter().filter(|point| part.owns(point["id"].as_str().unwrap()));
    let stale = of_part.filter_map(|point| point["stale_after_ms"].as_u64()).max();
    Duration::from_millis(stale.expect("each point has a bound"))
}

/// Points that the simulated devices themselves take away now and then.
fn moody(id: &str) -> bool {
    ["meter/distortion/current", "boiler/outdoor/temperature"].contains(&id)
}

#[test]
fn a_dead_device_is_told_to_all_and_disturbs_nobody() {
    let (site, places) = site_without_simulation("outage");
    let part = |name: &str, devices| Part::start(name, &places[name], devices);
    let mut parts = [
        part("modbus-tcp", &["meter", "boiler", "pumps"]),
        part("modbus-rtu", &["greenhouse1", "greenhouse2"]),
        part("scale", &["scale"]),
        part("mqtt", &["weather"]),
    ];
    let gateway = site.start();
    let address = site.address();
    let dashboards: Vec<Heard> = (0..SUBSCRIBERS).map(|_| Heard::listen(address)).collect();
    let all_good = |what: &str| {
        let good = || {
            dashboards
                .iter()
                .all(|heard| heard.all(|id| !moody(id), |quality| quality == "good"))
                .then_some(())
        };
        wait_for(what, BACK_WITHIN, good);
    };
    all_good("the first values");
    for part in &mut parts {
        for frozen in [false, true] {
            let begin = Instant::now();
            if frozen {
                part.signal("-STOP");
            } else {
                part.kill();
            }
            let within = bound(address, part);
            for heard in &dashboards {
                let lost =
                    || heard.all(|id| part.owns(id), |quality| quality != "good").then_some(());
                wait_for("the loss to be told", within + BACK_WITHIN, lost);
                let took = heard.lost_at(|id| part.owns(id) && !moody(id), begin) - begin;
                assert!(took < within + ON_THE_WAY, "{took:?}, allowed {within:?}");
                let others = || heard.undisturbed(|id| !part.owns(id) && !moody(id), begin);
                wait_for("the others to go on", BACK_WITHIN, || (others() > 20).then_some(()));
            }
            if frozen {
                part.signal("-CONT");
            } else {
                part.restart();
            }
            all_good("the device to be back");
        }
    }
    drop(gateway);
}
