//! Text in columns.

use unicode_width::UnicodeWidthStr;

/// Spaces between two columns.
const GAP: usize = 2;

/// A table whose first row is its head. Columns without any text below the head are left out.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    /// For each column, whether it holds numbers, which stand to the right.
    numbers: Vec<bool>,
}

impl Table {
    /// A table with these heads, each with whether its column holds numbers.
    pub(super) fn new(heads: &[(&str, bool)]) -> Self {
        Self {
            rows: vec![heads.iter().map(|(head, _)| (*head).to_owned()).collect()],
            numbers: heads.iter().map(|(_, numbers)| *numbers).collect(),
        }
    }

    /// Adds a row, one text for each head.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table with each line indented, and no spaces at the ends of lines.
    pub(super) fn render(&self, indent: usize) -> String {
        let column = |index: usize| {
            let width = |row: &Vec<String>| row.get(index).map_or(0, |cell| cell.width());
            let used = self.rows.iter().skip(1).any(|row| width(row) > 0);
            used.then(|| self.rows.iter().map(width).max().unwrap_or_default())
        };
        let widths: Vec<Option<usize>> = (0..self.numbers.len()).map(column).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for ((cell, width), number) in row.iter().zip(&widths).zip(&self.numbers) {
                let Some(width) = width else { continue };
                let pad = " ".repeat(width.saturating_sub(cell.width()));
                if *number {
                    line.push_str(&format!("{pad}{cell}"));
                } else {
                    line.push_str(&format!("{cell}{pad}"));
                }
                line.push_str(&" ".repeat(GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut table =
            Table::new(&[("point", false), ("unit", false), ("none", false), ("n", true)]);
        table.row(vec!["温度".into(), "°C".into(), String::new(), "9".into()]);
        table.row(vec!["a".into(), String::new(), String::new(), "10".into()]);
        assert_eq!(table.render(2), "  point  unit   n\n  温度   °C     9\n  a            10\n");
    }
}
