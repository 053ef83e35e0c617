//! When each stream is to be looked at again: one entry a stream, whatever happens to its deadline.
//!
//! Most deadlines are pushed back long before they come (every event postpones the heartbeat). A later deadline is
//! therefore only noted; the entry keeps its place and is put right when its old time has come.

use super::blocks::Blocks;

/// Times are milliseconds since a moment that the owner chose.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// A binary heap, the earliest first. An entry's time may be earlier than its deadline, never later.
    heap: Blocks<Entry>,
    /// By token.
    known: Blocks<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at_ms: u64,
    token: u32,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    due_ms: u64,
    /// The time of its entry.
    at_ms: u64,
    /// Where its entry stands in the heap, if it has one.
    place: Option<u32>,
}

impl Deadlines {
    /// Sets the deadline of a token, instead of the one it had.
    pub(super) fn set(&mut self, token: u32, due_ms: u64) {
        let at = token as usize;
        while at >= self.known.len() {
            self.known.push(Known { due_ms: 0, at_ms: 0, place: None });
        }
        let Some(known) = self.known.get_mut(at) else { return };
        known.due_ms = due_ms;
        let place = match known.place {
            Some(_) if known.at_ms <= due_ms => return,
            Some(place) => place as usize,
            None => {
                self.heap.push(Entry { at_ms: due_ms, token });
                self.heap.len() - 1
            }
        };
        known.at_ms = due_ms;
        if let Some(entry) = self.heap.get_mut(place) {
            entry.at_ms = due_ms;
        }
        self.rise(place);
    }

    /// Takes the deadline of a token away.
    pub(super) fn forget(&mut self, token: u32) {
        let known = self.known.get_mut(token as usize);
        if let Some(place) = known.and_then(|known| known.place.take()) {
            self.remove(place as usize);
        }
    }

    /// The time at which [`pop`](Self::pop) is to be tried: that of the first deadline, or earlier.
    pub(super) fn next(&self) -> Option<u64> {
        self.heap.get(0).map(|entry| entry.at_ms)
    }

    /// A token whose deadline has come; it has none any more.
    pub(super) fn pop(&mut self, now_ms: u64) -> Option<u32> {
        loop {
            let first = self.heap.get_mut(0).filter(|first| first.at_ms <= now_ms)?;
            let token = first.token;
            let known = self.known.get_mut(token as usize)?;
            if known.due_ms <= now_ms {
                known.place = None;
                self.remove(0);
                return Some(token);
            }
            (first.at_ms, known.at_ms) = (known.due_ms, known.due_ms);
            self.sink(0);
        }
    }

    fn remove(&mut self, place: usize) {
        let last = self.heap.pop();
        if let Some((entry, last)) = self.heap.get_mut(place).zip(last) {
            *entry = last;
            self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let above = (place - 1) / 2;
            if self.at_ms(above) <= self.at_ms(place) {
                break;
            }
            self.exchange(above, place);
            place = above;
        }
        self.note(place);
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let below = if self.at_ms(right) < self.at_ms(left) { right } else { left };
            if self.at_ms(place) <= self.at_ms(below) {
                break;
            }
            self.exchange(place, below);
            place = below;
        }
        self.note(place);
    }

    /// Behind the end nothing is ever due.
    fn at_ms(&self, place: usize) -> u64 {
        self.heap.get(place).map_or(u64::MAX, |entry| entry.at_ms)
    }

    fn exchange(&mut self, one: usize, other: usize) {
        let (Some(&a), Some(&b)) = (self.heap.get(one), self.heap.get(other)) else { return };
        for (place, entry) in [(one, b), (other, a)] {
            if let Some(there) = self.heap.get_mut(place) {
                *there = entry;
            }
        }
        self.note(one);
        self.note(other);
    }

    fn note(&mut self, place: usize) {
        let token = self.heap.get(place).map(|entry| entry.token as usize);
        if let Some(known) = token.and_then(|token| self.known.get_mut(token)) {
            known.place = u32::try_from(place).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Act {
        Set(u32, u64),
        Forget(u32),
        Pass(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0..12u32, 0..100u64).prop_map(|(token, after)| Act::Set(token, after)),
            1 => (0..12u32).prop_map(Act::Forget),
            2 => (0..60u64).prop_map(Act::Pass),
        ]
    }

    proptest! {
        #[test]
        fn each_comes_once_when_its_time_has_come(acts in prop::collection::vec(act(), 0..200)) {
            let (mut deadlines, mut model, mut now) = (Deadlines::default(), BTreeMap::new(), 0);
            for act in acts {
                match act {
                    Act::Set(token, after) => {
                        deadlines.set(token, now + after);
                        model.insert(token, now + after);
                    }
                    Act::Forget(token) => {
                        deadlines.forget(token);
                        model.remove(&token);
                    }
                    Act::Pass(time) => now += time,
                }
                let first = model.values().min().copied();
                prop_assert!(deadlines.next().is_none() == first.is_none());
                prop_assert!(deadlines.next() <= first, "nothing is slept through");
                prop_assert!(deadlines.heap.len() <= model.len(), "one entry each");
                if let Act::Pass(_) = act {
                    let mut came = Vec::new();
                    while let Some(token) = deadlines.pop(now) {
                        came.push(token);
                    }
                    came.sort_unstable();
                    let due = model.extract_if(.., |_, due| *due <= now).map(|(token, _)| token);
                    prop_assert_eq!(came, due.collect::<Vec<_>>());
                }
            }
        }
    }
}
