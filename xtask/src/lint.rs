//! Lints while something is compiled: cargo calls this program in the compiler's place for the packages of a workspace.
//!
//! Clippy's own driver could stand there, but what it compiles is not what is shipped: it turns optimisations off. And
//! to check all dependencies for lints alone takes as long as to build them. So the compiler compiles, and beside it
//! Clippy looks at the same.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::process;

/// Tells this program that it is called in the compiler's place.
const CALLED: &str = "ICC_LINTS_WHILE_COMPILING";
/// What cargo calls in the compiler's place, for the packages of a workspace alone.
const WRAPPER: &str = "RUSTC_WORKSPACE_WRAPPER";

/// Makes cargo lint what it compiles, warnings denied.
pub(crate) fn set(cargo: &mut Command) {
    if let Ok(program) = env::current_exe() {
        cargo.env(WRAPPER, program).env(CALLED, "1").env("CLIPPY_ARGS", "-Dwarnings");
    }
}

/// Takes that back.
pub(crate) fn unset(cargo: &mut Command) {
    cargo.env_remove(WRAPPER).env_remove(CALLED);
}

/// If this is a call in the compiler's place: compiles, lints, and gives the exit code.
pub(crate) fn called() -> Option<anyhow::Result<ExitCode>> {
    env::var_os(CALLED)?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next()?;
    Some(compile(&compiler, &arguments.collect::<Vec<_>>()))
}

fn compile(compiler: &OsString, arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut compile = Command::new(compiler);
    compile.args(arguments).env_remove(CALLED);
    let lint =
        lint(compiler, arguments).map(|mut lint| lint.spawn().context("cannot run clippy-driver")).transpose()?;
    let compiled = compile.status().with_context(|| format!("cannot run {}", process::shown(&compile)))?;
    let linted = lint.map(|mut lint| lint.wait()).transpose()?;
    Ok(match linted {
        Some(status) if compiled.success() => process::exit_code(status),
        _ => process::exit_code(compiled),
    })
}

/// Clippy's look at what these arguments compile; none if they ask the compiler something.
fn lint(compiler: &OsString, arguments: &[OsString]) -> Option<Command> {
    let after = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| at + 1);
    let out = PathBuf::from(arguments.get(after("--out-dir")?)?);
    let mut lint = Command::new("clippy-driver");
    lint.arg(compiler).env_remove(CALLED);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--out-dir" {
            arguments.next();
            lint.arg(argument).arg(out.join("lints"));
        } else if text.starts_with("--emit=") {
            lint.arg("--emit=metadata");
        } else if let Some(shown) = text.strip_prefix("--json=") {
            // What it writes is nothing that cargo waits for.
            let shown: Vec<_> = shown.split(',').filter(|what| *what != "artifacts").collect();
            lint.arg(format!("--json={}", shown.join(",")));
        } else if !text.starts_with("incremental=") {
            lint.arg(argument);
        } else {
            lint.arg("debuginfo=0");
        }
    }
    Some(lint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_is_looked_at_and_nothing_else_is() {
        let arguments = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let all = "--crate-name a src/lib.rs --json=diagnostic-rendered-ansi,artifacts --emit=dep-info,metadata,link \
                   -C incremental=/t/i --out-dir /t/deps --extern b=/t/deps/libb.rmeta";
        let lint = lint(&"rustc".into(), &arguments(all)).unwrap();
        let given: Vec<_> = lint.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let expected = "rustc --crate-name a src/lib.rs --json=diagnostic-rendered-ansi --emit=metadata -C debuginfo=0 \
                        --out-dir /t/deps/lints --extern b=/t/deps/libb.rmeta";
        assert_eq!(given.join(" "), expected);
        assert!(super::lint(&"rustc".into(), &arguments("-vV")).is_none());
        assert!(super::lint(&"rustc".into(), &arguments("- --crate-name ___ --print=file-names")).is_none());
    }
}
