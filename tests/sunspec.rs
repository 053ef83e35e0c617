//! The SunSpec profiles through the built gateway, on devices that the SunSpec Alliance's own library lays out: wherever
//! the chain begins, whichever models there are, and whatever another device holds that takes a device's place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod peer;

use std::process::Child;
use std::time::Duration;

use peer::gateway::{Gateway, Site};
use peer::{root, wait_for};
use serde_json::{Value as Json, json};

/// For what must come about on a busy machine: two Python programs start, and a lost channel waits before it is
/// opened again.
const SOON: Duration = Duration::from_secs(60);

/// Devices at a place of their own; they are gone when dropped.
struct Devices(Child);

impl Devices {
    fn start(devices: &Json, port: u16) -> (Self, u16) {
        let arguments = [devices.to_string(), port.to_string()];
        let (child, port) = peer::start_script("sunspec_devices.py", arguments);
        (Self(child), port.parse().unwrap())
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        // Its standard input ends with it.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Devices, each with its unit and profile, and the gateway that reads them.
fn gateway(name: &str, port: u16, devices: &[(&str, u8, &str, &str)]) -> (Site, Gateway) {
    let site = Site::of(name, |address, _| {
        let device = |(name, unit, profile, more): &(&str, u8, &str, &str)| {
            format!(
                "[[devices]]\nname = \"{name}\"\nchannel = \"bus\"\nunit_id = {unit}\n\
                 profile = \"{profile}\"\n{more}\n"
            )
        };
        format!(
            "gateway.listen = \"{address}\"\ngateway.profiles = [{:?}]\n\
             [[channels]]\nname = \"bus\"\ndriver = \"modbus-tcp\"\naddress = \"127.0.0.1:{port}\"\n{}",
            root().join("config/profiles"),
            devices.iter().map(device).collect::<String>(),
        )
    });
    let gateway = site.start();
    (site, gateway)
}

fn get(gateway: &Gateway, path: &str) -> Json {
    serde_json::from_str(&gateway.get(path)).unwrap()
}

fn point(gateway: &Gateway, id: &str) -> Json {
    get(gateway, &format!("/api/v1/points/{id}"))
}

fn is_good(gateway: &Gateway, id: &str, value: &Json) {
    let mut seen = Json::Null;
    let is_there = || {
        seen = point(gateway, id);
        (seen["quality"] == "good" && seen["value"] == *value).then_some(())
    };
    wait_for(&format!("{id} to be {value}"), SOON, is_there);
    assert_eq!(seen["reason"], Json::Null);
}

/// Waits until the reason of each of a device's points is one, and that they are all bad.
fn are_bad(gateway: &Gateway, pattern: &str, reason: &str) {
    let bad = || {
        let points = get(gateway, &format!("/api/v1/points?match={pattern}&limit=500"));
        let points = points["points"].as_array().unwrap().clone();
        assert!(points.len() > 3, "{pattern}");
        assert!(points.iter().all(|point| point["quality"] != "good"), "{points:#?}");
        points.iter().all(|point| point["reason"] == reason).then_some(())
    };
    wait_for(&format!("{pattern} to be {reason}"), SOON, bad);
}

fn report(gateway: &Gateway, device: &str) -> (Json, Json) {
    let mut report = get(gateway, &format!("/api/v1/devices/{device}"));
    (report["state"].take(), report["last_error"].take())
}

fn common(maker: &str) -> Json {
    json!([1, { "Mn": maker, "Md": "Model of it", "Vr": "1.2.3", "SN": "0012345" }])
}

/// An inverter with integers, as a person reads them.
fn integer() -> Json {
    json!([103, {
        "A_SF": -2, "A": 12.34, "AphA": 4.11, "AphB": 4.12, "AphC": 4.13,
        "V_SF": -1, "PPVphAB": 400.1, "PPVphBC": 400.2, "PPVphCA": 400.3,
        "PhVphA": 230.1, "PhVphB": 230.2, "PhVphC": 230.3,
        "W_SF": 1, "W": -4560, "Hz_SF": -2, "Hz": 49.98, "VA_SF": 0, "VA": 4600,
        "VAr_SF": 0, "VAr": -120, "WH_SF": 3, "WH": 123_456_000, "DCA_SF": -3, "DCA": 6.789,
        "DCV_SF": 0, "DCV": 700, "DCW_SF": 1, "DCW": 4700,
        "Tmp_SF": -1, "TmpCab": 35.5, "TmpSnk": -4.5, "St": 4, "Evt1": 1 << 7 | 1 << 15
    }])
}

fn float() -> Json {
    json!([113, {
        "A": 12.5, "AphA": 4.25, "AphB": 4.5, "AphC": 3.75, "PPVphAB": 400.5, "PPVphBC": 401.5,
        "PPVphCA": 402.5, "PhVphA": 230.5, "PhVphB": 231.5, "PhVphC": 232.5, "W": 4560.5, "Hz": 50.5,
        "VA": 4600.5, "VAr": -120.5, "WH": 1_234_560.0, "DCA": 6.75, "DCV": 700.5, "DCW": 4700.5,
        "TmpCab": 35.5, "TmpSnk": -4.5, "TmpTrns": 20.5, "TmpOt": 21.5, "St": 7, "Evt1": 1
    }])
}

const INVERTER: &[(&str, f64, f64)] = &[
    ("current/total", 12.34, 12.5),
    ("current/a", 4.11, 4.25),
    ("current/b", 4.12, 4.5),
    ("current/c", 4.13, 3.75),
    ("voltage/ab", 400.1, 400.5),
    ("voltage/bc", 400.2, 401.5),
    ("voltage/ca", 400.3, 402.5),
    ("voltage/an", 230.1, 230.5),
    ("voltage/bn", 230.2, 231.5),
    ("voltage/cn", 230.3, 232.5),
    ("power", -4560.0, 4560.5),
    ("frequency", 49.98, 50.5),
    ("apparent", 4600.0, 4600.5),
    ("reactive", -120.0, -120.5),
    ("energy", 123_456_000.0, 1_234_560.0),
    ("dc/current", 6.789, 6.75),
    ("dc/voltage", 700.0, 700.5),
    ("dc/power", 4700.0, 4700.5),
    ("temperature/cabinet", 35.5, 35.5),
    ("temperature/heat_sink", -4.5, -4.5),
];

fn is_identified(gateway: &Gateway, device: &str, maker: &str) {
    is_good(gateway, &format!("{device}/manufacturer"), &json!(maker));
    is_good(gateway, &format!("{device}/model"), &json!("Model of it"));
    is_good(gateway, &format!("{device}/version"), &json!("1.2.3"));
    is_good(gateway, &format!("{device}/serial_number"), &json!("0012345"));
}

#[test]
fn an_inverter_is_read_wherever_and_whatever_it_is() {
    let inputs = json!([160, {
        "DCA_SF": -2, "DCV_SF": -1, "DCW_SF": 0, "DCWH_SF": 0, "module.1.DCA": 3.21, "module.1.DCV": 350.5,
        "module.1.DCW": 1125, "module.1.DCWH": 4711, "module.2.DCW": 900, "module.2.Tmp": -3
    }]);
    let ours = json!({
        "1": { "base": 40000, "models": [common("ACME"), integer(), inputs] },
        "2": { "base": 50000, "models": [common("Emca"), float()] },
    });
    let (_devices, port) = Devices::start(&ours, 0);
    let (_site, gateway) = gateway(
        "sunspec-inverters",
        port,
        &[("int", 1, "sunspec-inverter", ""), ("float", 2, "sunspec-inverter", "")],
    );
    is_identified(&gateway, "int", "ACME");
    is_identified(&gateway, "float", "Emca");
    for (name, integer, float) in INVERTER {
        is_good(&gateway, &format!("int/{name}"), &json!(integer));
        is_good(&gateway, &format!("float/{name}"), &json!(float));
    }
    let flags = [
        ("overtemperature", true, false),
        ("hardware_test", true, false),
        ("ground_fault", false, true),
    ];
    for (name, integer, float) in flags {
        is_good(&gateway, &format!("int/event/{name}"), &json!(integer));
        is_good(&gateway, &format!("float/event/{name}"), &json!(float));
    }
    is_good(&gateway, "int/state", &json!(4));
    is_good(&gateway, "float/state", &json!(7));
    assert_eq!(point(&gateway, "float/state")["labels"]["7"], "fault");
    for (name, value) in [
        ("1/current", json!(3.21)),
        ("1/voltage", json!(350.5)),
        ("1/power", json!(1125.0)),
        ("1/energy", json!(4711.0)),
        ("2/power", json!(900.0)),
        ("2/temperature", json!(-3)),
    ] {
        is_good(&gateway, &format!("int/mppt/{name}"), &value);
    }
    for (id, reason) in [
        ("int/temperature/other", "not_a_number"),
        ("int/mppt/2/current", "not_a_number"),
        ("int/mppt/3/power", "device_error"),
        ("float/mppt/1/power", "device_error"),
    ] {
        let point = point(&gateway, id);
        assert_eq!((&point["quality"], &point["reason"]), (&json!("bad"), &json!(reason)), "{id}");
    }
    for device in ["int", "float"] {
        assert_eq!(report(&gateway, device), (json!("online"), Json::Null), "{device}");
    }
}

#[test]
fn whatever_takes_a_devices_place_is_read_as_what_it_is() {
    let ours = json!({
        "1": { "base": 40000, "models": [common("ACME"), integer()] },
        "2": { "base": 50000, "models": [common("Emca"), float()] },
    });
    let (devices, port) = Devices::start(&ours, 0);
    let inverter = "sunspec-inverter";
    let (_site, gateway) =
        gateway("sunspec-exchanged", port, &[("int", 1, inverter, ""), ("float", 2, inverter, "")]);
    is_good(&gateway, "int/power", &json!(-4560.0));
    is_good(&gateway, "float/power", &json!(4560.5));
    drop(devices);
    // Another inverter under the same number, and the other one's meter instead of it.
    let others = json!({
        "1": { "base": 0, "models": [common("Newer"), float()] },
        "2": { "base": 40000, "models": [common("Meter"), [203, { "W_SF": 0, "W": 77 }]] },
    });
    let (_devices, _) = Devices::start(&others, port);
    is_good(&gateway, "int/manufacturer", &json!("Newer"));
    is_good(&gateway, "int/power", &json!(4560.5));
    is_good(&gateway, "float/manufacturer", &json!("Meter"));
    let power = || {
        let power = point(&gateway, "float/power");
        assert_ne!(power["quality"], "good", "{power}");
        (power["reason"] == "device_error").then_some(())
    };
    wait_for("a meter to have no inverter's power", SOON, power);
    let (state, error) = report(&gateway, "float");
    assert_eq!(state, "degraded");
    assert_eq!(error, "unit 2: SunSpec: no model 101-103 or 111-113; found 1, 203");
}

fn integer_meter() -> Json {
    json!([203, {
        "A_SF": -2, "A": -3.21, "AphA": 1.01, "V_SF": -1, "PhV": 230.5, "PhVphC": 229.5, "PPV": 400.5,
        "PhVphAB": 401.5, "PhVphBC": 402.5, "PhVphCA": 403.5, "Hz_SF": -2, "Hz": 50.01,
        "W_SF": 0, "W": -1500, "WphA": -500, "WphB": -501, "WphC": -499, "VA_SF": 0, "VA": 1510,
        "VAR_SF": 0, "VAR": 99, "TotWh_SF": 1, "TotWhExp": 4_000_000_010_u64, "TotWhImp": 20, "TotWhImpPhC": 30
    }])
}

fn float_meter() -> Json {
    json!([213, {
        "A": -3.25, "AphA": 1.25, "PhV": 230.25, "PhVphC": 229.25, "PPV": 400.25, "PPVphAB": 401.25,
        "PPVphBC": 402.25, "PPVphCA": 403.25, "Hz": 50.25, "W": -1500.25, "WphA": -500.25, "WphB": -501.25,
        "WphC": -499.25, "VA": 1510.25, "VAR": 99.25, "TotWhExp": 4096.0, "TotWhImp": 0.0, "TotWhImpPhC": 30.5
    }])
}

fn battery() -> Json {
    json!([802, {
        "WHRtg_SF": 2, "WHRtg": 10_200, "SoC_SF": -1, "SoC": 55.5, "SoH_SF": 0, "SoH": 98, "DoD_SF": 0, "DoD": 44,
        "NCyc": 70_000, "ChaSt": 4, "State": 3, "V_SF": -1, "V": 51.2, "A_SF": -1, "A": -20.5,
        "W_SF": 1, "W": -1050
    }])
}

const METER: &[(&str, f64, f64)] = &[
    ("current/total", -3.21, -3.25),
    ("current/a", 1.01, 1.25),
    ("voltage/ln", 230.5, 230.25),
    ("voltage/cn", 229.5, 229.25),
    ("voltage/ll", 400.5, 400.25),
    ("voltage/ab", 401.5, 401.25),
    ("voltage/bc", 402.5, 402.25),
    ("voltage/ca", 403.5, 403.25),
    ("frequency", 50.01, 50.25),
    ("power/total", -1500.0, -1500.25),
    ("power/a", -500.0, -500.25),
    ("power/b", -501.0, -501.25),
    ("power/c", -499.0, -499.25),
    ("apparent/total", 1510.0, 1510.25),
    ("reactive/total", 99.0, 99.25),
    ("energy/export", 4_000_000_010.0, 4096.0),
    ("energy/import", 20.0, 0.0),
    ("energy/import_c", 30.0, 30.5),
];

#[test]
fn meters_and_batteries_are_read_and_one_meter_of_several_behind_an_inverter() {
    let first = json!([201, { "W_SF": 0, "W": 11 }]);
    let second = json!([204, { "W_SF": 0, "W": 22 }]);
    let ours = json!({
        "1": { "base": 40000, "models": [common("M203"), integer_meter()] },
        "2": { "base": 0, "models": [common("M213"), float_meter()] },
        "3": { "base": 40000, "models":
            [common("Inverter"), [103, {}], common("First"), first, common("Second"), second] },
        "4": { "base": 50000, "models": [common("Battery"), battery()] },
    });
    let (_devices, port) = Devices::start(&ours, 0);
    let (_site, gateway) = gateway(
        "sunspec-meters",
        port,
        &[
            ("int", 1, "sunspec-meter", ""),
            ("float", 2, "sunspec-meter", ""),
            ("second", 3, "sunspec-meter", "parameters = { meter = 2, common = 3 }"),
            ("battery", 4, "sunspec-battery", ""),
        ],
    );
    is_identified(&gateway, "int", "M203");
    is_identified(&gateway, "float", "M213");
    for (name, integer, float) in METER {
        is_good(&gateway, &format!("int/{name}"), &json!(integer));
        is_good(&gateway, &format!("float/{name}"), &json!(float));
    }
    is_identified(&gateway, "second", "Second");
    is_good(&gateway, "second/power/total", &json!(22.0));
    is_identified(&gateway, "battery", "Battery");
    for (name, value) in [
        ("power", json!(-1050.0)),
        ("current", json!(-20.5)),
        ("voltage", json!(51.2)),
        ("charge", json!(55.5)),
        ("health", json!(98.0)),
        ("depth_of_discharge", json!(44.0)),
        ("cycles", json!(70_000)),
        ("energy/nominal", json!(10_200.0)),
        ("state/charge", json!(4)),
        ("state/bank", json!(3)),
    ] {
        is_good(&gateway, &format!("battery/{name}"), &value);
    }
    for device in ["int", "float", "second", "battery"] {
        assert_eq!(report(&gateway, device), (json!("online"), Json::Null), "{device}");
    }
}

#[test]
fn what_is_not_there_or_not_implemented_is_never_a_number_and_the_device_says_why() {
    let ours = json!({
        "1": { "base": 40000, "models": [[1, {}], [103, {}], [160, { "module.4.DCW": null }]] },
        "2": { "base": 0, "models": [[1, {}], [113, {}], [160, { "module.4.DCW": null }]] },
        "3": { "base": 50000, "models": [[1, {}], [203, {}]] },
        "4": { "base": 40000, "models": [[1, {}], [213, {}]] },
        "5": { "base": 40000, "models": [[1, {}], [0, 50, 1, 2, 3], [103, { "W_SF": 0, "W": 5 }]] },
        "6": { "base": null, "models": [vec![7; 200]] },
        "7": { "base": 0, "models": [[1, {}], [103, 65_535, 1, 2]] },
        "8": { "base": 40000, "models": [[1, {}], [802, {}]] },
    });
    let (_devices, port) = Devices::start(&ours, 0);
    let inverter = "sunspec-inverter";
    let (_site, gateway) = gateway(
        "sunspec-nothing",
        port,
        &[
            ("int", 1, inverter, ""),
            ("float", 2, inverter, ""),
            ("meter", 3, "sunspec-meter", ""),
            ("float-meter", 4, "sunspec-meter", ""),
            ("broken", 5, inverter, ""),
            ("other", 6, inverter, ""),
            ("long", 7, inverter, ""),
            ("battery", 8, "sunspec-battery", ""),
        ],
    );
    for device in ["int", "float", "meter", "float-meter", "battery"] {
        are_bad(&gateway, &format!("{device}/**"), "not_a_number");
        assert_eq!(report(&gateway, device), (json!("online"), Json::Null), "{device}");
    }
    for (device, error) in [
        ("broken", "unit 5: the SunSpec chain is broken at 40070: no model has the number 0"),
        ("other", "unit 6: no SunSpec marker at 40000, 0, 50000"),
        (
            "long",
            "unit 7: the SunSpec chain is broken at 70: model 103, 65535 registers long, reaches past 65535",
        ),
    ] {
        are_bad(&gateway, &format!("{device}/**"), "device_error");
        let told = || {
            let (state, last_error) = report(&gateway, device);
            (state == "degraded" && last_error == error).then_some(())
        };
        wait_for(error, SOON, told);
    }
}
