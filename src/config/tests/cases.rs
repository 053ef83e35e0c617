//! Every kind of refusal, literally: `tests/config_cases/<case>/` holds `input.toml` (and what it
//! includes) and `expected.txt`, the text that a person sees.
//!
//! `POINTCAST_WRITE_EXPECTED=1` writes the texts anew; read them before committing.

use std::fs;
use std::path::Path;

use super::driver::DRIVERS;
use crate::config::load_with;

const CASES: &str = "tests/config_cases";

fn told(case: &Path) -> String {
    let refusals = match load_with(&case.join("input.toml"), DRIVERS) {
        Ok(config) => return format!("no refusal: {config:?}\n"),
        Err(refusals) => refusals,
    };
    let prefix = format!("{}/", case.display());
    refusals.iter().map(|refusal| format!("{refusal}\n").replace(&prefix, "")).collect()
}

#[test]
fn every_refusal_says_where_what_and_what_would_be_right() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(CASES).unwrap() {
        let case = entry.unwrap().path();
        let expected_path = case.join("expected.txt");
        let told = told(&case);
        if std::env::var_os("POINTCAST_WRITE_EXPECTED").is_some() {
            fs::write(&expected_path, &told).unwrap();
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if told != expected {
            wrong.push(format!("{}: expected\n{expected}\nbut was\n{told}", case.display()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 20, "only {count} cases found");
}
