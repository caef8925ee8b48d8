//! `cargo xtask bridge`: the bridge between machines, which is a package and a workspace of its own, since
//! it needs a network engine of some hundred crates.

use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::cli::BridgeArgs;
use crate::counts::Counts;
use crate::process;
use crate::workspace::Workspace;

const MANIFEST: &str = "bridge/Cargo.toml";

/// How much more the long tests do, as the tests read it.
const LONG: [(&str, &str); 3] =
    [("ICC_BRIDGE_MESSAGES", "10000000"), ("ICC_BRIDGE_KILLS", "200"), ("ICC_BRIDGE_PARTITION", "10")];

/// Checks it, or measures what it costs.
pub(crate) fn run(workspace: &Workspace, args: &BridgeArgs) -> anyhow::Result<ExitCode> {
    if args.bench {
        let status = process::run(cargo(workspace).args(["bench", "--bench", "bridge"]))?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mut counts = Counts::default();
    let passed = check(&workspace.linting()?, args.long, &mut counts)?;
    process::say(&format!("\n{counts}"))?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Formatting, lints, documentation and tests. Whether the tests passed.
///
/// # Errors
///
/// If something fails before the tests.
pub(crate) fn check(workspace: &Workspace, long: bool, counts: &mut Counts) -> anyhow::Result<bool> {
    // Lints while the tests are built, and documentation without the network engine: to check some hundred crates
    // for each alone takes as long as to build them.
    let steps: [&[&str]; 3] =
        [&["fmt", "--check"], &["doc", "--no-deps", "--lib", "--no-default-features"], &["build", "--all-targets"]];
    for step in steps {
        if !process::run(checking(workspace).args(step))?.success() {
            bail!("`cargo {}` fails in the bridge", step.join(" "));
        }
    }
    let mut tests = checking(workspace);
    tests.args(["test", "--no-fail-fast"]);
    if long {
        tests.envs(LONG).args(["--test", "machines", "--", "--nocapture", "--test-threads", "1"]);
    }
    let status = process::stream(&mut tests, |line| {
        if let Some(binary) = Counts::from_line(line) {
            *counts += binary;
        }
    })?;
    Ok(status.success())
}

/// Cargo, for which each warning of the bridge is an error.
fn checking(workspace: &Workspace) -> Command {
    let mut cargo = cargo(workspace);
    cargo.env("RUSTDOCFLAGS", "-D warnings");
    cargo
}

fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.current_dir(workspace.root().join("bridge"));
    debug_assert!(workspace.root().join(MANIFEST).exists());
    // Its dependencies have other features than the workspace's: in a directory of its own neither throws
    // away what the other built.
    cargo.env("CARGO_TARGET_DIR", workspace.target().join("bridge"));
    cargo
}
