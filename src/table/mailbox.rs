//! What one reader has not been told yet: a set of marks over its own selection, and a bell.
//!
//! Marking twice is free, so a slow reader costs one mark a point and gets the newest: conflation needs no
//! code of its own. Marks are taken in the order they were placed.
//!
//! Marks and bell have a lock each: a reader that holds its marks may have to be rung for.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

pub use super::backlog::{Backlog, MAX_LOCALS};

/// A reader's marks. `local` is a place in the reader's own selection.
#[derive(Debug)]
pub struct Mailbox {
    marks: Mutex<Backlog>,
    bell: Mutex<Bell>,
}

/// One ring is kept until it is heard, and only the newest listener hears it: an older one belongs to a
/// connection that was taken over, and would take the ring away from its successor.
#[derive(Debug, Default)]
struct Bell {
    rung: bool,
    /// Whether somebody waits to be woken.
    awaited: bool,
    /// The newest connection that was announced or listened.
    newest: u64,
    /// Whom to wake. It stays from one ring to the next, because it is as a rule the same task that listens.
    waker: Option<Waker>,
}

impl Mailbox {
    /// Room for `points` local places (at most [`MAX_LOCALS`]), none marked.
    #[must_use]
    pub fn new(points: usize) -> Self {
        Self { marks: Mutex::new(Backlog::new(points)), bell: Mutex::default() }
    }

    pub(super) fn place(&self, local: u32) -> u32 {
        self.backlog().among(local)
    }

    pub(super) fn set_place(&self, local: u32, place: u32) {
        self.backlog().set_among(local, place);
    }

    /// The marks, for as long as the guard lives; writers wait for it, so be quick, and neither register nor
    /// unregister meanwhile.
    pub fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a place, and notes it if its point is `gone`; true if nothing was marked before, so that the reader needs
    /// waking.
    pub(super) fn mark(&self, local: u32, gone: bool) -> bool {
        let mut backlog = self.backlog();
        let idle = backlog.is_empty();
        backlog.mark(local);
        if gone {
            backlog.note_gone(local);
        }
        idle && !backlog.is_empty()
    }

    /// Wakes the newest listener, now or at its next [`woken`](Self::woken).
    pub fn wake(&self) {
        self.call(|bell| bell.rung = true);
    }

    /// Announces that from now on `listener` listens, and sends away whoever listened until now. Later
    /// listeners have higher numbers.
    pub fn hand_over(&self, listener: u64) {
        self.call(|bell| bell.newest = bell.newest.max(listener));
    }

    /// Changes the bell, and has whoever waits look at it.
    fn call(&self, change: impl FnOnce(&mut Bell)) {
        let mut bell = self.bell();
        // Before the change: the waker is of whoever listened until now.
        let listener = bell.newest;
        change(&mut bell);
        if !std::mem::take(&mut bell.awaited) {
            return;
        }
        let waker = bell.waker.take();
        drop(bell);
        let Some(waker) = waker else { return };
        waker.wake_by_ref();
        let mut bell = self.bell();
        // Whoever was woken may listen again by now, and a successor has a waker of its own.
        let unused = if bell.waker.is_none() && bell.newest == listener {
            bell.waker.replace(waker)
        } else {
            Some(waker)
        };
        drop(bell);
        drop(unused);
    }

    /// Waits until `listener` is woken or sent away. One that was sent away never waits.
    ///
    /// # Cancellation
    /// Safe: a wake that was not received stays for the next call.
    pub async fn woken(&self, listener: u64) {
        poll_fn(|context| self.poll_woken(context, listener)).await;
    }

    /// Ready once `listener` was woken or sent away, and for one that was sent away from then on. While pending,
    /// the task of the newest such call is woken when that is so.
    pub fn poll_woken(&self, context: &mut Context<'_>, listener: u64) -> Poll<()> {
        let mut bell = self.bell();
        if listener < bell.newest {
            return Poll::Ready(());
        }
        bell.newest = listener;
        if std::mem::take(&mut bell.rung) {
            bell.awaited = false;
            return Poll::Ready(());
        }
        bell.awaited = true;
        let waker = context.waker();
        let mut before = None;
        if !bell.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            before = bell.waker.replace(waker.clone());
        }
        drop(bell);
        // Outside the lock: the last waker of a task takes the task with it.
        drop(before);
        Poll::Pending
    }

    fn bell(&self) -> MutexGuard<'_, Bell> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// A task that counts how often it is woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Task {
        fn waits(self: &Arc<Self>, mailbox: &Mailbox, listener: u64) -> bool {
            let waker = Waker::from(Arc::clone(self));
            mailbox.poll_woken(&mut Context::from_waker(&waker), listener).is_pending()
        }

        fn rings(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn only_the_mark_that_ends_an_idle_time_needs_a_wake() {
        let mailbox = Mailbox::new(3);
        assert!(!mailbox.mark(9, false), "a place outside the selection is nothing");
        assert!(mailbox.mark(2, false));
        assert!(!mailbox.mark(0, false));
        assert!(!mailbox.mark(2, false));
        mailbox.backlog().clear();
        assert!(mailbox.mark(2, false));
    }

    #[test]
    fn a_ring_is_kept_until_it_is_heard_and_wakes_only_who_waits() {
        let (mailbox, task) = (Mailbox::new(1), Arc::new(Task::default()));
        mailbox.wake();
        assert!(!task.waits(&mailbox, 1), "rung before it came");
        for round in 1..4 {
            assert!(task.waits(&mailbox, 1));
            // Itself and the one that the mailbox keeps, from one ring to the next.
            assert_eq!(Arc::strong_count(&task), 2);
            mailbox.wake();
            mailbox.wake();
            assert_eq!(task.rings(), round, "it was not waiting any more");
            assert_eq!(Arc::strong_count(&task), 2);
            assert!(!task.waits(&mailbox, 1));
            mailbox.hand_over(1);
            assert_eq!(task.rings(), round, "it does not wait");
        }
    }

    #[test]
    fn the_newest_listener_hears_the_ring_and_the_older_one_is_sent_away() {
        let mailbox = Mailbox::new(1);
        let (old, new) = (Arc::new(Task::default()), Arc::new(Task::default()));
        assert!(old.waits(&mailbox, 1));
        mailbox.hand_over(2);
        assert_eq!((old.rings(), Arc::strong_count(&old)), (1, 1));
        mailbox.wake();
        assert!(!old.waits(&mailbox, 1), "it never waits again, and takes no ring away");
        assert!(!new.waits(&mailbox, 2));
        assert!(new.waits(&mailbox, 2));
        mailbox.wake();
        assert_eq!((old.rings(), new.rings()), (1, 1));
    }

    #[test]
    fn who_listens_with_another_waker_is_woken_by_that() {
        let mailbox = Mailbox::new(1);
        let (first, second) = (Arc::new(Task::default()), Arc::new(Task::default()));
        assert!(first.waits(&mailbox, 1) && second.waits(&mailbox, 1));
        mailbox.wake();
        assert_eq!((first.rings(), second.rings()), (0, 1));
    }

    /// A task that listens again while it is being woken, as one on another thread may.
    struct Eager(Arc<Mailbox>, Arc<Task>);

    impl Wake for Eager {
        fn wake(self: Arc<Self>) {
            assert!(!self.1.waits(&self.0, 1), "the ring is there to be heard");
            assert!(self.1.waits(&self.0, 1));
        }
    }

    #[test]
    fn a_waker_that_comes_while_the_last_is_called_is_the_one_that_is_kept() {
        let (mailbox, task) = (Arc::new(Mailbox::new(1)), Arc::new(Task::default()));
        let eager = Arc::new(Eager(Arc::clone(&mailbox), Arc::clone(&task)));
        let waker = Waker::from(Arc::clone(&eager));
        assert!(mailbox.poll_woken(&mut Context::from_waker(&waker), 1).is_pending());
        mailbox.wake();
        mailbox.wake();
        assert_eq!(task.rings(), 1);
    }
}
