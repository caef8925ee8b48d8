//! Where the results go: the terminal, and the files that the options name.

use super::Arguments;
use super::run::RunError;
use crate::report::file::Destination;
use crate::report::{Report, json, table};

/// The files that a run leaves, each found to be writable.
#[derive(Debug)]
pub(super) struct Outputs {
    json: Option<Destination>,
}

impl Outputs {
    /// Looks at each place before anything is measured: an hour's work is not to end with a path that was misspelt.
    pub(super) fn check(arguments: &Arguments) -> Result<Self, RunError> {
        let file = |option, path: &Option<std::path::PathBuf>| match path {
            Some(path) => Destination::check(path).map(Some).map_err(|source| RunError::File { option, source }),
            None => Ok(None),
        };
        Ok(Self { json: file("--json", &arguments.json)? })
    }

    /// Puts the report out in every shape that was asked for.
    pub(super) fn write(&self, report: &Report) -> Result<(), RunError> {
        print!("{}", table::render(report));
        if let Some(json) = &self.json {
            json.write(&json::render(report)).map_err(|source| RunError::File { option: "--json", source })?;
        }
        Ok(())
    }
}
