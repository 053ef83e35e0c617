//! Points of one device that share registers: almost always a slip, so it must be said on purpose.
//!
//! Allowed without a word: different bits of a register, and bits of a register that is read as a number
//! as well. Everything else needs `overlap = true` on one of the two.

use pointcast_api::settings::Refusals;

use super::point::Point;
use crate::decode::Decoder;

/// Most overlaps told of one point: a list of hundreds helps nobody.
const MAX_TOLD: usize = 3;

/// Refuses every point that shares registers with an earlier one where neither says that it may.
pub(crate) fn check(points: &[Point], refusals: &mut Refusals) {
    let mut sorted: Vec<(usize, &Point)> = points.iter().enumerate().collect();
    sorted.sort_by_key(|(at, point)| {
        (point.want.device, point.want.table, point.want.first, point.want.end(), *at)
    });
    let mut open: Vec<(usize, &Point)> = Vec::new();
    for (at, point) in sorted {
        open.retain(|(_, other)| {
            (other.want.device, other.want.table) == (point.want.device, point.want.table)
                && other.want.end() > u32::from(point.want.first)
        });
        let colliding = open.iter().filter(|(_, other)| collide(point, other));
        for (other_at, other) in colliding.take(MAX_TOLD) {
            // The later one of the file is told, as people write from top to bottom.
            let (told, first) = if *other_at < at { (point, *other) } else { (*other, point) };
            told.address.refuse(
                refusals,
                format!("shares registers with {}", first.called),
                "correct one of the addresses, or say overlap = true if both are right",
            );
        }
        open.push((at, point));
    }
}

fn collide(one: &Point, other: &Point) -> bool {
    let same_bit = match (&one.decoder, &other.decoder) {
        (Decoder::RegisterBit(a), Decoder::RegisterBit(b)) => a == b,
        (Decoder::RegisterBit(_), _) | (_, Decoder::RegisterBit(_)) => false,
        (
            Decoder::Bit | Decoder::Number(_) | Decoder::Text(_),
            Decoder::Bit | Decoder::Number(_) | Decoder::Text(_),
        ) => true,
    };
    same_bit && !one.overlap && !other.overlap
}
