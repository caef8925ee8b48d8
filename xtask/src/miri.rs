//! `cargo xtask miri`: the library crates' tests in Miri, which finds undefined behaviour that a
//! run can show.

use std::process::ExitCode;

use anyhow::bail;

use crate::process;
use crate::workspace::{LIBRARIES, OwnBuild as _, Workspace};

/// Runs the tests under Miri, or says what is missing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    if process::capture(workspace.nightly_cargo()?.args(["miri", "--version"])).is_err() {
        bail!("nightly has no Miri: rustup component add --toolchain nightly miri rust-src");
    }
    let mut miri = workspace.nightly_cargo()?;
    miri.args(["miri", "test", "--no-fail-fast"]).packages(LIBRARIES);
    // Miri cannot run inline assembly; the crates choose the portable copy under it, and here we
    // make sure of it.
    miri.own_build(workspace, "miri", "--cfg icc_portable_copy");
    process::run(&mut miri).map(process::exit_code)
}
