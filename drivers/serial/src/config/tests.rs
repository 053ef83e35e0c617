use pointcast_api::testing;

use super::*;

fn channel(text: &str) -> Result<Channel, Vec<String>> {
    let mut refusals = Refusals::new();
    let made = Channel::take(testing::channel(text), &mut refusals);
    made.ok_or_else(|| refusals.into_sorted().iter().map(ToString::to_string).collect())
}

const LINES: &str = "lines = ['(?<status>..),(?<weight>[0-9.]+)']";
const POINT: &str = r#"{ name = "weight", type = "f64", stale_after_ms = 3000 }"#;

fn with(channel_keys: &str, device_keys: &str, points: &str) -> Result<Channel, Vec<String>> {
    channel(&format!(
        "{channel_keys}\n[[devices]]\nname = \"scale\"\n{device_keys}\npoints = [ {points} ]\n"
    ))
}

fn refusal(channel_keys: &str, device_keys: &str, points: &str) -> String {
    with(channel_keys, device_keys, points).unwrap_err().join("\n")
}

#[test]
fn what_is_not_said_has_a_default() {
    let made = with("port = \"/dev/ttyS0\"", LINES, POINT).unwrap();
    let wire = Wire {
        baud: 9600,
        data_bits: DataBits::Eight,
        parity: Parity::None,
        stop_bits: StopBits::One,
    };
    assert_eq!(made.wire, wire);
    assert_eq!((made.delimiter, made.max_line_bytes), (Delimiter::LineFeed, 1024));
    assert_eq!((made.checksum, made.ask), (Checksum::None, None));
    assert_eq!(made.silence, [Duration::from_secs(10)]);
    assert_eq!(made.points.first().unwrap().value_type.as_str(), "f64");
}

#[test]
fn everything_can_be_said() {
    let keys = "port = \"/dev/ttyS0\"\nbaud = 1200\ndata_bits = 7\nparity = \"even\"\nstop_bits = 2\n\
                delimiter = \"\\r\"\nmax_line_bytes = 80\nchecksum = \"nmea\"\nignore = ['\\$GP.*']\n\
                ask = \"P\\r\\n\"\nask_every_ms = 1000";
    let point = r#"{ name = "stable", capture = "status", type = "bool", on = "ST", stale_after_ms = "never" }"#;
    let made = with(keys, &format!("{LINES}\nsilence_ms = 500"), point).unwrap();
    assert_eq!(made.wire.time(120), Duration::from_millis(1100));
    assert_eq!((made.delimiter, made.max_line_bytes), (Delimiter::CarriageReturn, 80));
    assert_eq!(made.checksum, Checksum::Nmea);
    let ask = made.ask.unwrap();
    assert_eq!((ask.text.as_slice(), ask.every), (&b"P\r\n"[..], Duration::from_secs(1)));
    assert_eq!(made.silence, [Duration::from_millis(500)]);
}

#[test]
fn what_cannot_be_is_refused_with_a_remedy() {
    assert_eq!(
        refusal("", "", ""),
        "test.toml:1: channel \"test\": port: missing\n    add port = \"/dev/serial/by-id/…\"\n\
         test.toml:2: device \"scale\": lines: missing\n    \
         add lines = ['(?<weight>[+-]?[0-9.]+) kg'], one pattern for each kind of line"
    );
    assert_eq!(
        refusal("port = \"p\"\nask = \"P\"", LINES, POINT),
        "test.toml:2: channel \"test\": ask: ask without ask_every_ms\n    add ask_every_ms = 1000"
    );
    assert_eq!(
        refusal(
            "port = \"p\"\nbaud = 300\nask = \"PRINT\\r\\n\"\nask_every_ms = 200",
            LINES,
            POINT
        ),
        "test.toml:4: channel \"test\": ask_every_ms: 200 ms, but the text alone takes 233 ms on the wire\n    \
         ask less often, with time for the answer"
    );
    assert_eq!(
        refusal("port = \"p\"\nparity = \"mark\"", LINES, POINT),
        "test.toml:2: channel \"test\": parity: \"mark\" is not right here\n    give one of \"none\", \"even\", \"odd\""
    );
    assert_eq!(
        refusal("port = \"p\"", "lines = ['(?<weight>']", POINT),
        "test.toml:4: device \"scale\": lines: \"(?<weight>\" is no pattern: unclosed group\n    \
         see https://docs.rs/regex/latest/regex/#syntax; single quotes need no \\\\"
    );
    assert_eq!(
        refusal("port = \"p\"", "lines = []", POINT),
        "test.toml:4: device \"scale\": lines: 0 patterns\n    give 1 to 64"
    );
}

#[test]
fn a_point_has_a_group_and_says_when_it_is_stale() {
    let wrong = |point: &str| refusal("port = \"p\"", LINES, point);
    assert_eq!(
        wrong(r#"{ name = "mass", type = "f64", stale_after_ms = 5 }"#),
        "test.toml:5: point \"scale/mass\": capture: no pattern has a group \"mass\"\n    \
         give one of \"status\", \"weight\", or name the group in lines: (?<name>…)"
    );
    assert_eq!(
        wrong(r#"{ name = "weight", type = "f64" }"#),
        "test.toml:5: point \"scale/weight\": stale_after_ms: missing: a point that comes by itself has no scan to derive it from\n    \
         add stale_after_ms = 3000 (three times the device's interval), or \"never\""
    );
    assert!(
        wrong(r#"{ name = "weight", scan_ms = 5, type = "f64", stale_after_ms = 5 }"#)
            .contains("scan_ms: unknown key")
    );
}
