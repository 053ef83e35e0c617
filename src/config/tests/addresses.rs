//! Where points lie, as it is written.

use super::Folder;
use crate::config::{load, load_with_addresses};
use crate::registry::DRIVERS;

#[test]
fn addresses_are_kept_as_they_are_written_for_those_who_ask() {
    let folder = Folder::new("addresses");
    folder.write(
        "profiles/meter.toml",
        "parameters = { base = 10 }\npoints = [{ name = \"volts\", address = \"input:${base + 2}\", type = \"f32\" }]",
    );
    let main = folder.write(
        "main.toml",
        r#"
        [[channels]]
        name = "net"
        driver = "modbus-tcp"
        address = "10.0.0.5"
        [[channels]]
        name = "broker"
        driver = "mqtt"
        broker = "10.0.0.6"
        [[channels]]
        name = "port"
        driver = "serial"
        port = "/dev/ttyS9"
        enabled = false
        [[devices]]
        name = "m"
        channel = "net"
        profile = "meter"
        points = [
          { name = "by_reference", address = "ref:40101.3" },
          { name = "by_model", alternatives = [
            { address = "sunspec:101-103:14", type = "f32" }, { address = "sunspec:111-113:22", type = "f32" } ] },
        ]
        [[devices]]
        name = "w"
        channel = "broker"
        topic_prefix = "site"
        points = [
          { name = "wind", topic = "mast", pointer = "/wind/0", type = "f32", stale_after_ms = 1000 },
          { name = "rain", topic = "rain", type = "f32", stale_after_ms = 1000 },
        ]
        [[devices]]
        name = "s"
        channel = "port"
        lines = ['(?<kg>[0-9.]+) (?<state>\w+)']
        points = [
          { name = "kg", type = "f32", stale_after_ms = 1000 },
          { name = "how", capture = "state", type = "string", stale_after_ms = 1000 },
        ]
        "#,
    );
    let config = load_with_addresses(&main, DRIVERS).unwrap();
    let written: Vec<_> =
        config.channels.iter().map(|channel| channel.addresses.as_slice()).collect();
    let of_models = "sunspec:101-103:14 or sunspec:111-113:22";
    assert_eq!(
        written,
        [
            ["input:12", "ref:40101.3", of_models].map(String::from).as_slice(),
            ["mast /wind/0", "rain"].map(String::from).as_slice(),
            ["", "state"].map(String::from).as_slice(),
        ]
    );
    for channel in load(&main).unwrap().channels {
        assert!(channel.addresses.is_empty(), "a gateway that runs has no use for them");
    }
}
