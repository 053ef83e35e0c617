//! What must hold of every decoder whatever bytes it gets; only for tests and with the feature `fuzzing`.
//!
//! Each target takes bytes from anywhere and asserts; that is all a fuzzer needs (`drivers/modbus/fuzz`). The corpora it
//! leaves there, and whatever once failed, are replayed by an ordinary test.

#![expect(clippy::panic, reason = "what does not hold is told by a panic")]

mod framing;
mod meaning;
mod reply;

/// What takes bytes from anywhere, and panics when something does not hold that must.
pub type Target = fn(&[u8]);

/// The targets by name: that of their folder under `fuzz/corpus`, too.
pub const TARGETS: [(&str, Target); 6] = [
    ("mbap", framing::mbap),
    ("rtu", framing::rtu),
    ("ascii", framing::ascii),
    ("judge", reply::judge),
    ("value", meaning::value),
    ("address", meaning::address),
];

/// Runs one target.
///
/// # Panics
/// When something does not hold that must; and when there is no target of this name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    assert!(target.is_some(), "no target {name:?}");
    if let Some((_, target)) = target {
        target(data);
    }
}

/// Bytes that are taken from the front; zeros when they are over.
struct Supply<'a>(&'a [u8]);

impl<'a> Supply<'a> {
    fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn words(&mut self, count: usize) -> Vec<u16> {
        (0..count).map(|_| self.word()).collect()
    }

    /// One of them.
    fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N], otherwise: T) -> T {
        let at = usize::from(self.byte()) % N.max(1);
        choices.get(at).copied().unwrap_or(otherwise)
    }

    fn rest(self) -> &'a [u8] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn everything_in_the_corpora_holds() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, target) in TARGETS {
            let files = std::fs::read_dir(corpora.join(name)).unwrap();
            let mut count = 0;
            for file in files {
                let path = file.unwrap().path();
                println!("{}", path.display());
                target(&std::fs::read(path).unwrap());
                count += 1;
            }
            assert!(count >= 5, "{name}: {count} files");
        }
    }

    #[test]
    fn every_target_has_its_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for (name, _) in TARGETS {
            let program = folder.join(format!("fuzz_targets/{name}.rs"));
            let program = std::fs::read_to_string(program).unwrap();
            assert!(program.contains(&format!("run({name:?}, data)")), "{name}");
            assert!(manifest.contains(&format!("name = {name:?}")), "{name}");
        }
    }

    proptest! {
        #[test]
        fn everything_else_holds(data in proptest::collection::vec(any::<u8>(), 0..80)) {
            for (_, target) in TARGETS {
                target(&data);
            }
        }
    }
}
