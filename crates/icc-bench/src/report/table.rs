//! The report as a table for a terminal of 100 columns.

use std::fmt::Write;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, LineStyle, Table};

use super::{Report, Row};
use crate::machine::Machine;

const HEADINGS: [&str; 8] = ["bytes", "subject", "p50", "p90", "p99", "p99.9", "ratio to raw (range)", "rounds"];

/// The column that is text and not a number.
const SUBJECT: usize = 1;

/// The report as text: a table for each scenario, then the machine, then what may have spoilt the figures.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for rows in report.rows.chunk_by(|a, b| a.scenario == b.scenario) {
        let scenario = rows[0].scenario;
        let _ = writeln!(text, "{scenario}: nanoseconds, median of the rounds");
        let _ = writeln!(text, "{}", table(rows));
    }
    describe(&mut text, &report.machine);
    text
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none())).set_header(HEADINGS);
    let mut last_payload = None;
    for row in rows {
        // A size stands once, above the subjects measured at it, with a gap between two sizes.
        let is_new = last_payload != Some(row.payload_bytes);
        if is_new && last_payload.is_some() {
            table.add_row([""; HEADINGS.len()]);
        }
        let payload = if is_new { row.payload_bytes.to_string() } else { String::new() };
        last_payload = Some(row.payload_bytes);
        table.add_row(cells(payload, row).map(Cell::new));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        if index != SUBJECT {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn cells(payload: String, row: &Row) -> [String; HEADINGS.len()] {
    let rounds = format!("{}/{}", row.rounds, row.rounds + row.dropped);
    let subject = row.subject.to_owned();
    let Some(figures) = &row.figures else {
        let none = || "-".to_owned();
        return [payload, subject, none(), none(), none(), none(), none(), rounds];
    };
    let ns = |value: f64| format!("{value:.1}");
    [
        payload,
        subject,
        ns(figures.p50_ns),
        ns(figures.p90_ns),
        ns(figures.p99_ns),
        ns(figures.p999_ns),
        format!("{:.2} ({:.2}–{:.2})", figures.ratio, figures.ratio_min, figures.ratio_max),
        rounds,
    ]
}

fn describe(text: &mut String, machine: &Machine) {
    let [first, second] = machine.cores_used;
    let or_unknown = |known: Option<bool>, yes: &str, no: &str| match known {
        Some(true) => yes.to_owned(),
        Some(false) => no.to_owned(),
        None => "unknown".to_owned(),
    };
    let lines = [
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
                machine.clock.source, machine.clock.step_ns, machine.clock.cost_ns
            ),
        ),
        ("kernel", machine.kernel.clone()),
        ("virtualised", or_unknown(machine.virtualised, "yes", "no")),
        ("governor", machine.governor.clone().unwrap_or_else(|| "none visible".to_owned())),
    ];
    text.push('\n');
    for (name, value) in lines {
        let _ = writeln!(text, "{name:<12} {value}");
    }
    for warning in machine.warnings() {
        let _ = writeln!(text, "note: {warning}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_and_shows_every_row_even_without_figures() {
        let mut report = super::super::tests::sample();
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
    }
}
