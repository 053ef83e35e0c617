//! A storm of faults: a hundred thousand replies, a third of them late, flipped, truncated, joined,
//! foreign, refused or missing, and not one wrong value.
//!
//! Every register's value is a function of its place, and blocks are many and of the same shape, so any
//! answer taken for another one shows. With `POINTCAST_LONG` set the storm is a hundred times as long.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use pointcast_api::settings::Refusals;
use pointcast_api::testing::channel;
use pointcast_api::{Failure, Reading, Sample};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;

use super::*;
use crate::decode::Content;
use crate::depth::Depth;
use crate::frame::ReadRequest;
use crate::line::Coding;
use crate::link::framing::Framing;
use crate::link::timing::Path;
use crate::link::{ascii, framer};
use crate::settings::{Kind, MAX_IN_FLIGHT, check};
use crate::testing::any::AnyLink;
use crate::testing::bus::{Incoming, Sent, Wire, serve, truth};
use crate::testing::told;

const SEED: u64 = 0x0051_0DB5;
const REPLIES: u64 = 100_000;
const LONG_FACTOR: u64 = 100;
/// So many of the newest requests may be on their way; of so many the numbers are kept.
const NEWEST: usize = 2 * MAX_IN_FLIGHT as usize;
const KEPT: usize = 1_024;
const TIMEOUT_MS: u64 = 50;
const MAX_REPLY_DELAY_MS: u64 = 200;

/// Knows what every point must read, and counts.
struct Judge {
    expected: Vec<Reading>,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    right: u64,
    wrong: u64,
    failed: u64,
}

impl Outlet for Judge {
    fn put(&self, samples: &[Sample]) {
        let mut seen = self.seen.lock().unwrap();
        for sample in samples {
            if matches!(sample.reading, Reading::Failed(_)) {
                seen.failed += 1;
            } else if sample.reading == self.expected[sample.point.at()] {
                seen.right += 1;
            } else {
                seen.wrong += 1;
            }
        }
    }

    fn fail_device(&self, _: DeviceIndex, _: Failure, _: UnixMs) {}

    fn report(&self, _: DeviceIndex, _: pointcast_api::DeviceReport) {}
}

/// What the bus did.
#[derive(Debug)]
struct Weather {
    random: StdRng,
    line: Option<crate::line::Line>,
    left: u64,
    faults: u64,
    /// How many bytes the newest reply lacked.
    lacks: usize,
    /// Damage that no check sum shows: not sent, but counted.
    invisible: u64,
    /// When the newest request came, and how many came with another one.
    at: Option<Instant>,
    together: u64,
    /// The numbers of the newest requests. A reply of the same shape with the number of another request on its way is
    /// an answer to that one, as far as anybody can tell.
    asked: VecDeque<u16>,
}

impl Weather {
    fn answer(&mut self, incoming: Incoming) -> Vec<Sent> {
        self.left = self.left.saturating_sub(1);
        let now = Instant::now();
        self.together += u64::from(self.at.replace(now) == Some(now));
        self.asked.truncate(KEPT);
        self.asked.push_front(incoming.transaction);
        let wire_time = self.wire_time(&incoming);
        let at_once = |bytes: Vec<u8>| vec![(wire_time, bytes)];
        let fault = self.random.random_range(0..30);
        self.faults += u64::from(fault < 10);
        let reply = incoming.reply();
        let lacked = std::mem::take(&mut self.lacks);
        if matches!(fault, 0 | 8 | 9) {
            // Nothing comes at once: what comes next stands behind the same.
            self.lacks = lacked;
        }
        match fault {
            0 => {
                let late = self.random.random_range(TIMEOUT_MS..=MAX_REPLY_DELAY_MS);
                vec![(Duration::from_millis(late) + wire_time, reply)]
            }
            1 => at_once(self.damaged(incoming.wire, reply)),
            2 => {
                let kept = self.random.random_range(1..reply.len());
                self.lacks = if kept < lacked { lacked - kept } else { reply.len() - kept };
                at_once(reply[..kept].to_vec())
            }
            3 => at_once([self.foreign(incoming), reply].concat()),
            4 => at_once(self.foreign(incoming)),
            5 => at_once(self.misshapen(incoming)),
            6 => at_once(incoming.exception([2, 4, 6][self.random.random_range(0..3)])),
            7 => at_once(self.noise(incoming.wire, lacked)),
            8 => {
                let late = self.random.random_range(TIMEOUT_MS..=MAX_REPLY_DELAY_MS);
                vec![(Duration::from_millis(late), incoming.exception(6))]
            }
            9 => vec![],
            _ => at_once(reply),
        }
    }

    /// How long the reply takes to be there whole.
    fn wire_time(&self, incoming: &Incoming) -> Duration {
        let reply = self.line.map(|line| line.reply(&incoming.request));
        Duration::from_millis(1) + reply.unwrap_or_default()
    }

    /// Some bits flipped: anywhere where a check sum guards, in the header and shape where none does.
    fn damaged(&mut self, wire: Wire, reply: Vec<u8>) -> Vec<u8> {
        loop {
            let mut damaged = reply.clone();
            let guarded = if wire == Wire::Tcp { 9 } else { damaged.len() };
            for _ in 0..self.random.random_range(1..=8) {
                damaged[self.random.random_range(0..guarded)] ^=
                    1 << self.random.random_range(0..8);
            }
            let number = [damaged[0], damaged[1]];
            let another = |asked: &u16| asked.to_be_bytes() == number && reply[..2] != number;
            let unseen = match wire.coding() {
                None => damaged == reply || self.asked.iter().take(NEWEST).any(another),
                Some(Coding::Rtu) => passes::<framer::Framer>(&damaged),
                Some(Coding::Ascii) => passes::<ascii::Framer>(&damaged),
            };
            if !unseen {
                return damaged;
            }
            self.invisible += u64::from(damaged != reply);
        }
    }

    /// A whole frame of a unit that nobody asked, or an answer to another transaction.
    fn foreign(&mut self, incoming: Incoming) -> Vec<u8> {
        match incoming.wire {
            Wire::Rtu | Wire::RtuOverTcp | Wire::Ascii | Wire::AsciiOverTcp => {
                incoming.frame(77, &incoming.pdu())
            }
            Wire::Tcp => {
                // One of long ago: requests behind this one may be on their way already.
                let at = self.random.random_range(NEWEST..KEPT);
                let Some(transaction) = self.asked.get(at).copied() else {
                    return incoming.frame(77, &incoming.pdu());
                };
                let first = incoming.request.first ^ 8;
                let request = ReadRequest { first, ..incoming.request };
                Incoming { transaction, request, ..incoming }.reply()
            }
        }
    }

    /// A whole frame of the unit that was asked, but of another shape.
    fn misshapen(&mut self, incoming: Incoming) -> Vec<u8> {
        let unit = incoming.request.unit;
        match self.random.random_range(0..3) {
            0 => incoming.frame(unit, &[5, 0, 1, 0xFF, 0]),
            // More registers than any block here has: fewer could be the right number for some block.
            1 => incoming.frame(unit, &[&[3, 20][..], &[9; 20]].concat()),
            _ => incoming.frame(unit, &[incoming.request.table.function() ^ 7 | 0x80, 2]),
        }
    }

    /// Behind a reply that lacked so many bytes. What just fills it up nobody can tell from its own: not sent, but counted.
    fn noise(&mut self, wire: Wire, lacked: usize) -> Vec<u8> {
        let length = self.random.random_range(1..40);
        let noise: Vec<u8> = (0..length).map(|_| self.random.random()).collect();
        // On TCP noise is what damages the stream for good; a header's worth of it is enough.
        if wire != Wire::Tcp {
            return noise;
        }
        let mut noise: Vec<u8> = noise.into_iter().take(7).collect();
        if noise.len() == lacked {
            self.invisible += 1;
            noise.push(0xFF);
        }
        self.lacks = lacked.saturating_sub(noise.len());
        noise
    }
}

/// Whether anything in `damaged` has the right check sum.
fn passes<F: Framing>(damaged: &[u8]) -> bool {
    let mut framer = F::default();
    framer.push(damaged);
    framer.next().is_some()
}

/// Units with many blocks of one shape.
fn site(kind: Kind, keys: &str) -> Site {
    let mut points = String::new();
    for at in 0..40 {
        points.push_str(&format!(
            "{{ name = \"h{at}\", address = \"holding:{at}\", type = \"u16\" }},"
        ));
        points.push_str(&format!("{{ name = \"c{at}\", address = \"coil:{}\" }},", at * 40));
    }
    for at in 0..8 {
        let place = at * 4;
        points.push_str(&format!(
            "{{ name = \"i{at}\", address = \"input:{place}\", type = \"u64\" }},"
        ));
    }
    let place = match kind {
        Kind::Tcp => "address = \"x\"".to_owned(),
        Kind::Rtu | Kind::Ascii => {
            format!("port = \"x\"\nbaud = 115200\nmax_reply_delay_ms = {MAX_REPLY_DELAY_MS}")
        }
        Kind::RtuOverTcp | Kind::AsciiOverTcp => {
            format!("address = \"x:1\"\nmax_reply_delay_ms = {MAX_REPLY_DELAY_MS}")
        }
    };
    let mut toml = format!("{place}\n{keys}\ntimeout_ms = {TIMEOUT_MS}\nmax_gap = 0\n");
    for unit in 1..=3 {
        toml.push_str(&format!(
            "[[devices]]\nname = \"u{unit}\"\nunit_id = {unit}\nmax_block = 8\nscan_ms = 200\npoints = [{points}]\n"
        ));
    }
    let mut refusals = Refusals::new();
    let site = check(channel(&toml), kind, &mut refusals);
    site.unwrap_or_else(|| panic!("{:#?}", told(refusals)))
}

fn expected(site: &Site) -> Vec<Reading> {
    let reading =
        |(want, decoder): (&crate::plan::Want, &std::sync::Arc<crate::decode::Decoder>)| {
            let unit = site.units[want.device.at()].id;
            let values = (0..want.length).map(|at| truth(unit, want.table, want.first + at));
            let content = if want.table.is_bits() {
                Content::Bits(values.map(|bit| bit == 1).collect())
            } else {
                Content::Registers(values.collect())
            };
            decoder.read(&content, 0).unwrap()
        };
    site.wants.iter().zip(&site.decoders).map(reading).collect()
}

async fn storm(kind: Kind, keys: &str) -> (Seen, Weather) {
    let site = site(kind, keys);
    let judge = Judge { expected: expected(&site), seen: Mutex::default() };
    let left = replies(kind);
    let random = StdRng::seed_from_u64(SEED);
    let line = site.line().copied();
    let weather = Weather {
        random,
        line,
        left,
        faults: 0,
        invisible: 0,
        lacks: 0,
        at: None,
        together: 0,
        asked: VecDeque::new(),
    };
    let weather = Arc::new(Mutex::new(weather));
    let over = Arc::new(Notify::new());
    let (lessons, reports) = (Lessons::default(), Reports::new(site.devices.len()));
    loop {
        let (ours, theirs) = tokio::io::duplex(4096);
        // A new connection counts anew.
        weather.lock().unwrap().asked.clear();
        let (bus, done) = (Arc::clone(&weather), Arc::clone(&over));
        let answer = move |incoming| {
            let mut weather = bus.lock().unwrap();
            if weather.left == 0 {
                done.notify_one();
                return vec![];
            }
            weather.answer(incoming)
        };
        let (link, wire) = AnyLink::of(&site, ours);
        tokio::spawn(serve(theirs, wire, answer));
        let session = Session::new(&site, &lessons, &reports, &judge, link).run();
        // Several at once in spite of all that goes wrong.
        let hope = async {
            loop {
                tokio::time::sleep(Duration::from_millis(TIMEOUT_MS)).await;
                lessons.depth(|depth| *depth = Depth::default());
            }
        };
        let finished = tokio::select! {
            () = hope => false,
            lost = session => {
                assert!(wire.path() == Path::Network, "{lost}");
                false
            }
            () = over.notified() => true,
        };
        if finished {
            break;
        }
    }
    let seen = *judge.seen.lock().unwrap();
    drop(site);
    let weather = Arc::try_unwrap(weather).map(|weather| weather.into_inner().unwrap());
    (seen, weather.unwrap_or_else(|shared| copy(&shared.lock().unwrap())))
}

fn copy(weather: &Weather) -> Weather {
    let (random, asked) = (StdRng::seed_from_u64(0), VecDeque::new());
    Weather { random, asked, ..*weather }
}

/// How many replies a storm has. Links that differ in little have shorter ones.
fn replies(kind: Kind) -> u64 {
    let part = match kind {
        Kind::Tcp | Kind::Rtu => REPLIES,
        Kind::RtuOverTcp | Kind::Ascii | Kind::AsciiOverTcp => REPLIES / 4,
    };
    if std::env::var_os("POINTCAST_LONG").is_some() { part * LONG_FACTOR } else { part }
}

async fn check_storm(kind: Kind) {
    check_storm_with(kind, "").await;
}

/// How many requests came together with another one.
async fn check_storm_with(kind: Kind, keys: &str) -> u64 {
    let (seen, weather) = storm(kind, keys).await;
    println!("{kind:?}: {seen:?}, {} faults, {} invisible", weather.faults, weather.invisible);
    assert_eq!(seen.wrong, 0, "{seen:?}");
    assert!(
        seen.right > weather.faults && weather.faults > replies(kind) / 4,
        "{seen:?} {weather:?}"
    );
    weather.together
}

#[tokio::test(start_paused = true)]
async fn a_storm_on_a_line_brings_no_wrong_value() {
    check_storm(Kind::Rtu).await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_on_a_connection_brings_no_wrong_value() {
    check_storm(Kind::Tcp).await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_among_several_requests_at_once_brings_no_wrong_value() {
    let together = check_storm_with(Kind::Tcp, "max_in_flight = 8\nround_trip_ms = 0").await;
    println!("{together} came together with another one");
    assert!(together > replies(Kind::Tcp) / 4, "{together}");
}

#[tokio::test(start_paused = true)]
async fn a_storm_on_a_line_behind_a_connection_brings_no_wrong_value() {
    check_storm(Kind::RtuOverTcp).await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_in_ascii_brings_no_wrong_value() {
    check_storm(Kind::Ascii).await;
    check_storm(Kind::AsciiOverTcp).await;
}
