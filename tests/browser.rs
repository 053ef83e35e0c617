//! The page in a real browser, over the built gateway and its simulated devices: it is live at once, filters
//! without a new connection, and neither a killed, a stopped, a hung nor a shared gateway makes it lie.

#![allow(clippy::unwrap_used, reason = "test code")]

mod peer;

use std::fs;

use peer::gateway::Site;

#[test]
fn the_page_tells_live_from_not_live() {
    let site = Site::new("browser");
    let pictures = peer::root().join("target/screenshots");
    fs::create_dir_all(&pictures).unwrap();
    let said = peer::run_script(
        "browser.mjs",
        &[
            env!("CARGO_BIN_EXE_pointcast"),
            site.config().to_str().unwrap(),
            &site.address().to_string(),
            pictures.to_str().unwrap(),
        ],
    );
    print!("{said}");
}
