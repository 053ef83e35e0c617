//! A small table of points `p0`, `p1` … for tests.

use pointcast_api::{DeviceIndex, PointDeclaration, PointDetails, PointId, StaleAfter, ValueType};

use super::{Catalog, Table};

fn declaration(point: usize, stale_after: StaleAfter) -> PointDeclaration {
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
        stale_after,
        writable: false,
    }
}

pub(crate) fn table(points: usize, stale_after: impl Fn(usize) -> StaleAfter) -> Table {
    let declare = |point| (declaration(point, stale_after(point)), String::new());
    Table::new(Catalog::new((0..points).map(declare).collect()).unwrap())
}
