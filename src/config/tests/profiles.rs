//! Devices that use profiles, rightly.

use std::time::Instant;

use proptest::prelude::*;

use super::Folder;
use super::driver::DRIVERS;
use crate::config::{load, load_with};

const METER: &str = r#"
    title = "A meter"
    source = "nowhere"
    drivers = ["test-bus"]
    device = { unit_id = "${first_unit + 6}" }
    parameters = { line = { default = "l", description = "what phases are called" }, slow_ms = 2000, first_unit = 1 }
    points = [
      { name = "voltage/${line}1", type = "f32", scan_ms = 500, unit = "V" },
      { name = "voltage/${line}2", type = "f32", scan_ms = 500, unit = "V" },
      { name = "energy/import", type = "f64", scan_ms = "${slow_ms}", range = [0, "${slow_ms * 0.5}"] },
      { name = "energy/export", type = "f64", scan_ms = "${slow_ms}", labels = { 0 = "${line}" } },
    ]
"#;

const CHANNEL: &str = "channels = [{ name = \"c\", driver = \"test-bus\", address = \"a\" }]\n";

fn folder(name: &str, devices: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("profiles/meter.toml", METER);
    folder.write("main.toml", format!("{CHANNEL}{devices}"));
    folder
}

#[test]
fn a_device_has_what_its_profile_says_and_what_it_says_itself() {
    let folder = folder(
        "profile-merged",
        r#"
            [[devices]]
            name = "plain"
            channel = "c"
            profile = "meter"
            [[devices]]
            name = "own"
            channel = "c"
            unit_id = 3
            prefix = "hall/own"
            profile = "meter"
            parameters = { slow_ms = 5000, line = "phase" }
            omit = ["voltage/phase2"]
            points = [
              { name = "energy/import", unit = "kWh", scan_ms = 7000 },
              { name = "door", type = "bool" },
            ]
            [[devices]]
            name = "few"
            channel = "c"
            profile = "meter"
            only = ["energy/*"]
            omit = ["energy/export"]
            [[devices]]
            name = "none"
            channel = "c"
            points = [{ name = "p" }]
        "#,
    );
    let config = load_with(&folder.path("main.toml"), DRIVERS).unwrap();
    let channel = &config.channels[0];
    let profiles: Vec<_> = channel.profiles.iter().map(Option::as_deref).collect();
    assert_eq!(profiles, [Some("meter"), Some("meter"), Some("meter"), None]);
    let devices: Vec<&str> = channel.driver.devices().iter().map(|d| d.address.as_str()).collect();
    assert_eq!(devices, ["a unit 7", "a unit 3", "a unit 7", "a unit 1"]);
    let points: Vec<String> = channel
        .driver
        .points()
        .iter()
        .map(|point| {
            let details = &point.details;
            let scan = point.scan_interval.map_or(0, |scan| scan.as_millis());
            let unit = details.about().unit.as_deref().unwrap_or("-");
            let range = details.about().range.map_or(0.0, |(_, high)| high);
            let label = details.about().labels.first().map_or("-", |(_, label)| label);
            format!("{} {} {unit} {scan} {range} {label}", point.id, point.value_type)
        })
        .collect();
    assert_eq!(
        points,
        [
            "plain/voltage/l1 f32 V 500 0 -",
            "plain/voltage/l2 f32 V 500 0 -",
            "plain/energy/import f64 - 2000 1000 -",
            "plain/energy/export f64 - 2000 0 l",
            "hall/own/voltage/phase1 f32 V 500 0 -",
            "hall/own/energy/import f64 kWh 7000 2500 -",
            "hall/own/energy/export f64 - 5000 0 phase",
            "hall/own/door bool - 0 0 -",
            "few/energy/import f64 - 2000 1000 -",
            "none/p f32 - 0 0 -",
        ]
    );
}

#[test]
fn folders_are_looked_through_in_their_order() {
    let folder = folder(
        "profile-folders",
        "devices = [{ name = \"d\", channel = \"c\", profile = \"meter\" }]\ngateway.profiles = [\"mine\", \"profiles\"]",
    );
    folder.write("mine/other.toml", "points = [{ name = \"p\" }]");
    let points =
        || load_with(&folder.path("main.toml"), DRIVERS).unwrap().channels[0].driver.points().len();
    assert_eq!(points(), 4);
    folder.write("mine/meter.toml", "points = [{ name = \"p\" }]");
    assert_eq!(points(), 1);
}

/// Most of the time goes into checks that points pass either way; a file that is shorter by all of them is read sooner.
/// `POINTCAST_METERS` takes another number of devices, to measure.
#[test]
fn many_devices_of_one_profile_load_no_slower_than_written_out() {
    let meters: usize = std::env::var("POINTCAST_METERS").map_or(200, |n| n.parse().unwrap());
    let channels: String = (0..10)
        .map(|c| format!("[[channels]]\nname = \"bus{c}\"\ndriver = \"modbus-tcp\"\naddress = \"10.0.0.{c}\"\n"))
        .collect();
    let site = |device: &dyn Fn(usize) -> String| {
        let devices: String = (0..meters)
            .map(|d| {
                let (channel, unit) = (d % 10, d / 10 + 1);
                let own = device(d);
                format!("[[devices]]\nname = \"m{d}\"\nchannel = \"bus{channel}\"\nunit_id = {unit}\n{own}\n")
            })
            .collect();
        format!("{channels}{devices}")
    };
    let point = |p: usize| {
        format!(
            "{{ name = \"voltage/p{p}\", address = \"input:{}\", type = \"f32\", unit = \"V\", precision = 1, description = \"as measured\" }}",
            2 * p
        )
    };
    let points = format!(
        "points = [\n{}]\n",
        (0..50).map(|p| format!("{},\n", point(p))).collect::<String>()
    );
    let folder = Folder::new("profile-many");
    folder.write("profiles/meter.toml", &points);
    let timed = |text: String| {
        let main = folder.write("main.toml", text);
        let begin = Instant::now();
        let config = load(&main).unwrap();
        let took = begin.elapsed();
        let count: usize =
            config.channels.iter().map(|channel| channel.driver.points().len()).sum();
        assert_eq!(count, 50 * meters);
        took
    };
    let used = timed(site(&|_| "profile = \"meter\"".to_owned()));
    let written = timed(site(&|_| points.clone()));
    eprintln!("{meters} devices of 50 points: {used:?} by a profile, {written:?} written out");
    assert!(used < 2 * written, "{used:?}, {written:?} written out");
}

proptest! {
    #[test]
    fn no_profile_and_no_use_makes_it_panic(
        profile in prop::collection::vec(prop_oneof![
            "(title|source|drivers|device|parameters|points) = \\PC{0,20}",
            "parameters = \\{ a = (1|0\\.5|\"x\"|\\{ default = [0-9]{1,40} \\}|\\{\\}) \\}",
            "\\[\\[points\\]\\]\nname = \"(p|\\$\\{a\\}|\\$\\{2 \\* a\\}|\\$\\{)\"",
            "points = \\[\\{ name = \"(p|v/p)\", scan_ms = \"\\$\\{a( \\* [0-9]{1,30})?\\}\" \\}\\]",
        ], 0..5),
        usage in prop::collection::vec(prop_oneof![
            "(only|omit) = \\[\"(p|\\*|v/\\*\\*|\\*\\*/p|)\"\\]",
            "parameters = \\{ (a|b) = (7|-1\\.5|\"y\"|true|1e300) \\}",
            "points = \\[\\{ name = \"p\" \\}(, \\{ \\})?\\]",
        ], 0..3),
    ) {
        let folder = Folder::new("profile-any");
        folder.write("profiles/x.toml", profile.join("\n"));
        let device = format!("[[devices]]\nname = \"d\"\nchannel = \"c\"\nprofile = \"x\"\n{}", usage.join("\n"));
        let _either = load_with(&folder.write("main.toml", format!("{CHANNEL}{device}")), DRIVERS);
    }
}
