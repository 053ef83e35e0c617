//! Setpoints that the driver writes into pymodbus, a Modbus server by other hands.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod peer;

use pointcast_api::settings::Build;
use pointcast_api::testing::{Recorder, driver};
use pointcast_api::{
    Command as Written, Outcome, PointIndex, Reading, Refused, Value, Verdict, command_queue,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use peer::{Line, SOON, server};

const SETPOINTS: &str = r#"
    [[devices]]
    name = "types"
    unit_id = 1
    scan_ms = 200
    points = [
      { name = "coil", address = "coil:9", writable = true },
      { name = "coils", address = "coil:10", writable = true, write_function = 15 },
      { name = "register", address = "holding:0", type = "i16", writable = true },
      { name = "registers", address = "holding:1", type = "u16", writable = true, write_function = 16 },
      { name = "pair", address = "holding:14", type = "f32", writable = true },
      { name = "exchanged", address = "holding:16", type = "f64", writable = true, write_function = 23 },
      { name = "text", address = "holding:40", type = "string", length = 8, writable = true },
      { name = "bit", address = "holding:60.5", writable = true },
      { name = "changed bit", address = "holding:60.6", writable = true, read_modify_write = true },
      { name = "neighbours", address = "holding:60", type = "u16", overlap = true },
    ]
    [[devices]]
    name = "hole"
    unit_id = 3
    points = [ { name = "30", address = "holding:30", type = "u16", writable = true } ]
    [[devices]]
    name = "nobody"
    unit_id = 9
    points = [ { name = "p", address = "holding:0", type = "u16", writable = true } ]
"#;

/// Writes a point of every kind, and reads back by other means: as everybody does.
async fn check_writes(build: Build, keys: &str) {
    let driver = driver(build, &format!("{keys}\n{SETPOINTS}")).unwrap();
    let (recorder, stop) = (Recorder::default(), CancellationToken::new());
    let (commands, mut inlet) = command_queue();
    let session = driver.session(&recorder, &mut inlet, stop.clone());
    let write = async |point: usize, value: Value| {
        let point = PointIndex(u32::try_from(point).unwrap());
        let (command, mut ticket) = Written::new(point, value, Instant::now() + SOON);
        commands.send(command).await.unwrap();
        timeout(SOON, ticket.answer()).await.expect("a verdict")
    };
    let script = async {
        let read = |recorder: &Recorder| (!recorder.batches().is_empty()).then_some(());
        recorder.until("a reading", SOON, read).await;
        let values = [
            Value::Bool(false),
            Value::Bool(true),
            Value::I64(-321),
            Value::U64(54_321),
            Value::f32(-7.25).unwrap(),
            Value::f64(1.0e-9).unwrap(),
            Value::text("Setpoint 12").unwrap(),
            Value::Bool(true),
            Value::Bool(true),
        ];
        for (point, value) in values.into_iter().enumerate() {
            let applied = Outcome { verdict: Verdict::Applied, value: Some(value.clone()) };
            assert_eq!(write(point, value).await, Ok(applied), "{point}");
        }
        let neighbours = Reading::Good(Value::U64(0b1000_0000_0110_1000));
        let kept = |recorder: &Recorder| {
            recorder.batches().into_iter().flatten().any(|read| read == (9, neighbours.clone()))
        };
        recorder.until("the other bits as they were", SOON, |r| kept(r).then_some(())).await;
        let refused = write(10, Value::U64(1)).await;
        let says = |why: &str| why.contains("unit 3, 06 holding registers 30: exception 02");
        assert!(matches!(&refused, Err(Refused::ByDevice(why)) if says(why)), "{refused:?}");
        let nobody = write(11, Value::U64(1)).await;
        let unknown = Outcome { verdict: Verdict::Unknown, value: None };
        let is_nobody = nobody == Ok(unknown) || nobody == Err(Refused::Unreachable);
        assert!(is_nobody, "{nobody:?}");
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(session, script);
    ended.unwrap();
}

async fn writes_on_tcp(build: Build, framing: &str) {
    let (_server, port) = server(&[framing]).await;
    check_writes(build, &format!("address = \"127.0.0.1:{port}\"\ntimeout_ms = 1500")).await;
}

async fn writes_on_a_line(build: Build, framing: &str) {
    let line = Line::new(&format!("{framing}-writes")).await;
    let slave = line.end("slave");
    let (_server, _) = server(&[framing, slave.to_str().unwrap()]).await;
    let master = line.end("master");
    let times = "baud = 115200\ntimeout_ms = 1500\nmax_reply_delay_ms = 1500";
    check_writes(build, &format!("port = {master:?}\n{times}")).await;
}

#[tokio::test]
async fn over_tcp() {
    writes_on_tcp(pointcast_modbus::build_tcp, "tcp").await;
}

#[tokio::test]
async fn over_rtu() {
    writes_on_a_line(pointcast_modbus::build_rtu, "rtu").await;
}

#[tokio::test]
async fn over_rtu_over_tcp() {
    writes_on_tcp(pointcast_modbus::build_rtu_over_tcp, "rtu-over-tcp").await;
}

#[tokio::test]
async fn over_ascii() {
    writes_on_a_line(pointcast_modbus::build_ascii, "ascii").await;
}
