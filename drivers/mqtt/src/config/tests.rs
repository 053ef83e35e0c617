use super::*;
use crate::testing::channel;

const POINT: &str = r#"{ name = "t", topic = "a/b", type = "f64", stale_after_ms = 60000 }"#;

fn with(channel_keys: &str, device_keys: &str, points: &str) -> Result<Channel, Vec<String>> {
    channel(&format!(
        "{channel_keys}\n[[devices]]\nname = \"w\"\n{device_keys}\npoints = [ {points} ]\n"
    ))
}

fn refusal(channel_keys: &str, device_keys: &str, points: &str) -> String {
    with(channel_keys, device_keys, points).unwrap_err().join("\n")
}

#[test]
fn what_is_not_said_has_a_default() {
    let channel = with("broker = \"site.example\"", "", POINT).unwrap();
    assert_eq!(channel.broker.to_string(), "site.example:1883");
    assert_eq!(channel.keep_alive, Duration::from_secs(10));
    assert_eq!(channel.connect_timeout, Duration::from_secs(5));
    assert_eq!(channel.max_packet_bytes, 1_048_576);
    assert_eq!(channel.login, None);
    assert_eq!(channel.silence, [None]);
    let (_, topic) = channel.feeds.find(b"a/b").unwrap();
    let feed = topic.feeds.first().unwrap();
    assert_eq!(
        (topic.qos, feed.retained, feed.missing),
        (QoS::AtMostOnce, Retained::Uncertain, Missing::Error)
    );
    assert_eq!(channel.points.first().unwrap().scan_interval, None);
    assert!(!channel.points.first().unwrap().writable);
}

#[test]
fn two_gateways_have_two_client_ids() {
    let id = || with("broker = \"h\"", "", POINT).unwrap().client_id;
    let (one, other) = (id(), id());
    assert!(
        one.starts_with("pointcast-test-") && one.len() == "pointcast-test-".len() + 8,
        "{one}"
    );
    assert_ne!(one, other);
    let own = with("broker = \"h\"\nclient_id = \"hall-3\"", "", POINT).unwrap();
    assert_eq!(own.client_id, "hall-3");
}

#[test]
fn a_device_speaks_for_its_points_and_they_for_themselves() {
    let points = r#"
        { name = "a", topic = "/x", type = "f64", stale_after_ms = "never" },
        { name = "b", topic = "y", pointer = "/v", type = "f32", stale_after_ms = 5, qos = 0, retained = "good", missing = "error" },
        { name = "c", topic = "x", pointer = "/v/0", type = "bool", stale_after_ms = 5, qos = 1 }"#;
    let device = "topic_prefix = \"hall/3/\"\nretained = \"ignore\"\nmissing = \"ignore\"\nsilence_ms = 9000";
    let channel = with("broker = \"h\"\nqos = 1", device, points).unwrap();
    assert_eq!(channel.silence, [Some(Duration::from_secs(9))]);
    assert_eq!(channel.devices.first().unwrap().address, "h:1883 hall/3");
    let (_, x) = channel.feeds.find(b"hall/3/x").unwrap();
    assert_eq!((x.feeds.len(), x.qos), (2, QoS::AtLeastOnce));
    assert_eq!(x.feeds.first().unwrap().retained, Retained::Ignore);
    let (_, y) = channel.feeds.find(b"hall/3/y").unwrap();
    let own = y.feeds.first().unwrap();
    assert_eq!(
        (y.qos, own.retained, own.missing),
        (QoS::AtMostOnce, Retained::Good, Missing::Error)
    );
}

#[test]
fn a_broker_is_a_host_and_a_port() {
    let broker = |text| parse_broker(text).map(|broker| broker.to_string());
    assert_eq!(broker("10.0.0.1:1884").as_deref(), Some("10.0.0.1:1884"));
    assert_eq!(broker("[fd00::1]").as_deref(), Some("[fd00::1]:1883"));
    assert_eq!(broker("[fd00::1]:18").as_deref(), Some("[fd00::1]:18"));
    for wrong in
        ["", ":1883", "h:", "h:0", "h:70000", "fd00::1", "[h]:1883", "u@h:1883", "h/x", "a b"]
    {
        assert_eq!(broker(wrong), None, "{wrong}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_a_remedy() {
    assert_eq!(
        refusal("", "", POINT),
        "test.toml:1: channel \"test\": broker: missing\n    add broker = \"192.168.0.10:1883\""
    );
    assert_eq!(
        refusal("broker = \"mqtts://h\"", "", POINT),
        "test.toml:1: channel \"test\": broker: \"mqtts://h\" is a URL\n    \
         give host:port; TLS and WebSocket are not spoken here"
    );
    assert_eq!(
        refusal("broker = \"h\"\npassword = \"secret\"", "", POINT),
        "test.toml:2: channel \"test\": password: a password in the configuration is copied wherever that goes\n    \
         put it into a file of its own and give password_file = \"…\""
    );
    assert_eq!(
        refusal("broker = \"h\"\npassword_file = \"pw\"", "", POINT),
        "test.toml:2: channel \"test\": password_file: a password without a user name (MQTT 3.1.1 §3.1.2.9 forbids it)\n    \
         add username = \"…\""
    );
    assert_eq!(
        refusal("broker = \"h\"\nkeep_alive_ms = 1500", "", POINT),
        "test.toml:2: channel \"test\": keep_alive_ms: 1500 ms is no whole number of seconds\n    \
         give a multiple of 1000: MQTT counts seconds (§3.1.2.10)"
    );
    assert_eq!(
        refusal("broker = \"h\"\nqos = 2", "scan_ms = 3", POINT),
        "test.toml:2: channel \"test\": qos: 2 is not right here\n    give a whole number from 0 to 1\n\
         test.toml:5: device \"w\": scan_ms: unknown key\n    known here: name, points, topic_prefix, retained, missing, silence_ms"
    );
}

#[test]
fn a_point_has_one_topic_and_says_when_it_is_stale() {
    let wrong = |point: &str| refusal("broker = \"h\"", "", point);
    assert_eq!(
        wrong(r#"{ name = "t", topic = "a/b", type = "f64" }"#),
        "test.toml:5: point \"w/t\": stale_after_ms: missing: a point that comes by itself has no scan to derive it from\n    \
         add stale_after_ms = 60000 (three times the publisher's interval), or \"never\""
    );
    assert_eq!(
        wrong(
            r#"{ name = "t", topic = "a", type = "f64", stale_after_ms = 5, missing = "ignore" }"#
        ),
        "test.toml:5: point \"w/t\": missing: missing without pointer: a plain payload lacks no member\n    \
         add pointer = \"/…\", or leave missing out"
    );
    assert_eq!(
        wrong(r#"{ name = "t", topic = "a/+", type = "f64", stale_after_ms = 5 }"#),
        "test.toml:5: point \"w/t\": topic: \"a/+\" is a pattern, and a point has one topic: two that match would mix\n    \
         give the one topic that this point's publisher uses"
    );
    assert_eq!(
        wrong(r#"{ name = "t", topic = "a", type = "f64", pointer = "v", stale_after_ms = 5 }"#),
        "test.toml:5: point \"w/t\": pointer: \"v\" is no JSON pointer (RFC 6901)\n    \
         give \"/member/0\", with ~1 for / and ~0 for ~ in a name"
    );
    assert!(
        wrong(r#"{ name = "t", topic = "a", type = "f64", pointer = "/v~2", stale_after_ms = 5 }"#)
            .contains("~2")
    );
    assert!(
        wrong(r#"{ name = "t", topic = "a", scan_ms = 5, type = "f64", stale_after_ms = 5 }"#)
            .contains("scan_ms: unknown key")
    );
    assert!(
        wrong(r#"{ name = "t", topic = "$share/g/a", type = "f64", stale_after_ms = 5 }"#)
            .contains("shared")
    );
    let long = "x".repeat(MAX_TOPIC_BYTES + 1);
    let told =
        wrong(&format!(r#"{{ name = "t", topic = "{long}", type = "f64", stale_after_ms = 5 }}"#));
    assert!(told.contains("1025 bytes, at most 1024 are taken"), "{told}");
}
