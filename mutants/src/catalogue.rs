//! The operations in the sources, and all mutants: orderings and steps.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::source::{self, Operation};
use crate::step::Step;
use crate::weakened::{Weakened, weakened};
use crate::workspace::{LIBRARIES, source_file};

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

/// What the sources have.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) operations: Vec<Operation>,
    pub(crate) mutants: Vec<Mutant>,
    /// The steps that cannot be changed as the sources stand.
    pub(crate) lost_steps: Vec<String>,
}

impl Catalogue {
    /// Reads the sources below `crates`.
    ///
    /// # Errors
    ///
    /// When a source cannot be understood.
    pub(crate) fn of(crates: &Path, steps: &[Step]) -> anyhow::Result<Self> {
        let operations = source::operations(crates)?;
        let mut mutants: Vec<Mutant> = operations.iter().flat_map(weakened).collect();
        let mut lost_steps = Vec::new();
        for step in steps {
            let path = source_file(crates, &step.file);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()));
            if let Err(problem) = text.and_then(|text| step.apply(&text)) {
                lost_steps.push(format!("step `{}`: {problem:#}", step.name));
            }
            mutants.push(Mutant { id: step.id(), file: step.file.clone(), kind: Kind::Step(step.clone()) });
        }
        Ok(Self { operations, mutants, lost_steps })
    }
}
