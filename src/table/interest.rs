//! Who wants which point: cost follows interest, so a change looks at its own readers and nobody else's.

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
        list.push(Reader { mailbox: Arc::clone(mailbox), local });
        readers.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn remove(&self, index: Index, mailbox: &Arc<Mailbox>) {
        let Some(readers) = self.0.get(index as usize) else { return };
        let mut list = readers.list.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = list.iter().position(|reader| Arc::ptr_eq(&reader.mailbox, mailbox)) {
            list.swap_remove(at);
            if list.is_empty() {
                list.shrink_to_fit();
            }
            readers.count.fetch_sub(1, Ordering::SeqCst);
        }
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
