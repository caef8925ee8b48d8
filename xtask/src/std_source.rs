//! A compiler that can build the standard library itself, for targets that have no built one here
//! or with flags of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// The distribution's compiler: its source of the standard library is a package.
const SYSTEM_COMPILER: &str = "/usr/bin/rustc";

/// The way to get one.
pub(crate) const MISSING: &str = "the standard library's source: rustup component add rust-src, or Debian's own compiler with \
                                  apt-get install rustc-web rust-web-src";

/// The first compiler with the source of its standard library: the one that builds us, or the
/// distribution's.
pub(crate) fn compiler() -> Option<PathBuf> {
    let compilers = [PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())), SYSTEM_COMPILER.into()];
    compilers.into_iter().find(|compiler| has_source(compiler))
}

fn has_source(compiler: &Path) -> bool {
    let sysroot = process::capture(Command::new(compiler).args(["--print", "sysroot"]));
    sysroot.is_ok_and(|sysroot| is_source(Path::new(sysroot.trim())))
}

/// Does this directory, a compiler's own, have the source of the standard library?
pub(crate) fn is_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").is_file()
}
