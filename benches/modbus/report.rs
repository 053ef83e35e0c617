//! Tables for people and as JSON.

use std::path::Path;
use std::{fs, io};

use serde::Serialize;

/// All that a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) quick: bool,
    pub(crate) tables: Vec<Table>,
}

/// Figures under one title. The first column of a row says what it is about.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) case: &'static str,
    pub(crate) title: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// A name, and for each column a figure and how it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// How many requests it takes, where it is about requests.
    pub(crate) requests: Option<usize>,
}

impl Cell {
    fn shown(&self) -> String {
        if self.value.is_nan() {
            return String::new();
        }
        let requests = self.requests.map_or(String::new(), |requests| format!("{requests} in "));
        let digits = if self.value < 10.0 { 2 } else { 1 };
        format!("{requests}{:.digits$} {}", self.value, self.unit)
    }
}

impl Report {
    pub(crate) fn print(&self) {
        if self.quick {
            println!("a smoke run: everything was tried, the times of this machine mean little");
        }
        for table in &self.tables {
            println!("\n{}: {}\n", table.case, table.title);
            let mut lines = vec![[vec![String::new()], table.columns.clone()].concat()];
            for row in &table.rows {
                let cells = row.cells.iter().map(Cell::shown);
                lines.push(std::iter::once(row.name.clone()).chain(cells).collect());
            }
            print!("{}", aligned(&lines));
        }
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

/// Names to the left, figures to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line: &Vec<String>| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell =
                if column == 0 { format!("{cell:<width$}") } else { format!("   {cell:>width$}") };
            text.push_str(&cell);
        }
        text.push('\n');
    }
    text
}
