//! Numbers for changes, and up to which of them all marks are placed.
//!
//! Several writers number their batches under the table's lock and place marks outside it, so batches may
//! be finished in any order. `settled` is the end of the unbroken run of finished ones. Whoever moves it
//! wakes those who wait for it. Pure: no lock, no clock.

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::Index;
use super::mailbox::Mailbox;

#[derive(Debug)]
pub(super) struct Sequence {
    last: u64,
    settled: u64,
    /// The number before each batch whose marks are being placed: where `settled` may come to a stand.
    stops: Vec<u64>,
    /// Batches whose marks are being placed, in order; at most one for each writing thread, and finished
    /// ones behind the slowest of them.
    open: VecDeque<Batch>,
}

#[derive(Debug)]
struct Batch {
    before: u64,
    last: u64,
    changed: Vec<Index>,
    done: bool,
    wake: Vec<Arc<Mailbox>>,
}

/// What a settled number brings: whose marks are placed, and whose earlier state is history.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) changed: Vec<Index>,
    pub(super) wake: Vec<Arc<Mailbox>>,
}

impl Sequence {
    pub(super) fn starting_after(last: u64) -> Self {
        Self { last, settled: last, stops: Vec::new(), open: VecDeque::new() }
    }

    pub(super) fn settled(&self) -> u64 {
        self.settled
    }

    /// Numbers a batch of `count` changes (at least 1). Each opened batch must be settled.
    pub(super) fn open(&mut self, count: u64) -> RangeInclusive<u64> {
        let before = self.last;
        self.last += count;
        let (changed, wake) = (Vec::new(), Vec::new());
        self.open.push_back(Batch { before, last: self.last, changed, done: false, wake });
        self.stops.push(before);
        before + 1..=self.last
    }

    /// Says that the marks of the batch that ends with `last` are placed: which points it changed, and whom
    /// it made busy. Returns the same of every batch that is settled by this.
    pub(super) fn settle(
        &mut self,
        last: u64,
        changed: Vec<Index>,
        wake: Vec<Arc<Mailbox>>,
    ) -> Settled {
        // There may be many: all that were finished while one writer was held up.
        let at = self.open.partition_point(|batch| batch.last < last);
        if let Some(batch) = self.open.get_mut(at).filter(|batch| batch.last == last) {
            batch.done = true;
            let before = batch.before;
            self.stops.retain(|stop| *stop != before);
            batch.changed = changed;
            batch.wake.extend(wake);
        }
        let mut settled = Settled::default();
        while let Some(batch) = self.open.pop_front_if(|batch| batch.done) {
            self.settled = batch.last;
            settled.changed.extend(batch.changed);
            settled.wake.extend(batch.wake);
        }
        settled
    }

    /// Whether the settled number is in `range` now, or may be while no more batches are opened.
    pub(super) fn may_settle_in(&self, range: &Range<u64>) -> bool {
        range.contains(&self.settled) || self.stops.iter().any(|stop| range.contains(stop))
    }

    /// Wakes `mailbox` once `seq` is settled: now, if it is already.
    pub(super) fn wake_when_settled(&mut self, seq: u64, mailbox: &Arc<Mailbox>) {
        let at = self.open.partition_point(|batch| batch.last < seq);
        match self.open.get_mut(at) {
            Some(batch) if seq > self.settled => batch.wake.push(Arc::clone(mailbox)),
            _ => mailbox.wake(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_batch_finished_early_waits_for_the_slow_one_before_it() {
        let mut sequence = Sequence::starting_after(10);
        let slow = *sequence.open(3).end();
        let quick = *sequence.open(2).end();
        let reader = Arc::new(Mailbox::new(1));
        assert!(sequence.settle(quick, vec![1], vec![Arc::clone(&reader)]).wake.is_empty());
        assert_eq!(sequence.settled(), 10);
        let settled = sequence.settle(slow, vec![2], Vec::new());
        assert_eq!((settled.changed, settled.wake.len()), (vec![2, 1], 1));
        assert_eq!(sequence.settled(), 15);
    }

    proptest! {
        #[test]
        fn settled_is_the_end_of_the_unbroken_run(order in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle()) {
            let mut sequence = Sequence::starting_after(0);
            let ends: Vec<u64> = (1..=12).map(|n| *sequence.open(n).end()).collect();
            let mut done = [false; 12];
            for at in order {
                sequence.settle(ends[at], Vec::new(), Vec::new());
                done[at] = true;
                let run = done.iter().take_while(|done| **done).count();
                let expected = if run == 0 { 0 } else { ends[run - 1] };
                prop_assert_eq!(sequence.settled(), expected);
            }
        }
    }
}
