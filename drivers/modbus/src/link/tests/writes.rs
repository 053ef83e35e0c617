//! Writes: whatever comes late or comes back, no write is confirmed by anything but its own reply.

use super::*;
use crate::frame::{Write, WriteRequest};
use crate::testing::memory::{Heard, serve_writes};

fn set(first: u16, register: u16) -> Request {
    WriteRequest { unit: 1, first, write: Write::Register(register) }.into()
}

fn set_two(first: u16) -> Request {
    WriteRequest { unit: 1, first, write: Write::Registers(vec![7, 8]) }.into()
}

fn writes_bus(
    wire: Wire,
    mut react: impl FnMut(usize, &Heard) -> Vec<Sent> + Send + 'static,
) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(4096);
    let mut count = 0;
    tokio::spawn(serve_writes(theirs, wire, move |heard| {
        count += 1;
        react(count - 1, heard)
    }));
    ours
}

/// The reply of a device that does as it is told.
fn echo(heard: &Heard) -> Vec<u8> {
    match heard.pdu[0] {
        3 => heard.frame(&[3, 6, 0, 1, 0, 2, 0, 3]),
        15 | 16 => heard.frame(&heard.pdu[..5]),
        _ => heard.frame(&heard.pdu),
    }
}

/// What became of each request; a read goes before, which shows whether the line echoes.
async fn written(link: &mut impl Link, requests: &[Request]) -> Vec<Option<Answer>> {
    let read = link.ask(&registers(1, 0).into(), PATIENCE).await.unwrap();
    assert!(read.answer.is_ok());
    let mut answers = Vec::new();
    for request in requests {
        let exchange = link.ask(request, PATIENCE).await.unwrap();
        answers.push(exchange.answer.ok().map(|answered| answered.answer));
    }
    answers
}

async fn on(wire: Wire, stream: DuplexStream, requests: &[Request]) -> Vec<Option<Answer>> {
    written(&mut link(wire, stream), requests).await
}

/// The first write's reply comes late, by any time up to the bound, and is to the byte what would confirm the
/// second, which the device never answers: it must stay unconfirmed.
#[tokio::test(start_paused = true)]
async fn a_late_reply_never_confirms_the_next_write() {
    for wire in Wire::ALL {
        for request in [set(5, 1), set_two(5)] {
            for late_ms in 150..=400 {
                let stream = writes_bus(wire, move |count, heard| match count {
                    0 => at_once(echo(heard)),
                    1 => vec![(Duration::from_millis(late_ms), echo(heard))],
                    _ => vec![],
                });
                let answers = on(wire, stream, &[request.clone(), request.clone()]).await;
                assert_eq!(answers, [None, None], "{wire:?} {request} {late_ms} ms late");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timely_reply_confirms_and_that_of_another_write_does_not() {
    for wire in Wire::ALL {
        let stream = writes_bus(wire, |count, heard| {
            at_once(match count {
                3 => heard.frame(&[6, 0, 5, 0, 2]),
                4 => heard.frame(&[16, 0, 5, 0, 1]),
                _ => echo(heard),
            })
        });
        let requests = [set(5, 1), set_two(5), set(5, 1), set_two(5)];
        let answers = on(wire, stream, &requests).await;
        let yes = Some(Answer::Written);
        assert_eq!(answers, [yes.clone(), yes, None, None], "{wire:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn exceptions_answer_writes_too() {
    for wire in Wire::ALL {
        let stream = writes_bus(wire, |count, heard| {
            at_once(if count == 0 { echo(heard) } else { heard.exception(3) })
        });
        let refused = Some(Answer::Exception(ExceptionCode::IllegalDataValue));
        let answers = on(wire, stream, &[set(5, 1), set_two(5)]).await;
        assert_eq!(answers, [refused.clone(), refused], "{wire:?}");
    }
}

/// An adapter that hands back what is sent: with a device behind it a write is confirmed, without one it is not.
#[tokio::test(start_paused = true)]
async fn on_a_line_that_echoes_only_the_second_copy_confirms() {
    for is_there in [true, false] {
        let stream = writes_bus(Wire::Rtu, move |count, heard| {
            let mut sent = at_once(heard.frame(&heard.pdu));
            if is_there || count == 0 {
                sent.push((Duration::from_millis(40), echo(heard)));
            }
            sent
        });
        let answers = on(Wire::Rtu, stream, &[set(5, 1), set_two(5)]).await;
        let expected = is_there.then_some(Answer::Written);
        assert_eq!(answers, [expected.clone(), expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_like_an_echo_is_not_asked_for_before_a_read_has_shown_whether_there_are_echoes() {
    let stream = writes_bus(Wire::Rtu, |_, heard| at_once(echo(heard)));
    let mut link = RtuLink::new(stream, timing(Wire::Rtu));
    let refused = link.ask(&set(5, 1), PATIENCE).await.unwrap();
    assert_eq!(refused.answer.err(), Some(Unanswered::MaybeEcho));
    assert_eq!(written(&mut link, &[set(5, 1)]).await, [Some(Answer::Written)]);
}

/// Whoever has the last word has it after all waiting: for the rest of a unit, for silence, for the pause between
/// two requests.
#[tokio::test(start_paused = true)]
async fn what_may_not_go_any_more_is_not_sent() {
    let gap = Duration::from_millis(700);
    for wire in Wire::ALL {
        let seen = Arc::new(Mutex::new(0));
        let heard = Arc::clone(&seen);
        let stream = writes_bus(wire, move |_, request| {
            *heard.lock().unwrap() += 1;
            at_once(echo(request))
        });
        let start = Instant::now();
        let asked_at = Arc::new(Mutex::new(start));
        let asking = Arc::clone(&asked_at);
        let may_go = move || {
            *asking.lock().unwrap() = Instant::now();
            false
        };
        let mut link = match wire {
            Wire::Tcp => AnyLink::Tcp(TcpLink::new(stream, gap)),
            Wire::Rtu | Wire::RtuOverTcp | Wire::Ascii | Wire::AsciiOverTcp => {
                AnyLink::serial(stream, SerialTiming { request_gap: gap, ..timing(wire) })
            }
        };
        assert_eq!(written(&mut link, &[]).await, []);
        let answer = link.ask_if(&set(5, 1), PATIENCE, &may_go).await.unwrap().answer;
        assert_eq!(answer.err(), Some(Unanswered::Withheld));
        assert!(*asked_at.lock().unwrap() >= start + gap, "asked before all the waiting was over");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(*seen.lock().unwrap(), 1, "{wire:?}: only the read went out");
    }
}
