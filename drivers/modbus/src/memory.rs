//! What was learned, as text that outlives the program: the registers that devices refuse. Pure.
//!
//! One line each, `hole <unit> <function> <first> <end> <device>`, below a line that says version and format. A
//! line counts only for a device of that name and unit that still has a point of just that range: whatever else
//! was meant is passed over, and found out anew where it matters. A device that was exchanged is no danger either:
//! what it is said to refuse is asked for at the start all the same, if apart from the rest.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pointcast_api::MAX_MEMORY_BYTES;

use crate::plan::{Learned, Want};
use crate::settings::Site;

/// The first line. Another one is of another version, and nothing below it is read.
const HEAD: &str = "pointcast-modbus 1";

/// What `learned` is worth keeping; `None`: nothing.
pub(crate) fn write(site: &Site, learned: &Learned) -> Option<String> {
    let holes = site.wants.iter().filter(|want| learned.is_hole(want));
    let lines: BTreeSet<String> = holes.filter_map(|want| line(site, want)).collect();
    if lines.is_empty() {
        return None;
    }
    let mut text = format!("{HEAD}\n");
    for line in lines {
        if text.len() + line.len() + 1 > MAX_MEMORY_BYTES {
            // The others are found out anew.
            break;
        }
        let _infallible = writeln!(text, "{line}");
    }
    Some(text)
}

/// Takes in what fits of a text that [`write()`] made for this site, or for another.
pub(crate) fn read(site: &Site, text: &str, learned: &mut Learned) {
    let mut lines = text.lines();
    if lines.next() != Some(HEAD) {
        return;
    }
    let known: BTreeSet<&str> = lines.collect();
    for want in &site.wants {
        if line(site, want).is_some_and(|line| known.contains(line.as_str())) {
            learned.know_hole(want);
        }
    }
}

fn line(site: &Site, want: &Want) -> Option<String> {
    let device = site.devices.get(want.device.at())?;
    let unit = site.units.get(want.device.at())?.id;
    let function = want.table.function();
    Some(format!("hole {unit} {function} {} {} {}", want.first, want.end(), device.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Kind, check};
    use crate::testing::told;
    use pointcast_api::settings::Refusals;
    use pointcast_api::testing::channel;
    use proptest::prelude::*;

    fn site(device: &str, unit: u8, points: &str) -> Site {
        let toml = format!(
            "address = \"x\"\n[[devices]]\nname = \"first\"\npoints = []\n\
             [[devices]]\nname = \"{device}\"\nunit_id = {unit}\npoints = [{points}]"
        );
        let mut refusals = Refusals::new();
        let site = check(channel(&toml), Kind::Tcp, &mut refusals);
        site.unwrap_or_else(|| panic!("{:#?}", told(refusals)))
    }

    const POINTS: &str = "{ name = \"a\", address = \"holding:60\", type = \"u32\" },
                          { name = \"b\", address = \"input:60\", type = \"u16\" },
                          { name = \"c\", address = \"holding:60.3\", overlap = true }";

    fn of_a() -> (Site, Learned) {
        let (site, mut learned) = (site("tank 1", 7, POINTS), Learned::default());
        learned.know_hole(&site.wants[0]);
        (site, learned)
    }

    /// What is on disks already. Do not change this test.
    #[test]
    fn the_text_is_as_it_was() {
        let (site, learned) = of_a();
        let text = write(&site, &learned);
        assert_eq!(text.as_deref(), Some("pointcast-modbus 1\nhole 7 3 60 62 tank 1\n"));
        let mut again = Learned::default();
        read(&site, &text.unwrap(), &mut again);
        assert_eq!(again, learned);
        assert_eq!(write(&site, &Learned::default()), None);
    }

    #[test]
    fn a_hole_of_a_point_that_is_no_more_is_forgotten() {
        let (here, learned) = of_a();
        let text = write(&here, &learned).unwrap();
        let without = site("tank 1", 7, "{ name = \"b\", address = \"input:60\", type = \"u16\" }");
        let mut again = Learned::default();
        read(&without, &text, &mut again);
        assert_eq!((&again, write(&without, &again)), (&Learned::default(), None));
    }

    #[test]
    fn what_does_not_fit_the_configuration_is_passed_over() {
        let (here, learned) = of_a();
        let text = write(&here, &learned).unwrap();
        let taken = |site: &Site, text: &str| {
            let mut learned = Learned::default();
            read(site, text, &mut learned);
            learned != Learned::default()
        };
        assert!(taken(&here, &text));
        assert!(!taken(&site("tank 2", 7, POINTS), &text), "another device");
        assert!(!taken(&site("tank 1", 8, POINTS), &text), "another unit");
        assert!(!taken(&site("tank 1", 7, &POINTS.replace("u32", "i16")), &text), "another range");
        assert!(!taken(&here, &text.replace("modbus 1", "modbus 2")), "another version");
        assert!(!taken(&here, &text.replace("60 62", "60")));
        assert!(!taken(&here, ""));
    }

    proptest! {
        #[test]
        fn no_text_does_harm(text in "(pointcast-modbus 1\n)?(hole|[0-9 \n]|tank 1|.){0,60}") {
            let (site, _) = of_a();
            let mut learned = Learned::default();
            read(&site, &text, &mut learned);
            prop_assert!(write(&site, &learned).is_none_or(|again| again.len() <= text.len() + 1));
        }
    }
}
