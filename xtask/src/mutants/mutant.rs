//! One change that makes a protocol wrong.

use std::ops::Range;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::source::{Named, Site};

/// A change to one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mutant {
    /// What the lists know it by.
    pub(crate) id: String,
    /// The file below the folder of crates, without `src`, as in [`Site`].
    pub(crate) file: String,
    pub(crate) at: Range<usize>,
    pub(crate) replacement: String,
    /// What goes wrong with it; empty for an ordering, whose comment in the source says it.
    pub(crate) wrong: String,
}

impl Mutant {
    /// The crate that it changes.
    pub(crate) fn crate_name(&self) -> &str {
        self.file.split('/').next().unwrap_or_default()
    }

    /// The text of the file with this change made.
    pub(crate) fn apply(&self, text: &str) -> anyhow::Result<String> {
        let (before, after) = (text.get(..self.at.start), text.get(self.at.end..));
        let (before, after) = before.zip(after).with_context(|| format!("{} has changed meanwhile", self.file))?;
        Ok([before, &self.replacement, after].concat())
    }
}

/// All ways to weaken an operation by one degree. None for what is relaxed already.
pub(crate) fn weakened(site: &Site) -> anyhow::Result<Vec<Mutant>> {
    let mutant = |change: &str, at: Range<usize>, replacement: String| Mutant {
        id: format!("{} => {change}", site.id()),
        file: site.file.clone(),
        at,
        replacement,
        wrong: String::new(),
    };
    if site.call.is_empty() {
        bail!("{}: an ordering outside of a call cannot be weakened one by one; name it in the call", site.id());
    }
    let mut mutants = Vec::new();
    if site.call == "fence" {
        mutants.push(mutant("dropped", site.at.clone(), "()".into()));
    }
    for (index, named) in site.orderings.iter().enumerate() {
        for weaker in weaker(&site.call, &named.ordering) {
            let nth = if site.orderings[..index].iter().any(|other| other.ordering == named.ordering) {
                " (second)"
            } else {
                ""
            };
            mutants.push(mutant(&format!("{weaker}{nth}"), named.at.clone(), spelled(site, named, weaker)));
        }
    }
    Ok(mutants)
}

/// What is one degree weaker than `ordering` in a call of this name.
fn weaker(call: &str, ordering: &str) -> &'static [&'static str] {
    match (call, ordering) {
        // By the wrapper's other name.
        ("load_acquire", _) => &["Relaxed"],
        // A relaxed fence does not exist: it is dropped instead.
        ("fence", "Acquire" | "Release") | (_, "Relaxed") => &[],
        (_, "Acquire" | "Release") => &["Relaxed"],
        (_, "AcqRel") => &["Acquire", "Release"],
        ("load", _) => &["Acquire"],
        ("store", _) => &["Release"],
        _ => &["AcqRel"],
    }
}

/// A weaker ordering as it can stand in the place of `named`, whatever the file imports.
fn spelled(site: &Site, named: &Named, weaker: &str) -> String {
    match (site.call.as_str(), named.qualified) {
        ("load_acquire", _) => "load_relaxed".into(),
        (_, true) => weaker.into(),
        _ if site.file.starts_with("icc-seqlock/") => format!("crate::primitive::Ordering::{weaker}"),
        _ => format!("icc_seqlock::primitive::Ordering::{weaker}"),
    }
}

/// A step of a protocol that is dropped, swapped or made wrong: an entry of `mutants/steps.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) file: String,
    /// Stands exactly once in the file.
    pub(crate) find: String,
    pub(crate) replace: String,
    /// What goes wrong with it.
    pub(crate) wrong: String,
}

impl Step {
    /// The change, if it can be made to `text`.
    ///
    /// # Errors
    ///
    /// When the text to find is not there exactly once.
    pub(crate) fn mutant(&self, text: &str) -> anyhow::Result<Mutant> {
        let count = text.matches(&self.find).count();
        let Some(start) = text.find(&self.find).filter(|_| count == 1) else {
            bail!("step `{}`: its text is {count} times in {}, not once:\n{}", self.name, self.file, self.find);
        };
        let at = start..start + self.find.len();
        Ok(Mutant {
            id: self.id(),
            file: self.file.clone(),
            at,
            replacement: self.replace.clone(),
            wrong: self.wrong.trim().to_owned(),
        })
    }

    pub(crate) fn id(&self) -> String {
        let crate_name = self.file.split('/').next().unwrap_or_default();
        format!("{crate_name} step: {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(call: &str, text: &str, orderings: &[&str]) -> Site {
        let named = |ordering: &&str| {
            let start = text.find(ordering).unwrap();
            Named {
                ordering: (*ordering).into(),
                at: start..start + ordering.len(),
                qualified: text[..start].ends_with(':'),
            }
        };
        Site {
            file: "icc-queue/f.rs".into(),
            function: "f".into(),
            expression: text.into(),
            before: 0,
            call: call.into(),
            at: 0..text.len(),
            orderings: orderings.iter().map(named).collect(),
        }
    }

    fn texts(call: &str, text: &str, orderings: &[&str]) -> Vec<String> {
        weakened(&site(call, text, orderings)).unwrap().iter().map(|mutant| mutant.apply(text).unwrap()).collect()
    }

    #[test]
    fn each_ordering_is_weakened_by_one_degree() {
        assert_eq!(texts("fence", "fence(Ordering::Acquire)", &["Acquire"]), ["()"]);
        assert_eq!(texts("store", "x.store(1, Ordering::Release)", &["Release"]), ["x.store(1, Ordering::Relaxed)"]);
        assert_eq!(
            texts("load", "x.load(Acquire)", &["Acquire"]),
            ["x.load(icc_seqlock::primitive::Ordering::Relaxed)"]
        );
        assert_eq!(
            texts("fetch_add", "x.fetch_add(1, Ordering::AcqRel)", &["AcqRel"]),
            ["x.fetch_add(1, Ordering::Acquire)", "x.fetch_add(1, Ordering::Release)"]
        );
        assert_eq!(
            texts(
                "compare_exchange",
                "x.compare_exchange(0, 1, Ordering::SeqCst, Ordering::Relaxed)",
                &["SeqCst", "Relaxed"]
            ),
            ["x.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed)"]
        );
        assert_eq!(texts("fence", "fence(Ordering::SeqCst)", &["SeqCst"]), ["()", "fence(Ordering::AcqRel)"]);
        assert_eq!(texts("store", "x.store(1, Ordering::Relaxed)", &["Relaxed"]), Vec::<String>::new());
    }

    #[test]
    fn orderings_outside_of_calls_are_refused() {
        assert!(weakened(&site("", "Release", &["Release"])).is_err());
    }

    #[test]
    fn a_step_applies_where_its_text_stands_once() {
        let step = |find: &str| Step {
            name: "n".into(),
            file: "icc-queue/f.rs".into(),
            find: find.into(),
            replace: "c".into(),
            wrong: "w".into(),
        };
        assert_eq!(step("b;").mutant("a; b;").unwrap().apply("a; b;").unwrap(), "a; c");
        for (find, count) in [("d;", "0 times"), (";", "2 times")] {
            let error = step(find).mutant("a; b;").unwrap_err().to_string();
            assert!(error.contains(count) && error.contains("`n`"), "{error}");
        }
    }
}
