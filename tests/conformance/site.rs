//! The site that the suite needs, as the configuration that the default server is started with.
//!
//! Another server is to offer the same points, read from the Modbus TCP device that the suite plays: see the
//! suite's own page. Everything that tests count on stands here once.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::peer::device::{Unit, words};

/// Devices that tests move, one for each test that needs one.
pub(crate) const LANES: u8 = 90;

pub(crate) const FIRST_LANE_UNIT: u8 = 100;

/// The points of a lane: whole numbers of 32 bits, and `x`, a 64-bit float with a range from 0 to 200.
pub(crate) const LANE_POINTS: [&str; 5] = ["a", "b", "c", "d", "x"];

/// Every point of every lane.
pub(crate) const LANE_PATTERN: &str = "lane/*/*";

/// The points of each of the two wide devices: more than one frame takes, by number or by bytes.
pub(crate) const WIDE: u16 = 1_100;

/// A limit that the suite exhausts.
pub(crate) const STREAMS_PER_ADDRESS: usize = 100;

/// A limit that everything at once passes, but no test that does not mean to.
pub(crate) const POINTS_PER_CLIENT: usize = 2_500;

/// Units with a part of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rare {
    /// One point of each type.
    Kinds = 1,
    /// Many points with short ids, `wide/0001`.
    Wide = 2,
    /// Many points with ids so long that fewer of them fill a frame.
    Long = 3,
    /// Falls silent; the server gives a reply 200 ms.
    Silent = 4,
    /// Falls silent, but the server waits longer for it than its value counts as live.
    Stalling = 5,
    /// Refuses.
    Refusing = 6,
}

/// The first register of a lane's point.
pub(crate) fn register(point: &str) -> u16 {
    let at = LANE_POINTS.iter().position(|name| *name == point).unwrap();
    u16::try_from(2 * at).unwrap()
}

/// A long id: the server may give at most 256 KiB in one frame, however few points that are.
pub(crate) fn long_id(number: u16) -> String {
    format!("long/{}/{number:04}", "x".repeat(240))
}

/// Every type of value, and what is none: name, further keys, raw words.
pub(crate) fn kinds() -> Vec<(&'static str, &'static str, Vec<u16>)> {
    let exact = 9_007_199_254_740_991_i64;
    vec![
        ("bool", r#"bit = 3"#, vec![0b1000]),
        ("i16", r#"type = "i16""#, words(&(-12_345_i16).to_be_bytes())),
        ("u16", r#"type = "u16", labels = { 0 = "off", 65535 = "all on" }"#, vec![65_535]),
        ("i32", r#"type = "i32""#, words(&i32::MIN.to_be_bytes())),
        ("u32", r#"type = "u32""#, words(&u32::MAX.to_be_bytes())),
        ("i64/exact", r#"type = "i64""#, words(&(-exact).to_be_bytes())),
        ("i64/beyond", r#"type = "i64""#, words(&(-exact - 1).to_be_bytes())),
        ("u64/exact", r#"type = "u64""#, words(&exact.to_be_bytes())),
        ("u64/beyond", r#"type = "u64""#, words(&u64::MAX.to_be_bytes())),
        ("f32", r#"type = "f32", precision = 2"#, words(&0.1_f32.to_be_bytes())),
        ("f64", r#"type = "f64", unit = "°C""#, words(&(0.1_f64 + 0.2).to_be_bytes())),
        ("tenths", r#"type = "i16", scale = 0.1, description = "of a degree""#, vec![715]),
        ("string", r#"type = "string", length = 8"#, words("Gr\u{fc}n \"1\\2\"\0".as_bytes())),
        ("nan", r#"type = "f32""#, words(&f32::NAN.to_be_bytes())),
        ("infinite", r#"type = "f64""#, words(&f64::NEG_INFINITY.to_be_bytes())),
        ("none", r#"type = "i16", no_value = 0x8000"#, vec![0x8000]),
        ("beyond_range", r#"type = "u16", range = [0, 100]"#, vec![101]),
    ]
}

/// Sixteen registers for each of [`kinds`].
pub(crate) fn fill_kinds(unit: &mut Unit) {
    for (at, (_, _, words)) in (0..).zip(kinds()) {
        unit.set(16 * at, &words);
    }
}

/// The configuration.
pub(crate) fn text(listen: SocketAddr, devices: SocketAddr) -> String {
    let mut text = format!(
        "[gateway]\nname = \"Conformance\"\nlisten = \"{listen}\"\n\
         [limits]\nstreams_per_address = {STREAMS_PER_ADDRESS}\npoints_per_client = {POINTS_PER_CLIENT}\n"
    );
    let mut channel = |name: &str, more: &str| {
        let address = format!("driver = \"modbus-tcp\"\naddress = \"{devices}\"");
        writeln!(text, "[[channels]]\nname = \"{name}\"\n{address}\n{more}").unwrap();
    };
    channel("field", "");
    channel("silent", "timeout_ms = 200\nretries = 0");
    channel("stalling", "timeout_ms = 30000\nretries = 0");
    channel("off", "enabled = false");
    // Nobody listens at the first port of this machine.
    text.push_str(
        "[[channels]]\nname = \"nowhere\"\ndriver = \"modbus-tcp\"\naddress = \"127.0.0.1:1\"\n",
    );
    let kinds: Vec<String> =
        (0..).zip(kinds()).map(|(at, (name, keys, _))| kind(16 * at, name, keys)).collect();
    text += &device("kinds", "field", Rare::Kinds as u8, 100, &kinds);
    let wide: Vec<String> = (0..WIDE).map(|at| number(&format!("{at:04}"), at)).collect();
    text += &device("wide", "field", Rare::Wide as u8, 1_000, &wide);
    let long: Vec<String> =
        (0..WIDE).map(|at| number(long_id(at).strip_prefix("long/").unwrap(), at)).collect();
    text += &device("long", "field", Rare::Long as u8, 1_000, &long);
    let value = [number("value", 0)];
    text += &device("silent", "silent", Rare::Silent as u8, 100, &value);
    text += &device("refusing", "field", Rare::Refusing as u8, 100, &value);
    let ageing =
        [r#"{ name = "value", address = "holding:0", type = "u16", stale_after_ms = 500 }"#
            .to_owned()];
    text += &device("stalling", "stalling", Rare::Stalling as u8, 100, &ageing);
    text += &device("off", "off", 1, 100, &value);
    text += &device("nowhere", "nowhere", 1, 100, &value);
    for number in 1..=LANES {
        let unit = FIRST_LANE_UNIT + number - 1;
        let name = format!("lane{number:02}\"\nprefix = \"lane/{number:02}");
        text += &device(&name, "field", unit, 100, &LANE_POINTS.map(lane_point));
    }
    text
}

fn device(name: &str, channel: &str, unit: u8, scan_ms: u32, points: &[String]) -> String {
    format!(
        "[[devices]]\nname = \"{name}\"\nchannel = \"{channel}\"\nunit_id = {unit}\nscan_ms = {scan_ms}\n\
         points = [\n{}\n]\n",
        points.join(",\n")
    )
}

fn number(name: &str, register: u16) -> String {
    format!(r#"{{ name = "{name}", address = "holding:{register}", type = "u16" }}"#)
}

fn kind(register: u16, name: &str, keys: &str) -> String {
    match keys.strip_prefix("bit = ") {
        Some(bit) => format!(r#"{{ name = "{name}", address = "holding:{register}.{bit}" }}"#),
        None => format!(r#"{{ name = "{name}", address = "holding:{register}", {keys} }}"#),
    }
}

fn lane_point(point: &str) -> String {
    let kind = if point == "x" { r#"type = "f64", range = [0, 200]"# } else { r#"type = "i32""# };
    format!(r#"{{ name = "{point}", address = "holding:{}", {kind} }}"#, register(point))
}
