//! `--model`: what a line's way costs, and what follows from it.

use super::arguments::Arguments;
use super::error::RunError;
use super::measure::prepare;
use crate::catalogue::Catalogue;
use crate::harness::interrupt::{self, Interrupt};
use crate::harness::pin;
use crate::prediction;
use crate::report::table;

/// Measures the constants and the rows, and prints both; gives the exit code.
pub(super) fn model(arguments: &Arguments, catalogue: &Catalogue) -> Result<u8, RunError> {
    let available = pin::available_cores();
    let selection = arguments.select(catalogue, &available)?;
    let interrupt = Interrupt::watch().map_err(RunError::Interrupt)?;
    let (setup, machine) = prepare(&selection, &available)?;
    let prediction = prediction::predict(&setup, catalogue, &interrupt)?;
    print!("{}\n{}", prediction::render(&prediction), table::machine(&machine));
    Ok(if interrupt.is_asked() { interrupt::EXIT_CODE } else { 0 })
}
