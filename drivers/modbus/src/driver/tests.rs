//! The driver on real sockets and pseudo terminals.

mod apart;
mod secure;
mod wire;

use std::time::Duration;

use pointcast_api::settings::Refusals;
use pointcast_api::testing::{Recorder, channel};
use pointcast_api::{Command, DeviceState, PointIndex, Reading, Value, command_queue};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_serial::{SerialPort, SerialStream};

use super::*;
use crate::address::Table;
use crate::settings::{Kind, check};
use crate::sunspec::{Step, Walk};
use crate::testing::bus::{Wire, serve, truth};
use crate::testing::{report, told};

/// For things that must happen soon on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn site_text(keys: &str) -> String {
    format!(
        "{keys}\n[[devices]]\nname = \"d\"\nunit_id = 3\nscan_ms = 20\n\
         points = [{{ name = \"p\", address = \"holding:7\", type = \"u16\" }}]"
    )
}

fn driver(kind: Kind, keys: &str) -> ModbusDriver {
    driver_of(kind, &site_text(keys))
}

fn driver_of(kind: Kind, toml: &str) -> ModbusDriver {
    let mut refusals = Refusals::new();
    let site = check(channel(toml), kind, &mut refusals);
    ModbusDriver::new(site.unwrap_or_else(|| panic!("{:#?}", told(refusals))))
}

fn value() -> Reading {
    Reading::Good(Value::U64(truth(3, Table::HoldingRegisters, 7).into()))
}

#[test]
fn the_plan_says_where_models_are_once_that_is_known() {
    let toml = r#"
        address = "x"
        [[devices]]
        name = "d"
        points = [
          { name = "power", address = "sunspec:101-103:14", type = "i16", scale_register = "sunspec:101-103:15" },
          { name = "own", address = "holding:7", type = "u16", scan_ms = 5000 },
        ]"#;
    let driver = driver_of(Kind::Tcp, toml);
    let plan = || driver.plan().into_iter().map(|planned| planned.request).collect::<Vec<_>>();
    assert_eq!(
        plan(),
        [
            "03 holding registers 7",
            "03 16 holding registers of SunSpec model 101-103, address by discovery"
        ]
    );
    let mut walk = Walk::new(&[40_000]);
    walk.take(Some(&[0x5375, 0x6E53]));
    walk.take(Some(&[103, 50]));
    let Step::Over(Ok(chain)) = walk.take(Some(&[0xFFFF, 0])) else { panic!() };
    driver.lessons.keep_chain(DeviceIndex(0), Some(chain));
    assert_eq!(plan(), ["03 holding registers 7", "03 holding registers 40002-40017"]);
    driver.lessons.keep_chain(DeviceIndex(0), None);
    assert!(plan()[1].ends_with("address by discovery"));
}

/// Runs a session until it has put a value, then `after`; how it ended.
async fn session_until_value(
    driver: &ModbusDriver,
    after: impl AsyncFnOnce(&CancellationToken),
) -> (Result<(), Fault>, Recorder) {
    let (ear, stop) = (Recorder::default(), CancellationToken::new());
    let (_sender, mut inlet) = command_queue();
    let script = async {
        let found = |ear: &Recorder| {
            let mut values = ear.batches().into_iter().flatten();
            values.find(|(_, reading)| *reading == value())
        };
        ear.until("right value", SOON, found).await;
        after(&stop).await;
    };
    let session = timeout(SOON, driver.session(&ear, &mut inlet, stop.clone()));
    let (ended, ()) = tokio::join!(session, script);
    (ended.unwrap(), ear)
}

fn last_state(ear: &Recorder) -> (DeviceState, Option<String>) {
    let report = report(&ear.heard(), 0);
    (report.state, report.last_error)
}

async fn tcp() -> (TcpListener, ModbusDriver) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, driver(Kind::Tcp, &format!("address = \"{address}\"")))
}

#[tokio::test]
async fn values_come_over_tcp_until_stopped() {
    let (listener, driver) = tcp().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, Wire::Tcp, |incoming| vec![(Duration::ZERO, incoming.reply())]).await;
    });
    let (ended, _ear) = session_until_value(&driver, async |stop| stop.cancel()).await;
    assert!(ended.is_ok(), "{ended:?}");
}

/// A serial device server in front of a line.
#[tokio::test]
async fn values_of_a_line_come_over_tcp_and_unsent_requests_go_with_the_connection() {
    for (kind, wire) in
        [(Kind::RtuOverTcp, Wire::RtuOverTcp), (Kind::AsciiOverTcp, Wire::AsciiOverTcp)]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let driver = driver(
            kind,
            &format!("address = \"{address}\"\ntimeout_ms = 300\nmax_reply_delay_ms = 300"),
        );
        let (left, reset) = oneshot::channel();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let bus = serve(&mut stream, wire, |i| vec![(Duration::ZERO, i.reply())]);
            bus.await;
            // Not an end, but a reset: what was still to be sent is dropped with the connection.
            left.send(stream.try_write(b"x").is_err()).unwrap();
        });
        let (ended, _ear) = session_until_value(&driver, async |stop| stop.cancel()).await;
        assert!(ended.is_ok(), "{ended:?}");
        drop(driver);
        assert!(reset.await.unwrap(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_is_a_fault_that_names_its_place() {
    let (listener, driver) = tcp().await;
    let place = driver.site.channel.place();
    let (close, closed) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::select! {
            () = serve(stream, Wire::Tcp, |incoming| vec![(Duration::ZERO, incoming.reply())]) => {}
            _ = closed => {}
        }
    });
    let (ended, ear) = session_until_value(&driver, async move |_| close.send(()).unwrap()).await;
    let explained = ended.unwrap_err().explain();
    assert!(explained.starts_with(&format!("failed to read from {place}: ")), "{explained}");
    assert_eq!(last_state(&ear), (DeviceState::Offline, Some(explained)));
}

#[tokio::test]
async fn a_place_where_nobody_listens_is_a_fault() {
    let (listener, tcp) = tcp().await;
    drop(listener);
    let place = tcp.site.channel.place();
    let rtu = driver(Kind::Rtu, "port = \"/dev/pointcast-no-such-port\"");
    let over_tcp = driver(Kind::RtuOverTcp, &format!("address = \"{place}\""));
    for (driver, doing) in [
        (tcp, format!("failed to connect to {place}: ")),
        (over_tcp, format!("failed to connect to {place}: ")),
        (rtu, "failed to open /dev/pointcast-no-such-port: ".to_owned()),
    ] {
        let ear = Recorder::default();
        let (_sender, mut inlet) = command_queue();
        let session = driver.session(&ear, &mut inlet, CancellationToken::new());
        let explained = timeout(SOON, session).await.unwrap().unwrap_err().explain();
        assert!(explained.starts_with(&doing), "{explained}");
        assert_eq!(last_state(&ear), (DeviceState::Offline, Some(explained)));
    }
}

#[tokio::test]
async fn a_setpoint_is_answered_while_nobody_else_answers() {
    let (_listener, driver) = tcp().await;
    let ear = Recorder::default();
    let (sender, mut inlet) = command_queue();
    let session = driver.session(&ear, &mut inlet, CancellationToken::new());
    let script = async {
        loop {
            let deadline = Instant::now() + SOON;
            let (command, mut ticket) = Command::new(PointIndex(0), Value::Bool(true), deadline);
            sender.send(command).await.unwrap();
            match ticket.answer().await {
                // It is not connected yet.
                Err(Refused::Unreachable) => tokio::task::yield_now().await,
                answer => return assert_eq!(answer, Err(Refused::NotWritable)),
            }
        }
    };
    tokio::select! { ended = session => panic!("{ended:?}"), () = script => {} }
}

#[tokio::test]
async fn values_come_over_a_serial_line_until_it_is_unplugged() {
    let (master, slave) = SerialStream::pair().unwrap();
    let port = slave.name().unwrap();
    let keys =
        format!("port = \"{port}\"\nbaud = 115200\ntimeout_ms = 2000\nmax_reply_delay_ms = 2000");
    // Opened before the other handle is given up, or the line would be gone in between.
    let driver = driver(Kind::Rtu, &keys);
    let (unplug, unplugged) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let _other_handle = slave;
        tokio::select! {
            () = serve(master, Wire::Rtu, |incoming| vec![(Duration::ZERO, incoming.reply())]) => {}
            _ = unplugged => {}
        }
    });
    let (ended, ear) = session_until_value(&driver, async move |_| unplug.send(()).unwrap()).await;
    let explained = ended.unwrap_err().explain();
    assert!(explained.starts_with(&format!("failed to read from {port}: ")), "{explained}");
    assert_eq!(last_state(&ear).0, DeviceState::Offline);
}

#[tokio::test]
async fn the_plan_tells_requests_points_and_predicted_times() {
    let rtu = driver(Kind::Rtu, "port = \"x\"\nturnaround_ms = 10");
    let plan = rtu.plan();
    assert_eq!(plan.len(), 1);
    assert_eq!(plan[0].request, "03 holding registers 7");
    assert_eq!(plan[0].points, [PointIndex(0)]);
    // 8 and 7 characters of 11 bits at 9600 baud, and the turnaround; a scan of 20 ms is stretched.
    assert_eq!(plan[0].wire_time.unwrap().as_micros(), 10_000 + 15 * 11 * 1_000_000 / 9_600);
    assert!(plan[0].scan_interval.unwrap() > Duration::from_millis(30));
    assert_eq!(plan[0].scan_interval, rtu.points()[0].scan_interval);
    // The pause before the next request is no wire time, but the channel's time all the same.
    let pause = plan[0].busy_time.unwrap() - plan[0].wire_time.unwrap();
    assert!(pause.as_micros().abs_diff(35 * 11 * 100_000 / 9_600) <= 1, "{pause:?}");
    assert!((plan[0].share().unwrap() - rtu.utilisation().unwrap().revised).abs() < 1e-9);
    let parts: Vec<_> =
        plan[0].parts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    assert_eq!(parts, ["unit 3", "function 3", "table holding registers", "start 7", "count 1"]);
    let tcp = |keys: &str| driver(Kind::Tcp, &format!("address = \"x\"\n{keys}"));
    // A register is two bytes at 10 Mbit/s, beside the round trip.
    let times = |keys: &str| tcp(keys).plan()[0].wire_time.map(|time| time.as_nanos());
    assert_eq!(times(""), Some(2_001_600));
    assert_eq!(times("round_trip_ms = 7\nrequest_gap_ms = 100"), Some(7_001_600));
}

#[tokio::test]
async fn it_says_what_its_predictions_rest_on() {
    let basis = |kind, keys: &str| driver(kind, keys).basis().unwrap();
    assert_eq!(
        basis(Kind::Tcp, "address = \"x\""),
        "a round trip of 2 ms, which is assumed (round_trip_ms tells better)"
    );
    assert_eq!(basis(Kind::Tcp, "address = \"x\"\nround_trip_ms = 7"), "a round trip of 7 ms");
    assert_eq!(
        basis(Kind::Rtu, "port = \"x\"\nparity = \"none\"\nturnaround_ms = 12"),
        "9600 baud 8N1 and a turnaround of 12 ms (turnaround_ms)"
    );
    assert_eq!(
        basis(Kind::AsciiOverTcp, "address = \"x:1\"\nbaud = 19200\nround_trip_ms = 3"),
        "19200 baud 7E1 and a turnaround of 5 ms (turnaround_ms), and a round trip of 3 ms"
    );
    assert_eq!(
        basis(Kind::RtuOverTcp, "address = \"x:1\""),
        "a far line of 9600 baud 8E1, which is assumed (baud tells better), a turnaround of 5 ms \
         (turnaround_ms), and a round trip of 2 ms, which is assumed (round_trip_ms tells better)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_register_is_known_after_a_restart() {
    let toml = "address = \"x\"\n[[devices]]\nname = \"d\"\npoints = [
        { name = \"a\", address = \"holding:0\", type = \"u16\" },
        { name = \"b\", address = \"holding:1\", type = \"u16\" },
        { name = \"c\", address = \"holding:2\", type = \"u16\" }]";
    let driver = || {
        let mut refusals = Refusals::new();
        let site = check(channel(toml), Kind::Tcp, &mut refusals);
        ModbusDriver::new(site.unwrap_or_else(|| panic!("{:#?}", told(refusals))))
    };
    let first = driver();
    assert_eq!(first.memory(), None);
    let (ours, theirs) = tokio::io::duplex(4096);
    tokio::spawn(serve(theirs, Wire::Tcp, |incoming| {
        let of = incoming.request.first..incoming.request.first + incoming.request.quantity;
        let refused = of.contains(&1);
        vec![(Duration::ZERO, if refused { incoming.exception(2) } else { incoming.reply() })]
    }));
    let ear = Recorder::default();
    let link = TcpLink::new(ours, Duration::ZERO);
    let session = Session::new(&first.site, &first.lessons, &first.reports, &ear, link).run();
    assert!(timeout(Duration::from_millis(500), session).await.is_err());
    let memory = first.memory().unwrap();
    let second = driver();
    second.recall(&memory);
    let requests: Vec<String> = second.plan().into_iter().map(|line| line.request).collect();
    let expected = ["03 holding registers 0", "03 holding registers 1", "03 holding registers 2"];
    assert_eq!(requests, expected, "the refused one is asked apart from the start");
}
