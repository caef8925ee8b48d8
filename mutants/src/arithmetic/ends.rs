//! What became of each mutant of a part.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of a mutant.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// A test failed.
    Caught,
    /// The tests did not end.
    Timeout,
    /// It does not build, so there is nothing to notice.
    Unviable,
    /// Every test passed.
    Missed,
}

impl End {
    /// All, and the file in which cargo-mutants lists those that ended so.
    pub(crate) const FILES: [(Self, &'static str); 4] = [
        (Self::Caught, "caught.txt"),
        (Self::Timeout, "timeout.txt"),
        (Self::Unviable, "unviable.txt"),
        (Self::Missed, "missed.txt"),
    ];
}

/// By the mutants' names or ids.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Ends(BTreeMap<String, End>);

/// How many mutants ended how.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Tally {
    pub(crate) caught: usize,
    pub(crate) timeout: usize,
    pub(crate) unviable: usize,
    /// Each is in `survivors.toml`.
    pub(crate) missed: usize,
}

impl Ends {
    pub(crate) fn insert(&mut self, name: String, end: End) {
        // What tests of one round miss may have been caught in another.
        let before = self.0.entry(name).or_insert(end);
        if *before == End::Missed {
            *before = end;
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<End> {
        self.0.get(name).copied()
    }

    pub(crate) fn missed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, end)| **end == End::Missed).map(|(name, _)| &**name)
    }

    pub(crate) fn counts(&self) -> Tally {
        let count = |wanted| self.0.values().filter(|end| **end == wanted).count();
        Tally {
            caught: count(End::Caught),
            timeout: count(End::Timeout),
            unviable: count(End::Unviable),
            missed: count(End::Missed),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caught, timeout, unviable, missed } = self;
        write!(f, "{caught} caught, {timeout} never ended, {unviable} did not build, {missed} missed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_caught_once_is_caught() {
        let mut ends = Ends::default();
        for (name, end) in [("a", End::Missed), ("a", End::Caught), ("b", End::Caught), ("b", End::Missed)] {
            ends.insert(name.into(), end);
        }
        assert_eq!(ends.counts(), Tally { caught: 2, timeout: 0, unviable: 0, missed: 0 });
    }
}
