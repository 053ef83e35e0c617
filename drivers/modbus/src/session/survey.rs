//! Surveys: where a device has its SunSpec models. A task as any other walks the chain, model by model.
//!
//! It is walked at the beginning of each session and whenever the device may be another one than before: when it
//! answers again after it was lost, when it refuses what it had, when a reply shows that a model is not where it
//! was. Until the walk is over everything stays as it was, as each reply is known by the header in it. What it
//! finds becomes the layout together with the plan that follows from it, never between two parts of an inquiry.
//! While something that is configured is not there, the chain is walked again, more and more rarely, but at least once a minute.

use std::time::Duration;

use pointcast_api::{DeviceIndex, Failure, PointIndex, Rationed, Reading, Sample, UnixMs};
use tokio::time::Instant;

use super::task::Task;
use super::{Asked, Session};
use crate::address::Table;
use crate::decode::Content;
use crate::link::Link;
use crate::plan::Block;
use crate::settings::Site;
use crate::sunspec::{Chain, Layout, NoChain, Placement, Sought, Step, Walk};

/// Least time between two walks that a suspicion gives rise to: a device that contradicts itself is read on.
const SUSPECT_INTERVAL: Duration = Duration::from_secs(10);

/// Longest time until a walk that found not everything is taken up again: for whoever waits for a model to appear, and
/// next to nothing of a bus's time.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often a walk is taken up, for a device whose points say nothing.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// The surveys of all devices, by device.
#[derive(Debug)]
pub(super) struct Surveys(Vec<Survey>);

#[derive(Debug)]
struct Survey {
    walk: Walk,
    /// What the last walk found; `None` also before there was one.
    known: Option<Chain>,
    /// Whether that is not in the layout yet.
    is_news: bool,
    /// No suspicion counts before.
    suspect_at: Option<Instant>,
    /// Log lines about what is not there.
    rationed: Rationed,
}

impl Surveys {
    pub(super) fn new(site: &Site) -> Self {
        let survey = |sought: &Sought| Survey {
            walk: Walk::new(sought.bases()),
            known: None,
            is_news: false,
            suspect_at: None,
            rationed: Rationed::default(),
        };
        Self(site.sought.iter().map(survey).collect())
    }
}

/// What every session begins with: one block for each device of which something is sought.
pub(super) fn first(site: &Site, layout: &Layout<'_>) -> Vec<Block> {
    let devices = (0..).map(DeviceIndex).zip(&site.sought);
    devices.filter_map(|(device, sought)| begin(device, sought, layout)).collect()
}

fn begin(device: DeviceIndex, sought: &Sought, layout: &Layout<'_>) -> Option<Block> {
    if sought.is_empty() {
        return None;
    }
    let interval = layout.interval(sought).unwrap_or(DEFAULT_INTERVAL);
    block(&Walk::new(sought.bases()).step(), device, interval)
}

/// The block that reads what is to be read next.
fn block(step: &Step, device: DeviceIndex, interval: Duration) -> Option<Block> {
    let Step::Read { first, quantity } = *step else { return None };
    let table = Table::HoldingRegisters;
    Some(Block { device, table, first, quantity, interval, points: Vec::new() })
}

impl<L: Link> Session<'_, L> {
    /// The points of a device that are nowhere.
    pub(super) fn nowhere(&self, device: DeviceIndex) -> Vec<PointIndex> {
        let sought = self.site.sought.get(device.at());
        sought.map(|sought| self.layout.nowhere(sought)).unwrap_or_default()
    }

    /// A device answers again that was lost: it may be another one.
    pub(super) fn survey_returned(&mut self, asked: &Asked) {
        let is_start = self.surveys.0.get(asked.device.at()).is_some_and(|s| s.walk.is_at_start());
        // What it answered may be that its marker is there: the walk goes on.
        if !(is_start && self.tasks.get(asked.at).is_some_and(Task::is_survey)) {
            self.survey(asked.device, asked.ended);
        }
    }

    /// Walks along a device's chain from the beginning.
    pub(super) fn survey(&mut self, device: DeviceIndex, now: Instant) {
        let Some(sought) = self.site.sought.get(device.at()) else { return };
        let Some(block) = begin(device, sought, &self.layout) else { return };
        if let Some(survey) = self.surveys.0.get_mut(device.at()) {
            survey.walk = Walk::new(sought.bases());
        }
        match self.survey_of(device) {
            Some(task) => {
                task.go_on(block, now);
                task.probe_at(now);
            }
            None => {
                let interval = block.interval;
                self.tasks.push(Task::new(block, interval, now, now));
            }
        }
    }

    /// The walk that is under way in a device, or waits to be taken up again.
    fn survey_of(&mut self, device: DeviceIndex) -> Option<&mut Task> {
        let mut surveys = self.tasks.iter_mut().filter(|task| task.is_survey());
        surveys.find(|task| task.block.device == device)
    }

    /// A reply showed another model than there should be.
    pub(super) fn astray(&mut self, asked: &Asked) {
        let error = format!("{}: a SunSpec model is not where it was", self.describe(asked));
        self.reports.update(self.outlet, asked.device, |report| report.last_error = Some(error));
        self.suspect(asked);
    }

    /// The device may have other models than before: looks, unless it did so lately.
    pub(super) fn suspect(&mut self, asked: &Asked) {
        let Some(survey) = self.surveys.0.get_mut(asked.device.at()) else { return };
        if survey.suspect_at.is_some_and(|at| asked.ended < at) {
            return;
        }
        survey.suspect_at = Some(asked.ended + SUSPECT_INTERVAL);
        match self.survey_of(asked.device) {
            Some(task) => task.probe_at(asked.ended),
            None => self.survey(asked.device, asked.ended),
        }
    }

    /// The next part of a chain was read, or the device has no such registers (`None`).
    pub(super) fn surveyed(&mut self, asked: &Asked, found: Option<&Content>, arrived: UnixMs) {
        let asked_again =
            |task: &Task| asked.request != task.block.request(asked.request.unit()).into();
        if self.tasks.get(asked.at).is_none_or(asked_again) {
            // The walk began anew meanwhile.
            return;
        }
        let Some(survey) = self.surveys.0.get_mut(asked.device.at()) else { return };
        let read = match found {
            Some(Content::Registers(registers)) => Some(registers.as_slice()),
            Some(Content::Bits(_)) | None => None,
        };
        let step = survey.walk.take(read);
        if let Step::Over(over) = step {
            return self.settle(asked, over, arrived);
        }
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        if let Some(next) = block(&step, asked.device, task.block.interval) {
            task.go_on(next, asked.ended);
        }
    }

    /// Nobody answered: what is asked the next time.
    pub(super) fn survey_unanswered(&mut self, asked: &Asked) {
        let Some(task) = self.tasks.get_mut(asked.at).filter(|task| task.is_survey()) else {
            return;
        };
        let Some(survey) = self.surveys.0.get_mut(asked.device.at()) else { return };
        if let Some(next) = block(&survey.walk.unanswered(), asked.device, task.block.interval) {
            task.block = next;
        }
    }

    /// A walk is over.
    fn settle(&mut self, asked: &Asked, over: Result<Chain, NoChain>, arrived: UnixMs) {
        let site = self.site;
        let Some(sought) = site.sought.get(asked.device.at()) else { return };
        let (chain, missing, why) = match over {
            Ok(chain) => {
                let Placement { missing, why, .. } = sought.placement(&chain);
                (Some(chain), missing, why)
            }
            Err(why) => (None, sought.points().collect(), Some(why.to_string())),
        };
        let failed = |point: PointIndex| Sample {
            point,
            reading: Reading::Failed(Failure::DeviceError),
            time: arrived,
        };
        self.outlet.put(&missing.into_iter().map(failed).collect::<Vec<_>>());
        self.tell_found(asked, chain.as_ref(), why.as_deref());
        let Some(survey) = self.surveys.0.get_mut(asked.device.at()) else { return };
        // A session before this one may have found what is gone now.
        if survey.known != chain || chain.is_none() {
            survey.is_news = true;
            self.inquiries.replan_due = true;
        }
        survey.known = chain;
        self.end_survey(asked, sought, why.is_some());
        self.replan(asked.ended);
    }

    /// What was found, for people.
    fn tell_found(&mut self, asked: &Asked, chain: Option<&Chain>, why: Option<&str>) {
        let Some(survey) = self.surveys.0.get_mut(asked.device.at()) else { return };
        let is_news = survey.known.as_ref() != chain;
        let is_due = why.is_some() && survey.rationed.is_due(asked.ended);
        let device = self.name(asked.device);
        match (chain, why) {
            (Some(chain), None) if is_news => {
                tracing::info!(device, models = %chain, "its SunSpec models");
            }
            (_, Some(why)) if is_news || is_due => {
                tracing::warn!(device, error = why, "points cannot be read");
            }
            _ => {}
        }
        if let Some(why) = why {
            let error = format!("unit {}: {why}", asked.request.unit());
            self.reports
                .update(self.outlet, asked.device, |report| report.last_error = Some(error));
        }
    }

    /// The task of a walk that is over: gone, or once more from the beginning where something is not there.
    fn end_survey(&mut self, asked: &Asked, sought: &Sought, is_lacking: bool) {
        if !is_lacking {
            if asked.at < self.tasks.len() {
                self.tasks.remove(asked.at);
            }
            return;
        }
        let walk = Walk::new(sought.bases());
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        if let Some(first) = block(&walk.step(), asked.device, task.block.interval) {
            task.block = first;
        }
        task.slot.asked(asked.started);
        task.refuse(true, asked.ended);
        let latest = (asked.ended + LONGEST_PAUSE).max(asked.ended + task.slot.interval());
        if task.slot.due() > latest {
            task.slot.begin_at(latest);
        }
        if let Some(survey) = self.surveys.0.get_mut(asked.device.at()) {
            survey.walk = walk;
        }
    }

    /// Takes over into the layout what was found.
    pub(super) fn place_found(&mut self) {
        let site = self.site;
        let surveys = (0..).map(DeviceIndex).zip(&mut self.surveys.0).zip(&site.sought);
        for ((device, survey), sought) in surveys {
            if !std::mem::take(&mut survey.is_news) {
                continue;
            }
            match &survey.known {
                Some(chain) => self.layout.place(sought, &sought.placement(chain)),
                None => self.layout.clear(sought),
            }
            self.lessons.keep_chain(device, survey.known.clone());
        }
    }
}
