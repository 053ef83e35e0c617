//! The whole gateway for a while, with dashboards that come, go, are cut and change their minds: what each of them
//! knows stays true, and memory stays where it was. Seconds as a rule, minutes with `tests/run --long`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use peer::gateway::Site;
use peer::http::{Event, Stream, get, send};
use peer::wait_for;
use serde_json::{Value as Json, json};

const DASHBOARDS: u64 = 16;

/// How far a point may be behind what a poller reads at the same time.
const BEHIND_AT_MOST: Duration = Duration::from_secs(10);

/// Allocator and kernel keep some of what came and went; a leak of one stream's state at each turn is far more.
const GROWTH_KB: u64 = 16 * 1024;

const SELECTIONS: [&[&str]; 4] = [
    &["**"],
    &["boiler/**", "meter/**"],
    &["scale/*", "$devices/*/state"],
    &["weather/**", "pumps/**"],
];

fn lasting() -> Duration {
    let long = std::env::var_os("POINTCAST_LONG").is_some();
    Duration::from_secs(if long { 600 } else { 6 })
}

/// What a dashboard knows of each point: value and source time.
#[derive(Default)]
struct Dashboard {
    points: HashMap<String, (Json, u64)>,
    last_id: Option<String>,
    client: String,
}

impl Dashboard {
    fn take(&mut self, event: &Event) {
        if event.name == "connect" {
            assert_eq!(event.data["reset"], Json::Null, "sessions are within their life");
            event.data["client"].as_str().unwrap().clone_into(&mut self.client);
        }
        for point in event.data["points"].as_array().into_iter().flatten() {
            let id = point["id"].as_str().unwrap().to_owned();
            let time = point["time"].as_u64().unwrap_or(0);
            let before = self.points.insert(id.clone(), (point["value"].clone(), time));
            let before = before.map_or(0, |(_, time)| time);
            assert!(time >= before, "{id} went back from {before} to {time}");
        }
        if event.id.is_some() {
            self.last_id.clone_from(&event.id);
        }
    }

    fn connect(&self, address: SocketAddr) -> Stream {
        let query = match &self.last_id {
            Some(id) => format!("last_event_id={id}&heartbeat_ms=1000"),
            None => "points=**&heartbeat_ms=1000".to_owned(),
        };
        Stream::open(address, &query)
    }

    /// Whether it knows what the gateway tells a poller, or something newer.
    fn knows(&self, polled: &Json) -> bool {
        polled["points"].as_array().unwrap().iter().all(|point| {
            let (id, time) = (point["id"].as_str().unwrap(), point["time"].as_u64().unwrap_or(0));
            let Some((value, known)) = self.points.get(id) else { return false };
            *known > time || (*known == time && *value == point["value"])
        })
    }
}

/// One dashboard's life; `seed` decides what it does when.
fn live(address: SocketAddr, seed: u64, until: Instant) {
    let mut dashboard = Dashboard::default();
    let mut turn = seed;
    while Instant::now() < until {
        turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut stream = dashboard.connect(address);
        dashboard.take(&stream.next().unwrap());
        if turn >> 60 == 0 {
            let wish = json!({"points": SELECTIONS[(turn >> 32) as usize % SELECTIONS.len()]});
            let path = format!("/api/v1/clients/{}/subscription", dashboard.client);
            assert_eq!(send(address, "PUT", &path, &wish).status, 200);
        }
        for _ in 0..(turn >> 40) % 30 {
            dashboard.take(&stream.next().unwrap());
        }
        // Cut, in the middle of whatever is on the wire.
        drop(stream.into_socket());
    }
    let mut stream = dashboard.connect(address);
    let path = format!("/api/v1/clients/{}/subscription", dashboard.client);
    assert_eq!(send(address, "PUT", &path, &json!({"points": ["**"]})).status, 200);
    let begin = Instant::now();
    let mut polled = get(address, "/api/v1/points?match=**").json();
    while !dashboard.knows(&polled) {
        assert!(begin.elapsed() < BEHIND_AT_MOST, "a dashboard stays behind");
        dashboard.take(&stream.next().unwrap());
        if begin.elapsed() > Duration::from_secs(1) {
            polled = get(address, "/api/v1/points?match=**").json();
        }
    }
}

fn churn(address: SocketAddr, seed: u64, lasting: Duration) {
    let until = Instant::now() + lasting;
    let lives: Vec<_> = (0..DASHBOARDS)
        .map(|number| thread::spawn(move || live(address, seed + number, until)))
        .collect();
    for life in lives {
        life.join().expect("a dashboard was told something untrue");
    }
}

#[test]
fn dashboards_come_and_go_and_everything_stays_as_it_is() {
    let site = Site::new("soak");
    let config = fs::read_to_string(site.config()).unwrap();
    // Short lives, so that ended sessions show in the measure.
    let config = config.replace("[limits]", "[limits]\nsession_life_ms = 5000");
    fs::write(site.config(), config).unwrap();
    let gateway = site.start();
    churn(site.address(), 1, lasting() / 3);
    let before = gateway.resident_kb();
    churn(site.address(), 1_000, lasting());
    let after = gateway.resident_kb();
    println!("resident: {before} kB, later {after} kB");
    assert!(after < before + GROWTH_KB, "memory grew from {before} to {after} kB");
    let devices = || {
        let devices = get(site.address(), "/api/v1/devices").json();
        let all = devices["devices"].as_array().unwrap().clone();
        all.iter().all(|device| device["state"] == "online").then_some(())
    };
    wait_for("all devices to be online", Duration::from_secs(30), devices);
}
