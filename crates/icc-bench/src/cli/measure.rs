//! Measures what was selected.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::SystemTime;

use super::arguments::Arguments;
use super::error::RunError;
use super::progress::Progress;
use super::select::{Part, Selection};
use crate::catalogue::{Case, CaseError, Catalogue};
use crate::harness::interrupt::Interrupt;
use crate::harness::machine::{self, Load};
use crate::harness::pin;
use crate::harness::placement::Memory;
use crate::harness::round::Round;
use crate::harness::rounds::{self, Roles, Turn};
use crate::harness::setup::Setup;
use crate::model::{Machine, Report, Row};

/// The results, and what failed: a target that garbles or loses messages has no row, and the others
/// theirs.
pub(super) fn measure(
    arguments: &Arguments,
    command: &str,
    catalogue: &Catalogue,
) -> Result<(Report, Vec<CaseError>), RunError> {
    let available = pin::available_cores();
    let selection = arguments.select(catalogue, &available)?;
    let interrupt = Interrupt::watch().map_err(RunError::Interrupt)?;
    let began = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    let (setup, machine) = prepare(&selection, &available)?;
    eprintln!(
        "{} rows of {} scenarios: about {} s if no round is dropped",
        selection.rows(),
        selection.parts.len(),
        selection.expected_time().as_secs().max(1)
    );
    let mut progress = Progress::begin(selection.parts.len(), selection.expected_time());
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for part in &selection.parts {
        if !interrupt.is_asked() {
            rows.extend(measure_part(&setup, part, &mut progress, &interrupt, &mut failures)?);
        }
    }
    progress.end();
    let interrupted = interrupt.is_asked();
    if interrupted {
        // Those that had no turn yet are not a fault of the machine's.
        rows.retain(|row| row.figures.is_some());
    }
    let report = Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.to_owned(),
        began: began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        interrupted,
        machine,
        rows,
    };
    Ok((report, failures))
}

/// Sets everything up as it was asked for, and describes the machine, with what may spoil the
/// figures on stderr.
pub(super) fn prepare(selection: &Selection, available: &[usize]) -> Result<(Setup, Machine), RunError> {
    // Described beforehand: the run itself is load.
    let load = Load::now();
    if let Some(priority) = selection.priority {
        // Threads have it from the one that starts them.
        priority.apply()?;
    }
    let setup = Setup { interval: selection.interval, ..Setup::new(selection.cores).map_err(RunError::Clocks)? };
    let machine = machine::describe(available, &setup, load, selection.priority);
    for warning in machine.warnings() {
        eprintln!("note: {warning}");
    }
    Ok((setup, machine))
}

/// Measures all cases, those that share a reference interleaved with each other, until the end or
/// an interrupt. Each round has memory elsewhere.
fn measure_part(
    setup: &Setup,
    Part { scenario, cases, plan }: &Part,
    progress: &mut Progress,
    interrupt: &Interrupt,
    failures: &mut Vec<CaseError>,
) -> Result<Vec<Row>, RunError> {
    let parts: Vec<&[Case]> = cases.chunk_by(Case::shares_reference).collect();
    progress.begin_scenario(scenario.name(), cases.len(), parts.len(), plan);
    let (began, exchanged) = (std::time::Instant::now(), setup.exchanged());
    let (mut random, mut memory) = (fastrand::Rng::new(), Memory::default());
    let description = Arc::new(scenario.description.clone());
    let mut rows = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        if interrupt.is_asked() {
            break;
        }
        progress.begin_part(index);
        let [first, ..] = part else { continue };
        let Some(reference) = first.reference_case() else { continue };
        let mut failed: BTreeMap<usize, CaseError> = BTreeMap::new();
        let outcomes = rounds::interleave(
            part.len(),
            plan,
            scenario.min_samples,
            &mut random,
            || began.elapsed(),
            |turn, roles| {
                memory = Memory::elsewhere();
                let setup = if roles == Roles::AsGiven { setup } else { &exchanged };
                match turn {
                    Turn::Baseline => reference.measure(setup, plan.baseline),
                    // A round without samples is dropped.
                    Turn::Case(index) if failed.contains_key(&index) => Ok(Round::default()),
                    Turn::Case(index) => part[index].measure(setup, plan.round).or_else(|error| {
                        failed.insert(index, error);
                        Ok(Round::default())
                    }),
                }
            },
            |event| {
                progress.tell(event, part);
                if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )?;
        let measured = part.iter().zip(&outcomes).enumerate().filter(|(index, _)| !failed.contains_key(index));
        rows.extend(measured.map(|(_, (case, outcome))| case.row(&description, outcome)));
        failures.extend(failed.into_values());
    }
    Ok(rows)
}
