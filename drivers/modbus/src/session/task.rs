//! Blocks at work: each with its slots, its tries and its troubles.

use std::time::Duration;

use pointcast_api::Rationed;
use tokio::time::Instant;

use super::bisect::PartOf;
use crate::patience::Patience;
use crate::plan::Block;
use crate::schedule::{Rhythm, Slot};

/// Refusals in a row after which a block is asked no more often than every [`REFUSED_INTERVAL`].
const REFUSED_AFTER: u32 = 3;
const REFUSED_INTERVAL: Duration = Duration::from_secs(10);

/// One block at work.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) block: Block,
    pub(super) slot: Slot,
    pub(super) patience: Patience,
    /// Tries of the present slot that met silence.
    pub(super) tries: u32,
    /// Whether its points failed the last time.
    pub(super) failing: bool,
    /// Log lines about its being refused.
    pub(super) rationed: Rationed,
    /// Exceptions in a row that mean for good.
    refusals: u32,
    /// Of what it is a part, while that is being halved.
    pub(super) part_of: Option<PartOf>,
}

impl Task {
    /// Due at `due` first; a slot of its rhythm begins at `rhythm`.
    pub(super) fn new(block: Block, due: Instant, rhythm: Instant) -> Self {
        let slot = Slot::new(block.interval, due, rhythm);
        Self {
            block,
            slot,
            patience: Patience::default(),
            tries: 0,
            failing: false,
            rationed: Rationed::default(),
            refusals: 0,
            part_of: None,
        }
    }

    /// It was answered.
    pub(super) fn succeed(&mut self) {
        self.patience.answered();
        (self.tries, self.refusals, self.failing) = (0, 0, false);
    }

    /// Its points were refused at `now`; what is refused for good is asked more rarely in the end.
    pub(super) fn refuse(&mut self, for_good: bool, now: Instant) {
        self.patience.answered();
        self.tries = 0;
        self.failing = true;
        self.refusals = if for_good { self.refusals.saturating_add(1) } else { 0 };
        if self.refusals >= REFUSED_AFTER && self.slot.due() < now + REFUSED_INTERVAL {
            self.slot.begin_at(now + REFUSED_INTERVAL.max(self.block.interval));
        }
    }

    /// The two parts of it, due at once.
    pub(super) fn parts(&self, left: Block, right: Block, part_of: PartOf) -> [Self; 2] {
        [left, right].map(|block| {
            let mut part = Self::new(block, self.slot.due(), self.slot.rhythm());
            part.failing = self.failing;
            part.part_of = Some(part_of);
            part
        })
    }
}

/// Takes over a new plan: a block that stays keeps its rhythm and its troubles, a new one is due at `now`.
pub(super) fn replan(tasks: &mut Vec<Task>, blocks: Vec<Block>, rhythm: Rhythm, now: Instant) {
    let mut old = std::mem::take(tasks);
    tasks.extend(blocks.into_iter().enumerate().map(|(place, block)| {
        match old.iter().position(|task| task.block == block) {
            Some(at) => {
                let mut kept = old.swap_remove(at);
                kept.part_of = None;
                kept
            }
            None => {
                let begin = rhythm.begin(block.interval, place);
                Task::new(block, now, begin)
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use pointcast_api::{DeviceIndex, PointIndex};

    fn block(first: u16, quantity: u16) -> Block {
        Block {
            device: DeviceIndex(0),
            table: Table::Coils,
            first,
            quantity,
            interval: Duration::from_secs(1),
            points: vec![PointIndex(u32::from(first))],
        }
    }

    #[test]
    fn a_new_plan_leaves_what_stays_in_its_rhythm() {
        let start = Instant::now();
        let later = start + Duration::from_secs(9);
        let mut tasks = [0, 20].map(|first| Task::new(block(first, 8), start, start)).to_vec();
        tasks[1].failing = true;
        let rhythm = Rhythm::new("line", start);
        replan(&mut tasks, vec![block(0, 4), block(4, 4), block(20, 8)], rhythm, later);
        let seen: Vec<_> = tasks.iter().map(|task| (task.block.first, task.slot.due())).collect();
        assert_eq!(seen, [(0, later), (4, later), (20, start)]);
        assert!(tasks[2].failing && !tasks[0].failing);
    }

    #[test]
    fn what_is_refused_again_and_again_is_asked_more_rarely() {
        let start = Instant::now();
        let mut task = Task::new(block(0, 1), start, start);
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..5 {
            task.slot.asked(now);
            task.refuse(true, now);
            waits.push((task.slot.due() - now).as_secs());
            now = task.slot.due();
        }
        assert_eq!(waits, [1, 1, 10, 10, 10]);
        task.slot.asked(now);
        task.refuse(false, now);
        assert_eq!((task.slot.due() - now).as_secs(), 1);
    }
}
