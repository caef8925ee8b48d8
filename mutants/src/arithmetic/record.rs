//! `mutants/arithmetic-runs.toml`: what was found in which file, when, and on what machine.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::arithmetic::ends::Tally;
use crate::arithmetic::part::{Part, Parts};
use crate::lists;
use crate::workspace::Workspace;

const FILE: &str = "arithmetic-runs.toml";

/// All files that are done.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Record(BTreeMap<String, Done>);

/// One of them.
#[derive(Debug, Deserialize, Serialize)]
struct Done {
    #[serde(flatten)]
    run: Run,
    #[serde(flatten)]
    counts: Tally,
}

/// A part as it is when it is run.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    date: String,
    chip: String,
    /// The hash of its code.
    file: String,
}

impl Run {
    pub(crate) fn begin(workspace: &Workspace, part: &Part) -> anyhow::Result<Self> {
        let date = Command::new("date").args(["-u", "+%F"]).output().context("cannot run date")?;
        let date = String::from_utf8_lossy(&date.stdout).trim().to_owned();
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let chip = cpus.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
        let chip = chip.map_or("unknown", |(_, name)| name).to_owned();
        Ok(Self { date, chip, file: hash(workspace, part)? })
    }
}

impl Record {
    pub(crate) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        lists::read(workspace, FILE)
    }

    /// Was it run on the file as it is?
    pub(crate) fn is_done(&self, workspace: &Workspace, part: &Part) -> bool {
        let hash = hash(workspace, part);
        self.0.get(&part.file).is_some_and(|done| hash.is_ok_and(|hash| hash == done.run.file))
    }

    /// What is wrong with it. Empty is good.
    pub(crate) fn problems(&self, parts: &Parts) -> Vec<String> {
        let mut problems = Vec::new();
        for (file, done) in &self.0 {
            let Some(part) = parts.parts.iter().find(|part| part.file == *file) else {
                problems.push(format!("in mutants/{FILE}, but not in mutants/arithmetic.toml: {file}"));
                continue;
            };
            let listed = parts.survivors.iter().filter(|reason| part.has(&reason.of)).count();
            if listed != done.counts.missed {
                let missed = done.counts.missed;
                problems
                    .push(format!("{missed} mutants of {file} were missed, and mutants/survivors.toml has {listed}"));
            }
        }
        problems
    }

    /// Writes down what was found.
    pub(crate) fn add(mut self, workspace: &Workspace, part: &Part, run: Run, counts: Tally) -> anyhow::Result<()> {
        self.0.insert(part.file.clone(), Done { run, counts });
        let head = "# Written by `cargo xtask mutants --arithmetic`. Without its entry, a file is run again.\n\n";
        let text = head.to_owned() + &toml::to_string(&self).context("cannot write down what was found")?;
        lists::replace(workspace, FILE, &text)
    }
}

/// FNV-1a over the file, but not over the tests at its end.
pub(crate) fn hash(workspace: &Workspace, part: &Part) -> anyhow::Result<String> {
    let path = workspace.root().join(part.path());
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(format!("{:016x}", hash_of(&text)))
}

fn hash_of(text: &str) -> u64 {
    let code = text.find("\nmod tests {").map_or(text, |end| &text[..end]);
    code.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was() {
        let run = Run { date: "2026-11-27".into(), chip: "a chip".into(), file: "0123".into() };
        let counts = Tally { caught: 3, timeout: 1, unviable: 0, missed: 2 };
        let record = Record([("icc-queue/f.rs".to_owned(), Done { run, counts })].into());
        let read: Record = toml::from_str(&toml::to_string(&record).unwrap()).unwrap();
        let done = &read.0["icc-queue/f.rs"];
        assert_eq!((done.counts, &*done.run.chip, &*done.run.file), (counts, "a chip", "0123"));
    }

    #[test]
    fn tests_may_change() {
        let text = |tests: &str| format!("fn f() {{}}\n\n#[cfg(test)]\nmod tests {{{tests}}}\n");
        assert_eq!(hash_of(&text("")), hash_of(&text("fn t() {}")));
        assert_ne!(hash_of(&text("")), hash_of(&text("").replace("fn f", "fn g")));
    }
}
