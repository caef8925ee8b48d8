//! Files that a run leaves: found to be writable before anything is measured, and written whole or
//! not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// What stands there is not a file that may be replaced.
    #[error("cannot write {}: it exists and is not a regular file", .0.display())]
    NotAFile(PathBuf),

    /// The system refused.
    #[error("cannot write {}: {}", path.display(), source.kind())]
    Refused {
        /// The file's path.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// A place for a file, found to be writable.
#[derive(Debug)]
pub(crate) struct Destination {
    /// The path as asked for, which messages name.
    asked: PathBuf,
    /// The file itself, behind any symbolic link, so that the link survives.
    file: PathBuf,
}

impl Destination {
    /// Makes sure that a file can be made at `path`, by making one beside it and removing it again.
    ///
    /// # Errors
    ///
    /// [`FileError`] if not, or if `path` is a directory, a device or the like.
    pub(crate) fn check(path: &Path) -> Result<Self, FileError> {
        let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if file.exists() && !file.is_file() || file.file_name().is_none() {
            return Err(FileError::NotAFile(path.to_owned()));
        }
        let destination = Self { asked: path.to_owned(), file };
        destination.temporary()?;
        Ok(destination)
    }

    /// Writes the text whole or not at all: into a temporary file that then takes the place of an
    /// older one.
    ///
    /// # Errors
    ///
    /// [`FileError`]; the older file is then as it was.
    pub(crate) fn write(&self, text: &str) -> Result<(), FileError> {
        let mut temporary = self.temporary()?;
        temporary
            .write_all(text.as_bytes())
            .and_then(|()| temporary.as_file().sync_all())
            .map_err(|source| self.refused(source))?;
        temporary.persist(&self.file).map_err(|error| self.refused(error.error))?;
        Ok(())
    }

    fn temporary(&self) -> Result<tempfile::NamedTempFile, FileError> {
        use std::os::unix::fs::PermissionsExt;

        let directory = match self.file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        tempfile::Builder::new()
            .prefix(".icc-bench-")
            // As an ordinary new file would be: the process's mask takes off what it must.
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(directory)
            .map_err(|source| self.refused(source))
    }

    fn refused(&self, source: io::Error) -> FileError {
        FileError::Refused { path: self.asked.clone(), source }
    }
}

/// A directory for files whose names are known only once there is something to write.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes the directory if there is none, and makes sure that files can be made in it.
    ///
    /// # Errors
    ///
    /// [`FileError`] if not.
    pub(crate) fn check(path: &Path) -> Result<Self, FileError> {
        std::fs::create_dir_all(path).map_err(|source| FileError::Refused { path: path.to_owned(), source })?;
        Destination::check(&path.join("latency.svg"))?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a file in it, as [`Destination::write`] does.
    ///
    /// # Errors
    ///
    /// [`FileError`]; an older file is then as it was.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), FileError> {
        Destination::check(&self.0.join(name))?.write(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.json");
        let link = directory.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::fs::write(&path, "older and longer").unwrap();
        let destination = Destination::check(&link).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "older and longer");
        destination.write("newer").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "newer");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_beforehand() {
        let directory = tempfile::tempdir().unwrap();
        let absent = directory.path().join("absent/out.json");
        let error = Destination::check(&absent).unwrap_err();
        assert!(matches!(error, FileError::Refused { ref path, .. } if *path == absent));
        for place in [directory.path(), Path::new("/dev/null"), Path::new("/")] {
            let error = Destination::check(place).unwrap_err();
            assert!(matches!(error, FileError::NotAFile(_)), "{error}");
        }
    }

    #[test]
    fn a_directory_is_made_and_one_in_the_way_of_a_file_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let directory = Directory::check(&path).unwrap();
        directory.write("x.svg", "picture").unwrap();
        assert_eq!(std::fs::read_to_string(path.join("x.svg")).unwrap(), "picture");
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
        assert!(matches!(Directory::check(&path.join("x.svg")), Err(FileError::Refused { .. })));
    }
}
