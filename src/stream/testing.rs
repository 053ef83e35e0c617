//! A small table of points `p0`, `p1` … for this room's tests.

use std::sync::Arc;

use pointcast_api::{Reading, StaleAfter, UnixMs, Value};

use super::Entry;
use crate::table::{Pattern, Table, Update, testing};

pub(super) fn table(points: usize) -> Arc<Table> {
    Arc::new(testing::table(points, |_| StaleAfter::Never))
}

pub(super) fn patterns(points: impl IntoIterator<Item = usize>) -> Vec<Pattern> {
    points.into_iter().map(|point| Pattern::new(&format!("p{point}")).unwrap()).collect()
}

pub(super) fn entries(points: impl IntoIterator<Item = usize>) -> Vec<Entry> {
    patterns(points).into_iter().map(Entry::from).collect()
}

/// One device reply that gives all of `points` the same value.
pub(super) fn put(table: &Table, points: &[u32], value: i64) {
    let reading = Reading::Good(Value::I64(value));
    table.apply(points.iter().map(|point| (*point, Update::Read(&reading, UnixMs(1)))));
}
