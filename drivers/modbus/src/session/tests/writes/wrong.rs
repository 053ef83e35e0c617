//! Devices that do otherwise, refuse, or say nothing.

use super::*;
use crate::link::tcp::TcpLink;

#[tokio::test(start_paused = true)]
async fn a_device_that_keeps_something_else_is_told_as_such() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    let mut memory = Memory::default();
    let clamps = move |heard: &Heard| {
        let reply = memory.answer(heard);
        let register = memory.registers.entry((1, 0)).or_default();
        *register = (*register).min(80);
        after(1, heard.frame(&reply))
    };
    beside(&rig, clamps, async |desk| {
        assert_eq!(desk.written(0, 90).await, found(Verdict::Mismatch, Some(Value::U64(80))));
        assert_eq!(desk.readings(0).last(), Some(&Reading::Good(Value::U64(80))));
        assert_eq!(desk.written(0, 70).await, applied(70));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_refuses_is_quoted_and_not_asked_again() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    let mut memory = Memory::default();
    let refuses = move |heard: &Heard| {
        after(
            1,
            match heard.writes() {
                true => heard.exception(3),
                false => heard.frame(&memory.answer(heard)),
            },
        )
    };
    beside(&rig, refuses, async |desk| {
        let text = "unit 1, 06 holding registers 0: exception 03 (Illegal data value)";
        assert_eq!(desk.written(0, 90).await, Err(Refused::ByDevice(text.to_owned())));
        sleep(5 * SECOND).await;
        assert_eq!(desk.writes().len(), 1);
        let report = report(&desk.rig.ear.heard(), 0);
        assert_eq!((report.counters.exceptions, report.last_error.as_deref()), (1, Some(text)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_back_is_unverified() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    let mut written = false;
    let write_only = move |heard: &Heard| {
        written |= heard.writes();
        after(
            1,
            match (heard.writes(), written) {
                (true, _) => heard.frame(&heard.pdu),
                (false, true) => heard.exception(2),
                (false, false) => heard.frame(&[3, 2, 0, 0]),
            },
        )
    };
    beside(&rig, write_only, async |desk| {
        assert_eq!(desk.written(0, 1).await, found(Verdict::Unverified, None));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_takes_a_while_is_unverified_until_it_is_done() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    let mut memory = Memory::default();
    let mut writes = 0;
    let acknowledges = move |heard: &Heard| {
        if !heard.writes() {
            return after(1, heard.frame(&memory.answer(heard)));
        }
        writes += 1;
        if writes == 2 {
            memory.answer(heard);
        }
        after(1, heard.exception(5))
    };
    beside(&rig, acknowledges, async |desk| {
        assert_eq!(desk.written(0, 7).await, found(Verdict::Unverified, Some(Value::U64(0))));
        assert_eq!(desk.written(0, 8).await, applied(8));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_device_is_too_busy_for_is_sent_again_in_its_order() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(2)));
    let (mut memory, mut refusals) = (Memory::default(), 3);
    let works = move |heard: &Heard| {
        let reply = match heard.writes() && refusals > 0 {
            true => heard.exception(6),
            false => heard.frame(&memory.answer(heard)),
        };
        refusals -= i32::from(heard.writes());
        after(1, reply)
    };
    beside(&rig, works, async |desk| {
        let (first, second) = tokio::join!(desk.written(0, 7), desk.written(1, 8));
        assert_eq!((first, second), (applied(7), applied(8)));
        let seen = desk.writes();
        let (one, other) = (vec![6, 0, 0, 0, 7], vec![6, 0, 1, 0, 8]);
        assert_eq!(seen, [one.clone(), one.clone(), one.clone(), one, other]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_stays_busy_is_left_alone_from_the_deadline_on() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    let mut memory = Memory::default();
    let busy = move |heard: &Heard| {
        let reply = match heard.writes() {
            true => heard.exception(6),
            false => heard.frame(&memory.answer(heard)),
        };
        after(1, reply)
    };
    beside(&rig, busy, async |desk| {
        assert_eq!(desk.written(0, 90).await, Err(Refused::Expired));
        let sent = desk.writes().len();
        assert!(sent > 3, "{sent}");
        sleep(5 * SECOND).await;
        assert_eq!(desk.writes().len(), sent);
    })
    .await;
}

/// It says that it takes a while, is busy when it is asked at once, and has done it when it is asked again.
#[tokio::test(start_paused = true)]
async fn a_busy_device_is_read_back_a_little_later() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(1)));
    let (mut memory, mut done_at) = (Memory::default(), None);
    let works = move |heard: &Heard| {
        if heard.writes() {
            memory.answer(heard);
            done_at = Some(heard.at + 20 * MS);
            return after(1, heard.exception(5));
        }
        match done_at.is_some_and(|done_at| heard.at < done_at) {
            true => after(1, heard.exception(6)),
            false => after(1, heard.frame(&memory.answer(heard))),
        }
    };
    beside(&rig, works, async |desk| {
        assert_eq!(desk.written(0, 7).await, applied(7));
        assert_eq!(desk.writes().len(), 1);
    })
    .await;
}

/// A write that nobody answers goes out once; what it did is read, and where that is not answered either,
/// nobody knows.
#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_read_back_and_never_repeated() {
    for (kind, toml) in [(Kind::Tcp, tcp as fn(&str, &str) -> String), (Kind::Rtu, rtu)] {
        // Whether the write is carried out, and whether reads are answered after it.
        for (acts, reads, expected) in [
            (true, true, applied(5)),
            (false, true, found(Verdict::Mismatch, Some(Value::U64(0)))),
            (true, false, found(Verdict::Unknown, None)),
        ] {
            let rig = Rig::new(kind, &toml("", &setpoints(1)));
            let (mut memory, mut silent) = (Memory::default(), 0);
            let react = move |heard: &Heard| {
                if heard.writes() {
                    // Its read-back is the next.
                    silent = if reads { 0 } else { 1 };
                    if acts {
                        memory.answer(heard);
                    }
                    return vec![];
                }
                if silent > 0 {
                    silent -= 1;
                    return vec![];
                }
                after(1, heard.frame(&memory.answer(heard)))
            };
            beside(&rig, react, async |desk| {
                sleep(5 * SECOND).await;
                assert_eq!(desk.written(0, 5).await, expected, "{kind:?}");
                sleep(60 * SECOND).await;
                assert_eq!(desk.writes().len(), 1, "{kind:?}");
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_damaged_read_back_is_hidden_by_another() {
    for (kind, toml) in [(Kind::Tcp, tcp as fn(&str, &str) -> String), (Kind::Rtu, rtu)] {
        let rig = Rig::new(kind, &toml("", &setpoints(1)));
        let (mut memory, mut since) = (Memory::default(), None);
        let react = move |heard: &Heard| {
            let reply = heard.frame(&memory.answer(heard));
            since = if heard.writes() { Some(0) } else { since.map(|since| since + 1) };
            if since == Some(1) { vec![] } else { after(1, reply) }
        };
        beside(&rig, react, async |desk| {
            assert_eq!(desk.written(0, 5).await, applied(5), "{kind:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_unit_answers_at_once_and_is_not_written() {
    let rig = Rig::new(
        Kind::Tcp,
        &(tcp("", &setpoints(1))
            + "\n[[devices]]\nname = \"e\"\nunit_id = 2\npoints = [{ name = \"q\", address = \"holding:0\", type = \"u16\", writable = true }]"),
    );
    let mut memory = Memory::default();
    let react = move |heard: &Heard| match heard.unit {
        2 => vec![],
        _ => after(1, heard.frame(&memory.answer(heard))),
    };
    beside(&rig, react, async |desk| {
        sleep(30 * SECOND).await;
        // At worst a probe of the dead unit is under way: one timeout, and no more.
        let asked = Instant::now();
        assert_eq!(desk.written(1, 1).await, Err(Refused::Unreachable));
        assert!(asked.elapsed() <= SECOND, "{:?}", asked.elapsed());
        assert_eq!(desk.writes(), Vec::<Vec<u8>>::new());
        assert_eq!(desk.written(0, 1).await, applied(1), "the other one is there");
    })
    .await;
}

/// Those behind a write that met silence, and whose read-back did, are not kept waiting for the same.
#[tokio::test(start_paused = true)]
async fn behind_a_write_to_nobody_nothing_is_sent() {
    let rig = Rig::new(Kind::Tcp, &tcp("timeout_ms = 200", &setpoints(2)));
    let (mut memory, mut gone) = (Memory::default(), false);
    let react = move |heard: &Heard| {
        gone |= heard.writes();
        if gone { vec![] } else { after(1, heard.frame(&memory.answer(heard))) }
    };
    beside(&rig, react, async |desk| {
        sleep(SECOND / 2).await;
        let (mut first, mut second) = (desk.write(0, 1), desk.write(1, 1));
        let asked = Instant::now();
        assert_eq!(first.answer().await, found(Verdict::Unknown, None));
        assert_eq!(second.answer().await, Err(Refused::Unreachable));
        assert!(asked.elapsed() < SECOND, "{:?}", asked.elapsed());
        assert_eq!(desk.writes().len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_link_lost_after_sending_leaves_it_unknown() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &setpoints(2)));
    let (ours, theirs) = tokio::io::duplex(4096);
    let (commands, mut inlet) = command_queue();
    let (hang_up, hung_up) = tokio::sync::oneshot::channel::<()>();
    let mut hang_up = Some(hang_up);
    let mut memory = Memory::default();
    let react = move |heard: &Heard| match heard.writes() {
        true => {
            hang_up.take().map(|hang_up| hang_up.send(()));
            vec![]
        }
        false => after(1, heard.frame(&memory.answer(heard))),
    };
    tokio::spawn(async move {
        tokio::select! { () = serve_writes(theirs, Wire::Tcp, react) => {}, _ = hung_up => {} }
    });
    let desk = Desk { rig: &rig, commands, log: Arc::default() };
    let (mut first, mut second) = (desk.write(0, 1), desk.write(1, 1));
    let lost = rig.session(TcpLink::new(ours, Duration::ZERO)).serve(&mut inlet).await;
    assert!(matches!(lost, Lost::Closed), "{lost}");
    assert_eq!(first.answer().await, found(Verdict::Unknown, None));
    assert_eq!(second.answer().await, Err(Refused::Unreachable));
}

/// An adapter that hands back what is sent must not pass for a device that confirms.
#[tokio::test(start_paused = true)]
async fn an_echo_is_no_confirmation() {
    for alive in [true, false] {
        let rig = Rig::new(Kind::Rtu, &rtu("", &setpoints(1)));
        let mut memory = Memory::default();
        let react = move |heard: &Heard| {
            let echo = heard.frame(&heard.pdu);
            let reply = heard.frame(&memory.answer(heard));
            let mut sent = after(1, echo);
            if alive {
                sent.extend(after(20, reply));
            }
            sent
        };
        beside(&rig, react, async |desk| {
            let expected = if alive { applied(5) } else { Err(Refused::Unreachable) };
            // The very first frame: nobody has shown yet that the line echoes.
            assert_eq!(desk.written(0, 5).await, expected);
            assert_eq!(desk.writes().len(), usize::from(alive));
        })
        .await;
    }
}
