//! A refused block cut in two, to find out what of it is refused.

use pointcast_api::PointIndex;

use super::{Block, Want};

/// Cuts a block in two where it hurts no value, as near to the middle of its points as may be.
///
/// `None` when all its points lie in one and the same range: then there is nothing to find out by cutting.
pub(crate) fn halve(block: &Block, wants: &[Want]) -> Option<(Block, Block)> {
    let found = |point: &PointIndex| wants.get(point.at()).map(|want| (*point, *want));
    let points: Vec<(PointIndex, Want)> = block.points.iter().filter_map(found).collect();
    let middle = points.len() / 2;
    let at = best_cut(&points, middle)?;
    let (left, right) = points.split_at_checked(at)?;
    Some((Block::around(left)?, Block::around(right)?))
}

/// The cut nearest to `middle`: between values that do not overlap, or else between different ranges.
fn best_cut(points: &[(PointIndex, Want)], middle: usize) -> Option<usize> {
    let mut between = None;
    let mut within = None;
    let mut reached = 0;
    let nearer = |best: Option<usize>, at: usize| match best {
        Some(best) if best.abs_diff(middle) <= at.abs_diff(middle) => Some(best),
        _ => Some(at),
    };
    for (at, pair) in (1..).zip(points.windows(2)) {
        let [(_, before), (_, after)] = pair else { continue };
        reached = before.end().max(reached);
        if u32::from(after.first) >= reached {
            between = nearer(between, at);
        } else if before.range() != after.range() {
            within = nearer(within, at);
        }
    }
    between.or(within)
}
