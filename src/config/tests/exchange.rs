//! Points from CSV into files, and back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pointcast_api::settings::{Entry, Refusals, Setting};
use pointcast_api::{PointDeclaration, StaleAfter};

use super::Folder;
use super::driver::DRIVERS;
use crate::config::exchange::{NewDevice, Written, export, import};
use crate::config::{Config, document, load, load_with, render};
use crate::registry;

const SITE: &str = r#"
    gateway.include = ["site.d/*.toml"]
    [[channels]]
    name = "plant"
    driver = "test-bus"
    address = "a"
    [[devices]]
    name = "other"
    channel = "plant"
    points = [{ name = "p" }]
"#;

fn keys(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A site with a sheet beside it.
fn folder(name: &str, sheet: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("main.toml", SITE);
    folder.write("points.csv", sheet);
    folder
}

fn imported(
    folder: &Folder,
    device: &NewDevice<'_>,
    replaced: Option<&Path>,
) -> Result<Written, Vec<String>> {
    let (main, sheet) = (folder.path("main.toml"), folder.path("points.csv"));
    let within = folder.path("").display().to_string();
    import(&main, &sheet, device, replaced, DRIVERS).map_err(|refusals| {
        refusals.iter().map(|refusal| refusal.to_string().replace(&within, "")).collect()
    })
}

const PRESS: NewDevice<'_> =
    NewDevice { name: "press", channel: "plant", keys: &[], profile: None };

#[test]
fn every_bad_row_is_told_with_its_line_and_column() {
    let folder = folder(
        "bad-rows",
        "name;Data Type;scan_ms;range;precison;colour\n\
         a;u17;5;[0, 1];1;red\n\
         b;f32;fast;[1 0];2;\n\
         c/;f32;500;;;blue\n\
         ;f32;500;;;\n\
         a;f32;1,5;;;\n\
         \n\
         d;bool;\"0,5\";;;\n",
    );
    let told = imported(&folder, &PRESS, None).unwrap_err();
    assert_eq!(
        told,
        [
            "points.csv:1: column \"colour\": no key of a point of this channel's driver\n    \
             known here: name, unit, description, range, precision, labels, stale_after_ms, type, scan_ms",
            "points.csv:1: column \"precison\": no key of a point of this channel's driver\n    is precision meant?",
            "points.csv:2: point \"press/a\": scan_ms: 5 is not right here\n    give whole milliseconds from 10 to 60000",
            "points.csv:2: point \"press/a\": type (column \"Data Type\"): \"u17\" is not right here\n    \
             give one of \"bool\", \"i16\", \"u16\", \"i32\", \"u32\", \"i64\", \"u64\", \"f32\", \"f64\", \"string\"",
            "points.csv:3: point \"press/b\": range: \"[1 0]\" is not right here\n    give a list of finite numbers, [0, 100]",
            "points.csv:3: point \"press/b\": scan_ms: \"fast\" is not right here\n    give whole milliseconds from 10 to 60000",
            "points.csv:4: a point of device \"press\": name: \"press/c/\" is no point id: a segment is empty: segments are joined by single slashes, with none at the ends\n    write it like \"supply/temperature\"",
            "points.csv:5: a point of device \"press\": name: missing\n    add name = \"temperature\"",
            "points.csv:6: point \"press/a\": a second point with this id, the first is at points.csv:2\n    give one of them another name or prefix",
            "points.csv:8: point \"press/d\": scan_ms: 0.5 is not right here\n    give whole milliseconds from 10 to 60000",
        ]
    );
}

#[test]
fn a_cell_that_cannot_be_read_hides_nothing_in_other_rows() {
    let sheet = "name;type;scan_ms\na;u16;1,000\nb;u99;\n;u16;\n";
    let told = imported(&folder("bad-cells", sheet), &PRESS, None).unwrap_err();
    let begins = [
        "points.csv:2: column \"scan_ms\": 1,000 may be a thousand times as much",
        "points.csv:3: point \"press/b\": type: \"u99\" is not right here",
        "points.csv:4: a point of device \"press\": name: missing",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    assert!(told.iter().zip(begins).all(|(told, begin)| told.starts_with(begin)), "{told:#?}");
    // Where no row is left, that is not one more thing to be told.
    let told = imported(&folder("only-bad-cells", "name;scan_ms\na;1,000\n"), &PRESS, None);
    assert_eq!(told.unwrap_err().len(), 1);
}

#[test]
fn the_device_and_its_configuration_are_checked_with_the_rows() {
    let folder = folder("bad-device", "name,description\na,${b}\n");
    let device = |name, channel, keys| NewDevice { name, channel, keys, profile: None };
    let wrong = keys(&[("unit_id", "300"), ("speed", "[1, 2]")]);
    for (device, expected) in [
        (
            device("press", "plnt", &[]),
            "the command line: device \"press\": channel: there is no channel \"plnt\"",
        ),
        (device("other", "plant", &[]), "a second device \"other\", the first is at "),
        (device("a/b", "plant", &[]), "is no name: "),
        (device("press", "plant", &wrong), "device \"press\": unit_id: 300 is not right here"),
        (device("press", "plant", &wrong), "device \"press\": speed: unknown key"),
        (NewDevice { profile: Some("p"), ..PRESS }, "points.csv:2: description: holds ${"),
    ] {
        let told = imported(&folder, &device, None).unwrap_err();
        assert!(
            told.iter().any(|told| told.contains(expected)),
            "{expected:?} is not in {told:#?}"
        );
    }
    folder.write("main.toml", format!("{SITE}\n[gatewya]\n"));
    let told = imported(&folder, &PRESS, None).unwrap_err();
    assert!(told[0].starts_with("main.toml:12: gatewya: unknown key"), "{told:?}");
}

#[test]
fn a_right_sheet_becomes_a_file_that_is_right() {
    let sheet = "unit;name;type;range;labels;stale_after_ms;description\n\
                 °C;supply/temperature;f32;[-20, 120.5];;900;\"water; that \"\"leaves\"\"\"\n\
                 ;mode;u16;;\"{ 0 = \"\"off\"\", 1 = \"\"on\"\" }\";never;\n";
    let folder = folder("right-sheet", sheet);
    let keys = keys(&[("unit_id", "7"), ("prefix", "hall 3/press")]);
    let device = NewDevice { keys: &keys, ..PRESS };
    let written = imported(&folder, &device, None).unwrap();
    let expected = r#"[[devices]]
name = "press"
channel = "plant"
unit_id = 7
prefix = "hall 3/press"
points = [
  { unit = "°C", name = "supply/temperature", type = "f32", range = [-20, 120.5], stale_after_ms = 900, description = "water; that \"leaves\"" },
  { name = "mode", type = "u16", labels = { 0 = "off", 1 = "on" }, stale_after_ms = "never" },
]
"#;
    assert_eq!(written, Written { device: expected.to_owned(), profile: None, points: 2 });
    let file = folder.write("site.d/press.toml", &written.device);
    let config = load_with(&folder.path("main.toml"), DRIVERS).unwrap();
    assert_eq!(config.channels[0].driver.devices()[1].address, "a unit 7");
    let points = &config.channels[0].driver.points()[1..];
    assert_eq!(points[0].id.as_str(), "hall 3/press/supply/temperature");
    assert_eq!(points[0].details.about().description.as_deref(), Some("water; that \"leaves\""));
    assert_eq!(points[1].details.about().labels, [(0, "off".to_owned()), (1, "on".to_owned())]);
    assert_eq!(points[1].stale_after, StaleAfter::Never);

    let exported = export(&folder.path("main.toml"), "press", DRIVERS).unwrap();
    let head = "\u{feff}name,unit,type,range,stale_after_ms,description,labels\n";
    assert!(exported.starts_with(head), "{exported}");
    folder.write("points.csv", exported);
    let again = imported(&folder, &device, None).unwrap_err().concat();
    assert!(again.contains("a second device \"press\""), "{again}");
    let again = imported(&folder, &device, Some(&file)).unwrap();
    folder.write("site.d/press.toml", &again.device);
    let config = load_with(&folder.path("main.toml"), DRIVERS).unwrap();
    assert_eq!(&config.channels[0].driver.points()[1..], points);
}

#[test]
fn points_may_become_a_profile_which_the_device_uses() {
    let folder = folder("to-profile", "name,type\na,f32\nb,u16\n");
    let device = NewDevice { profile: Some("press"), ..PRESS };
    let written = imported(&folder, &device, None).unwrap();
    assert_eq!(
        written.device,
        "[[devices]]\nname = \"press\"\nchannel = \"plant\"\nprofile = \"press\"\n"
    );
    let profile = written.profile.unwrap();
    let expected = "drivers = [\"test-bus\"]\npoints = [\n  { name = \"a\", type = \"f32\" },\n  { name = \"b\", type = \"u16\" },\n]\n";
    assert_eq!(profile, expected);
    folder.write("profiles/press.toml", profile);
    folder.write("site.d/press.toml", written.device);
    let config = load_with(&folder.path("main.toml"), DRIVERS).unwrap();
    assert_eq!(config.channels[0].driver.points().len(), 3);
    let exported = export(&folder.path("main.toml"), "press", DRIVERS).unwrap();
    assert_eq!(exported, "\u{feff}name,type\na,f32\nb,u16\n");
}

#[test]
fn a_file_gives_way_only_if_it_holds_nothing_else() {
    let folder = folder("gives-way", "name\na\n");
    let press =
        "[[devices]]\nname = \"press\"\nchannel = \"plant\"\npoints = [{ name = \"old\" }]\n";
    let second =
        "[[devices]]\nname = \"second\"\nchannel = \"plant\"\npoints = [{ name = \"p\" }]\n";
    for (text, gives_way) in [
        (press.to_owned(), true),
        (format!("{press}{second}"), false),
        (second.to_owned(), false),
        (format!("{press}[[channels]]\nname = \"c\"\n"), false),
        (String::new(), false),
    ] {
        let file = folder.write("site.d/press.toml", &text);
        let told = imported(&folder, &PRESS, Some(&file));
        assert_eq!(told.is_ok(), gives_way, "{text}: {told:?}");
    }
}

#[test]
fn a_device_that_is_not_there_is_not_exported() {
    let folder = folder("not-there", "");
    let told = export(&folder.path("main.toml"), "othr", DRIVERS).unwrap_err();
    let expected = "the command line: --device: there is no device \"othr\"\n    is \"other\" meant? There are: other";
    assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

/// Every device of a file, with its keys.
fn devices(path: &Path) -> Vec<BTreeMap<String, Setting>> {
    let text = fs::read_to_string(path).unwrap();
    let file = document::parse(&"a.toml".into(), &text, &mut Refusals::new()).unwrap();
    let devices = file.iter().find(|entry| entry.key == "devices").unwrap();
    let Setting::List(devices) = &devices.value else { panic!("{devices:?}") };
    let keys = |entries: &[Entry]| {
        entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    let device = |(_, device): &(_, Setting)| {
        let Setting::Section(entries) = device else { panic!("{device:?}") };
        keys(entries)
    };
    devices.iter().map(device).collect()
}

/// The points of a device, as if its name began no id.
fn points_of(config: &Config, device: &str) -> Vec<PointDeclaration> {
    let prefix = format!("{device}/");
    let all = config.channels.iter().flat_map(|channel| channel.driver.points());
    let own = all.filter_map(|point| {
        let name = point.id.as_str().strip_prefix(&prefix)?;
        let mut point = point.clone();
        point.id = pointcast_api::PointId::new(name).unwrap();
        point.change(|traits| traits.details.device = pointcast_api::DeviceIndex(0));
        Some(point)
    });
    own.collect()
}

#[test]
fn every_device_of_the_default_site_survives_the_way_there_and_back() {
    let main = Path::new("config/pointcast.toml");
    let before = load(main).unwrap();
    let folder = Folder::new("there-and-back");
    let mut count = 0;
    for file in fs::read_dir("config/site.d").unwrap() {
        for device in devices(&file.unwrap().path()) {
            let text = |key: &str| {
                let Setting::Text(text) = &device[key] else { panic!("{key}") };
                text.clone()
            };
            let name = text("name");
            let exported = export(main, &name, registry::DRIVERS).unwrap();
            let sheet = folder.write("points.csv", exported);
            let mut keys: Vec<(String, String)> = device
                .iter()
                .filter(|(key, _)| {
                    !["name", "channel", "points", "unit_id"].contains(&key.as_str())
                })
                .map(|(key, value)| (key.clone(), render::value(value)))
                .collect();
            if device.contains_key("unit_id") {
                keys.push(("unit_id".to_owned(), "99".to_owned()));
            }
            let channel = text("channel");
            let copy = NewDevice { name: "copy", channel: &channel, keys: &keys, profile: None };
            let written = import(main, &sheet, &copy, None, registry::DRIVERS);
            let written = written.unwrap_or_else(|refusals| panic!("{name}: {refusals:#?}"));
            for file in ["plant", "greenhouse", "scale", "weather"] {
                let path = format!("site.d/{file}.toml");
                folder.write(&path, fs::read(format!("config/{path}")).unwrap());
            }
            folder.write("site.d/copy.toml", written.device);
            let main = folder.write("main.toml", "gateway.include = [\"site.d/*.toml\"]");
            let after = load(&main).unwrap_or_else(|refusals| panic!("{name}: {refusals:#?}"));
            assert_eq!(points_of(&after, "copy"), points_of(&before, &name), "{name}");
            assert!(written.points > 0);
            count += 1;
        }
    }
    assert!(count >= 7, "only {count} devices");
}
