//! Finding buffers: by name, and all of a directory.

use crate::exit::Failure;
use crate::text;
use icc_buffer::{BufferError, Inspected, inspect};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Where bare names are.
pub(crate) const SHARED_MEMORY: &str = "/dev/shm";
/// Directories within directories that are searched.
const DEPTH: usize = 3;
/// What the files beside a ring end in, or have in their names.
const READERS: &str = ".readers";
const GROUP: &str = ".group-";

/// A file that begins as buffers do.
#[derive(Debug)]
pub(crate) struct Found {
    /// As it is shown, from the directory on: nothing in it moves a terminal.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// What the header says, or what is wrong with it.
    pub(crate) header: Result<Box<Inspected>, BufferError>,
}

/// What is in a directory.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The buffers, by name, without the files beside rings.
    pub(crate) buffers: Vec<Found>,
    /// Buffers that are gone, but left a file of their readers or groups.
    pub(crate) left: Vec<PathBuf>,
    /// Files that this user may not read: buffers, or anything.
    pub(crate) unreadable: usize,
}

/// Where a name leads: a bare one to `/dev/shm`; a path to itself, or, if nothing is there, into
/// `/dev/shm` as well, so that `icc tail` takes what `icc ls` shows.
pub(crate) fn resolve(name: &Path) -> PathBuf {
    let shared = Path::new(SHARED_MEMORY).join(name);
    let is_bare = !name.as_os_str().as_encoded_bytes().contains(&b'/');
    if is_bare || (name.is_relative() && fs::symlink_metadata(name).is_err() && fs::symlink_metadata(&shared).is_ok()) {
        shared
    } else {
        name.to_owned()
    }
}

/// The header of the buffer with this name, at the path that it leads to.
pub(crate) fn find(name: &Path) -> anyhow::Result<Inspected> {
    inspect(resolve(name)).map_err(failure)
}

/// What a user is told who named something that is no buffer.
pub(crate) fn failure(error: BufferError) -> anyhow::Error {
    match error {
        BufferError::NotFound { .. } => Failure::NotFound(error.to_string()).into(),
        error => error.into(),
    }
}

/// All buffers in a directory, and in those below it.
pub(crate) fn list(directory: &Path) -> anyhow::Result<Listing> {
    let mut listing = Listing::default();
    let entries = fs::read_dir(directory).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow::Error::new(Failure::NotFound(format!("no directory {}", directory.display())))
        }
        _ => anyhow::anyhow!("could not list {}: {error}", directory.display()),
    })?;
    visit(entries, "", DEPTH, &mut listing);
    listing.buffers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(listing)
}

fn visit(entries: fs::ReadDir, prefix: &str, depth: usize, listing: &mut Listing) {
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", text::shown_name(entry.file_name()));
        // Without following links, which nothing of ours is reached through.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            match fs::read_dir(entry.path()) {
                Ok(entries) if depth > 1 => visit(entries, &format!("{name}/"), depth - 1, listing),
                _ => {}
            }
        } else if let Some(ring) = ring_of(&entry.path()) {
            // Without following links, as above: what is there is the ring, whatever it is.
            if metadata.is_file() && fs::symlink_metadata(&ring).is_err() && !listing.left.contains(&ring) {
                listing.left.push(ring);
            }
        } else if metadata.is_file() && !is_beside(&name) {
            match look(name, entry.path(), &metadata) {
                Ok(found) => listing.buffers.extend(found),
                Err(()) => listing.unreadable += 1,
            }
        }
    }
}

/// The ring that `NAME.INSTANCE.readers` or `NAME.INSTANCE.group-G` is beside; none if the file is called
/// otherwise.
fn ring_of(path: &Path) -> Option<PathBuf> {
    let file = path.file_name()?.as_bytes();
    let group = || file.windows(GROUP.len()).rposition(|part| part == GROUP.as_bytes()).map(|at| &file[..at]);
    let name = file.strip_suffix(READERS.as_bytes()).or_else(group)?;
    let (ring, instance) = name.split_at_checked(name.len().checked_sub(17)?)?;
    let is_one = !ring.is_empty() && instance[0] == b'.' && instance[1..].iter().all(u8::is_ascii_hexdigit);
    is_one.then(|| path.with_file_name(OsStr::from_bytes(ring)))
}

/// Whether it is a file beside a ring, or one that is being made.
fn is_beside(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.ends_with(READERS) || file.contains(GROUP) || file.starts_with(".icc-draft.")
}

/// The buffer in a file; none if it is something else.
fn look(name: String, path: PathBuf, metadata: &Metadata) -> Result<Option<Found>, ()> {
    let header = match inspect(&path) {
        Ok(inspected) => Ok(Box::new(inspected)),
        Err(BufferError::WrongMagic { .. } | BufferError::NotFound { .. } | BufferError::NotRegularFile { .. }) => {
            return Ok(None);
        }
        Err(BufferError::PermissionDenied { .. }) => return Err(()),
        // Shorter than a header, perhaps because somebody truncated it.
        Err(BufferError::TooSmall { .. }) if !begins_as_a_buffer(&path) => return Ok(None),
        Err(error) => Err(error),
    };
    Ok(Some(Found { name, path, size: metadata.len(), header }))
}

fn begins_as_a_buffer(path: &Path) -> bool {
    use std::io::Read as _;
    let mut magic = [0; 8];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"ICCBUFFR"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_readers() {
        let of = |name: &str| ring_of(&Path::new("/dev/shm").join(name));
        assert_eq!(of("quotes.00ff00ff00ff00ff.readers"), Some(PathBuf::from("/dev/shm/quotes")));
        assert_eq!(of("quotes.00ff00ff00ff00ff.group-a"), Some(PathBuf::from("/dev/shm/quotes")));
        for other in [
            "quotes.readers",
            "quotes.group-a",
            ".00ff00ff00ff00ff.readers",
            "quotes.00ff00ff00ff00fg.readers",
            "é.readers",
            "quotes",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
