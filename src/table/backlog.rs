//! A reader's marks: a queue of places in which each stands at most once. Pure.
//!
//! The queue is a chain through the places themselves, so that a place costs eight bytes whether it is marked or
//! not, and marking never allocates.

use super::growth::make_room;

/// Most local places of one reader: what a link has bits for. A subscription's own limit is far below it.
pub const MAX_LOCALS: usize = NONE as usize;

/// The bits of a link that name the next place in the queue, and the name that means there is none.
const NONE: u32 = (1 << 30) - 1;
const MARKED: u32 = 1 << 30;
const LISTED: u32 = 1 << 31;

/// The marks of one reader.
#[derive(Debug)]
pub struct Backlog {
    places: Vec<Place>,
    /// Places whose points were removed, until the reader asks.
    #[expect(clippy::box_collection, reason = "every session has one, and hardly any has any")]
    gone: Option<Box<Vec<u32>>>,
    /// The ends of the queue, where it is not empty.
    head: u32,
    tail: u32,
    /// Places in the queue, among them such as were forgotten since they were queued.
    listed: u32,
    /// Places that are marked; each of them is in the queue.
    marked: u32,
    taken: u64,
}

#[derive(Debug, Clone)]
struct Place {
    /// The next place in the queue, [`MARKED`] and [`LISTED`].
    link: u32,
    /// Where it stands among its point's readers. Touched only under the lock of that list too.
    among: u32,
}

const UNMARKED: Place = Place { link: NONE, among: u32::MAX };

impl Backlog {
    pub(super) fn new(points: usize) -> Self {
        let places = vec![UNMARKED; points.min(MAX_LOCALS)];
        Self { places, gone: None, head: NONE, tail: NONE, listed: 0, marked: 0, taken: 0 }
    }

    /// One more place behind the last, unmarked; `None` past [`MAX_LOCALS`].
    pub fn grow(&mut self) -> Option<u32> {
        let place = u32::try_from(self.places.len()).ok().filter(|place| *place < NONE)?;
        make_room(&mut self.places);
        self.places.push(UNMARKED);
        Some(place)
    }

    pub(super) fn note_gone(&mut self, local: u32) {
        self.gone.get_or_insert_default().push(local);
    }

    /// The places whose points were removed since it was last asked.
    pub fn take_gone(&mut self) -> Vec<u32> {
        self.gone.take().map(|gone| *gone).unwrap_or_default()
    }

    pub(super) fn among(&self, local: u32) -> u32 {
        self.places.get(local as usize).map_or(u32::MAX, |place| place.among)
    }

    pub(super) fn set_among(&mut self, local: u32, among: u32) {
        if let Some(place) = self.places.get_mut(local as usize) {
            place.among = among;
        }
    }

    /// Whether nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marked == 0
    }

    /// Marks a place, unless it is marked already. One that was forgotten while it was queued has its old turn.
    pub fn mark(&mut self, local: u32) {
        let Some(place) = self.places.get_mut(local as usize) else { return };
        match place.link & (MARKED | LISTED) {
            0 => {
                place.link = NONE | MARKED | LISTED;
                self.marked += 1;
                self.append(local);
            }
            LISTED => {
                place.link |= MARKED;
                self.marked += 1;
            }
            _ => {}
        }
    }

    fn append(&mut self, local: u32) {
        match self.places.get_mut(self.tail as usize) {
            Some(last) if self.listed > 0 => last.link = last.link & !NONE | local,
            _ => self.head = local,
        }
        self.tail = local;
        self.listed += 1;
    }

    /// The place marked longest ago, without taking it.
    ///
    /// Places forgotten meanwhile are passed over.
    pub fn peek(&mut self) -> Option<u32> {
        while self.listed > 0 {
            if self.is_marked(self.head) {
                return Some(self.head);
            }
            self.take();
        }
        None
    }

    /// Takes the place that [`peek`](Self::peek) showed.
    pub fn take(&mut self) {
        if self.listed == 0 {
            return;
        }
        self.forget(self.head);
        self.listed -= 1;
        self.taken += 1;
        if let Some(first) = self.places.get_mut(self.head as usize) {
            self.head = std::mem::replace(&mut first.link, NONE) & NONE;
        }
    }

    /// Drops the mark of a place, because its newest change is being told in another way.
    pub fn forget(&mut self, local: u32) {
        if let Some(place) = self.places.get_mut(local as usize).filter(|p| p.link & MARKED != 0) {
            place.link &= !MARKED;
            self.marked -= 1;
        }
    }

    /// Whether a place is marked.
    #[must_use]
    pub fn is_marked(&self, local: u32) -> bool {
        self.places.get(local as usize).is_some_and(|place| place.link & MARKED != 0)
    }

    /// How many places were ever taken, and what that will be when all now waiting are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.taken, self.taken + u64::from(self.listed))
    }

    /// Unmarks everything.
    pub fn clear(&mut self) {
        while self.listed > 0 {
            self.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

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
        let mut backlog = Backlog::new(3);
        [2, 0, 2, 9].into_iter().for_each(|local| backlog.mark(local));
        assert_eq!(drain(&mut backlog), [2, 0], "a place outside the selection is nothing");
    }

    #[test]
    fn a_forgotten_mark_is_passed_over_and_may_be_set_again() {
        let mut backlog = Backlog::new(3);
        backlog.mark(0);
        backlog.mark(1);
        backlog.forget(0);
        backlog.mark(0);
        assert_eq!(drain(&mut backlog), [0, 1]);
        assert!(backlog.is_empty());
        backlog.mark(1);
        backlog.forget(1);
        assert!(backlog.is_empty());
        assert_eq!(backlog.peek(), None);
        assert_eq!(backlog.progress(), (3, 3));
    }

    #[test]
    fn a_place_is_eight_bytes() {
        assert_eq!(size_of::<Place>(), 8);
    }

    #[derive(Clone, Debug)]
    enum Op {
        Mark(u32),
        Forget(u32),
        Take,
        Clear,
        Grow,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            8 => (0..8u32).prop_map(Op::Mark),
            3 => (0..8u32).prop_map(Op::Forget),
            4 => Just(Op::Take),
            1 => Just(Op::Clear),
            1 => Just(Op::Grow),
        ]
    }

    proptest! {
        // The model: a list of places, each with whether it is still marked.
        #[test]
        fn it_is_a_queue_of_places(ops in prop::collection::vec(op(), 0..60)) {
            let (mut backlog, mut places) = (Backlog::new(4), 4);
            let (mut queue, mut taken) = (VecDeque::<(u32, bool)>::new(), 0);
            for op in ops {
                match op {
                    Op::Mark(local) => {
                        backlog.mark(local);
                        match queue.iter_mut().find(|(queued, _)| *queued == local) {
                            Some((_, marked)) => *marked = true,
                            None if local < places => queue.push_back((local, true)),
                            None => {}
                        }
                    }
                    Op::Forget(local) => {
                        backlog.forget(local);
                        let queued = queue.iter_mut().filter(|(queued, _)| *queued == local);
                        queued.for_each(|(_, marked)| *marked = false);
                    }
                    Op::Take => {
                        while queue.pop_front_if(|(_, marked)| !*marked).is_some() {
                            taken += 1;
                        }
                        prop_assert_eq!(backlog.peek(), queue.front().map(|(local, _)| *local));
                        if queue.pop_front().is_some() {
                            taken += 1;
                        }
                        backlog.take();
                    }
                    Op::Clear => {
                        backlog.clear();
                        taken += queue.len() as u64;
                        queue.clear();
                    }
                    Op::Grow => {
                        prop_assert_eq!(backlog.grow(), Some(places));
                        places += 1;
                    }
                }
                prop_assert_eq!(backlog.progress(), (taken, taken + queue.len() as u64));
                prop_assert_eq!(backlog.is_empty(), !queue.iter().any(|(_, marked)| *marked));
                for local in 0..8 {
                    let marked = queue.contains(&(local, true));
                    prop_assert_eq!(backlog.is_marked(local), marked);
                }
            }
            let rest: Vec<u32> = queue.iter().filter(|(_, m)| *m).map(|(local, _)| *local).collect();
            prop_assert_eq!(drain(&mut backlog), rest);
        }
    }
}
