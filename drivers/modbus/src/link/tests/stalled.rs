//! Connections that stall for longer than any rest, and then deliver everything, in order.

use super::*;

/// A bus whose network stands still in both directions from the first request on, for `stall`. Behind it the
/// device takes `delay` for an answer, and one request at a time.
fn stalled(wire: Wire, stall: Duration, delay: Duration) -> DuplexStream {
    let mut begin = None;
    let mut free_at = Duration::ZERO;
    bus(wire, move |_, incoming| {
        let begin = *begin.get_or_insert_with(Instant::now);
        // When the request gets to the device, when its answer is ready, and when it gets back.
        let now = begin.elapsed();
        let reached = now.max(stall);
        let ready = reached.max(free_at) + delay;
        free_at = ready;
        vec![(ready - now, incoming.reply())]
    })
}

/// Whatever the stall and the device's delay: each request gets its own answer or none, and in the end one.
#[tokio::test(start_paused = true)]
async fn no_stall_is_long_enough_for_a_wrong_answer() {
    for wire in [Wire::Tcp, Wire::RtuOverTcp, Wire::AsciiOverTcp] {
        for stall_ms in (0..6_000).step_by(130) {
            for delay_ms in [1, 60, 99] {
                let (stall, delay) =
                    (Duration::from_millis(stall_ms), Duration::from_millis(delay_ms));
                let mut link = link(wire, stalled(wire, stall, delay));
                let mut last = None;
                for at in 0..60 {
                    let request = registers(1, at * 100);
                    let exchange = link.ask(&request.into(), PATIENCE).await.unwrap();
                    last = exchange.answer.ok().map(|answered| answered.answer);
                    let is_right = last.as_ref().is_none_or(|answer| *answer == right(&request));
                    assert!(is_right, "{wire:?} {stall_ms} {delay_ms} {at}");
                }
                // Modbus TCP asks on, so a device that is hardly quick enough stays behind.
                let caught_up = last.is_some() || wire == Wire::Tcp;
                assert!(caught_up, "{wire:?} {stall_ms} {delay_ms}");
            }
        }
    }
}

/// The same with two units, of which one never answers what is no value.
#[tokio::test(start_paused = true)]
async fn a_neighbour_shows_that_nothing_is_held_up() {
    let wire = Wire::RtuOverTcp;
    let mut count = 0;
    let stream = bus(wire, move |_, incoming| {
        count += 1;
        match (incoming.is_fence, count) {
            (true, _) | (false, 1) => vec![],
            (false, _) => at_once(incoming.reply()),
        }
    });
    let mut link = link(wire, stream);
    let (first, neighbour) = (registers(1, 100), registers(2, 100));
    assert_eq!(outcome(&mut link, &[first]).await.0, [None]);
    // Nobody has shown anything yet.
    assert_eq!(outcome(&mut link, &[first]).await.0, [None]);
    // One answer shows that the request arrived, another one after the longest delay that none is under way.
    assert_eq!(outcome(&mut link, &[neighbour]).await.0, [Some(right(&neighbour))]);
    tokio::time::sleep(2 * MAX_REPLY_DELAY + PATIENCE).await;
    assert_eq!(outcome(&mut link, &[neighbour]).await.0, [Some(right(&neighbour))]);
    assert_eq!(outcome(&mut link, &[first]).await.0, [Some(right(&first))]);
}

/// A device that lacks the question says so, which shows as much.
#[tokio::test(start_paused = true)]
async fn an_exception_to_the_question_is_an_answer_to_it() {
    for wire in [Wire::RtuOverTcp, Wire::AsciiOverTcp] {
        let mut fences = 0;
        let requests = [registers(1, 100), registers(1, 200), registers(1, 300)];
        let (answers, strays) = asked(wire, &requests, move |count, incoming| {
            if incoming.is_fence {
                fences += 1;
                assert_eq!((fences, count), (1, 1), "asked once, after the one that was given up");
                return at_once(incoming.exception(1));
            }
            if count == 0 { vec![] } else { at_once(incoming.reply()) }
        })
        .await;
        assert_eq!(answers, [None, Some(right(&requests[1])), Some(right(&requests[2]))]);
        assert_eq!(strays, []);
    }
}

/// A far line that is unknown, a reply in pieces, with pauses as of a packet that was sent again.
#[tokio::test(start_paused = true)]
async fn pieces_may_be_apart_as_long_as_a_network_holds_them_back() {
    for (wire, pause_ms, whole) in [
        (Wire::RtuOverTcp, 400, true),
        (Wire::RtuOverTcp, 600, false),
        (Wire::AsciiOverTcp, 1_400, true),
        (Wire::AsciiOverTcp, 1_600, false),
    ] {
        let stream = bus(wire, move |count, incoming| {
            let reply = incoming.reply();
            if count > 0 {
                return at_once(reply);
            }
            let (head, tail) = reply.split_at(5);
            let pause = Duration::from_millis(pause_ms);
            vec![(Duration::ZERO, head.to_vec()), (pause, tail.to_vec())]
        });
        let unknown = SerialTiming { line: None, ..timing(wire) };
        let mut link = AnyLink::serial(stream, unknown);
        let patience = Duration::from_secs(2);
        let (first, second) = (registers(1, 100), registers(1, 200));
        let answer = link.ask(&first.into(), patience).await.unwrap().answer;
        assert_eq!(answer.is_ok(), whole, "{wire:?} {pause_ms}");
        let answer = link.ask(&second.into(), patience).await.unwrap().answer.unwrap().answer;
        assert_eq!(answer, right(&second), "{wire:?} {pause_ms}");
    }
}
