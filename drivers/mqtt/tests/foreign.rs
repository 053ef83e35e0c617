//! The driver against a server that is no proper broker: whatever it sends is a fault and no panic.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::time::Duration;

use pointcast_api::command_queue;
use pointcast_api::testing::{Recorder, driver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(10);
const CONNACK: [u8; 4] = [0x20, 2, 0, 0];

/// What the session says of a server that answers CONNECT with `answer` and then `rest`.
async fn fault(answer: &[u8], rest: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let driver = driver(
        pointcast_mqtt::build,
        &format!(
            "broker = \"127.0.0.1:{port}\"\nconnect_timeout_ms = 1000\nkeep_alive_ms = 1000\n[[devices]]\nname = \"d\"\n\
             points = [ {{ name = \"p\", topic = \"t\", type = \"f64\", stale_after_ms = 1000 }} ]"
        ),
    )
    .unwrap();
    let (outlet, (_commands, mut inlet)) = (Recorder::default(), command_queue());
    let serving = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut connect = [0; 256];
        let _bytes = peer.read(&mut connect).await.unwrap();
        peer.write_all(answer).await.unwrap();
        peer.write_all(rest).await.unwrap();
        // Open until the session hangs up, so that it is never the end of the stream that ends it.
        let mut rest = Vec::new();
        let _hung_up = peer.read_to_end(&mut rest).await;
    };
    let session = driver.session(&outlet, &mut inlet, CancellationToken::new());
    let (ended, ()) =
        timeout(SOON, async { tokio::join!(session, serving) }).await.expect("an end");
    assert!(outlet.batches().is_empty(), "nothing of this is a value");
    ended.unwrap_err().explain()
}

#[tokio::test]
async fn what_is_no_mqtt_is_a_fault() {
    for rest in [
        &b"\x30\x03\x00\x05t"[..],
        b"\xf0\x00",
        b"\x00\x00",
        b"\x30\xff\xff\xff\xff\x7f",
        b"\x36\x05\x00\x01t12",
        b"\x32\x04\x00\x01t1",
        b"\x90\x03\x00\x63\x00",
        b"\x90\x02\x00\x01",
        b"\x90\x04\x00\x01\x00\x00",
        b"\x90\x03\x00\x01\x05",
        b"\x40\x02\x00\x09",
        b"\x20\x02\x00\x00",
        b"\x10\x00",
    ] {
        let told = fault(&CONNACK, rest).await;
        assert!(told.starts_with("failed to stay connected to 127.0.0.1:"), "{rest:?}: {told}");
    }
    // A packet that never ends is waited for, but no longer than an answer is.
    let told = fault(&CONNACK, b"\x30\x60\x00\x01t1").await;
    assert!(told.ends_with(": no answer within 1000 ms"), "{told}");
}

#[tokio::test]
async fn a_server_of_something_else_is_a_fault() {
    for answer in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\x20\x02\x01\x00", b"\x30\x03\x00\x01t"]
    {
        let told = fault(answer, b"").await;
        assert!(told.starts_with("failed to connect to 127.0.0.1:"), "{answer:?}: {told}");
    }
    let refused = fault(b"\x20\x02\x00\x02", b"").await;
    assert!(refused.ends_with(": the broker refuses the client id; set client_id"), "{refused}");
}
