//! Who subscribed to what, what is retained, and who gets a message. No sockets, no waiting.
//!
//! A message goes once to each client, with the highest QoS of its matching filters. What does not fit into
//! a client's queue is lost for that client: nobody waits for anybody.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rumqttc::mqttbytes::{self, matches, valid_filter};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Most messages waiting for one client.
pub(crate) const CLIENT_QUEUE_MESSAGES: usize = 256;

/// Most filters of one client.
pub(crate) const MAX_FILTERS: usize = 256;

/// Most topics with a retained message; one more is passed on but not kept.
pub(crate) const MAX_RETAINED: usize = 1_024;

/// What the broker knows of quality of service: it takes no QoS 2, and grants 1 where 2 was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QoS {
    /// 0: as the connection carries it.
    AtMostOnce,
    /// 1: acknowledged.
    AtLeastOnce,
}

impl From<mqttbytes::QoS> for QoS {
    fn from(asked: mqttbytes::QoS) -> Self {
        match asked {
            mqttbytes::QoS::AtMostOnce => Self::AtMostOnce,
            mqttbytes::QoS::AtLeastOnce | mqttbytes::QoS::ExactlyOnce => Self::AtLeastOnce,
        }
    }
}

impl From<QoS> for mqttbytes::QoS {
    fn from(granted: QoS) -> Self {
        match granted {
            QoS::AtMostOnce => Self::AtMostOnce,
            QoS::AtLeastOnce => Self::AtLeastOnce,
        }
    }
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: Bytes,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    /// To the broker: keep it. From it: this was kept, and is not live.
    pub(crate) retain: bool,
}

/// A client's place in the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey(u64);

/// What a client gets when it comes.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) key: ClientKey,
    /// Its messages.
    pub(crate) queue: mpsc::Receiver<Message>,
    /// Cancelled when another connection takes the client id over (MQTT-3.1.4-2).
    pub(crate) taken_over: CancellationToken,
}

#[derive(Debug)]
struct Client {
    id: String,
    filters: BTreeMap<String, QoS>,
    queue: mpsc::Sender<Message>,
    taken_over: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    clients: BTreeMap<ClientKey, Client>,
    retained: BTreeMap<Bytes, Message>,
    next_key: u64,
}

/// The broker's middle.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<State>);

impl Hub {
    /// The sections under the lock are short and call nobody, so a poisoned lock hides no half-done work.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a client in. An empty id belongs to nobody else.
    pub(crate) fn attach(&self, id: &str) -> Attached {
        let (sender, queue) = mpsc::channel(CLIENT_QUEUE_MESSAGES);
        let taken_over = CancellationToken::new();
        let mut state = self.state();
        state.next_key += 1;
        let key = ClientKey(state.next_key);
        if !id.is_empty() {
            for client in state.clients.values().filter(|client| client.id == id) {
                client.taken_over.cancel();
            }
            state.clients.retain(|_, client| client.id != id);
        }
        let client = Client {
            id: id.to_owned(),
            filters: BTreeMap::new(),
            queue: sender,
            taken_over: taken_over.clone(),
        };
        state.clients.insert(key, client);
        Attached { key, queue, taken_over }
    }

    /// Forgets a client.
    pub(crate) fn detach(&self, key: ClientKey) {
        self.state().clients.remove(&key);
    }

    /// Subscribes; for each filter the QoS that was granted, `None` where it was refused, and then the
    /// retained messages that match one of them.
    pub(crate) fn subscribe(
        &self,
        key: ClientKey,
        wishes: &[(String, QoS)],
    ) -> (Vec<Option<QoS>>, Vec<Message>) {
        let mut state = self.state();
        let State { clients, retained, .. } = &mut *state;
        let Some(client) = clients.get_mut(&key) else {
            return (vec![None; wishes.len()], Vec::new());
        };
        let mut grant = |(filter, wish): &(String, QoS)| {
            let known = client.filters.contains_key(filter);
            if !valid_filter(filter) || !known && client.filters.len() >= MAX_FILTERS {
                return None;
            }
            client.filters.insert(filter.clone(), *wish);
            Some(*wish)
        };
        let grants: Vec<_> = wishes.iter().map(&mut grant).collect();
        let granted = || {
            wishes.iter().zip(&grants).filter_map(|((filter, _), grant)| Some((filter, (*grant)?)))
        };
        let kept = retained
            .values()
            .filter_map(|message| {
                let qos = best_match(&message.topic, granted())?.min(message.qos);
                Some(Message { qos, retain: true, ..message.clone() })
            })
            .collect();
        (grants, kept)
    }

    /// Unsubscribes; filters that were not there are no error.
    pub(crate) fn unsubscribe(&self, key: ClientKey, filters: &[String]) {
        if let Some(client) = self.state().clients.get_mut(&key) {
            client.filters.retain(|filter, _| !filters.contains(filter));
        }
    }

    /// Passes a message on, and keeps it where it asks for that; an empty one is forgotten instead.
    pub(crate) fn publish(&self, message: &Message) {
        let mut state = self.state();
        if message.retain {
            if message.payload.is_empty() {
                state.retained.remove(&message.topic);
            } else if state.retained.contains_key(&message.topic)
                || state.retained.len() < MAX_RETAINED
            {
                // Copied: what came in one packet would keep the whole of its buffer alive.
                let topic = Bytes::copy_from_slice(&message.topic);
                let payload = Bytes::copy_from_slice(&message.payload);
                let kept = Message { topic: topic.clone(), payload, ..message.clone() };
                state.retained.insert(topic, kept);
            }
        }
        for client in state.clients.values() {
            let filters = client.filters.iter().map(|(filter, qos)| (filter, *qos));
            let Some(granted) = best_match(&message.topic, filters) else {
                continue;
            };
            let live = Message { qos: granted.min(message.qos), retain: false, ..message.clone() };
            if client.queue.try_send(live).is_err() {
                debug!(client = client.id, "a message was lost: its queue is full");
            }
        }
    }
}

/// The highest QoS among the filters that match; `None` where none does.
fn best_match<'a>(topic: &[u8], filters: impl Iterator<Item = (&'a String, QoS)>) -> Option<QoS> {
    let topic = std::str::from_utf8(topic).ok()?;
    filters.filter(|(filter, _)| matches(topic, filter)).map(|(_, qos)| qos).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, payload: &str, qos: QoS, retain: bool) -> Message {
        let (topic, payload) = (topic.to_owned().into(), payload.to_owned().into());
        Message { topic, payload, qos, retain }
    }

    fn wish(filter: &str, qos: QoS) -> (String, QoS) {
        (filter.to_owned(), qos)
    }

    use QoS::{AtLeastOnce, AtMostOnce};

    #[test]
    fn wildcards_match_as_the_standard_says() {
        for (filter, topic, does) in [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/b/c", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "a/b", true),
            ("#", "$SYS/up", false),
            ("+/b", "/b", true),
            ("+", "a/b", false),
            ("a/b", "a/b/c", false),
        ] {
            let hub = Hub::default();
            let mut client = hub.attach("c");
            hub.subscribe(client.key, &[wish(filter, AtMostOnce)]);
            hub.publish(&message(topic, "x", AtMostOnce, false));
            assert_eq!(client.queue.try_recv().is_ok(), does, "{filter} {topic}");
        }
    }

    #[test]
    fn overlapping_filters_bring_a_message_once_with_the_best_qos() {
        let hub = Hub::default();
        let mut client = hub.attach("c");
        let wishes = [wish("a/#", AtMostOnce), wish("a/b", AtLeastOnce), wish("a/#/c", AtMostOnce)];
        let (grants, _) = hub.subscribe(client.key, &wishes);
        assert_eq!(grants, [Some(AtMostOnce), Some(AtLeastOnce), None]);
        hub.publish(&message("a/b", "x", AtLeastOnce, true));
        assert_eq!(client.queue.try_recv().unwrap(), message("a/b", "x", AtLeastOnce, false));
        assert!(client.queue.try_recv().is_err());
        hub.unsubscribe(client.key, &["a/b".to_owned()]);
        hub.publish(&message("a/b", "y", AtLeastOnce, false));
        assert_eq!(client.queue.try_recv().unwrap().qos, AtMostOnce);
    }

    #[test]
    fn the_newest_retained_message_waits_for_subscribers_until_an_empty_one() {
        let hub = Hub::default();
        hub.publish(&message("w/t", "1", AtMostOnce, true));
        hub.publish(&message("w/t", "2", AtLeastOnce, true));
        hub.publish(&message("w/t", "live only", AtMostOnce, false));
        let client = hub.attach("c");
        let (_, kept) = hub.subscribe(client.key, &[wish("w/+", AtLeastOnce)]);
        assert_eq!(kept, [message("w/t", "2", AtLeastOnce, true)]);
        hub.publish(&message("w/t", "", AtMostOnce, true));
        let (_, kept) = hub.subscribe(client.key, &[wish("w/+", AtLeastOnce)]);
        assert_eq!(kept, []);
    }

    #[test]
    fn bounds_hold() {
        let hub = Hub::default();
        let mut slow = hub.attach("slow");
        hub.subscribe(slow.key, &[wish("#", AtMostOnce)]);
        for number in 0..MAX_RETAINED + 10 {
            hub.publish(&message(&number.to_string(), "x", AtMostOnce, true));
        }
        let mut waiting = 0;
        while slow.queue.try_recv().is_ok() {
            waiting += 1;
        }
        assert_eq!(waiting, CLIENT_QUEUE_MESSAGES);
        let (_, kept) = hub.subscribe(slow.key, &[wish("#", AtMostOnce)]);
        assert_eq!(kept.len(), MAX_RETAINED);
        let many: Vec<_> = (0..=MAX_FILTERS).map(|n| wish(&format!("f/{n}"), AtMostOnce)).collect();
        let (grants, _) = hub.subscribe(slow.key, &many);
        assert_eq!(grants.iter().filter(|grant| grant.is_none()).count(), 2);
    }

    #[test]
    fn a_client_id_belongs_to_its_newest_connection() {
        let hub = Hub::default();
        let (old, other) = (hub.attach("c"), hub.attach(""));
        let _nameless = hub.attach("");
        let new = hub.attach("c");
        assert!(old.taken_over.is_cancelled());
        assert!(!new.taken_over.is_cancelled() && !other.taken_over.is_cancelled());
        hub.detach(old.key);
        let (grants, _) = hub.subscribe(new.key, &[wish("a", AtMostOnce)]);
        assert_eq!(grants, [Some(AtMostOnce)]);
    }
}
