//! The operations in the sources, and all mutants: orderings and steps.

use std::fs;
use std::path::Path;

use anyhow::bail;

use crate::source::{self, Operation};
use crate::step::{Change, Step};
use crate::weakened::{Weakened, weakened};
use crate::workspace::{LIBRARIES, source_file};

/// One thing made wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Mutant {
    /// An ordering, weakened while a model runs.
    Ordering(Weakened),
    /// A step, changed in a copy of the sources.
    Step(Change),
}

impl Mutant {
    /// What the lists know it by.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Ordering(weakened) => &weakened.id,
            Self::Step(change) => &change.id,
        }
    }

    pub(crate) fn file(&self) -> &str {
        match self {
            Self::Ordering(weakened) => &weakened.file,
            Self::Step(change) => &change.file,
        }
    }

    /// How high the crate stands that it is in; the checks of a crate see what is wrong in those below.
    pub(crate) fn level(&self) -> Option<usize> {
        level(self.file().split('/').next().unwrap_or_default())
    }

    /// What goes wrong with it; empty for an ordering, whose comment in the source says it.
    pub(crate) fn wrong(&self) -> &str {
        match self {
            Self::Ordering(_) => "",
            Self::Step(change) => &change.wrong,
        }
    }
}

/// How high a crate stands among the libraries.
pub(crate) fn level(crate_name: &str) -> Option<usize> {
    LIBRARIES.iter().position(|library| *library == crate_name)
}

/// What the sources have.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Catalogue {
    pub(crate) operations: Vec<Operation>,
    pub(crate) mutants: Vec<Mutant>,
}

impl Catalogue {
    /// Reads the sources below `crates`.
    ///
    /// # Errors
    ///
    /// When a source cannot be understood, or a step's text is not in it once.
    pub(crate) fn of(crates: &Path, steps: &[Step]) -> anyhow::Result<Self> {
        let operations = source::operations(crates)?;
        let mut mutants: Vec<Mutant> = operations.iter().flat_map(weakened).map(Mutant::Ordering).collect();
        let mut problems = Vec::new();
        for step in steps {
            match fs::read_to_string(source_file(crates, &step.file)) {
                Ok(text) => match step.change(&text) {
                    Ok(change) => mutants.push(Mutant::Step(change)),
                    Err(problem) => problems.push(problem.to_string()),
                },
                Err(error) => problems.push(step.unreadable(&error)),
            }
        }
        if problems.is_empty() { Ok(Self { operations, mutants }) } else { bail!("{}", problems.join("\n")) }
    }
}
