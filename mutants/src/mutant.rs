//! One thing made wrong, and how.

use crate::step::Step;
use crate::workspace::LIBRARIES;

/// One thing made wrong.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// What the lists know it by.
    pub(crate) id: String,
    /// The file that it is in, below the folder of crates, without `src`.
    pub(crate) file: String,
    pub(crate) kind: Kind,
}

/// How it is made wrong.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// An ordering, weakened while a model runs.
    Ordering(Weakened),
    /// A step, changed in a copy of the sources.
    Step(Step),
}

impl Mutant {
    /// How high the crate stands that it is in; the checks of a crate see what is wrong in those
    /// below.
    pub(crate) fn level(&self) -> Option<usize> {
        level(self.file.split('/').next().unwrap_or_default())
    }

    /// What goes wrong with it; empty for an ordering, whose comment in the source says it.
    pub(crate) fn wrong(&self) -> &str {
        match &self.kind {
            Kind::Ordering(_) => "",
            Kind::Step(step) => step.wrong.trim(),
        }
    }
}

/// How high a crate stands among the libraries.
pub(crate) fn level(crate_name: &str) -> Option<usize> {
    LIBRARIES.iter().position(|library| *library == crate_name)
}

/// One operation with less than its ordering. The shim makes the change, in
/// `icc_seqlock::primitive::weaken`.
#[derive(Clone, Debug)]
pub(crate) struct Weakened {
    /// What the shim is told.
    pub(crate) variable: String,
    /// What is made of it, in words for a table.
    pub(crate) words: String,
}
