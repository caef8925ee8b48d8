//! Two runs compared by their ratios, for people who guard against regressions.
//!
//! Times of two runs say little about each other: another day, another neighbour on the machine.
//! Ratios to a reference measured in the same seconds do, but they too scatter from round to round.
//! So a ratio has got worse only if it rose past the threshold *and* each run's median lies outside
//! the other run's range.

use std::fmt::Write;
use std::path::PathBuf;

use comfy_table::{Cell, CellAlignment};

use super::style::empty_table;
use crate::model::{Figures, Report, Row};

/// By how much a ratio may rise, as a share of what it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Threshold(f64);

impl Default for Threshold {
    fn default() -> Self {
        Self(0.1)
    }
}

impl Threshold {
    /// Reads a percentage from 0 to 1000, with or without its sign.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let percent: f64 = text.strip_suffix('%').unwrap_or(text).trim_end().parse().ok()?;
        (0.0..=1000.0).contains(&percent).then_some(Self(percent / 100.0))
    }

    /// As a percentage.
    #[must_use]
    pub(crate) fn percent(self) -> f64 {
        self.0 * 100.0
    }
}

/// What became of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It rose past the threshold, and out of the range of either run.
    Worse,
    /// It fell likewise.
    Better,
    /// Neither.
    Level,
}

impl Change {
    /// Judges a ratio by the same row's in an earlier run.
    #[must_use]
    pub(crate) fn between(before: &Figures, now: &Figures, threshold: Threshold) -> Self {
        let factor = 1.0 + threshold.0;
        if now.ratio > before.ratio * factor && now.ratio > before.ratio_max && now.ratio_min > before.ratio {
            Self::Worse
        } else if now.ratio * factor < before.ratio && now.ratio < before.ratio_min && now.ratio_max < before.ratio {
            Self::Better
        } else {
            Self::Level
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Level => "",
        }
    }
}

/// A row of both runs.
#[derive(Clone, Debug)]
pub(crate) struct Pair<'report> {
    /// The row of this run.
    pub row: &'report Row,
    /// Its figures in the earlier run.
    pub before: Figures,
    /// Its figures now.
    pub now: Figures,
    /// What became of its ratio.
    pub change: Change,
}

/// The rows that two runs have in common.
#[derive(Clone, Debug)]
pub(crate) struct Comparison<'report> {
    /// When the earlier run began.
    pub began: String,
    /// What counts as a change.
    pub threshold: Threshold,
    /// The rows, in the order of this run.
    pub pairs: Vec<Pair<'report>>,
    /// Rows with figures that only one of the runs has.
    pub unpaired: usize,
}

/// There is nothing to compare.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} has no row in common with this run: compare runs of the same scenario, targets and sizes; it was made by `{command}`",
    path.display()
)]
pub(crate) struct NothingInCommon {
    /// The earlier run's file.
    pub path: PathBuf,
    /// The earlier run's command.
    pub command: String,
}

/// Compares a run with an earlier one. References and floors are left
/// out: the first are in ratio to themselves, and nobody uses the second.
#[must_use]
pub(crate) fn compare<'report>(now: &'report Report, before: &Report, threshold: Threshold) -> Comparison<'report> {
    let counted = |row: &&Row| row.figures.is_some() && !row.is_yardstick();
    let pairs: Vec<Pair<'report>> = now
        .rows
        .iter()
        .filter_map(|row| {
            let earlier = before.rows.iter().find(|earlier| earlier.is_same_case(row))?;
            let (before, now) = (earlier.figures?, row.figures?);
            (!row.is_yardstick()).then(|| Pair { row, before, now, change: Change::between(&before, &now, threshold) })
        })
        .collect();
    let rows = now.rows.iter().filter(counted).count() + before.rows.iter().filter(counted).count();
    Comparison { began: before.began.clone(), threshold, unpaired: rows - 2 * pairs.len(), pairs }
}

impl Comparison<'_> {
    /// How many ratios have got worse.
    #[must_use]
    pub(crate) fn worse(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.change == Change::Worse).count()
    }

    /// The comparison as a table for a terminal of 100 columns.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        for pairs in self.pairs.chunk_by(|a, b| a.row.scenario.name == b.row.scenario.name) {
            let scenario = &pairs[0].row.scenario;
            let _ = writeln!(
                text,
                "\n{}: ratio to {}, median (range), now and on {}",
                scenario.name, scenario.reference, self.began
            );
            let mut table = empty_table();
            table.set_header(["bytes", "target", "before", "now", "change", ""]);
            for pair in pairs {
                let percent = (pair.now.ratio / pair.before.ratio - 1.0) * 100.0;
                table.add_row(
                    [
                        pair.row.payload_bytes.to_string(),
                        pair.row.label(),
                        pair.before.ratio_and_range(),
                        pair.now.ratio_and_range(),
                        format!("{percent:+.1} %"),
                        pair.change.word().to_owned(),
                    ]
                    .map(Cell::new),
                );
            }
            for (index, column) in table.column_iter_mut().enumerate() {
                column.set_padding((1, 0));
                if matches!(index, 0 | 2..=4) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
            let _ = writeln!(text, "{table}");
        }
        let _ = writeln!(
            text,
            "\n{} of {} ratios got worse by more than {:.4} and left both ranges{}",
            self.worse(),
            self.pairs.len(),
            format!("{:.4}", self.threshold.percent()).trim_end_matches('0').trim_end_matches('.').to_owned() + " %",
            match self.unpaired {
                0 => String::new(),
                count => format!("; {count} rows are in one run only"),
            }
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;
    use crate::model::sample::sample;

    fn figures(ratio_min: f64, ratio: f64, ratio_max: f64) -> Figures {
        Figures { ratio_min, ratio, ratio_max, ..sample().rows[0].figures.unwrap() }
    }

    fn one_row(figures: Figures) -> Report {
        let mut report = sample();
        report.rows.truncate(1);
        report.rows[0].kind = Kind::Queue;
        report.rows[0].figures = Some(figures);
        report
    }

    #[test]
    fn percentages_are_read_with_and_without_sign() {
        for text in ["25%", "25", " 25 % ", "25.0%"] {
            assert_eq!(Threshold::parse(text), Some(Threshold(0.25)), "{text}");
        }
        for text in ["", "%", "-1", "ten", "nan", "inf", "1001", "10%%"] {
            assert_eq!(Threshold::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_leaves_the_threshold_and_both_ranges_has_changed() {
        let before = figures(1.0, 1.1, 1.2);
        let judge = |now: Figures| Change::between(&before, &now, Threshold(0.1));
        assert_eq!(judge(figures(1.2, 1.3, 1.4)), Change::Worse);
        assert_eq!(judge(figures(1.05, 1.3, 1.4)), Change::Level, "its own range reaches the earlier median");
        assert_eq!(judge(figures(1.19, 1.2, 1.21)), Change::Level, "9 %");
        assert_eq!(judge(figures(0.8, 0.9, 1.0)), Change::Better);
        assert_eq!(judge(figures(0.8, 0.9, 1.2)), Change::Level);
        let scattered = figures(1.0, 1.1, 1.5);
        assert_eq!(Change::between(&scattered, &figures(1.2, 1.3, 1.4), Threshold(0.1)), Change::Level);
    }

    #[test]
    fn rows_are_paired_and_references_left_out() {
        let (before, now) = (one_row(figures(1.0, 1.1, 1.2)), one_row(figures(1.9, 2.0, 2.1)));
        let comparison = compare(&now, &before, Threshold::default());
        assert_eq!((comparison.pairs.len(), comparison.worse(), comparison.unpaired), (1, 1, 0));
        let text = comparison.render();
        assert!(text.contains("+81.8 %") && text.contains("worse") && text.contains("more than 10 %"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }

        let mut other = before.clone();
        other.rows[0].payload_bytes = 8;
        let comparison = compare(&now, &other, Threshold::default());
        assert_eq!((comparison.pairs.len(), comparison.unpaired), (0, 2));
        assert!(compare(&sample(), &sample(), Threshold::default()).pairs.is_empty());
    }
}
