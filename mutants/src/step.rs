//! Steps of a protocol that are dropped, swapped or made wrong in the text of a source file.

use anyhow::bail;
use serde::Deserialize;

/// An entry of `mutants/steps.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// The file below the folder of crates, without `src`.
    pub(crate) file: String,
    /// Stands exactly once in the file.
    find: String,
    replace: String,
    /// What goes wrong with it.
    pub(crate) wrong: String,
}

impl Step {
    /// What the lists know it by.
    pub(crate) fn id(&self) -> String {
        let crate_name = self.file.split('/').next().unwrap_or_default();
        format!("{crate_name} step: {}", self.name)
    }

    /// The text of the file with this change made.
    ///
    /// # Errors
    ///
    /// When the text to find is not there exactly once.
    pub(crate) fn apply(&self, text: &str) -> anyhow::Result<String> {
        let count = text.matches(&self.find).count();
        if count != 1 {
            bail!("its text is {count} times in {}, not once:\n{}", self.file, self.find);
        }
        Ok(text.replacen(&self.find, &self.replace, 1))
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
        assert_eq!(step("b;").apply("a; b;").unwrap(), "a; c");
        for (find, count) in [("d;", "0 times"), (";", "2 times")] {
            let error = step(find).apply("a; b;").unwrap_err().to_string();
            assert!(error.contains(count), "{error}");
        }
    }
}
