//! Links on memory and on paused time: whatever arrives, and whenever, no wrong answer comes out.

mod frozen;
mod late;
mod several;
mod stalled;
mod writes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::time::{Instant, advance, sleep};
use tokio_modbus::ExceptionCode;

use super::serial::RtuLink;
use super::tcp::TcpLink;
use super::timing::SerialTiming;
use super::*;
use crate::address::Table;
use crate::decode::Content;
use crate::frame::ReadRequest;
use crate::line::{Coding, Line, Parity};
use crate::testing::any::AnyLink;
use crate::testing::bus::{Incoming, Sent, Wire, serve, truth};

const PATIENCE: Duration = Duration::from_millis(100);
const MAX_REPLY_DELAY: Duration = Duration::from_millis(400);

fn timing(wire: Wire) -> SerialTiming {
    let turnaround = Duration::from_millis(5);
    let coding = wire.coding().unwrap();
    let data_bits = if coding == Coding::Ascii { 7 } else { 8 };
    let parity = Parity::Even;
    let line = Line { coding, baud: 9_600, data_bits, parity, stop_bits: 1, turnaround };
    SerialTiming {
        path: wire.path(),
        coding,
        line: Some(line),
        rts_delay: Duration::ZERO,
        max_reply_delay: MAX_REPLY_DELAY,
        request_gap: Duration::ZERO,
    }
}

fn link(wire: Wire, stream: DuplexStream) -> AnyLink {
    match wire {
        Wire::Tcp => AnyLink::Tcp(TcpLink::new(stream, Duration::ZERO)),
        Wire::Rtu | Wire::RtuOverTcp | Wire::Ascii | Wire::AsciiOverTcp => {
            AnyLink::serial(stream, timing(wire))
        }
    }
}

fn registers(unit: u8, first: u16) -> ReadRequest {
    ReadRequest { unit, table: Table::HoldingRegisters, first, quantity: 3 }
}

fn right(request: &ReadRequest) -> Answer {
    let values =
        (0..request.quantity).map(|at| truth(request.unit, request.table, request.first + at));
    Answer::Content(Content::Registers(values.collect()))
}

/// What became of each request in turn, and what was thrown away.
type Outcome = (Vec<Option<Answer>>, Vec<(StrayKind, Option<u8>)>);

async fn outcome(link: &mut impl Link, requests: &[ReadRequest]) -> Outcome {
    let (mut answers, mut strays) = (Vec::new(), Vec::new());
    for request in requests {
        let exchange = link.ask(&(*request).into(), PATIENCE).await.unwrap();
        answers.push(exchange.answer.ok().map(|answered| answered.answer));
        strays.extend(exchange.strays.iter().map(|stray| (stray.kind, stray.unit)));
    }
    (answers, strays)
}

fn bus(
    wire: Wire,
    mut answer: impl FnMut(usize, Incoming) -> Vec<Sent> + Send + 'static,
) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(4096);
    let mut count = 0;
    tokio::spawn(serve(theirs, wire, move |incoming| {
        count += 1;
        answer(count - 1, incoming)
    }));
    ours
}

/// Asks `requests` one after the other of a bus that answers as told.
async fn asked(
    wire: Wire,
    requests: &[ReadRequest],
    answer: impl FnMut(usize, Incoming) -> Vec<Sent> + Send + 'static,
) -> Outcome {
    let stream = bus(wire, answer);
    outcome(&mut link(wire, stream), requests).await
}

fn at_once(bytes: Vec<u8>) -> Vec<Sent> {
    vec![(Duration::from_millis(1), bytes)]
}

#[tokio::test(start_paused = true)]
async fn a_timely_answer_is_the_answer() {
    for wire in Wire::ALL {
        let requests = [registers(1, 100), registers(2, 7), registers(1, 200)];
        let (answers, strays) =
            asked(wire, &requests, |_, incoming| at_once(incoming.reply())).await;
        assert_eq!(answers, requests.map(|request| Some(right(&request))));
        assert_eq!(strays, []);
    }
}

/// What comes instead of, or before, the right answer; whether that still gets through, and the stray.
async fn check(
    wire: Wire,
    expected: (bool, StrayKind),
    sent: impl Fn(Incoming) -> Vec<Sent> + Send + 'static,
) {
    let requests = [registers(1, 100), registers(1, 200)];
    let (answers, strays) = asked(wire, &requests, move |count, incoming| match count {
        0 => sent(incoming),
        _ => at_once(incoming.reply()),
    })
    .await;
    let (gets_through, kind) = expected;
    assert_eq!(answers[0], gets_through.then(|| right(&requests[0])), "{wire:?} {kind:?}");
    assert_eq!(answers[1], Some(right(&requests[1])), "{wire:?} {kind:?}");
    assert_eq!(strays.iter().map(|stray| stray.0).collect::<Vec<_>>(), [kind], "{wire:?}");
}

fn joined(first: Vec<u8>, second: Vec<u8>) -> Vec<Sent> {
    at_once([first, second].concat())
}

#[tokio::test(start_paused = true)]
async fn frames_that_are_no_answer_are_passed_over() {
    use StrayKind::{Foreign, Garbled, Misshapen, UnknownTransaction};
    for wire in Wire::ALL {
        let foreign = |incoming: Incoming| incoming.frame(2, &incoming.pdu());
        check(wire, (true, Foreign), move |i| joined(foreign(i), i.reply())).await;
        check(wire, (false, Foreign), move |i| at_once(foreign(i))).await;
        let shorter = |incoming: Incoming| incoming.frame(1, &[3, 2, 0, 9]);
        check(wire, (true, Misshapen), move |i| joined(shorter(i), i.reply())).await;
        let other_function = |incoming: Incoming| incoming.frame(1, &[4, 6, 0, 1, 0, 2, 0, 3]);
        check(wire, (false, Misshapen), move |i| at_once(other_function(i))).await;
        let others_exception = |incoming: Incoming| incoming.frame(1, &[0x84, 2]);
        check(wire, (true, Misshapen), move |i| joined(others_exception(i), i.reply())).await;
    }
    let other_transaction = |incoming: Incoming| {
        let transaction = incoming.transaction.wrapping_sub(1);
        Incoming { transaction, ..incoming }.reply()
    };
    check(Wire::Tcp, (true, UnknownTransaction), move |i| joined(other_transaction(i), i.reply()))
        .await;
    for wire in Wire::SERIAL {
        check(wire, (false, Garbled), |i| {
            let mut reply = i.reply();
            reply[4] ^= 0x10;
            at_once(reply)
        })
        .await;
        check(wire, (false, Garbled), |i| at_once(i.reply()[..7].to_vec())).await;
    }
    // Noise, silence, and then the answer: it is an answer. Without silence it is part of the noise, unless
    // something else than silence tells where it begins.
    let noise = vec![0x00, 0xFF, 0x13];
    for (wire, pause_ms, close_gets_through) in
        [(Wire::Rtu, 30, false), (Wire::Ascii, 1, true), (Wire::AsciiOverTcp, 1, true)]
    {
        let (apart, close) = (noise.clone(), noise.clone());
        check(wire, (true, Garbled), move |i| {
            let pause = Duration::from_millis(1 + pause_ms);
            vec![(Duration::from_millis(1), apart.clone()), (pause, i.reply())]
        })
        .await;
        check(wire, (close_gets_through, Garbled), move |i| joined(close.clone(), i.reply())).await;
    }
    check(Wire::RtuOverTcp, (false, Garbled), move |i| joined(noise.clone(), i.reply())).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_pieces_is_an_answer() {
    for wire in Wire::ALL {
        let requests = [registers(1, 100), registers(1, 200)];
        let (answers, strays) = asked(wire, &requests, |_, incoming| {
            let at = |at: usize| Duration::from_millis(1 + 5 * u64::try_from(at).unwrap());
            let reply = incoming.reply();
            reply.iter().enumerate().map(|(index, byte)| (at(index), vec![*byte])).collect()
        })
        .await;
        assert_eq!(answers, requests.map(|request| Some(right(&request))), "{wire:?}");
        assert_eq!(strays, []);
    }
}

#[tokio::test(start_paused = true)]
async fn exceptions_are_answers() {
    for wire in Wire::ALL {
        let (answers, _) = asked(wire, &[registers(1, 1)], |_, i| at_once(i.exception(4))).await;
        assert_eq!(answers, [Some(Answer::Exception(ExceptionCode::ServerDeviceFailure))]);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_stands_before_every_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = [registers(1, 0), registers(2, 0), registers(1, 0)];
    let heard = Arc::clone(&seen);
    let start = Instant::now();
    asked(Wire::Rtu, &requests, move |_, incoming| {
        heard.lock().unwrap().push(start.elapsed());
        at_once(incoming.reply())
    })
    .await;
    let times = seen.lock().unwrap().clone();
    // 3.5 characters of 11 bits at 9600 baud are 4.01 ms; the answer took 1 ms.
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_micros(5_010)), "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= Duration::from_millis(8)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_between_requests_may_be_longer_than_a_timeout() {
    for wire in Wire::ALL {
        let start = Instant::now();
        let stream = bus(wire, |_, incoming| at_once(incoming.reply()));
        let request_gap = 10 * PATIENCE;
        let requests = [registers(1, 0), registers(1, 9)];
        let mut link = match wire {
            Wire::Tcp => AnyLink::Tcp(TcpLink::new(stream, request_gap)),
            Wire::Rtu | Wire::RtuOverTcp | Wire::Ascii | Wire::AsciiOverTcp => {
                AnyLink::serial(stream, SerialTiming { request_gap, ..timing(wire) })
            }
        };
        let (answers, _) = outcome(&mut link, &requests).await;
        assert_eq!(answers, requests.map(|request| Some(right(&request))), "{wire:?}");
        assert!(start.elapsed() >= request_gap);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_never_silent_is_not_talked_into() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    tokio::spawn(async move {
        while theirs.write_all(&[0x55]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    });
    let mut link = RtuLink::new(ours, timing(Wire::Rtu));
    let exchange = link.ask(&registers(1, 0).into(), PATIENCE).await.unwrap();
    assert!(matches!(exchange.answer, Err(Unanswered::LineBusy)));
    assert!(link.rests_until(1) <= Some(Instant::now()), "nothing was asked, nothing is owed");
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_is_lost() {
    let (ours, theirs) = tokio::io::duplex(64);
    drop(theirs);
    let mut link = TcpLink::new(ours, Duration::ZERO);
    let idle = link.idle(Instant::now() + PATIENCE).await;
    assert!(matches!(idle, Err(Lost::Closed)), "{idle:?}");
    let (ours, theirs) = tokio::io::duplex(64);
    drop(theirs);
    let mut link = RtuLink::new(ours, timing(Wire::Rtu));
    let asked = link.ask(&registers(1, 0).into(), PATIENCE).await;
    assert!(matches!(asked, Err(Lost::Closed)), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_out_of_step_is_lost() {
    for damage in [[0, 1, 0, 3], [0xFF, 0, 0, 3], [0, 0, 0, 1], [0, 0, 1, 0]] {
        let stream = bus(Wire::Tcp, move |_, _| at_once([vec![0, 1], damage.to_vec()].concat()));
        let mut link = TcpLink::new(stream, Duration::ZERO);
        let asked = link.ask(&registers(1, 0).into(), PATIENCE).await;
        assert!(matches!(asked, Err(Lost::OutOfStep { .. })), "{asked:?}");
    }
}

/// A server that breaks off in a reply, and then sends another one, late, whether it is as long as what
/// misses or not, and however many requests lie in between.
#[tokio::test(start_paused = true)]
async fn a_reply_that_breaks_off_is_not_filled_up_with_another() {
    let first = ReadRequest { unit: 1, table: Table::Coils, first: 0, quantity: 8 };
    let last = ReadRequest { quantity: 30, ..registers(1, 100) };
    for (missing, between) in (1..=68).flat_map(|missing| [(missing, 0), (missing, 40)]) {
        let stream = bus(Wire::Tcp, move |count, incoming| {
            let reply = incoming.reply();
            match count {
                0 => vec![(Duration::from_millis(150), reply)],
                count if count <= between => at_once(reply),
                _ => at_once(reply[..reply.len() - missing].to_vec()),
            }
        });
        let mut link = TcpLink::new(stream, Duration::ZERO);
        assert!(link.ask(&first.into(), PATIENCE).await.unwrap().answer.is_err());
        for _ in 0..between {
            assert!(link.ask(&first.into(), PATIENCE).await.unwrap().answer.is_ok());
        }
        let asked = link.ask(&last.into(), PATIENCE).await;
        assert!(matches!(asked, Err(Lost::OutOfStep { .. })), "{missing}: {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_breaks_off_is_not_waited_for_beyond_its_time() {
    for kept in 1..15 {
        let stream = bus(Wire::Tcp, move |_, incoming| at_once(incoming.reply()[..kept].to_vec()));
        let mut link = TcpLink::new(stream, Duration::ZERO);
        let asked = link.ask(&registers(1, 100).into(), PATIENCE).await;
        assert!(matches!(asked, Err(Lost::OutOfStep { .. })), "{kept}: {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_lost() {
    let (ours, _theirs) = tokio::io::duplex(4);
    let asked = TcpLink::new(ours, Duration::ZERO).ask(&registers(1, 0).into(), PATIENCE).await;
    assert!(matches!(asked, Err(Lost::Stuck)), "{asked:?}");
}

/// A peer that sends on and on without being asked, as fast as it is read: neither the time nor the memory
/// of whoever listens is its own.
#[tokio::test(start_paused = true)]
async fn a_server_that_sends_unasked_is_hung_up_on() {
    let frame = [0xFF, 0xF0, 0, 0, 0, 5, 1, 3, 2, 0, 10];
    let flood = move |_, _| at_once(frame.repeat(100_000));
    let mut link = TcpLink::new(bus(Wire::Tcp, flood), Duration::ZERO);
    let asked = link.ask(&registers(1, 0).into(), PATIENCE).await;
    assert!(matches!(asked, Err(Lost::Flood { .. })), "{asked:?}");

    // While idle, and after an answer that was right, too.
    let then_flood = move |_, incoming: Incoming| {
        vec![
            (Duration::from_millis(1), incoming.reply()),
            (Duration::from_millis(2), frame.repeat(100_000)),
        ]
    };
    let mut link = TcpLink::new(bus(Wire::Tcp, then_flood), Duration::ZERO);
    assert!(link.ask(&registers(1, 0).into(), PATIENCE).await.unwrap().answer.is_ok());
    let idle = async {
        loop {
            if let Err(lost) = link.idle(Instant::now() + PATIENCE).await {
                return lost;
            }
        }
    };
    let idle = tokio::time::timeout(Duration::from_secs(1), idle).await;
    assert!(matches!(idle, Ok(Lost::Flood { .. })), "{idle:?}");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_floods_costs_a_bounded_rate_and_no_more_than_its_time() {
    for noise in [vec![0x55], Incoming::frame_of(77, &[3, 2, 0, 1])] {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let sent = Arc::new(Mutex::new(0));
        let counted = sent.clone();
        tokio::spawn(async move {
            let mut request = [0; 8];
            theirs.read_exact(&mut request).await.unwrap();
            let noise = noise.repeat(4096 / noise.len());
            while theirs.write_all(&noise).await.is_ok() && *counted.lock().unwrap() < 10_000_000 {
                *counted.lock().unwrap() += noise.len();
            }
        });
        let mut link = RtuLink::new(ours, timing(Wire::Rtu));
        for why in [Unanswered::Silence, Unanswered::LineBusy] {
            // The first one waits for the rest of all units, the second for that of its own.
            let start = Instant::now().max(link.rests_until(1).unwrap());
            let exchange = link.ask(&registers(1, 0).into(), PATIENCE).await.unwrap();
            assert_eq!(exchange.answer.err(), Some(why));
            assert!(start.elapsed() < PATIENCE * 2, "{:?}", start.elapsed());
        }
        let sent = *sent.lock().unwrap();
        assert!(sent < 1_000_000, "{sent} bytes were read");
    }
}
