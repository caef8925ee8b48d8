//! Why a run came to nothing.

use crate::catalogue::CaseError;
use crate::harness::error::RoundError;
use crate::harness::pin::PinError;
use crate::harness::priority::PriorityError;
use crate::harness::setup::INTERVALS;
use crate::model::json::ReadError;
use crate::prediction::PredictError;
use crate::report::baseline::NothingInCommon;
use crate::report::file::FileError;
use crate::scenario::{SCENARIOS, core_matrix};

/// The most rounds that can be asked for.
pub(super) const MAX_ROUNDS: usize = 1_000;

/// The name of all scenarios together.
pub(super) const ALL: &str = "all";

/// A run came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// An option is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// There are no two cores.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A file cannot be written.
    #[error("{option}: {source}")]
    File {
        /// The option that names it.
        option: &'static str,
        /// Why not.
        source: FileError,
    },
    /// An earlier run's file cannot be used.
    #[error("{option}: {source}")]
    Earlier {
        /// The option that names it.
        option: &'static str,
        /// Why not.
        source: ReadError,
    },
    /// The earlier run has nothing to compare with.
    #[error("--baseline: {0}")]
    NothingInCommon(#[from] NothingInCommon),
    /// The other run has nothing to agree with.
    #[error("--agree: {0}")]
    NoneInCommon(NothingInCommon),
    /// The system does not let the program watch for Ctrl-C.
    #[error("cannot watch for Ctrl-C: {0}")]
    Interrupt(std::io::Error),
    /// The system does not give the threads their priority.
    #[error(transparent)]
    Priority(#[from] PriorityError),
    /// The clocks of the two cores could not be compared.
    #[error("comparing the clocks of the two cores: {0}")]
    Clocks(RoundError),
    /// The model could not be measured.
    #[error(transparent)]
    Model(#[from] PredictError),
    /// A target failed.
    #[error(transparent)]
    Case(#[from] CaseError),
}

/// An option has a value that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    /// `--cores` is not a list of different numbers.
    #[error("--cores {given}: give two different core numbers or more, such as `{}`; this process may use: {}",
        example(.available), join(.available))]
    NotTwoCores {
        /// What was given.
        given: String,
        /// The cores that exist.
        available: Vec<usize>,
    },

    /// `--cores` names a core this process may not use.
    #[error("--cores: there is no core {core} for this process; there are: {}", join(.available))]
    NoSuchCore {
        /// The core asked for.
        core: usize,
        /// The cores that exist.
        available: Vec<usize>,
    },

    /// `--cores` names more cores than a matrix takes.
    #[error("--cores: {given} cores are more than the {} of which every pair can be measured", core_matrix::MAX_CORES)]
    TooManyCores {
        /// How many were given.
        given: usize,
    },

    /// `--scenario` names none.
    #[error("--scenario: there is no `{0}`; there are: {names}, {ALL}", names = names())]
    NoSuchScenario(String),

    /// `--payload` names a size there is no message of.
    #[error("--payload: there is no size `{given}`; there are: {}", join(.sizes))]
    NoSuchPayload {
        /// What was given.
        given: String,
        /// The sizes that exist in the scenarios.
        sizes: Vec<usize>,
    },

    /// `--only` fits no target.
    #[error("--only: no target's name contains `{given}`; there are: {}", .names.join(", "))]
    NoSuchTarget {
        /// What was given.
        given: String,
        /// The targets that exist.
        names: Vec<&'static str>,
    },

    /// `--only` and `--payload` fit no row together.
    #[error("--only and --payload: no target that was asked for is measured at such a size")]
    NoRow,

    /// There are no rivals in this program.
    #[error(
        "--rivals: this program was built without other libraries; `cargo xtask bench --rivals` builds one with them"
    )]
    NoRivals,

    /// `--rounds` is not a number in range.
    #[error("--rounds {0}: give a number from 1 to {MAX_ROUNDS}")]
    NotRounds(String),

    /// `--interval` is not a time in range.
    #[error("--interval {0}: give a time from {shortest:?} to {longest:?}, such as `2us` or `1500ns`",
        shortest = INTERVALS.start(), longest = INTERVALS.end())]
    NotAnInterval(String),

    /// `--priority` is not a number in range.
    #[error("--priority {0}: give a number from 1 to 99")]
    NotAPriority(String),

    /// A threshold is not a percentage.
    #[error("{option} {given}: give a percentage from 0 to 1000, such as `10%`")]
    NotAThreshold {
        /// The option.
        option: &'static str,
        /// What was given.
        given: String,
    },
}

pub(super) fn join(numbers: &[usize]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn names() -> String {
    let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name()).collect();
    names.join(", ")
}

fn example(available: &[usize]) -> String {
    match available {
        [first, second, ..] => format!("{first},{second}"),
        _ => "0,1".to_owned(),
    }
}
