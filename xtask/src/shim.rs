//! The rule that every racy access goes through one place: the library crates take atomics, cells
//! and loom from `icc_seqlock::primitive`, and nothing else names them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::workspace::{LIBRARIES, MODELLED, Workspace};

/// What only the shim may name.
const FORBIDDEN: [&str; 6] =
    ["core::sync::atomic", "std::sync::atomic", "loom::", "shuttle::", "core::cell::", "std::cell::"];

/// Checks the sources of the library crates.
///
/// # Errors
///
/// With each place that breaks the rule.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let mut sources = Vec::new();
    for library in LIBRARIES.into_iter().chain(MODELLED) {
        collect(&workspace.crate_dir(library).join("src"), &mut sources)?;
    }
    let mut found = Vec::new();
    for path in sources {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        found.extend(offences(&text).map(|line| format!("{}:{line}", path.display())));
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("these name atomics, cells or loom themselves: use icc_seqlock::primitive instead\n{}", found.join("\n"))
}

/// All Rust files below `dir`, without the shim.
fn collect(dir: &Path, sources: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", dir.display()))?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "primitive") {
                collect(&path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}

/// The numbers of the lines that name what is forbidden, comments aside.
fn offences(text: &str) -> impl Iterator<Item = usize> {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let offends = move |line: &str| FORBIDDEN.iter().any(|name| code(line).contains(name));
    text.lines().enumerate().filter(move |(_, line)| offends(line)).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_offends_and_comments_do_not() {
        let text =
            "use core::sync::atomic::AtomicU64;\n// core::sync::atomic\nlet x = 1; /// loom::model\nloom::model(f);\n";
        assert_eq!(offences(text).collect::<Vec<_>>(), [1, 4]);
    }
}
