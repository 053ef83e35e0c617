//! The keys of a serial line, whether its port is here or behind a connection.

use std::ops::RangeInclusive;
use std::time::Duration;

use pointcast_api::settings::{Located, Refusals, Settings};

use super::endpoint::{self, Endpoint};
use crate::line::{Coding, Line, Parity};

const DEFAULT_BAUD: u32 = 9_600;

/// Slaves think 5 to 30 ms before they answer. The least is assumed, so that no gap is read over that a
/// request would have been cheaper for.
const DEFAULT_TURNAROUND: Duration = Duration::from_millis(5);

/// Rates that serial ports and adapters are made for.
const BAUD_RATES: [u32; 20] = [
    300, 600, 1_200, 1_800, 2_400, 4_800, 9_600, 14_400, 19_200, 28_800, 38_400, 56_000, 57_600,
    76_800, 115_200, 187_500, 230_400, 460_800, 500_000, 921_600,
];

/// The kernel takes no more than 100 ms (`RS485_MAX_RTS_DELAY`).
const RTS_DELAY_MS: RangeInclusive<u32> = 0..=100;

/// A serial line, and how it is reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SerialSettings {
    pub(crate) reach: Reach,
    /// As configured, and as assumed where nothing is.
    pub(crate) line: Line,
    /// Whether the line is as configured. A port's is; one behind a connection may be unknown.
    pub(crate) is_known: bool,
    /// As configured; otherwise it follows from the longest timeout of the channel's devices.
    pub(crate) max_reply_delay: Option<Located<Duration>>,
}

/// How a serial line is reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reach {
    /// By a port of this machine.
    Port(PortSettings),
    /// By a serial device server.
    Network(Endpoint),
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortSettings {
    /// Its device file.
    pub(crate) path: String,
    /// Whether and how the kernel switches a transceiver; left alone otherwise.
    pub(crate) rs485: Option<Rs485>,
}

/// How RTS tells a transceiver to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rs485 {
    /// Low while sending, high otherwise.
    pub(crate) is_inverted: bool,
    pub(crate) delay_before: Duration,
    pub(crate) delay_after: Duration,
}

impl SerialSettings {
    /// How much longer a request takes where RTS is switched for it.
    pub(crate) fn rts_delay(&self) -> Duration {
        match &self.reach {
            Reach::Port(PortSettings { rs485: Some(rs485), .. }) => {
                rs485.delay_before + rs485.delay_after
            }
            Reach::Port(_) | Reach::Network(_) => Duration::ZERO,
        }
    }

    /// The line, where its parameters are known.
    pub(crate) fn known_line(&self) -> Option<&Line> {
        self.is_known.then_some(&self.line)
    }
}

/// Takes the keys of a line with its port on this machine.
pub(super) fn port(keys: &mut Settings, coding: Coding, refusals: &mut Refusals) -> SerialSettings {
    let port = keys.text("port", refusals);
    let port = keys.required(port, "port", "port = \"/dev/ttyUSB0\"", refusals);
    if let Some(address) = keys.misplaced("address") {
        let driver = format!("driver = \"modbus-{}-over-tcp\"", word(coding));
        let problem = "a serial port has no address";
        address.refuse(refusals, problem, format!("take {driver} for a serial device server"));
    }
    let rs485 = take_rs485(keys, refusals);
    let taken = take_line(keys, coding, refusals);
    let path = port.map(|port| port.value).unwrap_or_default();
    SerialSettings {
        reach: Reach::Port(PortSettings { path, rs485 }),
        is_known: true,
        line: taken.line,
        max_reply_delay: taken.max_reply_delay,
    }
}

/// Takes `rs485` and what belongs to it.
fn take_rs485(keys: &mut Settings, refusals: &mut Refusals) -> Option<Rs485> {
    let rs485 = keys.flag("rs485", refusals);
    let on_send = keys.choice("rts_on_send", &[("high", false), ("low", true)], refusals);
    let before = keys.millis("rts_delay_before_ms", RTS_DELAY_MS, refusals);
    let after = keys.millis("rts_delay_after_ms", RTS_DELAY_MS, refusals);
    if rs485.is_some_and(|rs485| rs485.value) {
        return Some(Rs485 {
            is_inverted: on_send.is_some_and(|on_send| on_send.value),
            delay_before: before.map_or(Duration::ZERO, |delay| delay.value),
            delay_after: after.map_or(Duration::ZERO, |delay| delay.value),
        });
    }
    let unused = [
        on_send.map(|set| set.map(|_| ())),
        before.map(|set| set.map(|_| ())),
        after.map(|set| set.map(|_| ())),
    ];
    for unused in unused.iter().flatten() {
        unused.refuse(refusals, "RTS is left alone without rs485", "add rs485 = true");
    }
    None
}

/// Takes the keys of a line behind a serial device server.
pub(super) fn network(
    keys: &mut Settings,
    coding: Coding,
    refusals: &mut Refusals,
) -> SerialSettings {
    let endpoint = endpoint::take(keys, None, refusals);
    let taken = take_line(keys, coding, refusals);
    if !taken.has_baud {
        for (set, key) in taken.depend_on_baud {
            if let Some(set) = set {
                let problem = format!("without baud, {key} says nothing");
                set.refuse(refusals, problem, "add the far line's baud, e.g. baud = 9600");
            }
        }
    }
    SerialSettings {
        reach: Reach::Network(endpoint),
        is_known: taken.has_baud,
        line: taken.line,
        max_reply_delay: taken.max_reply_delay,
    }
}

/// How a coding is called in drivers' names.
fn word(coding: Coding) -> &'static str {
    match coding {
        Coding::Rtu => "rtu",
        Coding::Ascii => "ascii",
    }
}

struct Taken {
    line: Line,
    has_baud: bool,
    /// Where those keys stand that mean nothing alone.
    depend_on_baud: [(Option<Located<()>>, &'static str); 4],
    max_reply_delay: Option<Located<Duration>>,
}

fn take_line(keys: &mut Settings, coding: Coding, refusals: &mut Refusals) -> Taken {
    let baud = keys.integer("baud", 1..=i64::from(u32::MAX), refusals);
    let data_bits = keys.integer("data_bits", 1..=16, refusals);
    let parities = [("even", Parity::Even), ("odd", Parity::Odd), ("none", Parity::None)];
    let parity = keys.choice("parity", &parities, refusals);
    let stop_bits = keys.integer("stop_bits", 1..=2, refusals);
    let turnaround = keys.millis("turnaround_ms", 0..=10_000, refusals);
    let max_reply_delay = keys.millis("max_reply_delay_ms", 1..=600_000, refusals);
    let allowed: &[u8] = match coding {
        Coding::Rtu => &[8],
        Coding::Ascii => &[7, 8],
    };
    let bits = match &data_bits {
        None => allowed.first().copied(),
        Some(bits) => allowed.iter().copied().find(|known| i64::from(*known) == bits.value),
    };
    if let (None, Some(bits)) = (bits, &data_bits) {
        let list: Vec<_> = allowed.iter().map(u8::to_string).collect();
        let frames = word(coding).to_uppercase();
        let problem = format!("{} data bits cannot carry {frames} frames", bits.value);
        bits.refuse(refusals, problem, format!("give {}", list.join(" or ")));
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
        coding,
        baud: rate.unwrap_or(DEFAULT_BAUD),
        data_bits: bits.unwrap_or(8),
        parity: parity.as_ref().map_or(Parity::Even, |parity| parity.value),
        stop_bits: stop_bits.as_ref().and_then(|n| u8::try_from(n.value).ok()).unwrap_or(1),
        turnaround: turnaround.as_ref().map_or(DEFAULT_TURNAROUND, |turnaround| turnaround.value),
    };
    let depend_on_baud = [
        (data_bits.map(|set| set.map(|_| ())), "data_bits"),
        (parity.map(|set| set.map(|_| ())), "parity"),
        (stop_bits.map(|set| set.map(|_| ())), "stop_bits"),
        (turnaround.map(|set| set.map(|_| ())), "turnaround_ms"),
    ];
    Taken { line, has_baud: baud.is_some(), depend_on_baud, max_reply_delay }
}
