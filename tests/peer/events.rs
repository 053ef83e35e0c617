//! An event stream's bytes as events, by the letter of the HTML standard (§9.2.6), to hold clients against.

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) event: String,
    pub(crate) data: String,
    /// As [`Ids`] says.
    pub(crate) id: String,
}

/// What a client gives as the id of an event that brings none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// The last one that came, as the standard has it.
    Last,
    /// None, though it remembers the last one for its return.
    Own,
}

/// The body of an HTTP/1.1 answer in chunks, as far as it came.
#[track_caller]
pub(crate) fn body(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let (head, _) = text.split_once("\r\n\r\n").expect("no end of the head");
    assert!(head.to_ascii_lowercase().contains("transfer-encoding: chunked"), "{head}");
    let mut rest = &answer[head.len() + 4..];
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..size.min(chunk.len())]);
        if chunk.len() < size + 2 {
            break;
        }
        rest = &chunk[size + 2..];
    }
    body
}

/// Every whole event of `body`, beginning with `last_id`. An event that an end of the stream cut off is none.
#[track_caller]
pub(crate) fn parse(body: &[u8], last_id: &str, ids: Ids) -> Vec<Event> {
    let text = String::from_utf8_lossy(body);
    let mut events = Vec::new();
    let (mut event, mut data, mut id) = (String::new(), String::new(), last_id.to_owned());
    let mut id_came = false;
    for line in text.split_inclusive('\n') {
        // A line that has no end has not arrived.
        let Some(line) = line.strip_suffix('\n') else { break };
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "id" => {
                value.clone_into(&mut id);
                id_came = true;
            }
            "" if line.is_empty() => {
                let came = std::mem::take(&mut id_came);
                if let Some(text) = data.strip_suffix('\n') {
                    events.push(Event {
                        event: std::mem::take(&mut event),
                        data: text.to_owned(),
                        id: if came || ids == Ids::Last { id.clone() } else { String::new() },
                    });
                }
                event.clear();
                data.clear();
            }
            "retry" => {}
            _ => panic!("the stream holds a line that no client understands: {line:?}"),
        }
    }
    events
}
