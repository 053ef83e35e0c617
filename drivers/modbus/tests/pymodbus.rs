//! The driver against pymodbus, a Modbus server by other hands: in each framing, on TCP and on a pseudo terminal.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod peer;

use std::ffi::OsStr;

use pointcast_api::settings::{Build, Refusals};
use pointcast_api::testing::{Recorder, channel, driver};
use pointcast_api::{DeviceState, Failure, Reading, Value, command_queue};
use pointcast_modbus::probe::{self, Cell, Expectation, Presence};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_util::sync::CancellationToken;

use peer::{Directory, Line, SOON, server};

const DEVICES: &str = r#"
    [[devices]]
    name = "types"
    unit_id = 1
    scan_ms = 200
    points = [
      { name = "i16", address = "holding:0", type = "i16" },
      { name = "u16", address = "ref:40002", type = "u16" },
      { name = "i32", address = "holding:2", type = "i32" },
      { name = "u32", address = "holding:4", type = "u32" },
      { name = "i64", address = "holding:6", type = "i64" },
      { name = "u64", address = "holding:10", type = "u64" },
      { name = "f32", address = "holding:14", type = "f32" },
      { name = "f64", address = "holding:16", type = "f64" },
      { name = "nan", address = "holding:20", type = "f32" },
      { name = "text", address = "holding:40", type = "string", length = 8 },
      { name = "bit3", address = "holding:60.3" },
      { name = "bit4", address = "holding:60.4" },
      { name = "scaled", address = "input:100", type = "i16", scale = 0.1 },
      { name = "coil", address = "coil:9" },
      { name = "other coil", address = "coil:10" },
      { name = "discrete", address = "discrete:10" },
      { name = "by register", address = "input:100", type = "i16", scale_register = "input:101", overlap = true },
      { name = "field", address = "holding:60.2-4", overlap = true },
      { name = "half", address = "holding:60.high", type = "u8" },
    ]
    [[devices]]
    name = "turned"
    unit_id = 2
    word_order = "CDAB"
    scan_ms = 200
    points = [
      { name = "i32", address = "holding:2", type = "i32" },
      { name = "i64", address = "holding:6", type = "i64" },
      { name = "u64", address = "holding:10", type = "u64" },
      { name = "f32", address = "holding:14", type = "f32" },
      { name = "f64", address = "holding:16", type = "f64" },
    ]
    [[devices]]
    name = "hole"
    unit_id = 3
    scan_ms = 200
    points = [
      { name = "29", address = "holding:29", type = "u16" },
      { name = "30", address = "holding:30", type = "u16" },
      { name = "31", address = "holding:31", type = "u16" },
    ]
    [[devices]]
    name = "nobody"
    unit_id = 9
    scan_ms = 200
    points = [ { name = "p", address = "holding:0", type = "u16" } ]
"#;

fn expected() -> Vec<Reading> {
    let good = |value: Option<Value>| Reading::Good(value.unwrap());
    let integer = |number| good(Some(Value::I64(number)));
    let natural = |number| good(Some(Value::U64(number)));
    let bit = |bit| good(Some(Value::Bool(bit)));
    vec![
        integer(-1_234),
        natural(65_535),
        integer(-123_456_789),
        natural(4_294_967_295),
        integer(-9_007_199_254_740_993),
        natural(u64::MAX),
        good(Value::f32(21.7)),
        good(Value::f64(0.1)),
        Reading::NotANumber,
        good(Value::text("Pointcast 5560")),
        bit(true),
        bit(false),
        good(Value::f64(23.5)),
        bit(true),
        bit(false),
        bit(true),
        good(Value::f64(2_350_000_000.0)),
        natural(2),
        natural(128),
        integer(-123_456_789),
        integer(-9_007_199_254_740_993),
        natural(u64::MAX),
        good(Value::f32(21.7)),
        good(Value::f64(0.1)),
        natural(1_029),
        Reading::Failed(Failure::DeviceError),
        natural(1_031),
    ]
}

/// Reads until every point has been read twice, right each time, and the unit that is not there is known; how
/// often unit 1 did not answer in time.
async fn check(build: Build, keys: &str) -> u64 {
    let driver = driver(build, &format!("{keys}\n{DEVICES}")).unwrap();
    let (recorder, stop) = (Recorder::default(), CancellationToken::new());
    let (_sender, mut inlet) = command_queue();
    let session = driver.session(&recorder, &mut inlet, stop.clone());
    let script = async {
        for (point, expected) in expected().into_iter().enumerate() {
            let read = |recorder: &Recorder| {
                let all = recorder.batches().into_iter().flatten();
                let mine = all.filter(|(at, _)| usize::try_from(*at) == Ok(point));
                let mine: Vec<Reading> = mine.map(|(_, reading)| reading).collect();
                (mine.len() >= 2).then_some(mine)
            };
            let read = recorder.until("two readings", SOON, read).await;
            assert!(read.iter().all(|reading| *reading == expected), "{point}: {read:?}");
        }
        let is = |state| move |report: pointcast_api::DeviceReport| report.state == state;
        for (device, state) in [
            (0, DeviceState::Online),
            (1, DeviceState::Online),
            (2, DeviceState::Degraded),
            (3, DeviceState::Offline),
        ] {
            let reported = |r: &Recorder| r.report_of(device).is_some_and(is(state)).then_some(());
            recorder.until("state", SOON, reported).await;
        }
        let tried = |r: &Recorder| r.report_of(3).filter(|report| report.counters.timeouts >= 3);
        let nobody = recorder.until("three timeouts", SOON, tried).await;
        assert!(nobody.last_error.is_some_and(|error| error.contains("unit 9, 03 holding")));
        let malformed = |device| recorder.report_of(device).unwrap().counters.malformed;
        assert_eq!([0, 1, 2].map(malformed), [0; 3]);
        // The missing register was found, and its neighbours are read around it.
        let holed: Vec<String> = driver
            .plan()
            .into_iter()
            .filter(|request| request.device.0 == 2)
            .map(|request| request.request)
            .collect();
        assert_eq!(holed, ["29", "30", "31"].map(|at| format!("03 holding registers {at}")));
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(session, script);
    ended.unwrap();
    recorder.report_of(0).unwrap().counters.timeouts
}

/// On a port of its own; how often unit 1 did not answer in time.
async fn on_tcp(build: Build, framing: &str) -> u64 {
    let (_server, port) = server(&[framing]).await;
    check(build, &format!("address = \"127.0.0.1:{port}\"\ntimeout_ms = 1500")).await
}

/// On one end of a line.
async fn on_a_line(build: Build, framing: &str, keys: &str) {
    let line = Line::new(framing).await;
    let slave = line.end("slave");
    let (_server, _) = server(&[framing, slave.to_str().unwrap()]).await;
    let master = line.end("master");
    let times = "baud = 115200\ntimeout_ms = 1500\nmax_reply_delay_ms = 1500";
    check(build, &format!("port = {master:?}\n{times}\n{keys}")).await;
}

#[tokio::test]
async fn pymodbus_over_tcp() {
    assert_eq!(on_tcp(pointcast_modbus::build_tcp, "tcp").await, 0);
}

/// Of several requests that come in one piece pymodbus keeps the newest alone: every value is right all the same.
#[tokio::test]
async fn pymodbus_over_tcp_with_several_requests_at_once() {
    let (_server, port) = server(&["tcp"]).await;
    let keys = format!("address = \"127.0.0.1:{port}\"\ntimeout_ms = 1500\nmax_in_flight = 8");
    check(pointcast_modbus::build_tcp, &keys).await;
}

/// Twelve blocks that are due together again and again: that it takes one at a time is found out, and told.
#[tokio::test]
async fn pymodbus_is_asked_one_at_a_time_once_it_shows_that_it_takes_no_more() {
    let (_server, port) = server(&["tcp"]).await;
    let point =
        |at: u16| format!("{{ name = \"p{at}\", address = \"holding:{at}\", type = \"u16\" }},");
    let points: String = (0..12).map(point).collect();
    let device =
        format!("[[devices]]\nname = \"d\"\nscan_ms = 10\nmax_block = 1\npoints = [{points}]");
    let keys = format!("address = \"127.0.0.1:{port}\"\nmax_in_flight = 8\n{device}");
    let driver = driver(pointcast_modbus::build_tcp, &keys).unwrap();
    let (recorder, stop) = (Recorder::default(), CancellationToken::new());
    let (_sender, mut inlet) = command_queue();
    let session = driver.session(&recorder, &mut inlet, stop.clone());
    let script = async {
        let told = |report: &pointcast_api::DeviceReport| {
            report.last_error.as_ref().is_some_and(|error| error.contains("max_in_flight = 8"))
        };
        let alone = |r: &Recorder| r.report_of(0).filter(told);
        let begin = recorder.until("one at a time", SOON, alone).await.counters;
        let on =
            |r: &Recorder| r.report_of(0).filter(|r| r.counters.requests > begin.requests + 500);
        let end = recorder.until("five hundred more", SOON, on).await;
        assert_eq!((end.counters.timeouts, end.state), (begin.timeouts, DeviceState::Online));
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(session, script);
    ended.unwrap();
    let all: Vec<(u32, Reading)> = recorder.batches().into_iter().flatten().collect();
    for at in 0..12 {
        let readings: Vec<_> = all.iter().filter(|(point, _)| *point == at).collect();
        assert!(readings.len() > 30 && readings.windows(2).all(|two| two[0] == two[1]), "{at}");
    }
}

#[tokio::test]
async fn pymodbus_over_rtu() {
    on_a_line(pointcast_modbus::build_rtu, "rtu", "").await;
}

#[tokio::test]
async fn pymodbus_over_rtu_over_tcp() {
    // One reply is lost there, and the unit is asked again after it has answered function 07.
    assert_eq!(on_tcp(pointcast_modbus::build_rtu_over_tcp, "rtu-over-tcp-lossy").await, 1);
}

#[tokio::test]
async fn pymodbus_over_ascii() {
    // A pseudo terminal carries eight bits whatever it is told, and pymodbus sends seven in them.
    on_a_line(pointcast_modbus::build_ascii, "ascii", "").await;
}

#[tokio::test]
async fn pymodbus_over_ascii_over_tcp() {
    // One reply is lost there, and the unit is asked again after it has answered function 07.
    assert_eq!(on_tcp(pointcast_modbus::build_ascii_over_tcp, "ascii-over-tcp-lossy").await, 1);
}

#[tokio::test]
async fn pymodbus_over_tls_with_certificates_on_both_sides() {
    let directory = Directory::new("tls");
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "plant");
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issue = |who: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![who.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &ca).unwrap();
        let certificate = directory.write(&format!("{who}.pem"), &certificate.pem());
        [certificate, directory.write(&format!("{who}.key"), &key.serialize_pem())]
    };
    let ca_file = directory.write("ca.pem", &ca.pem());
    let [server_certificate, server_key] = issue("localhost");
    let [certificate, key] = issue("gateway");
    let files = [server_certificate.as_os_str(), server_key.as_os_str(), ca_file.as_os_str()];
    let (_server, port) = server(&[&[OsStr::new("tls")], &files[..]].concat()).await;
    let tls = format!("tls = true\nca = {ca_file:?}\nclient_certificate = {certificate:?}");
    let keys = format!("address = \"localhost:{port}\"\n{tls}\nclient_key = {key:?}");
    check(pointcast_modbus::build_tcp, &format!("{keys}\ntimeout_ms = 1500")).await;
}

/// What it laid out is found by those who only know what it should say.
#[tokio::test]
async fn a_probe_finds_units_holes_types_and_word_orders() {
    let (_server, port) = server(&["tcp"]).await;
    let keys = channel(&format!("address = \"127.0.0.1:{port}\"\ntimeout_ms = 300")).settings;
    let bus = probe::check_tcp(keys, &mut Refusals::new()).unwrap();
    let mut open = bus.open().await.unwrap();
    let call = "holding:0".parse().unwrap();
    assert!(matches!(open.call(1, &call).await.unwrap(), Presence::Answered(64_302, _)));
    assert_eq!(open.call(9, &call).await.unwrap(), Presence::Silent);

    let numbers = "holding:0-19".parse().unwrap();
    for (unit, expected, line) in [
        (1, "21.7", "address = \"holding:14\", type = \"f32\" }"),
        (1, "-1234", "address = \"holding:0\", type = \"i16\" }"),
        (1, "-123456.789", "address = \"holding:2\", type = \"i32\", scale = 0.001 }"),
        (2, "-123456789", "address = \"holding:2\", type = \"i32\", word_order = \"CDAB\" }"),
        (2, "0.1", "address = \"holding:16\", type = \"f64\", word_order = \"CDAB\" }"),
    ] {
        let image = open.read(unit, &numbers, |_| {}).await.unwrap();
        let fits = Expectation::parse(expected, Some("0.001%")).unwrap().find(&image);
        let best = fits.first().map(|fit| fit.toml("value")).unwrap_or_default();
        assert!(best.contains(line), "{unit} {expected}: {fits:#?}");
    }
    let around = "holding:28-32".parse().unwrap();
    let image = open.read(3, &around, |_| {}).await.unwrap();
    let holes: Vec<u16> = image
        .cells()
        .filter(|(_, cell)| matches!(cell, Cell::Refused(2)))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(holes, [30]);
}
