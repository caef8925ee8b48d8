//! What the tests have to do with the sources: whether each access still has the ordering of the
//! operation that it stands for, and the variants with one of them weakened.

use crate::catalogue::Catalogue;
use crate::lists::Lists;
use crate::litmus::test::{Access, Label, Test};
use crate::source::{Effect, Operation};
use crate::weakened::{Change, changes, id};

/// A test with one operation made weaker.
#[derive(Debug)]
pub(crate) struct Variant {
    /// The mutant's id.
    pub(crate) mutant: String,
    pub(crate) text: String,
    /// Whether the outcome must now be possible.
    pub(crate) shows: bool,
}

/// The operation, and what it does, that an access stands for.
fn meant<'a>(catalogue: &'a Catalogue, name: &str) -> Option<(&'a Operation, &'a Effect)> {
    for operation in &catalogue.operations {
        let Some(rest) = name.strip_prefix(&operation.place()) else { continue };
        let effect = match rest.strip_prefix(' ') {
            Some(inner) => operation.effects.iter().find(|effect| effect.operation == inner),
            None if rest.is_empty() && operation.effects.len() == 1 => operation.effects.first(),
            None => None,
        };
        if let Some(effect) = effect {
            return Some((operation, effect));
        }
    }
    None
}

/// Everything in which a test and the sources disagree.
pub(crate) fn problems(test: &Test, catalogue: &Catalogue) -> Vec<String> {
    let mut problems = Vec::new();
    for access in &test.accesses {
        let Label::Operation { name, .. } = &access.label else { continue };
        let at = format!("litmus/{}.litmus:{}", test.name, access.line);
        let Some((_, effect)) = meant(catalogue, name) else {
            problems.push(format!("{at}: not there any more: {name}"));
            continue;
        };
        let orderings: Vec<_> = effect.orderings().collect();
        if (access.operation, &access.orderings) != (&*effect.operation, &orderings) {
            let Effect { operation, .. } = effect;
            problems.push(format!(
                "{at}: {} with {:?}, in the sources {operation} with {orderings:?}: {name}",
                access.operation, access.orderings
            ));
        }
    }
    problems
}

/// The variants of a test: one for each mutant of an operation in it.
pub(crate) fn variants(test: &Test, catalogue: &Catalogue, lists: &Lists) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    for access in &test.accesses {
        let Label::Operation { name, elsewhere } = &access.label else { continue };
        let Some((operation, effect)) = meant(catalogue, name) else { continue };
        for change in changes(effect) {
            let mutant = id(operation, effect, &change);
            if variants.iter().any(|variant| variant.mutant == mutant) {
                continue;
            }
            let same = |other: &&Access| matches!(&other.label, Label::Operation { name: other, .. } if other == name);
            let accesses: Vec<&Access> = test.accesses.iter().filter(same).collect();
            let text = match change {
                Change::Dropped => test.without(&accesses),
                Change::To { index, weaker, .. } => test.with(&accesses, index, weaker),
            };
            let excused = test.never.iter().any(|never| never.mutant == mutant) || lists.proof(&mutant).is_some();
            variants.push(Variant { mutant, text, shows: !elsewhere && !excused });
        }
    }
    variants
}
