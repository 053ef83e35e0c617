//! Who wants a point: cost follows interest, so a change looks at its own readers and nobody else's.
//!
//! A mailbox knows its place in each list, so that ten thousand readers who leave a point at once do not search
//! for each other. Locks are taken in one order: list, mailbox.

use std::sync::{Arc, PoisonError, RwLock};

use super::mailbox::Mailbox;

/// The readers of one point, by their places in the list.
#[derive(Debug, Default)]
pub(super) struct Readers(RwLock<Vec<Reader>>);

#[derive(Debug)]
struct Reader {
    mailbox: Arc<Mailbox>,
    local: u32,
}

impl Reader {
    fn is(&self, mailbox: &Arc<Mailbox>, local: u32) -> bool {
        self.local == local && Arc::ptr_eq(&self.mailbox, mailbox)
    }
}

impl Readers {
    pub(super) fn add(&self, mailbox: &Arc<Mailbox>, local: u32) {
        let mut list = self.0.write().unwrap_or_else(PoisonError::into_inner);
        mailbox.set_place(local, u32::try_from(list.len()).unwrap_or(u32::MAX));
        if list.len() == list.capacity() {
            // By a quarter, not by the double: over all clients and points, what is kept free is memory.
            let more = list.len() / 4 + 1;
            list.reserve_exact(more);
        }
        list.push(Reader { mailbox: Arc::clone(mailbox), local });
    }

    /// Whether it was there.
    pub(super) fn remove(&self, mailbox: &Arc<Mailbox>, local: u32) -> bool {
        let mut list = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let place = mailbox.place(local);
        let at = place as usize;
        if !list.get(at).is_some_and(|there| there.is(mailbox, local)) {
            return false;
        }
        list.swap_remove(at);
        if let Some(moved) = list.get(at) {
            moved.mailbox.set_place(moved.local, place);
        }
        if list.len() < list.capacity() / 2 {
            let kept = list.len() + list.len() / 4;
            list.shrink_to(kept);
        }
        true
    }

    /// Marks a change for every reader, and adds those who had nothing waiting to `woken`.
    pub(super) fn mark(&self, woken: &mut Vec<Arc<Mailbox>>) {
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for reader in list.iter() {
            if reader.mailbox.mark(reader.local) {
                woken.push(Arc::clone(&reader.mailbox));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(readers: &Readers, mailboxes: &[Arc<Mailbox>]) -> Vec<bool> {
        readers.mark(&mut Vec::new());
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
            (list.len(), list.capacity())
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
