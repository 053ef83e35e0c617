//! The dashboard in a real browser, over the built gateway and its simulated devices. Each test is a script of its own
//! under `tests/peers`, which says what it saw.

#![allow(clippy::unwrap_used, reason = "test code")]

mod peer;

use std::fs;
use std::sync::{Mutex, PoisonError};

use peer::gateway::Site;

/// A browser wants a whole machine: one at a time.
static BROWSER: Mutex<()> = Mutex::new(());

/// Runs `tests/peers/browser_<name>.mjs` on a site of its own.
#[track_caller]
fn try_with(name: &str) {
    let _alone = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let site = Site::new(&format!("browser-{name}"));
    let pictures = peer::root().join("target/screenshots");
    fs::create_dir_all(&pictures).unwrap();
    let said = peer::run_script(
        &format!("browser_{name}.mjs"),
        &[
            env!("CARGO_BIN_EXE_pointcast"),
            site.config().to_str().unwrap(),
            &site.address().to_string(),
            pictures.to_str().unwrap(),
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
fn ten_tabs_have_one_stream() {
    try_with("tabs");
}

#[test]
fn a_dead_device_changes_the_shape_of_its_points() {
    try_with("faults");
}
