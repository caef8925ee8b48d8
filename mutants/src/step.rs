//! Steps of a protocol that are dropped, swapped or made wrong in the text of a source file.

use std::ops::Range;

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// An entry of `mutants/steps.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    name: String,
    /// The file below the folder of crates, without `src`.
    pub(crate) file: String,
    /// Stands exactly once in the file.
    find: String,
    replace: String,
    /// What goes wrong with it.
    wrong: String,
}

/// A step as a change to its file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Change {
    /// What the lists know it by.
    pub(crate) id: String,
    /// The step's own name.
    pub(crate) name: String,
    pub(crate) file: String,
    at: Range<usize>,
    replacement: String,
    pub(crate) wrong: String,
}

impl Step {
    /// The change, if it can be made to `text`.
    ///
    /// # Errors
    ///
    /// When the text to find is not there exactly once.
    pub(crate) fn change(&self, text: &str) -> anyhow::Result<Change> {
        let count = text.matches(&self.find).count();
        let Some(start) = text.find(&self.find).filter(|_| count == 1) else {
            bail!("step `{}`: its text is {count} times in {}, not once:\n{}", self.name, self.file, self.find);
        };
        let crate_name = self.file.split('/').next().unwrap_or_default();
        Ok(Change {
            id: format!("{crate_name} step: {}", self.name),
            name: self.name.clone(),
            file: self.file.clone(),
            at: start..start + self.find.len(),
            replacement: self.replace.clone(),
            wrong: self.wrong.trim().to_owned(),
        })
    }

    /// What goes wrong when the file cannot be read.
    pub(crate) fn unreadable(&self, error: &std::io::Error) -> String {
        format!("step `{}`: cannot read {}: {error}", self.name, self.file)
    }
}

impl Change {
    /// The text of the file with this change made.
    pub(crate) fn apply(&self, text: &str) -> anyhow::Result<String> {
        let (before, after) = (text.get(..self.at.start), text.get(self.at.end..));
        let (before, after) = before.zip(after).with_context(|| format!("{} has changed meanwhile", self.file))?;
        Ok([before, &self.replacement, after].concat())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn step(file: &str, find: &str, replace: &str) -> Step {
        Step { name: "n".into(), file: file.into(), find: find.into(), replace: replace.into(), wrong: "w".into() }
    }

    #[test]
    fn a_step_applies_where_its_text_stands_once() {
        let step = |find| step("icc-queue/f.rs", find, "c");
        assert_eq!(step("b;").change("a; b;").unwrap().apply("a; b;").unwrap(), "a; c");
        for (find, count) in [("d;", "0 times"), (";", "2 times")] {
            let error = step(find).change("a; b;").unwrap_err().to_string();
            assert!(error.contains(count) && error.contains("`n`"), "{error}");
        }
    }
}
