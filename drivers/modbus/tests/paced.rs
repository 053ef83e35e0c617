//! The driver on a real port whose line takes its time: what was planned, beside what the simulated slaves recorded.
//!
//! Medians only: a machine that stands still for a moment moves none of them. On paused time every request is held
//! against its prediction (`driver/tests/wire.rs`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod peer;

use std::collections::HashMap;
use std::time::Duration;

use pointcast_api::testing::{Recorder, driver};
use pointcast_api::{PlannedRequest, command_queue};
use pointcast_sim::{FaultBoard, Pace, Running, Settings};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use peer::{Directory, SOON};

/// How far a prediction may be from what was recorded.
const TOLERANCE: f64 = 0.1;

/// How long is read: forty rounds of the fastest.
const LONG: Duration = Duration::from_secs(8);

const DEVICES: &str = r#"
    [[devices]]
    name = "one"
    unit_id = 1
    scan_ms = 200
    points = [
      { name = "temperature", address = "input:0", type = "i16" },
      { name = "light", address = "input:4", type = "u32" },
      { name = "moisture", address = "input:6", type = "u16" },
      { name = "lamps", address = "coil:0", scan_ms = 400 },
    ]
    [[devices]]
    name = "two"
    unit_id = 2
    scan_ms = 400
    points = [{ name = "setpoint", address = "holding:0", type = "i16" }]
"#;

/// Reads at this rate; the plan, and the file in which the traffic stands.
async fn read(baud: u32, directory: &Directory) -> (Vec<PlannedRequest>, String) {
    let (line, capture) =
        (directory.join(&format!("line-{baud}")), directory.join(&format!("{baud}.jsonl")));
    let pace = Pace { baud, ..Pace::default() };
    let settings = Settings {
        modbus_rtu: Some(line.clone()),
        capture: Some(capture.clone()),
        pace,
        ..Settings::none()
    };
    let (sender, mut running) = watch::channel(Running::default());
    let stop = CancellationToken::new();
    let slaves = pointcast_sim::run(settings.clone(), FaultBoard::new(), sender, stop.clone());
    let keys = format!("port = {line:?}\nbaud = {baud}\nturnaround_ms = 8\n{DEVICES}");
    let driver = driver(pointcast_modbus::build_rtu, &keys).unwrap();
    let (ear, plan) = (Recorder::default(), driver.plan());
    let (_commands, mut inlet) = command_queue();
    let script = async {
        let there = running.wait_for(|running| running.is_all_of(&settings));
        timeout(SOON, there).await.expect("the line in time").unwrap();
        let session = driver.session(&ear, &mut inlet, stop.clone());
        let over = async {
            let read = |ear: &Recorder| (!ear.batches().is_empty()).then_some(());
            ear.until("a reading", SOON, read).await;
            sleep(LONG).await;
            stop.cancel();
        };
        let (ended, ()) = tokio::join!(session, over);
        ended.unwrap();
    };
    tokio::join!(slaves, script);
    (plan, std::fs::read_to_string(capture).unwrap())
}

/// When each request began and how long it took until the end of its reply, in microseconds, by its bytes in
/// hexadecimal.
fn exchanges(capture: &str) -> HashMap<String, Vec<(u64, u64)>> {
    let mut asked: Option<(String, u64)> = None;
    let mut exchanges: HashMap<String, Vec<(u64, u64)>> = HashMap::new();
    for line in capture.lines().skip(1) {
        let line: Value = serde_json::from_str(line).unwrap();
        let us = |key: &str| line[key].as_u64().unwrap();
        if line["what"] == "request" {
            asked = Some((line["bytes"].as_str().unwrap().to_owned(), us("from_us")));
        } else if let Some((request, from)) = asked.take() {
            exchanges.entry(request).or_default().push((from, us("until_us") - from));
        }
    }
    exchanges
}

fn median(mut numbers: Vec<u64>) -> f64 {
    numbers.sort_unstable();
    let middle = numbers.get(numbers.len() / 2).copied();
    Duration::from_micros(middle.expect("some")).as_secs_f64()
}

fn check(baud: u32, plan: &[PlannedRequest], capture: &str) {
    let exchanges = exchanges(capture);
    let is_near = |what: &str, predicted: Option<Duration>, found: f64| {
        let off = predicted.unwrap().as_secs_f64() / found - 1.0;
        println!("{baud} baud, {what}: predicted {predicted:?}, found {found:.4} s");
        assert!(off.abs() <= TOLERANCE, "{baud} baud, {what}: {off:.3}");
    };
    // Unit, function, first and quantity, which the request's text says in its own words.
    let expected = [
        ("04 input registers 0-6", "010400000007"),
        ("01 coils 0", "010100000001"),
        ("03 holding registers 0", "020300000001"),
    ];
    assert_eq!(plan.len(), expected.len(), "{plan:?}");
    for (request, begins) in expected {
        let planned = plan.iter().find(|planned| planned.request == request).expect(request);
        let found = exchanges.iter().find(|(bytes, _)| bytes.starts_with(begins));
        let (_, found) = found.expect(request);
        is_near(request, planned.wire_time, median(found.iter().map(|(_, took)| *took).collect()));
        let gaps = found.windows(2).map(|pair| pair.last().unwrap().0 - pair.first().unwrap().0);
        is_near("asked every", planned.scan_interval, median(gaps.collect()));
    }
}

#[tokio::test]
async fn on_a_port_requests_take_the_time_that_was_planned_and_come_as_often() {
    let directory = Directory::new("paced");
    let read = |baud| read(baud, &directory);
    let (slow, middle, fast) = tokio::join!(read(9_600), read(19_200), read(115_200));
    for (baud, (plan, capture)) in [(9_600, slow), (19_200, middle), (115_200, fast)] {
        check(baud, &plan, &capture);
    }
}
