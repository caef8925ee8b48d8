//! The report as JSON, for programs that compare runs and for pages of earlier ones.
//!
//! The shape is numbered by `schema`; a change that could break a reader gets the next number.
//! Times are in nanoseconds with a tenth of one, or a thousandth where a sample is the mean of many
//! operations; ratios have three digits, and the key of the ratio says what it is to.
//! `docs/benchmarking.md` describes every key.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Description, Figures, FlowFigures, Groups, Kind, Machine, Report, Row, rounded};

/// The number of the shape this module writes and reads.
pub(crate) const SCHEMA: u32 = 4;

/// Read first, to tell a file of another shape from a broken one.
#[derive(Deserialize)]
struct Numbered {
    schema: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    version: String,
    command: String,
    began: String,
    interrupted: bool,
    machine: Machine,
    scenarios: Vec<Description>,
    results: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    scenario: String,
    target: String,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    floor: Option<String>,
    payload_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cores: Option<[usize; 2]>,
    rounds: usize,
    dropped: usize,
    p50_ns: Option<f64>,
    p50_min_ns: Option<f64>,
    p50_max_ns: Option<f64>,
    p90_ns: Option<f64>,
    p99_ns: Option<f64>,
    p999_ns: Option<f64>,
    max_ns: Option<f64>,
    ratio_min: Option<f64>,
    ratio_max: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Groups>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_received: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of_lost_told: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ns: Option<f64>,
    /// For readers of the file: this program takes it from the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ratio_to_floor: Option<f64>,
    /// The ratio, under the key that says what it is to.
    #[serde(flatten)]
    ratio: BTreeMap<String, Value>,
}

/// The key of a scenario's ratios, such as `ratio_to_raw`.
#[must_use]
pub(crate) fn ratio_key(scenario: &Description) -> String {
    format!("ratio_to_{}", scenario.reference.replace(' ', "_"))
}

impl Entry {
    /// What stands in the file for one of these rows.
    fn of(row: &Row, rows: &[Row]) -> Self {
        let figure = |pick: fn(&Figures) -> f64| row.figures.as_ref().map(pick);
        let flow = row.figures.and_then(|figures| figures.flow);
        Self {
            scenario: row.scenario.name.clone().into_owned(),
            target: row.target.clone(),
            kind: row.kind,
            floor: row.floor.clone(),
            payload_bytes: row.payload_bytes,
            consumers: row.consumers,
            cores: row.cores,
            rounds: row.rounds,
            dropped: row.dropped,
            p50_ns: figure(|figures| figures.p50_ns),
            p50_min_ns: figure(|figures| figures.p50_min_ns),
            p50_max_ns: figure(|figures| figures.p50_max_ns),
            p90_ns: figure(|figures| figures.p90_ns),
            p99_ns: figure(|figures| figures.p99_ns),
            p999_ns: figure(|figures| figures.p999_ns),
            max_ns: figure(|figures| figures.max_ns),
            ratio_min: figure(|figures| figures.ratio_min),
            ratio_max: figure(|figures| figures.ratio_max),
            groups: row.figures.and_then(|figures| figures.groups),
            received_per_second: flow.map(|flow| flow.per_second),
            share_received: flow.map(|flow| flow.share_received),
            share_of_lost_told: flow.map(|flow| flow.share_told),
            thread_ns: row.figures.and_then(|figures| figures.thread_ns),
            ratio_to_floor: row.ratio_to_floor(rows).map(|ratio| rounded(ratio, 3)),
            ratio: BTreeMap::from([(ratio_key(&row.scenario), figure(|figures| figures.ratio).into())]),
        }
    }

    /// The row it was made from; none if its scenario is not one of those described.
    fn into_row(self, scenarios: &[Arc<Description>]) -> Option<Row> {
        let scenario = Arc::clone(scenarios.iter().find(|scenario| scenario.name == self.scenario)?);
        let ratio = self.ratio.get(&ratio_key(&scenario)).and_then(Value::as_f64);
        let flow = || {
            Some(FlowFigures {
                per_second: self.received_per_second?,
                share_received: self.share_received?,
                share_told: self.share_of_lost_told?,
            })
        };
        let figures = || {
            Some(Figures {
                p50_ns: self.p50_ns?,
                p50_min_ns: self.p50_min_ns?,
                p50_max_ns: self.p50_max_ns?,
                p90_ns: self.p90_ns?,
                p99_ns: self.p99_ns?,
                p999_ns: self.p999_ns?,
                max_ns: self.max_ns?,
                ratio: ratio?,
                ratio_min: self.ratio_min?,
                ratio_max: self.ratio_max?,
                groups: self.groups,
                flow: flow(),
                thread_ns: self.thread_ns,
            })
        };
        Some(Row {
            scenario,
            figures: figures(),
            target: self.target,
            kind: self.kind,
            floor: self.floor,
            payload_bytes: self.payload_bytes,
            consumers: self.consumers,
            cores: self.cores,
            rounds: self.rounds,
            dropped: self.dropped,
        })
    }
}

/// The report as JSON text.
#[must_use]
pub(crate) fn render(report: &Report) -> String {
    let scenarios = report.scenarios().map(|rows| Description::clone(&rows[0].scenario)).collect();
    let document = Document {
        schema: SCHEMA,
        version: report.version.clone(),
        command: report.command.clone(),
        began: report.began.clone(),
        interrupted: report.interrupted,
        machine: report.machine.clone(),
        scenarios,
        results: report.rows.iter().map(|row| Entry::of(row, &report.rows)).collect(),
    };
    let mut text =
        serde_json::to_string_pretty(&document).expect("the document has string keys and finite numbers only");
    text.push('\n');
    text
}

/// A file holds no report that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The system refused.
    #[error("cannot read {}: {}", path.display(), source.kind())]
    Refused {
        /// The file's path.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },

    /// It is not a report, or a damaged one.
    #[error("{} is not a report that `--json` wrote: {source}", path.display())]
    NotAReport {
        /// The file's path.
        path: PathBuf,
        /// Where reading failed.
        source: serde_json::Error,
    },

    /// It is a report of another shape.
    #[error(
        "{} has schema {}, and this program reads schema {SCHEMA}: measure again with this version, or use the \
         version that wrote the file",
        path.display(), found.map_or("unnumbered".to_owned(), |number| number.to_string())
    )]
    OtherSchema {
        /// The file's path.
        path: PathBuf,
        /// The number it has.
        found: Option<u32>,
    },
}

/// Reads a file that was written from [`render`]'s text. Rows of a scenario that the file does not
/// describe are left out.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub(crate) fn read(path: &Path) -> Result<Report, ReadError> {
    let text = std::fs::read_to_string(path).map_err(|source| ReadError::Refused { path: path.to_owned(), source })?;
    let not_a_report = |source| ReadError::NotAReport { path: path.to_owned(), source };
    let Numbered { schema } = serde_json::from_str(&text).map_err(not_a_report)?;
    if schema != Some(SCHEMA) {
        return Err(ReadError::OtherSchema { path: path.to_owned(), found: schema });
    }
    let document: Document = serde_json::from_str(&text).map_err(not_a_report)?;
    let scenarios: Vec<_> = document.scenarios.into_iter().map(Arc::new).collect();
    Ok(Report {
        version: document.version,
        command: document.command,
        began: document.began,
        interrupted: document.interrupted,
        machine: document.machine,
        rows: document.results.into_iter().filter_map(|entry| entry.into_row(&scenarios)).collect(),
    })
}

#[cfg(test)]
mod tests;
