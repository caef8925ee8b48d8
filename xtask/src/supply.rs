//! `cargo xtask supply`: what the dependencies are, under which licences and from where, and that each is used.
//!
//! `docs/testing.md` prints the libraries' trees; they must be what cargo resolves. `deny.toml` says what cargo deny
//! checks, without a network; cargo machete finds dependencies that no source names.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::process::{self, say};
use crate::workspace::{LIBRARIES, Workspace};

/// Where the trees are printed, and what stands before and after them.
const DOCUMENT: &str = "docs/testing.md";
const BEGIN: &str = "<!-- trees: begin -->\n```text\n";
const END: &str = "```\n<!-- trees: end -->";
/// The one whose trees they are: it has shared memory, and so the most.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Both are programs for cargo.
const TOOLS: [&str; 2] = ["deny", "machete"];

/// Checks all, or says what is missing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    match check(workspace)? {
        None => Ok(ExitCode::SUCCESS),
        Some(missing) => bail!("{missing}"),
    }
}

/// Checks what it can. Returns what it could not check, and why.
///
/// # Errors
///
/// With the first check that fails.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Option<String>> {
    trees(workspace)?;
    // cargo machete, finding what cargo tells a program that it runs, takes its own name for a directory.
    let cargo = || {
        let mut cargo = workspace.cargo();
        cargo.env_remove("CARGO_PKG_NAME").env_remove("CARGO_MANIFEST_DIR");
        cargo
    };
    let has = |tool: &&str| process::capture(cargo().args([tool, "--version"])).is_ok();
    let missing: Vec<_> = TOOLS.iter().filter(|tool| !has(tool)).map(|tool| format!("cargo-{tool}")).collect();
    say(&format!("the libraries' trees are as {DOCUMENT} prints them"))?;
    if !missing.contains(&"cargo-machete".to_owned()) && !process::run(cargo().arg("machete"))?.success() {
        bail!("a dependency is not used");
    }
    if !missing.contains(&"cargo-deny".to_owned()) {
        // It reads the manifests of all systems' packages, not only of this one's.
        if let Err(error) = process::capture(cargo().args(["fetch", "--locked"])) {
            return Ok(Some(format!("cargo deny needs the packages: {error}")));
        }
        let mut deny = cargo();
        deny.args(["deny", "--offline", "--workspace", "check", "licenses", "bans", "sources"]);
        if !process::run(&mut deny)?.success() {
            bail!("a dependency is not what deny.toml allows");
        }
    }
    let command = "cargo install cargo-deny cargo-machete --locked";
    Ok((!missing.is_empty()).then(|| format!("{} missing: {command}", missing.join(" and "))))
}

/// Are the libraries' trees printed as they are?
fn trees(workspace: &Workspace) -> anyhow::Result<()> {
    let path = workspace.root().join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let printed = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(trees, _)| trees);
    let mut tree: Command = workspace.cargo();
    tree.args(["tree", "--quiet", "--locked", "--edges", "normal,build", "--target", TARGET, "--charset", "utf8"]);
    tree.args(LIBRARIES.into_iter().flat_map(|library| ["--package", library]));
    let resolved = names(&process::capture(&mut tree)?);
    if printed != Some(&*resolved) {
        bail!(
            "the libraries' trees are not as {DOCUMENT} prints them; print there, between {BEGIN:?} and {END:?}:\n{resolved}"
        );
    }
    Ok(())
}

/// Without the versions and the places of packages, which change and say nothing about what depends on what.
fn names(tree: &str) -> String {
    let name = |line: &str| {
        let Some((before, after)) = line.split_once(" v") else { return line.to_owned() };
        let notes = after.split(' ').filter(|word| ["(*)", "(proc-macro)"].contains(word));
        [before].into_iter().chain(notes).collect::<Vec<_>>().join(" ")
    };
    tree.lines().map(|line| name(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn versions_and_places_are_left_out() {
        let tree = "a v1.0.0 (/where it/is)\n├── b v2.0.0 (proc-macro) (*)\n│   [build-dependencies]\n└── c v0.1.0\n\nd v1.0.0 (/d) (*)\n";
        assert_eq!(names(tree), "a\n├── b (proc-macro) (*)\n│   [build-dependencies]\n└── c\n\nd (*)\n");
    }
}
