//! Writes that wait: their order, their deadlines, and what they hold up.

use super::super::super::writes::{WRITES_BEFORE_A_READ, WRITES_PER_DEVICE};
use super::*;

/// A channel that is asked without a pause: reads of 100 ms each, more than there is time for.
fn full_load(kind: Kind) -> Rig {
    let reads: Vec<String> = (0..6)
        .map(|at| {
            let place = 1_000 + at * 300;
            format!("{{ name = \"r{at}\", address = \"holding:{place}\", type = \"u16\", scan_ms = 100 }}")
        })
        .collect();
    let points = format!("{},\n{}", setpoints(20), reads.join(",\n"));
    let channel = if kind == Kind::Tcp { tcp("", &points) } else { rtu("", &points) };
    Rig::new(kind, &channel)
}

#[tokio::test(start_paused = true)]
async fn at_full_load_a_write_waits_for_the_exchange_under_way_and_for_nothing_else() {
    let rig = full_load(Kind::Tcp);
    beside(&rig, memory(100), async |desk| {
        for _ in 0..20 {
            sleep(Duration::from_millis(1_237)).await;
            let asked = Instant::now();
            assert!(desk.written(0, 5).await.is_ok());
            let log = desk.log();
            let at = log.iter().rposition(Heard::writes).unwrap();
            assert!(log[at - 1].at <= asked, "only what was under way stands before it");
            assert!(log[at].at <= asked + Duration::from_millis(100));
            assert_eq!(log[at + 1].pdu, [3, 0, 0, 0, 1], "its read-back follows");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_with_nothing_to_do_wakes_at_once() {
    for (kind, toml) in [(Kind::Tcp, tcp as fn(&str, &str) -> String), (Kind::Rtu, rtu)] {
        let rig = Rig::new(
            kind,
            &toml(
                "",
                "{ name = \"p\", address = \"holding:0\", type = \"u16\", writable = true, scan_ms = 60000 }",
            ),
        );
        beside(&rig, memory(1), async |desk| {
            sleep(10 * SECOND).await;
            let asked = Instant::now();
            assert_eq!(desk.written(0, 9).await, applied(9));
            assert!(asked.elapsed() < 100 * MS, "{:?}", asked.elapsed());
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn writes_to_one_device_keep_their_order() {
    let rig = full_load(Kind::Tcp);
    beside(&rig, memory(10), async |desk| {
        let values: Vec<u16> = (1..=16).collect();
        let mut tickets: Vec<Ticket> =
            values.iter().map(|value| desk.write(u32::from(value % 3), (*value).into())).collect();
        for ticket in &mut tickets {
            assert!(ticket.answer().await.is_ok_and(|outcome| outcome.verdict == Verdict::Applied));
        }
        let written: Vec<u16> =
            desk.writes().iter().map(|pdu| u16::from_be_bytes([pdu[3], pdu[4]])).collect();
        assert_eq!(written, values);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn writing_never_starves_reading() {
    // On a line, reads wait for its silence, and give way meanwhile.
    for kind in [Kind::Tcp, Kind::Rtu] {
        never_starved(&full_load(kind)).await;
    }
}

async fn never_starved(rig: &Rig) {
    beside(rig, memory(10), async |desk| {
        let mut tickets = Vec::new();
        let until = Instant::now() + 10 * SECOND;
        while Instant::now() < until {
            // Always as many as the device's queue holds.
            if let Ok(permit) = desk.commands.try_reserve() {
                let point = PointIndex(u32::try_from(tickets.len() % 20).unwrap());
                let (command, ticket) = Command::new(point, Value::U64(1), until);
                permit.send(command);
                tickets.push(ticket);
            }
            sleep(MS).await;
        }
        let log = desk.log();
        // Setpoints are read together by plan, and alone when they are read back.
        let is_read = |heard: &Heard| !heard.writes() && (heard.pdu[1] >= 3 || heard.pdu[4] != 1);
        let mut between = log.split(is_read).map(<[Heard]>::len);
        let most = usize::try_from(WRITES_BEFORE_A_READ).unwrap();
        assert!(between.all(|frames| frames <= most), "{:?}", log.len());
        let reads = log.iter().filter(|heard| is_read(heard)).count();
        assert!(reads * (most + 2) >= log.len(), "{reads} of {}", log.len());
        for point in 20..26 {
            assert!(desk.readings(point).len() > 5, "each read has its turn");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn past_its_deadline_a_write_is_never_sent() {
    let rig = full_load(Kind::Tcp);
    beside(&rig, memory(100), async |desk| {
        for _ in 0..50 {
            sleep(Duration::from_millis(1_013)).await;
            let mut ticket = desk.write_within(30 * MS, 0, Value::U64(7));
            let before = desk.writes().len();
            match ticket.answer().await {
                Err(Refused::Expired) => {
                    sleep(5 * SECOND).await;
                    assert_eq!(desk.writes().len(), before, "an operator must not be surprised");
                }
                outcome => assert_eq!(outcome, applied(7)),
            }
        }
    })
    .await;
}

/// A unit that left a request unanswered rests; a write to it waits as long as its deadline lets it.
#[tokio::test(start_paused = true)]
async fn while_a_unit_rests_a_write_waits_for_the_rest_or_for_its_deadline() {
    for (within_ms, is_sent) in [(1_000, false), (6_000, true)] {
        let rig = Rig::new(
            Kind::Rtu,
            &rtu("timeout_ms = 200\nmax_reply_delay_ms = 4000\nretries = 5", &setpoints(1)),
        );
        let (mut memory, mut count) = (Memory::default(), 0);
        let react = move |heard: &Heard| {
            count += 1;
            if count == 3 { vec![] } else { after(1, heard.frame(&memory.answer(heard))) }
        };
        beside(&rig, react, async |desk| {
            while desk.log().len() < 3 {
                sleep(10 * MS).await;
            }
            let asked = Instant::now();
            let ticket = &mut desk.write_within(within_ms * MS, 0, Value::U64(7));
            let outcome = ticket.answer().await;
            if is_sent {
                assert_eq!(outcome, applied(7));
                let log = desk.log();
                let written = log.iter().find(|heard| heard.writes()).unwrap();
                assert!(written.at >= asked + 3 * SECOND, "it rests until then");
            } else {
                assert_eq!(outcome, Err(Refused::Expired));
                assert!(
                    asked.elapsed() <= within_ms * MS + 300 * MS,
                    "told at its deadline, at most an exchange later"
                );
                sleep(20 * SECOND).await;
                assert_eq!(desk.writes(), Vec::<Vec<u8>>::new());
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_any_more_is_not_sent() {
    let rig = full_load(Kind::Tcp);
    beside(&rig, memory(100), async |desk| {
        sleep(Duration::from_millis(1_050)).await;
        drop(desk.write(0, 7));
        let ticket = desk.write(0, 8);
        assert!(ticket.withdraw());
        sleep(5 * SECOND).await;
        assert_eq!(desk.writes(), Vec::<Vec<u8>>::new());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_where_it_is_wanted_the_newest_takes_the_place_of_those_before() {
    for (keys, first) in [("", applied(1)), (", coalesce = true", Err(Refused::Superseded))] {
        let points = format!(
            "{{ name = \"p\", address = \"holding:0\", type = \"u16\", writable = true{keys} }},
             {{ name = \"q\", address = \"holding:9\", type = \"u16\", writable = true }}"
        );
        let rig = Rig::new(Kind::Tcp, &tcp("", &points));
        beside(&rig, memory(50), async |desk| {
            sleep(10 * MS).await;
            let mut tickets =
                [(0, 1), (1, 5), (0, 2)].map(|(point, value)| desk.write(point, value));
            assert_eq!(tickets[0].answer().await, first);
            assert_eq!(tickets[1].answer().await, applied(5));
            assert_eq!(tickets[2].answer().await, applied(2));
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_write_too_many_is_refused_at_once() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    beside(&rig, memory(500), async |desk| {
        sleep(10 * MS).await;
        // One exchange is under way, so that none of them has been sent yet.
        let mut tickets: Vec<Ticket> = (0..=WRITES_PER_DEVICE).map(|_| desk.write(0, 1)).collect();
        let mut last = tickets.pop().unwrap();
        assert_eq!(last.answer().await, Err(Refused::Full));
    })
    .await;
}
