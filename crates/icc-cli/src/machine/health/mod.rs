//! What a machine, and the permissions of this process, mean for queues.

mod cores;
mod kernel;
mod memory;

use std::fs;
use std::path::Path;

/// How good a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be, or only to be known.
    Good,
    /// Works, but costs time, room or a feature.
    Note,
    /// Queues do not work so.
    Bad,
}

/// One thing about the machine.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) topic: &'static str,
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// What that means for icc.
    pub(crate) means: &'static str,
    /// How to change it; empty if nothing needs to be.
    pub(crate) change: String,
}

impl Finding {
    fn new(topic: &'static str, found: impl Into<String>, means: &'static str) -> Self {
        Self { topic, verdict: Verdict::Good, found: found.into(), means, change: String::new() }
    }

    /// The same as one that could be better, if `worse`.
    fn unless(self, good: bool, change: impl Into<String>) -> Self {
        self.or_else(good, Verdict::Note, change)
    }

    fn bad_unless(self, good: bool, change: impl Into<String>) -> Self {
        self.or_else(good, Verdict::Bad, change)
    }

    fn or_else(self, good: bool, verdict: Verdict, change: impl Into<String>) -> Self {
        if good { self } else { Self { verdict, change: change.into(), ..self } }
    }
}

/// Examines the machine, for buffers in `directory`.
pub(crate) fn examine(directory: &Path) -> Vec<Finding> {
    let mut findings = memory::findings(directory);
    findings.extend(cores::findings());
    findings.extend(kernel::findings(directory));
    findings
}

/// A file of one line, such as `/sys` has; none if this machine has no such file.
fn line(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The choice in brackets: `always [madvise] never`.
fn chosen(line: &str) -> &str {
    line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(line, |(choice, _)| choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices() {
        assert_eq!((chosen("always [madvise] never"), chosen("powersave")), ("madvise", "powersave"));
    }

    #[test]
    fn every_topic_is_examined_and_what_is_wrong_can_be_changed() {
        let findings = examine(Path::new("/dev/shm"));
        assert!(findings.len() >= 14, "{findings:#?}");
        for finding in &findings {
            assert!(!finding.found.is_empty() && !finding.means.is_empty(), "{finding:?}");
            assert_eq!(finding.verdict == Verdict::Good, finding.change.is_empty(), "{finding:?}");
        }
        let missing = examine(Path::new("/nowhere/at/all"));
        assert!(missing.iter().any(|finding| finding.verdict == Verdict::Bad), "{missing:#?}");
    }
}
