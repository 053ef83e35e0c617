//! The driver against a real mosquitto.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::sync::Arc;
use std::time::Duration;

use pointcast_api::testing::{Heard, Recorder, driver};
use pointcast_api::{Command, DeviceState, Driver, Failure, PointIndex, Reading, Refused, Value};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

mod broker;

use broker::Broker;
use broker::session::{SOON, Session};

const WEATHER: &str = r#"
    [[devices]]
    name = "weather"
    topic_prefix = "site/weather"
    points = [
      { name = "temperature", topic = "outside", pointer = "/temperature", type = "f64", stale_after_ms = 60000 },
      { name = "wind", topic = "outside", pointer = "/wind/speed", type = "f32", stale_after_ms = 60000 },
      { name = "rain", topic = "rain", type = "bool", on = "wet", off = "dry", stale_after_ms = 60000, qos = 1 },
      { name = "pulses", topic = "pulses", type = "u64", stale_after_ms = 60000, retained = "ignore" },
    ]"#;

fn weather(port: u16, channel: &str) -> Arc<dyn Driver> {
    made(&format!("broker = \"127.0.0.1:{port}\"\n{channel}\n{WEATHER}"))
}

fn made(text: &str) -> Arc<dyn Driver> {
    driver(pointcast_mqtt::build, text).unwrap().into()
}

fn f64(number: f64) -> Reading {
    Reading::Good(Value::f64(number).unwrap())
}

fn f32(number: f32) -> Reading {
    Reading::Good(Value::f32(number).unwrap())
}

#[tokio::test]
async fn one_message_is_one_batch_of_all_its_points() {
    let broker = Broker::open().await;
    let session = Session::online(&weather(broker.port, "")).await;
    broker
        .publish("site/weather/outside", r#"{"temperature":21.5,"wind":{"speed":3.2}}"#, &[])
        .await;
    assert_eq!(session.batch().await, [(0, f64(21.5)), (1, f32(3.2))]);
    broker.publish("site/weather/rain", "wet", &["-q", "1"]).await;
    assert_eq!(session.batch().await, [(2, Reading::Good(Value::Bool(true)))]);
    broker.publish("site/weather/pulses", "18446744073709551615", &[]).await;
    assert_eq!(session.batch().await, [(3, Reading::Good(Value::U64(u64::MAX)))]);
    broker.publish("site/weather/pulses", "", &[]).await;
    assert_eq!(session.batch().await, [(3, Reading::NotANumber)]);
    let told = session.report("count", |report| report.counters.requests == 4).await;
    assert_eq!((told.counters.malformed, told.last_error), (0, None));
    session.finish().await;
}

#[tokio::test]
async fn a_retained_message_is_of_unknown_age_until_a_live_one_comes() {
    let broker = Broker::open().await;
    broker.publish("site/weather/rain", "wet", &["-r"]).await;
    broker.publish("site/weather/pulses", "7", &["-r"]).await;
    let session = Session::online(&weather(broker.port, "")).await;
    assert_eq!(session.batch().await, [(2, Reading::OfUnknownAge(Value::Bool(true)))]);
    broker.publish("site/weather/rain", "wet", &["-r"]).await;
    let live = |outlet: &Recorder| {
        outlet.batches().contains(&vec![(2, Reading::Good(Value::Bool(true)))]).then_some(())
    };
    session.outlet.until("live value", SOON, live).await;
    let ignored = session.outlet.batches().concat();
    assert!(ignored.iter().all(|(point, _)| *point != 3), "{ignored:?}");
    session.finish().await;
}

#[tokio::test]
async fn a_payload_that_is_no_value_turns_its_own_point_bad() {
    let broker = Broker::open().await;
    let session = Session::online(&weather(broker.port, "")).await;
    let outside = "site/weather/outside";
    broker.publish(outside, r#"{"temperature":"warm","wind":{"speed":3.2}}"#, &[]).await;
    let told = session.state(DeviceState::Degraded).await;
    assert_eq!(session.batch().await, [(0, Reading::Failed(Failure::DeviceError)), (1, f32(3.2))]);
    assert_eq!(
        told.last_error.as_deref(),
        Some(
            r#"device "weather", point "weather/temperature", topic "site/weather/outside": "warm" is no f64"#
        )
    );
    assert_eq!(told.counters.malformed, 1);
    broker.publish(outside, r#"{"temperature":20,"wind":{"speed":3.2}}"#, &[]).await;
    let healed = session.state(DeviceState::Online).await;
    assert!(healed.last_error.is_some(), "the last error is kept after recovery");
    session.finish().await;
}

#[tokio::test]
async fn a_killed_broker_ends_the_session_and_the_next_one_has_data_again() {
    let mut broker = Broker::open().await;
    let driver = weather(broker.port, "");
    let session = Session::online(&driver).await;
    broker.publish("site/weather/rain", "wet", &[]).await;
    session.batch().await;
    let outlet = session.outlet.clone();
    let killed = Instant::now();
    broker.kill().await;
    let fault = session.fault(Duration::from_secs(1)).await;
    println!("noticed after {:?}: {fault}", killed.elapsed());
    assert!(
        fault.starts_with(&format!("failed to stay connected to 127.0.0.1:{}", broker.port)),
        "{fault}"
    );
    let told = outlet.report_of(0).unwrap();
    assert_eq!((told.state, told.last_error), (DeviceState::Offline, Some(fault)));

    let refused = Session::start(&driver).fault(SOON).await;
    assert_eq!(
        refused,
        format!(
            "failed to connect to 127.0.0.1:{}: Connection refused (os error 111)",
            broker.port
        )
    );

    broker.start_again().await;
    let session = Session::online(&driver).await;
    broker.publish("site/weather/rain", "dry", &[]).await;
    assert_eq!(session.batch().await, [(2, Reading::Good(Value::Bool(false)))]);
    // Counters outlive sessions: one message before, one after.
    session.report("count", |report| report.counters.requests == 2).await;
    session.finish().await;
}

#[tokio::test]
async fn a_frozen_broker_is_noticed_within_twice_the_keep_alive() {
    let broker = Broker::open().await;
    let session = Session::online(&weather(broker.port, "keep_alive_ms = 1000")).await;
    broker.freeze().await;
    let fault = session.fault(Duration::from_secs(4)).await;
    assert!(
        fault.ends_with("no answer to a ping within the keep-alive time of 1000 ms"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_refused_subscription_costs_its_own_points() {
    let broker = Broker::start(|directory| {
        let rights = r#"{
            "defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": true, "unsubscribe": true},
            "clients": [], "groups": [{"groupname": "all", "roles": [{"rolename": "r"}]}], "anonymousGroup": "all",
            "roles": [{"rolename": "r", "acls": [
                {"acltype": "subscribeLiteral", "topic": "site/weather/rain", "priority": 1, "allow": false}]}]}"#;
        let file = directory.join("rights.json");
        std::fs::write(&file, rights).unwrap();
        let plugin = broker::plugin("mosquitto_dynamic_security.so");
        format!("allow_anonymous true\nplugin {}\nplugin_opt_config_file {}\n", plugin.display(), file.display())
    })
    .await;
    let session = Session::start(&weather(broker.port, ""));
    assert_eq!(session.batch().await, [(2, Reading::Failed(Failure::DeviceError))]);
    let told = session.state(DeviceState::Degraded).await;
    assert_eq!(
        told.last_error.unwrap(),
        format!(
            "device \"weather\": the broker 127.0.0.1:{} refuses the subscription to \"site/weather/rain\": \
             it needs the right to read it",
            broker.port
        )
    );
    assert_eq!(told.counters.exceptions, 1);
    broker.publish("site/weather/pulses", "5", &[]).await;
    assert_eq!(session.batch().await, [(3, Reading::Good(Value::U64(5)))]);
    session.finish().await;
}

#[tokio::test]
async fn a_message_of_100_kilobytes_arrives() {
    let broker = Broker::open().await;
    let session = Session::online(&weather(broker.port, "")).await;
    let filling = "x".repeat(100_000);
    let payload = format!(r#"{{"filling":"{filling}","temperature":1,"wind":{{"speed":2}}}}"#);
    broker.publish("site/weather/outside", &payload, &["-q", "1"]).await;
    assert_eq!(session.batch().await, [(0, f64(1.0)), (1, f32(2.0))]);
    session.finish().await;
}

#[tokio::test]
async fn a_message_past_the_limit_is_a_fault_that_names_the_limit() {
    let broker = Broker::open().await;
    let session = Session::online(&weather(broker.port, "max_packet_bytes = 2000")).await;
    broker.publish("site/weather/rain", &"x".repeat(3000), &[]).await;
    let fault = session.fault(SOON).await;
    assert!(fault.contains("more than max_packet_bytes = 2000"), "{fault}");
}

#[tokio::test]
async fn the_login_comes_from_a_file() {
    let broker = Broker::start(|directory| {
        let users = directory.join("users");
        let status = std::process::Command::new("mosquitto_passwd")
            .args(["-c", "-b", users.to_str().unwrap(), "gateway", "open sesame"])
            .status();
        assert!(status.expect("mosquitto is missing: run tests/run").success());
        format!("allow_anonymous false\npassword_file {}\n", users.display())
    })
    .await;
    let file = broker.directory.join("password");
    let login = format!("username = \"gateway\"\npassword_file = \"{}\"", file.display());
    let driver = weather(broker.port, &login);
    let fault = Session::start(&driver).fault(SOON).await;
    assert!(
        fault.starts_with(&format!(
            "failed to read the password file {}: No such file",
            file.display()
        )),
        "{fault}"
    );
    std::fs::write(&file, "wrong\n").unwrap();
    let fault = Session::start(&driver).fault(SOON).await;
    assert!(fault.ends_with("check username and password_file"), "{fault}");
    assert!(!fault.contains("wrong"), "{fault}");
    std::fs::write(&file, "open sesame\n").unwrap();
    Session::online(&driver).await.finish().await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let begin = Instant::now();
    let session = Session::start(&weather(port, "connect_timeout_ms = 300"));
    let (_open, _) = silent.accept().await.unwrap();
    let fault = session.fault(SOON).await;
    assert_eq!(fault, format!("failed to connect to 127.0.0.1:{port}: no answer within 300 ms"));
    assert!((300..1000).contains(&begin.elapsed().as_millis()));
}

#[tokio::test]
async fn silence_fails_the_device_until_the_next_live_message() {
    let broker = Broker::open().await;
    broker.publish("silent/t", "1", &["-r"]).await;
    let driver = made(&format!(
        "broker = \"127.0.0.1:{}\"\n[[devices]]\nname = \"s\"\nsilence_ms = 300\npoints = [\n\
         {{ name = \"t\", topic = \"silent/t\", type = \"f64\", stale_after_ms = \"never\" }} ]",
        broker.port
    ));
    let session = Session::start(&driver);
    let failed = |outlet: &Recorder| {
        outlet.heard().into_iter().find(|heard| matches!(heard, Heard::DeviceFailed(..)))
    };
    let heard = session.outlet.until("silence", SOON, failed).await;
    assert!(matches!(heard, Heard::DeviceFailed(_, Failure::Timeout)));
    let told = session.report("timeout", |report| report.counters.timeouts == 1).await;
    assert_eq!(told.state, DeviceState::Offline);
    assert_eq!(
        told.last_error.as_deref(),
        Some("device \"s\": no live message on any of its topics for 300 ms")
    );
    broker.publish("silent/t", "2", &[]).await;
    session.state(DeviceState::Online).await;
    session.finish().await;
}

#[tokio::test]
async fn what_changes_rarely_comes_back_after_a_silence() {
    let broker = Broker::open().await;
    let driver = made(&format!(
        "broker = \"127.0.0.1:{}\"\n[[devices]]\nname = \"s\"\nsilence_ms = 1000\nretained = \"good\"\npoints = [\n\
         {{ name = \"often\", topic = \"s/often\", type = \"u16\", stale_after_ms = 1000 }},\n\
         {{ name = \"rare\", topic = \"s/rare\", type = \"u16\", stale_after_ms = \"never\" }} ]",
        broker.port
    ));
    let number = |number| Reading::Good(Value::U64(number));
    broker.publish("s/rare", "7", &["-r"]).await;
    let session = Session::start(&driver);
    assert_eq!(session.batch().await, [(1, number(7))]);
    session.report("silence", |report| report.counters.timeouts == 1).await;
    // A retained message of the topic that wakes the device is older than the one that woke it.
    broker.publish("s/often", "1", &["-r"]).await;
    assert_eq!(session.batch().await, [(0, number(1))]);
    assert_eq!(session.batch().await, [(1, number(7))]);
    session.state(DeviceState::Online).await;
    broker.publish("s/often", "2", &[]).await;
    assert_eq!(session.batch().await, [(0, number(2))]);
    session.finish().await;
}

#[tokio::test]
async fn many_topics_are_all_subscribed() {
    let broker = Broker::open().await;
    let points: Vec<_> = (0..1000)
        .map(|n| {
            format!(
                "{{ name = \"p{n}\", topic = \"many/{n}\", type = \"u16\", stale_after_ms = 1000 }}"
            )
        })
        .collect();
    let driver = made(&format!(
        "broker = \"127.0.0.1:{}\"\n[[devices]]\nname = \"m\"\npoints = [ {} ]",
        broker.port,
        points.join(",\n")
    ));
    let begin = Instant::now();
    let session = Session::online(&driver).await;
    println!("1000 topics subscribed after {:?}", begin.elapsed());
    for n in [0, 499, 999] {
        broker.publish(&format!("many/{n}"), "1", &[]).await;
        assert_eq!(session.batch().await, [(n, Reading::Good(Value::U64(1)))]);
    }
    session.finish().await;
}

#[tokio::test]
async fn commands_are_answered_that_nothing_here_is_written() {
    let broker = Broker::open().await;
    let session = Session::online(&weather(broker.port, "")).await;
    let deadline = Instant::now() + SOON;
    let (command, mut ticket) = Command::new(PointIndex(0), Value::Bool(true), deadline);
    session.commands.send(command).await.unwrap();
    assert_eq!(timeout(SOON, ticket.answer()).await.unwrap(), Err(Refused::NotWritable));
    session.finish().await;
}
