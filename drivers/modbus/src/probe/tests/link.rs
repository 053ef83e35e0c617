//! The link of a probe, over memory on paused time, and once over sockets that are closed.

use super::*;
use crate::testing::bus::{Incoming, Sent, Wire, serve, truth};

fn bus(check: Check, toml: &str) -> Bus {
    let mut refusals = Refusals::new();
    check(channel(toml).settings, &mut refusals).expect("it is right")
}

/// What a probe makes of a bus that does what `answer` says.
async fn with_bus<T>(
    bus: &Bus,
    wire: Wire,
    answer: impl FnMut(Incoming) -> Vec<Sent> + Send + 'static,
    work: impl AsyncFnOnce(&mut Probe<'_>) -> T,
) -> T {
    let (ours, theirs) = tokio::io::duplex(4_096);
    let server = tokio::spawn(serve(theirs, wire, answer));
    let done = work(&mut Probe::on(bus, ours)).await;
    server.abort();
    done
}

fn at_once(bytes: Vec<u8>) -> Vec<Sent> {
    vec![(Duration::from_millis(4), bytes)]
}

#[tokio::test(start_paused = true)]
async fn units_show_themselves_in_many_ways() {
    let bus = bus(check_rtu, "port = \"x\"\ntimeout_ms = 300");
    let answer = |incoming: Incoming| match incoming.request.unit {
        1 => at_once(incoming.reply()),
        2 => at_once(incoming.exception(2)),
        3 => at_once(incoming.exception(11)),
        4 => {
            let mut reply = incoming.reply();
            reply[3] ^= 0x40;
            at_once(reply)
        }
        5 => at_once(incoming.frame(9, &incoming.pdu())),
        6 => at_once(incoming.frame(6, &[3, 2, 0, 1])),
        _ => Vec::new(),
    };
    let took = Duration::from_millis(4);
    let seen = with_bus(&bus, Wire::Rtu, answer, async |probe| {
        assert!(!probe.listen().await.unwrap());
        let mut seen = Vec::new();
        for unit in 1..=7 {
            let presence = probe.call(unit, &span("input:5")).await.unwrap();
            seen.push(if let Presence::Answered(value, _) = presence {
                Presence::Answered(value, took)
            } else if let Presence::Refused(code, _) = presence {
                Presence::Refused(code, took)
            } else {
                presence
            });
        }
        seen
    })
    .await;
    let expected = [
        Presence::Answered(truth(1, Table::InputRegisters, 5), took),
        Presence::Refused(2, took),
        Presence::Unreachable(11),
        Presence::Damaged,
        Presence::Foreign(9),
        Presence::Misshapen,
        Presence::Silent,
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn another_master_is_heard_before_anything_is_asked() {
    let bus = bus(check_rtu, "port = \"x\"");
    let (ours, theirs) = tokio::io::duplex(4_096);
    let mut probe = Probe::on(&bus, ours);
    let talks = async {
        let mut theirs = theirs;
        tokio::time::sleep(Duration::from_millis(700)).await;
        let frame = Incoming::frame_of(9, &[3, 2, 0, 1]);
        tokio::io::AsyncWriteExt::write_all(&mut theirs, &frame).await.unwrap();
        theirs
    };
    let (heard, _theirs) = tokio::join!(probe.listen(), talks);
    assert!(heard.unwrap());
}

#[tokio::test(start_paused = true)]
async fn registers_are_read_with_patience_for_the_silent_and_the_busy() {
    for (wire, bus) in [
        (Wire::Tcp, bus(check_tcp, "address = \"x\"")),
        (Wire::Rtu, bus(check_rtu, "port = \"x\"")),
        (Wire::AsciiOverTcp, bus(check_ascii_over_tcp, "address = \"x:1\"")),
    ] {
        let mut count = 0;
        let answer = move |incoming: Incoming| {
            if incoming.is_fence {
                return at_once(incoming.exception(1));
            }
            count += 1;
            let ReadRequest { first, quantity, .. } = incoming.request;
            match count {
                1 => Vec::new(),
                2 | 3 => at_once(incoming.exception(6)),
                _ if (first..first + quantity).contains(&33) => at_once(incoming.exception(2)),
                _ => at_once(incoming.reply()),
            }
        };
        let image = with_bus(&bus, wire, answer, async |probe| {
            let (mut asked, wanted) = (Vec::new(), span("holding:20-49"));
            let image = probe.read(3, &wanted, |request| asked.push(request.to_owned()));
            let image = image.await.unwrap();
            assert_eq!(asked[0], "03 holding registers 20-49");
            image
        })
        .await;
        for (at, cell) in image.cells() {
            let register = Cell::Register(truth(3, Table::HoldingRegisters, at));
            let expected = if at == 33 { Cell::Refused(2) } else { register };
            assert_eq!(cell, expected, "{wire:?} {at}");
        }
    }
}

/// Some devices hang up instead of refusing: the connection is made anew, and what is left is read.
#[tokio::test]
async fn a_connection_that_is_closed_over_a_register_costs_that_register() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (ours, theirs) = tokio::io::duplex(4_096);
            let (hang_up, mut hung_up) = tokio::sync::mpsc::channel(1);
            let serving = serve(theirs, Wire::Tcp, move |incoming| {
                let ReadRequest { first, quantity, .. } = incoming.request;
                if (first..first + quantity).contains(&5) {
                    hang_up.try_send(()).unwrap();
                    return Vec::new();
                }
                vec![(Duration::ZERO, incoming.reply())]
            });
            let (mut socket, mut ours) = (socket, ours);
            tokio::select! {
                () = serving => {}
                _ = hung_up.recv() => {}
                _ = tokio::io::copy_bidirectional(&mut socket, &mut ours) => {}
            }
        }
    });
    let bus = bus(check_tcp, &format!("address = \"{place}\"\nretries = 0"));
    let mut probe = bus.open().await.unwrap();
    let image = probe.read(1, &span("holding:0-15"), |_| {}).await.unwrap();
    server.abort();
    let missing: Vec<u16> =
        image.cells().filter(|(_, cell)| *cell == Cell::Unanswered).map(|(at, _)| at).collect();
    assert_eq!((missing, image.answered()), (vec![5], 15));
}

/// The same keys as a channel of the driver has, with the same refusals.
#[test]
fn keys_are_those_of_the_driver() {
    for (check, toml, expected) in [
        (check_tcp as Check, "", "add address"),
        (check_rtu, "port = \"x\"\nbaud = 9601", "give one of 300"),
        (check_ascii, "port = \"x\"\nbuad = 9600", "is baud meant?"),
        (check_rtu_over_tcp, "address = \"x\"", "no usual port"),
    ] {
        let mut refusals = Refusals::new();
        assert!(check(channel(toml).settings, &mut refusals).is_none());
        let told = crate::testing::told(refusals);
        assert!(told.iter().any(|told| told.contains(expected)), "{toml}: {told:?}");
    }
}

/// What comes instead of frames tells what may be set wrongly.
#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_frames_are_told_from_silence() {
    let rtu = bus(check_rtu, "port = \"x\"\ntimeout_ms = 300");
    let noise = |_: Incoming| at_once(vec![0x81, 0xFF, 0x00, 0x13]);
    let heard = |no_frames, others| Heard { no_frames, others, ..Heard::default() };
    let nothing = |_: Incoming| Vec::new();
    let foreign = |incoming: Incoming| at_once(incoming.frame(9, &incoming.pdu()));
    for (answer, expected) in [
        (noise as fn(Incoming) -> Vec<Sent>, (Presence::Damaged, heard(true, false))),
        (nothing, (Presence::Silent, heard(false, false))),
        (foreign, (Presence::Foreign(9), heard(false, true))),
    ] {
        let seen = with_bus(&rtu, Wire::Rtu, answer, async |probe| {
            (probe.call(1, &span("holding:0")).await.unwrap(), probe.heard())
        });
        assert_eq!(seen.await, expected);
    }
}

/// Who is only slow is neither silent nor somebody else.
#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_is_told_from_silence() {
    for (wire, bus) in [
        (Wire::Tcp, bus(check_tcp, "address = \"x\"\ntimeout_ms = 100\nretries = 1")),
        (Wire::Rtu, bus(check_rtu, "port = \"x\"\ntimeout_ms = 100\nretries = 1")),
    ] {
        let slow = |incoming: Incoming| vec![(Duration::from_millis(150), incoming.reply())];
        let seen = with_bus(&bus, wire, slow, async |probe| {
            let image = probe.read(1, &span("holding:0"), |_| ()).await.unwrap();
            (image.answered(), probe.heard())
        });
        assert_eq!(seen.await, (0, Heard { late: true, ..Heard::default() }), "{wire:?}");
        let seen = with_bus(&bus, wire, slow, async |probe| {
            let first = probe.call(1, &span("holding:0")).await.unwrap();
            [first, probe.call(2, &span("holding:0")).await.unwrap()]
        });
        assert_eq!(seen.await, [Presence::Silent; 2], "{wire:?}");
    }
}

/// A serial device server that answers in RTU frames where Modbus TCP is spoken.
#[tokio::test]
async fn frames_of_another_framing_on_tcp_are_told_from_a_closed_connection() {
    for (answer, expected) in [
        (&Incoming::frame_of(1, &[3, 2, 0, 40])[..], (Presence::NoFrames, (true, false))),
        (&[], (Presence::Closed, (false, true))),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let answer = answer.to_vec();
        let server = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut request = [0; 12];
                if tokio::io::AsyncReadExt::read_exact(&mut socket, &mut request).await.is_ok() {
                    tokio::io::AsyncWriteExt::write_all(&mut socket, &answer).await.unwrap();
                }
            }
        });
        let bus = bus(check_tcp, &format!("address = \"{place}\""));
        let mut probe = bus.open().await.unwrap();
        let presence = probe.call(1, &span("holding:0")).await.unwrap();
        let Heard { no_frames, closed, .. } = probe.heard();
        assert_eq!((presence, (no_frames, closed)), expected);
        server.abort();
    }
}
