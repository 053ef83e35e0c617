//! On a pipe and paused time: every wait here is exact and takes none.

use std::sync::Arc;

use pointcast_api::testing::{self, Heard, Recorder};
use pointcast_api::{DeviceState, Value, command_queue};
use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;
use pointcast_api::settings::Refusals;

const SOON: Duration = Duration::from_secs(60);

const SCALE: &str = r#"
    port = "/dev/scale"
    ignore = ['#.*']
    [[devices]]
    name = "scale"
    lines = ['(?<status>ST|US),(?<weight>[+-]?[0-9.]+|-+) kg']
    points = [
      { name = "weight", type = "f64", stale_after_ms = 3000 },
      { name = "stable", capture = "status", type = "bool", on = "ST", off = "US", stale_after_ms = 3000 },
    ]"#;

/// A session at work, and the far end of its port.
struct Talk {
    peer: DuplexStream,
    outlet: Arc<Recorder>,
    stop: CancellationToken,
    ended: JoinHandle<Result<(), Fault>>,
}

impl Talk {
    fn start(text: &str) -> Self {
        let mut refusals = Refusals::new();
        let channel = Channel::take(testing::channel(text), &mut refusals);
        let channel = channel.unwrap_or_else(|| panic!("{refusals:?}"));
        let (peer, port) = duplex(4096);
        let (outlet, stop) = (Arc::new(Recorder::default()), CancellationToken::new());
        let (its_outlet, its_stop) = (outlet.clone(), stop.clone());
        let ended = tokio::spawn(async move {
            let reports = Reports::new(channel.devices.len());
            let (_commands, mut inlet) = command_queue();
            talk(port, &channel, &reports, &*its_outlet, &mut inlet, its_stop).await
        });
        Self { peer, outlet, stop, ended }
    }

    /// Sends bytes and waits until the session has read them: on paused time a sleep ends when all are idle.
    async fn send(&mut self, bytes: &[u8]) {
        self.peer.write_all(bytes).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    fn readings(&self) -> Vec<Vec<(u32, Reading)>> {
        self.outlet.batches()
    }

    fn weights(&self) -> Vec<String> {
        let first = |batch: Vec<(u32, Reading)>| match batch.into_iter().next() {
            Some((0, Reading::Good(value))) => value.to_string(),
            other => format!("{other:?}"),
        };
        self.readings().into_iter().map(first).collect()
    }

    async fn state(&self, state: DeviceState) -> pointcast_api::DeviceReport {
        let newest = |outlet: &Recorder| outlet.report_of(0).filter(|report| report.state == state);
        self.outlet.until(state.as_str(), SOON, newest).await
    }

    async fn finish(self) {
        self.stop.cancel();
        let ended = timeout(Duration::from_secs(1), self.ended).await;
        ended.expect("a stopped session ends within a second").unwrap().unwrap();
    }
}

fn f64(number: f64) -> Reading {
    Reading::Good(Value::f64(number).unwrap())
}

#[tokio::test(start_paused = true)]
async fn one_line_is_one_batch_and_the_first_tail_is_none() {
    let mut talk = Talk::start(SCALE);
    talk.send(b"ST,2.345 kg\r\nST,12.345 kg\r\n").await;
    let stable = |stable| (1, Reading::Good(Value::Bool(stable)));
    assert_eq!(talk.readings(), [vec![(0, f64(12.345)), stable(true)]]);
    for piece in [&b"US,"[..], b"12", b".5 kg", b"\r", b"\n"] {
        talk.send(piece).await;
    }
    assert_eq!(talk.readings().last(), Some(&vec![(0, f64(12.5)), stable(false)]));
    let told = talk.state(DeviceState::Online).await;
    assert_eq!((told.counters.malformed, told.last_error), (0, None));
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_line_nobody_knows_degrades_until_lines_are_clear() {
    let mut talk = Talk::start(SCALE);
    talk.send(b"\nST,1.0 kg\n# remark\n").await;
    assert_eq!(talk.state(DeviceState::Online).await.counters.malformed, 0);
    talk.send(b"ST,1.0 lb\n").await;
    let told = talk.state(DeviceState::Degraded).await;
    assert_eq!(told.counters.malformed, 1);
    assert_eq!(
        told.last_error.as_deref(),
        Some(r#"device "scale" on /dev/scale: no pattern matches "ST,1.0 lb""#)
    );
    talk.send(b"\xff\n").await;
    // Eleven more seconds of clear lines: the default silence has passed since the last unclear one.
    for _ in 0..11 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        talk.send(b"ST,1.0 kg\n").await;
    }
    // Unclear ones are lines too.
    let all = |outlet: &Recorder| outlet.report_of(0).filter(|told| told.counters.requests == 14);
    let told = talk.outlet.until("count", SOON, all).await;
    assert_eq!((told.state, told.counters.malformed), (DeviceState::Online, 2));
    let states: Vec<_> = talk
        .outlet
        .heard()
        .into_iter()
        .filter_map(|heard| match heard {
            Heard::Report(_, report) => Some(report.state),
            Heard::Batch(_) | Heard::DeviceFailed(..) => None,
        })
        .collect();
    let changes = states.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 2, "told at a change of state only: {states:?}");
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_no_value_turns_its_own_point_bad() {
    let mut talk = Talk::start(SCALE);
    talk.send(b"\nST,---- kg\n").await;
    let failed = Reading::Failed(Failure::DeviceError);
    assert_eq!(talk.readings(), [vec![(0, failed), (1, Reading::Good(Value::Bool(true)))]]);
    let told = talk.state(DeviceState::Degraded).await;
    assert_eq!(
        told.last_error.as_deref(),
        Some(r#"device "scale", point "scale/weight": "----" is no f64, in the line "ST,---- kg""#)
    );
    talk.send(b"ST,1 kg\n").await;
    talk.state(DeviceState::Online).await;
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn silence_fails_the_device_until_its_next_line() {
    let mut talk = Talk::start(SCALE);
    let begin = Instant::now();
    talk.send(b"\nST,1.0 kg\n").await;
    talk.state(DeviceState::Online).await;
    let told = talk.state(DeviceState::Offline).await;
    assert_eq!(begin.elapsed().as_secs(), 10);
    assert_eq!(told.counters.timeouts, 1);
    assert_eq!(
        told.last_error.as_deref(),
        Some(
            "device \"scale\" on /dev/scale: no valid line for 10000 ms (if it speaks less often, raise silence_ms)"
        )
    );
    let failed = Heard::DeviceFailed(DeviceIndex(0), Failure::Timeout);
    assert_eq!(talk.outlet.heard().iter().filter(|heard| **heard == failed).count(), 1);
    // Whoever is heard again may be in the middle of a line.
    talk.send(b"2.0 kg\nST,3.0 kg\n").await;
    talk.state(DeviceState::Online).await;
    assert_eq!(talk.weights(), ["1", "3"]);
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_talker_that_always_pauses_so_long_is_believed() {
    let mut talk = Talk::start(SCALE);
    for weight in 0..5 {
        tokio::time::sleep(Duration::from_secs(30)).await;
        talk.send(format!("ST,{weight} kg\n").as_bytes()).await;
    }
    // The first may be a tail; after it, such pauses are this talker's way.
    assert_eq!(talk.weights(), ["1", "2", "3", "4"]);
    // One that spoke closely is suspect again after such a pause.
    talk.send(b"ST,5 kg\n").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    talk.send(b"ST,6 kg\n").await;
    assert_eq!(talk.weights().last().map(String::as_str), Some("5"));
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn garbage_alone_keeps_nobody_alive() {
    let mut talk = Talk::start(SCALE);
    talk.send(b"\nST,1.0 kg\n").await;
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        talk.send(b"garbage\n").await;
    }
    assert_eq!(talk.outlet.report_of(0).unwrap().state, DeviceState::Offline);
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_paused_in_its_middle_is_no_line() {
    let mut talk = Talk::start(SCALE);
    talk.send(b"\nST,1.0 kg\nST,1").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // The cable is back in the middle of another line: together they would be 12.5.
    talk.send(b"2.5 kg\nST,3.0 kg\n").await;
    assert_eq!(talk.weights(), ["1", "3"]);
    let told = talk.state(DeviceState::Degraded).await;
    assert!(told.last_error.unwrap().ends_with("a line broke off in its middle"));
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_sentence_with_a_wrong_checksum_is_never_a_value() {
    let mut talk = Talk::start(
        r#"
        port = "/dev/nmea"
        checksum = "nmea"
        [[devices]]
        name = "wind"
        lines = ['\$..MWV,(?<angle>[0-9.]+),R,(?<speed>[0-9.]+),N,A']
        points = [ { name = "speed", type = "f32", stale_after_ms = 3000 } ]"#,
    );
    let sentence = |body: &str| {
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        format!("${body}*{sum:02X}\r\n")
    };
    let right = sentence("WIMWV,214.8,R,10.5,N,A");
    let flipped = right.replace("10.5", "90.5");
    talk.send(format!("\n{right}{flipped}").as_bytes()).await;
    let speed = Reading::Good(Value::f32(10.5).unwrap());
    assert_eq!(talk.readings(), [vec![(0, speed)]]);
    let told = talk.state(DeviceState::Degraded).await;
    assert!(told.last_error.unwrap().contains("wrong checksum in \"$WIMWV,214.8,R,90.5,N,A*"));
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn two_talkers_fall_silent_each_for_itself() {
    let mut talk = Talk::start(
        r#"
        port = "/dev/line"
        [[devices]]
        name = "a"
        lines = ['a (?<v>\d+)']
        silence_ms = 2000
        points = [ { name = "v", type = "u16", stale_after_ms = 3000 } ]
        [[devices]]
        name = "b"
        lines = ['b (?<v>\d+)']
        points = [ { name = "v", type = "u16", stale_after_ms = 3000 } ]"#,
    );
    // Bursts further apart than the silence of the other one are no interruption of the line.
    talk.send(b"\n").await;
    for _ in 0..5 {
        talk.send(b"b 7\nb 8\n").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let state = |device| talk.outlet.report_of(device).unwrap().state;
    assert_eq!((state(0), state(1)), (DeviceState::Offline, DeviceState::Online));
    let told = talk.readings().concat();
    let burst = [7, 8].map(|value| (1, Reading::Good(Value::U64(value))));
    assert_eq!(told, vec![burst; 5].concat());
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_wants_to_be_asked_is_asked() {
    let asking = SCALE.replace("ignore", "ask = \"P\\r\\n\"\nask_every_ms = 1000\nignore");
    let mut talk = Talk::start(&asking);
    let begin = Instant::now();
    for weight in 0..5 {
        let mut question = [0; 3];
        talk.peer.read_exact(&mut question).await.unwrap();
        assert_eq!(&question, b"P\r\n");
        assert_eq!(begin.elapsed().as_secs(), weight);
        talk.peer.write_all(format!("ST,{weight} kg\r\n").as_bytes()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(talk.weights(), ["1", "2", "3", "4"]);
    talk.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_takes_nothing_is_a_fault() {
    let question = "x".repeat(200);
    let asking =
        SCALE.replace("ignore", &format!("ask = \"{question}\"\nask_every_ms = 300\nignore"));
    let talk = Talk::start(&asking);
    let fault = timeout(SOON, talk.ended).await.unwrap().unwrap().unwrap_err();
    assert_eq!(fault.explain(), "failed to write to /dev/scale: it takes nothing for 500 ms");
}

#[tokio::test(start_paused = true)]
async fn an_end_of_file_is_a_fault_that_names_the_port() {
    let talk = Talk::start(SCALE);
    drop(talk.peer);
    let fault = timeout(SOON, talk.ended).await.unwrap().unwrap().unwrap_err();
    assert_eq!(
        fault.explain(),
        "failed to read from /dev/scale: the port is gone (end of file, as after an unplugged adapter)"
    );
}

/// A talker that knows no rate, as on USB: it is read as fast as a wire of its baud rate could be, a few
/// times over, and the log and the table hear of it no more than that.
#[tokio::test(start_paused = true)]
async fn a_flood_costs_a_bounded_rate() {
    let talk = Talk::start(SCALE);
    let (mut peer, begin) = (talk.peer, Instant::now());
    let lines = b"ST,1 kg\nST,- kg\n".repeat(64);
    let mut sent = 0;
    while begin.elapsed() < Duration::from_secs(1) && sent < 10_000_000 {
        peer.write_all(&lines).await.unwrap();
        sent += lines.len();
    }
    assert!(sent < 100_000, "{sent} bytes in a second");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let reports = |heard: &Heard| matches!(heard, Heard::Report(..));
    let reports = talk.outlet.heard().iter().filter(|heard| reports(heard)).count();
    assert!(reports < 12, "{reports} reports in two seconds");
    talk.stop.cancel();
    timeout(Duration::from_secs(1), talk.ended).await.unwrap().unwrap().unwrap();
}
