//! One connection's events over time: what waits for what.
//!
//! A feed is polled only while its socket takes bytes, so a slow reader holds up nobody: its changes stay
//! marks in its mailbox until it is asked for the next event. It is polled by hand, so that one loop can drive
//! thousands of them; [`Feed::next`] is the same for one task.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use pointcast_api::UnixMs;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::delivery::{Delivery, Step, Turn};
use super::event_id::EventId;
use super::frame::{self, Bounds, Connect};
use super::session::{BUSY, Begun, Then};
use super::sessions::Attached;
use super::shared::Shared;
use super::statistics::{Outgoing, Totals};
use crate::limits::SMALL_BYTES;
use crate::table::Form;

/// How often a client wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Least time between two frames of changes, in milliseconds.
    pub interval_ms: u32,
    /// Longest time without any event, in milliseconds.
    pub heartbeat_ms: u32,
}

/// The events of one connection, in order.
#[derive(Debug)]
pub struct Feed {
    attached: Attached,
    delivery: Delivery,
    pace: Pace,
    welcome: Option<Box<(Welcome, u32, u64)>>,
    over: bool,
    /// Largest frame, in bytes.
    frame_bytes: u32,
    last_event: Instant,
    last_changes: Option<Instant>,
}

/// What the first event says of how the connection came about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Welcome {
    pub(super) resumed: bool,
    pub(super) reset: Option<&'static str>,
    pub(super) selection: &'static str,
}

/// What polling a feed brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// One event, whole, was added to the bytes. There may be more.
    Event,
    /// The same, and there is no more now: as with [`Idle`](Self::Idle).
    Last(Instant),
    /// There is none now. Poll again when the context's waker is called, and at this time if it was not.
    Idle(Instant),
    /// The stream has ended.
    Over,
}

impl Feed {
    pub(super) fn start(attached: Attached, begun: Begun, pace: Pace, welcome: Welcome) -> Self {
        let frame_bytes = attached.shared().limits.frame_bytes;
        Self {
            attached,
            delivery: begun.delivery,
            pace,
            welcome: Some(Box::new((welcome, begun.revision, begun.catalog))),
            over: false,
            frame_bytes: u32::try_from(frame_bytes).unwrap_or(u32::MAX),
            last_event: Instant::now(),
            last_changes: None,
        }
    }

    /// Frames from now on take at most so many bytes, or the limit on all frames if that is less. A single point
    /// always fits.
    pub fn set_frame_bytes(&mut self, bytes: usize) {
        let most = bytes.min(self.attached.shared().limits.frame_bytes);
        self.frame_bytes = u32::try_from(most).unwrap_or(u32::MAX);
    }

    /// Where what was sent is to be reported: the same for all feeds of a gateway.
    #[must_use]
    pub fn totals(&self) -> &Arc<Totals> {
        &self.attached.shared().totals
    }

    /// Adds the next event's bytes to `out`, if there is one at `now`.
    pub fn poll(&mut self, context: &mut Context<'_>, now: Instant, out: &mut Outgoing) -> Next {
        let before = out.bytes.len();
        let next = self.look(context, now, out);
        self.count(out, before);
        next
    }

    /// Counts what was added to the first `before` bytes.
    fn count(&self, out: &mut Outgoing, before: usize) {
        let bytes = (out.bytes.len() - before) as u64;
        out.tally.wrote(bytes);
        self.attached.session.count_bytes(bytes);
    }

    fn look(&mut self, context: &mut Context<'_>, now: Instant, out: &mut Outgoing) -> Next {
        if self.over {
            return Next::Over;
        }
        if let Some(welcome) = self.welcome.take() {
            let (welcome, revision, catalog) = *welcome;
            self.connect(welcome, revision, catalog, &mut out.bytes);
            self.last_event = now;
            return Next::Event;
        }
        self.following(context, now, out)
    }

    /// Ends the stream with `drain`; false if it had ended already.
    pub fn drain(&mut self, out: &mut Outgoing) -> bool {
        if std::mem::replace(&mut self.over, true) {
            return false;
        }
        let before = out.bytes.len();
        frame::drain(&mut out.bytes);
        self.count(out, before);
        true
    }

    fn is_much_pending(&self) -> bool {
        let Shared { totals, limits, .. } = self.attached.shared();
        totals.pending().bytes() > limits.pending_bytes
    }

    /// What was gathered, with nothing around it, and counted until its reader has it.
    fn counted(&self, out: &mut Outgoing) -> Bytes {
        let bytes = std::mem::take(&mut out.bytes).into_boxed_slice();
        self.totals().pending().count(bytes.into())
    }

    /// The next event's bytes, which count among the [pending](Totals::pending) ones as long as they are held; `None`
    /// once the stream has ended. `stop` ends it with `drain`. Frames are small while too many bytes are pending.
    ///
    /// # Cancellation
    /// Safe between events: what an unfinished call waited for is still there at the next.
    pub async fn next(&mut self, stop: &CancellationToken) -> Option<Bytes> {
        let mut stopped = pin!(stop.cancelled());
        let mut wait = pin!(sleep_until(self.last_event));
        let mut out = Outgoing::default();
        poll_fn(|context| {
            loop {
                if stopped.as_mut().poll(context).is_ready() {
                    let drained = self.drain(&mut out);
                    out.report(self.totals());
                    return Poll::Ready(drained.then(|| self.counted(&mut out)));
                }
                self.set_frame_bytes(match self.is_much_pending() {
                    true => SMALL_BYTES,
                    false => usize::MAX,
                });
                match self.poll(context, Instant::now(), &mut out) {
                    Next::Event | Next::Last(_) => {
                        out.report(self.totals());
                        return Poll::Ready(Some(self.counted(&mut out)));
                    }
                    Next::Over => return Poll::Ready(None),
                    Next::Idle(until) => wait.as_mut().reset(until),
                }
                if wait.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn connect(&self, welcome: Welcome, revision: u32, catalog: u64, out: &mut Vec<u8>) {
        let compact = self.delivery.form() == Form::Compact;
        let connect = Connect {
            client: self.attached.session.client().as_str(),
            resumed: welcome.resumed,
            reset: welcome.reset,
            selection: welcome.selection,
            revision,
            heartbeat_ms: self.pace.heartbeat_ms,
            interval_ms: self.pace.interval_ms,
            catalog,
            t0: compact.then(|| self.attached.shared().table.t0().0),
        };
        frame::connect(out, &connect, self.position());
    }

    /// Adds the next event but the first, if there is one.
    fn following(&mut self, context: &mut Context<'_>, now: Instant, out: &mut Outgoing) -> Next {
        let hold = self.last_changes.map(|at| at + millis(self.pace.interval_ms));
        let turn = Turn {
            now,
            uptime: self.attached.shared().table.uptime_at(now),
            may_change: hold.is_none_or(|until| now >= until),
            bounds: Bounds {
                points: self.attached.shared().limits.frame_points,
                bytes: self.frame_bytes as usize,
            },
        };
        let Attached { session, connection, .. } = &self.attached;
        let step = session.step(*connection, &mut self.delivery, turn, context, out);
        let Some((step, then)) = step else {
            self.over = true;
            frame::replaced(&mut out.bytes);
            return Next::Event;
        };
        let due = match step {
            Step::Busy => return Next::Idle(now + BUSY),
            Step::Over => {
                self.over = true;
                return Next::Over;
            }
            Step::Held => hold,
            Step::Nothing(due) => due,
            event @ (Step::Catalog(_)
            | Step::Notice(_)
            | Step::Subscribed { .. }
            | Step::Points(_)
            | Step::Removed) => return self.tell(event, then, now, out),
        };
        let heartbeat_due = self.heartbeat_due();
        if now < heartbeat_due {
            return Next::Idle(due.map_or(heartbeat_due, |until| until.min(heartbeat_due)));
        }
        if !session.settle_idle(*connection, &mut self.delivery) {
            return Next::Idle(now + BUSY);
        }
        out.tally.heartbeat();
        frame::heartbeat(&mut out.bytes, UnixMs::now().0, self.pace.heartbeat_ms, self.position());
        self.last_event = now;
        Next::Event
    }

    /// Writes the event that a step came to, and says what comes after it.
    fn tell(&mut self, event: Step, then: Then, now: Instant, out: &mut Outgoing) -> Next {
        let is_change = match &event {
            Step::Points(tail) => tail.snapshot.is_none(),
            Step::Removed => true,
            Step::Catalog(_) | Step::Notice(_) | Step::Subscribed { .. } => false,
            Step::Nothing(_) | Step::Held | Step::Busy | Step::Over => false,
        };
        if is_change {
            self.last_changes = Some(now);
        }
        self.write(event, &mut out.bytes);
        self.last_event = now;
        match then {
            Then::Look => Next::Event,
            Then::Rest(due) => {
                let heartbeat_due = self.heartbeat_due();
                Next::Last(due.map_or(heartbeat_due, |until| until.min(heartbeat_due)))
            }
        }
    }

    /// Writes an event.
    fn write(&self, step: Step, out: &mut Vec<u8>) {
        match step {
            Step::Catalog(generation) => frame::catalog(out, generation),
            Step::Notice(notice) => frame::notice(out, &notice),
            Step::Subscribed { revision, count } => frame::subscribed(out, revision, count),
            Step::Points(tail) => frame::end_points(out, &tail, self.position()),
            Step::Removed => frame::end_removed(out, self.position()),
            Step::Busy | Step::Over | Step::Held | Step::Nothing(_) => {}
        }
    }

    #[cfg(test)]
    pub(super) fn attached(&self) -> &Attached {
        &self.attached
    }

    fn heartbeat_due(&self) -> Instant {
        self.last_event + millis(self.pace.heartbeat_ms)
    }

    fn position(&self) -> EventId<'_> {
        EventId {
            client: self.attached.session.client().as_str(),
            epoch: &self.attached.shared().epoch,
            seq: self.delivery.seq(),
            revision: self.delivery.revision(),
        }
    }
}

fn millis(duration_ms: u32) -> Duration {
    Duration::from_millis(duration_ms.into())
}
