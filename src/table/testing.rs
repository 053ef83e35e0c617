//! A small table of points `p0`, `p1` … for tests.

use pointcast_api::{PointDeclaration, PointId, StaleAfter, ValueType};

use super::{Catalog, Table};

fn declaration(point: usize, stale_after: StaleAfter) -> PointDeclaration {
    let id = PointId::new(&format!("p{point}")).unwrap();
    let mut point = PointDeclaration::bare(id, ValueType::I64);
    point.change(|traits| traits.stale_after = stale_after);
    point
}

pub(crate) fn table(points: usize, stale_after: impl Fn(usize) -> StaleAfter) -> Table {
    let declare = |point| (declaration(point, stale_after(point)), String::new());
    Table::new(Catalog::new((0..points).map(declare).collect()).unwrap())
}
