//! Every flag, declared in this one place.

use std::path::PathBuf;

use clap::Parser;

/// Makes each ordering, fence and protocol step wrong, one at a time, and requires that the check
/// which stands for it fails.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask mutants", bin_name = "cargo xtask mutants")]
pub(crate) struct Cli {
    /// Only the mutants whose name contains this (may be given several times).
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,
    /// Print every mutant and what covers it; run nothing.
    #[arg(long, conflicts_with_all = ["find", "check", "document"])]
    pub(crate) list: bool,
    /// Check that the lists cover the sources and name what is there, and that docs/orderings.md is
    /// theirs; run nothing.
    #[arg(long, conflicts_with_all = ["find", "document"])]
    pub(crate) check: bool,
    /// Write docs/orderings.md anew from the lists; run nothing.
    #[arg(long, conflicts_with = "find")]
    pub(crate) document: bool,
    /// Run the litmus tests and their weakened variants, with this herd7; with --only, those whose
    /// name contains the text.
    #[arg(long, value_name = "HERD7", conflicts_with_all = ["find", "check", "document", "list"])]
    pub(crate) litmus: Option<PathBuf>,
    /// With --litmus: compare the functions of litmus/probes in this assembly file with the tests of aarch64, aarch64-exclusive or
    /// x86_64 (may be given several times).
    #[arg(long, value_name = "ARCHITECTURE=FILE", requires = "litmus")]
    pub(crate) asm: Vec<String>,
    /// Look for what catches the mutants that no list covers, write it down, and write
    /// docs/orderings.md anew.
    #[arg(long)]
    pub(crate) find: bool,
    /// With --find: try only the checks whose text (BUILD CRATE TARGET TEST) contains this (may be
    /// given several times).
    #[arg(long, value_name = "TEXT", requires = "find")]
    pub(crate) with: Vec<String>,
    /// With --find: leave out the checks that take longer than this without a mutant.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "find", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) limit: u64,
    /// Let cargo-mutants make operators, comparisons and results wrong, in the files that mutants/arithmetic.toml
    /// names and that have changed since; with --only, in those whose name contains the text.
    #[arg(long, conflicts_with_all = ["find", "check", "document", "list", "litmus"])]
    pub(crate) arithmetic: bool,
    /// How many mutants to run at once. Each of those that are steps takes a copy of the sources.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub(crate) jobs: usize,
    /// Run every build and every test under this command, such as `nice` or `taskset -c 1`.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) under: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn declaration_is_consistent() {
        Cli::command().debug_assert();
    }
}
