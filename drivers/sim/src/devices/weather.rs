//! `weather`: a weather station that publishes over MQTT.
//!
//! | topic | payload | every | retained |
//! |---|---|---|---|
//! | `weather/status` | `online` or `offline` (its will) | at a change | yes |
//! | `weather/temperature` | plain number, °C | 1 s | yes |
//! | `weather/humidity` | plain number, % | 2 s | no |
//! | `weather/pressure` | plain number, hPa | 5 s | yes |
//! | `weather/wind` | `{"speed":3.2,"gust":5.1,"direction":245}` | 1 s | no |
//! | `weather/report` | nested JSON, see below | 5 s | yes |
//!
//! `{"time":1790000000000,"rain":{"falling":false,"total":412.2},"sun":{"radiation":512,"uv":3.1},`
//! `"battery":{"voltage":12.61,"charging":true},"station":"north mast"}`; `time` is Unix milliseconds.

use pointcast_api::UnixMs;

use crate::map::TopicEntry;
use crate::signal::{Duty, SiteTime, Tone, Wave, day, daylight, noise};

/// Where the station says whether it is there.
pub(crate) const STATUS_TOPIC: &str = "weather/status";
/// What it says there while it is.
pub(crate) const ONLINE: &str = "online";
/// Its will.
pub(crate) const OFFLINE: &str = "offline";

const fn topic(
    point: &'static str,
    topic: &'static str,
    pointer: Option<&'static str>,
    (type_word, unit): (&'static str, &'static str),
    range: Option<(f64, f64)>,
    (every_ms, retained): (u64, bool),
) -> TopicEntry {
    TopicEntry { point, topic, pointer, type_word, unit, range, every_ms, retained }
}

const WIND: (&str, u64, bool) = ("weather/wind", 1_000, false);
const REPORT: (&str, u64, bool) = ("weather/report", 5_000, true);

const fn field(
    (at, every_ms, retained): (&'static str, u64, bool),
    point: &'static str,
    pointer: &'static str,
    kind: (&'static str, &'static str),
    range: Option<(f64, f64)>,
) -> TopicEntry {
    topic(point, at, Some(pointer), kind, range, (every_ms, retained))
}

/// Every value the station publishes.
pub(crate) static TOPICS: &[TopicEntry] = &[
    topic("status", STATUS_TOPIC, None, ("string", ""), None, (0, true)),
    topic(
        "temperature",
        "weather/temperature",
        None,
        ("f64", "°C"),
        Some((-30.0, 45.0)),
        (1_000, true),
    ),
    topic("humidity", "weather/humidity", None, ("f64", "%"), Some((0.0, 100.0)), (2_000, false)),
    topic(
        "pressure",
        "weather/pressure",
        None,
        ("f64", "hPa"),
        Some((940.0, 1_060.0)),
        (5_000, true),
    ),
    field(WIND, "wind/speed", "/speed", ("f64", "m/s"), Some((0.0, 40.0))),
    field(WIND, "wind/gust", "/gust", ("f64", "m/s"), Some((0.0, 60.0))),
    field(WIND, "wind/direction", "/direction", ("u16", "°"), Some((0.0, 359.0))),
    field(REPORT, "rain/falling", "/rain/falling", ("bool", ""), None),
    field(REPORT, "rain/total", "/rain/total", ("f64", "mm"), None),
    field(REPORT, "sun/radiation", "/sun/radiation", ("u16", "W/m²"), Some((0.0, 1_400.0))),
    field(REPORT, "sun/uv", "/sun/uv", ("f64", ""), Some((0.0, 12.0))),
    field(REPORT, "battery/voltage", "/battery/voltage", ("f64", "V"), Some((10.0, 15.0))),
    field(REPORT, "battery/charging", "/battery/charging", ("bool", ""), None),
    field(REPORT, "station", "/station", ("string", ""), None),
];

const SHOWER: Duty = Duty { period_s: 1_500.0, on_s: 240.0, offset_s: 900.0 };
/// Rain while a shower lasts, in millimetres a second.
const RAIN_MM_PER_S: f64 = 0.001;

const WIND_SPEED: Wave = Wave {
    seed: 61,
    mean: 6.0,
    tones: &[
        Tone { amplitude: 2.5, period_s: 5_400.0 },
        Tone { amplitude: 1.2, period_s: 130.0 },
        Tone { amplitude: 0.6, period_s: 9.7 },
    ],
};

/// What the station publishes on `topic` at a moment; `None` for a topic that is none of its own.
pub(crate) fn payload(topic: &str, unix_ms: UnixMs) -> Option<String> {
    let time = SiteTime::from_unix_ms(unix_ms);
    Some(match topic {
        "weather/temperature" => format!("{:.1}", temperature(time)),
        "weather/humidity" => {
            format!("{:.1}", 62.0 - 14.0 * day(14.0, time) + 3.0 * noise(62, 60.0, time))
        }
        "weather/pressure" => {
            format!("{:.1}", 1_013.0 + 9.0 * noise(63, 7_200.0, time) + 0.3 * noise(64, 20.0, time))
        }
        "weather/wind" => wind(time),
        "weather/report" => report(unix_ms, time),
        _ => return None,
    })
}

fn temperature(time: SiteTime) -> f64 {
    9.0 + 6.5 * day(14.0, time) + 0.5 * noise(65, 120.0, time) + 0.15 * noise(66, 4.0, time)
}

fn wind(time: SiteTime) -> String {
    let speed = WIND_SPEED.value(time);
    let gust = speed * (1.35 + 0.2 * noise(67, 15.0, time));
    let direction = (225.0 + 60.0 * noise(68, 600.0, time) + 15.0 * noise(69, 5.0, time)).round();
    format!(r#"{{"speed":{speed:.1},"gust":{gust:.1},"direction":{direction}}}"#)
}

fn report(unix_ms: UnixMs, time: SiteTime) -> String {
    let sun = daylight(time) * (0.7 + 0.3 * noise(70, 80.0, time));
    let falling = SHOWER.on(time);
    let total = SHOWER.on_seconds(time) * RAIN_MM_PER_S;
    let (radiation, uv) = ((980.0 * sun).round(), 8.0 * sun);
    let voltage = 12.4 + 0.9 * sun + 0.05 * noise(71, 30.0, time);
    let charging = sun > 0.1;
    format!(
        concat!(
            r#"{{"time":{},"rain":{{"falling":{},"total":{:.2}}},"#,
            r#""sun":{{"radiation":{},"uv":{:.1}}},"#,
            r#""battery":{{"voltage":{:.2},"charging":{}}},"station":"north mast"}}"#
        ),
        unix_ms.0, falling, total, radiation, uv, voltage, charging
    )
}
