//! An event stream's bytes as a browser reads them (HTML Standard, 9.2.6): only whole events count.

use serde_json::Value as Json;

/// An event, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: Json,
    pub(super) id: Option<String>,
}

/// The whole events in `bytes`; what follows the last of them is none yet.
pub(super) fn whole_events(bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut name, mut data, mut id) = (None, None, None);
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(&rest[..end]).expect("whole lines are UTF-8");
        rest = &rest[end + 1..];
        match line.split_once(": ") {
            Some(("event", field)) => name = Some(field.to_owned()),
            Some(("data", field)) => data = Some(field.to_owned()),
            Some(("id", field)) => id = Some(field.to_owned()),
            Some(("retry", field)) => assert!(field.parse::<u64>().is_ok(), "{line}"),
            None if line.is_empty() => {
                let data = data.take().expect("every event has data");
                let name = name.take().expect("and a name");
                let data = serde_json::from_str(&data).expect("which is JSON");
                events.push(Event { name, data, id: id.take() });
            }
            _ => panic!("no line of an event: {line}"),
        }
    }
    events
}
