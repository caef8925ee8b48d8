//! `cargo xtask msrv`: the published crates with the least Rust version that they promise to build
//! with.

use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::process;
use crate::workspace::{LIBRARIES, OTHERS, OwnBuild as _, Workspace};

/// The `rust-version` of the workspace, which this package inherits. Toolchains are named with the
/// patch release.
const TOOLCHAIN: &str = concat!(env!("CARGO_PKG_RUST_VERSION"), ".0");

/// Checks the crates with that toolchain, or says how to get it.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    match process::capture(Command::new("rustup").args(["run", TOOLCHAIN, "cargo", "--version"])) {
        Ok(_) => {}
        Err(error) if error.is_missing() => bail!("this needs rustup: see https://rustup.rs"),
        Err(_) => bail!("this needs Rust {TOOLCHAIN}: rustup toolchain install {TOOLCHAIN} --profile minimal"),
    }
    let mut check = Command::new("rustup");
    check.args(["run", TOOLCHAIN, "cargo", "check", "--locked"]).current_dir(workspace.root());
    check.packages(LIBRARIES).packages(OTHERS);
    // A directory of its own, so that the two compilers do not throw away each other's builds.
    check.own_build(workspace, "msrv", "");
    process::run(&mut check).map(process::exit_code)
}
