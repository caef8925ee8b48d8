//! A scenario as data.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::harness::plan::Plan;
use crate::model::Description;

/// Batches a round needs where a sample is the mean of a batch of operations.
pub(crate) const MIN_BATCHES: u64 = 200;

/// What a run measures. There is one value of it in the file of each scenario.
///
/// Serialized, it is the scenario's description in a JSON report.
pub struct Scenario {
    /// What a report shows of it.
    pub(crate) description: Description,
    /// Payload sizes that can be asked for, in bytes.
    pub(crate) payloads: &'static [usize],
    /// Payload sizes when none are asked for, in bytes.
    pub(crate) default_payloads: &'static [usize],
    /// Rounds and their length: long enough for steady figures.
    pub(crate) full: Plan,
    /// The same for a quick run.
    pub(crate) quick: Plan,
    /// A round with fewer samples does not count.
    pub(crate) min_samples: u64,
    /// What its rows are.
    pub(crate) rows: Rows,
    /// How many messages a round must have, where they are the run's interval apart: rounds are
    /// made long enough.
    pub(crate) spaced_messages: Option<u32>,
}

/// What the rows of a scenario are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Targets of the catalogue.
    Targets,
    /// Pairs of cores, between which bare atomics are measured.
    CorePairs,
}

impl Scenario {
    /// The name in tables, in JSON and on the command line.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// Payload sizes when none are asked for, in bytes.
    #[must_use]
    pub fn default_payloads(&self) -> &'static [usize] {
        self.default_payloads
    }

    /// Rounds and their length.
    pub(crate) fn plan(&self, is_quick: bool) -> Plan {
        if is_quick { self.quick } else { self.full }
    }
}

impl PartialEq for Scenario {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Scenario {}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.description.serialize(serializer)
    }
}
