//! What faults do to the bytes of a frame, whatever its coding.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::signal::scatter;

/// Bytes of noise that stand in for a reply.
const GARBAGE_BYTES: usize = 24;

/// How many replies were damaged so far: the next one is damaged elsewhere.
static DAMAGED: AtomicU64 = AtomicU64::new(0);

/// The first half of a frame.
pub(super) fn first_half(mut frame: Vec<u8>) -> Vec<u8> {
    frame.truncate(frame.len() / 2);
    frame
}

/// Noise, another for each `seed`.
pub(super) fn garbage(seed: u16) -> Vec<u8> {
    let byte = |place| if scatter(u64::from(seed), place) > 0.0 { 0xFF } else { 0x55 };
    (0_i64..).map(byte).take(GARBAGE_BYTES).collect()
}

/// Flips so many bits within a part of the frame, each time others; all of them where it has no more. Of each byte
/// only the lowest `bits_each` are on the wire.
pub(super) fn flip(frame: &mut [u8], part: Range<usize>, bits_each: usize, bits: u8) {
    let Some(part) = frame.get_mut(part) else { return };
    let places = part.len() * bits_each;
    let wanted = usize::from(bits).min(places);
    let seed = DAMAGED.fetch_add(1, Ordering::Relaxed);
    let mut flipped = HashSet::new();
    let mut draw = 0_u64;
    while flipped.len() < wanted {
        let at = mixed(seed.wrapping_mul(0x1_0001).wrapping_add(draw)) % (places as u64);
        draw += 1;
        let at = usize::try_from(at).unwrap_or_default();
        if flipped.insert(at)
            && let Some(byte) = part.get_mut(at / bits_each)
        {
            *byte ^= 1 << (at % bits_each);
        }
    }
}

/// The mixing steps of SplitMix64 (Steele, Lea, Flood 2014).
fn mixed(number: u64) -> u64 {
    let x = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_bits_are_flipped_as_asked_for_each_time_others() {
        let mut seen = HashSet::new();
        for _ in 0..20 {
            let mut frame = [0_u8; 30];
            flip(&mut frame, 10..20, 7, 3);
            assert_eq!(frame.iter().map(|byte| byte.count_ones()).sum::<u32>(), 3);
            assert!(frame[..10].iter().chain(&frame[20..]).all(|byte| *byte == 0));
            assert!(frame.iter().all(|byte| byte.is_ascii()));
            seen.insert(frame);
        }
        assert!(seen.len() > 15, "{}", seen.len());
        let mut one = [0_u8];
        flip(&mut one, 0..1, 8, 16);
        assert_eq!(one, [0xFF]);
    }
}
