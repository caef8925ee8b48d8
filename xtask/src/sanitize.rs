//! `cargo xtask sanitize`: the library crates' integration tests under a sanitizer.
//!
//! What ThreadSanitizer can say here. It does not model fences. The protocols rest on fences, yet no false report comes of
//! it, for the payload itself is copied by atomic accesses, which never race. The other side of that: it cannot find a
//! missing fence either. That is loom's part. It does find plain accesses where an atomic one should stand.
//!
//! Two kinds of report are false: plain data that a test hands over through a seqlock (it was ordered by a fence), and data
//! that went through the standard library's channels or `Arc` while the library itself is not instrumented.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::cli::{SanitizeArgs, Sanitizer};
use crate::process::{self, say};
use crate::workspace::{LIBRARIES, OwnBuild as _, Workspace};

/// Runs the tests under the sanitizer, or says what is missing.
pub(crate) fn run(workspace: &Workspace, args: &SanitizeArgs) -> anyhow::Result<ExitCode> {
    let name = match args.sanitizer {
        Sanitizer::Thread => "thread",
        Sanitizer::Address => "address",
    };
    // Asks for nightly before anything else is printed.
    workspace.nightly_cargo()?;
    let host = host()?;
    let whole = has_std_source()?;
    if !whole {
        say("rust-src is not installed: the standard library itself runs uninstrumented")?;
        say("(rustup component add --toolchain nightly rust-src)")?;
    }
    let mut ran = 0;
    let mut failed = Vec::new();
    for package in LIBRARIES {
        let tests = workspace.integration_tests(package)?;
        if tests.is_empty() {
            say(&format!("\n==> {package}: no integration tests"))?;
            continue;
        }
        say(&format!("\n==> {package}: {}", tests.join(", ")))?;
        let mut cargo = workspace.nightly_cargo()?;
        cargo.args(["test", "--no-fail-fast", "--target", &host, "--package", package]);
        cargo.args(tests.iter().flat_map(|test| ["--test", test]));
        if whole {
            cargo.arg("-Zbuild-std");
        } else {
            // The test harness sends results through such a channel, unless it runs one test at a time.
            cargo.args(["--", "--test-threads=1"]);
        }
        // Sanitizers do not see into inline assembly, so the payload copy must be the portable one.
        let flags = format!("-Zsanitizer={name} -Cunsafe-allow-abi-mismatch=sanitizer --cfg icc_portable_copy");
        cargo.own_build(workspace, &format!("sanitize-{name}"), &flags);
        if !process::run(&mut cargo)?.success() {
            failed.push(package);
        }
        ran += tests.len();
    }
    if ran == 0 {
        bail!("no test ran: no library crate has integration tests");
    }
    if !failed.is_empty() {
        if args.sanitizer == Sanitizer::Thread {
            say(
                "\nthread: fences are not modelled, so a report on plain data handed over through a seqlock is false;",
            )?;
            say("so may be one inside the standard library. A report on a payload or a version is real.")?;
        }
        bail!("the {name} sanitizer or a test under it failed in: {}", failed.join(", "));
    }
    say(&format!("\n{ran} test programs ran clean under the {name} sanitizer"))?;
    Ok(ExitCode::SUCCESS)
}

/// The target triple of this machine, as nightly calls it.
fn host() -> anyhow::Result<String> {
    let version = process::capture(Command::new("rustup").args(["run", "nightly", "rustc", "-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("nightly's rustc does not say its host")
}

/// Can nightly build the standard library with the sanitizer as well?
fn has_std_source() -> anyhow::Result<bool> {
    let sysroot = process::capture(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").is_file())
}
