//! Who wants a point: cost follows interest, so a change looks at its own readers and nobody else's.
//!
//! A mailbox knows its place in each list, so that ten thousand readers who leave a point at once do not search
//! for each other. Locks are taken in one order: list, mailbox.

use std::sync::{Arc, PoisonError, RwLock};

use super::growth::make_room;
use super::mailbox::Mailbox;

/// The readers of one point.
#[derive(Debug, Default)]
pub(super) struct Readers(RwLock<List>);

/// Two columns of equal length: side by side, a third of a reader's sixteen bytes would be padding.
#[derive(Debug, Default)]
struct List {
    mailboxes: Vec<Arc<Mailbox>>,
    /// The point's place in each mailbox.
    locals: Vec<u32>,
}

impl List {
    fn push(&mut self, mailbox: &Arc<Mailbox>, local: u32) {
        make_room(&mut self.mailboxes);
        make_room(&mut self.locals);
        self.mailboxes.push(Arc::clone(mailbox));
        self.locals.push(local);
    }

    fn is_at(&self, at: usize, mailbox: &Arc<Mailbox>, local: u32) -> bool {
        self.locals.get(at) == Some(&local)
            && self.mailboxes.get(at).is_some_and(|there| Arc::ptr_eq(there, mailbox))
    }

    /// Takes out the reader at `at`, which is there; the last one takes its place.
    fn take(&mut self, at: usize) {
        self.mailboxes.swap_remove(at);
        self.locals.swap_remove(at);
        let len = self.locals.len();
        if len < self.locals.capacity() / 2 {
            self.mailboxes.shrink_to(len + len / 4);
            self.locals.shrink_to(len + len / 4);
        }
    }
}

impl Readers {
    pub(super) fn add(&self, mailbox: &Arc<Mailbox>, local: u32) {
        let mut list = self.0.write().unwrap_or_else(PoisonError::into_inner);
        mailbox.set_place(local, u32::try_from(list.locals.len()).unwrap_or(u32::MAX));
        list.push(mailbox, local);
    }

    /// Whether it was there.
    pub(super) fn remove(&self, mailbox: &Arc<Mailbox>, local: u32) -> bool {
        let mut list = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let place = mailbox.place(local);
        let at = place as usize;
        if !list.is_at(at, mailbox, local) {
            return false;
        }
        list.take(at);
        if let Some((moved, local)) = list.mailboxes.get(at).zip(list.locals.get(at)) {
            moved.set_place(*local, place);
        }
        true
    }

    /// Marks a change for every reader, and adds those who had nothing waiting to `woken`. `gone`: the point was
    /// removed by it.
    pub(super) fn mark(&self, gone: bool, woken: &mut Vec<Arc<Mailbox>>) {
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for (mailbox, local) in list.mailboxes.iter().zip(&list.locals) {
            if mailbox.mark(*local, gone) {
                woken.push(Arc::clone(mailbox));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(readers: &Readers, mailboxes: &[Arc<Mailbox>]) -> Vec<bool> {
        readers.mark(false, &mut Vec::new());
        let is_marked = |mailbox: &Arc<Mailbox>| {
            let mut backlog = mailbox.backlog();
            let marked = backlog.is_marked(0);
            backlog.clear();
            marked
        };
        mailboxes.iter().map(is_marked).collect()
    }

    proptest! {
        #[test]
        fn who_came_and_has_not_left_is_marked(moves in prop::collection::vec(0..6usize, 1..40)) {
            let readers = Readers::default();
            let mailboxes: Vec<_> = (0..6).map(|_| Arc::new(Mailbox::new(1))).collect();
            let mut there = vec![false; 6];
            for reader in moves {
                if there[reader] {
                    prop_assert!(readers.remove(&mailboxes[reader], 0));
                } else {
                    readers.add(&mailboxes[reader], 0);
                }
                there[reader] = !there[reader];
                prop_assert_eq!(marked(&readers, &mailboxes), there.clone());
            }
            // Leaving twice, or without having come, changes nothing.
            for (mailbox, _) in mailboxes.iter().zip(&there).filter(|(_, there)| !**there) {
                prop_assert!(!readers.remove(mailbox, 0));
            }
            prop_assert_eq!(marked(&readers, &mailboxes), there);
        }
    }

    #[test]
    fn room_kept_free_is_a_small_share_of_the_list_whether_it_grows_or_shrinks() {
        let readers = Readers::default();
        let mailboxes: Vec<_> = (0..1_000).map(|_| Arc::new(Mailbox::new(1))).collect();
        let held = |readers: &Readers| {
            let list = readers.0.read().unwrap();
            (list.locals.len(), list.locals.capacity().max(list.mailboxes.capacity()))
        };
        for mailbox in &mailboxes {
            readers.add(mailbox, 0);
            let (len, capacity) = held(&readers);
            assert!(capacity <= len + len / 4 + 1, "{capacity} places for {len} readers");
        }
        for mailbox in &mailboxes {
            assert!(readers.remove(mailbox, 0));
            let (len, capacity) = held(&readers);
            assert!(capacity <= 2 * len + 1, "{capacity} places for {len} readers");
        }
    }
}
