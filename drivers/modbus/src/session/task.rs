//! Blocks at work: each with its slots, its tries and its troubles.

use std::time::Duration;

use pointcast_api::Rationed;
use tokio::time::Instant;

use super::refusals::Inquiry;
use crate::patience::Patience;
use crate::plan::Block;
use crate::schedule::{Rhythm, Slot};

/// Refusals in a row after which a block is asked more and more rarely: at first every so often, in the end so
/// rarely. A device that refuses while it starts is soon read; a register that it lacks costs a request an hour.
const REFUSED_AFTER: u32 = 3;
const FIRST_PROBE_INTERVAL: Duration = Duration::from_secs(10);
const LONGEST_PROBE_INTERVAL: Duration = Duration::from_secs(3_600);

/// So often in a row a busy unit may put a block off until its points fail.
const BUSY_TRIES: u32 = 5;

/// One block at work.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) block: Block,
    pub(super) slot: Slot,
    pub(super) patience: Patience,
    /// Tries of the present slot that met silence.
    pub(super) tries: u32,
    /// Whether it was not answered, or put off, among several at once: then it goes alone until it is.
    pub(super) goes_alone: bool,
    /// Whether its points failed the last time.
    pub(super) failing: bool,
    /// Log lines about its being refused.
    pub(super) rationed: Rationed,
    /// Exceptions in a row that mean for good.
    refusals: u32,
    /// Exceptions in a row that mean later.
    put_off: u32,
    /// Of what it is a part, while that is being found out.
    pub(super) inquiry: Option<Inquiry>,
}

impl Task {
    /// Asked every `interval`, which may be longer than its own; at `due` first, and a slot of its rhythm begins
    /// at `rhythm`.
    pub(super) fn new(block: Block, interval: Duration, due: Instant, rhythm: Instant) -> Self {
        let slot = Slot::new(interval, due, rhythm);
        Self {
            block,
            slot,
            patience: Patience::default(),
            tries: 0,
            goes_alone: false,
            failing: false,
            rationed: Rationed::default(),
            refusals: 0,
            put_off: 0,
            inquiry: None,
        }
    }

    /// Whether it asks for where points are, and for none of them.
    pub(super) fn is_survey(&self) -> bool {
        self.block.points.is_empty()
    }

    /// What it asked for was answered, or refused, and `block` follows at `now`. How it was before stays.
    pub(super) fn go_on(&mut self, block: Block, now: Instant) {
        self.block = block;
        self.patience.answered();
        (self.tries, self.put_off) = (0, 0);
        self.slot.begin_at(now);
    }

    /// It was answered.
    pub(super) fn succeed(&mut self) {
        self.patience.answered();
        (self.tries, self.refusals, self.put_off, self.failing) = (0, 0, 0, false);
        self.goes_alone = false;
    }

    /// Its points were refused at `now`; what is refused for good is asked more rarely in the end.
    pub(super) fn refuse(&mut self, for_good: bool, now: Instant) {
        self.patience.answered();
        (self.tries, self.goes_alone) = (0, false);
        self.failing = true;
        self.refusals = if for_good { self.refusals.saturating_add(1) } else { 0 };
        let Some(doublings) = self.refusals.checked_sub(REFUSED_AFTER) else { return };
        let pause = FIRST_PROBE_INTERVAL.saturating_mul(1 << doublings.min(16));
        let pause = pause.min(LONGEST_PROBE_INTERVAL).max(self.block.interval);
        if self.slot.due() < now + pause {
            self.slot.begin_at(now + pause);
        }
    }

    /// Whether it was refused for good the last time.
    pub(super) fn is_refused(&self) -> bool {
        self.refusals > 0
    }

    /// Whether it may be on its way with others: it finds nothing out, and it was answered the last time.
    pub(super) fn goes_along(&self) -> bool {
        let finds_out = self.inquiry.is_some() || self.is_survey();
        self.tries == 0 && !self.goes_alone && self.put_off == 0 && !finds_out
    }

    /// The unit was busy; whether that is to be waited for once more.
    pub(super) fn is_put_off(&mut self) -> bool {
        self.put_off = self.put_off.saturating_add(1);
        self.put_off < BUSY_TRIES
    }

    /// Something changed that gives reason to ask for it at `now`, however often it was refused.
    pub(super) fn probe_at(&mut self, now: Instant) {
        self.refusals = 0;
        self.slot.begin_at(now);
    }

    /// A part of it, due when it is.
    pub(super) fn part(&self, block: Block, inquiry: Inquiry) -> Self {
        let Self { slot, .. } = self;
        let mut part = Self::new(block, slot.interval(), slot.due(), slot.rhythm());
        part.failing = self.failing;
        part.inquiry = Some(inquiry);
        part
    }
}

/// Takes over a new plan: a block that stays keeps its rhythm and its troubles, a new one is due at `now`.
pub(super) fn replan(
    tasks: &mut Vec<Task>,
    blocks: Vec<Block>,
    interval: impl Fn(&Block) -> Duration,
    rhythm: Rhythm,
    now: Instant,
) {
    let mut old = std::mem::take(tasks);
    tasks.extend(blocks.into_iter().enumerate().map(|(place, block)| {
        let every = interval(&block);
        match old.iter().position(|task| task.block == block) {
            Some(at) => {
                let mut kept = old.swap_remove(at);
                kept.inquiry = None;
                kept.slot.ask_every(every);
                kept
            }
            None => {
                let begin = rhythm.begin(every, place);
                Task::new(block, every, now, begin)
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use pointcast_api::{DeviceIndex, PointIndex};

    const SECOND: Duration = Duration::from_secs(1);

    fn task(block: Block, start: Instant) -> Task {
        Task::new(block, SECOND, start, start)
    }

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
        let mut tasks = [0, 20].map(|first| task(block(first, 8), start)).to_vec();
        tasks[1].failing = true;
        let rhythm = Rhythm::new("line", start);
        replan(&mut tasks, vec![block(0, 4), block(4, 4), block(20, 8)], |_| SECOND, rhythm, later);
        let seen: Vec<_> = tasks.iter().map(|task| (task.block.first, task.slot.due())).collect();
        assert_eq!(seen, [(0, later), (4, later), (20, start)]);
        assert!(tasks[2].failing && !tasks[0].failing);
    }

    #[test]
    fn what_is_refused_again_and_again_is_asked_more_rarely() {
        let start = Instant::now();
        let mut task = task(block(0, 1), start);
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..14 {
            task.slot.asked(now);
            task.refuse(true, now);
            waits.push((task.slot.due() - now).as_secs());
            now = task.slot.due();
        }
        assert_eq!(waits, [1, 1, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
        task.slot.asked(now);
        task.refuse(false, now);
        assert_eq!((task.slot.due() - now).as_secs(), 1, "for now only");
        task.probe_at(start);
        assert_eq!(task.slot.due(), start, "there is reason to look");
    }

    #[test]
    fn a_busy_unit_puts_a_block_off_four_times() {
        let start = Instant::now();
        let mut task = task(block(0, 1), start);
        assert_eq!([0; 6].map(|_| task.is_put_off()), [true, true, true, true, false, false]);
        task.succeed();
        assert!(task.is_put_off());
    }
}
