//! The lists beside this package.
//!
//! - `steps.toml`: protocol steps to drop, swap or make wrong, written by hand.
//! - `caught.toml`: which test catches which mutant, written by `--find`.
//! - `allowed.toml`: mutants that no test can catch, each with a proof that it does no harm or
//!   cannot be seen.
//! - `relaxed.toml`: why each operation that is relaxed may be.
//!
//! Those of [arithmetic](crate::arithmetic) are read there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::catalogue::Catalogue;
use crate::process::say;
use crate::step::Step;
use crate::workspace::Workspace;

/// What the lists say.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) steps: Vec<Step>,
    pub(crate) caught: BTreeMap<String, String>,
    pub(crate) allowed: Vec<Reason>,
    pub(crate) relaxed: Vec<Reason>,
}

/// Why something needs no check. `of` is a mutant's id or an operation's place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    pub(crate) of: String,
    pub(crate) because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepsFile {
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonsFile {
    #[serde(default)]
    entry: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaughtFile {
    caught: BTreeMap<String, String>,
}

fn path(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root().join("mutants").join(name)
}

/// Reads a list.
pub(crate) fn read<L: DeserializeOwned>(workspace: &Workspace, name: &str) -> anyhow::Result<L> {
    let path = path(workspace, name);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

/// Reads a list of reasons.
pub(crate) fn reasons(workspace: &Workspace, name: &str) -> anyhow::Result<Vec<Reason>> {
    Ok(read::<ReasonsFile>(workspace, name)?.entry)
}

/// Writes a list: whole or not at all, since a run may be interrupted.
pub(crate) fn replace(workspace: &Workspace, name: &str, text: &str) -> anyhow::Result<()> {
    let path = path(workspace, name);
    let draft = path.with_extension("draft");
    fs::write(&draft, text).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))
}

/// The entries without a reason, and those that stand there twice.
pub(crate) fn without_reason_or_twice(name: &str, reasons: &[Reason]) -> Vec<String> {
    let bare = reasons.iter().filter(|reason| reason.because.split_whitespace().count() < 3);
    let mut seen = BTreeSet::new();
    let twice = reasons.iter().filter(|reason| !seen.insert(&reason.of));
    let bare = bare.map(|reason| format!("no reason is given for {}", reason.of));
    bare.chain(twice.map(|reason| format!("twice in mutants/{name}: {}", reason.of))).collect()
}

impl Lists {
    pub(crate) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        Ok(Self {
            steps: read::<StepsFile>(workspace, "steps.toml")?.step,
            caught: read::<CaughtFile>(workspace, "caught.toml")?.caught,
            allowed: reasons(workspace, "allowed.toml")?,
            relaxed: reasons(workspace, "relaxed.toml")?,
        })
    }

    /// Writes down what catches what.
    pub(crate) fn save_caught(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let mut text =
            String::from("# Which test catches which mutant. Written by `cargo xtask mutants --find`.\n\n[caught]\n");
        for (id, check) in &self.caught {
            text.push_str(&format!("{} = {}\n", quoted(id), quoted(check)));
        }
        replace(workspace, "caught.toml", &text)
    }

    /// Drops from what catches what the mutants that are not there any more, and says which.
    pub(crate) fn forget(&mut self, workspace: &Workspace, catalogue: &Catalogue) -> anyhow::Result<()> {
        let ids: BTreeSet<&String> = catalogue.mutants.iter().map(|mutant| &mutant.id).collect();
        let gone: Vec<String> = self.caught.keys().filter(|id| !ids.contains(id)).cloned().collect();
        for id in &gone {
            say(&format!("dropped {id}: not there any more"))?;
            self.caught.remove(id);
        }
        if gone.is_empty() { Ok(()) } else { self.save_caught(workspace) }
    }

    pub(crate) fn proof(&self, id: &str) -> Option<&str> {
        self.allowed.iter().find(|reason| reason.of == id).map(|reason| reason.because.trim())
    }
}

/// Text as TOML wants it. Ids and checks are single lines, without control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_as_they_were() {
        let id = r#"a step: "\n" is written"#;
        let read: CaughtFile = toml::from_str(&format!("[caught]\n{} = 'x'", quoted(id))).unwrap();
        assert_eq!(read.caught.keys().collect::<Vec<_>>(), [id]);
    }
}
