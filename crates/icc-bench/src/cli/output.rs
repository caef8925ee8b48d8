//! Where the results go: the terminal, and the files that the options name.

use super::arguments::Arguments;
use super::error::RunError;
use crate::model::{Report, json};
use crate::report::agree::Agreement;
use crate::report::baseline::Comparison;
use crate::report::file::{Destination, Directory};
use crate::report::{markdown, page, plot, table};

/// The files that a run leaves, each found to be writable.
#[derive(Debug)]
pub(super) struct Outputs {
    json: Option<Destination>,
    html: Option<Destination>,
    svg: Option<Directory>,
    markdown: Option<Destination>,
}

impl Outputs {
    /// Checks each place before anything is measured: an hour's work must not end with a misspelt
    /// path.
    pub(super) fn check(arguments: &Arguments) -> Result<Self, RunError> {
        let file = |option, path: &Option<std::path::PathBuf>| match path {
            Some(path) => Destination::check(path).map(Some).map_err(|source| RunError::File { option, source }),
            None => Ok(None),
        };
        Ok(Self {
            json: file("--json", &arguments.json)?,
            html: file("--html", &arguments.html)?,
            markdown: file("--markdown", &arguments.markdown)?,
            svg: match &arguments.svg {
                Some(path) => {
                    Some(Directory::check(path).map_err(|source| RunError::File { option: "--svg", source })?)
                }
                None => None,
            },
        })
    }

    /// Puts the report out in every shape that was asked for.
    pub(super) fn write(&self, report: &Report, change: Option<&Comparison<'_>>) -> Result<(), RunError> {
        print!("{}", table::render(report));
        if let Some(json) = &self.json {
            json.write(&json::render(report)).map_err(|source| RunError::File { option: "--json", source })?;
        }
        if let Some(html) = &self.html {
            html.write(&page::render(report, change)).map_err(|source| RunError::File { option: "--html", source })?;
        }
        if let Some(svg) = &self.svg {
            for plot in plot::all(report) {
                svg.write(&format!("{}.svg", plot.id), &plot.standalone())
                    .map_err(|source| RunError::File { option: "--svg", source })?;
            }
        }
        Ok(())
    }

    /// Puts out what depends on another run as well.
    pub(super) fn write_agreement(&self, agreement: &Agreement<'_>) -> Result<(), RunError> {
        if agreement.runs.len() > 1 {
            print!("{}", agreement.render());
        }
        if let Some(file) = &self.markdown {
            file.write(&markdown::render(agreement))
                .map_err(|source| RunError::File { option: "--markdown", source })?;
        }
        Ok(())
    }
}
