//! Which cases run, one after the other, and what is told of them.

use std::path::Path;
use std::process::exit;
use std::thread::available_parallelism;
use std::time::Instant;

use crate::cases::{self, Case};
use crate::report::{Figure, Machine, Report};
use crate::system::{self, Clock};

/// Files that the largest case needs in one process.
const FILES: u64 = 11_000;

/// A run, as the cases see it.
pub(crate) struct Bench {
    /// A smoke run: small numbers, one round.
    quick: bool,
    case: &'static str,
    report: Report,
}

impl Bench {
    /// A clock for the processes of one case.
    pub(crate) fn clock(&self) -> Clock {
        Clock::begin()
    }

    /// The first number, or the second in a smoke run.
    pub(crate) fn scale<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// How many rounds are measured, behind those that [warm up](Self::warm_ups).
    pub(crate) fn rounds(&self) -> usize {
        self.scale(7, 1)
    }

    /// How many rounds come before those that are measured.
    pub(crate) fn warm_ups(&self) -> usize {
        self.scale(1, 0)
    }

    pub(crate) fn case(&self) -> &'static str {
        self.case
    }

    pub(crate) fn tell(&mut self, figure: Figure) {
        self.report.figures.push(figure);
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.report.notes.push((self.case, note.into()));
    }
}

/// Runs the cases whose names contain one of `wanted`, or all.
pub(crate) fn run(wanted: &[String], quick: bool, json: &Path) {
    let chosen = |case: &&Case| wanted.is_empty() || wanted.iter().any(|w| case.name.contains(w));
    let chosen: Vec<&Case> = cases::ALL.iter().filter(chosen).collect();
    if chosen.is_empty() {
        eprintln!("no such case; there are:");
        cases::ALL.iter().for_each(|case| eprintln!("  {:<12}{}", case.name, case.about));
        exit(2);
    }
    if !quick && system::files() < FILES {
        eprintln!("a process may open {} files, {FILES} are needed", system::files());
        exit(2);
    }
    let machine = Machine {
        cores: available_parallelism().map_or(1, usize::from),
        kernel: system::kernel(),
        load_before: system::load_average(),
        load_after: String::new(),
    };
    let (figures, disturbance, notes) = (Vec::new(), Vec::new(), Vec::new());
    let report = Report { machine, quick, figures, disturbance, notes };
    let mut bench = Bench { quick, case: "", report };
    for case in chosen {
        eprintln!("{}: {}", case.name, case.about);
        bench.case = case.name;
        let before = system::busy();
        let begin = Instant::now();
        (case.run)(&mut bench);
        eprintln!("  {:.1} s", begin.elapsed().as_secs_f64());
        let used = before.max(system::busy());
        bench.report.disturbance.push((case.name, used));
    }
    let mut report = bench.report;
    report.machine.load_after = system::load_average();
    report.print();
    report.write(json).unwrap_or_else(|e| panic!("failed to write {}: {e}", json.display()));
    println!("as JSON: {}", json.display());
}
