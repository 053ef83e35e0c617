//! The dashboard in a real browser, over the built gateway and its simulated devices. Each test is a script of its own
//! under `tests/peers`, which says what it saw.

#![allow(clippy::unwrap_used, reason = "test code")]

mod peer;

use std::fs;
use std::sync::{Mutex, PoisonError};

use peer::gateway::Site;

/// A browser wants a whole machine: one at a time.
static BROWSER: Mutex<()> = Mutex::new(());

/// Runs `tests/peers/browser_<name>.mjs` on the default site.
#[track_caller]
fn try_with(name: &str) {
    try_on(name, &Site::new(&format!("browser-{name}")));
}

#[track_caller]
fn try_on(name: &str, site: &Site) {
    let _alone = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let pictures = peer::root().join("target/screenshots");
    fs::create_dir_all(&pictures).unwrap();
    let said = peer::run_script(
        &format!("browser_{name}.mjs"),
        &[
            env!("CARGO_BIN_EXE_pointcast"),
            site.config().to_str().unwrap(),
            &site.address().to_string(),
            pictures.to_str().unwrap(),
            &site.devices().to_string(),
        ],
    );
    print!("{said}");
}

#[test]
fn a_value_is_there_at_once() {
    try_with("opening");
}

#[test]
fn it_tells_live_from_not_live() {
    try_with("contact");
}

#[test]
fn pages_are_reached_without_loading_again() {
    try_with("ways");
}

#[test]
fn ten_tabs_have_one_stream() {
    try_with("tabs");
}

#[test]
fn a_dead_device_changes_the_shape_of_its_points() {
    try_with("faults");
}

#[test]
fn points_are_found_and_told() {
    try_with("points");
}

#[test]
fn notices_are_told_and_kept() {
    try_with("notices");
}

#[test]
fn a_setpoint_is_written_when_it_was_confirmed() {
    try_with("writing");
}

#[test]
fn trends_are_looked_at_closely() {
    try_with("trends");
}

#[test]
fn it_is_for_everybody() {
    try_with("access");
}

#[test]
fn boards_are_arranged_by_hand() {
    try_with("boards");
}

/// What the README shows: copies are in `web/pictures`.
#[test]
fn pictures_of_each_page() {
    try_with("pictures");
}

#[test]
fn ten_thousand_rows_cost_little() {
    let site = Site::of("browser-load", |address, devices| {
        let mut text = format!(
            r#"
            [gateway]
            listen = "{address}"
            [[channels]]
            name = "line"
            driver = "modbus-tcp"
            address = "{devices}"
            "#
        );
        for unit in 1..=10 {
            let points: String = (0..1_000).map(point).collect();
            text.push_str(&format!(
                r#"
                [[devices]]
                name = "hall{unit}"
                channel = "line"
                unit_id = {unit}
                scan_ms = 1000
                points = [{points}]
                "#
            ));
        }
        text
    });
    try_on("load", &site);
}

/// One of a device's thousand points.
fn point(register: u16) -> String {
    format!(
        r#"{{ name = "machine{}/value{}", address = "holding:{register}", type = "u16", unit = "kW", range = [0, 10000] }},"#,
        register / 20,
        register % 20
    )
}
