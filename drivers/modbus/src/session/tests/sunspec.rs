//! SunSpec devices: walked along, read, exchanged, broken, dead.

use std::collections::HashMap;

use super::*;
use crate::testing::model;

/// Holding registers of a device, by address.
type Image = HashMap<u16, u16>;

/// The devices by unit, as they are at the moment; a unit that is not here is silent.
type Bus = Arc<Mutex<HashMap<u8, Image>>>;

/// Unit, first register and quantity of each request.
type Log = Arc<Mutex<Vec<(u8, u16, u16)>>>;

fn chain_of(base: u16, models: &[Vec<u16>]) -> Image {
    let registers = [vec![0x5375, 0x6E53], models.concat(), vec![0xFFFF, 0]].concat();
    (base..).zip(registers).collect()
}

/// Model 1 with a maker of two letters.
fn common(maker: u16) -> Vec<u16> {
    model(1, 66, &[(2, maker)])
}

/// Power in W, tenths, in model 103.
fn integer(power: u16) -> Image {
    chain_of(40_000, &[common(0x4141), model(103, 50, &[(14, power), (15, 0xFFFF)])])
}

/// 100 W in model 113.
fn float() -> Image {
    chain_of(50_000, &[common(0x4242), model(113, 60, &[(22, 0x42C8), (23, 0)])])
}

fn bus(units: &[(u8, Image)]) -> Bus {
    Arc::new(Mutex::new(units.iter().cloned().collect()))
}

/// Answers as the devices of `bus`, and logs what they were asked.
fn answers(bus: &Bus, log: &Log) -> impl FnMut(Incoming) -> Vec<Sent> + Send + 'static {
    let (bus, log) = (Arc::clone(bus), Arc::clone(log));
    move |incoming| {
        let ReadRequest { unit, first, quantity, .. } = incoming.request;
        log.lock().unwrap().push((unit, first, quantity));
        let bus = bus.lock().unwrap();
        let Some(image) = bus.get(&unit) else { return vec![] };
        let registers = (first..first + quantity).map(|at| image.get(&at).copied());
        let Some(registers) = registers.collect::<Option<Vec<u16>>>() else {
            return at_once(incoming.exception(2));
        };
        let content: Vec<u8> = registers.into_iter().flat_map(u16::to_be_bytes).collect();
        let pdu = [vec![3, u8::try_from(content.len()).unwrap()], content].concat();
        at_once(incoming.frame(unit, &pdu))
    }
}

const POINTS: &str = r#"
    { name = "power", alternatives = [
        { address = "sunspec:101-103:14", type = "i16", scale_register = "sunspec:101-103:15" },
        { address = "sunspec:111-113:22", type = "f32" } ] },
    { name = "maker", address = "sunspec:1:2", type = "string", length = 16, scan_ms = 60000 }"#;

fn rig(units: &[u8]) -> Rig {
    rig_on(Kind::Tcp, units)
}

fn rig_on(kind: Kind, units: &[u8]) -> Rig {
    let device = |unit: &u8| {
        let points = POINTS.replace("name = \"", &format!("name = \"u{unit}-"));
        format!("[[devices]]\nname = \"d{unit}\"\nunit_id = {unit}\npoints = [{points}]\n")
    };
    let devices: String = units.iter().map(device).collect();
    let place = if kind == Kind::Rtu { "port" } else { "address" };
    Rig::new(kind, &format!("{place} = \"x\"\n{devices}"))
}

fn double(value: f64) -> Reading {
    Reading::Good(Value::f64(value).unwrap())
}

fn single(value: f32) -> Reading {
    Reading::Good(Value::f32(value).unwrap())
}

fn text(value: &str) -> Reading {
    Reading::Good(Value::text(value).unwrap())
}

const GONE: Reading = Reading::Failed(Failure::DeviceError);

#[tokio::test(start_paused = true)]
async fn points_are_read_wherever_their_models_are() {
    let rig = rig(&[1, 2]);
    let (bus, log) = (bus(&[(1, integer(1_234)), (2, float())]), Log::default());
    rig.run(3 * SECOND, answers(&bus, &log)).await;
    let heard = take(&rig.ear);
    assert_eq!(readings(&heard, PointIndex(0))[..2], [double(123.4), double(123.4)]);
    assert_eq!(readings(&heard, PointIndex(1)), [text("AA")]);
    assert_eq!(readings(&heard, PointIndex(2))[..2], [single(100.0), single(100.0)]);
    assert_eq!(readings(&heard, PointIndex(3)), [text("BB")]);
    for device in [0, 1] {
        let report = report(&heard, device);
        assert_eq!((report.state, report.last_error), (DeviceState::Online, None));
    }
    // Marker, two headers, the end; then nothing but values, each from its model's header on.
    let asked = |unit| {
        let log = log.lock().unwrap();
        log.iter().filter(|(of, ..)| *of == unit).map(|(_, at, n)| (*at, *n)).collect::<Vec<_>>()
    };
    let first = asked(1);
    assert_eq!(first[..4], [(40_000, 2), (40_002, 2), (40_070, 2), (40_122, 2)]);
    assert!(
        first[4..].iter().all(|asked| [(40_002, 84), (40_070, 16), (40_002, 18)].contains(asked)),
        "{first:?}"
    );
    assert_eq!(asked(2)[..5], [(40_000, 2), (0, 2), (50_000, 2), (50_002, 2), (50_070, 2)]);
    let planned: Vec<_> = {
        let layout = rig.lessons.layout(&rig.site);
        layout.wants().iter().map(|want| want.first).collect()
    };
    assert_eq!(planned, [40_070, 40_002, 50_070, 50_002]);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_silent_where_it_has_nothing_is_found_all_the_same() {
    let rig = rig(&[1, 2]);
    let (bus, log) = (bus(&[(1, float()), (2, integer(10))]), Log::default());
    let mut answer = answers(&bus, &log);
    rig.run(30 * SECOND, move |incoming| {
        let sent = answer(incoming);
        let is_exception = sent.iter().any(|(_, frame)| frame[7] & 0x80 != 0);
        if is_exception { vec![] } else { sent }
    })
    .await;
    let heard = take(&rig.ear);
    assert_eq!(readings(&heard, PointIndex(0)).last(), Some(&single(100.0)));
    assert_eq!(report(&heard, 0).state, DeviceState::Online);
}

#[tokio::test(start_paused = true)]
async fn a_line_is_walked_along_as_well() {
    let rig = rig_on(Kind::Rtu, &[1, 2, 3]);
    let (bus, log) = (bus(&[(1, integer(1_234)), (3, float())]), Log::default());
    rig.run(20 * SECOND, answers(&bus, &log)).await;
    let heard = take(&rig.ear);
    assert_eq!(readings(&heard, PointIndex(0)).first(), Some(&double(123.4)));
    assert_eq!(readings(&heard, PointIndex(4)).first(), Some(&single(100.0)));
    assert_eq!(readings(&heard, PointIndex(5)).first(), Some(&text("BB")));
    let states = [0, 1, 2].map(|device| report(&heard, device).state);
    assert_eq!(states, [DeviceState::Online, DeviceState::Offline, DeviceState::Online]);
}

/// A number that differs from one call to the next, and not from one run to the next.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Whatever is not the point itself reads as a number that is never right.
fn poisoned(base: u16, models: &[Vec<u16>]) -> Image {
    let mut image: Image =
        (0..300).chain(39_990..40_400).chain(50_000..50_300).map(|at| (at, 7_777)).collect();
    let models: Vec<Vec<u16>> = models
        .iter()
        .map(|model| {
            let body =
                |at: usize, register: u16| if at > 1 && register == 0 { 7_777 } else { register };
            model.iter().enumerate().map(|(at, register)| body(at, *register)).collect()
        })
        .collect();
    image.extend(chain_of(base, &models));
    image
}

#[tokio::test(start_paused = true)]
async fn devices_that_are_exchanged_again_and_again_never_show_a_wrong_value() {
    let integer = || model(103, 50, &[(14, 1_000), (15, 0xFFFF)]);
    // 100.0 is 0x42C80000, and a register that is 0 would be poisoned: a bit more than 100 will do.
    let float = || model(113, 60, &[(22, 0x42C8), (23, 1)]);
    let images = [
        poisoned(40_000, &[common(0x4141), integer()]),
        poisoned(40_000, &[common(0x4141), model(64_001, 7, &[]), integer()]),
        poisoned(0, &[common(0x4141), integer()]),
        poisoned(50_000, &[float()]),
        poisoned(40_000, &[common(0x4141), float(), integer()]),
        poisoned(40_000, &[common(0x4141), model(203, 105, &[])]),
        poisoned(50_000, &[vec![0, 3]]),
        integer_alone(),
        Image::new(),
    ];
    let rig = rig(&[1, 2]);
    let (bus, log) = (bus(&[(2, images[0].clone())]), Log::default());
    let session = rig.run(1_800 * SECOND, answers(&bus, &log));
    let exchange = async {
        let mut dice = Dice(4);
        loop {
            sleep(MS * u32::try_from(dice.below(9_000)).unwrap()).await;
            let mut bus = bus.lock().unwrap();
            match images.get(usize::try_from(dice.below(10)).unwrap()) {
                Some(image) => drop(bus.insert(1, image.clone())),
                None => drop(bus.remove(&1)),
            }
        }
    };
    tokio::select! {
        lost = session => assert!(lost.is_none()),
        () = exchange => {}
    }
    let power = readings(&take(&rig.ear), PointIndex(0));
    let right = [double(100.0), single(f32::from_bits(0x42C8_0001))];
    let good = |reading: &&Reading| matches!(reading, Reading::Good(_));
    for value in power.iter().filter(good) {
        assert!(right.contains(value), "{value:?}");
    }
    let of = |value: &Reading| power.iter().filter(|reading| *reading == value).count();
    assert!(of(&right[0]) > 100 && of(&right[1]) > 20, "{} and {}", of(&right[0]), of(&right[1]));
    assert!(of(&GONE) > 50 && !power.contains(&Reading::NotANumber));
}

/// No model 1, no end, and nothing behind.
fn integer_alone() -> Image {
    let chain = [vec![0x5375, 0x6E53], model(103, 50, &[(14, 1_000), (15, 0xFFFF)])].concat();
    (40_000..).zip(chain).collect()
}

#[tokio::test(start_paused = true)]
async fn an_exchanged_device_never_shows_a_value_of_another_model() {
    // The other one has something that reads as a number everywhere the first one had its power.
    let mut other = float();
    other.extend((40_000..40_124).map(|at| (at, 7_777)));
    let rig = rig(&[1]);
    let (bus, log) = (bus(&[(1, integer(1_000))]), Log::default());
    let session = rig.run(10 * SECOND, answers(&bus, &log));
    let exchange = async {
        sleep(5 * SECOND + SECOND / 2).await;
        bus.lock().unwrap().insert(1, other);
    };
    tokio::join!(session, exchange);
    let heard = take(&rig.ear);
    let power = readings(&heard, PointIndex(0));
    assert_eq!(power[..5], [(); 5].map(|()| double(100.0)));
    assert_eq!(power.iter().filter(|reading| **reading == GONE).count(), 1, "{power:?}");
    assert_eq!(power.last(), Some(&single(100.0)));
    let sane = [double(100.0), single(100.0), GONE];
    assert!(power.iter().all(|reading| sane.contains(reading)), "{power:?}");
    assert_eq!(readings(&heard, PointIndex(1)).last(), Some(&text("BB")));
    let report = report(&heard, 0);
    assert_eq!(report.state, DeviceState::Online);
    let error = report.last_error.unwrap();
    assert!(error.ends_with(": a SunSpec model is not where it was"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_lacks_what_the_one_before_had_is_walked_along_anew() {
    // The second one is there so that the connection is not taken for dead.
    let rig = rig(&[1, 2]);
    let (bus, log) = (bus(&[(1, integer(1_000)), (2, integer(1))]), Log::default());
    let session = rig.run(40 * SECOND, answers(&bus, &log));
    let exchange = async {
        sleep(5 * SECOND + SECOND / 2).await;
        // Nothing at 40000 at all.
        bus.lock().unwrap().insert(1, float());
        sleep(10 * SECOND).await;
        // Silent, and another one afterwards.
        bus.lock().unwrap().remove(&1);
        sleep(10 * SECOND).await;
        bus.lock().unwrap().insert(1, integer(2_000));
    };
    tokio::join!(session, exchange);
    let heard = take(&rig.ear);
    let mut power = readings(&heard, PointIndex(0));
    power.retain(|reading| !matches!(reading, Reading::Failed(_)));
    power.dedup();
    assert_eq!(power, [double(100.0), single(100.0), double(200.0)]);
    assert_eq!(report(&heard, 0).state, DeviceState::Online);
    // What the first one was said to lack does not stay said of the last.
    assert_eq!(readings(&heard, PointIndex(0)).last(), Some(&double(200.0)));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_sunspec_device_or_has_a_broken_chain_is_told_and_harms_nobody() {
    let broken = chain_of(40_000, &[common(0x4141), vec![0, 50]]);
    let silent_inside = chain_of(0, &[]);
    let plain: Image = (0..10).zip(0..).collect();
    let rig = rig(&[1, 2, 3, 4, 5]);
    let units = [(1, broken), (2, plain), (3, integer(10)), (4, silent_inside)];
    let (bus, log) = (bus(&units), Log::default());
    rig.run(60 * SECOND, answers(&bus, &log)).await;
    let heard = take(&rig.ear);
    let errors = [
        "unit 1: the SunSpec chain is broken at 40070: no model has the number 0",
        "unit 2: no SunSpec marker at 40000, 0, 50000",
        "",
        "unit 4: SunSpec: no model 101-103 or 111-113, no model 1; found ",
    ];
    for (device, error) in (0..).zip(errors) {
        let report = report(&heard, device);
        let points = [device * 2, device * 2 + 1].map(PointIndex);
        if error.is_empty() {
            assert_eq!(report.state, DeviceState::Online);
            let power = readings(&heard, points[0]);
            assert!(power.len() > 50 && power.iter().all(|reading| *reading == double(1.0)));
            continue;
        }
        assert_eq!(report.state, DeviceState::Degraded, "{device}");
        assert_eq!(report.last_error.as_deref(), Some(error));
        for point in points {
            let readings = readings(&heard, point);
            assert!(!readings.is_empty() && readings.iter().all(|reading| *reading == GONE));
        }
    }
    assert_eq!(report(&heard, 4).state, DeviceState::Offline);
    // Walked along again more and more rarely.
    let log = log.lock().unwrap();
    let begun = log.iter().filter(|(unit, at, _)| (*unit, *at) == (1, 40_000)).count();
    assert!((4..=9).contains(&begun), "{begun}");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_comes_later_is_found_later() {
    let rig = rig(&[1]);
    let starting = chain_of(40_000, &[common(0x4141)]);
    let (bus, log) = (bus(&[(1, starting)]), Log::default());
    let session = rig.run(3_000 * SECOND, answers(&bus, &log));
    let boot = async {
        sleep(2_900 * SECOND).await;
        bus.lock().unwrap().insert(1, integer(50));
    };
    tokio::join!(session, boot);
    let heard = take(&rig.ear);
    assert_eq!(readings(&heard, PointIndex(1)).first(), Some(&text("AA")), "what is there is read");
    let power = readings(&heard, PointIndex(0));
    assert_eq!((power.first(), power.last()), (Some(&GONE), Some(&double(5.0))));
    assert_eq!(report(&heard, 0).state, DeviceState::Online);
}

#[tokio::test(start_paused = true)]
async fn a_device_without_what_is_optional_is_all_there() {
    let toml = tcp(
        "",
        r#"{ name = "power", address = "sunspec:103:14", type = "i16" },
           { name = "string", address = "sunspec:160:21", type = "u16", optional = true }"#,
    );
    let rig = Rig::new(Kind::Tcp, &toml);
    let (bus, log) = (bus(&[(1, integer(7))]), Log::default());
    rig.run(30 * SECOND, answers(&bus, &log)).await;
    let heard = take(&rig.ear);
    let report = report(&heard, 0);
    assert_eq!((report.state, report.last_error), (DeviceState::Online, None));
    assert_eq!(readings(&heard, PointIndex(1)), [GONE]);
    let walks = log.lock().unwrap().iter().filter(|(_, first, _)| *first == 40_000).count();
    assert_eq!(walks, 1);
}

#[tokio::test(start_paused = true)]
async fn each_session_looks_for_itself() {
    let rig = rig(&[1]);
    let log = Log::default();
    rig.run(2 * SECOND, answers(&bus(&[(1, integer(70))]), &log)).await;
    take(&rig.ear);
    // The same numbers stand where they stood, in a model that means something else.
    let other = chain_of(40_000, &[common(0x4141), model(64_103, 50, &[(14, 70), (15, 0xFFFF)])]);
    rig.run(2 * SECOND, answers(&bus(&[(1, other)]), &log)).await;
    let power = readings(&take(&rig.ear), PointIndex(0));
    assert!(!power.is_empty() && power.iter().all(|reading| *reading == GONE), "{power:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_costs_a_walk_one_more_request() {
    let rig = rig(&[1]);
    let (bus, log) = (bus(&[(1, integer(70))]), Log::default());
    let mut right = answers(&bus, &log);
    let mut count = 0;
    rig.run(4 * SECOND, move |incoming| {
        count += 1;
        let sent = right(incoming);
        if count == 3 { vec![] } else { sent }
    })
    .await;
    let firsts: Vec<u16> = log.lock().unwrap().iter().map(|(_, first, _)| *first).collect();
    assert_eq!(firsts[..5], [40_000, 40_002, 40_070, 40_070, 40_122]);
    assert_eq!(readings(&take(&rig.ear), PointIndex(0)).first(), Some(&double(7.0)));
}
