//! The checksum of NMEA 0183: `*hh` at the end, the exclusive or of everything between `$` (or `!`) and `*`.

use pointcast_api::text::excerpt;

/// Why a sentence cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChecksumError {
    #[error("{found} is no sentence with a checksum, $…*hh")]
    Missing { found: String },
    #[error("wrong checksum in {found}: *{computed:02X} would be right")]
    Wrong { found: String, computed: u8 },
}

/// The sentence without its checksum, `$` included, when the checksum is right.
pub(crate) fn verified(line: &str) -> Result<&str, ChecksumError> {
    let missing = || ChecksumError::Missing { found: excerpt(line) };
    let (sentence, digits) = line.rsplit_once('*').ok_or_else(missing)?;
    let body = sentence.strip_prefix(['$', '!']).ok_or_else(missing)?;
    let is_hex = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let given = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex).ok_or_else(missing)?;
    let computed = body.bytes().fold(0, |sum, byte| sum ^ byte);
    if given == computed {
        Ok(sentence)
    } else {
        Err(ChecksumError::Wrong { found: excerpt(line), computed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_right_sentence_loses_its_checksum() {
        let fix = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47";
        assert_eq!(verified(fix), Ok(fix.trim_end_matches("*47")));
        assert_eq!(verified("$A*41"), Ok("$A"));
        assert_eq!(verified("!A*B*29"), Ok("!A*B"));
        assert_eq!(verified("$jj*00"), Ok("$jj"));
        assert_eq!(verified("$aJJ*61"), Ok("$aJJ"));
        assert_eq!(verified("$J*4a"), Ok("$J"));
    }

    #[test]
    fn a_wrong_one_says_what_is_wrong() {
        let told = |line| verified(line).unwrap_err().to_string();
        assert_eq!(told("$A*42"), "wrong checksum in \"$A*42\": *41 would be right");
        for line in ["", "$A", "A*41", "x$A*41", "$A*4", "$A*410", "$A*+1", "$A*41 ", "$A*é"] {
            assert!(told(line).ends_with("is no sentence with a checksum, $…*hh"), "{line}");
        }
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_noticed(body in "[ -)+-~]{1,60}", at in any::<prop::sample::Index>(), bit in 0_u32..7) {
            let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
            let sentence = format!("${body}*{sum:02X}");
            prop_assert!(verified(&sentence).is_ok());
            let mut bytes = sentence.into_bytes();
            let at = at.index(bytes.len() - 3) + 1;
            bytes[at] ^= 1 << bit;
            if let Ok(flipped) = std::str::from_utf8(&bytes) {
                // In the digits a flip may turn `A` into `a`, which is the same number.
                let same = bytes.len() - at <= 2 && bytes[at].is_ascii_alphabetic() && bit == 5;
                prop_assert!(same || verified(flipped).is_err(), "{}", flipped);
            }
        }
    }
}
