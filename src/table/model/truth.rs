//! What became of every point, and what of it may be shown.

use std::collections::BTreeMap;

use pointcast_api::{Reason, Value};

use crate::table::{Form, Index, Shown};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Became {
    Waiting,
    Value(i64),
    Removed,
}

/// What became of every place, with the number of each change, and how far that is settled.
#[derive(Default)]
pub(super) struct Truth {
    pub(super) changes: Vec<Vec<(u64, Became)>>,
    pub(super) ids: Vec<usize>,
    pub(super) last: u64,
    /// The last number of each batch, and whether its marks are placed.
    pub(super) batches: BTreeMap<u64, bool>,
}

impl Truth {
    pub(super) fn change(&mut self, index: Index, became: Became) {
        self.last += 1;
        self.changes[index as usize].push((self.last, became));
    }

    pub(super) fn newest(&self, index: Index) -> (u64, Became) {
        *self.changes[index as usize].last().unwrap()
    }

    pub(super) fn is_there(&self, index: Index) -> bool {
        (index as usize) < self.changes.len() && self.newest(index).1 != Became::Removed
    }

    pub(super) fn find(&self, id: usize) -> Option<Index> {
        (0..)
            .zip(&self.ids)
            .filter(|(_, of)| **of == id)
            .map(|(at, _)| at)
            .find(|at| self.is_there(*at))
    }

    pub(super) fn settled(&self) -> u64 {
        let run = self.batches.iter().take_while(|(_, done)| **done);
        run.last().map_or(0, |(last, _)| *last)
    }

    /// The newest change up to `settled`, and how many there were before it.
    pub(super) fn until(&self, index: Index, settled: u64) -> Option<(usize, (u64, Became))> {
        let changes = self.changes[index as usize].iter().copied().enumerate();
        changes.take_while(|(_, (seq, _))| *seq <= settled).last()
    }
}

pub(super) fn name(id: usize) -> String {
    format!("p{id}")
}

pub(super) fn check_shown(shown: &mut Shown<'_>, truth: &Truth, index: Index, settled: u64) {
    let (count, (seq, became)) = truth.until(index, settled).expect("nothing may be shown");
    assert_eq!((shown.seq, shown.count as usize), (seq, count));
    assert_eq!(shown.newest, truth.newest(index).0 == seq);
    assert_eq!(shown.is_removed(), became == Became::Removed);
    assert_eq!(shown.id(), name(truth.ids[index as usize]));
    let state = shown.state();
    let expected = match became {
        Became::Waiting => (None, Some(Reason::Waiting)),
        Became::Value(value) => (Some(Value::I64(value)), None),
        Became::Removed => (None, Some(Reason::Configuration)),
    };
    assert_eq!((state.value.clone(), state.doubt.map(|(reason, _)| reason)), expected);
    assert_eq!(state.seq, seq);
}

pub(super) fn check_text(shown: &mut Shown<'_>, truth: &Truth, index: Index, form: Form) {
    let (_, (_, became)) = truth.until(index, shown.seq).unwrap();
    let id = name(truth.ids[index as usize]);
    let text = shown.text(form);
    let expected = match (form, became) {
        (_, Became::Removed) => panic!("{id} has no text any more"),
        (Form::Plain, Became::Waiting) => format!("{{\"id\":\"{id}\",\"value\":null,"),
        (Form::Compact, Became::Waiting) => format!("[{index},null,null,\"waiting\"]"),
        (Form::Plain, Became::Value(value)) => format!("{{\"id\":\"{id}\",\"value\":{value},"),
        (Form::Compact, Became::Value(value)) => format!("[{index},{value},-"),
    };
    assert!(text.starts_with(&expected), "{text}, not {expected}");
}
