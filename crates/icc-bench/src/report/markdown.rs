//! Tables for documents: targets down, sizes or consumers across, of one run or of two that agree.
//!
//! A figure that both runs agree on is their mean; one that they do not agree on is shown as both,
//! with a stroke between them, so that nobody takes it for settled.

use std::fmt::Write;

use super::agree::{Agreement, Twice};
use super::best::{Standing, ahead, is_own};
use super::plot::bytes;
use crate::model::{Figures, Kind, Report, Row, Shape};

/// The tables of every scenario, then the sizes at which others are ahead, then the machine.
#[must_use]
pub(crate) fn render(agreement: &Agreement<'_>) -> String {
    let mut text = String::new();
    for rows in agreement.rows.chunk_by(|a, b| a.row.scenario.name == b.row.scenario.name) {
        let scenario = &rows[0].row.scenario;
        if scenario.shape == Shape::Cores {
            continue;
        }
        let _ = writeln!(text, "### {}: {}\n", scenario.title, legend(rows[0].row));
        for (heading, rows) in tables_of(rows) {
            if !heading.is_empty() {
                let _ = writeln!(text, "{heading}:\n");
            }
            text.push_str(&table(&rows, |twice| cell(agreement, twice)));
            text.push('\n');
        }
        let own: Vec<&Twice<'_>> = rows.iter().filter(|twice| above_floor(agreement, twice).is_some()).collect();
        for (heading, rows) in tables_of_refs(&own) {
            let heading = if heading.is_empty() { String::new() } else { format!(", {heading}") };
            let _ = writeln!(text, "As a ratio to the row's floor{heading}:\n");
            text.push_str(&table(&rows, |twice| above_floor(agreement, twice).unwrap_or_default()));
            text.push('\n');
        }
        text.push_str(&others(agreement, &scenario.name));
    }
    text.push_str(&source(agreement));
    text
}

/// What a cell of a scenario's tables shows.
fn legend(row: &Row) -> String {
    let reference = &row.scenario.reference;
    match row.scenario.shape {
        Shape::Latency => format!("ratio to {reference} (range over the rounds)"),
        Shape::Flow => "messages received per second, and their share of those sent".to_owned(),
        Shape::Cost => format!("nanoseconds (ratio to {reference})"),
        Shape::Consumers | Shape::Cores => "nanoseconds a message, of the thread of all consumers".to_owned(),
    }
}

fn tables_of<'rows, 'report>(rows: &'rows [Twice<'report>]) -> Vec<(String, Vec<&'rows Twice<'report>>)> {
    tables_of_refs(&rows.iter().collect::<Vec<_>>())
}

/// The rows of each table, below its heading: reads and writes apart, consumers or sizes apart where
/// both vary.
fn tables_of_refs<'rows, 'report>(rows: &[&'rows Twice<'report>]) -> Vec<(String, Vec<&'rows Twice<'report>>)> {
    let mut tables: Vec<(String, Vec<&Twice<'_>>)> = Vec::new();
    for twice in rows {
        let row = twice.row;
        let heading = match (row.scenario.shape, row.consumers) {
            (Shape::Consumers, _) => bytes(row.payload_bytes),
            (_, Some(0)) => "Nobody polling".to_owned(),
            (_, Some(1)) => "One consumer polling".to_owned(),
            (_, Some(count)) => format!("{count} consumers polling"),
            (Shape::Cost, None) if has_direction(rows, Kind::Write) => {
                if is_write(row) { "Writes" } else { "Reads" }.to_owned()
            }
            _ => String::new(),
        };
        match tables.iter_mut().find(|(other, _)| *other == heading) {
            Some((_, rows)) => rows.push(twice),
            None => tables.push((heading, vec![twice])),
        }
    }
    tables
}

fn has_direction(rows: &[&Twice<'_>], kind: Kind) -> bool {
    rows.iter().any(|twice| twice.row.kind == kind)
}

/// References and floors have their direction in their names.
fn is_write(row: &Row) -> bool {
    row.kind == Kind::Write || row.is_yardstick() && row.target.ends_with("write")
}

/// What goes across: consumers where they vary, else sizes.
fn across(row: &Row) -> (usize, String) {
    match (row.scenario.shape, row.consumers) {
        (Shape::Consumers, Some(count)) => (count, count.to_string()),
        _ => (row.payload_bytes, bytes(row.payload_bytes)),
    }
}

fn table(rows: &[&Twice<'_>], cell: impl Fn(&Twice<'_>) -> String) -> String {
    let mut points: Vec<(usize, String)> = rows.iter().map(|twice| across(twice.row)).collect();
    points.sort_unstable();
    points.dedup();
    let mut targets: Vec<&str> = Vec::new();
    for twice in rows {
        if !targets.contains(&twice.row.target.as_str()) {
            targets.push(&twice.row.target);
        }
    }
    let names: Vec<&str> = points.iter().map(|(_, name)| name.as_str()).collect();
    let mut text = format!("| target | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(points.len()));
    for target in targets {
        let cells = points.iter().map(|point| {
            let twice = rows.iter().find(|twice| twice.row.target == target && across(twice.row) == *point);
            twice.map_or(String::new(), |twice| cell(twice))
        });
        // A stroke in a name would end its cell.
        let _ = writeln!(text, "| {} | {} |", target.replace('|', "\\|"), cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

/// A figure of both runs: the mean if they agree, else both.
fn joined(
    agreement: &Agreement<'_>,
    twice: &Twice<'_>,
    pick: impl Fn(&Figures) -> f64,
    show: fn(f64) -> String,
) -> String {
    let Some(figures) = twice.row.figures else { return String::new() };
    let value = pick(&figures);
    match twice.other.map(|other| pick(&other)) {
        None => show(value),
        Some(other) if agreement.are_near(value, other) => show(f64::midpoint(value, other)),
        Some(other) => format!("{} / {}", show(value), show(other)),
    }
}

fn cell(agreement: &Agreement<'_>, twice: &Twice<'_>) -> String {
    let Some(figures) = twice.row.figures else { return String::new() };
    let all = || [Some(figures), twice.other].into_iter().flatten();
    let ratio = || joined(agreement, twice, |figures| figures.ratio, |ratio| format!("{ratio:.2}"));
    let mut text = match twice.row.scenario.shape {
        Shape::Latency => {
            let low = all().map(|figures| figures.ratio_min).fold(f64::INFINITY, f64::min);
            let high = all().map(|figures| figures.ratio_max).fold(0.0, f64::max);
            format!("{} ({low:.2}–{high:.2})", ratio())
        }
        Shape::Flow => {
            let rate = |figures: &Figures| figures.flow.map_or(0.0, |flow| flow.per_second / 1e6);
            let share = all().filter_map(|figures| figures.flow).map(|flow| flow.share_received).fold(1.0, f64::min);
            format!("{} M/s, {:.1} %", joined(agreement, twice, rate, |rate| format!("{rate:.1}")), share * 100.0)
        }
        Shape::Cost => format!("{} ({})", joined(agreement, twice, |figures| figures.p50_ns, short_time), ratio()),
        Shape::Consumers | Shape::Cores => {
            joined(agreement, twice, |figures| figures.thread_ns.unwrap_or(figures.p50_ns), |ns| format!("{ns:.1}"))
        }
    };
    if all().any(|figures| figures.groups.is_some()) {
        text.insert_str(0, "~ ");
    }
    if is_best(agreement, twice.row) { format!("**{text}**") } else { text }
}

fn short_time(ns: f64) -> String {
    if ns < 100.0 { format!("{ns:.2}") } else { format!("{ns:.0}") }
}

/// Best of its kind in the first run, and no worse than level in the other.
fn is_best(agreement: &Agreement<'_>, row: &Row) -> bool {
    let standing = |report: &Report| {
        let same = report.rows.iter().find(|other| other.is_same_case(row));
        same.map_or(Standing::None, |same| Standing::of(same, &report.rows))
    };
    let all: Vec<Standing> = agreement.runs.iter().map(|report| standing(report)).collect();
    all.first() == Some(&Standing::Best) && !all.contains(&Standing::None)
}

/// How many times what its floor takes one of the project's own takes, in each run.
fn above_floor(agreement: &Agreement<'_>, twice: &Twice<'_>) -> Option<String> {
    if !is_own(&twice.row.target) {
        return None;
    }
    let of_run = |report: &Report| {
        let same = report.rows.iter().find(|other| other.is_same_case(twice.row))?;
        same.ratio_to_floor(&report.rows)
    };
    let ratios: Option<Vec<f64>> = agreement.runs.iter().map(|report| of_run(report)).collect();
    match ratios?.as_slice() {
        [one] => Some(format!("{one:.2}")),
        [a, b] if agreement.are_near(*a, *b) => Some(format!("{:.2}", f64::midpoint(*a, *b))),
        [a, b] => Some(format!("{a:.2} / {b:.2}")),
        _ => None,
    }
}

/// The sizes at which another library is ahead in every run.
fn others(agreement: &Agreement<'_>, scenario: &str) -> String {
    let found: Vec<Vec<String>> = agreement
        .runs
        .iter()
        .map(|report| {
            let rows: Vec<Row> = report.rows.iter().filter(|row| row.scenario.name == scenario).cloned().collect();
            ahead(&rows).into_iter().map(|ahead| point(ahead.row)).collect()
        })
        .collect();
    let Some(first) = agreement.runs.first() else { return String::new() };
    let rows: Vec<Row> = first.rows.iter().filter(|row| row.scenario.name == scenario).cloned().collect();
    let lines: Vec<String> = ahead(&rows)
        .into_iter()
        .filter(|ahead| found.iter().all(|points| points.contains(&point(ahead.row))))
        .map(|ahead| {
            let level = if ahead.is_level { ", which is level with it" } else { "" };
            let show = |row: &Row| row.figures.map_or(String::new(), |figures| figure(row, &figures));
            format!(
                "- {}: {} ({}), ahead of {} ({}){level}.\n",
                point(ahead.row),
                ahead.row.target,
                show(ahead.row),
                ahead.own.target,
                show(ahead.own)
            )
        })
        .collect();
    if lines.is_empty() { String::new() } else { format!("Ahead of `icc` in every run:\n\n{}\n", lines.concat()) }
}

/// Where a row stands, in words: size, kind and consumers.
fn point(row: &Row) -> String {
    let consumers = row.consumers.map_or(String::new(), |count| format!(", consumers: {count}"));
    format!("{}{consumers}, {}", bytes(row.payload_bytes), kind(row.kind))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Reference => "references",
        Kind::Floor => "floors",
        Kind::Queue => "queues",
        Kind::LatestValue => "latest values",
        Kind::Read => "reads",
        Kind::Write => "writes",
    }
}

fn figure(row: &Row, figures: &Figures) -> String {
    match row.scenario.shape {
        Shape::Flow => format!("{:.1} M/s", row.counting(figures) / 1e6),
        Shape::Consumers | Shape::Cores => format!("{:.1} ns", row.counting(figures)),
        Shape::Latency | Shape::Cost => format!("{:.2}", figures.ratio),
    }
}

/// What was measured on what, and when.
fn source(agreement: &Agreement<'_>) -> String {
    let Some(run) = agreement.runs.first() else { return String::new() };
    let machine = &run.machine;
    let kind = if machine.virtualised == Some(true) { ", a virtual machine" } else { "" };
    let times: Vec<String> =
        agreement.runs.iter().map(|run| run.began.replace('T', " ").replace('Z', " UTC")).collect();
    let both = match agreement.runs.as_slice() {
        [_, other] if other.machine.cpu != machine.cpu => {
            format!(" **The other run is from another chip: {}.**", other.machine.cpu)
        }
        [_, _] => format!(
            " {} of {} rows agree within {} %; where two figures stand, they do not.",
            agreement.rows.iter().filter(|twice| agreement.holds(twice)).count(),
            agreement.rows.len(),
            agreement.within.percent()
        ),
        _ => String::new(),
    };
    let moved = agreement.moved().map_or(String::new(), |(here, there)| {
        format!(" The reference took {here:.0} ns in one and {there:.0} ns in the other, so only ratios can agree.")
    });
    format!("{}{kind}, {}; {}; `{}`.{both}{moved}\n", machine.cpu, machine.kernel, times.join(" and "), run.command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::sample;
    use crate::report::baseline::Threshold;

    /// Raw, a floor, one of ours and one of theirs, each with such ratios.
    fn run([floor, own, other]: [f64; 3]) -> Report {
        let mut report = sample();
        let model = report.rows.remove(0);
        let row = |target: &str, kind, floor: Option<&str>, ratio: f64| {
            let figures = model.figures.map(|figures| Figures {
                ratio,
                ratio_min: ratio - 0.1,
                ratio_max: ratio + 0.1,
                ..figures
            });
            Row { target: target.to_owned(), kind, floor: floor.map(ToOwned::to_owned), figures, ..model.clone() }
        };
        report.rows = vec![
            row("raw atomics", Kind::Reference, None, 1.0),
            row("floor", Kind::Floor, None, floor),
            row("icc-queue", Kind::Queue, Some("floor"), own),
            row("a|b", Kind::Queue, Some("floor"), other),
        ];
        report
    }

    #[test]
    fn figures_that_agree_are_one_and_those_that_do_not_are_two() {
        let (a, b) = (run([1.1, 1.5, 2.0]), run([1.1, 1.54, 3.0]));
        let text = render(&Agreement::between(&a, &b, Threshold::parse("5%").unwrap()));
        assert!(text.contains("| target | 56 B |\n|---|---|\n"), "{text}");
        assert!(text.contains("| icc-queue | **1.52 (1.40–1.64)** |"), "{text}");
        assert!(text.contains("| a\\|b | 2.00 / 3.00 (1.90–3.10) |"), "{text}");
        assert!(
            text.contains("ratio to the row's floor:\n\n| target | 56 B |\n|---|---|\n| icc-queue | 1.38 |\n"),
            "{text}"
        );
        assert!(text.contains("3 of 4 rows agree within 5 %") && text.contains("Some CPU"), "{text}");
        assert!(!text.contains("Ahead of"), "{text}");
    }

    #[test]
    fn whoever_is_ahead_in_every_run_is_named() {
        let (a, b, c) = (run([1.1, 2.0, 1.5]), run([1.1, 2.0, 1.4]), run([1.1, 2.0, 2.5]));
        let ahead = |other| render(&Agreement::between(&a, other, Threshold::default()));
        assert!(ahead(&b).contains("- 56 B, queues: a|b (1.50), ahead of icc-queue (2.00)."), "{}", ahead(&b));
        assert!(!ahead(&c).contains("Ahead of"), "{}", ahead(&c));
    }

    #[test]
    fn a_run_alone_has_its_own_figures_and_another_chip_is_said() {
        let (a, mut b) = (run([1.1, 1.5, 2.0]), run([1.1, 1.5, 2.0]));
        let text = render(&Agreement::alone(&a));
        assert!(text.contains("| icc-queue | **1.50 (1.40–1.60)** |") && !text.contains("agree within"), "{text}");
        b.machine.cpu = "Another".to_owned();
        assert!(render(&Agreement::between(&a, &b, Threshold::default())).contains("from another chip: Another"));
    }
}
