//! Orderings that are weakened while a model runs.

use crate::mutant::{Kind, Mutant, Weakened};
use crate::source::{Effect, Operation};
use crate::workspace::source_path;

/// All ways to weaken an operation by one degree. None for what is relaxed already, or weakened
/// where its function is called.
pub(crate) fn weakened(operation: &Operation) -> Vec<Mutant> {
    if operation.carried {
        return Vec::new();
    }
    let mutants = operation.effects.iter().flat_map(|effect| {
        changes(effect).into_iter().map(|(change, words)| mutant(operation, effect, &change, &words))
    });
    mutants.collect()
}

fn mutant(operation: &Operation, effect: &Effect, change: &str, words: &str) -> Mutant {
    let Operation { file, function, call, nth, line, column, .. } = operation;
    let done = &effect.operation;
    let nth = if *nth == 1 { String::new() } else { format!(" #{nth}") };
    // What a function does for its callers is named beside it.
    let (inner, its) = if call == done { Default::default() } else { (format!("{done} "), format!(", its `{done}`")) };
    let variable = format!("{}:{line}:{column} {done} {change}", source_path(file));
    let words = format!("`{function}`: `{call}`{nth}{its} {words}");
    Mutant {
        id: format!("{} => {inner}{change}", operation.place()),
        file: file.clone(),
        kind: Kind::Ordering(Weakened { variable, words }),
    }
}

/// The changes as the shim reads them, each with words for a table.
fn changes(effect: &Effect) -> Vec<(String, String)> {
    let mut changes = Vec::new();
    if effect.operation == "fence" {
        let order = effect.orderings().next().map_or_else(String::new, |order| format!("(`{order}`) "));
        changes.push(("dropped".to_owned(), format!("{order}dropped")));
    }
    for (index, order) in effect.orderings().enumerate() {
        for weaker in order.weaker(&effect.operation) {
            // The second ordering of a compare-exchange is that of its failure.
            let (prefix, on) = if index == 0 { ("", "") } else { ("failure-", " on failure") };
            changes.push((format!("{prefix}{weaker}"), format!("from `{order}` to `{weaker}`{on}")));
        }
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
