//! Who wants which point: cost follows interest, so a change looks at its own readers and nobody else's.
//!
//! A mailbox knows its place in each list, so that ten thousand readers who leave a point at once do not search
//! for each other.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Index;
use super::mailbox::Mailbox;

#[derive(Debug)]
pub(super) struct Interest(Vec<Readers>);

#[derive(Debug, Default)]
struct Readers {
    count: AtomicU32,
    list: RwLock<Vec<Reader>>,
}

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

impl Interest {
    pub(super) fn for_points(count: usize) -> Self {
        Self(std::iter::repeat_with(Readers::default).take(count).collect())
    }

    /// Whether anybody wants the point. Looked at under the table's lock; see there why that is enough.
    pub(super) fn is_wanted(&self, index: Index) -> bool {
        self.0.get(index as usize).is_some_and(|readers| readers.count.load(Ordering::SeqCst) > 0)
    }

    pub(super) fn add(&self, index: Index, mailbox: &Arc<Mailbox>, local: u32) {
        let Some(readers) = self.0.get(index as usize) else { return };
        let mut list = readers.list.write().unwrap_or_else(PoisonError::into_inner);
        mailbox.set_place(local, u32::try_from(list.len()).unwrap_or(u32::MAX));
        list.push(Reader { mailbox: Arc::clone(mailbox), local });
        readers.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn remove(&self, index: Index, mailbox: &Arc<Mailbox>, local: u32) {
        let Some(readers) = self.0.get(index as usize) else { return };
        let mut list = readers.list.write().unwrap_or_else(PoisonError::into_inner);
        let place = mailbox.place(local);
        let at = place as usize;
        if !list.get(at).is_some_and(|there| there.is(mailbox, local)) {
            return;
        }
        list.swap_remove(at);
        match list.get(at) {
            Some(moved) => moved.mailbox.set_place(moved.local, place),
            None if list.is_empty() => list.shrink_to_fit(),
            None => {}
        }
        readers.count.fetch_sub(1, Ordering::SeqCst);
    }

    /// Marks a change for every reader of the point, and adds those who had nothing waiting to `woken`.
    pub(super) fn mark(&self, index: Index, woken: &mut Vec<Arc<Mailbox>>) {
        let Some(readers) = self.0.get(index as usize) else { return };
        let list = readers.list.read().unwrap_or_else(PoisonError::into_inner);
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

    fn marked(interest: &Interest, mailboxes: &[Arc<Mailbox>]) -> Vec<bool> {
        interest.mark(0, &mut Vec::new());
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
            let interest = Interest::for_points(1);
            let mailboxes: Vec<_> = (0..6).map(|_| Arc::new(Mailbox::new(1))).collect();
            let mut there = vec![false; 6];
            for reader in moves {
                if there[reader] {
                    interest.remove(0, &mailboxes[reader], 0);
                } else {
                    interest.add(0, &mailboxes[reader], 0);
                }
                there[reader] = !there[reader];
                prop_assert_eq!(interest.is_wanted(0), there.contains(&true));
                prop_assert_eq!(marked(&interest, &mailboxes), there.clone());
            }
            // Leaving twice, or without having come, changes nothing.
            for (mailbox, there) in mailboxes.iter().zip(&there).filter(|(_, there)| !**there) {
                interest.remove(0, mailbox, 0);
                prop_assert!(!there);
            }
            prop_assert_eq!(marked(&interest, &mailboxes), there);
        }
    }
}
