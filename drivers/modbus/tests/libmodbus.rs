//! The driver against libmodbus, a Modbus server by other hands: every function it knows, on TCP and on a pseudo
//! terminal.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod peer;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointcast_api::settings::Build;
use pointcast_api::testing::{Recorder, driver};
use pointcast_api::{
    Command, DeviceState, Failure, Outcome, PointIndex, Reading, Refused, Value, Verdict,
    command_queue,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use peer::{Line, SOON, libmodbus};

const DEVICES: &str = r#"
    [[devices]]
    name = "unit"
    unit_id = 17
    scan_ms = 200
    max_gap = 6
    points = [
      { name = "i16", address = "holding:0", type = "i16", writable = true },
      { name = "u16", address = "holding:1", type = "u16", writable = true, write_function = 16 },
      { name = "abcd", address = "holding:10", type = "f32", writable = true },
      { name = "badc", address = "holding:12", type = "f32", word_order = "BADC", writable = true, write_function = 23 },
      { name = "cdab", address = "holding:14", type = "f32", word_order = "CDAB" },
      { name = "dcba", address = "holding:16", type = "f32", word_order = "DCBA" },
      { name = "coil", address = "coil:9", writable = true },
      { name = "next coil", address = "coil:10", writable = true, write_function = 15 },
      { name = "last coil", address = "coil:63" },
      { name = "discrete", address = "discrete:10" },
      { name = "input", address = "input:100", type = "i16", scale = 0.1 },
      { name = "masked", address = "holding:60.5", writable = true },
      { name = "changed", address = "holding:60.6", writable = true, read_modify_write = true },
      { name = "neighbours", address = "holding:60", type = "u16", overlap = true },
      { name = "fails", address = "holding:250", type = "u16" },
      { name = "busy once", address = "holding:260", type = "u16" },
      { name = "last", address = "holding:299", type = "u16" },
      { name = "beyond", address = "holding:300", type = "u16", writable = true },
    ]
"#;

const ABSENT: &str = r#"
    [[devices]]
    name = "nobody"
    unit_id = 18
    scan_ms = 200
    points = [ { name = "p", address = "holding:0", type = "u16" } ]
"#;

fn float(number: f32) -> Reading {
    Reading::Good(Value::f32(number).unwrap())
}

fn bit(bit: bool) -> Reading {
    Reading::Good(Value::Bool(bit))
}

fn natural(number: u64) -> Reading {
    Reading::Good(Value::U64(number))
}

/// What each point holds at first.
fn expected() -> Vec<Reading> {
    vec![
        Reading::Good(Value::I64(-1_234)),
        natural(65_535),
        float(21.7),
        float(21.7),
        float(21.7),
        float(21.7),
        bit(true),
        bit(false),
        bit(true),
        bit(true),
        Reading::Good(Value::f64(23.5).unwrap()),
        bit(false),
        bit(false),
        natural(0x8008),
        Reading::Failed(Failure::DeviceError),
        natural(4_711),
        natural(299),
        Reading::Failed(Failure::DeviceError),
    ]
}

/// What is written, by point, and everything read afterwards.
fn setpoints() -> Vec<(usize, Value)> {
    vec![
        (0, Value::I64(-321)),
        (1, Value::U64(54_321)),
        (2, Value::f32(-7.25).unwrap()),
        (3, Value::f32(1.5).unwrap()),
        (6, Value::Bool(false)),
        (7, Value::Bool(true)),
        (11, Value::Bool(true)),
        (12, Value::Bool(true)),
    ]
}

/// Reads everything twice, writes with every function, and reads what that changed.
async fn check(build: Build, keys: &str, devices: &str) {
    let driver = driver(build, &format!("{keys}\ntimeout_ms = 1500\n{devices}")).unwrap();
    let (recorder, stop) = (Recorder::default(), CancellationToken::new());
    let (commands, mut inlet) = command_queue();
    let session = driver.session(&recorder, &mut inlet, stop.clone());
    let newest = |recorder: &Recorder, point: usize| {
        let all: Vec<_> = recorder.batches().into_iter().flatten().collect();
        let mut mine = all.into_iter().rev().filter(|(at, _)| usize::try_from(*at) == Ok(point));
        mine.next().map(|(_, reading)| reading)
    };
    let write = async |point: usize, value: Value| {
        let point = PointIndex(u32::try_from(point).unwrap());
        let (command, mut ticket) = Command::new(point, value, Instant::now() + SOON);
        commands.send(command).await.unwrap();
        timeout(SOON, ticket.answer()).await.expect("a verdict")
    };
    let script = async {
        for (point, expected) in expected().into_iter().enumerate() {
            let read = |recorder: &Recorder| {
                let all = recorder.batches().into_iter().flatten();
                let mine = all.filter(|(at, _)| usize::try_from(*at) == Ok(point));
                let mine: Vec<Reading> = mine.map(|(_, reading)| reading).collect();
                // What is refused is asked for more and more rarely.
                let enough = if matches!(expected, Reading::Failed(_)) { 1 } else { 2 };
                mine.last().filter(|newest| mine.len() >= enough && **newest == expected).cloned()
            };
            recorder.until(&format!("{expected:?} of {point}"), SOON, read).await;
        }
        for (point, value) in setpoints() {
            let applied = Outcome { verdict: Verdict::Applied, value: Some(value.clone()) };
            assert_eq!(write(point, value).await, Ok(applied), "{point}");
        }
        let refused = write(17, Value::U64(1)).await;
        let says = |why: &str| why.contains("unit 17, 06 holding registers 300: exception 02");
        assert!(matches!(&refused, Err(Refused::ByDevice(why)) if says(why)), "{refused:?}");
        let mut after = expected();
        for (point, value) in setpoints() {
            *after.get_mut(point).unwrap() = Reading::Good(value);
        }
        *after.get_mut(13).unwrap() = natural(0x8068);
        for (point, expected) in after.into_iter().enumerate() {
            let is = |recorder: &Recorder| {
                newest(recorder, point).filter(|reading| *reading == expected)
            };
            recorder.until(&format!("{expected:?} of {point} afterwards"), SOON, is).await;
        }
        // Beyond, fails, busy once. Reports come now and then.
        let told = |recorder: &Recorder| {
            let report = recorder.report_of(0)?;
            let codes = report.counters.exception_codes.iter().map(|(code, _)| code);
            codes.eq([2, 4, 6]).then_some(report)
        };
        let report = recorder.until("exceptions 02, 04 and 06", SOON, told).await;
        assert_eq!((report.state, report.counters.malformed), (DeviceState::Degraded, 0));
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(session, script);
    ended.unwrap();
}

#[tokio::test]
async fn libmodbus_over_tcp() {
    let (_server, port) = libmodbus(&["tcp"]).await;
    check(pointcast_modbus::build_tcp, &format!("address = \"127.0.0.1:{port}\""), DEVICES).await;
}

/// Bytes of a request that reads.
const READ_BYTES: usize = 12;

/// A way to the server at `port` that counts how many reads came together at most; where it begins.
async fn counting(port: u16, together: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (master, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ((mut from, mut back), (mut answers, mut to)) =
            (master.into_split(), server.into_split());
        tokio::spawn(async move { tokio::io::copy(&mut answers, &mut back).await });
        let mut piece = [0; 4_096];
        while let Ok(count @ 1..) = from.read(&mut piece).await {
            let all = piece.get(..count).unwrap();
            let is_reads = count % READ_BYTES == 0
                && all.chunks(READ_BYTES).all(|read| matches!(read.get(7), Some(1..=4)));
            if is_reads {
                together.fetch_max(count / READ_BYTES, Ordering::Relaxed);
            }
            to.write_all(all).await.unwrap();
        }
    });
    own
}

/// A server by other hands that takes up to eight requests at once, and answers them in their order.
#[tokio::test]
async fn libmodbus_with_several_requests_on_their_way() {
    let (_server, port) = libmodbus(&["tcp"]).await;
    let together = Arc::new(AtomicUsize::new(0));
    let port = counting(port.parse().unwrap(), Arc::clone(&together)).await;
    let keys = format!("address = \"127.0.0.1:{port}\"\nmax_in_flight = 8");
    check(pointcast_modbus::build_tcp, &keys, DEVICES).await;
    let together = together.load(Ordering::Relaxed);
    assert!((4..=8).contains(&together), "{together} at once at most");
}

#[tokio::test]
async fn libmodbus_over_rtu() {
    let line = Line::new("libmodbus").await;
    let slave = line.end("slave");
    let (_server, _) = libmodbus(&["rtu", slave.to_str().unwrap()]).await;
    let master = line.end("master");
    let keys =
        format!("port = {master:?}\nbaud = 115200\nparity = \"none\"\nmax_reply_delay_ms = 1500");
    check(pointcast_modbus::build_rtu, &keys, &format!("{DEVICES}\n{ABSENT}")).await;
}
