//! The operations in the sources, and all mutants: orderings and steps.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::mutant::{Kind, Mutant};
use crate::source::{self, Operation};
use crate::step::Step;
use crate::weakened::weakened;
use crate::workspace::source_file;

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
