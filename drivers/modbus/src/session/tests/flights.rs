//! Several requests at once (`max_in_flight`), and one again where the server does not take them.

use std::collections::HashSet;

use pointcast_api::{Command, Outcome, Verdict, command_queue};

use super::*;
use crate::depth::ALONE_FOR;
use crate::testing::memory::{Memory, after, serve_writes};

/// A device with `blocks` blocks of one register each, a hundred apart, and `keys` of its own.
fn device(unit: u8, blocks: u16, keys: &str) -> String {
    let point = |at: u16| {
        format!("{{ name = \"p{at}\", address = \"holding:{}\", type = \"u16\" }}", at * 100)
    };
    let points = (0..blocks).map(point).collect::<Vec<_>>().join(",\n");
    format!(
        "[[devices]]\nname = \"d{unit}\"\nunit_id = {unit}\nmax_gap = 0\n{keys}\npoints = [{points}]\n"
    )
}

fn rig(most: u8, devices: &[String]) -> Rig {
    let devices = devices.concat();
    Rig::new(Kind::Tcp, &format!("address = \"x\"\nmax_in_flight = {most}\n{devices}"))
}

/// What reached the server, and how much of it was on its way at once.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<(Instant, ReadRequest, usize)>>>);

impl Log {
    /// Notes a request that is answered so long after it; how many are on their way with it.
    fn note(&self, incoming: &Incoming, answered_after: Duration, due: &mut Vec<Instant>) -> usize {
        let now = Instant::now();
        due.retain(|due| *due > now);
        due.push(now + answered_after);
        self.0.lock().unwrap().push((now, incoming.request, due.len()));
        due.len()
    }

    /// The most that were on their way at once, of the requests since `from`.
    fn most_since(&self, from: Instant) -> usize {
        let log = self.0.lock().unwrap();
        log.iter().filter(|(at, ..)| *at >= from).map(|(.., together)| *together).max().unwrap_or(0)
    }
}

/// Whether all readings of `points` among `heard` are right, unit 1's blocks; how many there are.
fn all_right(heard: &[Heard], points: u16) -> usize {
    let readings = |at: u16| readings(heard, PointIndex(at.into()));
    let all: Vec<_> =
        (0..points).flat_map(|at| readings(at).into_iter().map(move |r| (at, r))).collect();
    assert!(all.iter().all(|(at, reading)| *reading == register(1, at * 100)), "{all:?}");
    all.len()
}

#[tokio::test(start_paused = true)]
async fn what_is_due_goes_together_and_each_answer_is_a_batch_at_once() {
    let rig = rig(4, &[device(1, 6, "")]);
    let (log, mut due) = (Log::default(), Vec::new());
    let seen = log.clone();
    rig.run(SECOND / 2, move |incoming| {
        let delay = MS * (100 - u32::from(incoming.request.first) / 10);
        seen.note(&incoming, delay, &mut due);
        vec![(delay, incoming.reply())]
    })
    .await;
    let log = log.0.lock().unwrap().clone();
    let begin = log[0].0;
    let course: Vec<_> = log
        .iter()
        .take(6)
        .map(|(at, request, together)| ((*at - begin).as_millis(), request.first / 100, *together))
        .collect();
    // The first alone, as nobody has heard of the device yet; then as many as may go, by their deadlines.
    assert_eq!(
        course,
        [(0, 0, 1), (100, 1, 1), (100, 2, 2), (100, 3, 3), (100, 4, 4), (190, 5, 1)]
    );
    let heard = take(&rig.ear);
    // Those behind are answered first, and each is there before the slower ones are.
    let order: Vec<u32> = batches(&heard).iter().take(6).map(|batch| batch[0].0).collect();
    assert_eq!(order, [0, 4, 3, 2, 1, 5]);
    assert!(batches(&heard).iter().all(|batch| batch.len() == 1));
    assert!(all_right(&heard, 6) >= 6);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_is_as_it_was() {
    let rig = rig(1, &[device(1, 6, "")]);
    let begin = Instant::now();
    let (log, mut due) = (Log::default(), Vec::new());
    let seen = log.clone();
    rig.run(5 * SECOND, move |incoming| {
        seen.note(&incoming, 20 * MS, &mut due);
        vec![(20 * MS, incoming.reply())]
    })
    .await;
    assert_eq!(log.most_since(begin), 1);
    assert!(all_right(&take(&rig.ear), 6) >= 24);
}

/// Eight blocks a second take more than that one after the other, so that several are due at once again and again.
///
/// What a server does with what is more than one request, told how many are on their way.
type Habit = fn(usize, Incoming) -> Vec<Sent>;

async fn check_falls_back(habit: Habit, closes: bool) {
    let rig = rig(8, &[device(1, 8, "")]);
    let begin = Instant::now();
    let log = Log::default();
    let mut lost = 0;
    // Sessions follow each other as long as it lasts.
    let all = async {
        loop {
            let (seen, mut due, mut sent) = (log.clone(), Vec::new(), Vec::new());
            let ended = rig.run(3 * ALONE_FOR, move |incoming| {
                let together = seen.note(&incoming, 150 * MS, &mut due);
                sent.clear();
                sent.extend(habit(together, incoming));
                sent.clone()
            });
            lost += usize::from(ended.await.is_some());
        }
    };
    timeout(30 * SECOND, all).await.unwrap_err();
    let heard = take(&rig.ear);
    assert!(all_right(&heard, 8) >= 8 * 15, "closes {closes}");
    assert!(!heard.iter().any(|heard| matches!(heard, Heard::DeviceFailed(..))));
    assert_eq!(log.most_since(begin + 15 * SECOND), 1, "closes {closes}");
    assert!(log.most_since(begin) > 1);
    assert_eq!(lost, if closes { 2 } else { 0 });
    let told = report(&heard, 0).last_error.unwrap();
    assert!(
        told.contains("max_in_flight = 8") && told.contains("one at a time for 60 minutes"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_the_first_alone_is_asked_one_at_a_time() {
    let habit: Habit = |together, incoming| match together {
        1 => vec![(150 * MS, incoming.reply())],
        _ => vec![],
    };
    check_falls_back(habit, false).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_busy_with_the_first_is_asked_one_at_a_time() {
    let habit: Habit = |together, incoming| match together {
        1 => vec![(150 * MS, incoming.reply())],
        _ => vec![(MS, incoming.exception(6))],
    };
    check_falls_back(habit, false).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_spoils_the_stream_is_asked_one_at_a_time() {
    // Half a reply each: the stream is out of step, and the connection is made anew.
    let habit: Habit = |together, incoming| match together {
        1 => vec![(150 * MS, incoming.reply())],
        _ => vec![(140 * MS, incoming.reply()[..5].to_vec())],
    };
    check_falls_back(habit, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_on_a_second_request_is_asked_one_at_a_time() {
    let rig = rig(8, &[device(1, 8, "")]);
    let mut sessions = 0;
    let begin = Instant::now();
    while begin.elapsed() < 20 * SECOND {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let (link, _) = AnyLink::of(&rig.site, ours);
        let server = async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut received = [0; 512];
            loop {
                // A request is 12 bytes; more than one in a piece is more than this one takes.
                let Ok(12) = theirs.read(&mut received).await else { return };
                let word = |at: usize| u16::from_be_bytes([received[at], received[at + 1]]);
                let table = Table::HoldingRegisters;
                let request = ReadRequest { unit: 1, table, first: word(8), quantity: word(10) };
                let transaction = word(0);
                let incoming = Incoming { wire: Wire::Tcp, transaction, request, is_fence: false };
                sleep(5 * MS).await;
                theirs.write_all(&incoming.reply()).await.unwrap();
            }
        };
        tokio::spawn(server);
        sessions += 1;
        let _over = timeout(20 * SECOND, rig.session(link).run()).await;
    }
    assert_eq!(sessions, 3, "twice it was closed");
    let heard = take(&rig.ear);
    assert!(all_right(&heard, 8) >= 8 * 18);
    assert!(report(&heard, 0).last_error.unwrap().contains("max_in_flight = 8"));
}

#[tokio::test(start_paused = true)]
async fn whoever_learns_to_take_several_is_found_out_within_the_hour() {
    let rig = rig(4, &[device(1, 4, "")]);
    let begin = Instant::now();
    let (log, mut due) = (Log::default(), Vec::new());
    let seen = log.clone();
    rig.run(ALONE_FOR + 120 * SECOND, move |incoming| {
        let together = seen.note(&incoming, 400 * MS, &mut due);
        let takes = begin.elapsed() > ALONE_FOR / 2;
        if together > 1 && !takes { vec![] } else { vec![(400 * MS, incoming.reply())] }
    })
    .await;
    let requests = log.0.lock().unwrap().clone();
    let together = |from: Duration, to: Duration| {
        let within = |at: &Instant| (begin + from..begin + to).contains(at);
        requests.iter().filter(|(at, ..)| within(at)).map(|(.., count)| *count).max()
    };
    assert_eq!(together(20 * SECOND, ALONE_FOR), Some(1));
    assert!(together(ALONE_FOR + 20 * SECOND, ALONE_FOR + 120 * SECOND) > Some(1));
    all_right(&take(&rig.ear), 4);
}

/// A slow server has the time for what goes together, and is not taken to be slower for being asked so.
#[tokio::test(start_paused = true)]
async fn round_trips_that_overlap_leave_time_where_one_after_the_other_has_none() {
    // Eight blocks a second at 300 ms each, and all answered at once or in series at 60 ms.
    for (most, series, revised) in [(8, false, false), (1, false, true), (8, true, false)] {
        let rig = rig(most, &[device(1, 8, "timeout_ms = 900")]);
        let mut free_at = Instant::now();
        rig.run(200 * SECOND, move |incoming| {
            let now = Instant::now();
            free_at = if series { free_at.max(now) + 60 * MS } else { now + 300 * MS };
            vec![(free_at - now, incoming.reply())]
        })
        .await;
        let heard = take(&rig.ear);
        let report = report(&heard, 0);
        assert_eq!(report.scan_interval.is_some(), revised, "{most} {series}: {report:?}");
        assert_eq!(report.counters.timeouts, 0, "{most} {series}");
        let expected = if revised { 8 * 70 } else { 8 * 190 };
        assert!(all_right(&heard, 8) >= expected, "{most} {series}");
    }
}

/// One that is lost among others costs itself: the others go on together.
#[tokio::test(start_paused = true)]
async fn a_dead_unit_behind_a_gateway_does_not_end_the_flights_of_others() {
    let rig = rig(8, &[device(1, 4, ""), device(2, 4, "")]);
    let begin = Instant::now();
    let (log, mut due) = (Log::default(), Vec::new());
    let seen = log.clone();
    rig.run(120 * SECOND, move |incoming| {
        seen.note(&incoming, 10 * MS, &mut due);
        let is_dead = incoming.request.unit == 2 && begin.elapsed() > 10 * SECOND;
        if is_dead { vec![] } else { vec![(10 * MS, incoming.reply())] }
    })
    .await;
    let heard = take(&rig.ear);
    assert_eq!(report(&heard, 0).state, DeviceState::Online);
    assert_eq!(report(&heard, 1).state, DeviceState::Offline);
    assert!(heard.iter().any(|h| matches!(h, Heard::DeviceFailed(DeviceIndex(1), ..))));
    assert!(all_right(&heard, 4) >= 4 * 110);
    assert!(log.most_since(begin + 60 * SECOND) > 1);
}

/// What is refused is looked for one request at a time, and what moved meanwhile is not mixed up.
#[tokio::test(start_paused = true)]
async fn what_is_refused_is_looked_for_alone() {
    let mut points = registers(100);
    for at in 1..6 {
        points.push_str(&format!(
            ",{{ name = \"q{at}\", address = \"holding:{}\", type = \"u16\" }}",
            at * 1_000
        ));
    }
    let rig = Rig::new(Kind::Tcp, &tcp("max_in_flight = 8", &points));
    let (log, mut due) = (Log::default(), Vec::new());
    let seen = log.clone();
    let mut refuses = with_illegal(&[60]);
    rig.run(20 * SECOND, move |incoming| {
        seen.note(&incoming, MS, &mut due);
        refuses(incoming)
    })
    .await;
    let requests = log.0.lock().unwrap().clone();
    let whole = |request: &ReadRequest| (request.first, request.quantity) == (0, 100);
    let settled = [(0, 60), (60, 1), (61, 39)];
    for (at, request, together) in &requests {
        let is_part = request.first < 100
            && !whole(request)
            && !settled.contains(&(request.first, request.quantity));
        let beside = requests.iter().filter(|(other, ..)| other == at).count();
        assert!(!is_part || *together == 1 && beside == 1, "{request} with {together}, {beside}");
    }
    let heard = take(&rig.ear);
    for at in (0..100).filter(|at| *at != 60) {
        let all = readings(&heard, PointIndex(at.into()));
        assert!(all.len() >= 19 && all.iter().all(|reading| *reading == register(1, at)), "{at}");
    }
    for at in 1..6 {
        let all = readings(&heard, PointIndex((99 + at).into()));
        assert!(all.iter().all(|reading| *reading == register(1, at * 1_000)), "{at}");
    }
    assert!(requests.iter().any(|(.., together)| *together > 1));
}

#[tokio::test(start_paused = true)]
async fn a_write_and_its_read_back_go_alone() {
    let point = |at: u16| {
        format!(
            "{{ name = \"p{at}\", address = \"holding:{}\", type = \"u16\", writable = true, scan_ms = 20 }}",
            at * 200
        )
    };
    let points = (0..8).map(point).collect::<Vec<_>>().join(",");
    let rig = Rig::new(Kind::Tcp, &tcp("max_in_flight = 8", &points));
    let (ours, theirs) = tokio::io::duplex(4096);
    let (link, wire) = AnyLink::of(&rig.site, ours);
    let (commands, mut inlet) = command_queue();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (seen, mut memory) = (Arc::clone(&log), Memory::default());
    tokio::spawn(serve_writes(theirs, wire, move |heard| {
        seen.lock().unwrap().push((Instant::now(), heard.writes()));
        after(3, heard.frame(&memory.answer(heard)))
    }));
    let script = async {
        for value in 1..50 {
            let point = PointIndex(value % 8);
            let (command, mut ticket) =
                Command::new(point, Value::U64(value.into()), Instant::now() + SECOND);
            commands.send(command).await.unwrap();
            let applied =
                Outcome { verdict: Verdict::Applied, value: Some(Value::U64(value.into())) };
            assert_eq!(ticket.answer().await, Ok(applied));
            sleep(MS * (value % 7)).await;
        }
    };
    let mut session = rig.session(link);
    tokio::select! {
        lost = session.serve(&mut inlet) => panic!("{lost}"),
        () = script => {}
    }
    let log = log.lock().unwrap();
    let writes: HashSet<Instant> =
        log.iter().filter(|(_, writes)| *writes).map(|(at, _)| *at).collect();
    assert_eq!(writes.len(), 49);
    for write in writes {
        // Answered after 3 ms, and so is what is read back.
        let near = log.iter().filter(|(at, _)| write < *at + 3 * MS && *at < write + 3 * MS);
        assert_eq!(near.count(), 1, "nothing else is on its way");
        let back = write + 3 * MS;
        let near = log.iter().filter(|(at, _)| back < *at + 3 * MS && *at < back + 3 * MS);
        assert_eq!(near.count(), 1, "the read-back alone");
    }
    assert!(log.iter().any(|(at, _)| log.iter().filter(|(other, _)| other == at).count() > 4));
}
