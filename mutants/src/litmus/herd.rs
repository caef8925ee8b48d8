//! Running herd7, and what it says.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::wait;

/// None of the tests takes more than a second or two: one more access can take a hundred times that.
const LIMIT: Duration = Duration::from_secs(300);

/// Which executions there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Model {
    /// The published repair of C11's, as herd7 has it.
    Rc11,
    /// C++20's, and so Rust's, as it is commonly read: `litmus/cpp20.cat`.
    Cpp20,
    /// The same without what the standard only asks for: `litmus/weakest.cat`.
    Weakest,
    /// The processor's own, as herd7 has it.
    Processor,
    /// Each location by itself is coherent, and no more.
    Coherence,
}

impl Model {
    /// The axioms; none where herd7 takes those of the test's processor.
    fn file(self, litmus: &Path) -> Option<PathBuf> {
        match self {
            Self::Rc11 => Some("rc11.cat".into()),
            Self::Cpp20 => Some(litmus.join("cpp20.cat")),
            Self::Weakest => Some(litmus.join("weakest.cat")),
            Self::Processor => None,
            Self::Coherence => Some("minimal.cat".into()),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rc11 => "RC11",
            Self::Cpp20 => "C++20",
            Self::Weakest => "weakest",
            Self::Processor => "its own",
            Self::Coherence => "none",
        })
    }
}

/// Whether the outcome that a test asks for is possible.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Never,
    Sometimes,
    Always,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Never => "Never",
            Self::Sometimes => "Sometimes",
            Self::Always => "Always",
        })
    }
}

fn temporary() -> anyhow::Result<File> {
    tempfile::tempfile().context("cannot create a temporary file")
}

/// Judges a test.
///
/// # Errors
///
/// When herd7 cannot run it, or complains of anything.
pub(crate) fn judge(herd: &Path, litmus: &Path, model: Model, text: &str) -> anyhow::Result<Verdict> {
    let mut file = tempfile::Builder::new().suffix(".litmus").tempfile().context("cannot create a temporary file")?;
    file.write_all(text.as_bytes()).context("cannot write a temporary file")?;
    let mut command = Command::new(herd);
    command.arg("-I").arg(litmus).stdin(Stdio::null());
    if let Some(axioms) = model.file(litmus) {
        command.arg("-model").arg(axioms);
    }
    command.arg(file.path());
    let (mut out, mut errors) = (temporary()?, temporary()?);
    command.stdout(out.try_clone().context("cannot share the output")?);
    command.stderr(errors.try_clone().context("cannot share the output")?);
    let Some(status) = wait(&mut command, LIMIT)? else { bail!("herd7 came to no end in {} s", LIMIT.as_secs()) };
    let (mut said, mut complained) = (String::new(), String::new());
    for (file, text) in [(&mut out, &mut said), (&mut errors, &mut complained)] {
        file.rewind().and_then(|()| file.read_to_string(text)).context("cannot read the output")?;
    }
    if !status.success() || !complained.trim().is_empty() {
        bail!("herd7 complains: {}", complained.trim());
    }
    verdict(&said).context("herd7 does not say what it found, or finds a data race")
}

/// From the line `Observation NAME Never 0 18`; none if the program has a data race.
fn verdict(said: &str) -> Option<Verdict> {
    if said.lines().any(|line| line == "Flag Dr") {
        return None;
    }
    let line = said.lines().find_map(|line| line.strip_prefix("Observation "))?;
    match line.split(' ').nth(1)? {
        "Never" => Some(Verdict::Never),
        "Sometimes" => Some(Verdict::Sometimes),
        "Always" => Some(Verdict::Always),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_observation_is_the_verdict() {
        let said = |word: &str| format!("Test t Allowed\nStates 2\nObservation t {word} 0 18\nTime t 0.02\n");
        assert_eq!(verdict(&said("Never")), Some(Verdict::Never));
        assert_eq!(verdict(&said("Sometimes")), Some(Verdict::Sometimes));
        assert_eq!(verdict(&said("Always")), Some(Verdict::Always));
        assert_eq!(verdict("Test t Allowed\n"), None);
        assert_eq!(verdict(&format!("Flag Dr\n{}", said("Never"))), None, "a data race decides nothing");
    }
}
