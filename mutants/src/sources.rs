//! A tree of sources, and building and running tests there: the workspace itself, or a copy of it
//! to make changes in.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::check::{Build, Check};
use crate::cli::Cli;
use crate::copy;
use crate::process::{shown, wait};
use crate::step::Step;
use crate::verdict::{Verdict, judge};
use crate::workspace::{Workspace, cargo_program, source_file};

/// A tree of sources.
pub(crate) struct Sources {
    root: PathBuf,
    /// Where each build has a target directory of its own.
    target: PathBuf,
    is_copy: bool,
    /// A command that runs all others, and its arguments.
    under: Vec<String>,
}

impl Sources {
    /// The workspace itself. Its models are those that `cargo xtask loom` builds.
    pub(crate) fn here(workspace: &Workspace, under: Option<&str>) -> Self {
        Self {
            root: workspace.root().to_owned(),
            target: workspace.target().to_owned(),
            is_copy: false,
            under: words(under),
        }
    }

    /// A copy for each mutant that is to run at once.
    pub(crate) fn copies(workspace: &Workspace, args: &Cli) -> anyhow::Result<Vec<Self>> {
        (0..args.jobs).map(|number| Self::copy(workspace, number, args.under.as_deref())).collect()
    }

    /// Copy number `number`, made equal to the workspace as it stands. The next run uses its folder
    /// again.
    fn copy(workspace: &Workspace, number: usize, under: Option<&str>) -> anyhow::Result<Self> {
        let root = workspace.target().join("mutants").join(number.to_string());
        copy::libraries(workspace, &root)?;
        let target = root.join("target");
        Ok(Self { root, target, is_copy: true, under: words(under) })
    }

    pub(crate) fn crates(&self) -> PathBuf {
        self.root.join("crates")
    }

    /// Makes the change in this copy, does `work`, and takes the change back.
    pub(crate) fn changed<R>(&self, step: &Step, work: impl FnOnce() -> anyhow::Result<R>) -> anyhow::Result<R> {
        if !self.is_copy {
            bail!("only copies are changed");
        }
        let path = source_file(&self.crates(), &step.file);
        let original = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let write = |text: &str| fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()));
        write(&step.apply(&original)?)?;
        let result = work();
        write(&original)?;
        result
    }

    /// Builds a test binary. The inner error is what the compiler said.
    pub(crate) fn build(&self, binary: (Build, &str, &str)) -> anyhow::Result<Result<PathBuf, String>> {
        let (build, package, target) = binary;
        let mut command = self.command(cargo_program());
        command.args(["test", "--no-run", "--message-format=json-render-diagnostics", "--package", package]);
        if target == "lib" {
            command.arg("--lib");
        } else {
            command.args(["--test", target]);
        }
        if build == Build::Loom {
            command.args(["--profile", "models"]);
        }
        command.current_dir(&self.root).env_remove("CARGO_ENCODED_RUSTFLAGS");
        command.env("RUSTFLAGS", build.flags()).env("CARGO_TARGET_DIR", self.target.join(build.name()));
        if self.is_copy {
            // What a mutant leaves unused is no news, and it changes one function of many.
            command.arg("--offline").env("RUSTFLAGS", format!("-A warnings {}", build.flags()));
            command.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_MODELS_DEBUG", "0");
        }
        let output = command.output().with_context(|| format!("cannot run {}", shown(&command)))?;
        if !output.status.success() {
            return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        let executable = |line: &str| {
            let message: Value = serde_json::from_str(line).ok()?;
            Some(PathBuf::from(message.get("executable")?.as_str()?))
        };
        let messages = String::from_utf8_lossy(&output.stdout);
        let found = messages.lines().filter_map(executable).next_back();
        found.map(Ok).with_context(|| format!("cargo built no test {target} of {package}"))
    }

    /// The tests in a binary.
    pub(crate) fn tests(&self, binary: (Build, &str, &str), executable: &Path) -> anyhow::Result<Vec<Check>> {
        let (build, package, target) = binary;
        let mut command = self.command(executable);
        let output = command.args(["--list", "--format", "terse"]).output();
        let output = output.with_context(|| format!("cannot run {}", shown(&command)))?;
        let listed = String::from_utf8_lossy(&output.stdout);
        let check = |test: &str| Check { build, package: package.into(), target: target.into(), test: test.into() };
        Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(check).collect())
    }

    /// Runs one test of a binary, in a model with one operation weakened if it is told which.
    pub(crate) fn run(
        &self,
        check: &Check,
        executable: &Path,
        limit: Duration,
        weaken: Option<&str>,
    ) -> anyhow::Result<Verdict> {
        // A file and no pipe, which a process that outlives the test would keep open.
        let mut log = tempfile::tempfile().context("cannot create a temporary file")?;
        let mut command = self.command(executable);
        command
            .args(["--exact", &check.test, "--nocapture", "--test-threads=1"])
            .current_dir(self.crates().join(&check.package))
            .stdin(Stdio::null())
            .stderr(log.try_clone().context("cannot share the log")?)
            .stdout(log.try_clone().context("cannot share the log")?)
            .env_remove("ICC_WEAKEN")
            .envs(weaken.map(|weaken| ("ICC_WEAKEN", weaken)));
        let Some(status) = wait(&mut command, limit)? else { return Ok(Verdict::Late) };
        let mut printed = Vec::new();
        log.rewind().and_then(|()| log.read_to_end(&mut printed)).context("cannot read the log")?;
        judge(check, status, &String::from_utf8_lossy(&printed), weaken.is_some())
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some((first, rest)) = self.under.split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }
}

/// The words of a command that runs others.
pub(crate) fn words(under: Option<&str>) -> Vec<String> {
    under.unwrap_or_default().split_whitespace().map(ToOwned::to_owned).collect()
}
