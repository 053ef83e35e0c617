//! Where a value lies that was expected.

use std::process::ExitCode;

use super::super::FAILED;
use super::super::refused::count;
use super::super::table::Table;
use super::Arguments;
use crate::registry::probe::{Expectation, Fit, Image, Span};

/// Most places that are shown; what fits less well is chance more likely than not.
const MAX_SHOWN: usize = 10;

/// What fits, best first, each with the line that reads it, and the exit code.
pub(super) fn report(
    expectation: &Expectation,
    images: &[(Span, Image)],
    arguments: &Arguments,
) -> (String, ExitCode) {
    let mut fits: Vec<Fit> = images.iter().flat_map(|(_, image)| expectation.find(image)).collect();
    fits.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    let spans: Vec<String> = images.iter().map(|(span, _)| span.to_string()).collect();
    let value = arguments.expect.as_deref().unwrap_or_default();
    let within = plain(expectation.tolerance());
    let what = format!("{value} ± {within} in {}", spans.join(", "));
    if fits.is_empty() {
        let text = format!(
            "nothing fits {what}. Look at more addresses or tables, or allow more with --within\n"
        );
        return (text, ExitCode::from(FAILED));
    }
    let mut table = Table::new(&[("reads now", true), ("the line for points = [ … ]", false)]);
    for fit in fits.iter().take(MAX_SHOWN) {
        table.row(vec![fit.value.to_string(), fit.toml("value")]);
    }
    let are = if fits.len() == 1 { "fits" } else { "fit" };
    let mut text =
        format!("{what}: {} {are}, best first\n\n{}", count(fits.len(), "place"), table.render(2));
    if fits.len() > MAX_SHOWN {
        text.push_str(&format!("  and {} that fit less well\n", fits.len() - MAX_SHOWN));
    }
    if fits.len() > 1 {
        text.push_str("\nMuch fits by chance: run this again when the value is another one. What fits then too is it.\n");
    }
    (text, ExitCode::SUCCESS)
}

/// A number with no more digits than matter.
fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
