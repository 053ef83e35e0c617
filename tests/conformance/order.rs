//! Chapter "Order and completeness": what each client can rely on while everything moves.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::grammar::Event;
use crate::peer::http::get;
use crate::peer::wait_for;
use crate::place::{Lane, among_others, lane, place};
use crate::site;
use crate::stream::{DUE_WITHIN, Stream};

/// The points of a lane that count up together.
const TOGETHER: [&str; 3] = ["a", "b", "c"];

/// How long everything moves.
const LASTING: Duration = Duration::from_secs(4);

/// Has the device count up at each of its replies.
fn count(lane: &Lane) {
    let registers = TOGETHER.iter().map(|point| site::register(point)).collect();
    lane.with(|unit| unit.counting = registers);
}

/// Stops that; where it ended.
fn stop(lane: &Lane) -> Json {
    lane.with(|unit| unit.counting.clear());
    // What the device now holds is what the next reading tells.
    let answered = lane.with(|unit| unit.answered);
    wait_for("a reading of what was left", DUE_WITHIN, || {
        lane.with(|unit| unit.answered > answered + 1).then_some(())
    });
    get(place().address, &format!("/api/v1/points/{}", lane.id("a"))).json()["value"].clone()
}

/// What one client saw last of each point: it never goes back, and points of one reply are never apart.
#[derive(Default)]
struct Seen {
    values: BTreeMap<String, (i64, u64)>,
}

impl Seen {
    fn take(&mut self, event: &Event) {
        let mut together: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for point in event.data["points"].as_array().into_iter().flatten() {
            let id = point["id"].as_str().unwrap();
            let (device, name) = id.rsplit_once('/').unwrap();
            if !TOGETHER.contains(&name) {
                continue;
            }
            let (value, time) = (point["value"].as_i64().unwrap(), point["time"].as_u64().unwrap());
            let before = self.values.insert(id.to_owned(), (value, time)).unwrap_or((0, 0));
            assert!(
                value >= before.0 && time >= before.1,
                "{id} went back to {value} from {before:?}"
            );
            together.entry(device.to_owned()).or_default().push(value);
        }
        for (device, values) in together {
            let even = values.windows(2).all(|pair| pair[0] == pair[1]);
            assert!(even, "{device}: a frame shows half of a reply: {values:?}");
        }
    }

    /// Whether it saw this value of every point that counts.
    fn is_all(&self, ends: &[(String, Json)]) -> bool {
        ends.iter()
            .all(|(id, end)| self.values.get(id).is_some_and(|(value, _)| json!(value) == *end))
    }
}

/// One client's life until `until`: with `restless` it changes its selection and its connection all the time.
fn live(lanes: &[String], restless: bool, until: Instant) -> (Stream, Seen) {
    let all = lanes.iter().map(|lane| format!("{lane}/**")).collect::<Vec<_>>();
    let mut stream = Stream::open(&format!("points={}&heartbeat_ms=1000", all.join(",")));
    let mut seen = Seen::default();
    let mut turn = 0;
    while Instant::now() < until {
        let event = stream.next().expect("the stream goes on");
        seen.take(&event);
        turn += 1;
        if restless && turn % 7 == 0 {
            let body =
                json!({"remove": [all[turn % all.len()]], "add": [all[(turn + 1) % all.len()]]});
            assert_eq!(stream.subscription("PATCH", &body).status, 200);
        }
        if restless && turn % 11 == 0 {
            stream = stream.resume("heartbeat_ms=1000");
        }
    }
    if restless {
        stream.put(&json!(all));
    }
    (stream, seen)
}

#[test]
fn nothing_goes_back_nothing_is_torn_and_nothing_is_lost() {
    let _among = among_others();
    let lanes: Vec<Lane> = (0..6).map(|_| lane()).collect();
    lanes.iter().for_each(count);
    let names: Vec<String> =
        lanes.iter().map(|lane| lane.id("a").strip_suffix("/a").unwrap().to_owned()).collect();
    let until = Instant::now() + LASTING;
    let lives: Vec<_> = (0..6)
        .map(|number| {
            let names = names.clone();
            thread::spawn(move || live(&names, number % 2 == 1, until))
        })
        .collect();
    let lived: Vec<_> =
        lives.into_iter().map(|life| life.join().expect("a client saw an untruth")).collect();
    let ends: Vec<(String, Json)> = lanes
        .iter()
        .flat_map(|lane| {
            let end = stop(lane);
            assert!(end.as_i64() > Some(5), "it moved: {end}");
            TOGETHER.map(|point| (lane.id(point), end.clone()))
        })
        .collect();
    for (mut stream, mut seen) in lived {
        let begin = Instant::now();
        while !seen.is_all(&ends) {
            assert!(
                begin.elapsed() < DUE_WITHIN,
                "the last change of each point reaches who stays"
            );
            seen.take(&stream.next().expect("the stream goes on"));
        }
    }
}

#[test]
fn each_change_is_told_or_counted_for_every_reader() {
    const CHANGES: i32 = 30;
    let _among = among_others();
    let lane = lane();
    let id = lane.id("a");
    let mut readers: Vec<Stream> = [0, 50, 300, 1_000]
        .iter()
        .map(|interval| {
            let mut stream = Stream::open(&format!("points={id}&interval_ms={interval}"));
            stream.snapshot();
            stream
        })
        .collect();
    let changes: Vec<i32> = (1..=CHANGES).collect();
    Stream::witness(&lane, "a", &changes);
    for stream in &mut readers {
        let told = u64::try_from(stream.until(&id, &json!(CHANGES)).len()).unwrap();
        let sum = told + stream.skipped();
        assert_eq!(sum, u64::try_from(CHANGES).unwrap(), "{told} told at {}", stream.connect);
    }
}
