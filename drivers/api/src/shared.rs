//! Equal things once.

use std::collections::VecDeque;
use std::sync::Arc;

/// Kinds among which an equal one is looked for: enough for the types and scales of one device, and so few that a
/// hundred thousand points of different kinds are no work.
const KINDS: usize = 32;

/// Shares what is equal among neighbours: what is equal to one of the last few different kinds is that one.
#[derive(Debug)]
pub struct Shared<T>(VecDeque<Arc<T>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone + PartialEq> Shared<T> {
    /// One that is equal to `kind`.
    pub fn of(&mut self, kind: &T) -> Arc<T> {
        if let Some(known) = self.0.iter().find(|known| known.as_ref() == kind) {
            return Arc::clone(known);
        }
        let new = Arc::new(kind.clone());
        self.0.truncate(KINDS - 1);
        self.0.push_front(Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_is_shared_while_it_is_one_of_the_last_kinds() {
        let mut shared = Shared::default();
        let first = shared.of(&0);
        for kind in 1..KINDS {
            shared.of(&kind);
            assert!(Arc::ptr_eq(&first, &shared.of(&0)), "{kind}");
        }
        shared.of(&KINDS);
        assert!(!Arc::ptr_eq(&first, &shared.of(&0)), "forgotten");
        assert_eq!(shared.0.len(), KINDS);
    }
}
