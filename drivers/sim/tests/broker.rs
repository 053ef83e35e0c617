//! The broker and the weather station against mosquitto's clients, and what a client can do wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use std::time::Duration;

use common::{A_WHILE, SOON, Said, Site, any_port, peer};
use pointcast_sim::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

async fn weather() -> Site {
    Site::start(Settings { mqtt: Some(any_port()), ..Settings::none() }).await
}

fn port(site: &Site) -> String {
    site.running().mqtt.unwrap().port().to_string()
}

async fn subscribe(site: &Site, arguments: &[&str]) -> Said {
    let to = ["-h", "127.0.0.1", "-p", &port(site), "-W", "15"];
    peer("mosquitto_sub", &[&to[..], arguments].concat()).await
}

async fn publish(site: &Site, arguments: &[&str]) -> Said {
    let to = ["-h", "127.0.0.1", "-p", &port(site)];
    peer("mosquitto_pub", &[&to[..], arguments].concat()).await
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(site.running().mqtt.unwrap()).await.unwrap()
}

/// CONNECT with a clean session.
fn connect_packet(client_id: &str, keep_alive_s: u8) -> Vec<u8> {
    let mut packet = vec![0x10, u8::try_from(12 + client_id.len()).unwrap()];
    packet.extend([0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, keep_alive_s, 0]);
    packet.push(u8::try_from(client_id.len()).unwrap());
    packet.extend(client_id.as_bytes());
    packet
}

async fn take<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    timeout(SOON, stream.read_exact(&mut bytes)).await.expect("an answer").unwrap();
    bytes
}

async fn greeted(site: &Site, client_id: &str, keep_alive_s: u8) -> TcpStream {
    let mut stream = connect(site).await;
    stream.write_all(&connect_packet(client_id, keep_alive_s)).await.unwrap();
    assert_eq!(take::<4>(&mut stream).await, [0x20, 2, 0, 0]);
    stream
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    let end = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("an end");
    end.is_err() || rest.is_empty()
}

#[tokio::test]
async fn mosquitto_sub_hears_the_weather() {
    let site = weather().await;
    let (all, one_level) = tokio::join!(
        subscribe(&site, &["-t", "weather/#", "-v", "-C", "12", "-q", "1"]),
        subscribe(&site, &["-t", "+/wind", "-C", "2"]),
    );
    assert!(all.success, "{}", all.text);
    for topic in ["weather/status online", "weather/temperature ", "weather/report {\"time\":"] {
        assert!(all.text.contains(topic), "{topic} is missing: {}", all.text);
    }
    assert_eq!(one_level.text.lines().count(), 2, "{}", one_level.text);
    assert!(
        one_level.text.lines().all(|line| line.starts_with("{\"speed\":")),
        "{}",
        one_level.text
    );
    site.stop().await;
}

#[tokio::test]
async fn mosquitto_pub_reaches_mosquitto_sub_live_and_retained() {
    let site = weather().await;
    for qos in ["0", "1"] {
        let topic = format!("plant/line{qos}/speed");
        let kept = publish(&site, &["-t", &topic, "-m", "12.5", "-q", qos, "-r"]).await;
        assert!(kept.success, "{}", kept.text);
        let heard =
            subscribe(&site, &["-t", "plant/+/speed", "-C", "1", "-q", qos, "-F", "%t %p %r"])
                .await;
        assert_eq!(heard.text.trim(), format!("{topic} 12.5 1"));
        let forgotten = publish(&site, &["-t", &topic, "-n", "-q", qos, "-r"]).await;
        assert!(forgotten.success, "{}", forgotten.text);
    }
    let mut listener = greeted(&site, "listener", 60).await;
    // SUBSCRIBE 1: plant/# with QoS 1, plant/#/no refused.
    listener.write_all(b"\x82\x18\x00\x01\x00\x07plant/#\x01\x00\x09plant/#/x\x00").await.unwrap();
    assert_eq!(take::<6>(&mut listener).await, [0x90, 4, 0, 1, 1, 0x80]);
    let live = publish(&site, &["-t", "plant/go", "-m", "7", "-q", "1"]).await;
    assert!(live.success, "{}", live.text);
    let message = take::<15>(&mut listener).await;
    assert_eq!(message, *b"\x32\x0D\x00\x08plant/go\x00\x017");
    listener.write_all(&[0x40, 2, 0, 1]).await.unwrap();
    // UNSUBSCRIBE 2, PINGREQ.
    listener.write_all(b"\xA2\x0B\x00\x02\x00\x07plant/#\xC0\x00").await.unwrap();
    assert_eq!(take::<4>(&mut listener).await, [0xB0, 2, 0, 2]);
    assert_eq!(take::<2>(&mut listener).await, [0xD0, 0]);
    publish(&site, &["-t", "plant/go", "-m", "8"]).await;
    assert!(timeout(A_WHILE, listener.read_u8()).await.is_err(), "unsubscribed, but it came");
    site.stop().await;
}

#[tokio::test]
async fn mosquitto_sees_a_will_only_after_a_loss() {
    let site = weather().await;
    let will = |client_id: &'static str| {
        let mut packet = vec![0x10, 24];
        packet.extend(b"\x00\x04MQTT\x04\x26\x00\x3C\x00\x01");
        packet.extend(client_id.as_bytes());
        packet.extend(b"\x00\x04gone\x00\x03bye");
        packet
    };
    let mut polite = connect(&site).await;
    polite.write_all(&will("p")).await.unwrap();
    take::<4>(&mut polite).await;
    polite.write_all(&[0xE0, 0]).await.unwrap();
    assert!(is_closed(&mut polite).await);
    let mut lost = connect(&site).await;
    lost.write_all(&will("l")).await.unwrap();
    take::<4>(&mut lost).await;
    let before =
        peer("mosquitto_sub", &["-p", &port(&site), "-t", "gone", "-C", "1", "-W", "1"]).await;
    assert!(!before.success, "{}", before.text);
    drop(lost);
    let after = subscribe(&site, &["-t", "gone", "-C", "1"]).await;
    assert_eq!(after.text.trim(), "bye");
    site.stop().await;
}

#[tokio::test]
async fn a_silent_broker_says_nothing_and_a_disconnecting_one_hangs_up() {
    let site = weather().await;
    let mut old = greeted(&site, "old", 60).await;
    site.fault("broker=silent");
    let mut new = connect(&site).await;
    new.write_all(&connect_packet("new", 60)).await.unwrap();
    old.write_all(&[0xC0, 0]).await.unwrap();
    assert!(timeout(A_WHILE, new.read_u8()).await.is_err(), "a CONNACK");
    assert!(timeout(A_WHILE, old.read_u8()).await.is_err(), "a PINGRESP");
    site.fault("broker=ok");
    old.write_all(&[0xC0, 0]).await.unwrap();
    assert_eq!(take::<2>(&mut old).await, [0xD0, 0]);
    site.fault("broker=disconnect");
    assert!(is_closed(&mut old).await);
    let mut refused = connect(&site).await;
    assert!(is_closed(&mut refused).await);
    site.fault("broker=ok");
    greeted(&site, "again", 60).await;
    site.stop().await;
}

#[tokio::test]
async fn a_silent_station_says_nothing_and_a_lost_one_leaves_its_will() {
    let site = weather().await;
    site.fault("weather=disconnect");
    let status = ["-t", "weather/status", "-C", "1", "--retained-only"];
    let mut seen = String::new();
    let deadline = Instant::now() + SOON;
    while seen.trim() != "offline" {
        assert!(Instant::now() < deadline, "the will was not published: {seen}");
        seen = subscribe(&site, &status).await.text;
    }
    site.fault("weather=silent");
    let live =
        peer("mosquitto_sub", &["-p", &port(&site), "-t", "weather/#", "-R", "-C", "1", "-W", "3"])
            .await;
    assert!(!live.success, "{}", live.text);
    site.fault("weather=ok");
    let back = subscribe(&site, &["-t", "weather/wind", "-C", "1"]).await;
    assert!(back.success, "{}", back.text);
    site.stop().await;
}

#[tokio::test]
async fn what_a_client_does_wrong_costs_its_own_connection() {
    let site = weather().await;
    let mut well = greeted(&site, "well", 60).await;
    let wrongs: [&[u8]; 7] = [
        // PUBLISH with QoS 2, with a wildcard, without a topic.
        b"\x34\x06\x00\x01a\x00\x01x",
        b"\x30\x04\x00\x01+x",
        b"\x30\x03\x00\x00x",
        // A second CONNECT, a CONNACK, a length past the limit, a SUBSCRIBE without filters.
        b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01z",
        b"\x20\x02\x00\x00",
        b"\x30\xFF\xFF\xFF\x7F",
        b"\x82\x02\x00\x01",
    ];
    for wrong in wrongs {
        let mut stream = greeted(&site, "", 60).await;
        stream.write_all(wrong).await.unwrap();
        assert!(is_closed(&mut stream).await, "{wrong:02X?}");
    }
    // MQTT 5, and an empty client id without a clean session: refused with a reason.
    for (connect_with, code) in [
        (&b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x03abc"[..], 1),
        (&b"\x10\x0C\x00\x04MQTT\x04\x00\x00\x3C\x00\x00"[..], 2),
    ] {
        let mut stream = connect(&site).await;
        stream.write_all(connect_with).await.unwrap();
        assert_eq!(take::<4>(&mut stream).await, [0x20, 2, 0, code]);
        assert!(is_closed(&mut stream).await);
    }
    well.write_all(&[0xC0, 0]).await.unwrap();
    assert_eq!(take::<2>(&mut well).await, [0xD0, 0]);
    site.stop().await;
}

#[tokio::test]
async fn keep_alive_is_enforced_and_a_client_id_is_taken_over() {
    let site = weather().await;
    let begin = Instant::now();
    let mut dead = greeted(&site, "dead", 1).await;
    assert!(is_closed(&mut dead).await);
    let after = begin.elapsed();
    assert!(after >= Duration::from_millis(1_450) && after < Duration::from_secs(6), "{after:?}");
    let mut old = greeted(&site, "same", 60).await;
    let _new = greeted(&site, "same", 60).await;
    assert!(is_closed(&mut old).await);
    site.stop().await;
}
