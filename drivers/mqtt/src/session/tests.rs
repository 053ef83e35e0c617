//! The session without a network: events in, calls and requests out, on paused time.

use pointcast_api::DeviceState;
use pointcast_api::testing::{Heard, Recorder};
use rumqttc::{ConnAck, ConnectReturnCode, QoS};

use super::*;
use crate::testing;

const TWO_TOPICS: &str = r#"
    broker = "broker.example"
    connect_timeout_ms = 5000
    [[devices]]
    name = "w"
    silence_ms = 20000
    points = [
      { name = "a", topic = "t/a", type = "f64", stale_after_ms = 60000 },
      { name = "b", topic = "t/b", type = "u16", stale_after_ms = 60000 },
    ]"#;

/// A session whose client is never polled: its requests are counted by the events that are made up here.
struct Made {
    channel: Channel,
    reports: Reports,
    outlet: Recorder,
    client: AsyncClient,
    _events: EventLoop,
}

impl Made {
    async fn new(text: &str) -> Self {
        let channel = testing::channel(text).unwrap();
        let (client, events) = connect::open(&channel, &Blocking::default()).await.unwrap();
        let reports = Reports::new(channel.devices.len());
        Self { channel, reports, outlet: Recorder::default(), client, _events: events }
    }

    fn session(&self) -> Session<'_> {
        let client = self.client.clone();
        Session::new(&self.channel, &self.reports, &self.outlet, client, Instant::now())
    }

    fn state(&self) -> DeviceState {
        self.outlet.report_of(0).map(|report| report.state).unwrap_or_default()
    }
}

fn connected() -> Event {
    Event::Incoming(Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, false)))
}

fn answer(packet: u16, granted: &[bool]) -> Event {
    let code = |granted: &bool| match granted {
        true => SubscribeReasonCode::Success(QoS::AtMostOnce),
        false => SubscribeReasonCode::Failure,
    };
    Event::Incoming(Packet::SubAck(SubAck::new(packet, granted.iter().map(code).collect())))
}

fn message(topic: &str, payload: &str) -> Event {
    Event::Incoming(Packet::Publish(Publish::new(topic, QoS::AtMostOnce, payload)))
}

fn retained(topic: &str, payload: &str) -> Event {
    let message = Publish::new(topic, QoS::AtMostOnce, payload);
    Event::Incoming(Packet::Publish(Publish { retain: true, ..message }))
}

/// Everything that is due up to `seconds` from now, each thing at its time.
async fn pass(session: &mut Session<'_>, seconds: u64) -> Result<(), Fault> {
    let end = Instant::now() + Duration::from_secs(seconds);
    while session.next_due() <= end {
        sleep_until(session.next_due()).await;
        session.due(Instant::now())?;
    }
    sleep_until(end).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_topic_is_asked_for_again_each_minute_until_it_is_granted() {
    let made = Made::new(TWO_TOPICS).await;
    let mut session = made.session();
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    session.take(answer(1, &[true, false])).unwrap();
    session.take(message("t/a", "1")).unwrap();
    assert_eq!(made.state(), DeviceState::Degraded);
    for (packet, granted, state) in
        [(2, false, DeviceState::Degraded), (3, true, DeviceState::Online)]
    {
        for _ in 0..6 {
            pass(&mut session, 10).await.unwrap();
            session.take(message("t/a", "1")).unwrap();
        }
        assert!(!session.subscriptions.are_answered(), "a minute later it was asked for again");
        session.take(Event::Outgoing(Outgoing::Subscribe(packet))).unwrap();
        session.take(answer(packet, &[granted])).unwrap();
        assert_eq!(made.state(), state);
    }
    let refused = made.outlet.report_of(0).unwrap();
    assert_eq!(refused.counters.exceptions, 1, "told once");
    pass(&mut session, 10).await.unwrap();
    assert!(session.subscriptions.are_answered());
}

#[tokio::test(start_paused = true)]
async fn a_missing_answer_is_a_fault_in_time() {
    let made = Made::new(TWO_TOPICS).await;
    let mut session = made.session();
    let begin = Instant::now();
    let fault = pass(&mut session, 60).await.unwrap_err().explain();
    assert_eq!(fault, "failed to connect to broker.example:1883: no answer within 5000 ms");
    assert_eq!(begin.elapsed().as_secs(), 5);

    let mut session = made.session();
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    let fault = pass(&mut session, 60).await.unwrap_err().explain();
    assert_eq!(fault, "failed to subscribe at broker.example:1883: no answer within 5000 ms");
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_at_its_time_and_ended_by_a_message() {
    let made = Made::new(TWO_TOPICS).await;
    let mut session = made.session();
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    session.take(answer(1, &[true, true])).unwrap();
    assert_eq!(made.state(), DeviceState::Offline, "nothing was heard yet");
    let failed =
        || made.outlet.heard().into_iter().filter(|h| matches!(h, Heard::DeviceFailed(..))).count();
    pass(&mut session, 19).await.unwrap();
    assert_eq!(failed(), 0);
    pass(&mut session, 1).await.unwrap();
    assert_eq!(failed(), 1);
    session.take(message("t/b", "7")).unwrap();
    assert_eq!(made.state(), DeviceState::Online);
    // What else the device retains is asked for again.
    assert!(!session.subscriptions.are_answered());
    session.take(Event::Outgoing(Outgoing::Subscribe(2))).unwrap();
    session.take(answer(2, &[true])).unwrap();
    assert!(session.subscriptions.are_answered());
    pass(&mut session, 19).await.unwrap();
    assert_eq!((made.state(), failed()), (DeviceState::Online, 1));
    pass(&mut session, 60).await.unwrap();
    assert_eq!((made.state(), failed()), (DeviceState::Offline, 2), "told once for each silence");
}

#[tokio::test(start_paused = true)]
async fn a_failing_payload_is_told_at_a_change_only_and_counted_each_time() {
    let made = Made::new(&TWO_TOPICS.replace("silence_ms = 20000", "")).await;
    let mut session = made.session();
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    session.take(answer(1, &[true, true])).unwrap();
    made.outlet.forget();
    for _ in 0..1000 {
        session.take(message("t/b", "70000")).unwrap();
    }
    let reports =
        || made.outlet.heard().into_iter().filter(|h| matches!(h, Heard::Report(..))).count();
    assert_eq!((reports(), made.state()), (1, DeviceState::Degraded));
    pass(&mut session, 1).await.unwrap();
    assert_eq!(reports(), 2);
    let told = made.outlet.report_of(0).unwrap();
    assert_eq!((told.counters.malformed, told.counters.requests), (1000, 1000));
    assert_eq!(
        told.last_error.as_deref(),
        Some(r#"device "w", point "w/b", topic "t/b": "70000" does not fit u16"#)
    );
    session.take(message("t/b", "7")).unwrap();
    session.take(message("t/nobody", "7")).unwrap();
    assert_eq!(made.state(), DeviceState::Online);
}

#[tokio::test(start_paused = true)]
async fn a_retained_message_never_overtakes_a_live_one_and_wakes_nobody() {
    let made = Made::new(TWO_TOPICS).await;
    let mut session = made.session();
    let heard = || {
        let points =
            made.outlet.batches().concat().into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        made.outlet.forget();
        points
    };
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    session.take(answer(1, &[true, true])).unwrap();
    session.take(retained("t/b", "1")).unwrap();
    assert_eq!((heard(), session.standing.state(DeviceIndex(0))), (vec![1], DeviceState::Offline));
    session.take(message("t/b", "2")).unwrap();
    session.take(retained("t/b", "1")).unwrap();
    session.take(retained("t/a", "1")).unwrap();
    assert_eq!(
        (heard(), session.standing.state(DeviceIndex(0))),
        (vec![1, 0], DeviceState::Online)
    );
    // After a silence everything is asked for again, and a retained message is news once more.
    pass(&mut session, 20).await.unwrap();
    session.take(retained("t/b", "3")).unwrap();
    assert_eq!((heard(), session.standing.state(DeviceIndex(0))), (vec![1], DeviceState::Offline));
}

#[tokio::test(start_paused = true)]
async fn asking_for_more_gives_the_broker_no_more_time_for_what_it_owes() {
    let made = Made::new(&TWO_TOPICS.replace("20000", "1000")).await;
    let mut session = made.session();
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    session.take(answer(1, &[true, true])).unwrap();
    // A device that falls silent again and again has the rest of its topics asked for each time.
    let mut waited = 0;
    let fault = loop {
        match pass(&mut session, 1).await {
            Ok(()) => session.take(message("t/b", "7")).unwrap(),
            Err(fault) => break fault.explain(),
        }
        waited += 1;
        assert!(waited < 20, "the broker owes an answer for {waited} s");
    };
    assert_eq!(fault, "failed to subscribe at broker.example:1883: no answer within 5000 ms");
}

/// What goes to and fro with every message is no news every time.
#[tokio::test(start_paused = true)]
async fn payloads_that_are_right_and_wrong_in_turn_are_told_a_few_times() {
    let made = Made::new(TWO_TOPICS).await;
    let mut session = made.session();
    session.take(connected()).unwrap();
    session.take(Event::Outgoing(Outgoing::Subscribe(1))).unwrap();
    session.take(answer(1, &[true, true])).unwrap();
    made.outlet.forget();
    for _ in 0..1000 {
        session.take(message("t/b", "7")).unwrap();
        session.take(message("t/b", "x")).unwrap();
    }
    pass(&mut session, 1).await.unwrap();
    let heard = made.outlet.heard();
    let reports = heard.iter().filter(|heard| matches!(heard, Heard::Report(..))).count();
    assert_eq!((reports, made.state()), (3, DeviceState::Degraded));
    assert!(!session.rationed[1].is_due(Instant::now()), "told, and not to be told again yet");
}
