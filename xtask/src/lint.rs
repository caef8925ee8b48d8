//! Lints while something is compiled: cargo calls this program in the compiler's place for the packages of a workspace.
//!
//! Clippy's own driver could stand there, but what it compiles is not what is shipped: it turns optimisations off. And
//! to check all dependencies for lints alone takes as long as to build them. So the compiler compiles, and beside it
//! Clippy looks at the same.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::Context as _;

use crate::process;

/// Tells this program that it is called in the compiler's place.
const CALLED: &str = "ICC_LINTS_WHILE_COMPILING";
/// What cargo calls in the compiler's place, for the packages of a workspace alone.
const WRAPPER: &str = "RUSTC_WORKSPACE_WRAPPER";
/// Why it could not be asked, and what to do.
const MISSING: &str = "cannot run clippy-driver: rustup component add clippy";
/// What Clippy is told.
const ARGUMENTS: &str = "-Dwarnings";

/// This program, where cargo can call it: a copy below the target directory, since this one may be built anew meanwhile.
///
/// The copy is named after what its verdicts depend on, so that cargo takes none that another one gave.
///
/// # Errors
///
/// If it cannot be copied.
pub(crate) fn program(root: &Path, target: &Path) -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("cannot find this program")?;
    let code = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let mut depends = DefaultHasher::new();
    (&code, fs::read(root.join("clippy.toml")).unwrap_or_default(), ARGUMENTS).hash(&mut depends);
    let directory = target.join("lints");
    let copy = directory.join(format!("xtask-{:016x}", depends.finish()));
    if !copy.exists() {
        // Under another name at first: whoever finds it finds all of it.
        let draft = directory.join(format!("xtask-{}", std::process::id()));
        let failed = || format!("cannot copy {} to {}", program.display(), copy.display());
        fs::create_dir_all(&directory).with_context(failed)?;
        fs::copy(&program, &draft).with_context(failed)?;
        fs::rename(&draft, &copy).with_context(failed)?;
    }
    Ok(copy)
}

/// Makes cargo lint what it compiles by [`program`], warnings denied.
pub(crate) fn set(cargo: &mut Command, program: &Path) {
    cargo.env(WRAPPER, program).env(CALLED, "1").env("CLIPPY_ARGS", ARGUMENTS);
}

/// Takes that back.
pub(crate) fn unset(cargo: &mut Command) {
    cargo.env_remove(WRAPPER).env_remove(CALLED);
}

/// If this is a call in the compiler's place: compiles, lints, and gives the exit code.
pub(crate) fn called() -> Option<anyhow::Result<ExitCode>> {
    env::var_os(CALLED)?;
    let mut arguments = env::args_os().skip(1);
    // Else it is called as usual, by something that has the variable from a test.
    let compiler = arguments.next().filter(|first| Path::new(first).file_stem() == Some(OsStr::new("rustc")))?;
    Some(compile(&compiler, &arguments.collect::<Vec<_>>()))
}

fn compile(compiler: &OsStr, arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let mut compile = Command::new(compiler);
    compile.args(arguments).env_remove(CALLED);
    let lint = lint(compiler, arguments);
    thread::scope(|scope| {
        let linting = lint.map(|mut lint| scope.spawn(move || lint.output().context(MISSING)));
        let compiled = compile.status().with_context(|| format!("cannot run {}", process::shown(&compile)))?;
        let Some(linted) = linting.map(|linting| linting.join().expect("it does not panic")).transpose()? else {
            return Ok(process::exit_code(compiled));
        };
        if !compiled.success() {
            // It has said why, and Clippy says the same.
            return Ok(process::exit_code(compiled));
        }
        std::io::stderr().write_all(&linted.stderr).context("cannot say what Clippy found")?;
        Ok(process::exit_code(linted.status))
    })
}

/// Clippy's look at what these arguments compile; none if they ask the compiler something.
fn lint(compiler: &OsStr, arguments: &[OsString]) -> Option<Command> {
    let after = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| at + 1);
    let out = PathBuf::from(arguments.get(after("--out-dir")?)?);
    let mut lint = Command::new("clippy-driver");
    lint.arg(compiler).env_remove(CALLED).stdin(Stdio::null());
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
        } else if text.starts_with("incremental=") {
            // After a `-C`, which needs something.
            lint.arg("debuginfo=0");
        } else {
            lint.arg(argument);
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
        let rustc = OsStr::new("rustc");
        let all = "--crate-name a src/lib.rs --json=diagnostic-rendered-ansi,artifacts --emit=dep-info,metadata,link \
                   -C incremental=/t/i --out-dir /t/deps --extern b=/t/deps/libb.rmeta";
        let looked = lint(rustc, &arguments(all)).unwrap();
        let given: Vec<_> = looked.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let expected = "rustc --crate-name a src/lib.rs --json=diagnostic-rendered-ansi --emit=metadata -C debuginfo=0 \
                        --out-dir /t/deps/lints --extern b=/t/deps/libb.rmeta";
        assert_eq!(given.join(" "), expected);
        assert!(lint(rustc, &arguments("-vV")).is_none());
        assert!(lint(rustc, &arguments("- --crate-name ___ --print=file-names")).is_none());
    }

    #[test]
    fn it_is_called_by_a_name_of_its_own() {
        let target = env::temp_dir().join(format!("icc-xtask-lint-{}", std::process::id()));
        let found = (program(&target, &target).unwrap(), program(&target, &target).unwrap());
        fs::write(target.join("clippy.toml"), "other").unwrap();
        let other = program(&target, &target).unwrap();
        let same = fs::read(&found.0).unwrap() == fs::read(env::current_exe().unwrap()).unwrap();
        fs::remove_dir_all(&target).unwrap();
        assert!(same && found.0 == found.1 && found.0 != other, "{found:?} {other:?}");
    }
}
