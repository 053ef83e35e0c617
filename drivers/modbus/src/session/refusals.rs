//! What becomes of a request that was refused: asked again later, searched for what is refused, or failed.

use std::collections::HashMap;

use pointcast_api::{Failure, UnixMs};
use tokio_modbus::ExceptionCode;

use super::bisect::{Bisections, PartOf};
use super::outcome::{is_lacking, minds_the_range};
use super::search::{Found, Search, Step};
use super::task::Task;
use super::{Asked, Session};
use crate::link::Link;
use crate::patience::Busy;
use crate::plan::{Block, halve};

/// Of what a block is a part, while it is found out what of that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inquiry {
    /// What a search asks for next. Its other parts are asked for by nobody meanwhile.
    Search(u64),
    /// One of the parts of a bisection, each of which has a task.
    Part(PartOf),
}

/// All that is under way to find out what is refused.
#[derive(Debug, Default)]
pub(super) struct Inquiries {
    next: u64,
    searches: HashMap<u64, Search>,
    bisections: Bisections,
    /// Whether something was learned that the plan does not know.
    pub(super) replan_due: bool,
}

impl Inquiries {
    fn open(&mut self, search: Search) -> Inquiry {
        self.next += 1;
        self.searches.insert(self.next, search);
        Inquiry::Search(self.next)
    }

    /// Whether nothing is being found out.
    pub(super) fn is_idle(&self) -> bool {
        self.searches.is_empty() && self.bisections.is_idle()
    }
}

impl<L: Link> Session<'_, L> {
    pub(super) fn exception(&mut self, asked: &Asked, code: ExceptionCode, arrived: UnixMs) {
        let error = self.refused(asked, code);
        let is_busy = matches!(code, ExceptionCode::Acknowledge | ExceptionCode::ServerDeviceBusy);
        if is_busy && self.ask_again_later(asked) {
            return;
        }
        if !is_busy {
            self.is_free(asked);
        }
        let (minds_the_range, is_lacking) = (minds_the_range(code), is_lacking(code));
        if is_lacking && self.tasks.get(asked.at).is_some_and(Task::is_survey) {
            return self.surveyed(asked, None, arrived);
        }
        if is_lacking {
            self.suspect(asked);
        }
        if minds_the_range && self.take_apart(asked, &error) {
            return;
        }
        // A device that fails may work in the next slot; one that lacks a register stays without it.
        self.fail_refused(asked, is_lacking, &error, arrived);
        if minds_the_range {
            self.resolve(asked, true);
        } else {
            self.abandon(asked);
        }
    }

    /// The unit asks for patience: it is left alone for a moment.
    pub(super) fn is_busy(&mut self, asked: &Asked) {
        if let Some(health) = self.health.get_mut(asked.device.at()) {
            health.busy.refused(asked.ended);
        }
    }

    /// Leaves a busy unit alone for a moment, unless that was tried often enough: whether it will be asked again.
    fn ask_again_later(&mut self, asked: &Asked) -> bool {
        self.is_busy(asked);
        self.tasks.get_mut(asked.at).is_some_and(Task::is_put_off)
    }

    /// The unit did what it was asked, or will never: it is not busy.
    pub(super) fn is_free(&mut self, asked: &Asked) {
        if let Some(health) = self.health.get_mut(asked.device.at()) {
            health.busy = Busy::default();
        }
    }

    /// The points of a block fail, as it was refused for good or for now.
    fn fail_refused(&mut self, asked: &Asked, for_good: bool, error: &str, arrived: UnixMs) {
        self.slot_served(asked);
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        let news = !task.failing && task.rationed.is_due(asked.ended);
        task.refuse(for_good, asked.ended);
        let block = task.block.clone();
        self.fail(&block, Failure::DeviceError, arrived);
        if news {
            tracing::warn!(device = self.name(asked.device), error, "points cannot be read");
        }
    }

    /// Finds out what of a refused block is refused; `false` when it is a single range, that is, the block itself.
    fn take_apart(&mut self, asked: &Asked, error: &str) -> bool {
        let Some(task) = self.tasks.get(asked.at) else { return false };
        let Some((left, right)) = halve(&task.block, self.layout.wants()) else { return false };
        match task.inquiry {
            None => {
                tracing::info!(
                    device = self.name(asked.device),
                    error,
                    "looks for what is refused by asking for parts"
                );
                let Some((search, first)) = Search::begin(&task.block, self.layout.wants()) else {
                    return false;
                };
                let inquiry = self.inquiries.open(search);
                let part = task.part(first, inquiry);
                self.tasks.splice(asked.at..=asked.at, [part]);
            }
            Some(Inquiry::Search(_)) => self.resolve(asked, true),
            Some(Inquiry::Part(part_of)) => {
                let part_of = self.inquiries.bisections.cut(Some(part_of), &right);
                let parts = [left, right].map(|half| task.part(half, Inquiry::Part(part_of)));
                self.tasks.splice(asked.at..=asked.at, parts);
            }
        }
        true
    }

    /// Notes what an answer or a refusal teaches, and takes over a new plan when one follows.
    pub(super) fn resolve(&mut self, asked: &Asked, refused: bool) {
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        match task.inquiry.take() {
            None => {
                let block = &task.block;
                if !refused && self.lessons.change(|learned| learned.remove_hole(block)) {
                    self.inquiries.replan_due = true;
                    self.probe_holes(asked);
                }
            }
            Some(Inquiry::Search(id)) => self.search_on(id, asked, refused),
            Some(Inquiry::Part(part)) => {
                let hole = refused.then_some(&task.block);
                let bisections = &mut self.inquiries.bisections;
                let settled =
                    self.lessons.change(|learned| bisections.resolve(part, hole, learned));
                self.inquiries.replan_due |= settled;
            }
        }
        self.replan(asked.ended);
    }

    /// What was asked for a search was answered, or refused.
    fn search_on(&mut self, id: u64, asked: &Asked, refused: bool) {
        let Some(search) = self.inquiries.searches.get_mut(&id) else { return };
        let wants = self.layout.wants();
        let Some(task) = self.tasks.get(asked.at) else { return };
        // What was answered goes on as it is, and so does a single range that was refused.
        let stays = !refused || halve(&task.block, wants).is_none();
        match search.take(refused, wants) {
            Step::Ask(block) => {
                let mut part = task.part(block, Inquiry::Search(id));
                part.slot.begin_at(asked.started);
                if stays {
                    self.tasks.push(part);
                } else {
                    self.tasks.splice(asked.at..=asked.at, [part]);
                }
            }
            Step::Found(Found { holes, apart }) => {
                self.inquiries.searches.remove(&id);
                self.inquiries.replan_due = true;
                match apart {
                    Some(apart) => self.bisect(&apart, &holes, asked),
                    None => self.lessons.change(|learned| {
                        holes.iter().for_each(|hole| learned.add_hole(hole));
                    }),
                }
            }
        }
    }

    /// Asks for both halves of what a search gave up, and what it found counts with what they will teach.
    fn bisect(&mut self, apart: &Block, holes: &[Block], asked: &Asked) {
        let Some((left, right)) = halve(apart, self.layout.wants()) else { return };
        let within = |task: &Task| {
            let points = &task.block.points;
            task.inquiry.is_none()
                && !task.is_survey()
                && points.iter().all(|point| apart.points.contains(point))
        };
        let Some(of) = self.tasks.get(asked.at).cloned() else { return };
        self.tasks.retain(|task| !within(task));
        let part_of = self.inquiries.bisections.cut(None, &right);
        self.inquiries.bisections.know(part_of, holes);
        self.tasks.extend([left, right].map(|half| {
            let mut part = of.part(half, Inquiry::Part(part_of));
            part.slot.begin_at(asked.started);
            part
        }));
    }

    /// A part failed for another reason than its range: what nobody asks for meanwhile is asked again, and the
    /// inquiry is over. Pieces stay pieces until something is learned: put together at once, they would be
    /// refused and searched at once for ever.
    pub(super) fn abandon(&mut self, asked: &Asked) {
        let Some(task) = self.tasks.get_mut(asked.at) else { return };
        match task.inquiry.take() {
            None => return,
            Some(Inquiry::Search(id)) => {
                let search = self.inquiries.searches.remove(&id);
                let task = task.clone();
                let left = search.map(Search::abandon).unwrap_or_default();
                self.tasks.extend(left.into_iter().map(|block| {
                    let mut part = task.part(block, Inquiry::Search(id));
                    part.inquiry = None;
                    part.slot.begin_at(asked.started);
                    part
                }));
            }
            Some(Inquiry::Part(part)) => {
                let bisections = &mut self.inquiries.bisections;
                let settled =
                    self.lessons.change(|learned| bisections.resolve(part, None, learned));
                self.inquiries.replan_due |= settled;
            }
        }
        self.replan(asked.ended);
    }

    /// A device that has one register now that it lacked may have the others too.
    fn probe_holes(&mut self, asked: &Asked) {
        let of_device = |task: &&mut Task| task.block.device == asked.device && task.failing;
        self.tasks.iter_mut().filter(of_device).for_each(|task| task.probe_at(asked.ended));
    }
}
