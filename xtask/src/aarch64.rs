//! `cargo xtask aarch64`: the library crates' tests, built for aarch64 Linux and run under qemu.
//!
//! This shows that the code builds and works there: the copy routines, the layout, the system
//! calls. It says little about memory ordering, for qemu runs on this machine's own, stronger
//! ordering. That is loom's part.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::process::{self, say};
use crate::workspace::{LIBRARIES, OwnBuild as _, Workspace};

pub(crate) const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the target's C library can be: beside this machine's own (Debian's `libc6:arm64`), or in
/// the cross packages' directory. The first one found serves alone. The emulator looks in `/` for
/// what its root lacks, so with both installed the second root would give the loader of one and the
/// library of the other: programs then hang as soon as they start a thread.
const C_LIBRARIES: [(&str, &str); 2] =
    [("/", "/lib/aarch64-linux-gnu/libc.so.6"), ("/usr/aarch64-linux-gnu", "/usr/aarch64-linux-gnu/lib/libc.so.6")];
/// The distribution's compiler, whose standard libraries for other targets are packages too.
const SYSTEM_COMPILER: &str = "/usr/bin/rustc";

/// Cross-builds and runs the tests, or says what is missing.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    if cfg!(target_arch = "aarch64") {
        bail!("this machine is aarch64 already: cargo xtask test");
    }
    let tools = Tools::find()?;
    say(&format!("compiler {}, linker {LINKER}, emulator {EMULATOR}", tools.compiler.display()))?;
    let runner = format!("{EMULATOR} -L {}", tools.root);
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--no-fail-fast", "--lib", "--tests", "--target", TARGET])
        .packages(LIBRARIES)
        .own_build(workspace, "aarch64", "")
        .compiled_by(&tools.compiler)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", &runner)
        // Tests that start child processes start them through this.
        .env("ICC_TEST_RUNNER", &runner);
    process::run(&mut cargo).map(process::exit_code)
}

/// What a cross-build needs.
struct Tools {
    compiler: PathBuf,
    /// Where the emulator finds the target's C library.
    root: &'static str,
}

impl Tools {
    /// # Errors
    ///
    /// One error that names all that is missing, with the command that gets it.
    fn find() -> anyhow::Result<Self> {
        let mut missing = Vec::new();
        let compiler = compiler().map_err(|reason| missing.push(reason)).ok();
        if !is_installed(LINKER) {
            missing.push(format!("{LINKER}: apt-get install gcc-aarch64-linux-gnu"));
        }
        let root = C_LIBRARIES.into_iter().find(|(_, library)| Path::new(library).exists());
        if root.is_none() {
            missing.push("the target's C library: apt-get install libc6-dev-arm64-cross".to_owned());
        }
        if !is_installed(EMULATOR) {
            missing.push(format!("{EMULATOR}: apt-get install qemu-user"));
        }
        match (compiler, root) {
            (Some(compiler), Some((root, _))) if missing.is_empty() => Ok(Self { compiler, root }),
            _ => bail!("cannot cross-build for aarch64 here; missing:\n  {}", missing.join("\n  ")),
        }
    }
}

/// A compiler with a standard library for the target, or how to get one.
pub(crate) fn compiler() -> Result<PathBuf, String> {
    let compilers = [PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())), SYSTEM_COMPILER.into()];
    compilers.into_iter().find(|compiler| has_target(compiler)).ok_or_else(|| {
        format!(
            "a standard library for {TARGET}: rustup target add {TARGET}, or Debian's own compiler with \
             dpkg --add-architecture arm64 && apt-get update && apt-get install rustc-web libstd-rust-web-dev:arm64"
        )
    })
}

/// Does this compiler have a standard library for the target?
fn has_target(compiler: &Path) -> bool {
    let query = ["--print", "target-libdir", "--target", TARGET];
    let Ok(directory) = process::capture(Command::new(compiler).args(query)) else { return false };
    let Ok(entries) = Path::new(directory.trim()).read_dir() else { return false };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.into_iter().any(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
}

fn is_installed(program: &str) -> bool {
    process::capture(Command::new(program).arg("--version")).is_ok()
}
