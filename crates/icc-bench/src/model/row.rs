//! One row of a report.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::description::{Description, Merit};
use super::figures::Figures;

/// What a target is for: only those of one kind can be better or worse than each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What others are put in ratio to; it does less than any of them.
    Reference,
    /// A hand-written best case, which leaves out all that the row does not exercise.
    Floor,
    /// Every message counts.
    Queue,
    /// Only the newest value counts.
    LatestValue,
    /// A read of a cell.
    Read,
    /// A write to a cell.
    Write,
}

/// The result of one target at one payload size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The scenario; the rows of one share its description.
    pub scenario: Arc<Description>,
    /// The target's name.
    pub target: String,
    /// What the target is for.
    pub kind: Kind,
    /// The target that is its floor, if there is one.
    pub floor: Option<String>,
    /// The size of the messages, in bytes.
    pub payload_bytes: usize,
    /// How many consumers there are, where that is what varies.
    pub consumers: Option<usize>,
    /// The two cores, where those are what varies.
    pub cores: Option<[usize; 2]>,
    /// How many rounds count.
    pub rounds: usize,
    /// How many rounds were dropped.
    pub dropped: usize,
    /// The figures; none if no round counts.
    pub figures: Option<Figures>,
}

impl Row {
    /// The target's name, with what varies beside the payload.
    #[must_use]
    pub(crate) fn label(&self) -> String {
        let mut label = self.target.clone();
        match self.consumers {
            Some(1) => label.push_str(", 1 consumer"),
            Some(count) => label.push_str(&format!(", {count} consumers")),
            None => {}
        }
        if let Some([first, second]) = self.cores {
            label.push_str(&format!(", cores {first} and {second}"));
        }
        label
    }

    /// How many times what its floor takes it takes, among the rows of the same run: less is better.
    ///
    /// It is by what counts in the scenario: ratios to the reference, messages received in a second,
    /// or the time of the consumers' thread.
    #[must_use]
    pub(crate) fn ratio_to_floor(&self, rows: &[Self]) -> Option<f64> {
        let name = self.floor.as_ref()?;
        let floor = rows.iter().find(|row| row.target == *name && row.is_beside(self))?.figures?;
        let own = self.figures?;
        Some(match self.scenario.merit {
            Merit::Rate => floor.flow?.per_second / own.flow?.per_second,
            Merit::Time => own.thread_ns? / floor.thread_ns?,
            Merit::Ratio => own.ratio / floor.ratio,
        })
    }

    /// Whether so few rounds count that the figures are no more than a hint.
    #[must_use]
    pub(crate) fn has_few_rounds(&self) -> bool {
        self.rounds < 3
    }

    /// The figure that counts in the scenario: the ratio, the rate, or the time of the consumers'
    /// thread, the producer's where there is none.
    #[must_use]
    pub(crate) fn counting(&self, figures: &Figures) -> f64 {
        match self.scenario.merit {
            Merit::Rate => figures.flow.map_or(0.0, |flow| flow.per_second),
            Merit::Time => figures.thread_ns.unwrap_or(figures.p50_ns),
            Merit::Ratio => figures.ratio,
        }
    }

    /// Whether it is of something that is measured for others to be compared with.
    #[must_use]
    pub(crate) fn is_yardstick(&self) -> bool {
        matches!(self.kind, Kind::Reference | Kind::Floor)
    }

    /// Whether both are of the same thing, in two runs.
    #[must_use]
    pub(crate) fn is_same_case(&self, other: &Self) -> bool {
        self.is_beside(other) && self.target == other.target
    }

    /// Whether both are of the same size, consumers and cores, so that they can be compared.
    #[must_use]
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        let point = |row: &Self| (row.payload_bytes, row.consumers, row.cores);
        self.scenario.name == other.scenario.name && point(self) == point(other)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::sample::{SCENARIO, sample};
    use super::super::{Figures, FlowFigures};
    use super::*;

    fn row(target: &str, floor: Option<&str>, ratio: f64, merit: Merit) -> Row {
        let row = sample().rows.remove(0);
        let flow = Some(FlowFigures { per_second: 1e6 / ratio, share_received: 1.0, share_told: 1.0 });
        let figures = row.figures.map(|figures| Figures { ratio, flow, thread_ns: Some(ratio * 3.0), ..figures });
        let scenario = Arc::new(Description { merit, ..SCENARIO });
        Row { target: target.to_owned(), floor: floor.map(ToOwned::to_owned), figures, scenario, ..row }
    }

    #[test]
    fn the_ratio_to_the_floor_is_by_what_counts() {
        for merit in [Merit::Ratio, Merit::Rate, Merit::Time] {
            let rows = [row("floor", None, 1.2, merit), row("a", Some("floor"), 1.5, merit)];
            assert!((rows[1].ratio_to_floor(&rows).unwrap() - 1.25).abs() < 1e-9, "{merit:?}");
            assert_eq!(rows[0].ratio_to_floor(&rows), None);
        }
    }

    #[test]
    fn a_floor_of_another_size_or_without_figures_is_none() {
        let own = row("a", Some("floor"), 1.5, Merit::Ratio);
        let floor = row("floor", None, 1.2, Merit::Ratio);
        for other in [Row { payload_bytes: 8, ..floor.clone() }, Row { figures: None, ..floor.clone() }] {
            assert_eq!(own.ratio_to_floor(&[other, own.clone()]), None);
        }
        assert!(own.ratio_to_floor(&[floor]).is_some());
    }
}
