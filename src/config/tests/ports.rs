//! Serial ports, which have one master each.

use super::Folder;
use crate::config::load_with;

#[test]
fn a_serial_port_has_one_channel_but_for_those_that_are_switched_off() {
    let folder = Folder::new("ports");
    let channel = |name: &str, port: &str, keys: &str| {
        format!(
            "[[channels]]\nname = \"{name}\"\ndriver = \"modbus-rtu\"\nport = \"{port}\"\n{keys}\n\
             [[devices]]\nname = \"{name}\"\nchannel = \"{name}\"\nunit_id = 1\nscan_ms = 1000\n\
             points = [{{ name = \"p\", address = \"holding:0\", type = \"u16\" }}]\n"
        )
    };
    let site = |second: &str, keys: &str| {
        let text = channel("a", "/dev/ttyS1", "") + &channel("b", second, keys);
        let main = folder.write("main.toml", &text);
        match load_with(&main, crate::registry::DRIVERS) {
            Ok(config) => Ok(config.channels.len()),
            Err(refusals) => Err(refusals.iter().map(|r| r.problem.clone()).collect::<Vec<_>>()),
        }
    };
    assert_eq!(site("/dev/ttyS2", ""), Ok(2));
    assert_eq!(site("/dev/ttyS1", "enabled = false"), Ok(2));
    let told = "channel \"a\" has \"/dev/ttyS1\" already".to_owned();
    assert_eq!(site("/dev/ttyS1", ""), Err(vec![told]));
}
