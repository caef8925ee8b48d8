//! Measures what a message costs from one pinned core to another.

use std::process::ExitCode;

use icc_bench::catalogue::Catalogue;

fn main() -> ExitCode {
    icc_bench::cli::run(std::env::args_os(), &Catalogue::icc())
}
