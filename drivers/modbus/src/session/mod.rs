//! One session on an open link: asks block after block, puts what is answered, and tells how devices are.
//!
//! Invariants: one request at a time, or a flight of several reads at once (`flight`); one reply is one batch, with the
//! time it arrived; a unit that does not answer turns its own points bad and nobody else's. A session ends only when
//! its link is lost.

mod account;
mod bisect;
mod flight;
mod live;
mod outcome;
mod refusals;
mod revision;
mod search;
mod survey;
mod tally;
mod task;
mod writes;

use std::time::Duration;

use pointcast_api::{DeviceIndex, Inlet, Outlet, Reports, UnixMs};
use tokio::time::Instant;

use crate::driver::Lessons;
use crate::frame::Request;
use crate::learner::{Bounds, Pace, Paces};
use crate::link::{Answered, Link, Lost, MayGo, Unanswered};
use crate::patience::{
    Busy, LOST_AFTER, PARTS_BESIDE_DOUBTFUL, PARTS_BESIDE_LOST, Patience, WaitingShare,
};
use crate::plan::Block;
use crate::schedule::{self, Next, Rhythm};
use crate::settings::{Site, Unit};
use crate::sunspec::Layout;
use live::ToldPlan;
use refusals::Inquiries;
use survey::Surveys;
use tally::{Noise, Share, Skips};
use task::Task;
use writes::Queue;

/// Reports that changed are told this often.
const TELL_INTERVAL: Duration = Duration::from_secs(1);

/// One session at work.
pub(crate) struct Session<'a, L> {
    site: &'a Site,
    lessons: &'a Lessons,
    reports: &'a Reports,
    outlet: &'a dyn Outlet,
    link: L,
    rhythm: Rhythm,
    /// How fast devices answer, as the plan rests on it.
    paces: Paces,
    /// By how much the intervals of each device are revised for that.
    stretches: Vec<f64>,
    revise_at: Instant,
    tasks: Vec<Task>,
    inquiries: Inquiries,
    /// Where the points are.
    layout: Layout<'a>,
    surveys: Surveys,
    writes: Queue,
    /// By device.
    health: Vec<Health>,
    lost_share: WaitingShare,
    doubtful_share: WaitingShare,
    /// Requests in a row that nobody answered.
    unanswered: u32,
    skips: Skips,
    /// The read that was next waits, because something was to be written.
    gave_way: bool,
    told_plan: ToldPlan,
    tell_at: Instant,
}

/// How a device has been in this session.
struct Health {
    unit: Unit,
    /// How long it takes to answer.
    pace: Pace,
    /// How much of the channel's time a request takes: as `pace`, but where several go together.
    turn: Pace,
    patience: Patience,
    busy: Busy,
    has_answered: bool,
    noise: Noise,
    share: Share,
}

/// How far an answer is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// The unit answered the last time.
    Sure,
    /// It did not, or was not heard in this session yet.
    Doubtful,
    /// It, or this block of it, has been silent again and again.
    Lost,
}

/// What a request is made for.
struct Purpose {
    /// The task; no task's place where it is for none.
    at: usize,
    device: DeviceIndex,
    /// How long an answer is waited for.
    patience: Duration,
    teaches: Teaches,
}

/// What is learned from how long an answer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Teaches {
    /// How fast the device is, and what a request takes of the channel's time.
    All,
    /// How fast the device is: of a flight, the first to be answered.
    Pace,
    /// Nothing: it was asked before in this slot and not answered, or others were answered before it.
    Nothing,
}

impl Purpose {
    /// For no task: a write, or a read because of one. The whole timeout is waited.
    fn alone(device: DeviceIndex, unit: Unit) -> Self {
        Self { at: usize::MAX, device, patience: unit.timeout, teaches: Teaches::All }
    }
}

/// A request that was made, for those who judge what came of it.
struct Asked {
    at: usize,
    device: DeviceIndex,
    request: Request,
    started: Instant,
    ended: Instant,
    /// How long an answer was waited for.
    patience: Duration,
    teaches: Teaches,
    /// How often something came that was garbled.
    garbled: u64,
}

impl<'a, L: Link> Session<'a, L> {
    /// A session that asks for everything at once and has heard of nobody yet.
    pub(crate) fn new(
        site: &'a Site,
        lessons: &'a Lessons,
        reports: &'a Reports,
        outlet: &'a dyn Outlet,
        link: L,
    ) -> Self {
        let now = Instant::now();
        let paces = lessons.paces();
        let layout = Layout::unknown(&site.wants, &site.decoders, &site.sought);
        let blocks = lessons.with(|learned| site.plan_of(layout.wants(), learned, &paces));
        let stretches = site.fair_factors(&blocks, &paces);
        // Nothing is due while the line still rests: that is no want of time.
        let rhythm = Rhythm::new(&site.name, now);
        let surveys = survey::first(site, &layout);
        let begin = |(place, block): (usize, Block)| {
            let unit = site.units.get(block.device.at());
            let rest = unit.and_then(|unit| link.rests_until(unit.id));
            let every = revision::interval(&block, &stretches);
            let begin = rhythm.begin(every, place);
            Task::new(block, every, rest.map_or(now, |rest| rest.max(now)), begin)
        };
        let health = |unit: &Unit| Health {
            unit: *unit,
            pace: Pace::default(),
            turn: Pace::default(),
            patience: Patience::default(),
            busy: Busy::default(),
            has_answered: false,
            noise: Noise::default(),
            share: Share::new(now),
        };
        Self {
            site,
            lessons,
            reports,
            outlet,
            rhythm,
            tasks: surveys.into_iter().chain(blocks).enumerate().map(begin).collect(),
            paces,
            stretches,
            revise_at: now,
            link,
            inquiries: Inquiries::default(),
            layout,
            surveys: Surveys::new(site),
            writes: Queue::new(site.units.len()),
            health: site.units.iter().map(health).collect(),
            lost_share: WaitingShare::new(PARTS_BESIDE_LOST),
            doubtful_share: WaitingShare::new(PARTS_BESIDE_DOUBTFUL),
            unanswered: 0,
            skips: Skips::default(),
            gave_way: false,
            told_plan: ToldPlan::default(),
            tell_at: now + TELL_INTERVAL,
        }
    }

    /// Asks, and writes what `inlet` brings, until the link is lost.
    ///
    /// # Cancellation
    /// Safe at any await: the link is dropped with the session, and with it whatever was on its way. Commands
    /// that were not answered say by themselves what is known of them.
    pub(crate) async fn serve(&mut self, inlet: &mut Inlet) -> Lost {
        self.tell_depth();
        loop {
            if let Err(lost) = self.step(inlet).await {
                self.writes.close();
                return lost;
            }
        }
    }

    /// Asks until the link is lost, and nobody writes.
    #[cfg(test)]
    pub(crate) async fn run(mut self) -> Lost {
        self.serve(&mut pointcast_api::command_queue().1).await
    }

    async fn step(&mut self, inlet: &mut Inlet) -> Result<(), Lost> {
        let now = Instant::now();
        if now >= self.tell_at {
            self.tell(now);
        }
        while let Some(command) = inlet.try_next() {
            self.accept(command);
        }
        let read = self.next(now);
        let look_again = match self.next_write(now, matches!(read, Next::Ask(_))) {
            // Writes are rare, and take more memory than all the rest: only while they last.
            Ok(step) => return Box::pin(self.write_step(step)).await,
            Err(look_again) => look_again,
        };
        match read {
            Next::Ask(at) => {
                // What is written goes before a read that waits for its silence, but no read gives way twice.
                let must_go = self.gave_way || self.writes.owes_a_read();
                let may_go = || must_go || inlet.is_empty();
                match self.site.channel.max_in_flight {
                    1 => self.ask(at, &may_go).await,
                    _ => self.ask_together(at, now).await,
                }
            }
            Next::Wait(until) => {
                let until = [until, look_again].into_iter().flatten().min();
                let until = until.map_or(self.tell_at, |until| until.min(self.tell_at));
                // Both arms are cancel-safe. A command ends the idling: it may go out at once.
                let heard = tokio::select! {
                    biased;
                    command = inlet.next() => {
                        self.accept(command);
                        return Ok(());
                    }
                    heard = self.link.idle(until) => heard,
                };
                match heard {
                    Ok(strays) => self.count(&strays, None),
                    Err(lost) => {
                        self.count_lost(&lost, None);
                        return Err(lost);
                    }
                }
                Ok(())
            }
        }
    }

    /// Which block is asked next, or until when nothing is.
    fn next(&self, now: Instant) -> Next {
        let anybody_sure = self.tasks.iter().any(|task| self.trust(task) == Trust::Sure);
        let slots = self.tasks.iter().map(|task| (&task.slot, self.gate(task, anybody_sure)));
        schedule::next(now, slots)
    }

    /// Before when a block must not be asked.
    fn gate(&self, task: &Task, anybody_sure: bool) -> Option<Instant> {
        let health = self.health.get(task.block.device.at())?;
        let share = match self.trust(task) {
            Trust::Sure => None,
            Trust::Doubtful => self.doubtful_share.not_before(),
            Trust::Lost => self.lost_share.not_before().max(self.doubtful_share.not_before()),
        };
        let rest = self.link.rests_until(health.unit.id);
        let pause = health.patience.not_before().max(task.patience.not_before());
        let pause = pause.max(health.busy.not_before());
        rest.max(pause).max(share.filter(|_| anybody_sure))
    }

    /// How far an answer is to be expected.
    fn trust(&self, task: &Task) -> Trust {
        let Some(health) = self.health.get(task.block.device.at()) else { return Trust::Lost };
        if health.patience.is_lost() || task.patience.is_lost() {
            Trust::Lost
        } else if health.patience.is_silent() || !health.has_answered {
            Trust::Doubtful
        } else {
            Trust::Sure
        }
    }

    async fn ask(&mut self, at: usize, may_go: &MayGo<'_>) -> Result<(), Lost> {
        let Some(task) = self.tasks.get(at) else { return Ok(()) };
        let device = task.block.device;
        let Some(health) = self.health.get(device.at()) else { return Ok(()) };
        let trust = self.trust(task);
        let request = task.block.request(health.unit.id);
        let teaches = if task.tries > 0 { Teaches::Nothing } else { Teaches::All };
        let purpose = Purpose { at, device, patience: self.wait(task, health), teaches };
        let (asked, answer) = self.exchange(purpose, request.into(), may_go).await?;
        self.gave_way = matches!(answer, Err(Unanswered::Withheld));
        if self.gave_way {
            return Ok(());
        }
        self.writes.count_read();
        if answer.is_err() && trust == Trust::Lost {
            self.lost_share
                .spent(asked.ended.saturating_duration_since(asked.started), asked.ended);
        }
        match answer {
            Ok(answered) => self.answered(&asked, answered),
            Err(why) => self.unanswered(&asked, why)?,
        }
        self.show_state(device);
        Ok(())
    }

    /// How long to wait for an answer: as learned where another try follows, else as configured.
    fn wait(&self, task: &Task, health: &Health) -> Duration {
        let bounds = Bounds { least: health.unit.timeout_min, most: health.unit.timeout };
        let more_tries = task.tries < u32::from(self.site.channel.retries);
        health.pace.timeout(bounds, self.trust(task) != Trust::Sure || !more_tries)
    }

    /// Asks a device and accounts for what that took and for what else came.
    async fn exchange(
        &mut self,
        purpose: Purpose,
        request: Request,
        may_go: &MayGo<'_>,
    ) -> Result<(Asked, Result<Answered, Unanswered>), Lost> {
        let started = Instant::now();
        let exchange = match self.link.ask_if(&request, purpose.patience, may_go).await {
            Ok(exchange) => exchange,
            Err(lost) => {
                self.count_lost(&lost, Some(purpose.device));
                self.count_unanswered(&lost, purpose.device);
                return Err(lost);
            }
        };
        let ended = Instant::now();
        let spent = ended.saturating_duration_since(started);
        Ok(self.account(purpose, request, exchange, (started, ended), spent))
    }

    fn tell(&mut self, now: Instant) {
        self.tell_at = now + TELL_INTERVAL;
        for (device, health) in (0..).map(DeviceIndex).zip(&self.health) {
            let lately = health.share.lately(now);
            self.reports.update(self.outlet, device, |report| report.utilisation = Some(lately));
        }
        self.revise(now);
        self.tell_plan(now);
        self.reports.tell(self.outlet);
    }

    /// How many silences in a row make somebody lost: never fewer than one slot's tries.
    fn lost_after(&self) -> u32 {
        LOST_AFTER.max(u32::from(self.site.channel.retries) + 1)
    }
}

#[cfg(test)]
mod storm;
#[cfg(test)]
mod tests;
