//! Where the workspace is, what is in it, and how to call cargo on it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::{lint, process};

/// The crates that users depend on, lowest layer first. Models, sanitizers and cross-builds run on
/// these.
pub(crate) const LIBRARIES: [&str; 4] = ["icc-seqlock", "icc-buffer", "icc-queue", "icc-vector"];

/// The other packages that are published, those that others depend on first.
pub(crate) const OTHERS: [&str; 6] =
    ["icc-schema-derive", "icc-schema", "icc-async", "icc-trace", "icc-bench", "icc-cli"];

/// Those of the other packages that are built for loom as well, and take their atomics from the
/// shim.
pub(crate) const MODELLED: [&str; 1] = ["icc-async"];

/// Whether the tests of a crate that have this name are models.
fn is_model(test: &str) -> bool {
    ["loom", "shuttle"].iter().any(|checker| test.starts_with(checker))
}

/// The workspace this program belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    /// What lints all that is compiled, if it is.
    linter: Option<PathBuf>,
    /// Whether its programs have been built, with all else.
    is_built: bool,
}

/// How something is built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Build {
    Release,
    /// As tests are, where no figure counts: most of it is there then.
    Dev,
}

impl Workspace {
    /// Asks cargo about the workspace around this package.
    ///
    /// # Errors
    ///
    /// When cargo cannot load it.
    pub(crate) fn find() -> anyhow::Result<Self> {
        // Cargo sets the variable when it runs us; the path at build time serves when the program
        // is called directly.
        let package =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        // Called from the user's directory: a relative CARGO_TARGET_DIR starts there.
        let metadata = process::capture(
            Command::new(cargo_program())
                .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
                .arg(package.join("Cargo.toml")),
        )?;
        let metadata: Value =
            serde_json::from_str(&metadata).context("cannot read what cargo says of the workspace")?;
        let path = |key: &str| {
            let value = metadata.get(key).and_then(Value::as_str);
            value.map(PathBuf::from).with_context(|| format!("cargo does not say the workspace's {key}"))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")?, linter: None, is_built: false })
    }

    /// The same, but all that is compiled of it is linted meanwhile, warnings denied: to check all that it needs for lints
    /// alone takes as long as to build it.
    ///
    /// # Errors
    ///
    /// If the linter cannot be put where cargo can call it.
    pub(crate) fn linting(&self) -> anyhow::Result<Self> {
        // Found once: this program may be built anew meanwhile.
        let linter = match &self.linter {
            Some(linter) => linter.clone(),
            None => lint::program(&self.root, &self.target)?,
        };
        Ok(Self { linter: Some(linter), ..self.clone() })
    }

    /// The same, when `cargo build --workspace --all-targets` has built it.
    pub(crate) fn built(&self) -> Self {
        Self { is_built: true, ..self.clone() }
    }

    pub(crate) fn is_built(&self) -> bool {
        self.is_built
    }

    /// What lints all that is compiled, if it is.
    pub(crate) fn linter(&self) -> Option<&Path> {
        self.linter.as_deref()
    }

    /// A directory below the target directory, for builds with flags of their own.
    pub(crate) fn own_directory(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The directory of one of our crates.
    pub(crate) fn crate_dir(&self, name: &str) -> PathBuf {
        self.root.join("crates").join(name)
    }

    /// The crates that have loom models.
    pub(crate) fn crates_with_models(&self) -> Vec<&'static str> {
        let has_models = |name: &&str| self.crate_dir(name).join("tests/loom.rs").is_file();
        LIBRARIES.into_iter().chain(MODELLED).filter(has_models).collect()
    }

    /// The names of a crate's integration tests, without its models, sorted.
    pub(crate) fn integration_tests(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let mut tests = self.test_targets(name)?;
        tests.retain(|test| !is_model(test));
        Ok(tests)
    }

    /// The names of a crate's tests that are models, sorted: they begin with `loom` or `shuttle`.
    pub(crate) fn models(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let mut tests = self.test_targets(name)?;
        tests.retain(|test| is_model(test));
        Ok(tests)
    }

    fn test_targets(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let dir = self.crate_dir(name).join("tests");
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let mut tests = Vec::new();
        for entry in dir.read_dir().with_context(|| format!("cannot list {}", dir.display()))? {
            let path = entry.with_context(|| format!("cannot list {}", dir.display()))?.path();
            // The two layouts that cargo finds by itself: tests/name.rs and tests/name/main.rs.
            let is_test = path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file();
            match path.file_stem().and_then(|stem| stem.to_str()) {
                Some(stem) if is_test => tests.push(stem.to_owned()),
                _ => {}
            }
        }
        tests.sort();
        Ok(tests)
    }

    /// The cargo that runs us, called from the workspace's root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.cargo_here();
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs us, called from the user's directory. It needs `--manifest-path`.
    pub(crate) fn cargo_here(&self) -> Command {
        let mut command = Command::new(cargo_program());
        // The absolute path: a relative one would mean another directory in the root.
        command.env("CARGO_TARGET_DIR", &self.target);
        if let Some(linter) = &self.linter {
            lint::set(&mut command, linter);
        }
        // Most of what is built here is built once: what a later build could use of it takes a fifth of the time.
        if env::var_os("CARGO_INCREMENTAL").is_none() {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// A program of the package that is called so, from the user's directory.
    ///
    /// If all is built, then as it was: alone, what it needs would have other features, and be built once more.
    pub(crate) fn program(&self, build: Build, name: &str) -> Command {
        let built = self.built_program(name);
        if build == Build::Dev && self.is_built && built.is_file() {
            return Command::new(built);
        }
        let mut cargo = self.cargo_here();
        cargo.args(["run", "--quiet", "--package", name, "--bin", name]);
        if build == Build::Release {
            cargo.arg("--release");
        }
        cargo.arg("--manifest-path").arg(self.root.join("Cargo.toml")).arg("--");
        cargo
    }

    /// Where a program lies when all is built.
    pub(crate) fn built_program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// Nightly's cargo, called from the workspace's root.
    ///
    /// # Errors
    ///
    /// When rustup or its nightly toolchain is missing, with the command that installs it.
    pub(crate) fn nightly_cargo(&self) -> anyhow::Result<Command> {
        let probe = process::capture(Command::new("rustup").args(["run", "nightly", "cargo", "--version"]));
        match probe {
            Ok(_) => {}
            Err(error) if error.is_missing() => {
                bail!("this needs rustup and a nightly toolchain: see https://rustup.rs")
            }
            Err(_) => bail!("this needs a nightly toolchain: rustup toolchain install nightly --profile minimal"),
        }
        let mut command = Command::new("rustup");
        command.args(["run", "nightly", "cargo"]).current_dir(&self.root);
        Ok(command)
    }
}

fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// What builds with flags of its own, in a directory of its own, so that it does not throw away
/// other builds.
pub(crate) trait OwnBuild {
    /// Adds `flags` to the compiler's flags and builds in `directory` below the workspace's target
    /// directory.
    fn own_build(&mut self, workspace: &Workspace, directory: &str, flags: &str) -> &mut Self;

    /// Builds with another compiler, whose lints are not asked.
    fn compiled_by(&mut self, compiler: &Path) -> &mut Self;

    /// Names the packages to work on.
    fn packages<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> &mut Self;
}

impl OwnBuild for Command {
    fn own_build(&mut self, workspace: &Workspace, directory: &str, flags: &str) -> &mut Self {
        let mut all: OsString = env::var_os("RUSTFLAGS").unwrap_or_default();
        if !all.is_empty() {
            all.push(" ");
        }
        all.push(flags);
        // The encoded variable would win over the plain one and lose our flags.
        self.env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", all)
            .env("CARGO_TARGET_DIR", workspace.own_directory(directory))
    }

    fn compiled_by(&mut self, compiler: &Path) -> &mut Self {
        lint::unset(self);
        self.env("RUSTC", compiler).env_remove("RUSTC_WRAPPER")
    }

    fn packages<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.args(names.into_iter().flat_map(|name| ["--package", name]))
    }
}
