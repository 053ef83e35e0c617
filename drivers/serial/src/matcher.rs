//! A line to readings, by regular expressions that must match all of it.

use pointcast_api::text::{TextError, TextFormat};
use pointcast_api::{DeviceIndex, PointIndex, Reading};
use regex::{Regex, RegexBuilder};

/// Most bytes of memory that one compiled pattern may take.
const MAX_PATTERN_MEMORY_BYTES: usize = 1024 * 1024;
/// Deepest nesting of groups in a pattern.
const MAX_PATTERN_DEPTH: u32 = 50;

/// A pattern that matches whole lines only: noise at an end of a line must not go unnoticed.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Compiles `text`.
    pub(crate) fn new(text: &str) -> Result<Self, regex::Error> {
        let compile = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(MAX_PATTERN_MEMORY_BYTES)
                .dfa_size_limit(MAX_PATTERN_MEMORY_BYTES)
                .nest_limit(MAX_PATTERN_DEPTH)
                .build()
        };
        // First by itself: brackets that fit only together with those around it are a mistake.
        compile(text)?;
        compile(&format!("^(?:{text})$")).map(Self)
    }

    /// The names of its groups.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }

    fn group(&self, name: &str) -> Option<usize> {
        self.0.capture_names().position(|known| known == Some(name))
    }
}

/// All devices' patterns.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    devices: Vec<Vec<Reader>>,
    ignored: Vec<Pattern>,
}

/// A pattern and the points that its groups feed.
#[derive(Debug)]
struct Reader {
    pattern: Pattern,
    captures: Vec<Capture>,
}

#[derive(Clone, Debug)]
struct Capture {
    group: usize,
    point: PointIndex,
    format: TextFormat,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Match {
    /// Readings of one or more devices.
    Known(Vec<Told>),
    /// Known and not wanted.
    Ignored,
    /// Nobody's.
    Unknown,
}

/// What a line says of one device; points whose group took no part in the match are left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) device: DeviceIndex,
    pub(crate) readings: Vec<(PointIndex, Result<Reading, TextError>)>,
}

impl Matcher {
    /// Nobody's patterns yet, and those of lines to pass over.
    pub(crate) fn new(ignored: Vec<Pattern>) -> Self {
        Self { devices: Vec::new(), ignored }
    }

    /// Adds the next device with its patterns.
    pub(crate) fn add_device(&mut self, patterns: Vec<Pattern>) {
        let reader = |pattern| Reader { pattern, captures: Vec::new() };
        self.devices.push(patterns.into_iter().map(reader).collect());
    }

    /// Feeds `point` from the group called `name` in every pattern of the newest device that has one.
    ///
    /// Says whether any has.
    pub(crate) fn add_point(&mut self, name: &str, point: PointIndex, format: &TextFormat) -> bool {
        let mut is_known = false;
        for reader in self.devices.last_mut().into_iter().flatten() {
            if let Some(group) = reader.pattern.group(name) {
                reader.captures.push(Capture { group, point, format: format.clone() });
                is_known = true;
            }
        }
        is_known
    }

    /// What `line` is: for each device, its first pattern that matches reads it.
    pub(crate) fn read(&self, line: &str) -> Match {
        let told: Vec<_> = (0..)
            .map(DeviceIndex)
            .zip(&self.devices)
            .filter_map(|(device, readers)| {
                let readings = readers.iter().find_map(|reader| reader.read(line))?;
                Some(Told { device, readings })
            })
            .collect();
        if !told.is_empty() {
            Match::Known(told)
        } else if self.ignored.iter().any(|pattern| pattern.0.is_match(line)) {
            Match::Ignored
        } else {
            Match::Unknown
        }
    }
}

impl Reader {
    fn read(&self, line: &str) -> Option<Vec<(PointIndex, Result<Reading, TextError>)>> {
        let groups = self.pattern.0.captures(line)?;
        let reading = |capture: &Capture| {
            let text = groups.get(capture.group)?;
            Some((capture.point, capture.format.read(text.as_str())))
        };
        Some(self.captures.iter().filter_map(reading).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pointcast_api::{Value, ValueType};
    use proptest::prelude::*;

    fn matcher(
        devices: &[&[&str]],
        points: &[(usize, &str, ValueType)],
        ignored: &[&str],
    ) -> Matcher {
        let pattern = |text: &&str| Pattern::new(text).unwrap();
        let mut matcher = Matcher::new(ignored.iter().map(pattern).collect());
        for (at, patterns) in devices.iter().enumerate() {
            matcher.add_device(patterns.iter().map(pattern).collect());
            for (index, (_, name, value_type)) in (0..).zip(points).filter(|(_, p)| p.0 == at) {
                let format = TextFormat::plain(*value_type);
                assert!(matcher.add_point(name, PointIndex(index), &format), "{name}");
            }
        }
        matcher
    }

    fn read(matcher: &Matcher, line: &str) -> Vec<(u32, u32, String)> {
        let Match::Known(told) = matcher.read(line) else { panic!("{line}") };
        told.into_iter()
            .flat_map(|told| {
                told.readings.into_iter().map(move |(point, reading)| {
                    let text = match reading {
                        Ok(Reading::Good(value)) => value.to_string(),
                        Ok(other) => format!("{other:?}"),
                        Err(error) => error.to_string(),
                    };
                    (told.device.0, point.0, text)
                })
            })
            .collect()
    }

    fn told(device: u32, point: u32, text: &str) -> (u32, u32, String) {
        (device, point, text.to_owned())
    }

    #[test]
    fn one_pattern_feeds_several_points() {
        let scale = matcher(
            &[&[r"(?<status>ST|US|OL),GS,(?<weight>[+-] *[\d.]+|-+) *(?<unit>kg|g)?"]],
            &[
                (0, "weight", ValueType::F64),
                (0, "status", ValueType::Text),
                (0, "unit", ValueType::Text),
            ],
            &[],
        );
        assert_eq!(
            read(&scale, "ST,GS,+12.345 kg"),
            [told(0, 0, "12.345"), told(0, 1, "ST"), told(0, 2, "kg")]
        );
        assert_eq!(read(&scale, "ST,GS,+1"), [told(0, 0, "1"), told(0, 1, "ST")]);
        assert_eq!(
            read(&scale, "OL,GS,------"),
            [told(0, 0, r#""------" is no f64"#), told(0, 1, "OL")]
        );
    }

    #[test]
    fn only_a_whole_line_matches() {
        let bare = matcher(&[&[r"a|(?<v>\d+)|a\d"]], &[(0, "v", ValueType::U16)], &["#.*"]);
        assert_eq!(read(&bare, "12"), [told(0, 0, "12")]);
        assert_eq!(read(&bare, "a1"), []);
        for line in ["x12", "12x", " 12", "12\n", "1\n2", ""] {
            assert_eq!(bare.read(line), Match::Unknown, "{line:?}");
        }
        assert_eq!(bare.read("# comment"), Match::Ignored);
        assert_eq!(bare.read("## 12"), Match::Ignored);
    }

    #[test]
    fn several_talkers_share_a_line() {
        let nmea = matcher(
            &[
                &[r"\$..MWV,(?<angle>[\d.]*),.*", r"\$..VWR,(?<angle>[\d.]*),.*"],
                &[r"\$..(MWV|DBT).*"],
            ],
            &[(0, "angle", ValueType::F32)],
            &[],
        );
        assert_eq!(read(&nmea, "$WIVWR,45.0,R"), [told(0, 0, "45")]);
        let Match::Known(both) = nmea.read("$WIMWV,10.5,R") else { panic!() };
        assert_eq!(both.iter().map(|told| told.device.0).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(nmea.read("$GPGSV,1"), Match::Unknown);
    }

    #[test]
    fn a_pattern_without_bounds_is_refused() {
        assert!(Pattern::new(r"(\w{1000}){1000}").is_err());
        assert!(Pattern::new(&"(".repeat(100)).is_err());
        assert!(Pattern::new("a)|(b").is_err());
        assert!(Pattern::new("(?x) a # comment").is_err());
        let named = Pattern::new("(?<a>.)(.)(?P<b>.)").unwrap();
        assert_eq!(named.names().collect::<Vec<_>>(), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn any_line_is_something(line in ".{0,60}") {
            let scale = matcher(
                &[&[r"(?<status>..),(?<weight>[^,]*)"]],
                &[(0, "weight", ValueType::I16), (0, "status", ValueType::Bool)],
                &[],
            );
            let _any = scale.read(&line);
        }
    }

    #[test]
    fn a_value_is_the_captured_text_and_nothing_near_it() {
        let bare = matcher(&[&[r"(?<v>.*)"]], &[(0, "v", ValueType::U64)], &[]);
        let Match::Known(known) = bare.read("18446744073709551615") else { panic!() };
        let reading = known.into_iter().next().unwrap().readings.into_iter().next().unwrap().1;
        assert_eq!(reading, Ok(Reading::Good(Value::U64(u64::MAX))));
    }
}
