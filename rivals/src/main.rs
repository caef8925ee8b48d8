//! Measures other libraries beside icc: the options of `icc-bench`, with more subjects.

use std::process::ExitCode;

use icc_bench::catalogue::Catalogue;

mod cells;
mod queues;

fn main() -> ExitCode {
    icc_bench::cli::run(std::env::args_os(), &cells::add(queues::add(Catalogue::icc())))
}
