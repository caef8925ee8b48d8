//! The pairs of cores as a matrix for a terminal, where there are few enough of them for its width.

use comfy_table::{Cell, CellAlignment, Table};

use super::style::empty_table;
use crate::model::Row;

/// Cores whose columns fit a terminal. Two are one pair, which is a row.
const CORES: std::ops::RangeInclusive<usize> = 3..=11;

/// Medians in nanoseconds, a row and a column a core; none if the rows are not of pairs, or of too
/// few or too many cores.
pub(super) fn table(rows: &[Row]) -> Option<Table> {
    let mut cores: Vec<usize> = rows.iter().map(|row| row.cores).collect::<Option<Vec<_>>>()?.concat();
    cores.sort_unstable();
    cores.dedup();
    if !CORES.contains(&cores.len()) {
        return None;
    }
    let between = |a: usize, b: usize| {
        let row = rows.iter().find(|row| row.cores == Some([a, b]) || row.cores == Some([b, a]));
        match row.map(|row| row.figures) {
            Some(Some(figures)) => format!("{:.1}", figures.p50_ns),
            Some(None) => "-".to_owned(),
            None => String::new(),
        }
    };
    let mut table = empty_table();
    table.set_header(std::iter::once("core".to_owned()).chain(cores.iter().map(ToString::to_string)));
    for &first in &cores {
        let medians = cores.iter().map(|&second| between(first, second));
        table.add_row(std::iter::once(first.to_string()).chain(medians).map(Cell::new));
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 0)).set_cell_alignment(CellAlignment::Right);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::sample;

    fn pair(cores: [usize; 2], p50_ns: f64) -> Row {
        let mut row = sample().rows.remove(0);
        row.cores = Some(cores);
        row.figures.as_mut().unwrap().p50_ns = p50_ns;
        row
    }

    #[test]
    fn each_pair_stands_on_both_sides() {
        let mut rows = vec![pair([0, 2], 51.0), pair([0, 10], 222.2), pair([2, 10], 99.0)];
        rows[2].figures = None;
        let text = table(&rows).unwrap().to_string();
        let line = |core: &str| -> Vec<String> {
            let line = text.lines().find(|line| line.split_whitespace().next() == Some(core)).unwrap();
            line.split_whitespace().map(ToOwned::to_owned).collect()
        };
        assert_eq!(line("core"), ["core", "0", "2", "10"]);
        assert_eq!(line("0"), ["0", "51.0", "222.2"]);
        assert_eq!(line("2"), ["2", "51.0", "-"]);
        assert_eq!(line("10"), ["10", "222.2", "-"]);
    }

    #[test]
    fn what_is_no_matrix_or_too_wide_is_left_as_rows() {
        assert!(table(&sample().rows).is_none());
        assert!(table(&[pair([0, 1], 50.0)]).is_none());
        let many: Vec<Row> = (1..20).map(|core| pair([0, core], 50.0)).collect();
        assert!(table(&many).is_none());
        let fits: Vec<Row> = (1..11).map(|core| pair([0, core], 1_234.5)).collect();
        let text = table(&fits).unwrap().to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}
