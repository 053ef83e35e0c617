//! The weather station: publishes what `devices::weather` measures, straight into the hub.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use pointcast_api::UnixMs;
use tokio::time::{MissedTickBehavior, interval};

use super::hub::{Hub, Message, QoS};
use crate::devices::weather::{OFFLINE, ONLINE, STATUS_TOPIC, TOPICS, payload};
use crate::fault::{Device, Fault, FaultBoard};

/// The station's beat; what it publishes less often falls on every so many beats.
const BEAT: Duration = Duration::from_secs(1);

/// Publishes for ever, as far as the faults let it.
///
/// # Cancellation
/// Safe: a message is published whole or not at all.
pub(crate) async fn run(hub: &Hub, faults: &FaultBoard) {
    let schedule: BTreeMap<_, _> = TOPICS
        .iter()
        .filter(|entry| entry.every_ms > 0)
        .map(|entry| (entry.topic, (Duration::from_millis(entry.every_ms), entry.retained)))
        .collect();
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut status = None;
    let mut elapsed = Duration::ZERO;
    loop {
        beat.tick().await;
        let fault = faults.of(Device::Weather);
        let wanted = if fault == Fault::Disconnect { OFFLINE } else { ONLINE };
        if fault != Fault::Silent && status != Some(wanted) {
            status = Some(wanted);
            hub.publish(&message(STATUS_TOPIC, wanted.to_owned(), true));
        }
        if fault == Fault::Ok {
            let now = UnixMs::now();
            for (topic, (every, retained)) in &schedule {
                if elapsed.as_millis().is_multiple_of(every.as_millis())
                    && let Some(payload) = payload(topic, now)
                {
                    hub.publish(&message(topic, payload, *retained));
                }
            }
        }
        elapsed += BEAT;
    }
}

/// Retained messages travel with QoS 1, the others with QoS 0.
fn message(topic: &'static str, payload: String, retain: bool) -> Message {
    let qos = if retain { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    let topic = Bytes::from_static(topic.as_bytes());
    Message { topic, payload: payload.into(), qos, retain }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every message within the next `seconds`, by topic.
    async fn heard(seconds: u64, faults: &FaultBoard) -> BTreeMap<String, Vec<String>> {
        let hub = Hub::default();
        let mut client = hub.attach("test");
        hub.subscribe(client.key, &[("#".to_owned(), QoS::AtMostOnce)]);
        let bound = Duration::from_secs(seconds) - BEAT / 2;
        let _elapsed = tokio::time::timeout(bound, run(&hub, faults)).await;
        let mut heard = BTreeMap::<_, Vec<_>>::new();
        while let Ok(message) = client.queue.try_recv() {
            let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
            heard.entry(text(message.topic)).or_default().push(text(message.payload));
        }
        heard
    }

    #[tokio::test(start_paused = true)]
    async fn everything_in_the_map_is_published_as_often_and_of_the_type_it_says() {
        let heard = heard(20, &FaultBoard::new()).await;
        for entry in TOPICS {
            let payloads = &heard[entry.topic];
            let times = 20_000_u64.checked_div(entry.every_ms).unwrap_or(1);
            assert_eq!(payloads.len() as u64, times, "{}", entry.topic);
            for payload in payloads {
                let Some(pointer) = entry.pointer else {
                    let number = payload.parse::<f64>().is_ok();
                    assert_eq!(number, entry.type_word == "f64", "{} {payload}", entry.point);
                    continue;
                };
                let json: serde_json::Value = serde_json::from_str(payload).unwrap();
                let value = json.pointer(pointer).unwrap();
                let fits = match entry.type_word {
                    "bool" => value.is_boolean(),
                    "string" => value.is_string(),
                    "u16" => value.as_u64().is_some_and(|v| u16::try_from(v).is_ok()),
                    _ => value.is_number(),
                };
                assert!(fits, "{} is {value}", entry.point);
                if let (Some((least, most)), Some(number)) = (entry.range, value.as_f64()) {
                    assert!((least..=most).contains(&number), "{} is {value}", entry.point);
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silent_says_nothing_and_disconnect_leaves_its_will() {
        let faults = FaultBoard::new();
        faults.apply("weather=silent").unwrap();
        assert!(heard(10, &faults).await.is_empty());
        faults.apply("weather=disconnect").unwrap();
        let heard = heard(10, &faults).await;
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[STATUS_TOPIC], [OFFLINE]);
    }
}
