//! The lists written by hand: which files, which tests must notice, and what none notices.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use crate::lists::{self, Reason};
use crate::workspace::{Workspace, source_path};

/// A file in which arithmetic and order are made wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Below the folder of crates, without `src`; or of the bridge.
    pub(crate) file: String,
    /// What is run against each mutant, a line for `cargo test` each: the quickest first, each for what those before
    /// it did not notice.
    pub(crate) rounds: Vec<String>,
}

/// All files, and the mutants in them that no test notices.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) parts: Vec<Part>,
    pub(crate) survivors: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartsFile {
    part: Vec<Part>,
}

impl Parts {
    pub(crate) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        let parts = lists::read::<PartsFile>(workspace, "arithmetic.toml")?.part;
        Ok(Self { parts, survivors: lists::reasons(workspace, "survivors.toml")? })
    }

    /// What is wrong with the lists. Empty is good.
    pub(crate) fn problems(&self, workspace: &Workspace) -> Vec<String> {
        let mut problems = lists::without_reason_or_twice("survivors.toml", &self.survivors);
        let mut seen = BTreeSet::new();
        for part in &self.parts {
            if !seen.insert(&part.file) {
                problems.push(format!("twice in mutants/arithmetic.toml: {}", part.file));
            }
            if !workspace.root().join(part.path()).is_file() {
                problems.push(format!("there is no such file (any more): {}, in mutants/arithmetic.toml", part.file));
            }
            if part.rounds.is_empty() {
                problems.push(format!("no tests are named for {} in mutants/arithmetic.toml", part.file));
            }
            let tests = workspace.root().join(part.package_path()).join("tests");
            for name in part.rounds.iter().flat_map(|round| tests_in(round)) {
                if !tests.join(format!("{name}.rs")).is_file() && !tests.join(name).join("main.rs").is_file() {
                    problems
                        .push(format!("{} has no tests {name}, which mutants/arithmetic.toml names", part.package()));
                }
            }
        }
        let lost = self.survivors.iter().filter(|reason| !self.parts.iter().any(|part| part.has(&reason.of)));
        problems.extend(lost.map(|reason| format!("of no file in mutants/arithmetic.toml: {}", reason.of)));
        problems
    }
}

/// The test binaries that a round names.
fn tests_in(round: &str) -> impl Iterator<Item = &str> {
    let words = round.split_whitespace();
    words.clone().zip(words.skip(1)).filter(|(flag, _)| *flag == "--test").map(|(_, name)| name)
}

impl Part {
    /// Whether it is in this file that a mutant of this id is.
    pub(crate) fn has(&self, id: &str) -> bool {
        id.strip_prefix(&*self.file).is_some_and(|rest| rest.starts_with(' '))
    }

    fn is_of_the_bridge(&self) -> bool {
        self.file.starts_with("bridge/")
    }

    /// The package that it is in.
    pub(crate) fn package(&self) -> &str {
        if self.is_of_the_bridge() { "icc-bridge" } else { self.file.split('/').next().unwrap_or_default() }
    }

    /// The workspace that it is in, below this one's root.
    pub(crate) fn workspace(&self) -> &'static str {
        if self.is_of_the_bridge() { "bridge" } else { "" }
    }

    fn package_path(&self) -> PathBuf {
        if self.is_of_the_bridge() { "bridge".into() } else { PathBuf::from("crates").join(self.package()) }
    }

    /// The file, below the root.
    pub(crate) fn path(&self) -> PathBuf {
        if self.is_of_the_bridge() {
            self.file.replacen('/', "/src/", 1).into()
        } else {
            source_path(&self.file).into()
        }
    }

    /// The file, below the root of the workspace that it is in.
    pub(crate) fn path_in_workspace(&self) -> PathBuf {
        let path = self.path();
        path.strip_prefix(self.workspace()).map(ToOwned::to_owned).unwrap_or(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_where_they_are() {
        let part = |file: &str| Part { file: file.into(), rounds: Vec::new() };
        let queue = part("icc-queue/consumer/recovery.rs");
        assert_eq!(queue.path(), PathBuf::from("crates/icc-queue/src/consumer/recovery.rs"));
        assert_eq!((queue.package(), queue.path_in_workspace()), ("icc-queue", queue.path()));
        let bridge = part("bridge/frame.rs");
        assert_eq!(bridge.path(), PathBuf::from("bridge/src/frame.rs"));
        assert_eq!((bridge.package(), bridge.path_in_workspace()), ("icc-bridge", PathBuf::from("src/frame.rs")));
        assert!(queue.has("icc-queue/consumer/recovery.rs replace + with -") && !bridge.has("bridge/frame.rsx y"));
    }

    #[test]
    fn tests_are_found_in_a_round() {
        assert_eq!(tests_in("--lib --test bytes --test gaps -- head::").collect::<Vec<_>>(), ["bytes", "gaps"]);
    }
}
