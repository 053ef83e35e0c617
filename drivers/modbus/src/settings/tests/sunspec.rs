//! Points in SunSpec models: what they declare, and what is wrong with them.

use super::*;

const POWER: &str = r#"alternatives = [
    { address = "sunspec:101-103:14", type = "i16", scale_register = "sunspec:101-103:15" },
    { address = "sunspec:111-113:22", type = "f32" } ]"#;

fn declared(point: &str) -> (ValueType, u16) {
    let site = site(Kind::Tcp, &with_points(&format!("{{ name = \"p\", {point} }}")));
    (site.points[0].value_type, site.wants[0].length)
}

#[test]
fn a_point_is_read_from_its_models_header_on_and_has_one_type_in_all_models() {
    assert_eq!(declared(POWER), (ValueType::F64, 16));
    assert_eq!(declared("address = \"sunspec:111-113:22\", type = \"f32\""), (ValueType::F32, 24));
    assert_eq!(declared("address = \"sunspec:103:0\", type = \"u16\""), (ValueType::U16, 2));
    assert_eq!(declared("address = \"sunspec:103:40.3\""), (ValueType::Bool, 41));
    let text = "address = \"sunspec:1[2]:2\", type = \"string\", length = 16";
    assert_eq!(declared(text), (ValueType::Text, 18));
    let scale_before =
        "address = \"sunspec:160:19\", type = \"u16\", scale_register = \"sunspec:160:2\"";
    assert_eq!(declared(scale_before), (ValueType::F64, 20));
}

#[test]
fn the_place_of_the_marker_may_be_told() {
    let with = |base: &str| {
        let points = format!("{{ name = \"p\", {POWER} }}");
        with_points(&points).replace("name = \"d\"", &format!("name = \"d\"\n{base}"))
    };
    let bases = |toml: &str| site(Kind::Tcp, toml).sought[0].bases().to_vec();
    assert_eq!(bases(&with("")), [40_000, 0, 50_000]);
    assert_eq!(bases(&with("sunspec_base = 30000")), [30_000]);
    let told = refused(Kind::Tcp, &with("sunspec_base = 65533"));
    assert_eq!(
        told,
        [
            "device \"d\": sunspec_base: 65533 is not right here | give a whole number from 0 to 65532"
        ]
    );
}

/// What is wrong, and a part of what is said of it.
const REFUSED: &[(&str, &str)] = &[
    ("address = \"sunspec:103\", type = \"u16\"", "is no place in a SunSpec model"),
    ("address = \"sunspec:0:2\", type = \"u16\"", "\"sunspec:103:14\""),
    ("address = \"sunspec:103-101:2\", type = \"u16\"", "is no place in a SunSpec model"),
    ("address = \"sunspec:103[0]:2\", type = \"u16\"", "is no place in a SunSpec model"),
    ("address = \"sunspec:103:65536\", type = \"u16\"", "is no place in a SunSpec model"),
    ("address = \"sunspec:103:2.16\"", "is no part of a register"),
    ("address = \"sunspec:103:2\"", "type: missing"),
    (
        "address = \"sunspec:213:124\", type = \"u32\"",
        "points of models end within 125 registers from the header",
    ),
    (
        "address = \"sunspec:103:14\", type = \"i16\", scale_register = \"sunspec:203:15\"",
        "as \"sunspec:103:15\" would be",
    ),
    (
        "address = \"sunspec:103:14\", type = \"i16\", scale_register = \"holding:15\"",
        "as \"sunspec:103:15\" would be",
    ),
    (
        "address = \"holding:14\", type = \"i16\", scale_register = \"sunspec:103:15\"",
        "as \"holding:15\" would be",
    ),
    (
        "address = \"sunspec:103:14\", type = \"u8\"",
        "say which: \"sunspec:103:14.high\" or \"sunspec:103:14.low\"",
    ),
    ("address = \"sunspec:103:14.low\", type = \"u8\"", "SunSpec has no u8"),
    (
        "address = \"sunspec:103:14\", type = \"i16\", writable = true",
        "what is found by its SunSpec model is read only",
    ),
    ("address = \"sunspec:103:14\", type = \"i16\", coalesce = true", "the point is not written"),
    (
        "alternatives = [{ address = \"holding:7\", type = \"u16\" }]",
        "holding:7 is there in every device | give addresses in SunSpec models",
    ),
    (
        "alternatives = [{ address = \"sunspec:1:2\", type = \"u16\" }, { address = \"sunspec:2:2\", type = \"f32\" }]",
        "its values are f32, those of another alternative u16",
    ),
    (
        "address = \"holding:7\", type = \"u16\", optional = true",
        "leave it away: it is for points in SunSpec models",
    ),
    ("alternatives = [{ address = \"sunspec:1:2\" }]", "alternative: type: missing"),
    (
        "alternatives = [{ address = \"sunspec:1:2\", type = \"u16\", scan_ms = 10 }]",
        "alternative: scan_ms: unknown key",
    ),
    (
        "alternatives = [{ address = \"sunspec:1:2\", type = \"u16\" }], type = \"u16\"",
        "type: unknown key",
    ),
];

#[test]
fn what_is_no_point_of_a_model_is_refused_with_what_would_be_right() {
    for (point, expected) in REFUSED {
        let told = refused_point(point);
        assert!(told.iter().any(|told| told.contains(expected)), "{point}: {told:#?}");
        assert_eq!(told.len(), 1, "{point}: {told:#?}");
        assert!(told[0].contains("point \"d/p\""), "{told:?}");
    }
    let nine = ["{ address = \"sunspec:1:2\", type = \"u16\" }"; 9].join(", ");
    let told = refused_point(&format!("alternatives = [{nine}]"));
    assert_eq!(told, ["point \"d/p\": alternatives: 9 of them | give at most 8"]);
}

#[test]
fn only_points_of_one_model_share_registers() {
    let at = |name: &str, address: &str| {
        format!("{{ name = \"{name}\", address = \"{address}\", type = \"u16\" }}")
    };
    let of = |addresses: &[&str]| {
        let points: Vec<_> = (0..).zip(addresses).map(|(n, a)| at(&format!("p{n}"), a)).collect();
        with_points(&points.join(", "))
    };
    let _right = site(
        Kind::Tcp,
        &of(&["sunspec:1:2", "sunspec:2:2", "sunspec:1[2]:2", "sunspec:1-2:2", "holding:2"]),
    );
    let told = refused(Kind::Tcp, &of(&["sunspec:1:2", "holding:2", "sunspec:1:2"]));
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("shares registers with point \"d/p0\""), "{told:?}");
}

#[test]
fn a_device_is_of_a_bounded_number_of_models() {
    let points = |count: u16| {
        let point = |at: u16| {
            format!("{{ name = \"p{at}\", address = \"sunspec:{}:2\", type = \"u16\" }}", at + 1)
        };
        with_points(&(0..count).map(point).collect::<Vec<_>>().join(", "))
    };
    assert_eq!(site(Kind::Tcp, &points(64)).wants[63].first, 57_344);
    assert_eq!(
        refused(Kind::Tcp, &points(65)),
        ["device \"d\": its points are in 65 different SunSpec models | give points of at most 64"]
    );
}
