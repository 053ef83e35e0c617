//! What to try where nobody answers, from what came instead.

use crate::registry::probe::Heard;

/// Drivers that speak another framing over the same wire.
fn others(driver: &str) -> &'static str {
    match driver {
        "modbus-tcp" => {
            "--driver modbus-rtu-over-tcp or modbus-ascii-over-tcp (a serial device server)"
        }
        "modbus-rtu-over-tcp" => "--driver modbus-tcp or modbus-ascii-over-tcp",
        "modbus-ascii-over-tcp" => "--driver modbus-rtu-over-tcp or modbus-tcp",
        "modbus-ascii" => "--driver modbus-rtu",
        _ => "--driver modbus-ascii",
    }
}

/// What may be wrong, and what to try.
pub(super) fn hint(driver: &str, heard: Heard) -> String {
    let others = others(driver);
    let is_port = !driver.ends_with("tcp");
    match (heard, is_port) {
        (Heard { no_frames: true, .. }, true) => format!(
            "bytes came, but no valid frame of {driver}: try another speed (--set baud=19200), another parity \
             (--set parity=none or odd), {others}"
        ),
        (Heard { no_frames: true, .. }, false) => {
            format!("bytes came, but no valid frame of {driver}: try {others}{}", far_line(driver))
        }
        (Heard { late: true, .. }, _) => {
            "answers came, but too late: give them more time (--set timeout_ms=3000)".to_owned()
        }
        (Heard { others: true, .. }, _) => {
            "what came answers something else: is there another master, or two devices with one unit id?"
                .to_owned()
        }
        (Heard { closed: true, .. }, _) => format!(
            "the other end closes the connection when it is asked: try another unit, another port, or {others}"
        ),
        (_, true) => format!(
            "nothing came at all: is it another unit? Check the wires A and B, and try another speed \
             (--set baud=19200), another parity (--set parity=none or odd), {others}"
        ),
        (_, false) => format!(
            "nothing came at all: try another unit, another port, or {others}{}",
            far_line(driver)
        ),
    }
}

/// Where the line is behind a serial device server, its speed is set there.
fn far_line(driver: &str) -> &'static str {
    match driver {
        "modbus-tcp" => "",
        _ => "; speed and parity of the line are set in the device server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_next_is_another_framing_and_what_a_line_can_be_set_to() {
        let heard = |no_frames, closed| Heard { no_frames, closed, ..Heard::default() };
        let elsewhere = Heard { others: true, ..Heard::default() };
        let cases = [
            (
                "modbus-tcp",
                heard(true, true),
                "no valid frame of modbus-tcp: try --driver modbus-rtu-over-tcp",
            ),
            (
                "modbus-tcp",
                heard(false, true),
                "closes the connection when it is asked: try another unit",
            ),
            (
                "modbus-tcp",
                heard(false, false),
                "nothing came at all: try another unit, another port, or --driver modbus-rtu",
            ),
            (
                "modbus-rtu-over-tcp",
                heard(true, false),
                "modbus-tcp or modbus-ascii-over-tcp; speed and parity",
            ),
            ("modbus-rtu", heard(true, false), "--set parity=none or odd), --driver modbus-ascii"),
            ("modbus-ascii", heard(false, false), "the wires A and B"),
            ("modbus-tcp", Heard { late: true, others: true, ..heard(false, true) }, "too late"),
            ("modbus-rtu", elsewhere, "is there another master"),
        ];
        for (driver, heard, expected) in cases {
            let told = hint(driver, heard);
            assert!(told.contains(expected), "{driver} {heard:?}: {told}");
        }
        for (driver, _) in crate::registry::PROBES {
            let (own, others) = (format!("{driver} "), others(driver).to_owned() + " ");
            assert!(!others.contains(&own), "{driver} is what was tried");
        }
    }
}
