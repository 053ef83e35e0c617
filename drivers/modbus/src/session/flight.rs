//! Several requests on their way at once: a flight.
//!
//! Only reads that are due and expected to be answered go along, earliest deadline first. What was not answered, what
//! is asked for to find something out, and whoever is in doubt goes alone, and so do writes and their read-backs: none of
//! them ever crosses a flight. Each answer is a batch of its own as soon as it is there.
//!
//! That something of a flight is not answered is held against the flight, not against the unit: it is asked again
//! alone, and only that counts as silence. Two flights in a row that fail are the last ones for an hour (`depth`).
//!
//! Nothing is written and nothing else read before all of a flight are answered, so no more go along than are expected to
//! take one timeout ([`gather`](Session::gather)), should the server answer them one after the other.
//!
//! A server may answer one after the other, so an answer is waited for from when the one before it came. How fast the
//! unit is, is learned from the first of a flight alone; what the plan rests on, from what each would take of a full
//! flight's time. Until that is measured, the plan goes by one request
//! after the other, and admission hopes that as many go along as may.

use std::time::Duration;

use pointcast_api::DeviceIndex;
use tokio::time::Instant;
use tokio_modbus::ExceptionCode;

use super::{Asked, Purpose, Session, Teaches, Trust};
use crate::depth::{ALONE_FOR, Depth};
use crate::frame::{Answer, ReadRequest, Request};
use crate::link::{Answered, Link, Lost, Unanswered};
use crate::schedule;

/// One request of a flight.
struct Member {
    /// Its task's place when it was sent. An answer to another one may move it.
    at: usize,
    device: DeviceIndex,
    request: ReadRequest,
    patience: Duration,
}

/// How a flight went so far.
struct Course {
    started: Instant,
    /// When it was sent, or the newest answer came.
    since: Instant,
    /// How long the first answer took.
    first: Duration,
    heard: u32,
    has_failed: bool,
}

impl<L: Link> Session<'_, L> {
    /// Asks for the block at `first`, which is due, and for others with it.
    pub(super) async fn ask_together(&mut self, first: usize, now: Instant) -> Result<(), Lost> {
        let flight = self.gather(first, now);
        if flight.len() < 2 {
            return self.ask(first, &|| true).await;
        }
        self.writes.count_read();
        let mut open = vec![false; flight.len()];
        match self.fly(&flight, &mut open).await {
            Ok(Some(course)) if course.has_failed => self.flight_failed(),
            Ok(Some(course)) => self.flight_succeeded(&flight, &course),
            Ok(None) => return self.ask(first, &|| true).await,
            Err(lost) => {
                let device = flight.first().map(|member| member.device);
                let is_its = |member: &Member| Some(member.device) == device;
                self.count_lost(&lost, device.filter(|_| flight.iter().all(is_its)));
                for (member, _) in flight.iter().zip(&open).filter(|(_, is_open)| **is_open) {
                    self.count_unanswered(&lost, member.device);
                }
                self.flight_failed();
                return Err(lost);
            }
        }
        Ok(())
    }

    /// Whether several may be on their way at `now`.
    pub(super) fn takes_several(&self, now: Instant) -> bool {
        self.site.channel.max_in_flight > 1 && self.most_in_flight(now) > 1
    }

    fn most_in_flight(&self, now: Instant) -> usize {
        self.lessons.depth(|depth| depth.most(self.site.channel.max_in_flight, now))
    }

    /// What goes together at `now`, the block at `first` before all.
    fn gather(&self, first: usize, now: Instant) -> Vec<Member> {
        let most = self.most_in_flight(now);
        let goes_along = |at: usize| {
            let task = self.tasks.get(at);
            task.is_some_and(|task| task.goes_along() && self.trust(task) == Trust::Sure)
        };
        if most < 2 || !goes_along(first) {
            return Vec::new();
        }
        let tasks = self.tasks.iter().enumerate().filter(|(at, _)| goes_along(*at));
        let slots = tasks.map(|(at, task)| (at, &task.slot, self.gate(task, true)));
        let member = |at: usize| {
            let task = self.tasks.get(at)?;
            let health = self.health.get(task.block.device.at())?;
            Some(Member {
                at,
                device: task.block.device,
                request: task.block.request(health.unit.id),
                patience: self.wait(task, health),
            })
        };
        let mut flight: Vec<Member> = Vec::new();
        let (mut expected, longest) = (Duration::ZERO, self.longest_flight());
        for at in schedule::together(now, first, most, slots) {
            let (Some(member), Some(turn)) = (member(at), self.turn_of(at)) else { continue };
            expected = expected.saturating_add(turn);
            if !flight.is_empty() && expected > longest {
                break;
            }
            flight.push(member);
        }
        flight
    }

    /// What a request of a task is expected to take of a flight's time; alone, where no flight was measured yet.
    fn turn_of(&self, at: usize) -> Option<Duration> {
        let task = self.tasks.get(at)?;
        let health = self.health.get(task.block.device.at())?;
        let known = health.turn.mean().or(health.pace.mean());
        Some(known.unwrap_or_else(|| self.wait(task, health)))
    }

    /// The shortest timeout of the channel: what a device that does not answer may hold up anyway.
    fn longest_flight(&self) -> Duration {
        self.health.iter().map(|health| health.unit.timeout).min().unwrap_or_default()
    }

    /// Sends them and hears what each is answered; `None`: the link sends no two together. `open` has a place for each,
    /// and says which of them are on their way, also when the link is lost.
    async fn fly(&mut self, flight: &[Member], open: &mut [bool]) -> Result<Option<Course>, Lost> {
        let requests: Vec<(Request, Duration)> =
            flight.iter().map(|member| (member.request.into(), member.patience)).collect();
        let started = Instant::now();
        let sent = self.link.send_all(&requests).await?;
        if sent == 0 {
            return Ok(None);
        }
        open.iter_mut().take(sent).for_each(|is_open| *is_open = true);
        let first = Duration::ZERO;
        let mut course = Course { started, since: started, first, heard: 0, has_failed: false };
        while let Some((place, exchange)) = self.link.hear().await? {
            let Some(member) = flight.get(place) else { continue };
            if let Some(is_open) = open.get_mut(place) {
                *is_open = false;
            }
            let is_first = course.heard == 0 && exchange.answer.is_ok();
            let purpose = Purpose {
                at: self.place_of(member),
                device: member.device,
                patience: member.patience,
                teaches: if is_first { Teaches::Pace } else { Teaches::Nothing },
            };
            let ended = Instant::now();
            let spent = ended.saturating_duration_since(course.since);
            if course.heard == 0 {
                course.first = spent;
            }
            (course.since, course.heard) = (ended, course.heard + 1);
            let (asked, answer) =
                self.account(purpose, member.request.into(), exchange, (started, ended), spent);
            course.has_failed |= self.landed(&asked, answer, flight.len());
            self.show_state(member.device);
        }
        Ok(Some(course))
    }

    /// What becomes of one of a flight of `of`; whether it failed by being one.
    fn landed(&mut self, asked: &Asked, answer: Result<Answered, Unanswered>, of: usize) -> bool {
        let has_failed = match &answer {
            Err(_) => true,
            // What a server says to more than it takes (Messaging on TCP/IP Implementation Guide V1.0b).
            Ok(answered) => matches!(
                answered.answer,
                Answer::Exception(ExceptionCode::ServerDeviceBusy | ExceptionCode::Acknowledge)
            ),
        };
        if has_failed && let Some(task) = self.tasks.get_mut(asked.at) {
            task.goes_alone = true;
        }
        match answer {
            Ok(answered) => self.answered(asked, answered),
            Err(_) => {
                let (what, waited) = (self.describe(asked), asked.patience.as_millis());
                let error = format!("{what}: no reply within {waited} ms, with {of} on their way");
                self.reports.update(self.outlet, asked.device, |report| {
                    report.counters.timeouts += 1;
                    report.last_error = Some(error);
                });
            }
        }
        has_failed
    }

    /// Where the task of `member` is now; no task's place if the plan has it no more.
    fn place_of(&self, member: &Member) -> usize {
        let is_its = |at: &usize| {
            self.tasks.get(*at).zip(self.health.get(member.device.at())).is_some_and(
                |(task, health)| {
                    task.block.device == member.device
                        && task.block.request(health.unit.id) == member.request
                },
            )
        };
        let mut places = std::iter::once(member.at).chain(0..self.tasks.len());
        places.find(is_its).unwrap_or(usize::MAX)
    }

    /// Learns what a request takes of the channel's time in a flight as full as may be: a share of the first answer's
    /// time, and what each further one takes behind it.
    fn flight_succeeded(&mut self, flight: &[Member], course: &Course) {
        let most = u32::from(self.site.channel.max_in_flight);
        let took = course.since.saturating_duration_since(course.started);
        let further = took.saturating_sub(course.first) / course.heard.saturating_sub(1).max(1);
        let turn = (course.first + further * most.saturating_sub(1)) / most.max(1);
        for member in flight {
            if let Some(health) = self.health.get_mut(member.device.at()) {
                health.turn.answered(turn, false);
            }
        }
        self.lessons.depth(Depth::succeeded);
    }

    fn flight_failed(&mut self) {
        self.lessons.depth(|depth| depth.failed(Instant::now()));
        self.tell_depth();
    }

    /// Says that it is one request at a time, if that is news.
    pub(super) fn tell_depth(&mut self) {
        if !self.lessons.depth(Depth::is_news) {
            return;
        }
        let most = self.site.channel.max_in_flight;
        let minutes = ALONE_FOR.as_secs() / 60;
        tracing::warn!(
            channel = self.site.name,
            max_in_flight = most,
            "the server does not answer several requests at once: one at a time for {minutes} minutes, or until the next start"
        );
        for device in (0..).map(DeviceIndex).take(self.health.len()) {
            self.reports.update(self.outlet, device, |report| {
                report.last_error = Some(format!(
                    "several requests at once (max_in_flight = {most}) are not all answered: one at a time for {minutes} minutes"
                ));
            });
        }
    }
}
