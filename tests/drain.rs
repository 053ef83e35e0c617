//! The end of a gateway: SIGTERM drains every stream, refuses new ones at the socket, and is over within its
//! bound, whatever a client does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Duration;

use peer::gateway::Site;
use peer::http::Stream;
use peer::wait_for;

/// What is promised: the drain's own bound is less.
const OVER_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn a_stop_drains_streams_and_ends_even_with_one_that_does_not_read() {
    let site = Site::new("drain");
    let mut gateway = site.start();
    let mut streams: Vec<Stream> =
        (0..5).map(|_| Stream::open(site.address(), "points=**")).collect();
    for stream in &mut streams {
        assert_eq!(stream.next_named("subscribed").data["revision"], 1);
    }
    // This one never reads again.
    let stuck = Stream::open(site.address(), "points=**").into_socket();
    gateway.signal("-TERM");
    let mut retries = BTreeSet::new();
    for mut stream in streams {
        let drain = stream.next_named("drain");
        retries.insert(drain.retry_ms.unwrap());
        assert!(stream.next().is_none(), "the stream ends cleanly");
    }
    assert!(retries.len() > 1, "clients come back at different times: {retries:?}");
    let refused = || TcpStream::connect(site.address()).is_err().then_some(());
    wait_for("new connections to be refused", OVER_WITHIN, refused);
    let status = wait_for("the gateway to end", OVER_WITHIN, || gateway.ended());
    assert_eq!(status.code(), Some(0));
    drop(stuck);
}

#[test]
fn after_a_restart_a_client_is_told_that_what_it_holds_is_void() {
    let site = Site::new("restart");
    let gateway = site.start();
    let mut stream = Stream::open(site.address(), "points=boiler/**");
    let id = stream.next_named("points").id.unwrap();
    drop(gateway);
    let _again = site.start();
    let query = format!("points=boiler/**&last_event_id={id}");
    let connect = Stream::open(site.address(), &query).next().unwrap();
    assert_eq!(connect.data["reset"], "restart");
    assert_eq!(connect.data["resumed"], false);
    assert_eq!(connect.data["selection"], "query");
}
