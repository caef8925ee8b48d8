//! Two runs of the same rows: where they agree, a figure can be published; where they do not, it is
//! the machine's mood.

use std::fmt::Write;

use super::baseline::Threshold;
use super::style::text_table;
use crate::model::{Figures, Kind, Merit, Report, Row};

/// How many times what it took in one run a reference may take in the other before the two ran at
/// different distances.
const MOVED: f64 = 1.5;

/// A row, and its figures in another run.
#[derive(Clone, Debug)]
pub(crate) struct Twice<'report> {
    /// The row of this run.
    pub row: &'report Row,
    /// Its figures in the other; none if there is no other run.
    pub other: Option<Figures>,
}

/// The rows that two runs have in common, or those of a run alone.
#[derive(Clone, Debug)]
pub(crate) struct Agreement<'report> {
    /// The runs: this one first.
    pub runs: Vec<&'report Report>,
    /// By how much figures may differ and still agree.
    pub within: Threshold,
    /// The rows with figures in all of the runs, in the order of this one.
    pub rows: Vec<Twice<'report>>,
}

impl<'report> Agreement<'report> {
    /// The rows that both runs have figures of.
    #[must_use]
    pub(crate) fn between(run: &'report Report, other: &'report Report, within: Threshold) -> Self {
        let rows = run.rows.iter().filter(|row| row.figures.is_some()).filter_map(|row| {
            let figures = other.rows.iter().find(|other| other.is_same_case(row))?.figures?;
            Some(Twice { row, other: Some(figures) })
        });
        Self { runs: vec![run, other], within, rows: rows.collect() }
    }

    /// The rows of a run alone, which agree with themselves.
    #[must_use]
    pub(crate) fn alone(run: &'report Report) -> Self {
        let rows = run.rows.iter().filter(|row| row.figures.is_some()).map(|row| Twice { row, other: None });
        Self { runs: vec![run], within: Threshold::default(), rows: rows.collect() }
    }

    /// Whether a row's figure that counts is the same in all runs, to the threshold.
    #[must_use]
    pub(crate) fn holds(&self, twice: &Twice<'_>) -> bool {
        let Some(figures) = twice.row.figures else { return false };
        match twice.other {
            Some(other) => self.are_near(twice.row.counting(&figures), twice.row.counting(&other)),
            None => true,
        }
    }

    /// Whether two figures differ by no more than the threshold.
    #[must_use]
    pub(crate) fn are_near(&self, a: f64, b: f64) -> bool {
        a.max(b) <= a.min(b) * (1.0 + self.within.percent() / 100.0)
    }

    /// What a reference took in each run, where that is so far apart that times and rates are not of
    /// the same machine, in effect.
    #[must_use]
    pub(crate) fn moved(&self) -> Option<(f64, f64)> {
        let references = self.rows.iter().filter(|twice| twice.row.kind == Kind::Reference);
        references
            .filter_map(|twice| Some((twice.row.figures?.p50_ns, twice.other?.p50_ns)))
            .find(|(here, there)| here.max(*there) > MOVED * here.min(*there))
    }

    /// How many rows agree, and those that do not, as text for a terminal of 100 columns.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let differing: Vec<&Twice<'_>> = self.rows.iter().filter(|twice| !self.holds(twice)).collect();
        let mut text = String::new();
        if !differing.is_empty() {
            let rows = differing.iter().filter_map(|twice| {
                let (row, other) = (twice.row, twice.other?);
                let (a, b) = (row.counting(&row.figures?), row.counting(&other));
                let show = |value: f64| match row.scenario.merit {
                    Merit::Rate => format!("{:.1} M/s", value / 1e6),
                    Merit::Time => format!("{value:.2} ns"),
                    Merit::Ratio => format!("{value:.3}"),
                };
                Some([
                    row.scenario.name.clone().into_owned(),
                    row.payload_bytes.to_string(),
                    row.label(),
                    show(a),
                    show(b),
                    format!("{:+.0} %", (b / a - 1.0) * 100.0),
                    if row.figures?.groups.or(other.groups).is_some() { "~" } else { "" }.to_owned(),
                ])
            });
            let headings = ["scenario", "bytes", "target", "this run", "the other", "", ""];
            let _ = writeln!(text, "\n{}", text_table(headings, rows, 3..=5));
            text.push_str("by what counts: the ratio, the rate, or the time of the consumers' thread; ~ two groups\n");
        }
        if let Some((here, there)) = self.moved() {
            let _ = writeln!(
                text,
                "the reference itself took {here:.0} ns in this run and {there:.0} ns in the other: of different distances \
                 only ratios can agree"
            );
        }
        let _ = writeln!(
            text,
            "\n{} of {} rows agree within {} %",
            self.rows.len() - differing.len(),
            self.rows.len(),
            self.within.percent()
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::sample;

    fn run(ratio: f64) -> Report {
        let mut report = sample();
        report.rows[0].figures.as_mut().unwrap().ratio = ratio;
        report
    }

    fn agreement(a: f64, b: f64, percent: &str) -> (usize, bool, String) {
        let (a, b) = (run(a), run(b));
        let agreement = Agreement::between(&a, &b, Threshold::parse(percent).unwrap());
        (agreement.rows.len(), agreement.holds(&agreement.rows[0]), agreement.render())
    }

    #[test]
    fn rows_agree_up_to_the_threshold_either_way() {
        let (rows, holds, text) = agreement(1.0, 1.1, "10%");
        assert!(holds && text.contains("1 of 1 rows agree within 10 %"), "{text}");
        // The row without figures is in none.
        assert_eq!(rows, 1);
        let (_, holds, text) = agreement(1.11, 1.0, "10%");
        assert!(!holds && text.contains("0 of 1 rows agree") && text.contains("-10 %"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }

    #[test]
    fn runs_at_different_distances_say_so() {
        let (near, mut far) = (run(1.0), run(1.0));
        far.rows[0].figures.as_mut().unwrap().p50_ns *= 4.0;
        let moved = |far: &Report| Agreement::between(&near, far, Threshold::default()).render();
        assert!(moved(&far).contains("took 55 ns in this run and 220 ns in the other"), "{}", moved(&far));
        assert!(!moved(&near).contains("took"), "{}", moved(&near));
    }

    #[test]
    fn a_run_alone_agrees_with_itself() {
        let run = sample();
        let alone = Agreement::alone(&run);
        assert!(alone.rows.iter().all(|twice| alone.holds(twice)));
        assert!(alone.render().contains("1 of 1 rows agree"));
    }
}
