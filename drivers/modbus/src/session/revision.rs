//! What is planned anew when devices turn out to be slower or faster than it was assumed.
//!
//! Plan and admission rest on how long devices take to answer. What was measured takes the place of what was
//! configured when it differs enough to matter ([`matters`]), and seldom ([`REVISE_EVERY`]). Where the channel then
//! has not the time for everything, the intervals of the devices that take the most are revised, and nobody else's.

use std::time::Duration;

use pointcast_api::DeviceIndex;
use tokio::time::Instant;

use super::Session;
use super::task::{self, Task};
use crate::admission::stretched;
use crate::learner::matters;
use crate::link::Link;
use crate::plan::Block;

/// How often at most measures change the plan: what is read together, and when, is not to wander.
pub(super) const REVISE_EVERY: Duration = Duration::from_secs(60);

impl<L: Link> Session<'_, L> {
    /// Plans anew if what was measured is another matter than what was planned with.
    pub(super) fn revise(&mut self, now: Instant) {
        if now < self.revise_at {
            return;
        }
        let planned = |at: usize| self.paces.of(at).unwrap_or(self.site.channel.assumed_pace());
        let measured: Vec<_> = self.health.iter().map(|health| health.turn.settled()).collect();
        let news = measured
            .iter()
            .enumerate()
            .any(|(at, measured)| measured.is_some_and(|measured| matters(planned(at), measured)));
        if !news {
            return;
        }
        self.revise_at = now + REVISE_EVERY;
        self.paces.learn(measured);
        self.lessons.keep_paces(&self.paces);
        self.inquiries.replan_due = true;
        self.replan(now);
    }

    /// Takes over a new plan if one is due and nothing is being found out any more.
    pub(super) fn replan(&mut self, now: Instant) {
        if !self.inquiries.replan_due || !self.inquiries.is_idle() {
            return;
        }
        self.inquiries.replan_due = false;
        self.place_found();
        let wants = self.layout.wants();
        let blocks = self.lessons.with(|learned| self.site.plan_of(wants, learned, &self.paces));
        self.stretch(&blocks);
        let factors = std::mem::take(&mut self.stretches);
        let interval = |block: &Block| interval(block, &factors);
        let surveys: Vec<Task> = self.tasks.extract_if(.., |task| task.is_survey()).collect();
        task::replan(&mut self.tasks, blocks, interval, self.rhythm, now);
        self.tasks.extend(surveys);
        self.stretches = factors;
    }

    /// Revises the intervals of the devices that have no room among the others, and says so.
    fn stretch(&mut self, blocks: &[Block]) {
        let factors = self.site.fair_factors(blocks, &self.paces);
        for (device, (before, after)) in
            (0..).map(DeviceIndex).zip(self.stretches.iter().zip(&factors))
        {
            let of_device = |block: &&Block| block.device == device;
            let fastest = blocks.iter().filter(of_device).map(|block| block.interval).min();
            let revised = fastest.filter(|_| *after > 1.0).map(|every| stretched(every, *after));
            self.reports.update(self.outlet, device, |report| report.scan_interval = revised);
            if (*before > 1.0) != (*after > 1.0) {
                let every_ms = revised.or(fastest).unwrap_or_default().as_millis();
                tracing::warn!(
                    channel = self.site.name,
                    device = self.name(device),
                    every_ms,
                    "the channel has {} time for its scan intervals, as fast as it answers",
                    if *after > 1.0 { "not the" } else { "the" }
                );
            }
        }
        self.stretches = factors;
    }
}

/// How often a block is asked, with the stretches of all devices.
pub(super) fn interval(block: &Block, stretches: &[f64]) -> Duration {
    let factor = stretches.get(block.device.at()).copied().unwrap_or(1.0);
    if factor > 1.0 { stretched(block.interval, factor) } else { block.interval }
}
