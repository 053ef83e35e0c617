//! Whether a text is CSV at all, before it is taken apart: RFC 4180's quoting, held strictly, because a quote
//! too many would swallow rows or change cells in silence. Pure.

/// What may stand between two cells.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// What is wrong with the quoting: the line, the problem and what would be right.
pub(super) type Misquoted = (u32, &'static str, &'static str);

/// The delimiter: the one that is most often in the first line, outside quotes. `,` if none is.
pub(super) fn delimiter(text: &str) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => {
                for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
                    *count += usize::from(byte == delimiter);
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    let first = counts.iter().zip(DELIMITERS).find(|(count, _)| **count == most);
    first.map_or(b',', |(_, delimiter)| delimiter)
}

/// Where in its text a cell is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Bare,
    Quoted,
    /// Behind a quote within quotes: the end, or the first of two.
    Closed,
    /// In a cell that was refused, until its line ends.
    Refused,
}

/// Everything that is wrong with the quoting.
pub(super) fn misquoted(text: &str, delimiter: u8) -> Vec<Misquoted> {
    const BEGIN: &str =
        "a cell with a quote in it begins and ends with one, and doubles it: \"5\"\" pipe\"";
    let mut wrong = Vec::new();
    let (mut line, mut opened, mut state) = (1_u32, 1_u32, State::Start);
    for byte in text.bytes() {
        let ends = byte == delimiter || byte == b'\n' || byte == b'\r';
        state = match (state, byte) {
            (State::Start, b'"') => {
                opened = line;
                State::Quoted
            }
            (State::Bare, b'"') => {
                wrong.push((line, "a quote within a cell that does not begin with one", BEGIN));
                State::Refused
            }
            (State::Quoted, b'"') => State::Closed,
            (State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (State::Refused, b'\n') => State::Start,
            (State::Refused, _) => State::Refused,
            (State::Start | State::Bare | State::Closed, _) if ends => State::Start,
            (State::Start | State::Bare, _) => State::Bare,
            (State::Closed, _) => {
                wrong.push((line, "text behind the quote that ends a cell", BEGIN));
                State::Refused
            }
        };
        line = line.saturating_add(u32::from(byte == b'\n'));
    }
    if state == State::Quoted {
        wrong.push((opened, "a quote that never ends", "close it; within the cell, double it"));
    }
    wrong
}

/// The line in which each row begins, for rows in their order.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    /// How far lines were counted, and how many there were.
    offset: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), offset: 0, line: 1 }
    }

    /// The line of the first cell at or behind `offset`, which may lie before ends of lines.
    pub(super) fn at(&mut self, offset: usize) -> u32 {
        while let Some(byte) = self.text.get(self.offset) {
            if self.offset >= offset && *byte != b'\n' && *byte != b'\r' {
                break;
            }
            self.line = self.line.saturating_add(u32::from(*byte == b'\n'));
            self.offset += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_seen_in_the_head() {
        assert_eq!(delimiter("name,type\na;b;c;d"), b',');
        assert_eq!(delimiter("name;type\r\na,b,c,d"), b';');
        assert_eq!(delimiter("name\ttype"), b'\t');
        assert_eq!(delimiter("\"a,b,c\";type"), b';');
        assert_eq!(delimiter("name"), b',');
        assert_eq!(delimiter(""), b',');
    }

    #[test]
    fn quoting_is_held_to_the_letter() {
        let lines = |text| misquoted(text, b',').iter().map(|(line, ..)| *line).collect::<Vec<_>>();
        assert_eq!(lines("a,\"b\"\"c\",\"d\ne\"\r\n\"\",f\n"), [0_u32; 0]);
        assert_eq!(lines("a\n5\" pipe,b\nok\n"), [2]);
        assert_eq!(lines("a\n\"b\" c,d\n\"e\"x"), [2, 3]);
        assert_eq!(lines("a\nb,\"c\nd\ne"), [2]);
        assert_eq!(lines("\"a;b\""), [0_u32; 0]);
    }
}
