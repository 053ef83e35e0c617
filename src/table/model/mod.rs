//! Model test of the table alone: points come and go, writers are interrupted between any two marks, readers come,
//! leave and look, in any order. What a reader is shown, what it may believe and whether it is woken is held against
//! a plain list of what became of every point.
//!
//! Everything runs on one thread, so a failing case can be replayed. A reader looks only after its waker was called.

mod truth;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use pointcast_api::{PointDeclaration, PointId, Reading, UnixMs, Value, ValueType};
use proptest::prelude::*;

use super::{Batch, Catalog, CatalogError, Form, Index, Mailbox, Table, Update, View};
use truth::{Became, Truth, check_shown, check_text, name};

const IDS: usize = 4;
const READERS: usize = 3;
/// Registrations that one reader makes at most, over all its life.
const LOCALS: u32 = 24;

#[derive(Clone, Debug)]
enum Op {
    /// A writer gives some places the next value, whether there is a point or not.
    Write {
        places: u16,
    },
    /// A point comes, and some readers are told before that is settled.
    Add {
        id: usize,
        readers: u8,
    },
    Remove {
        id: usize,
    },
    /// A writer places one mark, or settles when all are placed.
    Mark {
        batch: usize,
    },
    /// It places the rest and settles.
    Finish {
        batch: usize,
    },
    Register {
        reader: usize,
        index: Index,
    },
    Unregister {
        reader: usize,
        local: usize,
    },
    /// A reader looks until it has to wait.
    Look {
        reader: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => any::<u16>().prop_map(|places| Op::Write { places }),
        2 => (0..IDS, 0..8u8).prop_map(|(id, readers)| Op::Add { id, readers }),
        2 => (0..IDS).prop_map(|id| Op::Remove { id }),
        8 => (0..9usize).prop_map(|batch| Op::Mark { batch }),
        4 => (0..9usize).prop_map(|batch| Op::Finish { batch }),
        4 => (0..READERS, 0..10u32).prop_map(|(reader, index)| Op::Register { reader, index }),
        2 => (0..READERS, 0..9usize).prop_map(|(reader, local)| Op::Unregister { reader, local }),
        8 => (0..READERS).prop_map(|reader| Op::Look { reader }),
    ]
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Reader {
    mailbox: Arc<Mailbox>,
    bell: Arc<Bell>,
    /// What each local place is registered for, and the number of what was told of it last.
    locals: Vec<(Option<Index>, u64)>,
}

impl Reader {
    fn wants(&self, index: Index) -> bool {
        self.locals.iter().any(|(of, _)| *of == Some(index))
    }
}

struct World {
    table: Table,
    open: Vec<(u64, Batch)>,
    readers: Vec<Reader>,
    truth: Truth,
    value: i64,
    generation: u64,
    /// Each text that was ever asked for.
    texts: BTreeSet<(Index, u64, bool)>,
}

fn declare(id: usize) -> (PointDeclaration, String) {
    let id = PointId::new(&name(id)).unwrap();
    (PointDeclaration::bare(id, ValueType::I64), String::new())
}

impl World {
    fn new() -> Self {
        let reader = |_| Reader {
            mailbox: Arc::new(Mailbox::new(LOCALS as usize)),
            bell: Arc::new(Bell(AtomicBool::new(true))),
            locals: Vec::new(),
        };
        let mut world = Self {
            table: Table::new(Catalog::new(vec![declare(0), declare(1)]).unwrap()),
            open: Vec::new(),
            readers: (0..READERS).map(reader).collect(),
            truth: Truth { ids: vec![0, 1], changes: vec![Vec::new(); 2], ..Truth::default() },
            value: 0,
            generation: 1,
            texts: BTreeSet::new(),
        };
        (0..2).for_each(|index| world.truth.change(index, Became::Waiting));
        world.truth.batches.insert(2, true);
        world
    }

    /// A batch was begun whose last number is the newest.
    fn begun(&mut self, batch: Option<Batch>) {
        let last = self.truth.last;
        self.truth.batches.insert(last, batch.is_none());
        self.open.extend(batch.map(|batch| (last, batch)));
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Write { places } => self.write(places),
            Op::Add { id, readers } => self.add(id, readers),
            Op::Remove { id } => self.remove(id),
            Op::Mark { batch } => {
                self.mark(batch);
            }
            Op::Finish { batch } => while self.mark(batch) {},
            Op::Register { reader, index } => {
                if (index as usize) < self.truth.changes.len() && self.register(reader, index) {
                    // It looks at once, as whoever has selected a point does.
                    self.readers[reader].bell.0.store(true, Ordering::SeqCst);
                }
            }
            Op::Unregister { reader, local } => {
                let Reader { mailbox, locals, .. } = &mut self.readers[reader];
                let at = local % locals.len().max(1);
                if let Some(index) = locals.get_mut(at).and_then(|(of, _)| of.take()) {
                    self.table.unregister(index, mailbox, u32::try_from(at).unwrap());
                }
            }
            Op::Look { reader } => self.look(reader),
        }
    }

    fn write(&mut self, places: u16) {
        self.value += 1;
        let reading = Reading::Good(Value::I64(self.value));
        let indices: Vec<Index> = (0..16).filter(|at| places >> at & 1 == 1).collect();
        let batch =
            self.table.begin(indices.iter().map(|i| (*i, Update::Read(&reading, UnixMs(1)))));
        let changed: Vec<Index> =
            indices.into_iter().filter(|index| self.truth.is_there(*index)).collect();
        let wanted = |index: &Index| self.readers.iter().any(|reader| reader.wants(*index));
        assert_eq!(batch.is_some(), changed.iter().any(wanted), "who is told of {changed:?}");
        changed.iter().for_each(|index| self.truth.change(*index, Became::Value(self.value)));
        if !changed.is_empty() {
            self.begun(batch);
        }
    }

    fn add(&mut self, id: usize, readers: u8) {
        let added = self.table.begin_add(vec![declare(id)]);
        if self.truth.find(id).is_some() {
            assert!(matches!(added, Err(CatalogError::Duplicate(_))));
            return;
        }
        let (places, batch) = added.unwrap();
        let index = Index::try_from(self.truth.changes.len()).unwrap();
        assert_eq!(places, index..index + 1);
        self.generation += 1;
        self.truth.ids.push(id);
        self.truth.changes.push(Vec::new());
        self.truth.change(index, Became::Waiting);
        self.begun(Some(batch));
        for reader in (0..READERS).filter(|reader| readers >> reader & 1 == 1) {
            if self.register(reader, index) {
                let mailbox = &self.readers[reader].mailbox;
                self.table.view(|view| view.wake_when_settled(self.truth.last, mailbox));
            }
        }
    }

    fn remove(&mut self, id: usize) {
        let Some(index) = self.truth.find(id) else { return };
        // Twice in one list is once.
        let batch = self.table.begin_remove(&[index, index, 99]);
        self.generation += 1;
        self.truth.change(index, Became::Removed);
        self.begun(batch);
        assert!(self.table.begin_remove(&[index]).is_none(), "it is gone");
    }

    /// Moves a batch on; false when that is no longer needed.
    fn mark(&mut self, batch: usize) -> bool {
        let at = batch % self.open.len().max(1);
        let Some((last, batch)) = self.open.get_mut(at) else { return false };
        if self.table.mark_next(batch) {
            return true;
        }
        self.truth.batches.insert(*last, true);
        let (_, batch) = self.open.remove(at);
        self.table.settle(batch);
        false
    }

    /// Registers a reader and marks what it has not seen; false if it has no room, or wants the point already.
    fn register(&mut self, reader: usize, index: Index) -> bool {
        let Reader { mailbox, locals, .. } = &mut self.readers[reader];
        let local = u32::try_from(locals.len()).unwrap();
        if local >= LOCALS || locals.iter().any(|(of, _)| *of == Some(index)) {
            return false;
        }
        locals.push((Some(index), 0));
        self.table.register(index, mailbox, local);
        mailbox.backlog().mark(local);
        true
    }

    fn look(&mut self, reader: usize) {
        let Reader { mailbox, bell, locals } = &mut self.readers[reader];
        while bell.0.swap(false, Ordering::SeqCst) {
            let waker = Waker::from(Arc::clone(bell));
            loop {
                let (truth, texts) = (&self.truth, &mut self.texts);
                self.table.view(|view| look(view, mailbox, locals, truth, texts));
                let mut context = Context::from_waker(&waker);
                if mailbox.poll_woken(&mut context, 0).is_pending() {
                    break;
                }
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.table.settled(), self.truth.settled());
        let catalog = self.table.catalog();
        assert_eq!(catalog.generation(), self.generation);
        for id in 0..IDS {
            assert_eq!(catalog.find(&PointId::new(&name(id)).unwrap()), self.truth.find(id));
        }
        for index in (0..).take(self.truth.changes.len()) {
            let there = self.truth.is_there(index);
            assert_eq!(catalog.is_removed(index), !there);
            assert_eq!(self.table.read(index).is_some(), there);
            assert_eq!(self.table.changed_at(&[index]), [self.truth.newest(index).0]);
        }
        assert_eq!(self.table.encodes(), self.texts.len() as u64, "each text is made once");
    }

    /// Everything is settled: who was woken knows it all, and nobody who was not is behind.
    fn come_to_rest(mut self) {
        while !self.open.is_empty() {
            self.mark(0);
        }
        self.check();
        for reader in 0..READERS {
            self.look(reader);
            let Reader { mailbox, locals, .. } = &self.readers[reader];
            assert!(mailbox.backlog().is_empty());
            for (local, (index, told)) in (0..).zip(locals) {
                let Some(index) = *index else { continue };
                assert_eq!(*told, self.truth.newest(index).0, "reader {reader} on p{index}");
                if self.truth.is_there(index) {
                    self.table.unregister(index, mailbox, local);
                }
            }
            assert_eq!(Arc::strong_count(mailbox), 1, "who left, and whose points left, is let go");
        }
    }
}

/// Takes all marks, and checks what is shown and what may be believed then.
fn look(
    view: &mut View<'_>,
    mailbox: &Arc<Mailbox>,
    locals: &mut [(Option<Index>, u64)],
    truth: &Truth,
    texts: &mut BTreeSet<(Index, u64, bool)>,
) {
    let settled = view.settled();
    let mut backlog = mailbox.backlog();
    let mut again = Vec::new();
    while let Some(local) = backlog.peek() {
        backlog.take();
        let (Some(index), told) = &mut locals[local as usize] else { continue };
        let Some(mut shown) = view.shown(*index) else {
            assert!(truth.newest(*index).0 > settled, "p{index} could be shown");
            again.push(local);
            continue;
        };
        check_shown(&mut shown, truth, *index, settled);
        let compact = local % 2 == 0;
        let form = if compact { Form::Compact } else { Form::Plain };
        if !shown.is_removed() {
            check_text(&mut shown, truth, *index, form);
            texts.insert((*index, shown.seq, compact));
        }
        assert!(shown.seq >= *told, "p{index} went back");
        *told = shown.seq;
        if !shown.newest {
            again.push(local);
        }
    }
    for (index, told) in locals.iter().filter_map(|(index, told)| Some((index.as_ref()?, told))) {
        let known = truth.until(*index, settled).map_or(0, |(_, (seq, _))| seq);
        let waits = again.iter().any(|local| locals[*local as usize].0 == Some(*index));
        assert!(*told >= known || waits, "p{index}: {told} was told, {known} is settled");
    }
    again.iter().for_each(|local| backlog.mark(*local));
    let newest = again.iter().filter_map(|local| Some(view.seq(locals[*local as usize].0?))).max();
    if let Some(seq) = newest {
        view.wake_when_settled(seq, mailbox);
    }
}

fn cases() -> u32 {
    if std::env::var_os("POINTCAST_LONG").is_some() { 50_000 } else { 1_000 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn readers_are_told_everything_once_settled(ops in prop::collection::vec(op(), 1..150)) {
        let mut world = World::new();
        for op in &ops {
            world.apply(op);
            world.check();
        }
        world.come_to_rest();
    }
}
