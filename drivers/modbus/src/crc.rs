//! The check sum of RTU frames. Modbus over Serial Line V1.02 §6.2.2.

/// Start value and reflected polynomial of §6.2.2.
const START: u16 = 0xFFFF;
const POLYNOMIAL: u16 = 0xA001;

const TABLE: [u16; 256] = table();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "computed by the compiler, which would refuse an index out of bounds; at most 255"
)]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut crc = index as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

/// The check sum of `bytes` as it follows them on the wire: low byte first.
pub(crate) fn crc(bytes: &[u8]) -> [u8; 2] {
    let sum = bytes.iter().fold(START, |crc, byte| {
        let [low, _] = crc.to_le_bytes();
        crc >> 8 ^ TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default()
    });
    sum.to_le_bytes()
}

/// Whether the last two of `frame`'s bytes are the check sum of those before.
pub(crate) fn is_whole(frame: &[u8]) -> bool {
    frame.split_last_chunk::<2>().is_some_and(|(bytes, sum)| crc(bytes) == *sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        // §6.2.2, appendix B: frame 02 07 has the check sum 0x1241, sent as 41 12.
        assert_eq!(crc(&[0x02, 0x07]), [0x41, 0x12]);
        assert!(is_whole(&[0x02, 0x07, 0x41, 0x12]));
    }

    #[test]
    fn no_single_or_double_flip_goes_unseen() {
        let mut frame = vec![0x11, 0x03, 0x06, 0xAE, 0x41, 0x56, 0x52, 0x43, 0x40];
        let sum = crc(&frame);
        frame.extend(sum);
        let bits = frame.len() * 8;
        for first in 0..bits {
            for second in first..bits {
                let mut damaged = frame.clone();
                damaged[first / 8] ^= 1 << (first % 8);
                if second != first {
                    damaged[second / 8] ^= 1 << (second % 8);
                }
                assert!(!is_whole(&damaged), "{first} {second}");
            }
        }
    }

    #[test]
    fn too_short_is_not_whole() {
        assert!(!is_whole(&[]));
        assert!(!is_whole(&[0x41]));
    }
}
