//! Bytes of an event stream → events. Pure, and bounded whatever the peer sends.
//!
//! HTML Living Standard §9.2.5 and §9.2.6: UTF-8 with a byte order mark passed over, lines that end with
//! CRLF, LF or CR wherever the bytes are cut, fields `event`, `data`, `id` and `retry`. Broken UTF-8 becomes
//! U+FFFD. An event without data is none, but its `id` and `retry` count.

use std::collections::VecDeque;
use std::time::Duration;

/// Most bytes one event may have: twice the largest frame a gateway can be set to send.
pub(super) const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawEvent {
    /// Its type; empty when none was given.
    pub(super) name: String,
    /// Its data, lines joined by LF.
    pub(super) data: String,
}

/// The stream as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Parser {
    /// The line being read, without its end.
    line: Vec<u8>,
    /// Whether the last byte was a CR, so that an LF now belongs to it.
    after_cr: bool,
    /// Whether a first line was read, before which a byte order mark may stand.
    begun: bool,
    name: String,
    data: String,
    /// Data lines of the event being read; an event with an empty one still is one.
    data_lines: usize,
    ready: VecDeque<RawEvent>,
    /// The `id` read last, which counts only once its event is complete.
    id: Option<String>,
    /// The newest `id` of a complete event, to resume after.
    pub(super) last_id: Option<String>,
    /// The newest `retry`.
    pub(super) retry: Option<Duration>,
}

/// An event that grew past [`MAX_EVENT_BYTES`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {MAX_EVENT_BYTES} bytes")]
pub(super) struct TooLong;

impl Parser {
    /// Takes in the next bytes of the stream.
    ///
    /// # Errors
    /// [`TooLong`], after which the stream is of no more use.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        for byte in bytes {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = *byte == b'\r';
                    self.end_line();
                }
                other => {
                    self.after_cr = false;
                    if self.line.len() + self.data.len() >= MAX_EVENT_BYTES {
                        return Err(TooLong);
                    }
                    self.line.push(*other);
                }
            }
        }
        Ok(())
    }

    /// The oldest event that is complete.
    pub(super) fn next_event(&mut self) -> Option<RawEvent> {
        self.ready.pop_front()
    }

    fn end_line(&mut self) {
        let mut bytes = std::mem::take(&mut self.line);
        if !self.begun {
            self.begun = true;
            if bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
        }
        let line = String::from_utf8_lossy(&bytes);
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        self.field(field, value.strip_prefix(' ').unwrap_or(value));
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if self.data_lines > 0 {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.data_lines += 1;
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
            }
            _ => {}
        }
    }

    fn end_event(&mut self) {
        if let Some(id) = self.id.take() {
            self.last_id = Some(id);
        }
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.data_lines) > 0 {
            self.ready.push_back(RawEvent { name, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(parser: &mut Parser) -> Vec<RawEvent> {
        std::iter::from_fn(|| parser.next_event()).collect()
    }

    fn event(name: &str, data: &str) -> RawEvent {
        RawEvent { name: name.to_owned(), data: data.to_owned() }
    }

    const SAMPLE: &str = "\u{feff}: hello\nevent: a\ndata: 1\ndata:2\nid: x\n\nretry: 3000\r\n\r\n\
                          event: gone\n\ndata\rid\r\rdata: °C\ndata\n\nid: no\0\nretry: 5x\nother: y\n\n\
                          data: unfinished";

    fn sample_events() -> Vec<RawEvent> {
        vec![event("a", "1\n2"), event("", ""), event("", "°C\n")]
    }

    #[test]
    fn fields_line_ends_and_the_byte_order_mark_are_as_the_standard_says() {
        let mut parser = Parser::default();
        parser.feed(SAMPLE.as_bytes()).unwrap();
        assert_eq!(all(&mut parser), sample_events());
        assert_eq!(parser.last_id.as_deref(), Some(""));
        assert_eq!(parser.retry, Some(Duration::from_secs(3)));
    }

    #[test]
    fn an_id_counts_only_once_its_event_is_complete() {
        let mut parser = Parser::default();
        parser.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b\n").unwrap();
        assert_eq!(parser.last_id.as_deref(), Some("1"));
        parser.feed(b"\n").unwrap();
        assert_eq!(parser.last_id.as_deref(), Some("2"));
    }

    #[test]
    fn an_event_that_ends_with_a_lone_cr_is_not_held_back() {
        let mut parser = Parser::default();
        parser.feed(b"data: 1\r\r").unwrap();
        assert_eq!(all(&mut parser), [event("", "1")]);
    }

    #[test]
    fn broken_text_is_replaced_and_does_not_stop_the_stream() {
        let mut parser = Parser::default();
        parser.feed(b"data: a\xffb\n\ndata: c\n\n").unwrap();
        assert_eq!(all(&mut parser), [event("", "a\u{fffd}b"), event("", "c")]);
    }

    #[test]
    fn neither_a_line_nor_its_data_grows_without_bound() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(&vec![b'x'; MAX_EVENT_BYTES]), Ok(()));
        assert_eq!(parser.feed(b"x"), Err(TooLong));
        let mut parser = Parser::default();
        let line = [b"data:".as_slice(), &vec![b'x'; 1024 * 1024], b"\n"].concat();
        let fed = (0..64).map(|_| parser.feed(&line)).find(Result::is_err);
        assert_eq!(fed, Some(Err(TooLong)));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_does_not_matter(cuts in prop::collection::vec(0..SAMPLE.len(), 0..12)) {
            let mut parser = Parser::default();
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut from = 0;
            for cut in cuts.into_iter().chain([SAMPLE.len()]) {
                parser.feed(&SAMPLE.as_bytes()[from..cut]).unwrap();
                from = cut;
            }
            prop_assert_eq!(all(&mut parser), sample_events());
        }
    }
}
