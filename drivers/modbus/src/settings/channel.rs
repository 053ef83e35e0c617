//! The channel's own keys: where the bus is and how it is timed.

use std::ops::RangeInclusive;
use std::time::Duration;

use pointcast_api::settings::{Refusals, Settings};

use super::endpoint::{self, Endpoint};
use super::serial::{self, Reach, SerialSettings};
use super::tls;
use crate::frame::{MAX_REGISTERS, ReadRequest};
use crate::line::{Coding, Line};
use crate::plan::{Cost, DEFAULT_TCP_ROUND_TRIP};
use crate::tls::TlsSettings;

const DEFAULT_TCP_PORT: u16 = 502;

/// Of Modbus/TCP Security, as registered with IANA.
const DEFAULT_TLS_PORT: u16 = 802;

/// Modbus over Serial Line V1.02 §2.4.1: a response timeout is typically one second to several.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

/// The least that TCP itself waits on Linux, for the same reason: devices pause now and then, to write to flash
/// or to finish a program cycle, and a request more than needed makes it no better.
const DEFAULT_TIMEOUT_MIN: Duration = Duration::from_millis(200);

/// One more try hides a single damaged frame from dashboards; more would only make a dead unit dearer.
const DEFAULT_RETRIES: u8 = 1;

/// Most requests that may be on their way at once. Messaging on TCP/IP Implementation Guide V1.0b: a server takes 1 to
/// 16 (NumberMaxOfServerTransaction) and says that it is busy to what is more.
pub(crate) const MAX_IN_FLIGHT: u8 = 16;

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
    /// How many requests may be on their way at once, as configured; 1 but for Modbus TCP.
    pub(crate) max_in_flight: u8,
}

/// Which kind of bus it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Transport {
    /// Frames that are numbered, perhaps encrypted.
    Tcp(Endpoint, Option<TlsSettings>),
    /// Frames as on a serial line.
    Serial(SerialSettings),
}

/// What a request takes on a quick local network, of a quick device.
const QUICK_TCP_ROUND_TRIP: Duration = Duration::from_micros(200);

/// Which constructor was called: what frames look like, and whether a line's port is here or behind a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Rtu,
    RtuOverTcp,
    Ascii,
    AsciiOverTcp,
}

impl Kind {
    /// Which unit ids there may be. Over TCP 0 and 255 mean the server itself; on a line 0 is everybody, who would
    /// not answer, and those above 247 are reserved (Modbus over Serial Line V1.02 §2.2).
    pub(crate) fn units(self) -> RangeInclusive<u8> {
        match self {
            Self::Tcp => 0..=255,
            Self::Rtu | Self::RtuOverTcp | Self::Ascii | Self::AsciiOverTcp => 1..=247,
        }
    }
}

impl Channel {
    /// How long a device is taken to need for an answer before any was measured: the turnaround on a line, the
    /// round trip on TCP.
    pub(crate) fn assumed_pace(&self) -> Duration {
        self.pace(DEFAULT_TCP_ROUND_TRIP)
    }

    /// The same for those who ask whether there is time for everything: a quick network is assumed. Who is slower is
    /// measured, and revised then; who was taken to be slower would be read less often for good.
    pub(crate) fn hoped_pace(&self) -> Duration {
        self.pace(QUICK_TCP_ROUND_TRIP)
    }

    fn pace(&self, unknown: Duration) -> Duration {
        let round_trip = |server: &Endpoint| server.round_trip.unwrap_or(unknown);
        match &self.transport {
            Transport::Tcp(server, _) => round_trip(server),
            Transport::Serial(SerialSettings { reach, line, .. }) => match reach {
                Reach::Port(_) => line.turnaround,
                Reach::Network(server) => line.turnaround + round_trip(server),
            },
        }
    }

    /// What requests cost of a device that takes `pace` to answer.
    pub(crate) fn cost(&self, pace: Duration) -> Cost {
        match &self.transport {
            Transport::Tcp(..) => Cost::tcp(pace, self.request_gap),
            Transport::Serial(serial) => match serial.known_line() {
                Some(line) => Cost::serial(line, pace + serial.rts_delay(), self.request_gap),
                None => Cost::behind(&serial.line, pace, self.request_gap),
            },
        }
    }

    /// Predicted time on the wire of a device that takes `pace` to answer: from the first bit of `request` to the
    /// last of its reply. Where the line is unknown, all that lies between us and it is part of that.
    pub(crate) fn wire_time(&self, pace: Duration, request: &ReadRequest) -> Duration {
        match &self.transport {
            Transport::Serial(SerialSettings { line, is_known: true, .. }) => {
                Line { turnaround: pace, ..*line }.exchange(request)
            }
            Transport::Serial(serial) => {
                Cost::behind(&serial.line, pace, Duration::ZERO).time(request)
            }
            Transport::Tcp(..) => Cost::tcp(pace, Duration::ZERO).time(request),
        }
    }

    /// Where the bus is, for people.
    pub(crate) fn place(&self) -> String {
        match &self.transport {
            Transport::Tcp(endpoint, _)
            | Transport::Serial(SerialSettings { reach: Reach::Network(endpoint), .. }) => {
                endpoint.place()
            }
            Transport::Serial(SerialSettings { reach: Reach::Port(port), .. }) => port.path.clone(),
        }
    }
}

/// Takes the channel's keys.
///
/// A default stands in for whatever was refused, so that the rest can be checked as well.
pub(crate) fn check(mut keys: Settings, kind: Kind, refusals: &mut Refusals) -> Channel {
    let transport = match kind {
        Kind::Tcp => tcp(&mut keys, refusals),
        Kind::Rtu => Transport::Serial(serial::port(&mut keys, Coding::Rtu, refusals)),
        Kind::RtuOverTcp => Transport::Serial(serial::network(&mut keys, Coding::Rtu, refusals)),
        Kind::Ascii => Transport::Serial(serial::port(&mut keys, Coding::Ascii, refusals)),
        Kind::AsciiOverTcp => {
            Transport::Serial(serial::network(&mut keys, Coding::Ascii, refusals))
        }
    };
    let timeout = keys.millis("timeout_ms", 1..=600_000, refusals);
    let timeout_min = keys.millis("timeout_min_ms", 1..=600_000, refusals);
    let retries = keys.integer("retries", 0..=10, refusals);
    let max_gap = keys.integer("max_gap", 0..=i64::from(MAX_REGISTERS), refusals);
    let request_gap = keys.millis("request_gap_ms", 0..=60_000, refusals);
    let request_gap = request_gap.map_or(Duration::ZERO, |gap| gap.value);
    let max_in_flight = in_flight(&mut keys, kind, request_gap, refusals);
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
        max_in_flight,
    }
}

/// Takes `max_in_flight`, which is for frames with a number alone: any other answer says nothing of its request.
fn in_flight(keys: &mut Settings, kind: Kind, gap: Duration, refusals: &mut Refusals) -> u8 {
    if kind != Kind::Tcp {
        if let Some(depth) = keys.misplaced("max_in_flight") {
            depth.refuse(
                refusals,
                "frames of a serial line have no number, so one request at a time is on its way",
                "leave it away, or take driver = \"modbus-tcp\" if it is a gateway that speaks Modbus TCP",
            );
        }
        return 1;
    }
    let depth = keys.integer("max_in_flight", 1..=i64::from(MAX_IN_FLIGHT), refusals);
    if let Some(depth) = depth.as_ref().filter(|depth| depth.value > 1 && !gap.is_zero()) {
        depth.refuse(
            refusals,
            format!("requests that are {} ms apart are not on their way together", gap.as_millis()),
            "leave max_in_flight or request_gap_ms away",
        );
    }
    depth.and_then(|depth| u8::try_from(depth.value).ok()).unwrap_or(1)
}

fn tcp(keys: &mut Settings, refusals: &mut Refusals) -> Transport {
    let tls = tls::take(keys, refusals);
    let default_port = if tls.is_wanted() { DEFAULT_TLS_PORT } else { DEFAULT_TCP_PORT };
    let endpoint = endpoint::take(keys, Some(default_port), refusals);
    if let Some(baud) = keys.misplaced("baud") {
        baud.refuse(
            refusals,
            "Modbus TCP has no baud",
            "take driver = \"modbus-rtu-over-tcp\" if the serial device server passes RTU frames on as they are",
        );
    }
    let tls = tls.check(&endpoint.host, refusals);
    Transport::Tcp(endpoint, tls)
}
