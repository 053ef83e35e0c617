//! Bytes to whole lines, however they arrive.
//!
//! It begins lost: what comes before the first delimiter may be the tail of a line. It is lost again after a
//! line without end and whenever it is told so; then it passes over everything up to the next delimiter. It
//! holds at most one line.

use std::fmt;

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    /// `\n`; a `\r` right before it does not count.
    LineFeed,
    /// `\r`; every `\n` right after it does not count.
    CarriageReturn,
}

/// What was found between two delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A whole line, not empty.
    Line(&'a str),
    /// A line that cannot be trusted.
    Damaged(Damage),
}

/// What is wrong with a line as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Longer than a line may be.
    TooLong,
    /// Not UTF-8.
    NotText,
    /// It holds a NUL, which is what the kernel makes of a character with a parity error and of a break.
    Nul,
    /// It paused in its middle: the rest may belong to another line.
    BrokenOff,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => {
                "a line is longer than max_line_bytes (a wrong delimiter or baud rate?)"
            }
            Self::NotText => "a line is no UTF-8 text (a wrong baud rate or parity?)",
            Self::Nul => "a line holds a character with a parity error, or a break",
            Self::BrokenOff => "a line broke off in its middle",
        })
    }
}

/// The line so far.
#[derive(Debug)]
pub(crate) struct Splitter {
    delimiter: Delimiter,
    max_line_bytes: usize,
    line: Vec<u8>,
    lost: bool,
    begun: bool,
}

impl Splitter {
    /// Lost, as at the opening of a port. A line may have `max_line_bytes` without its end.
    pub(crate) fn new(delimiter: Delimiter, max_line_bytes: usize) -> Self {
        Self { delimiter, max_line_bytes, line: Vec::new(), lost: true, begun: false }
    }

    /// Whether a line is begun and not ended.
    pub(crate) fn is_in_line(&self) -> bool {
        self.begun
    }

    /// Passes over everything up to the next delimiter, what is there of a line included.
    pub(crate) fn lose(&mut self) {
        self.line.clear();
        self.lost = true;
    }

    /// Takes the next bytes and gives every line they end, in order.
    ///
    /// Says whether any of them belong to a line, be it one that is passed over.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Piece<'_>)) -> bool {
        let mut is_any = false;
        let end = match self.delimiter {
            Delimiter::LineFeed => b'\n',
            Delimiter::CarriageReturn => b'\r',
        };
        while let Some(at) = bytes.iter().position(|byte| *byte == end) {
            let (head, rest) = bytes.split_at(at);
            self.extend(head, &mut found);
            is_any |= self.begun;
            self.end(&mut found);
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.extend(bytes, &mut found);
        is_any | self.begun
    }

    fn extend(&mut self, mut bytes: &[u8], found: &mut impl FnMut(Piece<'_>)) {
        if !self.begun && self.delimiter == Delimiter::CarriageReturn {
            let begin = bytes.iter().position(|byte| *byte != b'\n').unwrap_or(bytes.len());
            bytes = bytes.get(begin..).unwrap_or_default();
        }
        if bytes.is_empty() {
            return;
        }
        self.begun = true;
        if self.lost {
            return;
        }
        // One more than a line may have: it may still turn out to be the `\r` that does not count.
        if self.line.len() + bytes.len() > self.max_line_bytes + 1 {
            self.lose();
            found(Piece::Damaged(Damage::TooLong));
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        self.begun = false;
        if !std::mem::replace(&mut self.lost, false) {
            let line = match self.delimiter {
                Delimiter::LineFeed => self.line.strip_suffix(b"\r").unwrap_or(&self.line),
                Delimiter::CarriageReturn => &self.line,
            };
            if line.len() > self.max_line_bytes {
                found(Piece::Damaged(Damage::TooLong));
            } else if line.contains(&0) {
                found(Piece::Damaged(Damage::Nul));
            } else if !line.is_empty() {
                let line = std::str::from_utf8(line);
                found(line.map_or(Piece::Damaged(Damage::NotText), Piece::Line));
            }
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 8;

    fn split(delimiter: Delimiter, chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::new(delimiter, MAX);
        let mut pieces = Vec::new();
        for chunk in chunks {
            splitter.feed(chunk, |piece| {
                pieces.push(match piece {
                    Piece::Line(line) => line.to_owned(),
                    Piece::Damaged(damage) => format!("{damage:?}"),
                });
            });
            assert!(splitter.line.len() <= MAX + 1);
        }
        pieces
    }

    fn lines(bytes: &[u8]) -> Vec<String> {
        split(Delimiter::LineFeed, &[bytes])
    }

    #[test]
    fn the_tail_of_a_line_is_never_a_line() {
        assert_eq!(lines(b"2.345\n12.345\n12."), ["12.345"]);
        assert_eq!(lines(b"no end"), [""; 0]);
    }

    #[test]
    fn line_ends_of_all_kinds_are_understood() {
        assert_eq!(lines(b"\na\r\nb\n\r\n\nc\r\r\n"), ["a", "b", "c\r"]);
        let cr = |bytes: &[u8]| split(Delimiter::CarriageReturn, &[bytes]);
        assert_eq!(cr(b"\ra\rb\r\nc\r\n\rd\r"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_line_may_have_its_length_and_no_more() {
        assert_eq!(lines(b"\n12345678\n12345678\r\nx\n"), ["12345678", "12345678", "x"]);
        assert_eq!(lines(b"\n123456789\nx\n"), ["TooLong", "x"]);
        assert_eq!(lines(b"\n1234567890123456789012\nx\n"), ["TooLong", "x"]);
        // The tail of a line without end is no line either.
        assert_eq!(
            split(Delimiter::LineFeed, &[b"\n123456", b"789012", b"3\nx\n"]),
            ["TooLong", "x"]
        );
    }

    #[test]
    fn what_is_damaged_is_told_and_the_next_line_is_whole() {
        assert_eq!(lines(b"\n\xff\nx\n"), ["NotText", "x"]);
        assert_eq!(lines(b"\n1\x003\nx\n"), ["Nul", "x"]);
    }

    #[test]
    fn what_is_lost_is_lost_up_to_the_next_delimiter() {
        let mut splitter = Splitter::new(Delimiter::LineFeed, MAX);
        let mut lines = Vec::new();
        let mut feed = |splitter: &mut Splitter, bytes: &[u8]| {
            splitter.feed(bytes, |piece| lines.push(format!("{piece:?}")));
        };
        feed(&mut splitter, b"\n12");
        assert!(splitter.is_in_line());
        splitter.lose();
        feed(&mut splitter, b"2.345\n7\n");
        assert!(!splitter.is_in_line());
        splitter.lose();
        feed(&mut splitter, b"345\n8\n");
        assert_eq!(lines, [r#"Line("7")"#, r#"Line("8")"#]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(
            bytes in proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), b'0'..=b'9', any::<u8>()], 0..120),
            cuts in proptest::collection::vec(0_usize..120, 0..12),
            carriage_return in any::<bool>(),
        ) {
            let delimiter =
                if carriage_return { Delimiter::CarriageReturn } else { Delimiter::LineFeed };
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(split(delimiter, &chunks), split(delimiter, &[&bytes]));
        }

        #[test]
        fn whole_lines_come_through(sent in proptest::collection::vec("[ -~]{1,8}", 0..10)) {
            let text: String = sent.iter().map(|line| format!("\n{line}")).collect();
            prop_assert_eq!(lines(format!("{text}\n").as_bytes()), sent);
        }
    }
}
