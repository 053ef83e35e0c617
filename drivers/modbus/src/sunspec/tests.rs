use std::collections::BTreeMap;
use std::time::Duration;

use pointcast_api::settings::Refusals;
use pointcast_api::testing::channel;
use pointcast_api::{Failure, PointIndex, Reading, Value};
use proptest::prelude::*;

use super::*;
use crate::decode::Content;
use crate::settings::{Kind, Site, check};
use crate::testing::{model, told};

/// Registers by address; what is not there cannot be read.
type Image = BTreeMap<u16, u16>;

fn image(parts: &[(u16, &[u16])]) -> Image {
    let part = |(first, registers): &(u16, &[u16])| {
        (*first..=u16::MAX).zip(registers.to_vec()).collect::<Vec<_>>()
    };
    parts.iter().flat_map(part).collect()
}

fn read(image: &Image, first: u16, quantity: u16) -> Option<Vec<u16>> {
    let register = |at: u32| image.get(&u16::try_from(at).ok()?).copied();
    (u32::from(first)..u32::from(first) + u32::from(quantity)).map(register).collect()
}

/// Walks to the end; what came of it, and everything that was read.
fn walk(bases: &[u16], image: &Image) -> (Result<Chain, NoChain>, Vec<u16>) {
    let (mut walk, mut asked) = (Walk::new(bases), Vec::new());
    let mut step = walk.step();
    loop {
        match step {
            Step::Read { first, quantity } => {
                assert_eq!(quantity, 2);
                asked.push(first);
                assert!(asked.len() <= 3 + 130, "no end");
                step = walk.take(read(image, first, quantity).as_deref());
            }
            Step::Over(over) => return (over, asked),
        }
    }
}

fn found(image: &Image) -> String {
    walk(&BASES, image).0.unwrap_or_else(|error| panic!("{error}")).to_string()
}

fn error(image: &Image) -> String {
    walk(&BASES, image).0.unwrap_err().to_string()
}

/// Marker; models 1 (two registers), 103 (one) and 160 (none); the end.
const CHAIN: [u16; 13] = [0x5375, 0x6E53, 1, 2, 0xAAAA, 0xBBBB, 103, 1, 0xCCCC, 160, 0, 0xFFFF, 0];

#[test]
fn a_chain_is_followed_from_its_marker_to_its_end_with_one_request_a_model() {
    let at_the_usual_place = image(&[(40_000, &CHAIN)]);
    let (chain, asked) = walk(&BASES, &at_the_usual_place);
    assert_eq!(chain.unwrap().to_string(), "1, 103, 160");
    assert_eq!(asked, [40_000, 40_002, 40_006, 40_009, 40_011]);
    let (chain, asked) = walk(&BASES, &image(&[(50_000, &CHAIN), (40_000, &[0; 4])]));
    assert_eq!(chain.unwrap().to_string(), "1, 103, 160");
    assert_eq!(asked[..4], [40_000, 0, 50_000, 50_002]);
    assert_eq!(found(&image(&[(0, &CHAIN)])), "1, 103, 160");
    let (chain, asked) = walk(&[30_000], &image(&[(30_000, &CHAIN)]));
    assert_eq!((chain.unwrap().to_string(), asked[0]), ("1, 103, 160".to_owned(), 30_000));
}

#[test]
fn a_chain_may_lack_its_end_or_half_of_it() {
    assert_eq!(found(&image(&[(40_000, &CHAIN[..11])])), "1, 103, 160");
    assert_eq!(found(&image(&[(40_000, &CHAIN[..12])])), "1, 103, 160");
    // The last register there is belongs to the last model.
    let last = image(&[(65_531, &[0x5375, 0x6E53, 7, 1, 0xDDDD])]);
    assert_eq!(walk(&[65_531], &last).0.unwrap().to_string(), "7");
    let last = image(&[(65_532, &[0x5375, 0x6E53, 7, 0])]);
    assert_eq!(walk(&[LAST_BASE], &last).0.unwrap().to_string(), "7");
}

#[test]
fn silence_has_the_marker_looked_for_elsewhere_and_a_chain_followed_where_it_is() {
    let mut walk = Walk::new(&BASES);
    let at = |step| match step {
        Step::Read { first, .. } => first,
        Step::Over(over) => panic!("{over:?}"),
    };
    let seen: Vec<u16> = (0..5).map(|_| at(walk.unanswered())).collect();
    assert_eq!(seen, [0, 50_000, 40_000, 0, 50_000]);
    assert_eq!(at(walk.take(Some(&MARKER_AND))), 50_002);
    assert_eq!([at(walk.unanswered()), at(walk.unanswered())], [50_002; 2]);
    let mut told = Walk::new(&[7]);
    assert_eq!([at(told.step()), at(told.unanswered())], [7; 2]);
}

#[test]
fn what_is_no_chain_is_refused_and_told() {
    assert_eq!(error(&image(&[])), "no SunSpec marker at 40000, 0, 50000");
    let swapped = image(&[(40_000, &[0x7553, 0x536E, 1, 2])]);
    assert_eq!(error(&swapped), "no SunSpec marker at 40000, 0, 50000");
    let bare = image(&[(0, &[0x5375, 0x6E53])]);
    assert_eq!(error(&bare), "nothing can be read behind the SunSpec marker at 0");
    let zero = image(&[(0, &[0x5375, 0x6E53, 1, 1, 9, 0, 0])]);
    assert_eq!(error(&zero), "the SunSpec chain is broken at 5: no model has the number 0");
    let long = image(&[(50_000, &[0x5375, 0x6E53, 1, 0xFFF0])]);
    assert_eq!(
        error(&long),
        "the SunSpec chain is broken at 50002: model 1, 65520 registers long, reaches past 65535"
    );
    let endless: Vec<u16> = MARKER_AND.iter().copied().chain([9, 0].repeat(200)).collect();
    assert_eq!(error(&image(&[(0, &endless)])), "the SunSpec chain has more than 128 models");
}

const MARKER_AND: [u16; 2] = [0x5375, 0x6E53];

#[test]
fn models_are_named_by_number_range_and_place_and_nothing_else() {
    for text in ["103", "101-103", "203[2]", "201-204[64]", "1", "65534"] {
        assert_eq!(Models::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Models::parse("103[1]").unwrap().to_string(), "103");
    for text in [
        "", "0", "65535", "103-101", "-3", "101-", "+1", " 1", "1[0]", "1[65]", "1[", "1[2",
        "1[2]3", "1[256]", "1-2-3", "65536", "1.5",
    ] {
        assert_eq!(Models::parse(text), None, "{text}");
    }
}

fn site(keys: &str, points: &str) -> Site {
    let toml = format!("address = \"x\"\n[[devices]]\nname = \"d\"\n{keys}\npoints = [{points}]");
    let mut refusals = Refusals::new();
    let site = check(channel(&toml), Kind::Tcp, &mut refusals);
    site.unwrap_or_else(|| panic!("{:#?}", told(refusals)))
}

/// Power, in whichever model has it; a text; a bit; the second of two meters.
const POINTS: &str = r#"
    { name = "power", alternatives = [
        { address = "sunspec:101-103:14", type = "i16", scale_register = "sunspec:101-103:15" },
        { address = "sunspec:111-113:22", type = "f32" } ] },
    { name = "maker", address = "sunspec:1:2", type = "string", length = 2 },
    { name = "fault", address = "sunspec:101-103:41.0" },
    { name = "meter", address = "sunspec:203-204[2]:3", type = "i16" },
    { name = "own", address = "holding:7", type = "u16" }"#;

/// Lays points out for a device, and reads all that the plan asks for.
fn readings(site: &Site, image: &Image) -> (Vec<Option<Reading>>, Option<String>) {
    let mut layout = Layout::unknown(&site.wants, &site.decoders, &site.sought);
    let chain = walk(site.sought[0].bases(), image).0.unwrap();
    let placement = site.sought[0].placement(&chain);
    layout.place(&site.sought[0], &placement);
    let reading = |(point, want): (PointIndex, &crate::plan::Want)| {
        let registers = read(image, want.first, want.length).filter(|_| !want.is_nowhere())?;
        layout.decoder(point)?.read(&Content::Registers(registers), 0)
    };
    let all = (0..).map(PointIndex).zip(layout.wants()).map(reading).collect();
    (all, placement.why)
}

fn device(models: &[Vec<u16>]) -> Image {
    let registers = [MARKER_AND.to_vec(), models.concat(), vec![0xFFFF, 0]].concat();
    image(&[(40_000, &registers), (0, &[0; 10])])
}

fn good(value: f64) -> Option<Reading> {
    Some(Reading::Good(Value::f64(value).unwrap()))
}

#[test]
fn a_point_lies_in_whichever_model_the_device_has() {
    let site = site("", POINTS);
    let maker = [(2, 0x4142), (3, 0x4300)];
    let integer = device(&[
        model(1, 66, &maker),
        model(103, 50, &[(14, 0xFF9C), (15, 0xFFFE), (41, 1)]),
        model(203, 105, &[(3, 11)]),
        model(204, 105, &[(3, 22)]),
    ]);
    let (found, why) = readings(&site, &integer);
    assert_eq!(why, None);
    assert_eq!(found[0], good(-1.0));
    assert_eq!(found[1], Some(Reading::Good(Value::text("ABC").unwrap())));
    assert_eq!(found[2], Some(Reading::Good(Value::Bool(true))));
    assert_eq!(found[3], Some(Reading::Good(Value::I64(22))));
    let float = device(&[model(1, 65, &maker), model(113, 60, &[(22, 0x42C8), (23, 0)])]);
    let (found, why) = readings(&site, &float);
    assert_eq!(found[0], Some(Reading::Good(Value::f32(100.0).unwrap())));
    assert_eq!((&found[2], &found[3]), (&None, &None));
    assert_eq!(
        why.as_deref(),
        Some("SunSpec: no model 101-103, no model 203-204[2]; found 1, 113")
    );
}

#[test]
fn a_model_that_is_too_short_has_not_got_the_point() {
    let site = site("", POINTS);
    let short = device(&[model(1, 66, &[]), model(103, 10, &[]), model(112, 60, &[(22, 0x3F80)])]);
    let (found, why) = readings(&site, &short);
    assert_eq!(found[0], Some(Reading::Good(Value::f32(1.0).unwrap())), "the other model has it");
    assert_eq!(found[2], None);
    assert!(why.unwrap().starts_with("SunSpec: model 103 has only 10 registers, "));
}

#[test]
fn what_is_not_implemented_is_no_value_of_any_type() {
    let point =
        |name: &str, rest: &str| format!("{{ name = \"{name}\", address = \"sunspec:9:{rest} }}");
    let points = [
        point("int16", "2\", type = \"i16\""),
        point("uint16", "3\", type = \"u16\""),
        point("int32", "4\", type = \"i32\""),
        point("uint32", "6\", type = \"u32\""),
        point("int64", "8\", type = \"i64\""),
        point("uint64", "12\", type = \"u64\""),
        point("float32", "16\", type = \"f32\""),
        point("string", "18\", type = \"string\", length = 2"),
        point("acc32", "20\", type = \"u32\", no_value = 0"),
        point("enum16", "22\", type = \"u16\", labels = { 1 = \"off\" }"),
        point("bit", "23.4\""),
        point("scaled", "24\", type = \"i16\", scale_register = \"sunspec:9:25\""),
        point("high", "26\", type = \"i16\", scale_register = \"sunspec:9:27\""),
        point("low", "28\", type = \"i16\", scale_register = \"sunspec:9:29\""),
        point("none", "30\", type = \"i16\", scale_register = \"sunspec:9:31\""),
    ];
    let site = site("", &points.join(","));
    let raw: [u16; 30] = [
        0x8000, 0xFFFF, 0x8000, 0, 0xFFFF, 0xFFFF, 0x8000, 0, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF,
        0x7FC0, 0, 0, 0, 0, 0, 0xFFFF, 0xFFFF, 5, 0x8000, 5, 11, 5, 0xFFF5, 0x8000, 1,
    ];
    let set: Vec<(u16, u16)> = (2..).zip(raw).collect();
    let (found, why) = readings(&site, &device(&[model(9, 30, &set)]));
    assert_eq!(why, None);
    assert_eq!(found, vec![Some(Reading::NotANumber); 15]);
    let ones = (2..32).map(|at| (at, if (18..20).contains(&at) { 0x4141 } else { 1 }));
    let (found, _) = readings(&site, &device(&[model(9, 30, &ones.collect::<Vec<_>>())]));
    assert!(found.iter().all(|reading| matches!(reading, Some(Reading::Good(_)))), "{found:?}");
}

#[test]
fn a_reply_of_another_model_never_makes_a_value() {
    let site = site("", POINTS);
    let chain = walk(&BASES, &device(&[model(1, 66, &[]), model(103, 50, &[])])).0.unwrap();
    let mut layout = Layout::unknown(&site.wants, &site.decoders, &site.sought);
    layout.place(&site.sought[0], &site.sought[0].placement(&chain));
    let decoder = layout.decoder(PointIndex(0)).unwrap();
    let read = |id, length| {
        let mut registers = model(103, 50, &[(14, 5)])[..16].to_vec();
        registers[..2].copy_from_slice(&[id, length]);
        decoder.read(&Content::Registers(registers), 0)
    };
    assert_eq!(read(103, 50), good(5.0));
    for (id, length) in [(101, 50), (103, 51), (113, 50), (0, 0), (50, 103)] {
        assert_eq!(read(id, length), Some(Reading::Failed(Failure::DeviceError)), "{id} {length}");
    }
}

#[test]
fn before_the_chain_is_known_points_are_planned_where_nothing_else_is_and_read_nowhere() {
    let site = site("", POINTS);
    let blocks = site.plan(&Default::default(), &Default::default());
    let shown: Vec<_> = blocks.iter().map(|block| (block.first, block.quantity)).collect();
    assert_eq!(shown, [(7, 1), (65_152, 4), (65_280, 4), (65_408, 42)]);
    let assumed = |first| site.sought[0].assumed_at(first).map(|models| models.to_string());
    assert_eq!(assumed(65_408).as_deref(), Some("101-103"));
    assert_eq!(assumed(65_280).as_deref(), Some("1"));
    assert_eq!((assumed(65_152).as_deref(), assumed(7)), (Some("203-204[2]"), None));
    let layout = Layout::unknown(&site.wants, &site.decoders, &site.sought);
    let nowhere: Vec<bool> = layout.wants().iter().map(crate::plan::Want::is_nowhere).collect();
    assert_eq!(nowhere, [true, true, true, true, false]);
    let blocks = site.plan_of(layout.wants(), &Default::default(), &Default::default());
    assert_eq!(blocks.iter().map(|block| block.first).collect::<Vec<_>>(), [7]);
    assert_eq!(layout.interval(&site.sought[0]), Some(Duration::from_secs(1)));
}

proptest! {
    #[test]
    fn any_text_names_models_that_read_back_or_none(text in "[0-9\\[\\]-]{0,12}|.{0,8}") {
        if let Some(models) = Models::parse(&text) {
            prop_assert_eq!(Models::parse(&models.to_string()), Some(models));
        }
    }

    /// Memories of nothing but noise, and of chains of noise behind a marker.
    #[test]
    fn any_memory_ends_the_walk_within_its_bound_and_every_point_lies_in_its_model(
        base in prop_oneof![Just(40_000_u16), Just(0), Just(50_000), Just(65_400)],
        marked in any::<bool>(),
        registers in proptest::collection::vec(
            prop_oneof![0_u16..8, 100_u16..104, Just(0xFFFF), any::<u16>()], 0..400),
    ) {
        let mut registers = registers;
        if marked {
            registers.splice(0..0, MARKER_AND);
        }
        let room = usize::from(u16::MAX - base) + 1;
        registers.truncate(room);
        let image = image(&[(base, &registers)]);
        let (over, asked) = walk(&[base], &image);
        prop_assert!(asked.len() <= 1 + 129);
        prop_assert!(asked[1..].windows(2).all(|pair| pair[0] < pair[1]));
        let Ok(chain) = over else { return Ok(()) };
        let site = site("", POINTS);
        let mut layout = Layout::unknown(&site.wants, &site.decoders, &site.sought);
        layout.place(&site.sought[0], &site.sought[0].placement(&chain));
        for (point, want) in (0..4).map(PointIndex).zip(layout.wants()) {
            if want.is_nowhere() {
                continue;
            }
            // It begins at a header that was read, and ends within the model.
            prop_assert!(asked.contains(&want.first));
            let length = image[&(want.first + 1)];
            prop_assert!(want.length <= length.saturating_add(2) && want.length <= 125);
            prop_assert!(layout.decoder(point).is_some());
        }
        let blocks = site.plan_of(layout.wants(), &Default::default(), &Default::default());
        prop_assert!(blocks.iter().all(|block| (1..=125).contains(&block.quantity)));
    }

    /// Whatever was found in one device, replies of another make no values unless number and length are the same.
    #[test]
    fn any_reply_is_held_against_its_header(id in 100_u16..106, length in 48_u16..53, rest in proptest::collection::vec(any::<u16>(), 14)) {
        let site = site("", POINTS);
        let chain = walk(&BASES, &device(&[model(103, 50, &[])])).0.unwrap();
        let placement = site.sought[0].placement(&chain);
        let mut layout = Layout::unknown(&site.wants, &site.decoders, &site.sought);
        layout.place(&site.sought[0], &placement);
        let registers = [vec![id, length], rest].concat();
        let reading = layout.decoder(PointIndex(0)).unwrap().read(&Content::Registers(registers), 0);
        let failed = reading == Some(Reading::Failed(Failure::DeviceError));
        prop_assert_eq!(failed, (id, length) != (103, 50));
    }
}
