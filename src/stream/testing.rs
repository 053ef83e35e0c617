//! A small table of points `p0`, `p1` … for this room's tests.

use std::sync::Arc;

use pointcast_api::{
    DeviceIndex, PointDeclaration, PointDetails, PointId, Reading, StaleAfter, UnixMs, Value,
    ValueType,
};

use crate::table::{Catalog, Pattern, Table, Update};

fn declaration(point: usize) -> PointDeclaration {
    PointDeclaration {
        details: PointDetails {
            id: PointId::new(&format!("p{point}")).unwrap(),
            device: DeviceIndex(0),
            unit: None,
            description: None,
            range: None,
            precision: None,
            labels: Vec::new(),
            stale_after: None,
        },
        value_type: ValueType::I64,
        scan_interval: None,
        stale_after: StaleAfter::Never,
        writable: false,
    }
}

pub(super) fn table(points: usize) -> Arc<Table> {
    let points = (0..points).map(|point| (declaration(point), String::new())).collect();
    Arc::new(Table::new(Catalog::new(points).unwrap()))
}

pub(super) fn patterns(points: impl IntoIterator<Item = usize>) -> Vec<Pattern> {
    points.into_iter().map(|point| Pattern::new(&format!("p{point}")).unwrap()).collect()
}

/// One device reply that gives all of `points` the same value.
pub(super) fn put(table: &Table, points: &[u32], value: i64) {
    let reading = Reading::Good(Value::I64(value));
    table.apply(points.iter().map(|point| (*point, Update::Read(&reading, UnixMs(1)))));
}
