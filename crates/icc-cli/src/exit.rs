//! How the program ends.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done; also if whoever read the output closed it |
//! | 1 | it could not be done: standard error says why |
//! | 2 | the command line is wrong |
//! | 3 | there is no such buffer, message, slot or file |
//! | 4 | refused: it is in use, or no buffer of icc |

use std::fmt;
use std::io;
use std::process::ExitCode;

/// For `--help`.
pub(crate) const HELP: &str = "\
Exit codes: 0 done, also if the output was closed; 1 failed; 2 wrong command line;
3 no such buffer, message, slot or file; 4 refused: in use, or no buffer of icc.";

/// An error with an exit code of its own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no such thing.
    NotFound(String),
    /// It would do harm.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotFound(what) | Self::Refused(what)) = self;
        f.write_str(what)
    }
}

impl std::error::Error for Failure {}

/// Says what went wrong, and gives the exit code.
pub(crate) fn code(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    // `icc tail quotes | head` has had enough: nothing went wrong.
    if error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(is_closed) {
        return ExitCode::SUCCESS;
    }
    // What libraries say may quote what is in shared memory.
    eprintln!("icc: {}", crate::text::shown(&format!("{error:#}")));
    match error.downcast_ref::<Failure>() {
        Some(Failure::NotFound(_)) => ExitCode::from(3),
        Some(Failure::Refused(_)) => ExitCode::from(4),
        None => ExitCode::from(1),
    }
}

fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}
