//! Right configurations, and files that are none.

use std::path::Path;
use std::time::Duration;

use pointcast_api::{
    DeviceIndex, DeviceReport, DeviceState, Failure, Outlet, Sample, StaleAfter, UnixMs,
    command_queue,
};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::Folder;
use super::driver::DRIVERS;
use crate::config::{Config, MAX_FILE_BYTES, load_with};
use crate::limits::Limits;

fn load(path: &Path) -> Config {
    load_with(path, DRIVERS).unwrap()
}

fn problems(path: &Path) -> Vec<String> {
    let refusals = load_with(path, DRIVERS).unwrap_err();
    refusals.iter().map(|refusal| format!("{}: {}", refusal.field, refusal.problem)).collect()
}

#[test]
fn everything_written_arrives() {
    let folder = Folder::new("everything");
    let main = folder.write(
        "main.toml",
        r#"
            [gateway]
            name = "Hall 3"
            listen = "[::1]:0"
            hosts = ["Gateway.Example"]
            data = "learned"
            include = ["site.d/*.toml", "extra/*.toml"]
            [limits]
            streams = 5
            session_life_ms = 90_000
            [writes]
            enabled = true
            [simulation]
            modbus_tcp = "127.0.0.1:15020"
            scale = "/tmp/scale"
            [[channels]]
            name = "second"
            driver = "test-bus"
            address = "there"
        "#,
    );
    folder.write(
        "site.d/b.toml",
        r#"
            [[channels]]
            name = "first"
            driver = "test-bus"
            address = "here"
            [[devices]]
            name = "boiler"
            channel = "first"
            unit_id = 7
            prefix = "line1/boiler"
            [[devices.points]]
            name = "supply/temperature"
            unit = "°C"
            description = "water that leaves"
            range = [-20, 120.5]
            precision = 1
            scan_ms = 250
            [[devices.points]]
            name = "mode"
            type = "u16"
            labels = { 1 = "on", 0 = "off", -1 = "fault" }
            stale_after_ms = "never"
        "#,
    );
    folder.write(
        "site.d/a.toml",
        "[[devices]]\nname = \"pump\"\nchannel = \"second\"\npoints = [{ name = \"speed\", stale_after_ms = 40 }]",
    );
    let config = load(&main);
    assert_eq!(config.gateway.name, "Hall 3");
    assert_eq!(config.gateway.listen, "[::1]:0".parse().unwrap());
    assert_eq!(config.gateway.hosts, ["gateway.example"]);
    assert_eq!(config.gateway.data, Some(folder.0.join("learned")));
    assert_eq!(config.limits.streams, 5);
    assert_eq!(config.limits.session_life, Duration::from_secs(90));
    assert_eq!(config.limits.connections, Limits::default().connections);
    assert!(config.writes.enabled);
    let simulation = config.simulation.unwrap();
    assert_eq!(simulation.modbus_tcp, Some("127.0.0.1:15020".parse().unwrap()));
    assert_eq!(simulation.modbus_rtu, None);

    let names: Vec<&str> = config.channels.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["second", "first"]);
    let driver = &config.channels[1].driver;
    assert_eq!(driver.devices()[0].address, "here unit 7");
    let points = driver.points();
    assert_eq!(points[0].id.as_str(), "line1/boiler/supply/temperature");
    assert_eq!(points[0].details.device, DeviceIndex(0));
    assert_eq!(points[0].details.about().unit.as_deref(), Some("°C"));
    assert_eq!(points[0].details.about().description.as_deref(), Some("water that leaves"));
    assert_eq!(points[0].details.about().range, Some((-20.0, 120.5)));
    assert_eq!(points[0].details.about().precision, Some(1));
    assert_eq!(points[0].scan_interval, Some(Duration::from_millis(250)));
    let labels: Vec<_> = points[1]
        .details
        .about()
        .labels
        .iter()
        .map(|(value, label)| (*value, label.as_str()))
        .collect();
    assert_eq!(labels, [(-1, "fault"), (0, "off"), (1, "on")]);
    assert_eq!(points[1].stale_after, StaleAfter::Never);
    let pump = &config.channels[0].driver.points()[0];
    assert_eq!(pump.id.as_str(), "pump/speed");
    assert_eq!(pump.stale_after, StaleAfter::Elapsed(Duration::from_millis(40)));
}

#[test]
fn every_limit_is_a_setting() {
    // Taken apart whole, so that a new limit must be written here, and then be read.
    let Limits {
        connections,
        connections_per_address,
        streams,
        streams_per_address,
        sessions_per_address,
        sessions,
        selected_points,
        points_per_client,
        entries_per_client,
        snapshots_per_second,
        body_bytes,
        frame_bytes,
        frame_points,
        pending_bytes,
        session_life,
        header_timeout,
        write_timeout,
        drain_timeout,
    } = Limits::default();
    let counts = [
        ("connections", connections),
        ("connections_per_address", connections_per_address),
        ("streams", streams),
        ("streams_per_address", streams_per_address),
        ("sessions_per_address", sessions_per_address),
        ("sessions", sessions),
        ("selected_points", selected_points),
        ("points_per_client", points_per_client),
        ("entries_per_client", entries_per_client),
        ("snapshots_per_second", snapshots_per_second),
        ("body_bytes", body_bytes),
        ("frame_bytes", frame_bytes),
        ("frame_points", frame_points),
        ("pending_bytes", pending_bytes),
    ];
    let waits = [
        ("session_life_ms", session_life),
        ("header_timeout_ms", header_timeout),
        ("write_timeout_ms", write_timeout),
        ("drain_timeout_ms", drain_timeout),
    ];
    let folder = Folder::new("limits");
    let loaded = |text: &str| load(&folder.write("main.toml", format!("[limits]\n{text}"))).limits;
    let counts = counts.map(|(key, default)| (key, u64::try_from(default).unwrap()));
    let waits = waits.map(|(key, wait)| (key, u64::try_from(wait.as_millis()).unwrap()));
    for (key, default) in counts.into_iter().chain(waits) {
        assert_eq!(loaded(&format!("{key} = {default}")), Limits::default(), "{key}");
        assert_ne!(loaded(&format!("{key} = {}", default - 1)), Limits::default(), "{key}");
    }
}

#[test]
fn an_empty_file_is_an_empty_gateway() {
    let folder = Folder::new("empty");
    let config = load(&folder.write("main.toml", ""));
    let (data, boards) = (Some(folder.0.join("data")), folder.0.join("boards"));
    assert_eq!(config.gateway, crate::config::Gateway { data, boards, ..Default::default() });
    assert!(config.channels.is_empty() && config.simulation.is_none());
    let told = "there is no device to read yet: config/examples/ shows how to describe a first one";
    assert_eq!(config.warnings(), [told]);
}

#[test]
fn includes_that_match_nothing_are_named_where_nothing_is_read() {
    let folder = Folder::new("unmatched");
    let include = "gateway.include = [\"site.d/*.toml\", \"a*.toml\", \"more/*.toml\"]";
    let main = folder.write("main.toml", include);
    folder.write("a.toml", "");
    let told = load(&main).warnings().remove(0);
    let named = "no file matches include \"site.d/*.toml\", \"more/*.toml\":";
    assert!(told.contains(named), "{told}");
    folder.write(
        "site.d/b.toml",
        "channels = [{ name = \"c\", driver = \"test-bus\", address = \"a\" }]\n\
         devices = [{ name = \"d\", channel = \"c\", points = [{ name = \"p\" }] }]",
    );
    assert_eq!(load(&main).warnings(), [""; 0]);
}

#[test]
fn a_table_in_place_of_a_list_is_the_only_thing_told() {
    let folder = Folder::new("tables");
    let channel = "name = \"c\"\ndriver = \"test-bus\"\naddress = \"a\"\n";
    let device = "name = \"d\"\nchannel = \"c\"\npoints = [{ name = \"p\" }]\n";
    for (channels, devices) in [("[[channels]]", "[devices]"), ("[channels]", "[[devices]]")] {
        let text = format!("{channels}\n{channel}{devices}\n{device}");
        let refusals = load_with(&folder.write("main.toml", text), DRIVERS).unwrap_err();
        let [only] = refusals.as_slice() else { panic!("{refusals:?}") };
        assert_eq!(only.problem, "a section is not right here");
        assert!(only.remedy.contains(&format!("[[{}]]", only.field)), "{only}");
    }
}

#[test]
fn a_missing_file_says_where_it_was_looked_for() {
    let refusals = load_with(Path::new("no/such.toml"), DRIVERS).unwrap_err();
    let here = std::env::current_dir().unwrap();
    let expected = format!(
        "no/such.toml: configuration: there is no file {}/no/such.toml\n    name another with --config FILE, \
         or write one: config/examples/ shows how",
        here.display()
    );
    assert_eq!(refusals.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn only_regular_utf8_files_within_bounds_are_read() {
    let folder = Folder::new("irregular");
    assert_eq!(problems(&folder.0), ["file: a folder"]);
    assert_eq!(problems(Path::new("/dev/null")), ["file: no regular file"]);
    let latin = folder.write("latin.toml", b"# first\n# temp\xe9rature\n");
    assert_eq!(problems(&latin), ["file: not UTF-8"]);
    assert_eq!(load_with(&latin, DRIVERS).unwrap_err()[0].place.line, 2);
    let most = usize::try_from(MAX_FILE_BYTES).unwrap();
    load(&folder.write("most.toml", vec![b'\n'; most]));
    let over = folder.write("over.toml", vec![b'\n'; most + 1]);
    assert_eq!(problems(&over), [format!("file: larger than {MAX_FILE_BYTES} bytes")]);
}

#[test]
fn a_folder_with_pattern_characters_in_its_name_is_only_a_folder() {
    let folder = Folder::new("odd");
    let main = folder.write("[a]*?/main.toml", "gateway.include = [\"b.toml\", \"c*.toml\"]");
    folder.write("[a]*?/b.toml", "");
    load(&main);
}

#[test]
fn a_number_past_sixty_four_bits_is_refused_and_not_bent() {
    let folder = Folder::new("big");
    let main = folder.write("main.toml", "[limits]\nstreams = 9223372036854775808\n");
    assert_eq!(
        problems(&main),
        ["limits: streams: a whole number beyond 64 bits is not right here"]
    );
}

/// Keeps what was reported.
#[derive(Default)]
struct Reports(std::sync::Mutex<Vec<(DeviceIndex, DeviceState)>>);

impl Outlet for Reports {
    fn put(&self, samples: &[Sample]) {
        panic!("a disabled channel put {samples:?}");
    }

    fn fail_device(&self, device: DeviceIndex, failure: Failure, _: UnixMs) {
        panic!("a disabled channel failed {device:?}: {failure:?}");
    }

    fn report(&self, device: DeviceIndex, report: DeviceReport) {
        self.0.lock().unwrap().push((device, report.state));
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_channel_declares_all_and_does_nothing() {
    let folder = Folder::new("disabled");
    let main = folder.write(
        "main.toml",
        r#"
            channels = [{ name = "off", driver = "test-bus", address = "a", enabled = false }]
            devices = [{ name = "d", channel = "off", points = [{ name = "p", scan_ms = 100 }] }]
        "#,
    );
    let config = load(&main);
    let channel = &config.channels[0];
    assert!(!channel.enabled);
    assert_eq!(channel.driver.points()[0].id.as_str(), "d/p");
    assert_eq!(channel.driver.points()[0].stale_after, StaleAfter::Never);
    assert!(channel.driver.plan().is_empty());
    let (outlet, stop) = (Reports::default(), CancellationToken::new());
    let (_sender, mut inlet) = command_queue();
    let session = channel.driver.session(&outlet, &mut inlet, stop.clone());
    let ended = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        stop.cancel();
    };
    let (result, ()) = tokio::join!(session, ended);
    assert!(result.is_ok());
    assert_eq!(*outlet.0.lock().unwrap(), [(DeviceIndex(0), DeviceState::Disabled)]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = Folder::new("bytes");
        let _either = load_with(&folder.write("main.toml", bytes), DRIVERS);
    }

    #[test]
    fn no_text_makes_it_panic(lines in prop::collection::vec(
        prop_oneof![
            "\\PC{0,30}",
            "\\[{0,3}(gateway|limits|channels|devices|devices\\.points)\\]{0,3}",
            "(name|driver|channel|points|labels|range|include|listen) = \\PC{0,20}",
            "(name|driver|channel|prefix|unit) = \"(a|b|test-bus|\\$|/|\\*|%)*\"",
            "(points|labels|range|include) = [\\[{](a|1|\"|=|,| |nan|1e999|[{}\\[\\]]){0,20}",
        ], 0..20)
    ) {
        let folder = Folder::new("text");
        let _either = load_with(&folder.write("main.toml", lines.join("\n")), DRIVERS);
    }
}

#[test]
fn depth_is_bounded() {
    let folder = Folder::new("depth");
    for deep in [
        "a.".repeat(100_000) + "a=1",
        format!("[{}a]", "a.".repeat(100_000)),
        "a=".to_owned() + &"[".repeat(100_000),
        "a=".to_owned() + &"{a=".repeat(100_000),
    ] {
        assert!(!problems(&folder.write("main.toml", deep)).is_empty());
    }
}

#[test]
fn what_is_learned_is_kept_beside_the_file_unless_told_otherwise() {
    let folder = Folder::new("data");
    let data = |section: &str| load(&folder.write("main.toml", section)).gateway.data;
    assert_eq!(data(""), Some(folder.0.join("data")));
    assert_eq!(data("gateway.data = \"none\""), None);
    assert_eq!(data("gateway.data = \"/var/lib/pointcast\""), Some("/var/lib/pointcast".into()));
}

#[test]
fn a_channel_has_the_devices_of_all_files_whenever_it_is_whole() {
    let folder = Folder::new("whole_channels");
    let main = folder.write(
        "main.toml",
        "gateway.include = [\"site.d/*.toml\"]\n\
         devices = [{ name = \"d0\", channel = \"late\", points = [{ name = \"p\" }] }]",
    );
    let device = |name: &str, channel: &str| {
        format!("{{ name = {name:?}, channel = {channel:?}, points = [{{ name = \"p\" }}] }}")
    };
    let channel =
        |name: &str| format!("{{ name = {name:?}, driver = \"test-bus\", address = \"a\" }}");
    let file = |channels: &[&str], devices: &[(&str, &str)]| {
        let channels: Vec<_> = channels.iter().map(|name| channel(name)).collect();
        let devices: Vec<_> = devices.iter().map(|(name, on)| device(name, on)).collect();
        format!("channels = [{}]\ndevices = [{}]", channels.join(", "), devices.join(", "))
    };
    folder.write("site.d/a.toml", file(&["early", "apart"], &[("d1", "early"), ("d2", "apart")]));
    folder.write("site.d/b.toml", file(&["late"], &[("d3", "late"), ("d4", "apart")]));
    let config = load(&main);
    let devices = |channel: &crate::config::Channel| {
        let names = channel.driver.devices().iter().map(|device| device.name.to_string());
        (channel.name.clone(), names.collect::<Vec<_>>().join(" "))
    };
    let channels: Vec<_> = config.channels.iter().map(devices).collect();
    let expected = [("early", "d1"), ("apart", "d2 d4"), ("late", "d0 d3")];
    assert_eq!(channels, expected.map(|(name, devices)| (name.to_owned(), devices.to_owned())));
    // What is wrong with a device, its channel and what stands beside them is told as ever, and once.
    folder.write("site.d/b.toml", file(&["late"], &[("d3", "late"), ("d1", "apart")]));
    folder.write("site.d/c.toml", format!("{}\nwrites = {{}}", file(&["idle"], &[])));
    let refusals = load_with(&main, DRIVERS).unwrap_err();
    let problems: Vec<_> = refusals.iter().map(|refusal| refusal.problem.as_str()).collect();
    let [second, idle, strange] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(second.starts_with("a second device \"d1\""), "{second}");
    assert_eq!((*idle, *strange), ("no device is on it", "stands in an included file"));
}
