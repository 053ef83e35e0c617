//! One connection's events over time: what waits for what.
//!
//! A feed is polled only while its socket takes bytes, so a slow reader holds up nobody: its changes stay
//! marks in its mailbox until it is asked for the next event.

use std::time::Duration;

use bytes::Bytes;
use pointcast_api::UnixMs;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::delivery::{Delivery, Step};
use super::event_id::EventId;
use super::frame::{self, Connect};
use super::sessions::Attached;

/// How often a client wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Least time between two frames of changes.
    pub interval: Duration,
    /// Longest time without any event.
    pub heartbeat: Duration,
}

/// The events of one connection, in order.
#[derive(Debug)]
pub struct Feed {
    attached: Attached,
    delivery: Delivery,
    pace: Pace,
    opening: Option<Bytes>,
    over: bool,
    last_event: Instant,
    last_changes: Option<Instant>,
}

impl Feed {
    pub(super) fn resumed(
        attached: Attached,
        delivery: Delivery,
        revision: u64,
        pace: Pace,
    ) -> Self {
        Self::start(attached, delivery, revision, pace, true, None, "kept")
    }

    pub(super) fn new_session(
        attached: Attached,
        delivery: Delivery,
        revision: u64,
        pace: Pace,
        reset: Option<&'static str>,
        selection: &'static str,
    ) -> Self {
        Self::start(attached, delivery, revision, pace, false, reset, selection)
    }

    fn start(
        attached: Attached,
        delivery: Delivery,
        revision: u64,
        pace: Pace,
        resumed: bool,
        reset: Option<&'static str>,
        selection: &'static str,
    ) -> Self {
        let connect = Connect {
            client: attached.session.client(),
            resumed,
            reset,
            selection,
            revision,
            heartbeat_ms: millis(pace.heartbeat),
            interval_ms: millis(pace.interval),
        };
        let opening = Some(frame::connect(&connect, position(&attached, &delivery)));
        let last_event = Instant::now();
        Self { attached, delivery, pace, opening, over: false, last_event, last_changes: None }
    }

    /// The next event's bytes; `None` once the stream has ended. `stop` ends it with `drain`.
    ///
    /// # Cancellation
    /// Safe between events: what an unfinished call waited for is still there at the next.
    pub async fn next(&mut self, stop: &CancellationToken) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let event = match self.opening.take() {
            Some(opening) => opening,
            None => self.following(stop).await,
        };
        self.last_event = Instant::now();
        Some(event)
    }

    async fn following(&mut self, stop: &CancellationToken) -> Bytes {
        loop {
            if stop.is_cancelled() {
                self.over = true;
                return frame::drain();
            }
            let session = &self.attached.session;
            // Taken before the step: an edit or a take-over after the step is heard at this one.
            let mailbox = session.mailbox();
            let hold = self.last_changes.map(|at| at + self.pace.interval);
            let may_change = hold.is_none_or(|until| Instant::now() >= until);
            let step = session.step(self.attached.connection, &mut self.delivery, may_change);
            let held = match step {
                None => {
                    self.over = true;
                    return frame::replaced();
                }
                Some(Step::Subscribed { revision, count }) => {
                    return frame::subscribed(revision, count);
                }
                Some(Step::Points(points, tail)) => {
                    if tail.snapshot.is_none() {
                        self.last_changes = Some(Instant::now());
                    }
                    return points.finish(tail, position(&self.attached, &self.delivery));
                }
                Some(Step::Held) => hold,
                Some(Step::Nothing) => None,
            };
            let heartbeat_due = self.last_event + self.pace.heartbeat;
            let wait_until = held.map_or(heartbeat_due, |until| until.min(heartbeat_due));
            // Every arm is cancel-safe: a ring is kept, the others only look at a clock or a flag.
            tokio::select! {
                () = stop.cancelled() => {}
                () = mailbox.woken(self.attached.connection) => {}
                () = sleep_until(wait_until) => {
                    if Instant::now() >= heartbeat_due {
                        return self.heartbeat();
                    }
                }
            }
        }
    }

    fn heartbeat(&mut self) -> Bytes {
        self.attached.session.settle_idle(self.attached.connection, &mut self.delivery);
        let id = position(&self.attached, &self.delivery);
        frame::heartbeat(UnixMs::now().0, self.pace.heartbeat, id)
    }
}

fn position<'a>(attached: &'a Attached, delivery: &Delivery) -> EventId<'a> {
    EventId {
        client: attached.session.client(),
        epoch: attached.epoch(),
        seq: delivery.seq(),
        revision: delivery.revision(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
