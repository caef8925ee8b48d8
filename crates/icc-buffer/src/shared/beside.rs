//! Files beside a buffer, which its readers write: `NAME.INSTANCE.readers`, and
//! `NAME.INSTANCE.group-G` for each group of them.
//!
//! Several files are not one step. Those beside a buffer get their names first, while their creator
//! holds the draft lock on each; the buffer's own name is the commit. [`remove`](super::remove) takes
//! them in the other order. So a file whose instance is not that of the buffer of that name, and
//! that nobody has locked, belongs to nobody: whoever creates, opens-or-creates or removes a buffer
//! of that name sweeps it.

use super::draft::Draft;
use super::file::{self, Access};
use super::liveness::{DRAFT_BYTE, is_locked};
use super::mapping::Mapping;
use super::{HugePages, Options, Owner, check, name, reserve};
use crate::header::{Header, MAGIC};
use crate::{BufferError, Kind};
use core::mem::offset_of;
use icc_seqlock::primitive::step;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// What the headers of such files say.
pub(super) const READERS: Kind = Kind::new("readers");
pub(super) const GROUP: Kind = Kind::new("group");

/// What a file beside a buffer is to be: lines behind a header.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    pub(super) kind: Kind,
    /// That of the buffer.
    pub(super) instance: u64,
    /// Of the lines.
    pub(super) bytes: usize,
}

impl Beside {
    /// What the header must say: everything but when and by whom it was made.
    fn header(self) -> Header {
        Header::of_lines(self.kind, self.instance, self.bytes)
    }

    /// Header and lines.
    fn size(self) -> u64 {
        (crate::layout::HEADER_BYTES + self.bytes) as u64
    }

    /// Makes such memory of an empty file that nobody else knows of.
    pub(super) fn build(self, file: File, path: &Path, options: &Options) -> Result<Mapping, BufferError> {
        let size = self.size().next_multiple_of(file::granule(&file, path)?);
        let options = Options { huge_pages: HugePages::None, ..options.clone() };
        reserve::resize(&file, size, path)?;
        let mapping = Mapping::new(file, size, Access::ReadWrite, path)?;
        mapping.reserve(&options)?;
        mapping.prepare(&options)?;
        let header = self.header();
        check::write_header(&mapping, &header);
        check::publish_header(&mapping, &header);
        Ok(mapping)
    }

    /// Maps such a file, which has at least the bytes that this says, once its header was checked.
    pub(super) fn attach(
        self,
        file: File,
        path: &Path,
        access: Access,
        options: &Options,
    ) -> Result<Mapping, BufferError> {
        let size = file::metadata(&file, path)?.len();
        if size < self.size() {
            return Err(BufferError::TooSmall { path: path.to_owned(), found: size, expected: self.size() });
        }
        let options = Options { huge_pages: HugePages::None, ..options.clone() };
        let mapping = Mapping::new(file, size, access, path)?;
        check::check_equal(&check::copy_header(&mapping), &self.header(), path)?;
        mapping.prepare_opened(&options)?;
        Ok(mapping)
    }

    /// Makes the file at `path` beside the buffer that is about to be created, still without a name.
    pub(super) fn create(self, path: &Path, buffer: &Path, options: &Options) -> Result<(Mapping, Fresh), BufferError> {
        let mode = options.readers_mode;
        name::check_length(path, buffer)?;
        if mode & 0o600 != 0o600 {
            return Err(BufferError::BadMode { path: path.to_owned(), mode });
        }
        let draft = Draft::new(path, mode)?;
        draft.hold()?;
        let duplicate = || draft.file().try_clone().map_err(|error| file::failed_io(&error, path, "create"));
        let (mapping, file) = (self.build(duplicate()?, path, options)?, duplicate()?);
        Ok((mapping, Fresh { draft: Some(draft), linked: None, file }))
    }

    /// Opens the file at `path` beside the buffer in `mapping`: to write to it, or, if `may_only_read`
    /// and it can only be read, to read it.
    ///
    /// Whoever may write to it can mislead and truncate it. So it must belong to the buffer's owner:
    /// an instance can be read, and a file of its name be forged.
    pub(super) fn open(
        self,
        path: &Path,
        buffer: &Mapping,
        may_only_read: bool,
        options: &Options,
    ) -> Result<(Mapping, Access), BufferError> {
        let owner = file::metadata(buffer.file()?, buffer.path())?.uid();
        let trusted = Options { owner: Owner::User(owner), ..options.clone() };
        let open = |access| file::open(path, access, &trusted).map(|file| (file, access));
        let opened = match open(Access::ReadWrite) {
            Err(BufferError::PermissionDenied { .. } | BufferError::ReadOnlyFileSystem { .. }) if may_only_read => {
                open(Access::Read)
            }
            opened => opened,
        };
        let (file, access) = opened.map_err(|error| match error {
            BufferError::ForeignOwner { path, found, expected } => BufferError::ReadersOwner { path, found, expected },
            error => error,
        })?;
        Ok((self.attach(file, path, access, options)?, access))
    }
}

/// A file beside a buffer that was made and, once [`linked`](Self::link), is removed again when this
/// is dropped without [`keep`](Self::keep).
pub(super) struct Fresh {
    draft: Option<Draft>,
    linked: Option<PathBuf>,
    /// The draft's open file description, which has the lock.
    file: File,
}

impl Fresh {
    /// Gives the file its name, still locked.
    pub(super) fn link(&mut self) -> Result<(), BufferError> {
        if let Some(draft) = self.draft.take() {
            let path = draft.path().to_owned();
            draft.publish()?;
            self.linked = Some(path);
        }
        Ok(())
    }

    /// Its buffer has its name, too.
    pub(super) fn keep(mut self) {
        self.linked = None;
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(path) = &self.linked {
            // If this fails, the next one that creates or removes a buffer of this name sweeps it.
            let _ = fs::remove_file(path);
        }
        // The description lives on in the mapping.
        super::liveness::unlock(&self.file, DRAFT_BYTE);
    }
}

/// The file beside `buffer` whose name ends so.
pub(super) fn path_of(buffer: &Path, instance: u64, ending: &str) -> PathBuf {
    let mut path = buffer.as_os_str().to_owned();
    path.push(format!(".{instance:016x}{ending}"));
    path.into()
}

/// The instance in the name of a file beside the buffer called `buffer`; none if it is another's or
/// something else.
fn instance_in(file: &OsStr, buffer: &OsStr) -> Option<u64> {
    let rest = file.as_encoded_bytes().strip_prefix(buffer.as_encoded_bytes())?.strip_prefix(b".")?;
    let (digits, ending) = rest.split_at_checked(16)?;
    let is_one = ending == name::READERS.as_bytes() || ending.starts_with(name::GROUP.as_bytes());
    let digits = str::from_utf8(digits).ok().filter(|_| is_one)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// The files beside `buffer`, of any instance.
pub(super) fn all_of(buffer: &Path) -> Vec<(PathBuf, u64)> {
    let (Some(name), Ok(entries)) = (buffer.file_name(), fs::read_dir(name::directory(buffer))) else {
        return Vec::new();
    };
    let found = |entry: fs::DirEntry| instance_in(&entry.file_name(), name).map(|instance| (entry.path(), instance));
    entries.flatten().filter_map(found).collect()
}

/// Removes the files beside earlier buffers at `buffer` that nobody is about to use. Those that cannot
/// be removed stay.
///
/// The lock is asked for before the buffer's instance. Its creator gives the buffer its name before
/// it unlocks the file. So if it is unlocked, the name that is read then is already there, or its
/// creator is dead.
pub(super) fn sweep(buffer: &Path) {
    for (path, instance) in all_of(buffer) {
        let any = Options::new().owner(Owner::Anyone);
        let Ok(found) = file::open(&path, Access::Read, &any) else { continue };
        let is_one = identify(&found).is_some_and(|(kind, of)| (kind == READERS || kind == GROUP) && of == instance);
        if !is_one || is_locked(&found, DRAFT_BYTE) != Ok(false) {
            continue;
        }
        step("sweeps");
        if instance_at(buffer) != Some(instance) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// The instance of the buffer at `path`; none if there is none that can be read.
fn instance_at(path: &Path) -> Option<u64> {
    let found = file::open(path, Access::Read, &Options::new().owner(Owner::Anyone)).ok()?;
    identify(&found).map(|(_, instance)| instance)
}

/// What kind of buffer a file says that it is, and its instance.
pub(super) fn identify(file: &File) -> Option<(Kind, u64)> {
    const { assert!(offset_of!(Header, kind) == 16 && offset_of!(Header, instance) == 24) };
    let mut start = [0_u8; 32];
    file.read_exact_at(&mut start, 0).ok()?;
    let [magic, _, kind, instance]: [u64; 4] = bytemuck::cast(start);
    (magic == MAGIC).then_some((Kind(kind.to_ne_bytes()), instance))
}
