//! Running cargo-mutants in a copy of the sources.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::arithmetic::ends::{End, Ends};
use crate::arithmetic::part::Part;
use crate::arithmetic::record::hash;
use crate::copy;
use crate::process::{say, shown};
use crate::sources::words;
use crate::workspace::{Workspace, cargo_program};

/// After so many seconds on the clock tests count as hanging: many, because the machine may have other things to do.
const LIMIT: &str = "400";
/// After so many of the processor's a test program is ended. One that runs in a circle is found by this.
const PROCESSOR_LIMIT: &str = "60";

/// cargo-mutants.
pub(crate) struct Tool {
    /// Of all, what is left out.
    config: String,
    under: Vec<String>,
}

/// What is known of a part so far, kept beside the copy, so that an interrupted run goes on.
#[derive(Default, Deserialize, Serialize)]
struct SoFar {
    file: String,
    ends: Ends,
}

impl Tool {
    /// # Errors
    ///
    /// When a program is missing, with how to get it.
    pub(crate) fn find(workspace: &Workspace, under: Option<&str>) -> anyhow::Result<Self> {
        let has = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        if !has(Command::new(cargo_program()).args(["mutants", "--version"])) {
            bail!("cargo-mutants is missing: cargo install cargo-mutants --locked");
        }
        if !has(Command::new("prlimit").arg("--version")) {
            bail!("prlimit is missing: it is in the package util-linux");
        }
        let path = workspace.root().join("mutants/cargo-mutants.toml");
        let config = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { config, under: words(under) })
    }

    /// Runs a part's rounds on the mutants whose end is not known yet. What became of each, by its id.
    pub(crate) fn run(&self, workspace: &Workspace, part: &Part) -> anyhow::Result<Ends> {
        // A copy for each package: two of them can be run at once.
        let root = workspace.target().join("mutants/arithmetic").join(part.package());
        copy::libraries(workspace, &root)?;
        copy::mirror(&workspace.root().join("bridge"), &root.join("bridge"))?;
        let place = Place { root: root.join(part.workspace()), out: root.join(part.file.replace(['/', '.'], "-")) };
        fs::create_dir_all(&place.out).with_context(|| format!("cannot create {}", place.out.display()))?;
        let mut so_far = SoFar::read(&place, hash(workspace, part)?)?;

        fs::write(place.config(), &self.config).context("cannot write the configuration")?;
        let names = place.names(part)?;
        for round in &part.rounds {
            let is_open = |name: &&String| matches!(so_far.ends.get(name), None | Some(End::Missed));
            let (open, closed): (Vec<_>, Vec<_>) = names.iter().partition(is_open);
            if open.is_empty() {
                break;
            }
            say(&format!("{} mutants: cargo test {round}", open.len()))?;
            fs::write(place.config(), self.config_without(&closed)?).context("cannot write the configuration")?;
            place.round(part, round, &self.under)?;
            so_far.collect(&place)?;
        }
        let mut ends = Ends::default();
        for (name, id) in names.iter().zip(ids(part, &names)) {
            let end = so_far.ends.get(name).with_context(|| format!("it is not known what became of {name}"))?;
            ends.insert(id, end);
        }
        Ok(ends)
    }

    /// The configuration that leaves out these mutants, too.
    fn config_without(&self, names: &[&String]) -> anyhow::Result<String> {
        let mut config: toml::Table = self.config.parse().context("cannot understand mutants/cargo-mutants.toml")?;
        let excluded = config.entry("exclude_re").or_insert_with(|| toml::Value::Array(Vec::new()));
        let excluded = excluded.as_array_mut().context("exclude_re is no list")?;
        excluded.extend(names.iter().map(|name| toml::Value::String(pattern(name))));
        Ok(config.to_string())
    }
}

impl SoFar {
    /// What is known of the file with this hash, also from a round that was interrupted.
    fn read(place: &Place, file: String) -> anyhow::Result<Self> {
        let before = fs::read_to_string(place.kept()).ok().and_then(|text| toml::from_str::<Self>(&text).ok());
        if let Some(mut before) = before.filter(|before| before.file == file) {
            before.collect(place)?;
            return Ok(before);
        }
        // Its places are those of another text.
        let _ = fs::remove_dir_all(place.found());
        let new = Self { file, ends: Ends::default() };
        new.write(place)?;
        Ok(new)
    }

    /// Takes what the last round found.
    fn collect(&mut self, place: &Place) -> anyhow::Result<()> {
        for (end, file) in End::FILES {
            let text = fs::read_to_string(place.found().join(file)).unwrap_or_default();
            text.lines().for_each(|name| self.ends.insert(name.to_owned(), end));
        }
        self.write(place)
    }

    fn write(&self, place: &Place) -> anyhow::Result<()> {
        let path = place.kept();
        fs::write(&path, toml::to_string(self)?).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Where a part is run.
struct Place {
    root: PathBuf,
    out: PathBuf,
}

impl Place {
    fn config(&self) -> PathBuf {
        self.out.join("config.toml")
    }

    fn kept(&self) -> PathBuf {
        self.out.join("so-far.toml")
    }

    /// Where cargo-mutants writes what it finds.
    fn found(&self) -> PathBuf {
        self.out.join("mutants.out")
    }

    fn command(&self, part: &Part, under: &[String]) -> Command {
        let mut words = under.iter();
        let mut command = words.next().map_or_else(|| Command::new(cargo_program()), Command::new);
        if !under.is_empty() {
            command.args(words).arg(cargo_program());
        }
        command.arg("mutants").current_dir(&self.root).arg("--config").arg(self.config());
        command.args(["--package", part.package(), "--colors", "never", "--file"]).arg(part.path_in_workspace());
        command
    }

    /// All mutants of a part.
    fn names(&self, part: &Part) -> anyhow::Result<Vec<String>> {
        let mut command = self.command(part, &[]);
        let output = command.arg("--list").output().with_context(|| format!("cannot run {}", shown(&command)))?;
        if !output.status.success() {
            bail!("{} failed: {}", shown(&command), String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut names: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect();
        names.sort_by_key(|name| place_in_file(name).0);
        Ok(names)
    }

    /// Runs the tests of a round on the mutants that the configuration leaves, and without any.
    fn round(&self, part: &Part, round: &str, under: &[String]) -> anyhow::Result<()> {
        let mut command = self.command(part, under);
        command.args(["--in-place", "--cap-lints", "true", "--timeout", LIMIT, "--build-timeout", "1200"]);
        command.arg("--output").arg(&self.out);
        let (targets, filter) = round.split_once(" -- ").unwrap_or((round, ""));
        // What is given behind the `--` of cargo-mutants is not used where it builds.
        command.args(targets.split_whitespace().map(|word| format!("--cargo-arg={word}")));
        command.arg("--").args(filter.split_whitespace());
        let runner = format!("CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_RUNNER", ARCH.to_uppercase());
        command.env(runner, format!("prlimit --cpu={PROCESSOR_LIMIT}"));
        command.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0").env_remove("CARGO_TARGET_DIR");
        let status = command.status().with_context(|| format!("cannot run {}", shown(&command)))?;
        match status.code() {
            // All were caught, some missed, some did not end.
            Some(0 | 2 | 3) => Ok(()),
            _ => bail!("cargo-mutants failed; the tests must pass without a mutant: {status}"),
        }
    }
}

/// Line and column of a mutant, and what is changed there: `src/f.rs:7:12: replace + with - in f`.
fn place_in_file(name: &str) -> ((u32, u32), &str) {
    let mut words = name.splitn(4, ':').skip(1);
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
    let place = (number(), number());
    (place, words.next().unwrap_or(name).trim())
}

/// What the lists call them: without a place, which changes with every line above, and numbered where they are alike.
fn ids(part: &Part, names: &[String]) -> Vec<String> {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    names
        .iter()
        .map(|name| {
            let what = place_in_file(name).1;
            let count = seen.entry(what).or_default();
            *count += 1;
            let number = if *count == 1 { String::new() } else { format!(" #{count}") };
            format!("{} {what}{number}", part.file)
        })
        .collect()
}

/// The regular expression by which cargo-mutants leaves out this mutant.
fn pattern(name: &str) -> String {
    // An escaped `<` or `>` is the edge of a word.
    let escape = |c: char| if ".+*?()|[]{}^$\\".contains(c) { format!("\\{c}") } else { c.to_string() };
    let escaped = |text: &str| text.chars().map(escape).collect::<String>();
    // cargo-mutants 27.1 compares the names of these before it knows the function.
    match name.split_once(" from struct ") {
        Some((field, _)) => format!("^{} from struct ", escaped(field)),
        None => format!("^{}$", escaped(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_depend_on_lines() {
        let part = Part { file: "icc-queue/f.rs".into(), rounds: Vec::new() };
        let names = [
            "a.rs:7:12: replace + with - in T::f",
            "a.rs:7:19: replace + with - in T::f",
            "a.rs:9:1: replace f -> (u8, u8) with (0, 1)",
        ];
        let ids = ids(&part, &names.map(ToOwned::to_owned));
        let all = ["replace + with - in T::f", "replace + with - in T::f #2", "replace f -> (u8, u8) with (0, 1)"];
        assert_eq!(ids, all.map(|what| format!("icc-queue/f.rs {what}")));
        assert_eq!(place_in_file(names[1]).0, (7, 19));
    }

    #[test]
    fn a_configuration_leaves_out_the_mutants_that_are_named() {
        let tool = Tool { config: "exclude_re = [\"x\"]".into(), under: Vec::new() };
        let name = "f.rs:1:2: replace f<T> -> (u8) with (1)".to_owned();
        let config: toml::Table = tool.config_without(&[&name]).unwrap().parse().unwrap();
        assert_eq!(config["exclude_re"][0].as_str(), Some("x"));
        assert_eq!(
            pattern("f.rs:3:4: delete field a from struct S expression in f"),
            r"^f\.rs:3:4: delete field a from struct "
        );
        assert_eq!(config["exclude_re"][1].as_str(), Some(r"^f\.rs:1:2: replace f<T> -> \(u8\) with \(1\)$"));
    }
}
