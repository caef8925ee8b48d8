//! Names of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A name in shared memory that no other test or process uses. Whatever is there is removed at the
/// end, also of a test that fails.
#[derive(Debug)]
pub struct Name(PathBuf);

impl Name {
    /// A name with nothing there.
    #[must_use]
    pub fn new(test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Relaxed);
        Self(PathBuf::from(format!("/dev/shm/icc-test-{test}-{}-{count}", std::process::id())))
    }

    /// A directory of this name.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[must_use]
    pub fn directory(test: &str) -> Self {
        let name = Self::new(test);
        fs::create_dir(&name.0).expect("nobody else uses the name");
        name
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Name {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        match fs::symlink_metadata(&self.0) {
            Ok(found) if found.is_dir() => drop(fs::remove_dir_all(&self.0)),
            _ => {
                drop(fs::remove_file(&self.0));
                self.remove_files_beside();
            }
        }
    }
}

impl Name {
    /// The files of readers and groups, which are named after it.
    fn remove_files_beside(&self) {
        let (Some(directory), Some(name)) = (self.0.parent(), self.0.file_name().and_then(|name| name.to_str())) else {
            return;
        };
        for found in fs::read_dir(directory).into_iter().flatten().flatten() {
            let of_it = |found: &str| found.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            if found.file_name().to_str().is_some_and(of_it) {
                drop(fs::remove_file(found.path()));
            }
        }
    }
}
