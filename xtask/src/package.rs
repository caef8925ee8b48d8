//! The packages as they would be published, built from what is in them.
//!
//! Cargo would do so itself, with all that they need compiled once more. Here it makes the packages alone; they are
//! unpacked into a workspace of their own that takes each from there, and built in the target directory of the other
//! builds, where most of what they need is.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::process::{self, say};
use crate::workspace::{LIBRARIES, OTHERS, OwnBuild as _, Workspace};

/// What the packages' workspace has beside its members: what they need is built as for the other builds.
const PROFILE: &str = "[profile.dev.package.\"*\"]\ndebug = false\n";

/// Makes all packages and builds them; or says what is missing.
///
/// # Errors
///
/// If one cannot be made, or does not build.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Result<(), String>> {
    if let Err(error) = process::capture(Command::new("tar").arg("--version")) {
        return Ok(Err(format!("this needs tar: {error}")));
    }
    let mut make = workspace.cargo();
    make.args(["package", "--no-verify", "--quiet"]).packages(LIBRARIES).packages(OTHERS);
    if is_dirty(workspace) {
        say("the working tree has changes: packaging it as it stands (--allow-dirty)")?;
        make.arg("--allow-dirty");
    }
    succeed(&mut make)?;
    let directory = workspace.own_directory("packages");
    // What lies there is of another time.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    unpack(workspace, &directory)?;
    for package in LIBRARIES.iter().chain(&OTHERS) {
        // One by one: together, each would have the features that any of them asks for.
        let mut build = workspace.cargo_here();
        build.args(["build", "--quiet", "--package", package, "--manifest-path"]).arg(directory.join("Cargo.toml"));
        succeed(&mut build)?;
    }
    // What is called so is to be the workspace's.
    for program in ["icc", "icc-bench"] {
        let _ = fs::remove_file(workspace.target().join("debug").join(program));
    }
    Ok(Ok(()))
}

/// Unpacks all packages into `directory`, and makes a workspace of it.
fn unpack(workspace: &Workspace, directory: &Path) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let (mut members, mut patches) = (String::new(), String::new());
    for package in LIBRARIES.iter().chain(&OTHERS) {
        let folder = format!("{package}-{version}");
        let archive = workspace.target().join("package").join(format!("{folder}.crate"));
        // As of now: the times in a package are all the same, and what was built of another would do.
        succeed(Command::new("tar").args(["-x", "-z", "-m", "-f"]).arg(archive).arg("-C").arg(directory))?;
        let _ = write!(members, "\"{folder}\", ");
        let _ = writeln!(patches, "{package} = {{ path = \"{folder}\" }}");
    }
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}\n{PROFILE}");
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write("Cargo.toml", &manifest)?;
    // The same versions of all else.
    let lock = workspace.root().join("Cargo.lock");
    write("Cargo.lock", &fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?)
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    if process::run(command)?.success() {
        return Ok(());
    }
    bail!("{} failed", process::shown(command))
}

/// Are there changes that are not committed? Without git, as in an unpacked archive, nothing is
/// checked.
fn is_dirty(workspace: &Workspace) -> bool {
    let mut git = Command::new("git");
    git.args(["status", "--porcelain"]).current_dir(workspace.root());
    process::capture(&mut git).is_ok_and(|changes| !changes.trim().is_empty())
}
