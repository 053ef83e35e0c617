//! One connection to the broker, from CONNECT to whatever ends it.
//!
//! Every error ends the session: the library would connect again at once and without end, the supervisor
//! does it with patience. The library's future is never dropped half-way but at the end, so nothing hangs
//! on its being safe to cancel. A dead broker is noticed by its missing ping answer, within twice the
//! keep-alive time (§3.1.2.10).

use std::collections::{BTreeSet, HashSet};
use std::pin::pin;
use std::time::Duration;

use pointcast_api::{
    Blocking, DeviceIndex, Failure, Fault, Inlet, Outlet, Rationed, Reading, Refused, Reports,
    Sample, UnixMs,
};
use rumqttc::{
    AsyncClient, Event, EventLoop, Outgoing, Packet, Publish, SubAck, SubscribeFilter,
    SubscribeReasonCode,
};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Channel;
use crate::feeds::{Topic, TopicIndex};
use crate::pace::Pace;
use crate::standing::Standing;
use crate::subscriptions::{Chunk, OPEN_REQUESTS, Subscriptions};

mod connect;

/// How often counters are told.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// After which refused topics are asked for again: a broker's rights may change while it runs.
const REFUSED_RETRY: Duration = Duration::from_secs(60);
/// How long a farewell may take.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(300);
/// Requests the library may hold: every open subscription and a farewell.
const REQUEST_QUEUE: usize = OPEN_REQUESTS + 2;

/// Connects, subscribes and puts what comes until `stop` (`Ok`) or an error.
///
/// # Errors
/// A [`Fault`] when the broker cannot be reached, refuses, or is lost. Trying again later is right.
///
/// # Cancellation
/// Safe: dropping it closes the connection.
pub(crate) async fn run(
    channel: &Channel,
    reading: &Blocking,
    reports: &Reports,
    outlet: &dyn Outlet,
    inlet: &mut Inlet,
    stop: CancellationToken,
) -> Result<(), Fault> {
    let (client, mut events) = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        opened = connect::open(channel, reading) => opened?,
    };
    let mut session = Session::new(channel, reports, outlet, client, Instant::now());
    let mut pace = Pace::new(Instant::now());
    loop {
        let next = {
            let mut polling = pin!(events.poll());
            loop {
                let rest = pace.rests_until(Instant::now());
                let over = rest.unwrap_or_else(Instant::now);
                // The library's future survives the other arms; those are safe to drop by their contracts.
                tokio::select! {
                    () = stop.cancelled() => break None,
                    command = inlet.next() => command.refuse(Refused::NotWritable),
                    () = sleep_until(session.next_due()) => session.due(Instant::now())?,
                    () = sleep_until(over), if rest.is_some() => {}
                    next = &mut polling, if rest.is_none() => break Some(next),
                }
            }
        };
        let Some(next) = next else {
            goodbye(&session.client, &mut events).await;
            return Ok(());
        };
        let event = next.map_err(|error| connect::fault(channel, session.is_connected, error))?;
        session.take(event)?;
        pace.took(Instant::now());
    }
}

/// What the broker owes an answer to.
struct Waiting {
    doing: String,
    until: Instant,
}

impl Waiting {
    fn new(doing: String, now: Instant, channel: &Channel) -> Self {
        Self { doing, until: now + channel.connect_timeout }
    }
}

struct Session<'a> {
    channel: &'a Channel,
    reports: &'a Reports,
    outlet: &'a dyn Outlet,
    client: AsyncClient,
    subscriptions: Subscriptions,
    standing: Standing,
    /// By point: log lines about payloads that are no value.
    rationed: Vec<Rationed>,
    /// Topics with a live message since their devices were silent: a retained one there is older.
    live: HashSet<TopicIndex>,
    waiting: Option<Waiting>,
    next_report: Instant,
    next_retry: Instant,
    is_connected: bool,
}

impl<'a> Session<'a> {
    fn new(
        channel: &'a Channel,
        reports: &'a Reports,
        outlet: &'a dyn Outlet,
        client: AsyncClient,
        now: Instant,
    ) -> Self {
        Self {
            channel,
            reports,
            outlet,
            client,
            subscriptions: Subscriptions::default(),
            standing: Standing::new(channel),
            rationed: vec![Rationed::default(); channel.points.len()],
            live: HashSet::new(),
            waiting: Some(Waiting::new(connect::doing(channel), now, channel)),
            next_report: now + REPORT_INTERVAL,
            next_retry: now + REFUSED_RETRY,
            is_connected: false,
        }
    }

    fn next_due(&self) -> Instant {
        let waiting = self.waiting.as_ref().map(|waiting| waiting.until);
        let silence = self.standing.next_silence();
        [waiting, silence].into_iter().flatten().fold(self.next_report, Instant::min)
    }

    /// Does everything that is due by now.
    fn due(&mut self, now: Instant) -> Result<(), Fault> {
        if let Some(waiting) = self.waiting.as_ref().filter(|waiting| waiting.until <= now) {
            let cause = format!("no answer within {} ms", self.channel.connect_timeout.as_millis());
            return Err(Fault::new(waiting.doing.clone(), cause));
        }
        for (device, silence) in self.standing.fallen_silent(now) {
            self.silent(device, silence);
        }
        if now >= self.next_retry {
            self.next_retry = now + REFUSED_RETRY;
            if self.subscriptions.any_refused() && self.subscriptions.are_answered() {
                self.subscriptions.ask_refused_again();
                self.subscribe(now)?;
            }
        }
        if now >= self.next_report {
            self.next_report = now + REPORT_INTERVAL;
            self.reports.tell(self.outlet);
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<(), Fault> {
        match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                info!(channel = self.channel.name, broker = %self.channel.broker, "connected");
                self.is_connected = true;
                self.waiting = None;
                self.subscriptions.ask(self.channel.feeds.indices());
                self.subscribe(Instant::now())
            }
            Event::Incoming(Packet::SubAck(answer)) => self.answered(&answer),
            Event::Incoming(Packet::Publish(message)) => self.message(&message),
            Event::Outgoing(Outgoing::Subscribe(packet)) => {
                self.subscriptions.numbered(packet);
                Ok(())
            }
            Event::Incoming(_) | Event::Outgoing(_) => Ok(()),
        }
    }

    /// Hands over as many requests as may be open, and waits for the next answer as long as one is owed.
    fn subscribe(&mut self, now: Instant) -> Result<(), Fault> {
        let doing = || format!("subscribe at {}", self.channel.broker);
        while let Some(chunk) = self.subscriptions.next() {
            let filters = self.filters(&chunk);
            // Never full: the queue holds more than may be open.
            self.client.try_subscribe_many(filters).map_err(|error| Fault::new(doing(), error))?;
        }
        if self.subscriptions.are_answered() {
            self.waiting = None;
            self.standing.all_answered(now);
            for device in (0..).map(DeviceIndex).take(self.channel.devices.len()) {
                let state = self.standing.state(device);
                self.reports.update(self.outlet, device, |report| report.state = state);
            }
        } else if self.waiting.is_none() {
            // What is asked for meanwhile gives the broker no more time for what it owes already.
            self.waiting = Some(Waiting::new(doing(), now, self.channel));
        }
        Ok(())
    }

    fn filters(&self, chunk: &Chunk) -> Vec<SubscribeFilter> {
        chunk
            .iter()
            .filter_map(|topic| self.channel.feeds.get(*topic))
            .map(|topic| SubscribeFilter::new(topic.name.clone(), topic.qos))
            .collect()
    }

    fn answered(&mut self, answer: &SubAck) -> Result<(), Fault> {
        let granted: Vec<_> = answer
            .return_codes
            .iter()
            .map(|code| matches!(code, SubscribeReasonCode::Success(_)))
            .collect();
        let channel = self.channel;
        self.waiting = None;
        for answer in self.subscriptions.answered(answer.pkid, &granted) {
            let Some(topic) = channel.feeds.get(answer.topic).filter(|_| answer.is_news) else {
                continue;
            };
            for device in topic.devices() {
                self.standing.refused(device, !answer.granted);
            }
            if answer.granted {
                info!(channel = channel.name, topic = topic.name, "subscription granted at last");
            } else {
                self.refused(topic);
            }
        }
        self.subscribe(Instant::now())
    }

    fn refused(&self, topic: &Topic) {
        warn!(channel = self.channel.name, topic = topic.name, "subscription refused");
        let time = UnixMs::now();
        let failed = |point| Sample { point, reading: Reading::Failed(Failure::DeviceError), time };
        let samples: Vec<_> = topic.feeds.iter().map(|feed| failed(feed.point)).collect();
        self.outlet.put(&samples);
        for device in topic.devices() {
            let name = self.device_name(device);
            let error = format!(
                "device {name:?}: the broker {} refuses the subscription to {:?}: it needs the right to read it",
                self.channel.broker, topic.name
            );
            self.reports.update(self.outlet, device, |report| {
                report.counters.exceptions += 1;
                report.last_error = Some(error);
            });
        }
    }

    /// One message: one batch, whatever it feeds.
    fn message(&mut self, message: &Publish) -> Result<(), Fault> {
        let channel = self.channel;
        let Some((index, topic)) = channel.feeds.find(&message.topic) else { return Ok(()) };
        if message.retain && self.live.contains(&index) {
            return Ok(());
        }
        let now = Instant::now();
        let errors = self.put(topic, message, now);
        let mut awake = Vec::new();
        for device in topic.devices() {
            if !message.retain {
                self.live.insert(index);
                awake.extend(self.standing.heard(device, now).then_some(device));
            }
            let error = errors.iter().find(|(of, _)| *of == device).map(|(_, text)| text);
            let state = self.standing.state(device);
            self.reports.update(self.outlet, device, |report| {
                report.counters.requests += 1;
                report.state = state;
                if let Some(error) = error {
                    report.counters.malformed += 1;
                    report.last_error = Some(error.clone());
                }
            });
        }
        if awake.is_empty() { Ok(()) } else { self.ask_for_retained(&awake, now) }
    }

    /// Devices talk again after a silence, which failed all their points. What they publish only at a change
    /// comes back with a new subscription: the broker sends retained messages once more (§3.8.4).
    fn ask_for_retained(&mut self, devices: &[DeviceIndex], now: Instant) -> Result<(), Fault> {
        let feeds = &self.channel.feeds;
        let topics: BTreeSet<_> = devices.iter().flat_map(|device| feeds.of(*device)).collect();
        self.subscriptions.ask(topics.into_iter().filter(|topic| !self.live.contains(topic)));
        self.subscribe(now)
    }

    /// Puts what a message brings, and says what was wrong with it by device.
    fn put(
        &mut self,
        topic: &Topic,
        message: &Publish,
        now: Instant,
    ) -> Vec<(DeviceIndex, String)> {
        let (channel, time) = (self.channel, UnixMs::now());
        let mut samples = Vec::with_capacity(topic.feeds.len());
        let mut errors: Vec<(DeviceIndex, String)> = Vec::new();
        for (feed, reading) in topic.read(&message.payload, message.retain) {
            let is_news = self.standing.point(feed.point, feed.device, reading.is_err());
            let reading = reading.unwrap_or_else(|error| {
                let point = channel.points.get(feed.point.at()).map(|point| &point.id);
                let point = point.map(ToString::to_string).unwrap_or_default();
                let device = self.device_name(feed.device);
                let mut rationed = self.rationed.get_mut(feed.point.at());
                if is_news && rationed.as_mut().is_some_and(|rationed| rationed.is_due(now)) {
                    warn!(device, point, topic = topic.name, %error, "payload is no value");
                }
                let text =
                    format!("device {device:?}, point {point:?}, topic {:?}: {error}", topic.name);
                errors.push((feed.device, text));
                Reading::Failed(Failure::DeviceError)
            });
            samples.push(Sample { point: feed.point, reading, time });
        }
        if !samples.is_empty() {
            self.outlet.put(&samples);
        }
        errors
    }

    fn silent(&mut self, device: DeviceIndex, silence: Duration) {
        let name = self.device_name(device);
        warn!(device = name, silence_ms = silence.as_millis(), "no message");
        for topic in self.channel.feeds.of(device) {
            self.live.remove(&topic);
        }
        self.outlet.fail_device(device, Failure::Timeout, UnixMs::now());
        let error = format!(
            "device {name:?}: no live message on any of its topics for {} ms",
            silence.as_millis()
        );
        let state = self.standing.state(device);
        self.reports.update(self.outlet, device, |report| {
            report.counters.timeouts += 1;
            report.last_error = Some(error);
            report.state = state;
        });
    }

    fn device_name(&self, device: DeviceIndex) -> &'a str {
        self.channel.devices.get(device.at()).map_or("", |device| device.name.as_str())
    }
}

/// Tells the broker that this is no accident (§3.14); what does not go out soon is left.
async fn goodbye(client: &AsyncClient, events: &mut EventLoop) {
    let farewell = async {
        if client.try_disconnect_now().is_ok() {
            while events.poll().await.is_ok() {}
        }
    };
    // An unheard farewell is no error: the connection is closed either way.
    let _in_time = timeout(GOODBYE_TIMEOUT, farewell).await;
}

#[cfg(test)]
mod tests;
