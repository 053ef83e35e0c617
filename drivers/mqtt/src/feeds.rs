//! Which topics feed which points, and what a message is to each of them.

use std::collections::HashMap;

use pointcast_api::text::TextFormat;
use pointcast_api::{DeviceIndex, PlannedRequest, PointIndex, Reading};
use rumqttc::QoS;

use crate::payload::{Payload, PayloadError};

/// What a retained message (§3.3.1.3) is worth: it was published at a time that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retained {
    /// A value of unknown age.
    Uncertain,
    /// As good as a live one, because the publisher says so.
    Good,
    /// Nothing.
    Ignore,
}

/// What a JSON text without the pointer's member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A payload that is not as configured.
    Error,
    /// No news of this point: its publisher sends only what changed.
    Ignore,
}

/// How a topic's messages become one point's readings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Feed {
    pub(crate) point: PointIndex,
    pub(crate) device: DeviceIndex,
    /// Where in the JSON text; `None` for a plain payload.
    pub(crate) pointer: Option<String>,
    pub(crate) format: TextFormat,
    pub(crate) retained: Retained,
    pub(crate) missing: Missing,
}

/// A topic and the points it feeds, of whatever devices.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Topic {
    pub(crate) name: String,
    /// The highest that one of its points asks for.
    pub(crate) qos: QoS,
    pub(crate) feeds: Vec<Feed>,
}

/// A topic's place in its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TopicIndex(pub(crate) usize);

/// All topics of a channel, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feeds {
    topics: Vec<Topic>,
    by_name: HashMap<String, TopicIndex>,
}

/// What a message brought to one point.
pub(crate) type Brought<'a> = (&'a Feed, Result<Reading, PayloadError>);

impl Feeds {
    /// Lets messages of `topic` feed one more point.
    pub(crate) fn add(&mut self, topic: String, qos: QoS, feed: Feed) {
        let next = TopicIndex(self.topics.len());
        let at = *self.by_name.entry(topic.clone()).or_insert(next);
        match self.topics.get_mut(at.0) {
            Some(known) => {
                if qos == QoS::AtLeastOnce {
                    known.qos = qos;
                }
                known.feeds.push(feed);
            }
            None => self.topics.push(Topic { name: topic, qos, feeds: vec![feed] }),
        }
    }

    /// All topics, in the order of the file.
    pub(crate) fn indices(&self) -> impl Iterator<Item = TopicIndex> + use<> {
        (0..self.topics.len()).map(TopicIndex)
    }

    pub(crate) fn get(&self, topic: TopicIndex) -> Option<&Topic> {
        self.topics.get(topic.0)
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<(TopicIndex, &Topic)> {
        let index = *self.by_name.get(std::str::from_utf8(name).ok()?)?;
        Some((index, self.get(index)?))
    }

    /// The topics that feed points of `device`.
    pub(crate) fn of(&self, device: DeviceIndex) -> impl Iterator<Item = TopicIndex> {
        let feeds_it = move |topic: &Topic| topic.feeds.iter().any(|feed| feed.device == device);
        let topics = self.topics.iter().enumerate().filter(move |(_, topic)| feeds_it(topic));
        topics.map(|(at, _)| TopicIndex(at))
    }

    /// One line for each topic and device.
    pub(crate) fn plan(&self) -> Vec<PlannedRequest> {
        let mut plan: Vec<PlannedRequest> = Vec::new();
        for topic in &self.topics {
            let begin = plan.len();
            for feed in &topic.feeds {
                let lines = plan.iter_mut().skip(begin);
                match lines.into_iter().find(|line| line.device == feed.device) {
                    Some(line) => line.points.push(feed.point),
                    None => plan.push(PlannedRequest {
                        device: feed.device,
                        request: format!(
                            "subscribe {} at QoS {}",
                            topic.name,
                            qos_number(topic.qos)
                        ),
                        parts: Vec::new(),
                        scan_interval: None,
                        wire_time: None,
                        busy_time: None,
                        is_refused: false,
                        points: vec![feed.point],
                    }),
                }
            }
        }
        plan
    }
}

impl Topic {
    /// What a message brings to each point it feeds; points it says nothing about are left out.
    ///
    /// An empty payload is "no value" for all of them: it is how a retained message is taken back.
    pub(crate) fn read(&self, payload: &[u8], retained: bool) -> Vec<Brought<'_>> {
        let payload = Payload::new(payload, self.feeds.iter().any(|feed| feed.pointer.is_some()));
        self.feeds
            .iter()
            .filter(|feed| !(retained && feed.retained == Retained::Ignore))
            .filter_map(|feed| Some((feed, feed.read(&payload, retained)?)))
            .collect()
    }
}

impl Feed {
    fn read(&self, payload: &Payload<'_>, retained: bool) -> Option<Result<Reading, PayloadError>> {
        let reading = match payload.read(self.pointer.as_deref(), &self.format) {
            Ok(reading) => reading,
            Err(PayloadError::NoMember { .. }) if self.missing == Missing::Ignore => return None,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(match reading {
            Reading::Good(value) if retained && self.retained == Retained::Uncertain => {
                Reading::OfUnknownAge(value)
            }
            reading @ (Reading::Good(_)
            | Reading::OutOfRange(_)
            | Reading::Substituted(_)
            | Reading::OfUnknownAge(_)
            | Reading::NotANumber
            | Reading::Failed(_)) => reading,
        }))
    }
}

fn qos_number(qos: QoS) -> u8 {
    match qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce => 1,
        QoS::ExactlyOnce => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::feed;
    use pointcast_api::{Value, ValueType};

    fn good(number: f64) -> Reading {
        Reading::Good(Value::f64(number).unwrap())
    }

    fn weather(missing: Missing) -> Feeds {
        let mut feeds = Feeds::default();
        for (at, pointer) in [(0, "/t"), (1, "/wind/0")] {
            let pointer = Some(pointer.to_owned());
            let feed = Feed { pointer, missing, ..feed(at, ValueType::F64) };
            feeds.add("w/1".to_owned(), QoS::AtMostOnce, feed);
        }
        feeds.add("w/2".to_owned(), QoS::AtLeastOnce, feed(2, ValueType::F64));
        feeds
    }

    fn readings(
        feeds: &Feeds,
        payload: &str,
        retained: bool,
    ) -> Vec<(u32, Result<Reading, String>)> {
        let brought = feeds.find(b"w/1").unwrap().1.read(payload.as_bytes(), retained);
        brought
            .into_iter()
            .map(|(feed, reading)| (feed.point.0, reading.map_err(|error| error.to_string())))
            .collect()
    }

    #[test]
    fn one_message_feeds_all_points_of_its_topic() {
        let feeds = weather(Missing::Error);
        assert_eq!(
            readings(&feeds, r#"{"t":21.5,"wind":[3]}"#, false),
            [(0, Ok(good(21.5))), (1, Ok(good(3.0)))]
        );
        assert_eq!(feeds.indices().count(), 2);
        assert!(feeds.find(b"w/3").is_none());
        assert!(feeds.find(b"w/\xff").is_none());
    }

    #[test]
    fn one_bad_member_costs_its_own_point_only() {
        assert_eq!(
            readings(&weather(Missing::Error), r#"{"t":"warm","wind":[3]}"#, false),
            [(0, Err(r#""warm" is no f64"#.to_owned())), (1, Ok(good(3.0)))]
        );
        assert_eq!(
            readings(&weather(Missing::Error), r#"{"wind":[3]}"#, false),
            [(0, Err(r#"there is nothing at /t"#.to_owned())), (1, Ok(good(3.0)))]
        );
        assert_eq!(
            readings(&weather(Missing::Ignore), r#"{"wind":[3]}"#, false),
            [(1, Ok(good(3.0)))]
        );
    }

    #[test]
    fn a_retained_message_is_what_its_point_says() {
        let mut feeds = Feeds::default();
        for (at, retained) in [(0, Retained::Uncertain), (1, Retained::Good), (2, Retained::Ignore)]
        {
            let feed = Feed { retained, ..feed(at, ValueType::F64) };
            feeds.add("w/1".to_owned(), QoS::AtMostOnce, feed);
        }
        let unknown = Reading::OfUnknownAge(Value::f64(5.0).unwrap());
        assert_eq!(readings(&feeds, "5", true), [(0, Ok(unknown)), (1, Ok(good(5.0)))]);
        assert_eq!(readings(&feeds, "5", false).len(), 3);
        assert_eq!(readings(&feeds, "", true).first(), Some(&(0, Ok(Reading::NotANumber))));
    }

    #[test]
    fn a_topic_is_planned_once_for_each_device() {
        let mut feeds = weather(Missing::Error);
        let other = Feed { device: DeviceIndex(1), ..feed(3, ValueType::Text) };
        feeds.add("w/1".to_owned(), QoS::AtLeastOnce, other);
        let plan: Vec<_> = feeds
            .plan()
            .into_iter()
            .map(|line| (line.device.0, line.request, line.points.len()))
            .collect();
        assert_eq!(
            plan,
            [
                (0, "subscribe w/1 at QoS 1".to_owned(), 2),
                (1, "subscribe w/1 at QoS 1".to_owned(), 1),
                (0, "subscribe w/2 at QoS 1".to_owned(), 1),
            ]
        );
    }
}
