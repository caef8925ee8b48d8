//! Copies of the library crates to make changes in.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::workspace::{LIBRARIES, Workspace};

/// What is copied: the crates, and what their builds and tests read.
const COPIED: [&str; 7] =
    ["Cargo.lock", "rust-toolchain.toml", "clippy.toml", "README.md", "CHANGELOG.md", "docs", "crates"];

/// Makes `root` a workspace of the library crates as they stand.
pub(crate) fn libraries(workspace: &Workspace, root: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
    for name in COPIED {
        mirror(&workspace.root().join(name), &root.join(name))?;
    }
    let manifest = fs::read_to_string(workspace.root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
    write_if_new(&root.join("Cargo.toml"), libraries_alone(&manifest)?.as_bytes())
}

/// The workspace's manifest with the library crates, and what their tests need, as its only
/// members.
fn libraries_alone(manifest: &str) -> anyhow::Result<String> {
    let mut manifest: toml::Table = manifest.parse().context("cannot understand Cargo.toml")?;
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut).context("no [workspace]")?;
    let members = LIBRARIES.map(|library| toml::Value::String(format!("crates/{library}")));
    workspace.insert("members".into(), toml::Value::Array(members.into()));
    workspace.remove("exclude");
    Ok(manifest.to_string())
}

/// Makes `to` equal to `from`. What is equal already keeps its time, so that nothing is built again
/// for it.
pub(crate) fn mirror(from: &Path, to: &Path) -> anyhow::Result<()> {
    let failed = |what: &str, path: &Path| format!("cannot {what} {}", path.display());
    if !from.is_dir() {
        return write_if_new(to, &fs::read(from).with_context(|| failed("read", from))?);
    }
    fs::create_dir_all(to).with_context(|| failed("create", to))?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from).with_context(|| failed("list", from))? {
        let name = entry.with_context(|| failed("list", from))?.file_name();
        if name == "target" {
            continue;
        }
        mirror(&from.join(&name), &to.join(&name))?;
        names.insert(name);
    }
    for entry in fs::read_dir(to).with_context(|| failed("list", to))? {
        let entry = entry.with_context(|| failed("list", to))?;
        let path = entry.path();
        if !names.contains(&entry.file_name()) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.with_context(|| failed("remove", &path))?;
        }
    }
    Ok(())
}

fn write_if_new(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_library_crates_alone() {
        let manifest = libraries_alone("[workspace]\nmembers = [\"crates/*\", \"xtask\"]\nresolver = \"3\"").unwrap();
        assert!(manifest.contains("crates/icc-vector") && !manifest.contains("xtask"), "{manifest}");
        assert!(libraries_alone("[package]").is_err());
    }
}
