//! A copy of the library crates to make changes in, and running tests there.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::check::{Build, Check};
use super::lists::source_file;
use super::mutant::Mutant;
use crate::process;
use crate::workspace::{LIBRARIES, Workspace};

/// What is copied: the crates, and what their builds and tests read.
const COPIED: [&str; 7] =
    ["Cargo.lock", "rust-toolchain.toml", "clippy.toml", "README.md", "CHANGELOG.md", "docs", "crates"];

/// How a test ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    /// With the first line that says why.
    Failed(String),
    /// It did not end in time.
    Late,
}

/// The copy, in a folder below the target directory that the next run uses again.
pub(crate) struct Tree<'a> {
    workspace: &'a Workspace,
    root: PathBuf,
    /// A command that runs all others, and its arguments.
    under: Vec<String>,
}

impl<'a> Tree<'a> {
    /// Makes copy number `number` equal to the workspace as it stands.
    pub(crate) fn new(workspace: &'a Workspace, number: usize, under: Option<&str>) -> anyhow::Result<Self> {
        let root = workspace.target().join("mutants").join(number.to_string());
        let under = under.unwrap_or_default().split_whitespace().map(ToOwned::to_owned).collect();
        let tree = Self { workspace, root, under };
        fs::create_dir_all(&tree.root).with_context(|| format!("cannot create {}", tree.root.display()))?;
        for name in COPIED {
            mirror(&workspace.root().join(name), &tree.root.join(name))?;
        }
        let manifest = fs::read_to_string(workspace.root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
        write_if_new(&tree.root.join("Cargo.toml"), libraries_alone(&manifest)?.as_bytes())?;
        Ok(tree)
    }

    pub(crate) fn crates(&self) -> PathBuf {
        self.root.join("crates")
    }

    /// Makes the change, does `work`, and takes the change back.
    pub(crate) fn changed<R>(&self, mutant: &Mutant, work: impl FnOnce() -> anyhow::Result<R>) -> anyhow::Result<R> {
        let path = source_file(&self.crates(), &mutant.file);
        let original = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let write = |text: &str| fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()));
        write(&mutant.apply(&original)?)?;
        let result = work();
        write(&original)?;
        result
    }

    /// Builds a test binary. `None` if it does not build.
    pub(crate) fn build(&self, binary: (Build, &str, &str)) -> anyhow::Result<Result<PathBuf, String>> {
        let (build, package, target) = binary;
        let mut command = self.command(self.workspace.cargo().get_program());
        command.args([
            "test",
            "--no-run",
            "--offline",
            "--message-format=json-render-diagnostics",
            "--package",
            package,
        ]);
        if target == "lib" {
            command.arg("--lib");
        } else {
            command.args(["--test", target]);
        }
        if build == Build::Loom {
            command.arg("--release");
        }
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target").join(build.name()))
            .env("RUSTFLAGS", build.flags())
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            // A mutant changes one function of many.
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
        let output = command.output().with_context(|| format!("cannot run {}", process::shown(&command)))?;
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
        let listed = process::capture(self.command(executable).args(["--list", "--format", "terse"]))?;
        let check = |test: &str| Check { build, package: package.into(), target: target.into(), test: test.into() };
        Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(check).collect())
    }

    /// Runs one test of a binary.
    pub(crate) fn run(&self, check: &Check, executable: &Path, limit: Duration) -> anyhow::Result<Verdict> {
        let log = self.root.join("log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = self.command(executable);
        command
            .args(["--exact", &check.test, "--nocapture", "--test-threads=1"])
            .current_dir(self.crates().join(&check.package))
            .stdin(Stdio::null())
            .stderr(file.try_clone().context("cannot share the log")?)
            .stdout(file);
        let Some(status) = wait(&mut command, limit)? else { return Ok(Verdict::Late) };
        let printed = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        judge(check, status, &String::from_utf8_lossy(&printed))
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some((first, rest)) = self.under.split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }
}

/// What a test's end and output say. A test that ran none or was ignored proves nothing, so that is an error.
fn judge(check: &Check, status: ExitStatus, printed: &str) -> anyhow::Result<Verdict> {
    if status.success() {
        if printed.contains("test result: ok. 1 passed") {
            return Ok(Verdict::Passed);
        }
        bail!("`{check}` ran no test: it does not exist or is ignored");
    }
    if status.code() == Some(101) && !printed.contains("test result: FAILED") && !printed.contains("panicked at") {
        bail!("`{check}` did not come to its test:\n{printed}");
    }
    // The line after the place, which is the message.
    let mut lines = printed.lines().skip_while(|line| !line.contains("panicked at")).skip(1);
    let why = lines.next().map_or_else(|| status.to_string(), |line| line.trim().to_owned());
    Ok(Verdict::Failed(why))
}

/// Waits for a command's end, up to `limit`; then ends it and all that it started.
fn wait(command: &mut Command, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
    let mut child = command.spawn().with_context(|| format!("cannot run {}", process::shown(command)))?;
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("lost {}", process::shown(command)))? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            let started: Vec<String> = descendants(child.id()).iter().map(ToString::to_string).collect();
            // Whatever ended by itself meanwhile needs no signal.
            let _ = child.kill();
            let _ = child.wait();
            if !started.is_empty() {
                let _ = Command::new("kill").arg("-KILL").args(started).stderr(Stdio::null()).status();
            }
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// All processes that a process started, and those that they started.
fn descendants(parent: u32) -> Vec<u32> {
    let mut found = vec![parent];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    found.remove(0);
    found
}

/// The workspace's manifest with the library crates, and what their tests need, as its only members.
fn libraries_alone(manifest: &str) -> anyhow::Result<String> {
    let mut manifest: toml::Table = manifest.parse().context("cannot understand Cargo.toml")?;
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut).context("no [workspace]")?;
    let members = LIBRARIES.map(|library| toml::Value::String(format!("crates/{library}")));
    workspace.insert("members".into(), toml::Value::Array(members.into()));
    workspace.remove("exclude");
    Ok(manifest.to_string())
}

/// Makes `to` equal to `from`. What is equal already keeps its time, so that nothing is built again for it.
fn mirror(from: &Path, to: &Path) -> anyhow::Result<()> {
    let failed = |what: &str, path: &Path| format!("cannot {what} {}", path.display());
    if !from.is_dir() {
        return write_if_new(to, &fs::read(from).with_context(|| failed("read", from))?);
    }
    fs::create_dir_all(to).with_context(|| failed("create", to))?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from).with_context(|| failed("list", from))? {
        let name = entry.with_context(|| failed("list", from))?.file_name();
        if name == "target" {
            continue;
        }
        mirror(&from.join(&name), &to.join(&name))?;
        names.insert(name);
    }
    for entry in fs::read_dir(to).with_context(|| failed("list", to))? {
        let entry = entry.with_context(|| failed("list", to))?;
        let path = entry.path();
        if !names.contains(&entry.file_name()) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.with_context(|| failed("remove", &path))?;
        }
    }
    Ok(())
}

fn write_if_new(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// The test binaries of one state of the tree, each built when it is first asked for.
pub(crate) struct Binaries<'a> {
    tree: &'a Tree<'a>,
    built: HashMap<(Build, String, String), Result<PathBuf, String>>,
}

impl<'a> Binaries<'a> {
    pub(crate) fn new(tree: &'a Tree<'a>) -> Self {
        Self { tree, built: HashMap::new() }
    }

    pub(crate) fn tree(&self) -> &'a Tree<'a> {
        self.tree
    }

    /// The path of a binary, or what the compiler said.
    pub(crate) fn get(&mut self, binary: (Build, &str, &str)) -> anyhow::Result<&Result<PathBuf, String>> {
        let (build, package, target) = binary;
        let key = (build, package.to_owned(), target.to_owned());
        if !self.built.contains_key(&key) {
            let built = self.tree.build(binary)?;
            self.built.insert(key.clone(), built);
        }
        Ok(&self.built[&key])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn verdict(code: i32, printed: &str) -> anyhow::Result<Verdict> {
        judge(&"loom icc-queue loom a".parse().unwrap(), ExitStatus::from_raw(code << 8), printed)
    }

    #[test]
    fn only_a_test_that_ran_says_anything() {
        assert_eq!(verdict(0, "test a ... ok\ntest result: ok. 1 passed; 0 failed").unwrap(), Verdict::Passed);
        assert!(verdict(0, "test result: ok. 0 passed; 0 failed").is_err());
        assert!(verdict(101, "error: could not compile").is_err());
        let panicked =
            "thread 'a' panicked at tests/loom.rs:3:5:\nmixed\ntest a ... FAILED\ntest result: FAILED. 0 passed";
        assert_eq!(verdict(101, panicked).unwrap(), Verdict::Failed("mixed".into()));
    }

    #[test]
    fn what_is_late_is_ended_with_all_that_it_started() {
        let marker = format!("31.{}", std::process::id());
        let script = format!("sleep {marker} & sleep {marker}");
        assert!(wait(Command::new("sh").args(["-c", &script]), Duration::from_millis(300)).unwrap().is_none());
        let sleeps = |entry: fs::DirEntry| {
            fs::read_to_string(entry.path().join("cmdline")).is_ok_and(|line| line == format!("sleep\0{marker}\0"))
        };
        let running = || fs::read_dir("/proc").unwrap().flatten().any(sleeps);
        // A signal takes its time to arrive.
        let end = Instant::now() + Duration::from_secs(10);
        while running() && Instant::now() < end {
            thread::sleep(Duration::from_millis(10));
        }
        assert!(!running());
    }

    #[test]
    fn the_copy_has_the_library_crates_alone() {
        let manifest = libraries_alone("[workspace]\nmembers = [\"crates/*\", \"xtask\"]\nresolver = \"3\"").unwrap();
        assert!(manifest.contains("crates/icc-vector") && !manifest.contains("xtask"), "{manifest}");
        assert!(libraries_alone("[package]").is_err());
    }
}
