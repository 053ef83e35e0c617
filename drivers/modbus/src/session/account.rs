//! What an exchange took and what else came: counted for the devices, and told.

use std::time::Duration;

use pointcast_api::{DeviceIndex, DeviceState};
use tokio::time::Instant;

use super::task::Task;
use super::{Asked, Purpose, Session, tally};
use crate::frame::Request;
use crate::link::{Answered, Exchange, Link, Lost, StrayKind, Strays, Unanswered};

impl<L: Link> Session<'_, L> {
    /// Accounts for a request that took `spent` of the channel's time, and for what else came.
    pub(super) fn account(
        &mut self,
        Purpose { at, device, patience, teaches }: Purpose,
        request: Request,
        Exchange { answer, strays }: Exchange,
        (started, ended): (Instant, Instant),
        spent: Duration,
    ) -> (Asked, Result<Answered, Unanswered>) {
        let withheld = matches!(answer, Err(Unanswered::Withheld));
        if answer.is_err() && !withheld {
            // Whatever was in vain, somebody who is there comes next.
            self.doubtful_share.spent(spent, ended);
        }
        if let Some(health) = self.health.get_mut(device.at()).filter(|_| !withheld) {
            health.share.spent(spent, ended);
        }
        if !withheld && !matches!(answer, Err(Unanswered::MaybeEcho)) {
            self.reports.update(self.outlet, device, |report| report.counters.requests += 1);
        }
        let damaged = strays.iter().filter(|stray| stray.kind == StrayKind::Garbled);
        let garbled = damaged.map(|stray| stray.count).sum();
        let asked = Asked { at, device, request, started, ended, patience, teaches, garbled };
        self.count(&strays, Some(&asked));
        (asked, answer)
    }

    /// Counts what was thrown away, for the unit it came from or else the one that was asked.
    pub(super) fn count(&mut self, strays: &Strays, asked: Option<&Asked>) {
        for stray in strays.iter() {
            let known = |unit| self.site.units.iter().position(|known| known.id == unit);
            // Another unit's frame in answer to one's request is the trouble of whoever was asked.
            let unit = stray.unit.filter(|_| stray.kind != StrayKind::Foreign || asked.is_none());
            let from = unit.and_then(known).and_then(|at| u32::try_from(at).ok());
            let device = from.map(DeviceIndex).or_else(|| asked.map(|asked| asked.device));
            let Some(device) = device.or(self.only_device()) else {
                if stray.kind != StrayKind::Late {
                    self.count_of_channel(stray.count);
                }
                continue;
            };
            if stray.kind == StrayKind::Late {
                // A reply like any other, but for its time: no noise.
                self.reports.update(self.outlet, device, |report| {
                    tally::count(&mut report.counters, stray);
                });
                continue;
            }
            let after = asked.map_or_else(|| "while idle".to_owned(), |a| self.describe(a));
            let error = format!("{after}: {}", stray.kind.words());
            if self.health.get_mut(device.at()).is_some_and(|health| health.noise.heard()) {
                tracing::warn!(
                    channel = self.site.name,
                    device = self.name(device),
                    error,
                    "bytes that are no valid reply; told once until it is quiet again"
                );
            }
            self.reports.update(self.outlet, device, |report| {
                tally::count(&mut report.counters, stray);
                report.last_error = Some(error);
            });
        }
    }

    /// Counts what came and could not be understood, so that the link was lost over it: for the device that was asked,
    /// or for the channel where that could be any of several.
    pub(super) fn count_lost(&mut self, lost: &Lost, asked: Option<DeviceIndex>) {
        if !matches!(lost, Lost::OutOfStep { .. } | Lost::Flood { .. }) {
            return;
        }
        let Some(device) = asked.or(self.only_device()) else {
            self.count_of_channel(1);
            return;
        };
        self.reports.update(self.outlet, device, |report| {
            report.counters.damaged += 1;
            report.counters.malformed += 1;
        });
    }

    /// Counts a request under which the link was lost: no valid reply came to it, nor will.
    pub(super) fn count_unanswered(&mut self, lost: &Lost, device: DeviceIndex) {
        if matches!(lost, Lost::Stuck) {
            // It was not sent.
            return;
        }
        self.reports.update(self.outlet, device, |report| {
            report.counters.requests += 1;
            report.counters.timeouts += 1;
        });
    }

    /// What came that nobody can tell whose it is.
    fn count_of_channel(&self, count: u64) {
        self.reports.update_all(|report| report.counters.channel_malformed += count);
    }

    fn only_device(&self) -> Option<DeviceIndex> {
        (self.health.len() == 1).then_some(DeviceIndex(0))
    }

    /// Unit, function and address of a request.
    pub(super) fn describe(&self, asked: &Asked) -> String {
        format!("unit {}, {}", asked.request.unit(), asked.request)
    }

    pub(super) fn name(&self, device: DeviceIndex) -> &str {
        self.site.devices.get(device.at()).map_or("", |device| device.name.as_str())
    }

    /// Says how a device is if that is another state than before.
    pub(super) fn show_state(&self, device: DeviceIndex) {
        let Some(health) = self.health.get(device.at()) else { return };
        let fails = |task: &Task| task.block.device == device && task.failing;
        let state = if health.patience.is_lost() || !health.has_answered {
            DeviceState::Offline
        } else if self.tasks.iter().any(fails) {
            DeviceState::Degraded
        } else {
            DeviceState::Online
        };
        self.reports.update(self.outlet, device, |report| report.state = state);
    }
}
