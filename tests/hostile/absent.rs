//! Peers that vanish: no FIN, no RST, just silence, as when a cable is pulled or a tablet leaves the hall.
//!
//! The peer lives in a network of its own, at the other end of a virtual cable that the test pulls. For that the test
//! runs itself again in a fresh network, where it may do as it likes: as root at once, else as root of a user
//! namespace. Nothing of it is left when its processes end.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::healthy::Healthy;
use crate::http2::one_request;
use crate::peer::http::{Stream, get};
use crate::peer::wait_for;
use crate::target::{SOON, Target};

/// Set for the run in the network of its own.
const INSIDE: &str = "POINTCAST_TEST_NETWORK";

/// The two ends of the cable.
const GATEWAY: &str = "10.77.0.1";
const PEER: &str = "10.77.0.2";

/// What the gateway promises for a stream whose peer vanished.
const FREE_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn a_vanished_peer_frees_its_place_within_thirty_seconds() {
    if std::env::var_os(INSIDE).is_some() {
        return vanish();
    }
    let program = std::env::current_exe().unwrap();
    let ended = Command::new("unshare")
        .arg(if is_root() { "-n" } else { "-rn" })
        .arg(program)
        .args([
            "--exact",
            "absent::a_vanished_peer_frees_its_place_within_thirty_seconds",
            "--nocapture",
        ])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .expect("unshare could not be started: run tests/run");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.contains("1 passed"), "the test did not run inside: {said}");
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().unwrap();
    answer.stdout.trim_ascii() == b"0"
}

/// Runs a command that must succeed.
#[track_caller]
fn run(command: &str) {
    let mut words = command.split(' ');
    let output = Command::new(words.next().unwrap())
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("{command}: {error}: run tests/run"));
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The other end of the cable: a network that lasts as long as its process.
struct Elsewhere {
    holder: Child,
}

impl Elsewhere {
    fn new() -> Self {
        let holder = Command::new("unshare").args(["-n", "sleep", "600"]).spawn().unwrap();
        let elsewhere = Self { holder };
        let network = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
        let pid = elsewhere.holder.id().to_string();
        wait_for("the other network", SOON, || (network(&pid) != network("self")).then_some(()));
        run("ip link set lo up");
        run(&format!("ip link add cable type veth peer name far netns {pid}"));
        run(&format!("ip address add {GATEWAY}/24 dev cable"));
        run("ip link set cable up");
        elsewhere.run(&format!("ip address add {PEER}/24 dev far"));
        elsewhere.run("ip link set far up");
        elsewhere
    }

    fn enter(&self) -> String {
        format!("nsenter -t {} -n ", self.holder.id())
    }

    #[track_caller]
    fn run(&self, command: &str) {
        run(&(self.enter() + command));
    }

    /// A client over there that sends `request` and takes all that comes. It is back when it has seen points.
    fn client(&self, gateway: SocketAddr, request: &[u8]) -> Client {
        let request: String = request.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let script = r#"exec 3<>"/dev/tcp/$0/$1"; printf "$2" >&3
            while read -r line <&3; do case $line in *"event: points"*) echo seen; exec cat <&3 >/dev/null; esac; done"#;
        let enter = self.enter();
        let mut words = enter.trim_end().split(' ');
        let mut process = Command::new(words.next().unwrap())
            .args(words)
            .args(["bash", "-c", script, GATEWAY, &gateway.port().to_string(), &request])
            // Bytes, not letters: of a frame's head bash would make one that ends the line for it.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "seen\n", "the client saw no points: {request}");
        Client(process)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _gone = self.holder.kill();
        let _reaped = self.holder.wait();
    }
}

/// A client process in the other network.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The test, in a network of its own.
fn vanish() {
    let elsewhere = Elsewhere::new();
    // One place for the healthy reader, and one for each that vanishes.
    let target =
        Target::listening("absent", "streams = 6", |own| format!("0.0.0.0:{}", own.port()));
    let healthy = Healthy::follow(&target);
    let before = target.before();
    // A heartbeat is due to one of them soon, to two in a minute; and two have changes on their way without end.
    let path = |points: &str, heartbeat_ms: u32| {
        format!("/api/v1/stream?points=line/{points}/*&heartbeat_ms={heartbeat_ms}")
    };
    let http1 = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {GATEWAY}\r\n\r\n").into_bytes();
    let _clients = [
        http1(&path("still", 15_000)),
        http1(&path("still", 60_000)),
        one_request(GATEWAY, &path("still", 60_000)),
        http1(&path("count", 60_000)),
        one_request(GATEWAY, &path("count", 60_000)),
    ]
    .map(|request| elsewhere.client(target.address, &request));
    let is_full = || get(target.address, "/api/v1/stream").status == 503;
    assert!(is_full(), "all places are taken");
    let begin = Instant::now();
    elsewhere.run("ip link set far down");
    let mut noticed = Vec::new();
    wait_for("their places to be free", FREE_WITHIN + SOON, || {
        let gone = 5_usize.saturating_sub(before.files_more());
        (noticed.len()..gone).for_each(|_| noticed.push(begin.elapsed()));
        (gone >= 5).then_some(())
    });
    println!("noticed after {noticed:?}");
    assert!(noticed.iter().all(|took| *took <= FREE_WITHIN), "{noticed:?}");
    let metrics = get(target.address, "/metrics").body;
    assert!(metrics.contains("\npointcast_streams 1\n"), "the gauge counts who is gone: {metrics}");
    // New streams have their places.
    let again: Vec<_> =
        (0..5).map(|_| Stream::open(target.address, "points=line/still/1")).collect();
    assert!(is_full());
    drop(again);
    healthy.settle(&target);
}
