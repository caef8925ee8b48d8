//! One row of a report.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::description::Description;
use super::figures::Figures;

/// What a target is for: only those of one kind can be better or worse than each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What others are put in ratio to; it does less than any of them.
    Reference,
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
