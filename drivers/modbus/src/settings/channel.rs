//! The channel's own keys: where the bus is and how it is timed.

use std::time::Duration;

use pointcast_api::settings::{Located, Refusals, Settings};

use crate::frame::MAX_REGISTERS;
use crate::line::{Line, Parity};
use crate::plan::{Cost, DEFAULT_TCP_ROUND_TRIP};

const DEFAULT_BAUD: u32 = 9_600;
const DEFAULT_TCP_PORT: u16 = 502;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Modbus over Serial Line V1.02 §2.4.1: a response timeout is typically one second to several.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

/// The least that TCP itself waits on Linux, for the same reason: devices pause now and then, to write to flash
/// or to finish a program cycle, and a request more than needed makes it no better.
const DEFAULT_TIMEOUT_MIN: Duration = Duration::from_millis(200);

/// One more try hides a single damaged frame from dashboards; more would only make a dead unit dearer.
const DEFAULT_RETRIES: u8 = 1;

/// Slaves think 5 to 30 ms before they answer. The least is assumed, so that no gap is read over that a
/// request would have been cheaper for.
const DEFAULT_TURNAROUND: Duration = Duration::from_millis(5);

/// Rates that serial ports and adapters are made for.
const BAUD_RATES: [u32; 20] = [
    300, 600, 1_200, 1_800, 2_400, 4_800, 9_600, 14_400, 19_200, 28_800, 38_400, 56_000, 57_600,
    76_800, 115_200, 187_500, 230_400, 460_800, 500_000, 921_600,
];

/// A channel's keys, checked.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) transport: Transport,
    /// For devices that do not give their own.
    pub(crate) timeout: Duration,
    /// A learned timeout is so much longer than the mean, but never longer than `timeout`.
    pub(crate) timeout_min: Duration,
    pub(crate) retries: u8,
    /// In registers.
    pub(crate) max_gap: Option<u16>,
    pub(crate) request_gap: Duration,
}

/// Which kind of bus it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Transport {
    Tcp(TcpSettings),
    Rtu(RtuSettings),
}

/// A TCP server or gateway.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TcpSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) connect_timeout: Duration,
    /// How long a request and its reply take, for predictions only.
    pub(crate) round_trip: Duration,
}

/// A serial port.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RtuSettings {
    pub(crate) port: String,
    pub(crate) line: Line,
    /// As configured; otherwise it follows from the longest timeout of the channel's devices.
    pub(crate) max_reply_delay: Option<Located<Duration>>,
}

/// Which constructor was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Rtu,
}

impl Channel {
    /// How long a device is taken to need for an answer before any was measured: the turnaround on a line, the
    /// round trip on TCP.
    pub(crate) fn assumed_pace(&self) -> Duration {
        match &self.transport {
            Transport::Tcp(tcp) => tcp.round_trip,
            Transport::Rtu(rtu) => rtu.line.turnaround,
        }
    }

    /// What requests cost of a device that takes `pace` to answer.
    pub(crate) fn cost(&self, pace: Duration) -> Cost {
        match &self.transport {
            Transport::Tcp(_) => Cost::tcp(pace, self.request_gap),
            Transport::Rtu(rtu) => Cost::serial(&rtu.line, pace, self.request_gap),
        }
    }

    /// Where the bus is, for people.
    pub(crate) fn place(&self) -> String {
        match &self.transport {
            Transport::Tcp(tcp) if tcp.host.contains(':') => format!("[{}]:{}", tcp.host, tcp.port),
            Transport::Tcp(tcp) => format!("{}:{}", tcp.host, tcp.port),
            Transport::Rtu(rtu) => rtu.port.clone(),
        }
    }
}

/// Takes the channel's keys.
///
/// A default stands in for whatever was refused, so that the rest can be checked as well.
pub(crate) fn check(mut keys: Settings, kind: Kind, refusals: &mut Refusals) -> Channel {
    let transport = match kind {
        Kind::Tcp => Transport::Tcp(tcp(&mut keys, refusals)),
        Kind::Rtu => Transport::Rtu(rtu(&mut keys, refusals)),
    };
    let timeout = keys.millis("timeout_ms", 1..=600_000, refusals);
    let timeout_min = keys.millis("timeout_min_ms", 1..=600_000, refusals);
    let retries = keys.integer("retries", 0..=10, refusals);
    let max_gap = keys.integer("max_gap", 0..=i64::from(MAX_REGISTERS), refusals);
    let request_gap = keys.millis("request_gap_ms", 0..=60_000, refusals);
    let request_gap = request_gap.map_or(Duration::ZERO, |gap| gap.value);
    keys.finish(refusals);
    let timeout = timeout.map_or(DEFAULT_TIMEOUT, |timeout| timeout.value);
    if let Some(least) = timeout_min.as_ref().filter(|least| least.value > timeout) {
        let most = timeout.as_millis();
        let problem = format!("{} ms is more than timeout_ms, {most}", least.value.as_millis());
        least.refuse(refusals, problem, format!("give {most} or less"));
    }
    Channel {
        transport,
        timeout,
        timeout_min: timeout_min.map_or(DEFAULT_TIMEOUT_MIN, |least| least.value),
        retries: retries
            .and_then(|retries| u8::try_from(retries.value).ok())
            .unwrap_or(DEFAULT_RETRIES),
        max_gap: max_gap.and_then(|gap| u16::try_from(gap.value).ok()),
        request_gap,
    }
}

fn tcp(keys: &mut Settings, refusals: &mut Refusals) -> TcpSettings {
    let address = keys.text("address", refusals);
    let address = keys.required(address, "address", "address = \"192.168.0.10:502\"", refusals);
    let connect_timeout = keys.millis("connect_timeout_ms", 1..=60_000, refusals);
    let round_trip = keys.millis("round_trip_ms", 0..=10_000, refusals);
    let found = address.as_ref().and_then(|address| host_and_port(&address.value));
    if let (None, Some(address)) = (&found, &address) {
        let problem = format!("{:?} is no host and port", address.value);
        address.refuse(refusals, problem, "give host:port, or a host alone for port 502");
    }
    let (host, port) = found.unwrap_or_default();
    TcpSettings {
        host,
        port,
        connect_timeout: connect_timeout.map_or(DEFAULT_CONNECT_TIMEOUT, |timeout| timeout.value),
        round_trip: round_trip.map_or(DEFAULT_TCP_ROUND_TRIP, |time| time.value),
    }
}

/// `host`, `host:port`, `[::1]`, `[::1]:port` or a bare IPv6 address.
fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
            (host, port)
        }
        None if text.parse::<std::net::Ipv6Addr>().is_ok() => (text, None),
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let named = !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/')
        && (text.starts_with('[') || host == text || !host.contains(':'));
    let port = match port {
        None => DEFAULT_TCP_PORT,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            port.parse().ok().filter(|port| *port > 0)?
        }
        Some(_) => return None,
    };
    named.then(|| (host.to_owned(), port))
}

fn rtu(keys: &mut Settings, refusals: &mut Refusals) -> RtuSettings {
    let port = keys.text("port", refusals);
    let port = keys.required(port, "port", "port = \"/dev/ttyUSB0\"", refusals);
    let baud = keys.integer("baud", 1..=i64::from(u32::MAX), refusals);
    let data_bits = keys.integer("data_bits", 1..=16, refusals);
    let parities = [("even", Parity::Even), ("odd", Parity::Odd), ("none", Parity::None)];
    let parity = keys.choice("parity", &parities, refusals);
    let stop_bits = keys.integer("stop_bits", 1..=2, refusals);
    let turnaround = keys.millis("turnaround_ms", 0..=10_000, refusals);
    let max_reply_delay = keys.millis("max_reply_delay_ms", 1..=600_000, refusals);
    if let Some(bits) = data_bits.filter(|bits| bits.value != 8) {
        let problem = format!("{} data bits cannot carry RTU frames", bits.value);
        bits.refuse(refusals, problem, "give 8");
    }
    let rate = match &baud {
        None => Some(DEFAULT_BAUD),
        Some(baud) => BAUD_RATES.iter().copied().find(|rate| i64::from(*rate) == baud.value),
    };
    if let (None, Some(baud)) = (rate, &baud) {
        let list: Vec<_> = BAUD_RATES.iter().map(u32::to_string).collect();
        let problem = format!("{} is no usual rate", baud.value);
        baud.refuse(refusals, problem, format!("give one of {}", list.join(", ")));
    }
    let line = Line {
        baud: rate.unwrap_or(DEFAULT_BAUD),
        parity: parity.map_or(Parity::Even, |parity| parity.value),
        stop_bits: stop_bits.and_then(|bits| u8::try_from(bits.value).ok()).unwrap_or(1),
        turnaround: turnaround.map_or(DEFAULT_TURNAROUND, |turnaround| turnaround.value),
    };
    RtuSettings { port: port.map(|port| port.value).unwrap_or_default(), line, max_reply_delay }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, u16)>) {
        let expected = expected.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(host_and_port(text), expected, "{text}");
    }

    #[test]
    fn a_host_alone_means_port_502() {
        check("10.0.0.1", Some(("10.0.0.1", 502)));
        check("plc.local:1502", Some(("plc.local", 1502)));
        check("[::1]", Some(("::1", 502)));
        check("[fe80::1]:503", Some(("fe80::1", 503)));
        check("::1", Some(("::1", 502)));
        for text in [
            "", ":502", "a:", "a:0", "a:65536", "a:+5", "a:b", "[::1", "[x]:5", "a b", "a/b:5",
            "a:5:6",
        ] {
            check(text, None);
        }
    }
}
