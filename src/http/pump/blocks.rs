//! A list that grows by whole blocks, which never move.
//!
//! A plain list doubles: ten thousand streams would leave holes of all its former sizes in memory, and half of it free.
//! Here at most one block is partly free, and what is in the list stays where it is.

/// Places in a block.
const BLOCK: usize = 256;

#[derive(Debug)]
pub(super) struct Blocks<T>(Vec<Vec<T>>);

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Blocks<T> {
    pub(super) fn len(&self) -> usize {
        let full = self.0.len().saturating_sub(1);
        full * BLOCK + self.0.last().map_or(0, Vec::len)
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / BLOCK)?.get(at % BLOCK)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.0.get_mut(at / BLOCK)?.get_mut(at % BLOCK)
    }

    pub(super) fn push(&mut self, value: T) {
        match self.0.last_mut().filter(|last| last.len() < BLOCK) {
            Some(last) => last.push(value),
            None => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(value);
                self.0.push(block);
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.0.last_mut()?;
        let value = last.pop();
        if last.is_empty() {
            self.0.pop();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_list(grow in 0..700usize, shrink in 0..700usize, again in 0..300usize) {
            let (mut blocks, mut list) = (Blocks::default(), Vec::new());
            for (value, push) in (0..).zip([(grow, true), (shrink, false), (again, true)]
                .into_iter()
                .flat_map(|(times, push)| std::iter::repeat_n(push, times)))
            {
                if push {
                    blocks.push(value);
                    list.push(value);
                } else {
                    prop_assert_eq!(blocks.pop(), list.pop());
                }
                prop_assert_eq!(blocks.len(), list.len());
            }
            for at in 0..list.len() + 1 {
                prop_assert_eq!(blocks.get(at), list.get(at));
                prop_assert_eq!(blocks.get_mut(at), list.get_mut(at));
            }
        }
    }
}
