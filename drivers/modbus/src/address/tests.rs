use super::*;
use proptest::prelude::*;

fn check(text: &str, expected: &str) {
    let read = Address::parse(text).map(|address| address.to_string());
    assert_eq!(read.as_deref(), Ok(expected), "{text}");
}

#[test]
fn protocol_addresses_count_from_0_and_references_from_1() {
    check("holding:100", "holding:100");
    check("input:65535", "input:65535");
    check("coil:0", "coil:0");
    check("discrete:7", "discrete:7");
    check("holding:100.15", "holding:100.15");
    check("ref:40101", "holding:100");
    check("ref:400101", "holding:100");
    check("ref:465536", "holding:65535");
    check("ref:30001", "input:0");
    check("ref:10001", "discrete:0");
    check("ref:00001", "coil:0");
    check("ref:40101.3", "holding:100.3");
    check("ref:40101.4-7", "holding:100.4-7");
    check("holding:100.0-15", "holding:100.0-15");
    check("input:100.high", "input:100.high");
    check("input:100.low", "input:100.low");
    check("sunspec:101-103[2]:40.3", "sunspec:101-103[2]:40.3");
}

fn refused(text: &str) -> (String, String) {
    let misread = Address::parse(text).unwrap_err();
    (misread.problem, misread.remedy)
}

#[test]
fn a_bare_number_is_told_both_spellings() {
    assert_eq!(
        refused("100").1,
        r#"write "holding:100" if it counts from 0, "ref:40100" if from 1"#
    );
    assert_eq!(
        refused("40101").1,
        r#"write "ref:40101" if it counts from 1 (the same as "holding:100"), "holding:40101" if it counts from 0"#
    );
    assert_eq!(refused("400101.2").1, r#"write "ref:400101.2" (the same as "holding:100.2")"#);
    assert_eq!(
        refused("60000").1,
        r#"write "holding:60000" if it counts from 0, "ref:460000" if from 1"#
    );
    assert!(refused("0").1.contains(r#""holding:0""#));
    assert!(refused("100.high").1.contains(r#""holding:100.high""#));
    // Nothing is proposed that would be refused in its turn.
    assert_eq!(refused("20001").1, r#"write "holding:20001" if it counts from 0"#);
    assert_eq!(refused("10001.3").1, r#"write "holding:10001.3" if it counts from 0"#);
    assert_eq!((refused("4040101").1.as_str(), refused("240101").1.as_str()), (FORMS, FORMS));
}

#[test]
fn what_is_nowhere_is_refused() {
    for text in [
        "holding:65536",
        "holding:-1",
        "holding:+1",
        "holding:",
        "holding: 1",
        "holding:1.16",
        "holding:1.",
        "holding:1.7-16",
        "holding:1.7-4",
        "holding:1.4-4",
        "holding:1.-4",
        "holding:1.High",
        "coil:1.low",
        "coil:1.0",
        "ref:40000",
        "ref:20001",
        "ref:4101",
        "ref:465537",
        "ref:4000001",
        "hold:1",
        "",
        "x",
        "ref:4é101",
    ] {
        assert!(Address::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_field_that_is_written_downwards_is_told_how_it_goes() {
    assert!(refused("holding:1.7-4").1.contains("\".4-7\""));
    assert!(refused("holding:1.7-7").1.contains("\".7\""));
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::Whole),
        (0_u8..16).prop_map(Part::Bit),
        (0_u8..15)
            .prop_flat_map(|low| (Just(low), low + 1..16))
            .prop_map(|(l, h)| Part::Field(l, h)),
        Just(Part::Low),
        Just(Part::High),
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,16}") {
        let _read = Address::parse(&text);
    }

    #[test]
    fn what_is_shown_reads_back(first in any::<u16>(), part in any_part()) {
        for table in Table::ALL {
            let part = if table.is_bits() { Part::Whole } else { part };
            let address = Address { table, first, part, models: None };
            prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
        }
    }
}
