//! What one reader has not been told yet: a set of marks over its own selection.
//!
//! Marking twice is free, so a slow reader costs one mark a point and gets the newest: conflation needs no
//! code of its own. Marks are taken in the order they were placed.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::iter::repeat_with;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A reader's marks. `local` is a place in the reader's own selection.
#[derive(Debug)]
pub struct Mailbox {
    marks: Mutex<Backlog>,
    bell: Mutex<Bell>,
    /// Where each local place stands among its point's readers. Touched only under the lock of that list.
    places: Vec<AtomicU32>,
}

/// One ring is kept until it is heard, and only the newest listener hears it: an older one belongs to a
/// connection that was taken over, and would take the ring away from its successor.
#[derive(Debug, Default)]
struct Bell {
    rung: bool,
    /// The newest connection that was announced or listened.
    newest: u64,
    waker: Option<Waker>,
}

/// The marks themselves, while locked.
#[derive(Debug)]
pub struct Backlog {
    marked: Vec<bool>,
    waiting: usize,
    /// May hold places forgotten since they were queued, and then again the same place once more.
    queue: VecDeque<u32>,
    taken: u64,
}

impl Mailbox {
    /// Room for `points` local places, none marked.
    #[must_use]
    pub fn new(points: usize) -> Self {
        let marks =
            Backlog { marked: vec![false; points], waiting: 0, queue: VecDeque::new(), taken: 0 };
        let places = repeat_with(AtomicU32::default).take(points).collect();
        Self { marks: Mutex::new(marks), bell: Mutex::default(), places }
    }

    pub(super) fn place(&self, local: u32) -> u32 {
        self.places.get(local as usize).map_or(u32::MAX, |place| place.load(Ordering::Relaxed))
    }

    pub(super) fn set_place(&self, local: u32, place: u32) {
        if let Some(known) = self.places.get(local as usize) {
            known.store(place, Ordering::Relaxed);
        }
    }

    /// The marks, for as long as the guard lives; writers wait for it, so be quick.
    pub fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a place; true if nothing was marked before, so that the reader needs waking.
    pub(super) fn mark(&self, local: u32) -> bool {
        let mut backlog = self.backlog();
        let idle = backlog.is_empty();
        backlog.mark(local);
        idle
    }

    /// Wakes the newest listener, now or at its next [`woken`](Self::woken).
    pub fn wake(&self) {
        let waker = {
            let mut bell = self.bell();
            bell.rung = true;
            bell.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Announces that from now on `listener` listens, and sends away whoever listened until now. Later
    /// listeners have higher numbers.
    pub fn hand_over(&self, listener: u64) {
        let waker = {
            let mut bell = self.bell();
            bell.newest = bell.newest.max(listener);
            bell.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until `listener` is woken or sent away. One that was sent away never waits.
    ///
    /// # Cancellation
    /// Safe: a wake that was not received stays for the next call.
    pub async fn woken(&self, listener: u64) {
        poll_fn(|context| self.poll_woken(context, listener)).await;
    }

    /// One look of [`woken`](Self::woken): ready if `listener` was woken or sent away since it last was ready;
    /// if not, the context's waker is called when that happens.
    pub fn poll_woken(&self, context: &mut Context<'_>, listener: u64) -> Poll<()> {
        let mut bell = self.bell();
        if listener < bell.newest {
            return Poll::Ready(());
        }
        bell.newest = listener;
        if std::mem::take(&mut bell.rung) {
            return Poll::Ready(());
        }
        bell.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn bell(&self) -> MutexGuard<'_, Bell> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backlog {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Marks a place, unless it is marked already.
    pub fn mark(&mut self, local: u32) {
        match self.marked.get_mut(local as usize) {
            Some(marked) if !*marked => {
                *marked = true;
                self.waiting += 1;
                self.queue.push_back(local);
            }
            _ => {}
        }
    }

    /// The place marked longest ago, without taking it.
    ///
    /// Places forgotten meanwhile are passed over.
    pub fn peek(&mut self) -> Option<u32> {
        while let Some(&local) = self.queue.front() {
            if self.is_marked(local) {
                return Some(local);
            }
            self.queue.pop_front();
            self.taken += 1;
        }
        None
    }

    /// Takes the place that [`peek`](Self::peek) showed.
    pub fn take(&mut self) {
        if let Some(local) = self.queue.pop_front() {
            self.taken += 1;
            self.forget(local);
        }
    }

    /// Drops the mark of a place, because its newest change is being told in another way.
    pub fn forget(&mut self, local: u32) {
        match self.marked.get_mut(local as usize) {
            Some(marked) if *marked => {
                *marked = false;
                self.waiting -= 1;
            }
            _ => {}
        }
    }

    /// Whether a place is marked.
    #[must_use]
    pub fn is_marked(&self, local: u32) -> bool {
        self.marked.get(local as usize).copied().unwrap_or(false)
    }

    /// How many places were ever taken, and what that will be when all now waiting are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.taken, self.taken + self.queue.len() as u64)
    }

    /// Unmarks everything.
    pub fn clear(&mut self) {
        self.marked.fill(false);
        self.waiting = 0;
        self.taken += self.queue.len() as u64;
        self.queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(backlog: &mut Backlog) -> Vec<u32> {
        let mut all = Vec::new();
        while let Some(local) = backlog.peek() {
            backlog.take();
            all.push(local);
        }
        all
    }

    #[test]
    fn marks_conflate_in_order() {
        let mailbox = Mailbox::new(3);
        assert!(mailbox.mark(2));
        assert!(!mailbox.mark(0));
        assert!(!mailbox.mark(2));
        assert!(!mailbox.mark(9), "a place outside the selection is nothing");
        let mut backlog = mailbox.backlog();
        assert_eq!(drain(&mut backlog), [2, 0]);
    }

    #[test]
    fn a_forgotten_mark_is_passed_over_and_may_be_set_again() {
        let mailbox = Mailbox::new(3);
        let mut backlog = mailbox.backlog();
        backlog.mark(0);
        backlog.mark(1);
        backlog.forget(0);
        backlog.mark(0);
        assert_eq!(drain(&mut backlog), [0, 1]);
        assert!(backlog.is_empty());
    }
}
