//! Files that nobody sees before they are finished.
//!
//! A draft is a file without a name (`O_TMPFILE`), which the kernel frees if its creator dies. Some
//! file systems do not support that. There a draft has a name that no buffer has, and its creator
//! holds a lock on it. The next process that creates a buffer in the same directory removes the
//! drafts that are no longer locked.

use super::liveness::{DRAFT_BYTE, is_locked, lock_failed, try_lock};
use super::{file, name};
use crate::BufferError;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::libc;
use nix::sys::statvfs::statvfs;
use nix::unistd::linkat;
use std::ffi::CString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &str = ".icc-draft.";

/// A file that will be at `path` once it is [published](Self::publish). If it is dropped before
/// that, it leaves nothing.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    path: PathBuf,
    /// Its name until then, if it needs one.
    name: Option<PathBuf>,
}

impl Draft {
    pub(super) fn new(path: &Path, mode: u32) -> Result<Self, BufferError> {
        let directory = name::directory(path);
        let file = match Self::nameless(directory) {
            Ok(file) => file,
            // The file system, or a kernel before 3.11, does not know how; or `/proc` is missing,
            // to give it a name later.
            Err(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::ENOSYS | Errno::EINVAL) => {
                return Self::named(path, mode);
            }
            Err(Errno::ENOENT | Errno::ENOTDIR) => {
                return Err(BufferError::NoDirectory { path: directory.to_owned() });
            }
            Err(errno) => return Err(not_created(errno, path, directory)),
        };
        Self::with_mode(Self { file, path: path.to_owned(), name: None }, mode)
    }

    fn nameless(directory: &Path) -> Result<File, Errno> {
        if !file::has_proc() {
            return Err(Errno::ENOSYS);
        }
        let mut create = OpenOptions::new();
        create.read(true).write(true).mode(0o600).custom_flags(libc::O_TMPFILE);
        create.open(directory).map_err(errno_of)
    }

    /// With its own name, and a lock that shows that its creator is alive.
    fn named(path: &Path, mode: u32) -> Result<Self, BufferError> {
        const ATTEMPTS: u32 = 100;
        let directory = name::directory(path);
        remove_abandoned(directory);
        for attempt in 0..ATTEMPTS {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            let name = directory.join(format!("{PREFIX}{}.{now}.{attempt}", std::process::id()));
            let mut create = OpenOptions::new();
            create.read(true).write(true).mode(0o600).create_new(true).custom_flags(libc::O_NOFOLLOW);
            let file = match create.open(&name).map_err(errno_of) {
                Ok(file) => file,
                Err(Errno::EEXIST) => continue,
                Err(Errno::ENOENT | Errno::ENOTDIR) => {
                    return Err(BufferError::NoDirectory { path: directory.to_owned() });
                }
                Err(errno) => return Err(not_created(errno, path, directory)),
            };
            let draft = Self { file, path: path.to_owned(), name: Some(name) };
            match try_lock(&draft.file, DRAFT_BYTE) {
                // Between the two steps somebody may have considered it abandoned and removed it.
                // Locked and still there, it is safe.
                Ok(true) if draft.name.as_ref().is_some_and(|name| name.exists()) => {
                    return Self::with_mode(draft, mode);
                }
                Ok(_) => {}
                Err(errno) => return Err(lock_failed(errno, path, "lock the draft of")),
            }
        }
        Err(BufferError::Io { path: path.to_owned(), doing: "find a free name for the draft of", code: libc::EEXIST })
    }

    /// Exactly the mode asked for, whatever the umask.
    fn with_mode(self, mode: u32) -> Result<Self, BufferError> {
        let mode = Permissions::from_mode(mode);
        self.file
            .set_permissions(mode)
            .map_err(|error| file::failed_io(&error, &self.path, "set the mode of"))
            .map(|()| self)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Locks the file, if it is not locked yet, to show that its creator is alive.
    pub(super) fn hold(&self) -> Result<(), BufferError> {
        match try_lock(&self.file, DRAFT_BYTE) {
            Ok(_) => Ok(()),
            Err(errno) => Err(lock_failed(errno, &self.path, "lock the draft of")),
        }
    }

    /// Puts the file in its place, in one step. Fails if something is there already.
    pub(super) fn publish(mut self) -> Result<(), BufferError> {
        let (from, follow) = match &self.name {
            Some(name) => (name.clone(), AtFlags::empty()),
            None => (file::of_descriptor(&self.file), AtFlags::AT_SYMLINK_FOLLOW),
        };
        match linkat(AT_FDCWD, &from, AT_FDCWD, &self.path, follow) {
            Ok(()) => Ok(()),
            // A file system without hard links, or for this file.
            Err(Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EMLINK) if self.name.is_some() => {
                rename_without_replacing(&from, &self.path)?;
                self.name = None;
                Ok(())
            }
            Err(errno @ (Errno::EOPNOTSUPP | Errno::ENOSYS)) => {
                Err(BufferError::NoLinks { path: self.path.clone(), code: errno as i32 })
            }
            Err(Errno::ENOENT) if self.name.is_none() && !file::has_proc() => {
                Err(BufferError::NoProc { path: self.path.clone(), doing: "put in place" })
            }
            // It has gone meanwhile.
            Err(Errno::ENOENT) => Err(BufferError::NoDirectory { path: name::directory(&self.path).to_owned() }),
            Err(errno) => Err(file::failed(errno, &self.path, "put in place")),
        }
    }
}

fn rename_without_replacing(from: &Path, to: &Path) -> Result<(), BufferError> {
    let bad = |_| BufferError::BadName { name: to.to_owned(), reason: "it contains a zero byte" };
    let old = CString::new(from.as_os_str().as_encoded_bytes()).map_err(bad)?;
    let new = CString::new(to.as_os_str().as_encoded_bytes()).map_err(bad)?;
    // By number, because not every C library has it.
    // SAFETY: both paths are strings that end in a zero byte and live until after the call; the
    // others are numbers.
    let done = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            old.as_ptr(),
            libc::AT_FDCWD,
            new.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    match Errno::result(done) {
        Ok(_) => Ok(()),
        Err(errno @ (Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP)) => {
            Err(BufferError::NoLinks { path: to.to_owned(), code: errno as i32 })
        }
        Err(errno) => Err(file::failed(errno, to, "put in place")),
    }
}

fn errno_of(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EINVAL))
}

/// Why there can be no draft in that directory.
fn not_created(errno: Errno, path: &Path, directory: &Path) -> BufferError {
    match errno {
        Errno::ENOSPC if statvfs(directory).is_ok_and(|system| system.files() > 0 && system.files_available() == 0) => {
            BufferError::NoInodes { path: path.to_owned() }
        }
        errno => file::failed(errno, path, "create"),
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // If this fails, the next creator in this directory removes it.
            let _ = fs::remove_file(name);
        }
    }
}

/// Removes the drafts whose creators have died. Those of other users are left to them.
fn remove_abandoned(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
        let mut open = OpenOptions::new();
        open.read(true).write(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        if let Ok(draft) = open.open(entry.path())
            // Others may only have locked it for reading, once its creator had given it its mode,
            // and it was locked by the creator before that.
            && (try_lock(&draft, DRAFT_BYTE) == Ok(true) || is_locked(&draft, DRAFT_BYTE) == Ok(false))
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use nix::fcntl::{FcntlArg, fcntl};

    type Make = fn(&Path, u32) -> Result<Draft, BufferError>;
    const WAYS: [Make; 2] = [Draft::new, Draft::named];

    fn names(directory: &Path) -> Vec<String> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn drafts_appear_when_published_and_leave_nothing_else() {
        for make in WAYS {
            let directory = tempfile::tempdir_in("/dev/shm").unwrap();
            let path = directory.path().join("buffer");
            let draft = make(&path, 0o640).unwrap();
            draft.file().set_len(7).unwrap();
            assert!(!path.exists());
            draft.publish().unwrap();
            assert_eq!(names(directory.path()), ["buffer"]);
            let found = fs::metadata(&path).unwrap();
            assert_eq!((found.len(), found.permissions().mode() & 0o7777), (7, 0o640));

            // Not over something that exists.
            let second = make(&path, 0o600).unwrap().publish();
            assert_eq!(second, Err(BufferError::AlreadyExists { path: path.clone() }));
            drop(make(&path, 0o600).unwrap());
            assert_eq!(names(directory.path()), ["buffer"]);
            assert_eq!(fs::metadata(&path).unwrap().len(), 7);
        }
    }

    #[test]
    fn drafts_of_the_dead_are_removed_and_those_of_the_living_not() {
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        let path = directory.path().join("buffer");
        let living = Draft::named(&path, 0o600).unwrap();
        let dead = directory.path().join(".icc-draft.1.2.3");
        fs::write(&dead, b"of one that died").unwrap();
        // Locked by a process that may only read it.
        let reader = File::open(&dead).unwrap();
        let lock = libc::flock {
            l_type: libc::F_RDLCK as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: DRAFT_BYTE,
            l_len: 1,
            l_pid: 0,
        };
        fcntl(&reader, FcntlArg::F_OFD_SETLK(&lock)).unwrap();
        fs::write(directory.path().join("other"), b"of somebody else").unwrap();
        let another = Draft::named(&path, 0o600).unwrap();
        let left = names(directory.path());
        assert!(!left.iter().any(|name| name == ".icc-draft.1.2.3"), "{left:?}");
        assert_eq!(left.len(), 3, "{left:?}");
        living.publish().unwrap();
        assert!(another.publish().is_err());
        let mut left = names(directory.path());
        left.sort();
        assert_eq!(left, ["buffer", "other"]);
    }
}
