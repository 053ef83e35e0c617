//! Statistics, held against what readers' own sockets saw, to the last byte: `/metrics`, a client's own figures, and
//! the points under `$gateway/`. The device is one that the test plays, so that every change is known.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use peer::device::Device;
use peer::gateway::{Gateway, Site};
use peer::http::{Event, Stream, get, request};
use peer::server::Server;
use peer::{run_script, wait_for};
use pointcast::limits::Limits;
use serde_json::{Value as Json, json};
use socket2::{Domain, Socket, Type};

const SOON: Duration = Duration::from_secs(20);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The unit with the point `press/count`, a number of 32 bits from its first register on.
const PRESS: u8 = 1;
const POINT: &str = "press/count";

/// No heartbeat comes while a test waits for something else.
const QUIET: &str = "heartbeat_ms=60000";

/// A gateway whose only device is played here. It has read the point, whose value is 0.
struct Place {
    address: SocketAddr,
    device: Device,
    _gateway: Gateway,
}

impl Place {
    fn new(name: &str, limits: &str) -> Self {
        let site = Site::of(name, |listen, devices| {
            format!(
                "[gateway]\nname = \"Press shop\"\nlisten = \"{listen}\"\n[limits]\n{limits}\n\
                 [[channels]]\nname = \"line\"\ndriver = \"modbus-tcp\"\naddress = \"{devices}\"\n\
                 timeout_ms = 30000\n\
                 [[devices]]\nname = \"press\"\nchannel = \"line\"\nunit_id = {PRESS}\nscan_ms = 20\n\
                 points = [{{ name = \"count\", address = \"holding:0\", type = \"i32\" }}]\n"
            )
        });
        let device = Device::listen(site.devices());
        let gateway = site.start();
        let place = Self { address: site.address(), device, _gateway: gateway };
        wait_for("the point to be read", SOON, || {
            let point = get(place.address, &format!("/api/v1/points/{POINT}")).json();
            (point["quality"] == "good").then_some(())
        });
        place
    }

    fn set(&self, value: i32) {
        self.device.with(PRESS, |unit| unit.set_i32(0, value));
    }

    /// Waits until `/metrics` shows all of these: what was sent is counted a moment after it was.
    #[track_caller]
    fn expect(&self, expected: &[(&str, u64)]) {
        let shown = || {
            let figures = figures(self.address);
            let shown: Vec<_> = expected.iter().map(|(name, _)| (*name, figures[*name])).collect();
            shown
        };
        wait_until(shown, expected);
    }

    /// The same for a client's own figures.
    #[track_caller]
    fn expect_client(&self, expected: &Json) {
        let path = format!("/api/v1/clients/{}", expected["client"].as_str().unwrap());
        wait_until(|| get(self.address, &path).json(), expected);
    }
}

/// What a reader took in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    frames: u64,
    changes: u64,
    skipped: u64,
    bytes: u64,
}

impl Seen {
    fn and(self, other: Self) -> Self {
        Self {
            frames: self.frames + other.frames,
            changes: self.changes + other.changes,
            skipped: self.skipped + other.skipped,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// A stream, counted as it is read.
struct Reader {
    stream: Stream,
    client: String,
    last_id: String,
    /// The newest value of each point.
    held: HashMap<String, Json>,
    seen: Seen,
}

impl Reader {
    fn open(place: &Place, query: &str) -> Self {
        let stream = Stream::open(place.address, query);
        let (client, last_id) = (String::new(), String::new());
        let mut reader =
            Self { stream, client, last_id, held: HashMap::new(), seen: Seen::default() };
        let connect = reader.next();
        reader.client = connect.data["client"].as_str().unwrap().to_owned();
        reader
    }

    fn next(&mut self) -> Event {
        let event = self.stream.next().expect("the stream goes on");
        self.seen.bytes += event.bytes as u64;
        if let Some(id) = &event.id {
            self.last_id.clone_from(id);
        }
        if event.name == "points" {
            let points = event.data["points"].as_array().unwrap();
            self.seen.frames += 1;
            if event.data.get("snapshot").is_none() {
                self.seen.changes += points.len() as u64;
            }
            self.seen.skipped += event.data["skipped"].as_u64().unwrap_or(0);
            for point in points {
                self.held.insert(point["id"].as_str().unwrap().to_owned(), point.clone());
            }
        }
        event
    }

    /// Reads on until a point has this value.
    fn until(&mut self, id: &str, value: &Json) {
        let begin = Instant::now();
        while self.held.get(id).map(|point| &point["value"]) != Some(value) {
            assert!(begin.elapsed() < SOON, "{id} is {}, not {value}", self.held[id]);
            self.next();
        }
    }

    /// What the gateway should say of this client.
    fn expected(&self, connected: bool, seen: Seen) -> Json {
        json!({
            "client": self.client, "connected": connected, "revision": 1, "entries": 1, "points": 1,
            "frames": seen.frames, "changes": seen.changes, "skipped": seen.skipped,
            "bytes": seen.bytes,
        })
    }
}

/// Every sample of `/metrics` but those with a fraction, without the program's name in front.
fn figures(address: SocketAddr) -> HashMap<String, u64> {
    let answer = get(address, "/metrics");
    let samples = answer.body.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        Some((name.strip_prefix("pointcast_").unwrap().to_owned(), value.parse().ok()?))
    };
    samples.filter_map(sample).collect()
}

/// Waits until what is seen is what is expected; if it never is, says what it was last.
#[track_caller]
fn wait_until<S: PartialEq<E> + Debug, E: Debug + ?Sized>(
    mut see: impl FnMut() -> S,
    expected: &E,
) {
    let begin = Instant::now();
    loop {
        let seen = see();
        if seen == *expected {
            return;
        }
        assert!(begin.elapsed() < SOON, "{seen:?}\nis not what was expected:\n{expected:?}");
        sleep(LOOK_EVERY);
    }
}

#[test]
fn a_change_is_one_text_for_all_its_readers_and_every_figure_is_what_they_saw() {
    const READERS: u64 = 5;
    const CHANGES: u64 = 40;
    let place = Place::new("statistics-readers", "");
    place.expect(&[("streams", 0), ("encodes_total", 0), ("sent_frames_total", 0)]);
    let query = format!("points={POINT}&{QUIET}");
    let mut readers: Vec<Reader> = (0..READERS).map(|_| Reader::open(&place, &query)).collect();
    for value in 0..=i32::try_from(CHANGES).unwrap() {
        place.set(value);
        readers.iter_mut().for_each(|reader| reader.until(POINT, &value.into()));
    }
    let seen = readers.iter().fold(Seen::default(), |all, reader| all.and(reader.seen));
    assert_eq!((seen.frames, seen.changes), (READERS * (1 + CHANGES), READERS * CHANGES));
    let sent = [
        ("encodes_total", 1 + CHANGES),
        ("sent_frames_total", seen.frames),
        ("sent_changes_total", seen.changes),
        ("skipped_changes_total", 0),
        ("sent_bytes_total", seen.bytes),
        ("delivery_delay_from_put_seconds_count", seen.changes),
        ("delivery_delay_from_put_seconds_bucket{le=\"+Inf\"}", seen.changes),
        ("delivery_delay_from_source_seconds_count", seen.changes),
        ("pending_bytes", 0),
    ];
    place.expect(&sent);
    place.expect(&[("streams", READERS), ("sessions", READERS), ("selected_points", READERS)]);
    readers.iter().for_each(|reader| place.expect_client(&reader.expected(true, reader.seen)));
    // A client's figures are those of all its connections.
    let first = readers.remove(0);
    let mut again = Reader::open(&place, &format!("last_event_id={}&{QUIET}", first.last_id));
    assert_eq!(again.client, first.client);
    place.set(-1);
    again.until(POINT, &json!(-1));
    // The first connection is told that it was replaced.
    let Reader { mut stream, seen: mut before, .. } = first;
    before.bytes += stream.next_named("replaced").bytes as u64;
    place.expect_client(&again.expected(true, before.and(again.seen)));
    readers.iter_mut().for_each(|reader| reader.until(POINT, &json!(-1)));
    drop(stream);
    let (client, all) = (again.expected(false, before.and(again.seen)), again.seen);
    drop(again);
    place.expect_client(&client);
    readers.iter().for_each(|reader| place.expect_client(&reader.expected(true, reader.seen)));
    let all = readers.iter().fold(all.and(before), |all, reader| all.and(reader.seen));
    drop(readers);
    place.expect(&[
        ("streams", 0),
        ("sessions", READERS),
        ("encodes_total", 2 + CHANGES),
        ("sent_frames_total", all.frames),
        ("sent_changes_total", all.changes),
        ("sent_bytes_total", all.bytes),
        ("delivery_delay_from_put_seconds_count", all.changes),
    ]);
}

#[test]
fn what_is_held_falls_back_to_nothing_when_readers_are_gone() {
    let place = Place::new("statistics-gone", "session_life_ms = 1000");
    let query = format!("points=**&{QUIET}");
    let mut readers: Vec<Reader> = (0..3).map(|_| Reader::open(&place, &query)).collect();
    readers.iter_mut().for_each(|reader| reader.until(POINT, &json!(0)));
    place.expect(&[("streams", 3), ("sessions", 3), ("selected_points", 3)]);
    let client = readers[0].client.clone();
    drop(readers);
    place.expect(&[("streams", 0), ("sessions", 0), ("selected_points", 0), ("pending_bytes", 0)]);
    let gone = get(place.address, &format!("/api/v1/clients/{client}"));
    let subscription = get(place.address, &format!("/api/v1/clients/{client}/subscription"));
    assert_eq!((gone.status, gone.json()), (404, subscription.json()));
}

#[test]
fn what_a_slow_reader_missed_is_counted() {
    let place = Place::new("statistics-slow", "");
    let mut reader = Reader::open(&place, &format!("points={POINT}&interval_ms=200&{QUIET}"));
    reader.until(POINT, &json!(0));
    // From now on it changes with every reading.
    place.device.with(PRESS, |unit| unit.counting = vec![0]);
    while reader.seen.skipped < 30 {
        reader.next();
    }
    let last = place.device.with(PRESS, |unit| {
        unit.counting.clear();
        u32::from(unit.get(0)) << 16 | u32::from(unit.get(1))
    });
    reader.until(POINT, &last.into());
    let Seen { frames, changes, skipped, bytes } = reader.seen;
    assert_eq!(changes + skipped, u64::from(last), "each change was sent or counted");
    place.expect(&[
        ("sent_frames_total", frames),
        ("sent_changes_total", changes),
        ("skipped_changes_total", skipped),
        ("sent_bytes_total", bytes),
        // A change that nobody is told is no text.
        ("encodes_total", 1 + changes),
    ]);
    place.expect_client(&reader.expected(true, reader.seen));
}

#[test]
fn bytes_that_wait_for_a_reader_are_counted_until_it_is_gone() {
    // The snapshot is about 3 MB: far more than the kernel holds for a reader that takes nothing.
    let server = Server::start(40_000, Limits::default());
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    socket.connect(&server.address.into()).unwrap();
    let mut stuck = TcpStream::from(socket);
    stuck.write_all(b"GET /api/v1/stream?points=** HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let is_pending = || figures(server.address)["pending_bytes"] > 0;
    wait_until(is_pending, &true);
    drop(stuck);
    wait_until(is_pending, &false);
}

#[test]
fn whoever_follows_the_gateway_hears_what_it_does_and_nothing_of_its_own_doing() {
    const CHANGES: u64 = 20;
    let place = Place::new("statistics-own", "");
    let mut reader = Reader::open(&place, &format!("points={POINT}&{QUIET}"));
    reader.until(POINT, &json!(0));
    let mut watcher = Reader::open(&place, "points=$gateway/**&heartbeat_ms=1000");
    while watcher.seen.frames == 0 {
        watcher.next();
    }
    let snapshot = watcher.seen;
    assert_eq!(watcher.held["$gateway/name"]["value"], "Press shop");
    for value in 1..=i32::try_from(CHANGES).unwrap() {
        place.set(value);
        reader.until(POINT, &value.into());
    }
    watcher.until("$gateway/changes", &CHANGES.into());
    assert!(watcher.held["$gateway/delay_p99_ms"]["value"].as_f64().unwrap() >= 0.1);
    watcher.until("$gateway/delay_p99_ms", &Json::Null);
    // Nothing happens any more: with anything to tell each second, two heartbeats would not follow each other.
    let (told, mut heartbeats) = (watcher.seen.frames, 0);
    while heartbeats < 4 {
        heartbeats = if watcher.next().name == "heartbeat" { heartbeats + 1 } else { 0 };
        assert!(watcher.seen.frames < told + 10, "each telling is told again");
    }
    let all = reader.seen.and(snapshot);
    let expected = [
        ("streams", json!(2)),
        ("sessions", json!(2)),
        ("frames", all.frames.into()),
        ("changes", CHANGES.into()),
        ("skipped", json!(0)),
        ("sent_bytes", all.bytes.into()),
        ("encodes", (1 + CHANGES).into()),
        ("pending_bytes", json!(0)),
    ];
    for (name, value) in expected {
        let point = &watcher.held[&format!("$gateway/{name}")];
        assert_eq!((&point["value"], &point["quality"]), (&value, &json!("good")), "{name}");
    }
    for name in ["delay_p50_ms", "delay_p99_ms"] {
        let point = &watcher.held[&format!("$gateway/{name}")];
        let doubt = (&point["quality"], &point["reason"]);
        assert_eq!(doubt, (&json!("bad"), &json!("not_a_number")), "{name}");
    }
    // Whoever scrapes sees the watcher's share too.
    let everything = reader.seen.and(watcher.seen);
    let figures = figures(place.address);
    assert!(figures["sent_bytes_total"] >= everything.bytes);
    assert_eq!(figures["sent_frames_total"], everything.frames);
    assert_eq!(figures["sent_changes_total"], everything.changes);
    assert_eq!(figures["delivery_delay_from_put_seconds_count"], CHANGES);
}

#[test]
fn scrapers_read_either_format() {
    let place = Place::new("statistics-scraped", "");
    let reader = Reader::open(&place, &format!("points={POINT}&{QUIET}"));
    place.expect(&[("streams", 1), ("sent_frames_total", 1), ("devices{state=\"online\"}", 1)]);
    let said = run_script("scrape.py", &[&format!("http://{}/metrics", place.address)]);
    let said: HashMap<String, HashMap<String, (String, f64)>> =
        serde_json::from_str(&said).unwrap();
    let (newer, older) = (&said["openmetrics"], &said["prometheus"]);
    for scraped in [newer, older] {
        let sample = |name: &str| (scraped[name].0.as_str(), scraped[name].1);
        assert_eq!(sample("pointcast_streams"), ("gauge", 1.0));
        assert_eq!(sample("pointcast_devices{state=online}"), ("gauge", 1.0));
        assert_eq!(sample("pointcast_pending_bytes"), ("gauge", 0.0));
        assert_eq!(sample("pointcast_sent_frames_total"), ("counter", 1.0));
        let faults = "pointcast_device_faults_total{kind=channel_malformed}";
        assert_eq!(sample(faults), ("counter", 0.0));
        let delays = "pointcast_delivery_delay_from_put_seconds_bucket{le=+Inf}";
        assert_eq!(sample(delays), ("histogram", 0.0));
    }
    let kinds = |scraped: &HashMap<String, (String, f64)>| -> BTreeMap<String, String> {
        scraped.iter().map(|(name, (kind, _))| (name.clone(), kind.clone())).collect()
    };
    assert_eq!(kinds(newer), kinds(older), "both say the same");
    drop(reader);
    for path in ["/metrics", "/api/v1/clients/abc"] {
        let foreign = request(place.address, "GET", path, &[("Host", "elsewhere.example")], "");
        assert_eq!(foreign.status, 421, "{path}");
    }
}
