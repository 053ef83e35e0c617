//! What typed lines do, and what is said. Pure but for the fault board.

use std::fmt::Display;

use pointcast_sim::{Device, Failure, FaultBoard, Running};

use crate::cli::table::Table;

const HELP: &str =
    "  boiler late 300    the boiler answers 300 ms late; `boiler=late:300` means the same
  boiler ok          it works again
  all ok             everything works again
  list               the table below
  help               this
  quit               stops everything, as Ctrl-C does

";

/// What to do when another program has a place.
const TAKEN: &str = "
    the simulated devices already run, probably inside a gateway with [simulation]: take that section out
    of its configuration, or use --only, --modbus-tcp, --modbus-rtu, --scale or --mqtt";

/// What follows from a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The line was empty.
    Nothing,
    /// Something to say.
    Say(String),
    /// The devices are to stop.
    Quit,
}

/// Does what a line says, in whatever case its letters are. `devices` are those that are simulated.
pub(super) fn obey(line: &str, faults: &FaultBoard, devices: &[Device]) -> Outcome {
    let line = line.to_ascii_lowercase();
    let words: Vec<&str> = line.split_whitespace().collect();
    let apply = |text: &str| match faults.apply_among(text, devices) {
        Ok(()) => text.to_owned(),
        Err(error) => format!("{error}; `help` shows how"),
    };
    Outcome::Say(match words.as_slice() {
        [] => return Outcome::Nothing,
        ["quit" | "exit"] => return Outcome::Quit,
        ["help" | "?"] => format!("{HELP}{}", list(faults, devices)),
        ["list"] => list(faults, devices),
        ["all", "ok"] => {
            let all = devices.iter().map(|device| apply(&ok(*device)));
            all.collect::<Vec<_>>().join("\n")
        }
        [device, fault] => apply(&format!("{device}={fault}")),
        [device, fault, number] => apply(&format!("{device}={fault}:{number}")),
        _ => apply(line.trim()),
    })
}

fn ok(device: Device) -> String {
    format!("{}=ok", device.name())
}

fn list(faults: &FaultBoard, devices: &[Device]) -> String {
    let mut table = Table::new(&[("device", false), ("now", false), ("can be", false)]);
    for device in devices {
        let now = faults.of(*device).to_string();
        table.row(vec![device.name().to_owned(), now, device.fault_words().join(", ")]);
    }
    table.render(2).trim_end().to_owned()
}

/// Why the devices cannot run, and what to do about it; `None` when nothing failed.
pub(super) fn trouble(failures: &[Failure]) -> Option<String> {
    let told = |failure: &Failure| format!("{}: {}", failure.place, failure.why);
    let told: Vec<String> = failures.iter().map(told).collect();
    let taken = failures.iter().any(|failure| failure.taken);
    let remedy = if taken { TAKEN } else { "" };
    (!told.is_empty()).then(|| format!("{}{remedy}", told.join("\n                 ")))
}

/// What came and what went between two moments, a line each.
pub(super) fn changes(before: &Running, now: &Running) -> Vec<String> {
    fn part<T: PartialEq>(
        name: &str,
        holds: &str,
        (before, now): (&Option<T>, &Option<T>),
        show: impl Fn(&T) -> String,
    ) -> Option<String> {
        match (before, now) {
            (before, now) if before == now => None,
            (_, Some(place)) => Some(format!("{name:<19}  {}  {holds}", show(place))),
            (_, None) => Some(format!("{name:<19}  gone")),
        }
    }
    fn plain(place: &impl Display) -> String {
        place.to_string()
    }
    let path = |path: &std::path::PathBuf| path.display().to_string();
    let houses = "greenhouse1, greenhouse2";
    [
        part("modbus-tcp", "meter, boiler, pumps", (&before.modbus_tcp, &now.modbus_tcp), plain),
        part("modbus-rtu", houses, (&before.modbus_rtu, &now.modbus_rtu), path),
        part(
            "modbus-rtu-over-tcp",
            houses,
            (&before.modbus_rtu_over_tcp, &now.modbus_rtu_over_tcp),
            plain,
        ),
        part("modbus-ascii", houses, (&before.modbus_ascii, &now.modbus_ascii), path),
        part("scale", "scale", (&before.scale, &now.scale), path),
        part("mqtt", "broker, weather", (&before.mqtt, &now.mqtt), plain),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str, faults: &FaultBoard) -> String {
        match obey(line, faults, &Device::ALL) {
            Outcome::Say(words) => words,
            other @ (Outcome::Nothing | Outcome::Quit) => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn a_fault_may_be_typed_either_way() {
        let faults = FaultBoard::new();
        assert_eq!(told("boiler late 300\n", &faults), "boiler=late:300");
        assert_eq!(faults.to_string(), "boiler=late:300");
        assert_eq!(told("  meter=silent ", &faults), "meter=silent");
        assert_eq!(told("boiler  ok", &faults), "boiler=ok");
        assert_eq!(faults.to_string(), "meter=silent");
        assert!(told("all ok", &faults).starts_with("meter=ok\nboiler=ok\n"));
        assert_eq!(faults.to_string(), "ok");
        assert_eq!(told("Boiler SILENT", &faults), "boiler=silent");
        assert_eq!(obey(" \n", &faults, &[]), Outcome::Nothing);
        assert_eq!(obey("quit\n", &faults, &[]), Outcome::Quit);
    }

    #[test]
    fn a_wrong_line_changes_nothing_and_says_what_would_be_right() {
        let faults = FaultBoard::new();
        assert!(told("kettle ok", &faults).contains("there are meter, boiler"));
        assert!(told("boiler sleepy", &faults).contains("it knows ok, silent"));
        assert!(told("boiler", &faults).contains("`help` shows how"));
        assert!(told("a b c d", &faults).contains("`help` shows how"));
        assert_eq!(
            told("boiler ok now", &faults),
            "`ok` takes no number, nor anything else behind it; `help` shows how"
        );
        assert_eq!(faults.to_string(), "ok");
    }

    #[test]
    fn what_stands_is_listed() {
        let faults = FaultBoard::new();
        faults.apply("scale=cut").unwrap();
        let list = told("list", &faults);
        assert_eq!(list.lines().count(), 1 + Device::ALL.len());
        assert!(
            list.contains("  scale        cut  ok, silent, garbled, cut, disconnect"),
            "{list}"
        );
        let help = told("help", &faults);
        assert!(help.starts_with("  boiler late 300 ") && help.contains("\n  quit "), "{help}");
        assert!(help.ends_with(&list), "{help}");
    }

    #[test]
    fn only_what_is_simulated_is_listed() {
        let site = pointcast_sim::Settings::default_site();
        assert_eq!(site.devices(), Device::ALL);
        let none = pointcast_sim::Settings::none();
        let devices = pointcast_sim::Settings { modbus_tcp: site.modbus_tcp, ..none }.devices();
        assert_eq!(devices, [Device::Meter, Device::Boiler, Device::Pumps]);
        let faults = FaultBoard::new();
        for line in ["list", "help"] {
            let Outcome::Say(list) = obey(line, &faults, &devices) else { panic!("{line}") };
            assert!(list.contains("  pumps ") && !list.contains("scale"), "{list}");
        }
        let absent = obey("scale cut", &faults, &devices);
        let told =
            "`scale` is not simulated here; there are meter, boiler, pumps; `help` shows how";
        assert_eq!(absent, Outcome::Say(told.to_owned()));
        assert_eq!(faults.to_string(), "ok");
        let all_ok = obey("all ok", &faults, &devices);
        assert_eq!(all_ok, Outcome::Say("meter=ok\nboiler=ok\npumps=ok".to_owned()));
    }

    #[test]
    fn what_comes_and_goes_is_said() {
        let nothing = Running::default();
        let here = Running {
            modbus_tcp: Some("127.0.0.1:15020".parse().unwrap()),
            scale: Some("/tmp/scale".into()),
            ..Running::default()
        };
        assert_eq!(
            changes(&nothing, &here),
            [
                "modbus-tcp           127.0.0.1:15020  meter, boiler, pumps",
                "scale                /tmp/scale  scale"
            ]
        );
        assert_eq!(changes(&here, &here), Vec::<String>::new());
        assert_eq!(
            changes(&here, &nothing),
            ["modbus-tcp           gone", "scale                gone"]
        );
    }

    #[test]
    fn what_cannot_run_is_told_with_what_to_do() {
        let failure = |place: &str, why: &str, taken| Failure {
            place: place.to_owned(),
            why: why.to_owned(),
            taken,
        };
        let denied = failure("0.0.0.0:502", "permission denied", false);
        let taken = failure("127.0.0.1:15020", "address in use", true);
        assert_eq!(trouble(&[]), None);
        assert_eq!(
            trouble(std::slice::from_ref(&denied)).unwrap(),
            "0.0.0.0:502: permission denied"
        );
        let both = trouble(&[denied, taken]).unwrap();
        assert!(both.contains("\n                 127.0.0.1:15020: address in use\n"), "{both}");
        assert!(both.contains("probably inside a gateway with [simulation]"), "{both}");
    }
}
