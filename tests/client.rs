//! The browser client (`web/client`) against the built gateway and its simulated devices: in Node it tells live from
//! not live through kills, hangs and stops, and in Chromium ten tabs have one stream.

#![allow(clippy::unwrap_used, reason = "test code")]

mod peer;

use peer::gateway::Site;

#[test]
fn in_node_it_tells_live_from_not_live() {
    try_with("client.mjs", "client-in-node");
}

#[test]
fn ten_tabs_have_one_stream() {
    try_with("client_tabs.mjs", "client-in-tabs");
}

#[track_caller]
fn try_with(script: &str, name: &str) {
    let site = Site::new(name);
    let said = peer::run_script(
        script,
        &[
            env!("CARGO_BIN_EXE_pointcast"),
            site.config().to_str().unwrap(),
            &site.address().to_string(),
        ],
    );
    print!("{said}");
}
