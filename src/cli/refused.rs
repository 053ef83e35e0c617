//! Everything that is wrong with a configuration, for people.

use std::collections::BTreeSet;
use std::process::ExitCode;

use pointcast_api::settings::Refusal;

/// Says every refusal on standard error, how many there are, and `closing` behind that. The exit code is
/// that of a configuration that is wrong.
pub(super) fn refused(refusals: &[Refusal], closing: &str) -> ExitCode {
    super::say(&words(refusals, closing));
    ExitCode::from(super::REFUSED)
}

fn words(refusals: &[Refusal], closing: &str) -> String {
    let mut words: String = refusals.iter().map(|refusal| format!("{refusal}\n")).collect();
    let files: BTreeSet<_> = refusals.iter().map(|refusal| &refusal.place.file).collect();
    let problems = count(refusals.len(), "problem");
    words.push_str(&format!("\n{problems} in {}{closing}", count(files.len(), "file")));
    words
}

/// `1 point`, `2 points`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
