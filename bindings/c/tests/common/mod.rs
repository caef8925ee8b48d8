//! Compilers of C and C++, where there are some.

#![allow(dead_code, reason = "no test file needs all of it")]

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A language: the variable that names its compiler, the compiler, and what the compiler calls it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Language(&'static str, &'static str, pub(crate) &'static str);

pub(crate) const C: Language = Language("CC", "cc", "c");
pub(crate) const CXX: Language = Language("CXX", "c++", "c++");

const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// A compiler that is here.
#[derive(Clone, Debug)]
pub(crate) struct Compiler(OsString, Language);

impl Compiler {
    /// The system's, or the one that the environment names; none if there is none.
    pub(crate) fn of(language: Language) -> Option<Self> {
        let Language(variable, usual, _) = language;
        Self::named(std::env::var_os(variable).unwrap_or_else(|| usual.into()), language)
    }

    pub(crate) fn named(name: impl Into<OsString>, language: Language) -> Option<Self> {
        let name = name.into();
        match Command::new(&name).arg("--version").output() {
            Ok(_) => Some(Self(name, language)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("skipped: no {}: install it, or name another in {}", name.display(), language.0);
                None
            }
            Err(error) => panic!("{}: {error}", name.display()),
        }
    }

    /// As it is.
    pub(crate) fn plain(&self) -> Command {
        Command::new(&self.0)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.0);
        command.args(STRICT).args(arguments).args(["-x", self.1.2]);
        command.arg(concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include"));
        command
    }

    /// Builds a program of this package.
    pub(crate) fn program(&self, source: &str, arguments: &[&str]) -> Option<PathBuf> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source.file_name().unwrap());
        let draft = program.with_extension(std::process::id().to_string());
        let mut build = self.command(&["-std=gnu11"][..usize::from(self.1 == C)]);
        // What follows the source is for the linker.
        build.arg("-o").arg(&draft).arg(&source).args(["-x", "none"]).args(arguments);
        succeeds(&build.output().unwrap(), &source.display().to_string());
        // Another run of these tests may be using the one from before.
        let program = program.with_extension("test");
        fs::rename(&draft, &program).unwrap();
        Some(program)
    }

    /// Compiles a text, and keeps nothing.
    pub(crate) fn check(&self, what: &str, text: &str, arguments: &[&str]) {
        let mut check = self.command(arguments);
        let check = check.args(["-fsyntax-only", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut check = check.spawn().unwrap();
        check.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        succeeds(&check.wait_with_output().unwrap(), &format!("{what} {arguments:?} {}", self.0.display()));
    }
}

pub(crate) fn succeeds(output: &Output, what: &str) {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The library as C links it, which cargo built with these tests.
pub(crate) fn library(file: &str) -> PathBuf {
    let directory = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    [directory.parent().unwrap(), &directory]
        .map(|directory| directory.join(file))
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("cargo built no {file}"))
}
