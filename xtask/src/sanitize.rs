//! `cargo xtask sanitize`: the library crates' integration tests under a sanitizer.
//!
//! What ThreadSanitizer can say here. It does not model fences. The protocols rest on fences, yet
//! no false report comes of it, for the payload itself is copied by atomic accesses, which never
//! race. The other side of that: it cannot find a missing fence either. That is loom's part. It
//! does find plain accesses where an atomic one should stand.
//!
//! Plain data that a test hands over through a seqlock is reported wrongly: a fence ordered it.
//!
//! The standard library is built with the sanitizer as well: by nightly, if it has `rust-src`; or,
//! for ThreadSanitizer, by another compiler with its source, such as Debian's, and with the run-time
//! part of nightly's. With neither it is not instrumented, and ThreadSanitizer does not see what it
//! orders. The end of `thread::scope` is such a place: memory used again after it is
//! reported although all threads have ended. Such reports cannot be told from real ones by a list,
//! so the run then fails, and says that its reports are not conclusive. `tsan.supp` leaves out only
//! what every thread and the test harness cause.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::cli::{SanitizeArgs, Sanitizer};
use crate::process::{self, say};
use crate::std_source;
use crate::workspace::{LIBRARIES, OwnBuild as _, Workspace};

/// Tests whose filters end a process at its first system call: ThreadSanitizer's own run-time part makes some.
const NOT_UNDER_THREAD: [&str; 1] = ["kernel"];

/// Runs the tests under the sanitizer, or says what is missing.
pub(crate) fn run(workspace: &Workspace, args: &SanitizeArgs) -> anyhow::Result<ExitCode> {
    let name = match args.sanitizer {
        Sanitizer::Thread => "thread",
        Sanitizer::Address => "address",
    };
    // Asks for nightly before anything else is printed.
    workspace.nightly_cargo()?;
    let host = host()?;
    let borrowed = if has_std_source()? { None } else { Borrowed::find(args.sanitizer, &host)? };
    let whole = borrowed.is_some() || has_std_source()?;
    if let Some(borrowed) = &borrowed {
        say(&format!("compiler {}, run-time part {}", borrowed.compiler.display(), borrowed.runtime.display()))?;
    }
    if !whole {
        say("rust-src is not installed: the standard library itself runs uninstrumented")?;
        say("(rustup component add --toolchain nightly rust-src)")?;
    }
    let mut ran = 0;
    let mut failed = Vec::new();
    for package in LIBRARIES {
        let mut tests = workspace.integration_tests(package)?;
        let wanted = |test: &String| args.only.iter().any(|only| format!("{package}/{test}").contains(only));
        tests.retain(|test| args.only.is_empty() || wanted(test));
        if args.sanitizer == Sanitizer::Thread {
            let all = tests.len();
            tests.retain(|test| !NOT_UNDER_THREAD.contains(&test.as_str()));
            if tests.len() < all {
                say(&format!(
                    "\nleft out of {package}, for they allow no system call: {}",
                    NOT_UNDER_THREAD.join(", ")
                ))?;
            }
        }
        if tests.is_empty() {
            say(&format!("\n==> {package}: no such integration tests"))?;
            continue;
        }
        say(&format!("\n==> {package}: {}", tests.join(", ")))?;
        let mut cargo = match &borrowed {
            Some(borrowed) => borrowed.cargo(workspace),
            None => workspace.nightly_cargo()?,
        };
        cargo.args(["test", "--no-fail-fast", "--target", &host, "--package", package]);
        cargo.args(tests.iter().flat_map(|test| ["--test", test]));
        if whole {
            cargo.arg("-Zbuild-std");
        }
        // Sanitizers do not see into inline assembly, so the payload copy must be the portable one.
        let mut flags = format!("-Zsanitizer={name} -Cunsafe-allow-abi-mismatch=sanitizer --cfg icc_portable_copy");
        if let Some(borrowed) = &borrowed {
            flags.push_str(&borrowed.flags());
        }
        cargo.own_build(workspace, &format!("sanitize-{name}"), &flags);
        set_options(&mut cargo, workspace, args.sanitizer, whole);
        if !process::run(&mut cargo)?.success() {
            failed.push(package);
        }
        ran += tests.len();
    }
    if ran == 0 {
        bail!("no test ran: no library crate has such integration tests");
    }
    if !failed.is_empty() {
        if args.sanitizer == Sanitizer::Thread {
            say("\nfences are not modelled: a report on plain data handed over through a seqlock is false")?;
            if !whole {
                say("without rust-src, a report is not conclusive: what the standard library orders is not seen")?;
            }
        }
        bail!("the {name} sanitizer or a test under it failed in: {}", failed.join(", "));
    }
    say(&format!("\n{ran} test programs ran clean under the {name} sanitizer"))?;
    Ok(ExitCode::SUCCESS)
}

/// A compiler with the source of its standard library and without the sanitizer's run-time part, and
/// that part of nightly's.
struct Borrowed {
    compiler: PathBuf,
    runtime: PathBuf,
}

impl Borrowed {
    fn find(sanitizer: Sanitizer, host: &str) -> anyhow::Result<Option<Self>> {
        let (Sanitizer::Thread, Some(compiler)) = (sanitizer, std_source::compiler()) else { return Ok(None) };
        let libraries = sysroot()?.join("lib/rustlib").join(host).join("lib");
        let runtime = libraries.join("librustc-nightly_rt.tsan.a");
        Ok(runtime.is_file().then_some(Self { compiler, runtime }))
    }

    fn cargo(&self, workspace: &Workspace) -> Command {
        let mut cargo = workspace.cargo();
        cargo.env("RUSTC", &self.compiler).env("RUSTC_BOOTSTRAP", "1");
        cargo
    }

    /// The run-time part in whole, since it stands in for functions of the C library; those that this
    /// system's C library has not are called by nobody.
    fn flags(&self) -> String {
        let mut flags = " -Zexternal-clangrt".to_owned();
        let runtime = self.runtime.to_string_lossy();
        let libraries = ["-Wl,--no-as-needed", "-lm", "-lpthread", "-ldl", "-lrt", "-lc"];
        let whole = ["-Wl,--whole-archive", &runtime, "-Wl,--no-whole-archive"];
        for argument in whole.into_iter().chain(libraries).chain(["-Wl,--unresolved-symbols=ignore-all"]) {
            flags.push_str(&format!(" -Clink-arg={argument}"));
        }
        flags
    }
}

/// Sets the sanitizer's own options. The user's come after ours, and so win.
fn set_options(command: &mut Command, workspace: &Workspace, sanitizer: Sanitizer, whole: bool) {
    let variable = match sanitizer {
        Sanitizer::Thread => "TSAN_OPTIONS",
        Sanitizer::Address => "ASAN_OPTIONS",
    };
    // Tests ask for more memory than there is, and expect an error as from any other allocator. Others expect that a file
    // cut short under its mapping ends a process by its signal, which the sanitizer would make an exit of.
    let mut options = "allocator_may_return_null=1:handle_sigbus=0".to_owned();
    if sanitizer == Sanitizer::Thread && !whole {
        let list = workspace.root().join("xtask/tsan.supp");
        options.push_str(&format!(":suppressions={}", list.display()));
    }
    if let Ok(given) = env::var(variable) {
        options.push_str(&format!(":{given}"));
    }
    command.env(variable, options);
}

/// The target triple of this machine, as nightly calls it.
fn host() -> anyhow::Result<String> {
    let version = process::capture(Command::new("rustup").args(["run", "nightly", "rustc", "-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("nightly's rustc does not say its host")
}

/// Can nightly build the standard library with the sanitizer as well?
fn has_std_source() -> anyhow::Result<bool> {
    Ok(std_source::is_source(&sysroot()?))
}

/// Nightly's own directory.
fn sysroot() -> anyhow::Result<PathBuf> {
    let sysroot = process::capture(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]))?;
    Ok(PathBuf::from(sysroot.trim()))
}
