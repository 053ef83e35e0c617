//! What is asked now, told outwards when it changes: what a session learns makes it another plan than the start's.

use std::time::Duration;

use pointcast_api::{DeviceIndex, PlannedRequest};
use tokio::time::Instant;

use super::Session;
use super::task::Task;
use crate::address::Table;
use crate::learner::Paces;
use crate::link::Link;
use crate::plan::Learned;
use crate::planned::planned;

/// How often at most predicted times are told anew although the same is asked.
const PACES_EVERY: Duration = Duration::from_secs(10);

/// By what part of it a pace must be another one to be told.
const NEWS_PART: u32 = 10;

/// By how much at least: on a fast network a pace moves by tens of microseconds all the time, and that is no news.
const NEWS_LEAST: Duration = Duration::from_micros(200);

/// What was told of each task the last time.
#[derive(Debug, Default)]
pub(super) struct ToldPlan {
    lines: Vec<Line>,
    /// What predicted times rested on.
    paces: Paces,
    at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    device: DeviceIndex,
    table: Table,
    first: u16,
    quantity: u16,
    points: usize,
    every: Duration,
    is_refused: bool,
}

impl Line {
    fn of(task: &Task, learned: &Learned) -> Self {
        let block = &task.block;
        Self {
            device: block.device,
            table: block.table,
            first: block.first,
            quantity: block.quantity,
            points: block.points.len(),
            every: task.slot.interval(),
            is_refused: task.is_refused() || learned.is_refused(block),
        }
    }
}

impl<L: Link> Session<'_, L> {
    /// Tells what is asked now, by device and address, if that is not what was told before.
    ///
    /// Predicted times are those of devices as fast as they are now: what is planned with changes only where that
    /// matters to the plan.
    pub(super) fn tell_plan(&mut self, now: Instant) {
        let mut paces = self.paces.clone();
        paces.learn(self.health.iter().map(|health| health.turn.settled()).collect());
        let may_tell = self.told_plan.at.is_none_or(|at| now >= at + PACES_EVERY);
        let is_slower_or_faster =
            may_tell && paces.differ_from(&self.told_plan.paces, NEWS_PART, NEWS_LEAST);
        let (tasks, told) = (&self.tasks, &self.told_plan.lines);
        let news = self.lessons.with(|learned| {
            let is_same = told.len() == tasks.len()
                && tasks.iter().zip(told).all(|(task, line)| Line::of(task, learned) == *line);
            (!is_same || is_slower_or_faster)
                .then(|| tasks.iter().map(|task| Line::of(task, learned)).collect())
        });
        let Some(lines) = news else { return };
        self.told_plan = ToldPlan { lines, paces, at: Some(now) };
        let mut asked: Vec<(&Line, &Task)> = self.told_plan.lines.iter().zip(&self.tasks).collect();
        asked.sort_by_key(|(line, _)| (line.device.0, line.table, line.first));
        let request = |(line, task): (&Line, &Task)| {
            planned(self.site, &self.told_plan.paces, &task.block, line.every, line.is_refused)
        };
        let requests: Vec<PlannedRequest> = asked.into_iter().filter_map(request).collect();
        self.outlet.plan(requests);
    }
}
