//! All that a run found.

use super::machine::Machine;
use super::row::Row;

/// All that a run found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    /// The version of `icc-bench` that measured.
    pub version: String,
    /// The command that repeats the run.
    pub command: String,
    /// When the run began, in UTC, such as `2026-11-23T13:05:00Z`.
    pub began: String,
    /// Whether the run was ended before all rounds were measured.
    pub interrupted: bool,
    /// What it was measured on.
    pub machine: Machine,
    /// A row a case, those of one scenario together.
    pub rows: Vec<Row>,
}

impl Report {
    /// The rows of which no round was steady, so that they have no figures.
    pub(crate) fn unmeasured(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.figures.is_none())
    }

    /// The rows of each scenario, in the order of the run.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|a, b| a.scenario.name == b.scenario.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;

    #[test]
    fn rows_without_figures_are_unmeasured_and_those_of_a_scenario_stand_together() {
        assert_eq!(sample().unmeasured().count(), 1);
        assert_eq!(sample().scenarios().count(), 1);
    }
}
