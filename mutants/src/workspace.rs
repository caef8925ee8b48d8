//! Where the sources are, and how to call cargo on them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::process::shown;

/// The crates whose operations and steps are made wrong, lowest layer first.
pub(crate) const LIBRARIES: [&str; 6] =
    ["icc-seqlock", "icc-buffer", "icc-queue", "icc-vector", "icc-async", "icc-trace"];

/// The workspace this package belongs to.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo about the workspace around this package.
    ///
    /// # Errors
    ///
    /// When cargo cannot load it.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let package =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let mut command = Command::new(cargo_program());
        command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
        command.arg(package.join("Cargo.toml"));
        let output = command.output().with_context(|| format!("cannot run {}", shown(&command)))?;
        if !output.status.success() {
            bail!("{} failed: {}", shown(&command), String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Value =
            serde_json::from_slice(&output.stdout).context("cannot read what cargo says of the workspace")?;
        let path = |key: &str| {
            let value = metadata.get(key).and_then(Value::as_str);
            value.map(PathBuf::from).with_context(|| format!("cargo does not say the workspace's {key}"))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn crates(&self) -> PathBuf {
        self.root.join("crates")
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The test binaries of a crate: its loom models, which begin with `loom`, or all others.
    pub(crate) fn test_targets(&self, name: &str, models: bool) -> anyhow::Result<Vec<String>> {
        let dir = self.crates().join(name).join("tests");
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let mut tests = Vec::new();
        for entry in dir.read_dir().with_context(|| format!("cannot list {}", dir.display()))? {
            let path = entry.with_context(|| format!("cannot list {}", dir.display()))?.path();
            // The two layouts that cargo finds by itself: tests/name.rs and tests/name/main.rs.
            let is_test = path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file();
            match path.file_stem().and_then(|stem| stem.to_str()) {
                Some(stem) if is_test && stem.starts_with("loom") == models => tests.push(stem.to_owned()),
                _ => {}
            }
        }
        tests.sort();
        Ok(tests)
    }
}

/// The cargo that runs us.
pub(crate) fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A file as the lists call it (`icc-queue/mpmc.rs`), below the workspace's root.
pub(crate) fn source_path(file: &str) -> String {
    let (library, below) = file.split_once('/').unwrap_or((file, "lib.rs"));
    format!("crates/{library}/src/{below}")
}

/// The same below a folder of crates.
pub(crate) fn source_file(crates: &Path, file: &str) -> PathBuf {
    let path = source_path(file);
    crates.join(path.trim_start_matches("crates/"))
}
