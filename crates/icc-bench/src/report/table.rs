//! The report as a table for a terminal of 100 columns.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, Table};

use super::best::Standing;
use super::column::{self, NONE};
use super::matrix;
use super::style::empty_table;
use crate::model::{Description, Machine, Report, Row};

/// The column that is text and not a number.
const TARGET: usize = 1;

/// The report as text: a table for each scenario, then the machine, then what may have spoilt the
/// figures.
#[must_use]
pub(crate) fn render(report: &Report) -> String {
    let mut text = String::new();
    let (mut is_marked, mut has_groups) = (false, false);
    for rows in report.scenarios() {
        let scenario = &rows[0].scenario.name;
        let _ = writeln!(text, "{scenario}: nanoseconds, median of the rounds");
        let table = matrix::table(rows).unwrap_or_else(|| table(rows));
        let _ = writeln!(text, "{table}");
        let groups = groups(rows);
        has_groups |= !groups.is_empty();
        text.push_str(&groups);
        is_marked |= rows.iter().any(|row| Standing::of(row, rows) == Standing::Best);
    }
    if is_marked {
        text.push_str("* best of its kind at this size; = within the range of the best\n");
    }
    if report.rows.iter().any(|row| row.ratio_to_floor(&report.rows).is_some()) {
        text.push_str("floor: how many times what a hand-written best case of the row takes\n");
    }
    if has_groups {
        text.push_str("~ two groups of rounds, so the median between them shows only which was met more often\n");
    }
    text.push('\n');
    text.push_str(&machine(&report.machine));
    text
}

/// A line for each row whose rounds fall into two groups.
fn groups(rows: &[Row]) -> String {
    let lines = rows.iter().filter_map(|row| {
        let groups = row.figures?.groups?;
        Some(format!("~ {} at {} bytes: {}\n", row.label(), row.payload_bytes, groups.in_words()))
    });
    lines.collect()
}

fn headings(scenario: &Description, has_floor: bool) -> Vec<String> {
    let columns = scenario.columns.iter().map(|&column| column::heading(column).to_owned());
    let ratio = format!("ratio to {}", scenario.reference);
    let mut headings: Vec<String> = ["bytes".to_owned(), "target".to_owned()].into_iter().chain(columns).collect();
    headings.push(ratio);
    headings.extend(has_floor.then(|| "floor".to_owned()));
    headings.push("kept".to_owned());
    headings
}

fn table(rows: &[Row]) -> Table {
    let has_floor = rows.iter().any(|row| row.ratio_to_floor(rows).is_some());
    let headings = headings(&rows[0].scenario, has_floor);
    let columns = headings.len();
    let mut table = empty_table();
    table.set_header(headings);
    let mut last_payload = None;
    for row in rows {
        // A size stands once, above the targets measured at it, with a gap between two sizes.
        let is_new = last_payload != Some(row.payload_bytes);
        if is_new && last_payload.is_some() {
            table.add_row(vec![""; columns]);
        }
        let payload = if is_new { row.payload_bytes.to_string() } else { String::new() };
        last_payload = Some(row.payload_bytes);
        table.add_row(cells(payload, row, rows, has_floor).into_iter().map(Cell::new));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        // The longest names leave no room for more.
        column.set_padding((1, 0));
        if index != TARGET {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn cells(payload: String, row: &Row, rows: &[Row], has_floor: bool) -> Vec<String> {
    // A digit less than in JSON, where nobody has to read them.
    let digits = usize::from(row.scenario.digits.clamp(1, 2));
    let columns = row.scenario.columns.iter().map(|&column| match &row.figures {
        Some(figures) => column::cell(column, figures, digits),
        None => NONE.to_owned(),
    });
    let ratio = match &row.figures {
        // In the ratio's column, whose heading is wider than any ratio.
        Some(figures) => {
            let groups = if figures.groups.is_some() { "~" } else { "" };
            format!("{groups}{} {}", Standing::of(row, rows).mark(), figures.ratio_and_range()).trim_start().to_owned()
        }
        None => NONE.to_owned(),
    };
    let rounds = format!("{}/{}", row.rounds, row.rounds + row.dropped);
    let floor = has_floor.then(|| row.ratio_to_floor(rows).map_or(String::new(), |ratio| format!("{ratio:.2}")));
    [payload, row.label()].into_iter().chain(columns).chain([ratio]).chain(floor).chain([rounds]).collect()
}

/// What the machine is, a line a fact.
pub(super) fn facts(machine: &Machine) -> [(&'static str, String); 6] {
    let [first, second] = machine.cores_used;
    let or_unknown = |known: Option<bool>, yes: &str, no: &str| match known {
        Some(true) => yes.to_owned(),
        Some(false) => no.to_owned(),
        None => "unknown".to_owned(),
    };
    [
        ("CPU", format!("{} ({})", machine.cpu, machine.arch)),
        (
            "cores",
            format!(
                "{first} and {second} of {}{}",
                machine.cores_available.len(),
                if machine.smt_siblings == Some(true) { ", hyper-threads of one core" } else { "" }
            ),
        ),
        (
            "clock",
            format!(
                "{}, in steps of {:.1} ns; {:.1} ns for a pair of stamps, taken off",
                machine.clock.source.name(),
                machine.clock.step_ns,
                machine.clock.cost_ns
            ),
        ),
        ("kernel", machine.kernel.clone()),
        ("virtualised", or_unknown(machine.virtualised, "yes", "no")),
        ("governor", machine.governor.clone().unwrap_or_else(|| "none visible".to_owned())),
    ]
}

/// What the machine is, and what may have spoilt the figures.
#[must_use]
pub(crate) fn machine(machine: &Machine) -> String {
    let mut text = String::new();
    for (name, value) in facts(machine) {
        let _ = writeln!(text, "{name:<12} {value}");
    }
    for warning in machine.warnings() {
        let _ = writeln!(text, "note: {warning}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Groups;
    use crate::model::sample::sample;

    #[test]
    fn the_table_fits_and_shows_every_row_even_without_figures() {
        let mut report = sample();
        let figures = report.rows[0].figures.as_mut().unwrap();
        figures.p999_ns = 1_234_567.8;
        figures.ratio_max = 1_234.5;
        report.machine.cpu = "AMD EPYC".to_owned();
        let text = render(&report);
        for line in text.lines().filter(|line| !line.starts_with("note:")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
        let row = |payload: &str| {
            text.lines().find(|line| line.split_whitespace().next() == Some(payload)).unwrap().to_owned()
        };
        let words: Vec<String> = row("56").split_whitespace().map(str::to_owned).collect();
        assert_eq!(words[1..4], ["raw", "atomics", "55.0"]);
        assert_eq!(words.last().unwrap(), "3/5");
        assert!(row("1024").contains(" - "));
        assert!(!text.contains('~'));
    }

    #[test]
    fn a_row_of_two_groups_is_marked_and_explained() {
        let mut report = sample();
        let groups = Groups { low: 1.13, low_rounds: 4, high: 1.62, high_rounds: 3 };
        report.rows[0].figures.as_mut().unwrap().groups = Some(groups);
        let text = render(&report);
        assert!(text.contains("~ 1.00 (0.90–1.10)"), "{text}");
        assert!(text.contains("\n~ raw atomics at 56 bytes: 1.13 in 4 rounds, 1.62 in 3\n"), "{text}");
        assert!(text.contains("\n~ two groups of rounds"), "{text}");
    }
}
