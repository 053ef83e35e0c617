//! Spans, surveys, images and what is found in them.

mod link;

use std::time::Duration;

use pointcast_api::settings::Refusals;
use pointcast_api::testing::channel;
use pointcast_api::{Reading, Value};
use proptest::prelude::*;

use super::image::Image;
use super::survey::{Outcome, Survey};
use super::*;
use crate::address::Table;
use crate::decode::Content;
use crate::frame::ReadRequest;
use crate::settings::check as check_site;

fn span(text: &str) -> Span {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_span_is_written_as_an_address_and_its_end() {
    for (text, shown, count) in [
        ("holding:100", "holding:100", 1),
        ("holding:100-119", "holding:100-119", 20),
        ("ref:40101-40120", "holding:100-119", 20),
        ("ref:300001-300002", "input:0-1", 2),
        ("coil:0-65535", "coil:0-65535", 65_536),
    ] {
        assert_eq!(
            (span(text).to_string(), span(text).count()),
            (shown.to_owned(), count),
            "{text}"
        );
    }
    assert_eq!(span("holding:65534").with_longest_number().to_string(), "holding:65534-65535");
    for (text, remedy) in [
        ("100", "\"holding:100\" if it counts from 0"),
        ("holding:9-5", "write \"holding:5-9\""),
        ("ref:40009-30010", "read each table by itself"),
        ("holding:5.3", "read whole registers"),
        ("holding:5-65536", "from 0 to 65535"),
        ("holding:5-", "from 0 to 65535"),
        ("holding:-5", "from 0 to 65535"),
    ] {
        let told = text.parse::<Span>().unwrap_err().to_string();
        assert!(told.contains(remedy), "{text}: {told}");
    }
}

/// Asks a device that refuses what `refuses` says; the image, and what was asked.
fn surveyed(
    text: &str,
    refuses: impl Fn(&ReadRequest) -> Option<Outcome>,
) -> (Image, Vec<(u16, u16)>) {
    let mut survey = Survey::new(1, &span(text));
    let mut asked = Vec::new();
    while let Some(request) = survey.next() {
        asked.push((request.first, request.quantity));
        let content = || {
            let places = (0..request.quantity).map(|at| request.first + at);
            Outcome::Content(if request.table.is_bits() {
                Content::Bits(places.map(|at| at % 2 == 1).collect())
            } else {
                Content::Registers(places.collect())
            })
        };
        survey.take(&refuses(&request).unwrap_or_else(content));
    }
    (survey.into_image(), asked)
}

fn holds(request: &ReadRequest, at: u16) -> bool {
    (request.first..request.first + request.quantity).contains(&at)
}

#[test]
fn holes_are_found_and_everything_else_is_read() {
    let (image, asked) = surveyed("holding:100-299", |request| {
        (holds(request, 160) || holds(request, 161)).then_some(Outcome::Refused(2))
    });
    for (at, cell) in image.cells() {
        let hole = at == 160 || at == 161;
        assert_eq!(cell, if hole { Cell::Refused(2) } else { Cell::Register(at) }, "{at}");
    }
    assert!(asked.len() <= 2 + 2 * 7, "{asked:?}");
    let (image, asked) = surveyed("coil:3-2003", |_| None);
    assert_eq!((image.answered(), asked), (2_001, vec![(3, 2_000), (2_003, 1)]));
}

#[test]
fn a_device_that_gives_no_half_value_gives_whole_ones() {
    // Values of two registers, all even; no register alone; a hole at 10 and 11.
    let (image, _) = surveyed("input:0-31", |request| {
        let is_half = request.first % 2 == 1 || request.quantity % 2 == 1;
        (is_half || holds(request, 10)).then_some(Outcome::Refused(2))
    });
    let refused: Vec<u16> =
        image.cells().filter(|(_, cell)| *cell == Cell::Refused(2)).map(|(at, _)| at).collect();
    assert_eq!(refused, [10, 11]);
}

#[test]
fn what_is_refused_or_silent_as_a_whole_costs_next_to_nothing() {
    let (image, asked) = surveyed("holding:0-999", |_| Some(Outcome::Refused(1)));
    assert_eq!((image.answered(), asked.len()), (0, 1));
    assert!(image.cells().all(|(_, cell)| cell == Cell::Refused(1)));
    let (image, asked) = surveyed("holding:0-999", |_| Some(Outcome::Silence));
    assert_eq!((image.answered(), asked.len()), (0, 3));
    assert!(image.cells().all(|(_, cell)| cell == Cell::Unanswered));
    // A device that takes no more than 60 at once.
    let (image, asked) =
        surveyed("holding:0-124", |r| (r.quantity > 60).then_some(Outcome::Refused(3)));
    assert_eq!((image.answered(), asked.len()), (125, 7));
}

#[test]
fn a_device_that_is_silent_where_others_refuse_is_read_all_the_same() {
    let (image, asked) = surveyed("holding:0-99", |r| holds(r, 70).then_some(Outcome::Silence));
    let missing: Vec<u16> =
        image.cells().filter(|(_, cell)| *cell == Cell::Unanswered).map(|(at, _)| at).collect();
    assert_eq!((missing, image.answered()), (vec![70], 99));
    assert!(asked.len() <= 16, "{asked:?}");
    // One that goes away in the middle is not waited for again and again.
    let (image, asked) =
        surveyed("holding:0-9999", |r| (r.first >= 250).then_some(Outcome::Silence));
    assert_eq!((image.answered(), asked.len()), (250, 2 + 24));
}

fn image_of(first: u16, registers: &[u16]) -> Image {
    let last = first + u16::try_from(registers.len()).unwrap() - 1;
    let mut image = Image::new(&Span { table: Table::InputRegisters, first, last });
    image.fill(0, &Content::Registers(registers.to_vec()));
    image
}

#[test]
fn a_place_is_shown_in_every_order() {
    // 230.1 as single precision.
    let image = image_of(7, &[0x4366, 0x199A, 0x4142]);
    let f32 = Type::named("f32").unwrap();
    let shown = ORDERS.map(|order| image.number(7, f32, order).map(|value| value.to_string()));
    let [abcd, ..] = &shown;
    assert_eq!(abcd.as_deref(), Some("230.1"));
    assert_eq!(image.number(9, f32, ORDERS[0]), None, "it ends before");
    assert_eq!(image.number(6, f32, ORDERS[0]), None, "it begins behind");
    assert_eq!(image.text(9).as_deref(), Some("AB"));
    assert_eq!((image.text(8), image.text(7).as_deref()), (None, Some("Cf")));
}

fn lines(expected: &str, within: Option<&str>, image: &Image) -> Vec<String> {
    let expectation = Expectation::parse(expected, within).unwrap();
    expectation.find(image).iter().map(|fit| fit.toml("value")).collect()
}

#[test]
fn an_expected_value_is_found_with_its_line() {
    let first =
        |expected, registers: &[u16]| lines(expected, None, &image_of(7, registers))[0].clone();
    let line = |rest: &str| format!("{{ name = \"value\", address = \"input:{rest} }},");
    // Single precision in each order, among registers that hold nothing.
    for (order, registers) in [
        ("", [0x4366, 0x199A]),
        (", word_order = \"CDAB\"", [0x199A, 0x4366]),
        (", word_order = \"BADC\"", [0x6643, 0x9A19]),
        (", word_order = \"DCBA\"", [0x9A19, 0x6643]),
    ] {
        let registers = [&[0, 0][..], &registers, &[0, 0]].concat();
        assert_eq!(first("230.1", &registers), line(&format!("9\", type = \"f32\"{order}")));
    }
    assert_eq!(first("230.1", &[0, 2301, 0]), line("8\", type = \"u16\", scale = 0.1"));
    assert_eq!(first("-23.45", &[0, 63_191]), line("8\", type = \"i16\", scale = 0.01"));
    assert_eq!(first("12345.678", &[188, 24_910]), line("7\", type = \"u32\", scale = 0.001"));
    let turned = line("7\", type = \"u32\", scale = 0.001, word_order = \"CDAB\"");
    assert_eq!(first("12345.678", &[24_910, 188]), turned);
    // 5.56 kW that stand there as 5560 W.
    assert_eq!(first("5.56", &[0x45AD, 0xC000]), line("7\", type = \"f32\", scale = 0.001"));
    assert_eq!(first("4711", &[0x4711, 1]), line("7\", type = \"bcd16\""));
}

#[test]
fn exact_comes_before_near_and_plain_before_strange() {
    // 229.3 as f32, then 2301 as a whole number, then the same with its bytes swapped.
    let image = image_of(0, &[0x4365, 0x4CCD, 2_301, 0xFD08]);
    let found = lines("230.1", None, &image);
    let (whole, near) =
        (found[0].contains("\"u16\""), found.iter().position(|l| l.contains("f32")));
    assert!(whole && near.is_some_and(|at| at >= 1), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("input:3\"") && line.contains("BADC")));
    assert_eq!(lines("230.1", Some("0.1"), &image).iter().filter(|l| l.contains("f32")).count(), 0);
    assert!(lines("230.1", Some("1%"), &image).iter().any(|line| line.contains("f32")));
}

#[test]
fn what_counts_as_equal_is_a_percent_and_never_less_than_half_of_the_last_digit() {
    for (value, within, expected) in [
        ("230.1", None, 2.301),
        ("-50.0", None, 0.5),
        ("0.5", None, 0.05),
        ("7", None, 0.5),
        ("230.1", Some("0.2"), 0.2),
        ("230.1", Some("2%"), 4.602),
        ("7", Some("0"), 0.0),
    ] {
        let tolerance = Expectation::parse(value, within).unwrap().tolerance();
        assert!((tolerance - expected).abs() < 1e-9, "{value} {within:?}: {tolerance}");
    }
}

#[test]
fn an_expectation_that_would_fit_anything_is_refused() {
    for (value, within, remedy) in [
        ("0", None, "further from 0"),
        ("1.5", Some("2"), "further from 0"),
        ("many", None, "give it like 230.1"),
        ("inf", None, "give it like 230.1"),
        ("5", Some("-1"), "0.5 or 2%"),
        ("5", Some("few"), "0.5 or 2%"),
        ("5", Some("x%"), "0.5 or 2%"),
    ] {
        let told = Expectation::parse(value, within).unwrap_err();
        assert!(told.contains(remedy), "{value} {within:?}: {told}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_span_or_refused(text in "(holding|ref|coil|x)?:?[0-9]{0,6}(-|\\.)?.{0,6}") {
        if let Ok(span) = text.parse::<Span>() {
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    /// What is printed is what a gateway takes: with the line in its configuration it reads what was shown.
    #[test]
    fn every_line_is_read_back_as_shown(
        registers in proptest::collection::vec(any::<u16>(), 4..8),
        at in 0_usize..4,
    ) {
        let image = image_of(100, &registers);
        // Expects what happens to stand there, as a whole number of two registers.
        let at = u16::try_from(at.min(registers.len() - 2)).unwrap();
        let of = Type::named("u32").unwrap();
        let Some(Value::U64(seen)) = image.number(100 + at, of, ORDERS[1]) else { panic!() };
        let Ok(expectation) = Expectation::parse(&seen.to_string(), None) else { return Ok(()) };
        let fits = expectation.find(&image);
        prop_assert!(fits.iter().any(|fit| fit.value == Value::U64(seen)), "{fits:#?}");
        for fit in &fits {
            let toml = format!(
                "address = \"x\"\n[[devices]]\nname = \"d\"\npoints = [{}]",
                fit.toml("value")
            );
            let mut refusals = Refusals::new();
            let site = check_site(channel(&toml), Kind::Tcp, &mut refusals).expect("it is right");
            let first = usize::from(site.wants[0].first - 100);
            let length = usize::from(site.wants[0].length);
            let content = Content::Registers(registers[first..first + length].to_vec());
            prop_assert_eq!(site.decoders[0].read(&content, 0), Some(Reading::Good(fit.value.clone())));
        }
    }
}
