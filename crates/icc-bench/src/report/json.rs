//! The report as JSON, for programs that compare runs.
//!
//! The shape is numbered by `schema`; a change that could break a reader gets the next number. Times are in nanoseconds
//! with a tenth of one, or a thousandth where a sample is the mean of many operations; ratios have three digits, and the
//! key of the ratio says what it is to. A row of which no round was steady has `"rounds":0` and `null` figures. Rows of
//! `stream` have `received_per_second`, `share_received` and `share_of_lost_told` besides, the shares from 0 to 1.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Figures, FlowFigures, Report, Row};
use crate::machine::{Machine, rounded};
use crate::scenario::Scenario;

/// The number of the shape this module writes.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'report> {
    schema: u32,
    machine: &'report Machine,
    results: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    scenario: &'static str,
    subject: &'static str,
    payload_bytes: usize,
    rounds: usize,
    p50_ns: Option<f64>,
    p90_ns: Option<f64>,
    p99_ns: Option<f64>,
    p999_ns: Option<f64>,
    #[serde(flatten)]
    ratio: Ratio,
    ratio_min: Option<f64>,
    ratio_max: Option<f64>,
    #[serde(flatten)]
    flow: Option<FlowEntry>,
}

/// Beside the times where a producer may be faster than its consumer.
#[derive(Serialize)]
struct FlowEntry {
    received_per_second: f64,
    share_received: f64,
    share_of_lost_told: f64,
}

impl From<FlowFigures> for FlowEntry {
    fn from(flow: FlowFigures) -> Self {
        Self {
            received_per_second: rounded(flow.per_second, 0),
            share_received: rounded(flow.share_received, 5),
            share_of_lost_told: rounded(flow.share_told, 5),
        }
    }
}

/// The ratio under a key that says what it is to.
#[derive(Serialize)]
enum Ratio {
    #[serde(rename = "ratio_to_raw")]
    Raw(Option<f64>),
    #[serde(rename = "ratio_to_plain")]
    Plain(Option<f64>),
    #[serde(rename = "ratio_to_one_reader")]
    OneReader(Option<f64>),
    #[serde(rename = "ratio_to_fetch_add")]
    FetchAdd(Option<f64>),
}

impl Ratio {
    fn of(scenario: Scenario, value: Option<f64>) -> Self {
        match scenario {
            Scenario::OneWayLatency | Scenario::Stream => Self::Raw(value),
            Scenario::CopyCost | Scenario::ProduceCost => Self::Plain(value),
            Scenario::FanOut => Self::OneReader(value),
            Scenario::MultiProducer => Self::FetchAdd(value),
        }
    }
}

impl From<&Row> for Entry {
    fn from(row: &Row) -> Self {
        let time =
            |pick: fn(&Figures) -> f64| row.figures.as_ref().map(|all| rounded(pick(all), row.scenario.digits()));
        let ratio = |pick: fn(&Figures) -> f64| row.figures.as_ref().map(|all| rounded(pick(all), 3));
        Self {
            scenario: row.scenario.name(),
            subject: row.subject,
            payload_bytes: row.payload_bytes,
            rounds: row.rounds,
            p50_ns: time(|figures| figures.p50_ns),
            p90_ns: time(|figures| figures.p90_ns),
            p99_ns: time(|figures| figures.p99_ns),
            p999_ns: time(|figures| figures.p999_ns),
            ratio: Ratio::of(row.scenario, ratio(|figures| figures.ratio)),
            ratio_min: ratio(|figures| figures.ratio_min),
            ratio_max: ratio(|figures| figures.ratio_max),
            flow: row.figures.and_then(|figures| figures.flow).map(FlowEntry::from),
        }
    }
}

/// The report as JSON text.
#[must_use]
pub fn render(report: &Report) -> String {
    let document =
        Document { schema: SCHEMA, machine: &report.machine, results: report.rows.iter().map(Entry::from).collect() };
    let mut text =
        serde_json::to_string_pretty(&document).expect("the document has string keys and finite numbers only");
    text.push('\n');
    text
}

/// A file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// What stands there is not a file that may be replaced.
    #[error("cannot write {}: it exists and is not a regular file", .0.display())]
    NotAFile(PathBuf),

    /// The system refused.
    #[error("cannot write {}: {}", path.display(), source.kind())]
    Refused {
        /// The file's path.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// A place for the report, found to be writable before anything is measured.
#[derive(Debug)]
pub struct Destination {
    /// The path as asked for, which messages name.
    asked: PathBuf,
    /// The file itself, behind any symbolic link, so that the link survives.
    file: PathBuf,
}

impl Destination {
    /// Makes sure that a file can be made at `path`, by making one beside it and removing it again.
    ///
    /// # Errors
    ///
    /// [`FileError`] if not, or if `path` is a directory, a device or the like.
    pub fn check(path: &Path) -> Result<Self, FileError> {
        let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if file.exists() && !file.is_file() || file.file_name().is_none() {
            return Err(FileError::NotAFile(path.to_owned()));
        }
        let destination = Self { asked: path.to_owned(), file };
        destination.temporary()?;
        Ok(destination)
    }

    /// Writes the text whole or not at all: into a temporary file that then takes the place of an older one.
    ///
    /// # Errors
    ///
    /// [`FileError`]; the older file is then as it was.
    pub fn write(&self, text: &str) -> Result<(), FileError> {
        let mut temporary = self.temporary()?;
        temporary
            .write_all(text.as_bytes())
            .and_then(|()| temporary.as_file().sync_all())
            .map_err(|source| self.refused(source))?;
        temporary.persist(&self.file).map_err(|error| self.refused(error.error))?;
        Ok(())
    }

    fn temporary(&self) -> Result<tempfile::NamedTempFile, FileError> {
        use std::os::unix::fs::PermissionsExt;

        let directory = match self.file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        tempfile::Builder::new()
            .prefix(".icc-bench-")
            // As an ordinary new file would be: the process's mask takes off what it must.
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(directory)
            .map_err(|source| self.refused(source))
    }

    fn refused(&self, source: io::Error) -> FileError {
        FileError::Refused { path: self.asked.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_document_has_the_shape_of_schema_1() {
        let text = render(&super::super::tests::sample());
        let document: Value = serde_json::from_str(&text).unwrap();
        let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let sorted = |names: &[&str]| {
            let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(keys(&document), sorted(&["machine", "results", "schema"]));
        assert_eq!(document["schema"], 1);
        let rows = document["results"].as_array().unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            let names = [
                "scenario",
                "subject",
                "payload_bytes",
                "rounds",
                "p50_ns",
                "p90_ns",
                "p99_ns",
                "p999_ns",
                "ratio_to_raw",
                "ratio_min",
                "ratio_max",
            ];
            assert_eq!(keys(row), sorted(&names));
        }
        assert_eq!(rows[0]["scenario"], "one_way_latency");
        assert_eq!(rows[0]["subject"], "raw atomics");
        assert_eq!(rows[0]["payload_bytes"], 56);
        assert_eq!(rows[0]["rounds"], 3);
        assert_eq!(rows[0]["p50_ns"], 55.0);
        assert_eq!(rows[0]["p999_ns"], 220.0);
        assert_eq!(rows[0]["ratio_max"], 1.1);
        assert_eq!(rows[1]["rounds"], 0);
        assert!(rows[1]["p50_ns"].is_null() && rows[1]["ratio_to_raw"].is_null());
        for name in ["cpu", "cores_used", "clock", "kernel", "virtualised"] {
            assert!(document["machine"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_ratios_key_says_what_it_is_to() {
        let mut report = super::super::tests::sample();
        let keys = [
            "ratio_to_raw",
            "ratio_to_plain",
            "ratio_to_one_reader",
            "ratio_to_plain",
            "ratio_to_raw",
            "ratio_to_fetch_add",
        ];
        for (scenario, key) in Scenario::ALL.into_iter().zip(keys) {
            report.rows[0].scenario = scenario;
            let document: Value = serde_json::from_str(&render(&report)).unwrap();
            let row = &document["results"][0];
            assert_eq!(row["scenario"], scenario.name());
            assert_eq!(row[key], 1.0);
            assert_eq!(row.as_object().unwrap().len(), 11);
        }
    }

    #[test]
    fn a_flow_stands_beside_the_times() {
        let mut report = super::super::tests::sample();
        report.rows[0].scenario = Scenario::Stream;
        let flow = FlowFigures { per_second: 1_234_567.8, share_received: 0.75, share_told: 1.0 };
        report.rows[0].figures.as_mut().unwrap().flow = Some(flow);
        let document: Value = serde_json::from_str(&render(&report)).unwrap();
        let row = &document["results"][0];
        assert_eq!(row["received_per_second"], 1_234_568.0);
        assert_eq!((&row["share_received"], &row["share_of_lost_told"]), (&0.75.into(), &1.0.into()));
        assert_eq!(row.as_object().unwrap().len(), 14);
        assert!(document["results"][1].get("share_received").is_none());
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.json");
        let link = directory.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::fs::write(&path, "older and longer").unwrap();
        let destination = Destination::check(&link).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "older and longer");
        destination.write("newer").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "newer");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_beforehand() {
        let directory = tempfile::tempdir().unwrap();
        let absent = directory.path().join("absent/out.json");
        let error = Destination::check(&absent).unwrap_err();
        assert!(matches!(error, FileError::Refused { ref path, .. } if *path == absent));
        for place in [directory.path(), Path::new("/dev/null"), Path::new("/")] {
            let error = Destination::check(place).unwrap_err();
            assert!(matches!(error, FileError::NotAFile(_)), "{error}");
        }
    }
}
