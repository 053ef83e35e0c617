mod links;
mod points;
mod sunspec;
mod writing;

use super::*;
use crate::address::Table;
use crate::decode::{NumberType, Scaling};
use crate::testing::told;
use pointcast_api::ValueType;
use pointcast_api::testing::channel;

fn site(kind: Kind, toml: &str) -> Site {
    let mut refusals = Refusals::new();
    let site = check(channel(toml), kind, &mut refusals);
    let told = told(refusals);
    site.unwrap_or_else(|| panic!("{told:#?}"))
}

fn refused(kind: Kind, toml: &str) -> Vec<String> {
    let mut refusals = Refusals::new();
    assert!(check(channel(toml), kind, &mut refusals).is_none());
    told(refusals)
}

/// One device with the points given.
fn with_points(points: &str) -> String {
    format!("address = \"plc\"\n[[devices]]\nname = \"d\"\npoints = [{points}]")
}

fn refused_point(point: &str) -> Vec<String> {
    refused(Kind::Tcp, &with_points(&format!("{{ name = \"p\", {point} }}")))
}

#[test]
fn defaults_are_as_documented() {
    let tcp = site(Kind::Tcp, "address = \"10.0.0.1\"\n[[devices]]\nname = \"d\"");
    let Transport::Tcp(settings, None) = &tcp.channel.transport else { panic!() };
    assert_eq!((settings.port, settings.connect_timeout.as_millis()), (502, 3_000));
    assert_eq!((tcp.channel.retries, tcp.channel.max_gap), (1, None));
    let timeout_min = Duration::from_millis(200);
    assert_eq!(tcp.units, [Unit { id: 1, timeout: Duration::from_secs(1), timeout_min }]);
    assert_eq!(tcp.devices[0].address, "10.0.0.1:502 unit 1");
    let rtu = site(Kind::Rtu, "port = \"/dev/ttyS1\"\n[[devices]]\nname = \"d\"\nunit_id = 7");
    let Transport::Serial(settings) = &rtu.channel.transport else { panic!() };
    assert_eq!((settings.line.baud, settings.line.stop_bits), (9_600, 1));
    assert_eq!(settings.line.parity, crate::line::Parity::Even);
    assert_eq!(rtu.channel.max_gap, None);
    assert_eq!(rtu.timing(settings).max_reply_delay, Duration::from_secs(2));
    assert_eq!(rtu.devices[0].address, "/dev/ttyS1 unit 7");
}

#[test]
fn a_point_takes_over_what_its_device_says_and_may_say_otherwise() {
    let site = site(
        Kind::Tcp,
        r#"
        address = "plc:1502"
        timeout_ms = 700
        [[devices]]
        name = "d"
        word_order = "CDAB"
        scan_ms = 500
        points = [
          { name = "a", address = "holding:10", type = "f32" },
          { name = "b", address = "ref:30021", type = "i16", word_order = "ABCD", scale = 0.1, scan_ms = 2000 },
          { name = "c", address = "coil:3" },
          { name = "d", address = "holding:5.3" },
          { name = "e", address = "input:40", type = "string", length = 4 },
        ]"#,
    );
    let number = |number, order, scaled: bool| match *site.decoders[usize::from(scaled)] {
        Decoder::Number(ref found) => {
            let found = (found.number_type, found.order, found.scaling != Scaling::None);
            assert_eq!(found, (number, order, scaled));
        }
        ref other @ (Decoder::Bit
        | Decoder::RegisterBit(_)
        | Decoder::SunSpecBit(_)
        | Decoder::Text(_)
        | Decoder::Time(_)
        | Decoder::OfModel(_)) => panic!("{other:?}"),
    };
    number(NumberType::F32, crate::order::WordOrder::Cdab, false);
    number(NumberType::I16, crate::order::WordOrder::Abcd, true);
    let types: Vec<_> = site.points.iter().map(|point| point.value_type).collect();
    assert_eq!(
        types,
        [ValueType::F32, ValueType::F64, ValueType::Bool, ValueType::Bool, ValueType::Text]
    );
    let want = site.wants[1];
    assert_eq!((want.table, want.first, want.length), (Table::InputRegisters, 20, 1));
    assert_eq!(site.points[0].scan_interval, Some(Duration::from_millis(500)));
    // Three scans and a timeout.
    assert_eq!(site.points[0].stale_after, StaleAfter::Elapsed(Duration::from_millis(2_200)));
    assert_eq!(site.points[1].scan_interval, Some(Duration::from_secs(2)));
    let bits = [Decoder::Bit, Decoder::RegisterBit(3)];
    assert_eq!([&*site.decoders[2], &*site.decoders[3]], bits.each_ref());
    assert!(site.points.iter().all(|point| !point.writable));
}

#[test]
fn what_cannot_be_read_is_refused_with_what_would_be_right() {
    for (point, expected) in [
        ("address = 40101, type = \"u16\"", "ref:40101"),
        ("address = \"100\", type = \"u16\"", "holding:100"),
        ("type = \"u16\"", "add address ="),
        ("address = \"holding:1\"", "add type = \"u16\""),
        ("address = \"holding:1\", type = \"bool\"", "\"holding:1.0\""),
        ("address = \"coil:1\", type = \"f32\"", "coil:1 is a single bit, no f32"),
        ("address = \"holding:1.2\", type = \"u16\"", "leave it away"),
        ("address = \"holding:65535\", type = \"u32\"", "begin at 65534 at most"),
        ("address = \"holding:0\", type = \"string\"", "add length = 8"),
        ("address = \"holding:0\", type = \"string\", length = 126", "from 1 to 125"),
        (
            "address = \"holding:0\", type = \"u16\", length = 2",
            "a number has no length of its own",
        ),
        ("address = \"holding:0\", type = \"u16\", scale = 0", "a scale of 0"),
        ("address = \"coil:0\", scale = 2", "a bit is not scaled"),
        ("address = \"coil:0\", no_value = 2", "a bit always has a value"),
        ("address = \"holding:0\", type = \"i16\", no_value = 0x18000", "does not fit 16 bits"),
        ("address = \"holding:0\", type = \"i16\", no_value = -32769", "does not fit 16 bits"),
        ("address = \"coil:0\", word_order = \"BADC\"", "a bit has no word order"),
        ("address = \"holding:0\", type = \"string\", length = 2, offset = 1", "no offset"),
        ("address = \"holding:0\", type = \"u16\", scan_ms = 9", "from 10 to 86400000"),
        ("address = \"holding:0\", type = \"u16\", scann_ms = 90", "is scan_ms meant?"),
        ("address = \"holding:0\", type = \"u17\"", "\"u16\""),
    ] {
        let told = refused_point(point);
        assert!(told.iter().any(|told| told.contains(expected)), "{point}: {told:#?}");
        assert_eq!(told.len(), 1, "{point}: {told:#?}");
        assert!(told[0].contains("point \"d/p\""), "{told:?}");
    }
}

#[test]
fn a_value_longer_than_the_devices_blocks_is_refused() {
    let toml = "address = \"plc\"\n[[devices]]\nname = \"d\"\nmax_block = 3\n\
                points = [{ name = \"p\", address = \"holding:0\", type = \"f64\" }]";
    let told = refused(Kind::Tcp, toml);
    assert!(told[0].contains("give the device max_block = 4"), "{told:?}");
}

fn overlap(first: &str, second: &str) -> usize {
    let toml = with_points(&format!("{{ name = \"a\", {first} }}, {{ name = \"b\", {second} }}"));
    let mut refusals = Refusals::new();
    let built = check(channel(&toml), Kind::Tcp, &mut refusals);
    assert_eq!(built.is_some(), refusals.is_empty());
    refusals.len()
}

#[test]
fn sharing_registers_must_be_said_on_purpose() {
    let f32_at_0 = "address = \"holding:0\", type = \"f32\"";
    assert_eq!(overlap(f32_at_0, "address = \"holding:1\", type = \"u16\""), 1);
    assert_eq!(overlap("address = \"holding:1\", type = \"u16\"", f32_at_0), 1);
    assert_eq!(overlap(f32_at_0, f32_at_0), 1);
    assert_eq!(overlap(f32_at_0, "address = \"holding:0\", type = \"u32\", overlap = true"), 0);
    assert_eq!(overlap(f32_at_0, "address = \"holding:2\", type = \"u16\""), 0);
    assert_eq!(overlap(f32_at_0, "address = \"input:0\", type = \"f32\""), 0);
    assert_eq!(overlap(f32_at_0, "address = \"holding:1.4\""), 0);
    assert_eq!(overlap("address = \"holding:1.4\"", "address = \"holding:1.5\""), 0);
    assert_eq!(overlap("address = \"holding:1.4\"", "address = \"holding:1.4\""), 1);
    assert_eq!(overlap("address = \"coil:1\"", "address = \"coil:1\""), 1);
}

#[test]
fn everything_wrong_is_told_together() {
    let told = refused(
        Kind::Rtu,
        r#"
        baud = 9601
        data_bits = 7
        [[devices]]
        name = "a"
        unit_id = 0
        points = [{ name = "p", address = "coil:70000" }]
        [[devices]]
        name = "b"
        unit_id = 5
        [[devices]]
        name = "c"
        unit_id = 5
        max_block = 126
        [[devices]]
        name = "d""#,
    );
    for (expected, remedy) in [
        ("channel \"test\": port: missing", "/dev/tty"),
        ("channel \"test\": baud: 9601 is no usual rate", "9600"),
        ("channel \"test\": data_bits: 7 data bits", "give 8"),
        ("device \"a\": unit_id: 0 is not right here", "from 1 to 247"),
        ("point \"a/p\": address: \"70000\" is no protocol address", "0 to 65535"),
        ("device \"c\": unit_id: device \"b\" is unit 5", "its own unit_id"),
        ("device \"c\": max_block: 126", "from 1 to 125"),
        ("device \"d\": unit_id: missing", "unit_id = 1"),
    ] {
        let found = told.iter().find(|told| told.starts_with(expected));
        assert!(found.is_some_and(|found| found.contains(remedy)), "{expected}: {told:#?}");
    }
    assert_eq!(told.len(), 8, "{told:#?}");
}

#[test]
fn two_devices_that_name_no_unit_are_the_same_unit() {
    let told = refused(
        Kind::Tcp,
        "address = \"plc\"\n[[devices]]\nname = \"a\"\n[[devices]]\nname = \"b\"",
    );
    assert!(told[0].contains("device \"b\": unit_id: device \"a\" is unit 1"), "{told:?}");
}

#[test]
fn a_late_answer_must_be_awaited_no_shorter_than_a_timely_one() {
    let toml =
        "port = \"/dev/ttyS1\"\nmax_reply_delay_ms = 500\n[[devices]]\nname = \"a\"\nunit_id = 1";
    let told = refused(Kind::Rtu, toml);
    assert!(told[0].contains("max_reply_delay_ms: 500 ms is less") && told[0].contains("1000"));
    let mut refusals = Refusals::new();
    assert!(check(channel(toml), Kind::Rtu, &mut refusals).is_none());
    let line = refusals.into_sorted().first().map(|refusal| refusal.place.line);
    assert_eq!(line, Some(2), "where it stands");
}

#[test]
fn a_learned_timeout_has_a_floor_below_the_configured_one() {
    let toml = |keys: &str| {
        format!("address = \"x\"\n{keys}\n[[devices]]\nname = \"d\"\ntimeout_ms = 300")
    };
    let least = |keys: &str| site(Kind::Tcp, &toml(keys)).units[0].timeout_min.as_millis();
    assert_eq!(
        (least(""), least("timeout_min_ms = 50"), least("timeout_min_ms = 700")),
        (200, 50, 300)
    );
    let told = refused(Kind::Tcp, &toml("timeout_ms = 500\ntimeout_min_ms = 700"));
    let expected =
        "channel \"test\": timeout_min_ms: 700 ms is more than timeout_ms, 500 | give 500 or less";
    assert_eq!(told, [expected]);
}

#[test]
fn what_a_line_cannot_carry_is_stretched_and_said() {
    let points: Vec<String> = (0..10)
        .map(|at| {
            let address = at * 200;
            format!("{{ name = \"p{at}\", address = \"holding:{address}\", type = \"string\", length = 100 }}")
        })
        .collect();
    let toml = format!(
        "port = \"/dev/ttyS1\"\n[[devices]]\nname = \"a\"\nunit_id = 1\npoints = [{}]",
        points.join(",")
    );
    // 213 characters of 11 bits, 5 ms and a silence: 253 ms each at 9600 baud, ten times in a second.
    let site = site(Kind::Rtu, &toml);
    let revised = site.points[0].scan_interval.unwrap();
    assert_eq!(revised, Duration::from_millis(2_812));
    assert!(site.points.iter().all(|point| point.scan_interval == Some(revised)));
}

#[test]
fn what_rides_with_faster_points_keeps_its_own_interval_and_age() {
    let points = r#"
        { name = "fast", address = "holding:0", type = "u16" },
        { name = "slow", address = "holding:1", type = "u16", scan_ms = 10000 }"#;
    let site = site(Kind::Tcp, &with_points(points));
    let plan = site.plan(&Learned::default(), &Paces::default());
    let told: Vec<_> = plan.iter().map(|block| (block.quantity, block.interval)).collect();
    assert_eq!(told, [(2, Duration::from_secs(1))]);
    assert_eq!(site.points[1].scan_interval, Some(Duration::from_secs(10)));
    assert_eq!(site.points[1].stale_after, StaleAfter::Elapsed(Duration::from_secs(31)));
}

#[test]
fn a_line_that_was_stretched_carries_what_is_planned_for_the_new_intervals() {
    let point = |at: u32| {
        let (address, scan_ms) = (at * (3 + at % 14), [20, 50, 130, 1_000][at as usize % 4]);
        format!(
            "{{ name = \"p{at}\", address = \"holding:{address}\", type = \"u16\", scan_ms = {scan_ms}, overlap = true }}"
        )
    };
    for count in [3, 10, 40, 200] {
        let points: Vec<String> = (0..count).map(point).collect();
        let toml = format!(
            "port = \"/dev/ttyS1\"\n[[devices]]\nname = \"a\"\nunit_id = 1\npoints = [{}]",
            points.join(",")
        );
        let share = site(Kind::Rtu, &toml).utilisation.revised;
        assert!((0.5..=0.9).contains(&share), "{count}: {share}");
    }
}

#[test]
fn a_connection_has_no_more_time_than_round_trips_leave() {
    let points: Vec<String> = (0..10)
        .map(|at| {
            let address = at * 200;
            format!("{{ name = \"p{at}\", address = \"holding:{address}\", type = \"u16\" }}")
        })
        .collect();
    let toml = |keys: &str| {
        let points = points.join(",");
        format!(
            "address = \"x\"\n{keys}\n[[devices]]\nname = \"d\"\nscan_ms = 100\nmax_gap = 0\npoints = [{points}]"
        )
    };
    let every = |site: &Site| site.points[0].scan_interval.unwrap().as_millis();
    // Ten requests each 100 ms: of 0.2 ms each as hoped, and of 18.
    let fits = site(Kind::Tcp, &toml(""));
    assert_eq!((every(&fits), fits.points[0].configured_interval), (100, None));
    assert!((fits.utilisation.configured - 0.02).abs() < 1e-3);
    let revised = site(Kind::Tcp, &toml("round_trip_ms = 18"));
    assert!((200..=201).contains(&every(&revised)));
    assert_eq!(revised.points[0].configured_interval, Some(Duration::from_millis(100)));
    assert!((revised.utilisation.configured - 1.8).abs() < 1e-3);
    assert!((0.89..=0.9).contains(&revised.utilisation.revised));
    let with_pauses = site(Kind::Tcp, &toml("request_gap_ms = 18"));
    assert!((202..=203).contains(&every(&with_pauses)), "a pause is time as well");
}

#[test]
fn slow_points_are_read_in_blocks_that_do_not_hold_up_fast_ones() {
    let points: Vec<String> = (0..100)
        .map(|at| format!("{{ name = \"p{at}\", address = \"holding:{at}\", type = \"u16\" }}"))
        .collect();
    let toml = |slow: u32, fast: u32| {
        format!(
            "port = \"x\"\n[[devices]]\nname = \"slow\"\nunit_id = 1\nscan_ms = {slow}\npoints = [{}]\n\
             [[devices]]\nname = \"fast\"\nunit_id = 2\nscan_ms = {fast}\n\
             points = [{{ name = \"p\", address = \"input:0\", type = \"string\", length = 100 }}]",
            points.join(",")
        )
    };
    let blocks = |slow, fast| {
        let site = site(Kind::Rtu, &toml(slow, fast));
        let plan = site.plan(&Learned::default(), &Paces::default());
        plan.iter().map(|block| (block.device.0, block.quantity)).collect::<Vec<_>>()
    };
    // A quarter of a second at 9600 baud, less a request of 24 ms: 98 registers.
    assert_eq!(blocks(10_000, 1_000), [(0, 98), (0, 2), (1, 100)]);
    assert_eq!(blocks(1_000, 1_000), [(0, 100), (1, 100)], "nobody waits who does not anyway");
    // Without the time for more requests, blocks stay whole.
    assert_eq!(blocks(400, 350), [(0, 100), (1, 100)]);
}
