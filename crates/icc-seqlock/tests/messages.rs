//! What the compiler says of a type that is no payload. A `compile_fail` example can check the
//! error's code only.
#![cfg(not(any(icc_loom, miri)))]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The newest build of this crate beside the test itself: the one that the test was linked with, or
/// as good.
fn library(directory: &Path) -> Option<PathBuf> {
    let written = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let files = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
    let ours = files.filter(|path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with("libicc_seqlock-") && name.ends_with(".rlib")
    });
    ours.max_by_key(written)
}

/// What the compiler says of a program of which it must refuse `line`; none where it cannot use the
/// build it finds.
fn refusal(test: &str, line: &str) -> Option<String> {
    let test_binary = std::env::current_exe().unwrap();
    let directory = test_binary.parent().unwrap();
    let Some(library) = library(directory) else {
        eprintln!("skipped: no library in {}", directory.display());
        return None;
    };
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}.rs", std::process::id()));
    fs::write(&source, format!("fn main() {{ {line} }}")).unwrap();
    let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    compiler.args(["--edition=2024", "--emit=metadata", "--crate-type=bin", "-o"]).arg(source.with_extension("out"));
    compiler.arg("--extern").arg(format!("icc_seqlock={}", library.display()));
    compiler.arg("-L").arg(format!("dependency={}", directory.display())).arg(&source);
    let output = compiler.output();
    fs::remove_file(&source).unwrap();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: no compiler: {error}");
            return None;
        }
    };
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "accepted: {line}");
    // Of another compiler, another target, or for a sanitizer: not what a plain call of the
    // compiler can use.
    if ["E0460", "E0461", "E0462", "E0463", "E0514", "E0786", "incompatible"].iter().any(|code| says.contains(code)) {
        eprintln!("skipped: the build cannot be used alone: {says}");
        return None;
    }
    Some(says)
}

#[test]
fn a_type_that_is_no_payload_is_named_and_the_remedy_told() {
    for (line, name) in [("icc_seqlock::Seqlock::new(true);", "bool"), ("icc_seqlock::Seqlock::new('c');", "char")] {
        let Some(says) = refusal("payload", line) else { return };
        for part in [
            &format!("error[E0277]: `{name}` cannot be shared between cores as plain bytes"),
            "not a `Payload`",
            "derive `bytemuck::Pod` and `bytemuck::Zeroable` on a `#[repr(C)]` struct without padding",
        ] {
            assert!(says.contains(part), "{part:?} is not in\n{says}");
        }
        // Only our own: bytemuck's traits are its business, not the reader's.
        assert_eq!(says.matches("error[").count(), 1, "{says}");
        assert!(!says.contains("NoUninit") && !says.contains("AnyBitPattern"), "{says}");
    }
}
