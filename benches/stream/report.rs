//! The figures as a table for people and as JSON.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use serde::Serialize;

use crate::stats::{Spread, ratios};

/// All that a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) figures: Vec<Figure>,
    /// Share of all cores that others used around each case, 0 to 1.
    pub(crate) disturbance: Vec<(&'static str, f64)>,
    pub(crate) notes: Vec<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) load_before: String,
    pub(crate) load_after: String,
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) case: &'static str,
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) measured: Spread,
    /// What it is held against: the bare loop, or what the name says.
    pub(crate) floor: Option<Spread>,
    pub(crate) ratio: Option<Spread>,
    pub(crate) target: Option<Target>,
}

/// What is to be reached: by the ratio if there is one, else by what was measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    /// Rounds against the rounds of a floor.
    pub(crate) fn beside(
        case: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        measured: &[f64],
        floor: &[f64],
    ) -> Self {
        let ratio = Some(ratios(measured, floor));
        let floor = Some(Spread::of(floor.iter().copied()));
        let alone = Self::alone(case, name, unit, Spread::of(measured.iter().copied()));
        Self { floor, ratio, ..alone }
    }

    /// A figure with nothing to hold it against.
    pub(crate) fn alone(
        case: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        measured: Spread,
    ) -> Self {
        let name = name.into();
        Self { case, name, unit, measured, floor: None, ratio: None, target: None }
    }

    pub(crate) fn with_target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    fn verdict(&self) -> String {
        let value = self.ratio.unwrap_or(self.measured).median;
        let (sign, bound, reached) = match self.target {
            None => return String::new(),
            Some(Target::AtMost(bound)) => ("≤", bound, value <= bound),
            Some(Target::AtLeast(bound)) => ("≥", bound, value >= bound),
        };
        format!("{sign} {bound}{}", if reached { " reached" } else { " missed" })
    }
}

impl Report {
    pub(crate) fn print(&self) {
        let machine = &self.machine;
        println!("Linux {}, {} cores", machine.kernel, machine.cores);
        println!("load {} before, {} after", machine.load_before, machine.load_after);
        if self.quick {
            println!("a smoke run: everything was checked, the figures mean little");
        }
        let head = ["figure", "measured", "floor", "ratio", "target"].map(str::to_owned);
        let mut rows = vec![head];
        for figure in &self.figures {
            let spread = |spread: &Spread| told(spread, figure.unit);
            rows.push([
                format!("{}: {}", figure.case, figure.name),
                spread(&figure.measured),
                figure.floor.as_ref().map(spread).unwrap_or_default(),
                figure.ratio.map(|ratio| told(&ratio, "")).unwrap_or_default(),
                figure.verdict(),
            ]);
        }
        println!("\n{}", table(&rows));
        println!(
            "where a name says `a / b`, b stands in the floor's column; ratios are taken round by round"
        );
        for (case, note) in &self.notes {
            println!("{case}: {note}");
        }
        let used = |(case, share): &(&str, f64)| format!("{case} {:.0} %", share * 100.0);
        let used: Vec<String> = self.disturbance.iter().map(used).collect();
        println!("\nused by others around each case: {}", used.join(", "));
    }

    /// # Errors
    /// The system's, when the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_string_pretty(self)?)
    }
}

/// `median unit (least–most)`; no spread where there was one round.
fn told(spread: &Spread, unit: &str) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let mut text = format!("{}{unit}", number(spread.median));
    if spread.least < spread.most {
        let (least, most) = (number(spread.least), number(spread.most));
        write!(text, " ({least}–{most})").unwrap();
    }
    text
}

/// Three digits that count.
pub(crate) fn number(number: f64) -> String {
    match number.abs() {
        0.0..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

fn table(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap();
    let widths = [0, 1, 2, 3, 4].map(width);
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(widths) {
            write!(text, "{cell:<width$}  ").unwrap();
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
