//! `cargo xtask targets`: the libraries type-checked for systems that no test runs on, and refused
//! where they would be wrong.
//!
//! macOS and Windows have private memory alone, and nothing is run there: this says that the code
//! builds, no more. Linux on 32-bit or big-endian machines must fail to build, with the one error
//! that says why.

use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::process::{self, CaptureError, say};
use crate::std_source;
use crate::workspace::{LIBRARIES, OwnBuild as _, Workspace};

/// Where private memory is said to build.
pub(crate) const BUILDS: [&str; 2] = ["aarch64-apple-darwin", "x86_64-pc-windows-msvc"];
/// What of the other packages works with private memory.
const BESIDE: [&str; 2] = ["icc-schema", "icc-async"];
/// Where the lack of shared memory is an error, and what it must say. The cell alone builds there.
pub(crate) const REFUSED: [(&str, &str); 2] = [
    ("i686-unknown-linux-gnu", "icc has shared memory on 64-bit targets alone"),
    ("s390x-unknown-linux-gnu", "icc has shared memory on little-endian targets alone"),
];

/// Checks all, or says what is missing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    match check(workspace, &BUILDS, &REFUSED)? {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(missing) => bail!("cannot check for other targets here; missing: {missing}"),
    }
}

/// Checks where they build, and that they are refused where they are to be; or says why it cannot.
///
/// # Errors
///
/// With the first target that does not do what it must.
pub(crate) fn check(
    workspace: &Workspace,
    builds: &[&str],
    refused: &[(&str, &str)],
) -> anyhow::Result<Result<(), &'static str>> {
    let Some(compiler) = std_source::compiler() else { return Ok(Err(std_source::MISSING)) };
    let cargo = || {
        let mut cargo = workspace.cargo();
        // Of the standard library only what the packages use, and no machine code: it is built anew
        // for each target, and that is most of the time.
        cargo.args(["check", "-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
        cargo.compiled_by(&compiler).env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
        cargo.own_build(workspace, "targets", "-Zno-codegen");
        cargo
    };
    // First what all have in common, so that the standard libraries are built side by side.
    let mut cell = cargo();
    cell.packages(["icc-seqlock"]).targets(builds.iter().copied()).targets(refused.iter().map(|(target, _)| *target));
    if !process::run(&mut cell)?.success() {
        bail!("icc-seqlock does not build for one of the targets");
    }
    let mut whole = cargo();
    whole.packages(LIBRARIES).packages(BESIDE).targets(builds.iter().copied());
    if !process::run(&mut whole)?.success() {
        bail!("the libraries do not build for {}", builds.join(" and "));
    }
    for &(target, reason) in refused {
        match process::capture(cargo().packages(["icc-buffer"]).targets([target])) {
            Err(CaptureError::Failed(_, _, errors)) if says_only(&errors, reason) => {
                say(&format!("{target}: refused, as it must be"))?;
            }
            Err(error @ CaptureError::NotStarted(..)) => return Err(error.into()),
            Err(error) => bail!("{target} must be refused with nothing but {reason:?}: {error}"),
            Ok(_) => bail!("{target} must be refused, and builds"),
        }
    }
    Ok(Ok(()))
}

/// Is this the one error?
fn says_only(errors: &str, reason: &str) -> bool {
    // The other is cargo's own, that the package could not be compiled.
    let count = errors.lines().filter(|line| line.starts_with("error")).count();
    count == 2 && errors.contains(&format!("error: {reason}"))
}

/// Names the targets to build for.
trait Targets {
    fn targets<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> &mut Self;
}

impl Targets for Command {
    fn targets<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.args(names.into_iter().flat_map(|name| ["--target", name]))
    }
}

#[cfg(test)]
mod tests {
    use super::says_only;

    #[test]
    fn one_error_and_no_other() {
        let one =
            "   Checking icc-buffer\nerror: not here: why\n --> lib.rs:1\n\nerror: could not compile `icc-buffer`";
        assert!(says_only(one, "not here"));
        assert!(!says_only(one, "not there"));
        assert!(!says_only(&format!("{one}\nerror[E0432]: unresolved import"), "not here"));
        assert!(!says_only("warning: not here\nerror: could not compile", "not here"));
    }
}
