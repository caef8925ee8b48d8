//! `cargo xtask bench`: build the benchmark and run it.

use std::ffi::OsStr;
use std::process::{Command, ExitCode};

use crate::cli::PassedArgs;
use crate::process;
use crate::workspace::{Build, Workspace};

/// The option that asks for other libraries. The benchmark knows it too: its help explains it.
const RIVALS: &str = "--rivals";

/// Runs the benchmark with the user's arguments and hands its exit code back.
pub(crate) fn run(workspace: &Workspace, args: &PassedArgs) -> anyhow::Result<ExitCode> {
    process::run(&mut command(workspace, Build::Release, &args.args)).map(process::exit_code)
}

/// The benchmark in the user's directory, so that a path such as `--json out.json` means what it
/// says there.
///
/// With `--rivals` it is the package that has other libraries beside these, which nobody else
/// compiles.
pub(crate) fn command(workspace: &Workspace, build: Build, args: &[impl AsRef<OsStr>]) -> Command {
    let with_rivals = args.iter().any(|arg| arg.as_ref() == RIVALS);
    if build == Build::Dev && !with_rivals {
        let mut command = workspace.program(build, "icc-bench");
        command.args(args);
        return command;
    }
    let (package, manifest) =
        if with_rivals { ("icc-rivals", "rivals/Cargo.toml") } else { ("icc-bench", "Cargo.toml") };
    let mut command = workspace.cargo_here();
    command.args(["run", "--package", package, "--bin", package]);
    if let Build::Release = build {
        command.arg("--release");
    }
    command.arg("--manifest-path").arg(workspace.root().join(manifest)).arg("--").args(args);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::shown;

    #[test]
    fn rivals_are_built_only_when_asked_for() {
        let workspace = Workspace::find().unwrap();
        let with = shown(&command(&workspace, Build::Release, &["--quick", "--rivals"]));
        assert!(with.contains("icc-rivals") && with.contains("rivals/Cargo.toml"), "{with}");
        assert!(with.ends_with("-- --quick --rivals"), "{with}");
        let without = shown(&command(&workspace, Build::Dev, &["--only", "rivals"]));
        assert!(without.contains("--bin icc-bench") && !without.contains("rivals/Cargo.toml"), "{without}");
        assert!(with.contains(" --release ") && !without.contains("--release"), "{with}; {without}");
    }
}
