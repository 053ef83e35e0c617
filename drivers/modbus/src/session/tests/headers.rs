//! Headers of Modbus TCP that cannot be: the stream is out of step, and somebody is to be told of it.

use pointcast_api::DeviceCounters;

use super::*;

/// Two devices, unit 1 and unit 2.
fn two(keys: &str, scan_ms: u32) -> Rig {
    let device = |name: &str, unit: u8| {
        format!(
            "[[devices]]\nname = \"{name}\"\nunit_id = {unit}\nscan_ms = {scan_ms}\n\
             points = [{{ name = \"p\", address = \"holding:0\", type = \"u16\" }}]\n"
        )
    };
    let toml = format!("address = \"x\"\n{keys}\n{}{}", device("d", 1), device("e", 2));
    Rig::new(Kind::Tcp, &toml)
}

/// What the devices count of it: damaged, malformed, and malformed of the channel.
fn counted(rig: &Rig) -> [(u64, u64, u64); 2] {
    counters(rig).map(|one| (one.damaged, one.malformed, one.channel_malformed))
}

fn counters(rig: &Rig) -> [DeviceCounters; 2] {
    rig.reports.tell(&rig.ear);
    let heard = take(&rig.ear);
    [0, 1].map(|at| report(&heard, at).counters)
}

/// A right reply but for the protocol in its header.
fn of_no_protocol(incoming: &Incoming) -> Vec<u8> {
    let mut reply = incoming.reply();
    reply[3] = 7;
    reply
}

/// Two devices whose link was lost over the seventh answer, with a request to each on its way.
async fn lost_while_both_are_asked() -> Rig {
    let rig = two("max_in_flight = 4", 50);
    let mut count = 0;
    let lost = rig.run(20 * SECOND, move |incoming| {
        count += 1;
        // Both are always due, as answers take longer than their interval.
        let bytes = if count > 6 { of_no_protocol(&incoming) } else { incoming.reply() };
        vec![(100 * MS, bytes)]
    });
    assert!(matches!(lost.await, Some(Lost::OutOfStep { .. })));
    rig
}

#[tokio::test(start_paused = true)]
async fn one_in_answer_to_a_request_is_counted_for_who_was_asked() {
    for damaged in [
        |incoming: &Incoming| of_no_protocol(incoming),
        |incoming: &Incoming| {
            let mut reply = incoming.reply();
            reply[4] = 0x55;
            reply
        },
    ] {
        let rig = two("", 5_000);
        let lost = rig.run(20 * SECOND, move |incoming| match incoming.request.unit {
            2 => at_once(damaged(&incoming)),
            _ => at_once(incoming.reply()),
        });
        assert!(matches!(lost.await, Some(Lost::OutOfStep { .. })));
        let [other, own] = counters(&rig);
        assert_eq!((other.damaged, other.malformed, other.timeouts), (0, 0, 0));
        assert_eq!((own.damaged, own.malformed, own.channel_malformed), (1, 1, 0));
        // It is a request too, that no valid reply came to.
        assert_eq!((own.requests, own.timeouts), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_under_which_the_link_is_lost_are_in_vain() {
    let rig = lost_while_both_are_asked().await;
    let all = counters(&rig);
    // Six were answered, and two were on their way together.
    assert_eq!(all.iter().map(|one| one.requests).sum::<u64>(), 8, "{all:?}");
    assert_eq!(all.map(|one| one.timeouts), [1, 1], "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_could_be_anybodys_is_counted_for_the_channel() {
    // While nothing is asked.
    let rig = two("", 5_000);
    let lost = rig.run(20 * SECOND, |incoming| match incoming.request.unit {
        1 => vec![(MS, incoming.reply()), (SECOND / 2, vec![0xFF; 8])],
        _ => at_once(incoming.reply()),
    });
    assert!(matches!(lost.await, Some(Lost::OutOfStep { .. })));
    assert_eq!(counted(&rig), [(0, 0, 1); 2]);
    // While both are asked.
    let rig = lost_while_both_are_asked().await;
    assert_eq!(counted(&rig), [(0, 0, 1); 2]);
    // One device alone is whose it is.
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(1)));
    let lost =
        rig.run(20 * SECOND, |incoming| vec![(MS, incoming.reply()), (SECOND / 2, vec![0xFF; 8])]);
    assert!(matches!(lost.await, Some(Lost::OutOfStep { .. })));
    rig.reports.tell(&rig.ear);
    let counters = report(&take(&rig.ear), 0).counters;
    assert_eq!((counters.damaged, counters.channel_malformed), (1, 0));
}
