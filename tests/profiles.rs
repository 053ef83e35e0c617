//! The profiles in `config/profiles`: each loads and plans on both kinds of bus, and reads right what pymodbus holds at
//! the addresses of the data sheets. The numbers here are the data sheets' own, not taken from the profiles.

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
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::time::Duration;

use pointcast::config::{Config, load};
use pointcast_api::{
    DeviceIndex, DeviceReport, Driver, Failure, Outlet, Reading, Sample, UnixMs, Value,
    command_queue,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// For things that must happen soon on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Eastron numbers its input registers from 30001.
const EASTRON: u32 = 30_001;

/// Schneider numbers its holding registers from 1.
const SCHNEIDER: u32 = 1;

/// Unit, table, address, type and value for pymodbus; then the point and what it must read.
type Expected = (String, &'static str, Value);

fn float(at: &str, value: f32, point: &'static str) -> Expected {
    (format!("{at}:FLOAT32:{value}"), point, Value::f32(value).unwrap())
}

fn eastron(unit: u8, register: u32, value: f32, point: &'static str) -> Expected {
    float(&format!("{unit}:input:{}", register - EASTRON), value, point)
}

fn schneider(register: u32, value: f32, point: &'static str) -> Expected {
    float(&format!("3:holding:{}", register - SCHNEIDER), value, point)
}

fn omron(address: u32, raw: i16, point: &'static str, value: f64) -> Expected {
    (format!("4:holding:{address}:INT16:{raw}"), point, Value::f64(value).unwrap())
}

fn expected() -> Vec<Expected> {
    let mut expected = vec![
        eastron(1, 30_001, 230.5, "sdm630/voltage/l1"),
        eastron(1, 30_005, 229.25, "sdm630/voltage/l3"),
        eastron(1, 30_011, 12.5, "sdm630/current/l3"),
        eastron(1, 30_015, -1500.5, "sdm630/power/l2"),
        eastron(1, 30_053, 4321.0, "sdm630/power/total"),
        eastron(1, 30_063, 0.95, "sdm630/power_factor/total"),
        eastron(1, 30_071, 49.98, "sdm630/frequency"),
        eastron(1, 30_073, 1234.56, "sdm630/energy/import"),
        eastron(1, 30_343, 1300.0, "sdm630/energy/total"),
        eastron(1, 30_363, 433.25, "sdm630/energy/total_l3"),
        eastron(1, 30_235, 2.5, "sdm630/distortion/voltage_l1"),
        eastron(2, 30_001, 231.0, "sdm120/voltage"),
        eastron(2, 30_007, 3.5, "sdm120/current"),
        eastron(2, 30_013, 805.5, "sdm120/power"),
        eastron(2, 30_071, 50.02, "sdm120/frequency"),
        eastron(2, 30_075, 7.75, "sdm120/energy/export"),
        eastron(2, 30_345, 99.5, "sdm120/energy/reactive_total"),
        schneider(3000, 101.5, "pm5100/current/a"),
        schneider(3028, 227.5, "pm5100/voltage/an"),
        schneider(3060, -12.75, "pm5100/power/total"),
        schneider(3110, 60.01, "pm5100/frequency"),
        omron(0x2000, 253, "e5cc/temperature", 25.3),
        omron(0x2002, -105, "e5cc/setpoint/active", -10.5),
        omron(0x2004, 1000, "e5cc/output/heating", 100.0),
        omron(0x2103, 2000, "e5cc/setpoint/set", 200.0),
    ];
    let schneider = |register: u32| format!("3:holding:{}", register - SCHNEIDER);
    let energy = 89_550_842;
    expected.extend([
        (
            format!("{}:INT64:{energy}", schneider(3204)),
            "pm5100/energy/delivered",
            Value::I64(energy),
        ),
        (
            format!("{}:UINT32:4000000001", schneider(130)),
            "pm5100/serial_number",
            Value::U64(4_000_000_001),
        ),
        (
            format!("{}:STRING:{:<40}", schneider(30), "Feeder 7"),
            "pm5100/name",
            Value::text("Feeder 7").unwrap(),
        ),
        // Alarm 1 is bit 12, control output (heating) bit 8.
        (
            format!("4:holding:{}:UINT16:{}", 0x2001, 1 << 12),
            "e5cc/status/alarm1",
            Value::Bool(true),
        ),
    ]);
    expected
}

/// A folder of its own, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pointcast-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The configuration in `text`, with the shipped profiles.
    fn load(&self, text: &str) -> Config {
        let profiles = peer::root().join("config/profiles");
        let path = self.0.join("site.toml");
        fs::write(&path, format!("gateway.profiles = [{profiles:?}]\n{text}")).unwrap();
        load(&path).unwrap_or_else(|refusals| panic!("{refusals:#?}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn shipped() -> Vec<String> {
    let files = fs::read_dir(peer::root().join("config/profiles")).unwrap();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<_> = files.map(|file| name(&file.unwrap().path())).collect();
    names.sort();
    names
}

#[test]
fn each_loads_and_plans_on_either_bus_and_says_where_its_addresses_come_from() {
    let names = shipped();
    assert!(names.len() >= 4, "{names:?}");
    let folder = Folder::new("shipped");
    for name in &names {
        for (driver, key) in
            [("modbus-tcp", "address = \"10.0.0.9\""), ("modbus-rtu", "port = \"/dev/ttyS9\"")]
        {
            let config = folder.load(&format!(
                "channels = [{{ name = \"bus\", driver = \"{driver}\", {key} }}]\n\
                 devices = [{{ name = \"d\", channel = \"bus\", unit_id = 1, profile = \"{name}\" }}]\n"
            ));
            let channel = &config.channels[0];
            assert_eq!(channel.profiles, [Some(name.as_str().into())]);
            let points = channel.driver.points();
            assert!(points.len() >= 10, "{name}");
            let planned: usize = channel.driver.plan().iter().map(|plan| plan.points.len()).sum();
            assert_eq!(planned, points.len(), "{name}");
        }
        let text =
            fs::read_to_string(peer::root().join(format!("config/profiles/{name}.toml"))).unwrap();
        for part in ["\ntitle = \"", "\nsource = \"", "# Addresses: "] {
            assert!(text.contains(part), "{name}: no {part:?}");
        }
    }
}

/// The newest reading of each point.
#[derive(Default)]
struct Newest {
    readings: Mutex<BTreeMap<u32, Reading>>,
    news: Notify,
}

impl Outlet for Newest {
    fn put(&self, samples: &[Sample]) {
        let mut readings = self.readings.lock().unwrap();
        readings.extend(samples.iter().map(|sample| (sample.point.0, sample.reading.clone())));
        self.news.notify_waiters();
    }

    fn fail_device(&self, device: DeviceIndex, failure: Failure, _: UnixMs) {
        panic!("{device:?} failed: {failure:?}");
    }

    fn report(&self, _: DeviceIndex, _: DeviceReport) {}
}

/// Reads until there is a reading of each of `points`.
async fn read(driver: &dyn Driver, points: usize) -> BTreeMap<String, Reading> {
    let (outlet, stop) = (Newest::default(), CancellationToken::new());
    let (_sender, mut inlet) = command_queue();
    let session = driver.session(&outlet, &mut inlet, stop.clone());
    let complete = async {
        loop {
            let news = outlet.news.notified();
            if outlet.readings.lock().unwrap().len() == points {
                break stop.cancel();
            }
            news.await;
        }
    };
    let both = async { tokio::join!(session, complete) };
    let (ended, ()) = tokio::time::timeout(SOON, both).await.expect("a reading of every point");
    ended.unwrap();
    let readings = outlet.readings.into_inner().unwrap();
    let id = |index: u32| driver.points()[usize::try_from(index).unwrap()].id.to_string();
    readings.into_iter().map(|(index, reading)| (id(index), reading)).collect()
}

/// pymodbus with `values`, and the port it is on; it ends with its standard input.
fn device(values: &[Expected]) -> (Child, String) {
    peer::start_script("modbus_values.py", values.iter().map(|(value, ..)| value))
}

#[tokio::test]
async fn what_stands_at_the_data_sheets_addresses_is_read() {
    let expected = expected();
    let (mut device, port) = device(&expected);
    let folder = Folder::new("profiles");
    let config = folder.load(&format!(
        r#"
            channels = [{{ name = "bus", driver = "modbus-tcp", address = "127.0.0.1:{port}", timeout_ms = 5000 }}]
            [[devices]]
            name = "sdm630"
            channel = "bus"
            unit_id = 1
            profile = "sdm630"
            only = [{}]
            [[devices]]
            name = "sdm120"
            channel = "bus"
            unit_id = 2
            profile = "sdm120"
            only = [{}]
            [[devices]]
            name = "pm5100"
            channel = "bus"
            unit_id = 3
            profile = "pm5100"
            only = [{}]
            [[devices]]
            name = "e5cc"
            channel = "bus"
            unit_id = 4
            profile = "e5cc"
            parameters = {{ scale = 0.1 }}
            only = [{}]
        "#,
        only(&expected, "sdm630/"),
        only(&expected, "sdm120/"),
        only(&expected, "pm5100/"),
        only(&expected, "e5cc/"),
    ));
    let readings = read(config.channels[0].driver.as_ref(), expected.len()).await;
    for (_, point, value) in &expected {
        assert_eq!(readings[*point], Reading::Good(value.clone()), "{point}");
    }
    drop(device.stdin.take());
    device.wait().unwrap();
}

/// The points of one device, as a list of their names.
fn only(expected: &[Expected], device: &str) -> String {
    let names = expected.iter().filter_map(|(_, point, _)| point.strip_prefix(device));
    names.map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
