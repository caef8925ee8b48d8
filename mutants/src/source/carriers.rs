//! Functions that do an atomic operation for their callers.
//!
//! They are marked `#[cfg_attr(icc_loom, track_caller)]`, so that the shim sees the place of their
//! caller. Each call of one is then an operation that can be weakened by itself.

use anyhow::{Context as _, bail};

use super::calls::{Call, Given};
use super::structure::Function;
use super::{Effect, File, effects};

/// Carriers that call carriers, at most so deep.
const DEPTH: usize = 8;

#[derive(Debug, Eq, PartialEq)]
pub(super) struct Carrier {
    pub(super) name: String,
    has_self: bool,
    parameters: usize,
    /// All that its callers do by calling it.
    pub(super) effects: Vec<Effect>,
}

impl Carrier {
    /// All carriers in these files.
    pub(super) fn all(files: &[File]) -> anyhow::Result<Vec<Self>> {
        let mut carriers = Vec::new();
        for _ in 0..DEPTH {
            let more = Self::of_these(files, &carriers)?;
            if more == carriers {
                return Ok(carriers);
            }
            carriers = more;
        }
        bail!("functions that track their callers call each other in a circle, or more than {DEPTH} deep")
    }

    /// The carriers, as far as they can be told when `known` is known already.
    fn of_these(files: &[File], known: &[Self]) -> anyhow::Result<Vec<Self>> {
        let mut carriers = Vec::new();
        for file in files {
            for (index, function) in file.structure.functions.iter().enumerate() {
                let inside = |call: &&Call| {
                    file.structure.is_carried(call.at) && file.structure.function_at(call.at) == Some(index)
                };
                let mut all = Vec::new();
                for call in file.calls.iter().filter(inside) {
                    // What is not known yet may be known in the next round; the caller reports what
                    // never is.
                    all.extend(effects(call, known).ok().flatten().unwrap_or_default());
                }
                if !all.is_empty() {
                    carriers.push(Self::new(function, all));
                }
            }
        }
        Ok(carriers)
    }

    fn new(function: &Function, effects: Vec<Effect>) -> Self {
        let Function { name, has_self, parameters, .. } = function;
        Self { name: name.clone(), has_self: *has_self, parameters: *parameters, effects }
    }

    /// Whether this is a call of it, as far as names and numbers of arguments tell.
    pub(super) fn is_called_by(&self, call: &Call) -> bool {
        let with_self = usize::from(self.has_self && !call.is_method);
        self.name == call.name && self.parameters + with_self == call.arguments
    }

    /// What a call does that gives these orderings.
    pub(super) fn effects_for(&self, given: &[Given]) -> anyhow::Result<Vec<Effect>> {
        let filled = |ordering: &Given| match *ordering {
            Given::Passed(index) => {
                given.get(index).copied().with_context(|| format!("`{}` is called without its ordering", self.name))
            }
            named @ Given::Named(_) => Ok(named),
        };
        let effect = |effect: &Effect| {
            let orderings = effect.orderings.iter().map(filled).collect::<anyhow::Result<_>>()?;
            Ok(Effect { operation: effect.operation.clone(), orderings })
        };
        self.effects.iter().map(effect).collect()
    }
}
