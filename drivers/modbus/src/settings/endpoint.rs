//! Where a connection goes: host and port, and how long connecting may take.

use std::time::Duration;

use pointcast_api::settings::{Refusals, Settings};

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Whom to connect to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) connect_timeout: Duration,
    /// How long the network takes for a request and its reply, for predictions only.
    /// As configured; `None`: nobody knows before it is measured.
    pub(crate) round_trip: Option<Duration>,
}

impl Endpoint {
    /// Where it is, for people.
    pub(crate) fn place(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Takes `address` and `connect_timeout_ms`; an address without a port means `default_port`, if there is one.
pub(super) fn take(
    keys: &mut Settings,
    default_port: Option<u16>,
    refusals: &mut Refusals,
) -> Endpoint {
    let address = keys.text("address", refusals);
    let example = default_port.map_or("address = \"192.168.0.10:4001\"".to_owned(), |port| {
        format!("address = \"192.168.0.10:{port}\"")
    });
    let address = keys.required(address, "address", &example, refusals);
    let connect_timeout = keys.millis("connect_timeout_ms", 1..=60_000, refusals);
    let round_trip = keys.millis("round_trip_ms", 0..=10_000, refusals);
    refuse_port(keys, refusals);
    let found = address.as_ref().and_then(|address| host_and_port(&address.value, default_port));
    if let (None, Some(address)) = (&found, &address) {
        let problem = format!("{:?} is no host and port", address.value);
        let remedy = default_port.map_or(
            "give host:port; serial device servers have no usual port".to_owned(),
            |port| format!("give host:port, or a host alone for port {port}"),
        );
        address.refuse(refusals, problem, remedy);
    }
    let (host, port) = found.unwrap_or_default();
    Endpoint {
        host,
        port,
        connect_timeout: connect_timeout.map_or(DEFAULT_CONNECT_TIMEOUT, |timeout| timeout.value),
        round_trip: round_trip.map(|time| time.value),
    }
}

/// `port` is a serial one; who means the other one, or another driver, is told.
fn refuse_port(keys: &mut Settings, refusals: &mut Refusals) {
    if let Some(port) = keys.misplaced("port") {
        let remedy = match port.value.parse::<u16>() {
            Ok(port) => format!("write it into address: \"host:{port}\""),
            Err(_) => "take driver = \"modbus-rtu\" or \"modbus-ascii\" for it".to_owned(),
        };
        port.refuse(refusals, "a connection has no serial port", remedy);
    }
}

/// `host`, `host:port`, `[::1]`, `[::1]:port` or a bare IPv6 address.
fn host_and_port(text: &str, default_port: Option<u16>) -> Option<(String, u16)> {
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
        None => default_port?,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            port.parse().ok().filter(|port| *port > 0)?
        }
        Some(_) => return None,
    };
    named.then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, u16)>) {
        let expected = expected.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(host_and_port(text, Some(502)), expected, "{text}");
        let with_its_own = expected.filter(|(_, port)| *port != 502);
        assert_eq!(host_and_port(text, None), with_its_own, "{text}");
    }

    #[test]
    fn a_host_alone_means_the_usual_port() {
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
