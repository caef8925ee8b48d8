//! What the tests have to do with the sources: whether each access still has the ordering of the
//! operation that it stands for, and the variants with one of them weakened.

use std::collections::BTreeMap;

use crate::catalogue::Catalogue;
use crate::lists::Lists;
use crate::litmus::test::{Edit, Label, Test};
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
    /// Whether these are two.
    pub(crate) is_pair: bool,
}

/// The operation, and what it does, that an access stands for.
fn meant<'a>(catalogue: &'a Catalogue, name: &str) -> Option<(&'a Operation, &'a Effect)> {
    for operation in &catalogue.operations {
        let Some(rest) = name.strip_prefix(&operation.place()).filter(|_| !operation.carried) else { continue };
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
pub(crate) fn problems(test: &Test, variants: &[Variant], catalogue: &Catalogue) -> Vec<String> {
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
    for mutant in test.together.iter().flatten() {
        if !variants.iter().any(|variant| variant.mutant == *mutant) {
            problems.push(format!("litmus/{}.litmus: no such mutant in it: {mutant}", test.name));
        }
    }
    problems
}

/// The variants of a test: one for each mutant of an operation in it, and one for each two that it
/// names together.
pub(crate) fn variants(test: &Test, catalogue: &Catalogue, lists: &Lists) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    let mut edits: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
    for access in &test.accesses {
        let Label::Operation { name, elsewhere } = &access.label else { continue };
        let Some((operation, effect)) = meant(catalogue, name) else { continue };
        for change in changes(effect) {
            let mutant = id(operation, effect, &change);
            let edit = match change {
                Change::Dropped => Some(access.without()),
                Change::To { index, weaker, .. } => access.with(index, weaker),
            };
            edits.entry(mutant.clone()).or_default().extend(edit);
            if variants.iter().all(|variant| variant.mutant != mutant) {
                let excused = test.never.iter().any(|never| never.mutant == mutant) || lists.proof(&mutant).is_some();
                variants.push(Variant { mutant, text: String::new(), shows: !elsewhere && !excused, is_pair: false });
            }
        }
    }
    for variant in &mut variants {
        variant.text = test.edited(edits.get(&variant.mutant).cloned().unwrap_or_default());
    }
    for pair in &test.together {
        let both = pair.iter().flat_map(|mutant| edits.get(mutant).cloned().unwrap_or_default()).collect();
        variants.push(Variant { mutant: pair.join("; "), text: test.edited(both), shows: true, is_pair: true });
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::Reason;
    use crate::litmus::test::tests::TEXT;
    use crate::source::in_text;
    use crate::weakened::weakened;

    /// The sources that the text is of, with one change.
    fn catalogue(from: &str, to: &str) -> Catalogue {
        let source = "fn f() { x.store(1, Release); load_behind(x); }\n\
            #[cfg_attr(icc_loom, track_caller)] fn load_behind(x: &X) { fence(SeqCst); x.load(Relaxed); }";
        let operations = in_text(&[("icc-queue/f.rs", &source.replace(from, to))]).unwrap();
        let mutants = operations.iter().flat_map(weakened).collect();
        Catalogue { operations, mutants, lost_steps: Vec::new() }
    }

    #[test]
    fn a_test_agrees_with_the_sources_or_says_where_it_does_not() {
        let test = Test::read(TEXT).unwrap();
        let found = |from, to| problems(&test, &[], &catalogue(from, to));
        assert_eq!(found("", ""), Vec::<String>::new());
        for (from, to, word) in [
            ("Release", "Relaxed", "with [Release], in the sources store with [Relaxed]"),
            ("x.store(1, ", "x.load(", "not there any more: icc-queue/f.rs f store"),
            ("fence(SeqCst)", "fence(AcqRel)", "in the sources fence with [AcqRel]"),
            ("fence(SeqCst);", "", "not there any more: icc-queue/f.rs f load_behind fence"),
            ("fn f()", "fn g()", "not there any more"),
        ] {
            let found = found(from, to);
            assert!(found.iter().any(|problem| problem.contains(word)), "{from}: {found:?}");
        }
    }

    #[test]
    fn a_test_has_a_variant_for_each_mutant() {
        let shows = |text: &str, lists: &Lists| {
            let variants = variants(&Test::read(text).unwrap(), &catalogue("", ""), lists);
            variants.into_iter().map(|variant| (variant.mutant, variant.shows)).collect::<Vec<_>>()
        };
        let store = || "icc-queue/f.rs f store => Relaxed".to_owned();
        let fence = |change: &str| format!("icc-queue/f.rs f load_behind => fence {change}");
        let fences = [(fence("dropped"), false), (fence("AcqRel"), false)];
        let expected = |store_shows| [vec![(store(), store_shows)], fences.to_vec()].concat();
        assert_eq!(shows(TEXT, &Lists::default()), expected(false), "the one is excused, the others are elsewhere");
        let unexcused = TEXT.replace("never: ", "");
        assert_eq!(shows(&unexcused, &Lists::default()), expected(true));
        let proven = Reason { of: store(), because: "it is so".into() };
        let lists = Lists { allowed: vec![proven], ..Lists::default() };
        assert_eq!(shows(&unexcused, &lists), expected(false));
        let pair = format!("{}; {}", store(), fence("dropped"));
        let together = TEXT.replace("{ [a]", &format!("(* together: {pair} *)\n{{ [a]"));
        let variants = variants(&Test::read(&together).unwrap(), &catalogue("", ""), &Lists::default());
        let both = variants.last().unwrap();
        assert!(both.mutant == pair && both.shows && both.is_pair);
        assert!(both.text.contains("a, 1, memory_order_relaxed") && !both.text.contains("atomic_thread_fence"));
    }
}
