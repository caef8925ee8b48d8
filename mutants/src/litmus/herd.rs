//! Running herd7, and what it says.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Which executions there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Model {
    /// The published repair of C11's, as herd7 has it.
    Rc11,
    /// C++20's, and so Rust's, as it is commonly read: `litmus/cpp20.cat`.
    Cpp20,
    /// The same without what the standard only asks for: `litmus/weakest.cat`.
    Weakest,
}

impl Model {
    fn file(self, litmus: &Path) -> PathBuf {
        match self {
            Self::Rc11 => "rc11.cat".into(),
            Self::Cpp20 => litmus.join("cpp20.cat"),
            Self::Weakest => litmus.join("weakest.cat"),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rc11 => "RC11",
            Self::Cpp20 => "C++20",
            Self::Weakest => "weakest",
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

/// Judges a test.
///
/// # Errors
///
/// When herd7 cannot run it, or complains of anything.
pub(crate) fn judge(herd: &Path, litmus: &Path, model: Model, text: &str) -> anyhow::Result<Verdict> {
    let mut file = tempfile::Builder::new().suffix(".litmus").tempfile().context("cannot create a temporary file")?;
    file.write_all(text.as_bytes()).context("cannot write a temporary file")?;
    let mut command = Command::new(herd);
    command.arg("-I").arg(litmus).arg("-model").arg(model.file(litmus)).arg(file.path()).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot run {}", herd.display()))?;
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() || !complained.trim().is_empty() {
        bail!("herd7 complains: {}", complained.trim());
    }
    verdict(&said).with_context(|| format!("herd7 does not say what it found: {said}"))
}

/// From the line `Observation NAME Never 0 18`; none if the program is undefined.
fn verdict(said: &str) -> Option<Verdict> {
    if said.lines().any(|line| line.starts_with("Flag ") || line.contains("Undefined")) {
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
