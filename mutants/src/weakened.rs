//! Orderings that are weakened while a model runs.

use std::fmt;

use crate::mutant::{Kind, Mutant, Weakened};
use crate::source::{Effect, Operation, Order};
use crate::workspace::source_path;

/// A way to make an operation weaker by one degree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// A fence that is not there.
    Dropped,
    /// Another ordering in place of number `index`: 1 is that of a compare-exchange that fails.
    To { index: usize, from: Order, weaker: Order },
}

/// As the shim reads it.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped => f.write_str("dropped"),
            Self::To { index: 0, weaker, .. } => weaker.fmt(f),
            Self::To { weaker, .. } => write!(f, "failure-{weaker}"),
        }
    }
}

/// All ways to weaken an operation by one degree. None for what is relaxed already, or weakened
/// where its function is called.
pub(crate) fn weakened(operation: &Operation) -> Vec<Mutant> {
    if operation.carried {
        return Vec::new();
    }
    let mutants = operation
        .effects
        .iter()
        .flat_map(|effect| changes(effect).into_iter().map(|change| mutant(operation, effect, &change)));
    mutants.collect()
}

/// What the lists know a mutant by.
pub(crate) fn id(operation: &Operation, effect: &Effect, change: &Change) -> String {
    let done = &effect.operation;
    let inner = if operation.call == *done { String::new() } else { format!("{done} ") };
    format!("{} => {inner}{change}", operation.place())
}

fn mutant(operation: &Operation, effect: &Effect, change: &Change) -> Mutant {
    let Operation { file, function, call, nth, line, column, .. } = operation;
    let done = &effect.operation;
    let nth = if *nth == 1 { String::new() } else { format!(" #{nth}") };
    // What a function does for its callers is named beside it.
    let its = if call == done { String::new() } else { format!(", its `{done}`") };
    let words = match change {
        Change::Dropped => {
            let order = effect.orderings().next().map_or_else(String::new, |order| format!("(`{order}`) "));
            format!("{order}dropped")
        }
        Change::To { index, from, weaker } => {
            let on = if *index == 0 { "" } else { " on failure" };
            format!("from `{from}` to `{weaker}`{on}")
        }
    };
    Mutant {
        id: id(operation, effect, change),
        file: file.clone(),
        kind: Kind::Ordering(Weakened {
            variable: format!("{}:{line}:{column} {done} {change}", source_path(file)),
            words: format!("`{function}`: `{call}`{nth}{its} {words}"),
        }),
    }
}

/// The changes that make an effect weaker.
pub(crate) fn changes(effect: &Effect) -> Vec<Change> {
    let mut changes = Vec::new();
    if effect.operation == "fence" {
        changes.push(Change::Dropped);
    }
    for (index, from) in effect.orderings().enumerate() {
        let weaker = from.weaker(&effect.operation).iter();
        changes.extend(weaker.map(|&weaker| Change::To { index, from, weaker }));
    }
    changes
}

#[cfg(test)]
mod tests {
    use crate::mutant::Kind;
    use crate::source::in_text;

    fn ids(statement: &str) -> Vec<String> {
        let text = format!("fn f() {{ {statement}; }}");
        let operations = in_text(&[("icc-queue/f.rs", &text)]).unwrap();
        operations.iter().flat_map(super::weakened).map(|mutant| mutant.id).collect()
    }

    #[test]
    fn each_ordering_is_weakened_by_one_degree() {
        let place = "icc-queue/f.rs f";
        assert_eq!(ids("fence(Ordering::Acquire)"), [format!("{place} fence => dropped")]);
        assert_eq!(ids("x.store(1, Release)"), [format!("{place} store => Relaxed")]);
        assert_eq!(ids("x.load(Acquire)"), [format!("{place} load => Relaxed")]);
        assert_eq!(
            ids("x.fetch_add(1, AcqRel)"),
            ["Acquire", "Release"].map(|weaker| format!("{place} fetch_add => {weaker}"))
        );
        assert_eq!(
            ids("x.compare_exchange(0, 1, SeqCst, Acquire)"),
            ["AcqRel", "failure-Relaxed"].map(|weaker| format!("{place} compare_exchange => {weaker}"))
        );
        assert_eq!(ids("fence(SeqCst)"), ["dropped", "AcqRel"].map(|weaker| format!("{place} fence => {weaker}")));
        assert_eq!(ids("x.store(1, Ordering::Relaxed)"), Vec::<String>::new());
    }

    #[test]
    fn the_shim_is_told_the_place_as_the_compiler_knows_it() {
        let text = "fn f() {\n    self.head()\n        .fetch_add(1, AcqRel);\n}";
        let operations = in_text(&[("icc-queue/consumer/f.rs", text)]).unwrap();
        let mutants = super::weakened(&operations[0]);
        let Kind::Ordering(weakened) = &mutants[0].kind else { panic!("{mutants:?}") };
        assert_eq!(weakened.variable, "crates/icc-queue/src/consumer/f.rs:3:10 fetch_add Acquire");
        assert_eq!(weakened.words, "`f`: `fetch_add` from `AcqRel` to `Acquire`");
    }
}
