//! Points of one device that share registers: almost always a slip, so it must be said on purpose.
//!
//! Allowed without a word: different bits of a register, alone or several together, and parts of a register
//! that is read as a whole as well. Registers with scales may be shared by all that are scaled by them.
//! Everything else needs `overlap = true` on one of the two.

use pointcast_api::settings::Refusals;

use super::point::Point;
use crate::decode::{Decoder, Slice};

/// Most overlaps told of one point: a list of hundreds helps nobody.
const MAX_TOLD: usize = 3;

/// Refuses every point that shares registers with an earlier one where neither says that it may.
pub(crate) fn check(points: &[Point], refusals: &mut Refusals) {
    let mut sorted: Vec<(usize, &Point)> = points.iter().enumerate().collect();
    sorted.sort_by_key(|(at, point)| {
        (point.want.device, point.want.table, point.models(), point.own.start, point.own.end, *at)
    });
    let mut open: Vec<(usize, &Point)> = Vec::new();
    for (at, point) in sorted {
        open.retain(|(_, other)| {
            (other.want.device, other.want.table, other.models())
                == (point.want.device, point.want.table, point.models())
                && other.own.end > point.own.start
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
    let shared = match (mask(&one.decoder), mask(&other.decoder)) {
        (Some(a), Some(b)) => a & b != 0,
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    shared && !one.overlap && !other.overlap
}

/// Which bits of its one register a point has, unless it has whole ones.
fn mask(decoder: &Decoder) -> Option<u16> {
    match decoder {
        Decoder::RegisterBit(bit) | Decoder::SunSpecBit(bit) => 1_u16.checked_shl(u32::from(*bit)),
        Decoder::Number(number) => number.slice.map(Slice::mask),
        Decoder::OfModel(of_model) => mask(&of_model.decoder),
        Decoder::Bit | Decoder::Text(_) | Decoder::Time(_) => None,
    }
}
