//! A channel's settings, checked once: what is here needs no second look.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use pointcast_api::settings::{ChannelSettings, DeviceSettings, PointSettings, Refusals, Settings};
use pointcast_api::text::TextFormat;
use pointcast_api::{
    DeviceDeclaration, DeviceIndex, PointDeclaration, PointIndex, PointTraits, Shared,
};
use rumqttc::QoS;

use crate::feeds::{Feed, Feeds, Missing, Retained};

const DEFAULT_PORT: u16 = 1883;
const DEFAULT_KEEP_ALIVE: Duration = Duration::from_secs(10);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_MAX_PACKET_BYTES: usize = 1024 * 1024;

const KEEP_ALIVE_MS: RangeInclusive<u32> = 1_000..=3_600_000;
const CONNECT_TIMEOUT_MS: RangeInclusive<u32> = 100..=60_000;
const SILENCE_MS: RangeInclusive<u32> = 100..=86_400_000;
/// The protocol's own limit is 256 MiB (§2.2.3); nobody's point is that great.
const MAX_PACKET_BYTES: RangeInclusive<i64> = 1_024..=64 * 1024 * 1024;
/// Far below the protocol's 65 535 (§1.5.3), so that a SUBSCRIBE of several topics stays small.
pub(crate) const MAX_TOPIC_BYTES: usize = 1024;

const RETAINED: [(&str, Retained); 3] =
    [("uncertain", Retained::Uncertain), ("good", Retained::Good), ("ignore", Retained::Ignore)];
const MISSING: [(&str, Missing); 2] = [("error", Missing::Error), ("ignore", Missing::Ignore)];

/// One broker connection, as configured.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) broker: Broker,
    pub(crate) client_id: String,
    pub(crate) login: Option<Login>,
    pub(crate) keep_alive: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_packet_bytes: usize,
    pub(crate) devices: Vec<DeviceDeclaration>,
    pub(crate) points: Vec<PointDeclaration>,
    traits: Shared<PointTraits>,
    pub(crate) feeds: Feeds,
    /// By device: how long it may be silent.
    pub(crate) silence: Vec<Option<Duration>>,
}

/// Where the broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broker {
    /// A name or an address; one of version 6 in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Who the gateway is to the broker. The password itself is never part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password_file: Option<PathBuf>,
}

impl Channel {
    /// Takes everything; `None` only together with a refusal.
    pub(crate) fn take(channel: ChannelSettings, refusals: &mut Refusals) -> Option<Self> {
        let before = refusals.len();
        let ChannelSettings { name, mut settings, devices } = channel;
        let broker = take_broker(&mut settings, refusals);
        let client_id = settings
            .text("client_id", refusals)
            .map_or_else(|| default_client_id(&name), |given| given.value);
        let login = take_login(&mut settings, refusals);
        let keep_alive = take_keep_alive(&mut settings, refusals);
        let connect_timeout = settings
            .millis("connect_timeout_ms", CONNECT_TIMEOUT_MS, refusals)
            .map_or(DEFAULT_CONNECT_TIMEOUT, |given| given.value);
        let max_packet_bytes = settings
            .integer("max_packet_bytes", MAX_PACKET_BYTES, refusals)
            .and_then(|given| usize::try_from(given.value).ok())
            .unwrap_or(DEFAULT_MAX_PACKET_BYTES);
        let qos = take_qos(&mut settings, refusals).unwrap_or(QoS::AtMostOnce);
        settings.finish(refusals);

        let mut made = Self {
            name,
            broker: broker.unwrap_or(Broker { host: String::new(), port: DEFAULT_PORT }),
            client_id,
            login,
            keep_alive,
            connect_timeout,
            max_packet_bytes,
            devices: Vec::new(),
            points: Vec::new(),
            traits: Shared::default(),
            feeds: Feeds::default(),
            silence: Vec::new(),
        };
        for (index, device) in (0..).map(DeviceIndex).zip(devices) {
            made.take_device(index, device, qos, refusals);
        }
        (refusals.len() == before).then_some(made)
    }

    fn take_device(
        &mut self,
        index: DeviceIndex,
        device: DeviceSettings,
        qos: QoS,
        refusals: &mut Refusals,
    ) {
        let DeviceSettings { name, mut settings, points } = device;
        let prefix = settings.text("topic_prefix", refusals).map(|given| given.value);
        let retained = settings.choice("retained", &RETAINED, refusals);
        let missing = settings.choice("missing", &MISSING, refusals);
        let silence = settings.millis("silence_ms", SILENCE_MS, refusals);
        settings.finish(refusals);
        let defaults = Defaults {
            device: index,
            prefix: prefix.unwrap_or_default(),
            retained: retained.map_or(Retained::Uncertain, |given| given.value),
            missing: missing.map_or(Missing::Error, |given| given.value),
            qos,
        };
        let address = match defaults.prefix.trim_end_matches('/') {
            "" => self.broker.to_string(),
            prefix => format!("{} {prefix}", self.broker),
        };
        self.devices.push(DeviceDeclaration { name, address });
        self.silence.push(silence.map(|given| given.value));
        for point in points {
            self.take_point(point, &defaults, refusals);
        }
    }

    fn take_point(&mut self, point: PointSettings, defaults: &Defaults, refusals: &mut Refusals) {
        let PointSettings { id, details, mut settings } = point;
        let topic = take_topic(&mut settings, &defaults.prefix, refusals);
        let pointer = take_pointer(&mut settings, refusals);
        let format = TextFormat::take(&mut settings, refusals);
        let qos = take_qos(&mut settings, refusals).unwrap_or(defaults.qos);
        let retained = settings.choice("retained", &RETAINED, refusals);
        let missing = settings.choice("missing", &MISSING, refusals);
        if let (Some(missing), Some(None)) = (&missing, &pointer) {
            let remedy = "add pointer = \"/…\", or leave missing out";
            missing.refuse(
                refusals,
                "missing without pointer: a plain payload lacks no member",
                remedy,
            );
        }
        if details.stale_after.is_none() {
            refusals.push(
                settings.place(),
                settings.field("stale_after_ms"),
                "missing: a point that comes by itself has no scan to derive it from",
                "add stale_after_ms = 60000 (three times the publisher's interval), or \"never\"",
            );
        }
        settings.finish(refusals);
        let (Some(topic), Some(pointer), Some(format), Some(stale_after)) =
            (topic, pointer, format, details.stale_after)
        else {
            return;
        };
        // More points than a u32 counts would not fit the gateway's table either.
        let index = PointIndex(u32::try_from(self.points.len()).unwrap_or(u32::MAX));
        let feed = Feed {
            point: index,
            device: defaults.device,
            pointer,
            retained: retained.map_or(defaults.retained, |given| given.value),
            missing: missing.map_or(defaults.missing, |given| given.value),
            format,
        };
        let traits = self.traits.of(&PointTraits {
            details,
            value_type: feed.format.value_type(),
            scan_interval: None,
            configured_interval: None,
            stale_after,
            writable: false,
        });
        self.points.push(PointDeclaration { id, traits });
        self.feeds.add(topic, qos, feed);
    }
}

/// What a device says once for all its points.
struct Defaults {
    device: DeviceIndex,
    prefix: String,
    retained: Retained,
    missing: Missing,
    qos: QoS,
}

impl std::fmt::Display for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn default_client_id(channel: &str) -> String {
    format!("pointcast-{channel}-{:08x}", rand::random::<u32>())
}

fn take_broker(settings: &mut Settings, refusals: &mut Refusals) -> Option<Broker> {
    let given = settings.text("broker", refusals);
    let given = settings.required(given, "broker", "broker = \"192.168.0.10:1883\"", refusals)?;
    if given.value.contains("://") {
        let remedy = "give host:port; TLS and WebSocket are not spoken here";
        given.refuse(refusals, format!("{:?} is a URL", given.value), remedy);
        return None;
    }
    let broker = parse_broker(&given.value);
    if broker.is_none() {
        let problem = format!("{:?} is no broker's address", given.value);
        given.refuse(refusals, problem, "give \"host\", \"host:1883\" or \"[fd00::1]:1883\"");
    }
    broker
}

fn parse_broker(text: &str) -> Option<Broker> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, DEFAULT_PORT),
    };
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_host = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '/', '[', ']', '@', ' ']),
    };
    (is_host && port != 0).then(|| Broker { host: host.to_owned(), port })
}

fn take_login(settings: &mut Settings, refusals: &mut Refusals) -> Option<Login> {
    let username = settings.text("username", refusals);
    let password_file = settings.text("password_file", refusals);
    if let Some(password) = settings.text("password", refusals) {
        let problem = "a password in the configuration is copied wherever that goes";
        password.refuse(
            refusals,
            problem,
            "put it into a file of its own and give password_file = \"…\"",
        );
    }
    match (username, password_file) {
        (Some(username), file) => Some(Login {
            username: username.value,
            password_file: file.map(|given| given.value.into()),
        }),
        (None, Some(file)) => {
            let problem = "a password without a user name (MQTT 3.1.1 §3.1.2.9 forbids it)";
            file.refuse(refusals, problem, "add username = \"…\"");
            None
        }
        (None, None) => None,
    }
}

fn take_keep_alive(settings: &mut Settings, refusals: &mut Refusals) -> Duration {
    let Some(given) = settings.millis("keep_alive_ms", KEEP_ALIVE_MS, refusals) else {
        return DEFAULT_KEEP_ALIVE;
    };
    if given.value.subsec_millis() != 0 {
        let problem = format!("{} ms is no whole number of seconds", given.value.as_millis());
        given.refuse(refusals, problem, "give a multiple of 1000: MQTT counts seconds (§3.1.2.10)");
    }
    given.value
}

fn take_qos(settings: &mut Settings, refusals: &mut Refusals) -> Option<QoS> {
    let given = settings.integer("qos", 0..=1, refusals)?;
    Some(if given.value == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce })
}

fn take_topic(settings: &mut Settings, prefix: &str, refusals: &mut Refusals) -> Option<String> {
    let given = settings.text("topic", refusals);
    let given = settings.required(given, "topic", "topic = \"site/line1/speed\"", refusals)?;
    let topic = match prefix.trim_end_matches('/') {
        "" => given.value.clone(),
        prefix => format!("{prefix}/{}", given.value.trim_start_matches('/')),
    };
    let problem = if topic.contains(['+', '#']) {
        format!("{topic:?} is a pattern, and a point has one topic: two that match would mix")
    } else if topic.starts_with("$share/") {
        "a shared subscription brings only a part of the messages".to_owned()
    } else if topic.contains('\0') {
        "a topic holds no NUL (MQTT 3.1.1 §4.7.3)".to_owned()
    } else if topic.len() > MAX_TOPIC_BYTES {
        format!("{} bytes, at most {MAX_TOPIC_BYTES} are taken", topic.len())
    } else {
        return Some(topic);
    };
    given.refuse(refusals, problem, "give the one topic that this point's publisher uses");
    None
}

/// The pointer, if there is one: `Some(None)` for plain payloads, `None` when refused.
#[expect(clippy::option_option, reason = "the outer one says refused, the inner one absent")]
fn take_pointer(settings: &mut Settings, refusals: &mut Refusals) -> Option<Option<String>> {
    let Some(given) = settings.text("pointer", refusals) else {
        return Some(None);
    };
    let escapes_are_right = given.value.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if given.value.starts_with('/') && escapes_are_right {
        return Some(Some(given.value));
    }
    let problem = format!("{:?} is no JSON pointer (RFC 6901)", given.value);
    given.refuse(refusals, problem, "give \"/member/0\", with ~1 for / and ~0 for ~ in a name");
    None
}

#[cfg(test)]
mod tests;
