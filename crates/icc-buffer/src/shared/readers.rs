//! The file of a wakeable buffer's readers: `NAME.INSTANCE.readers`.
//!
//! Two files are not one step. The readers' file gets its name first, while its creator holds the
//! draft lock on it; the buffer's own name is the commit. [`remove`](super::remove) takes them in
//! the other order. So a file whose instance is not that of the buffer of that name, and that
//! nobody has locked, belongs to nobody: whoever creates, opens-or-creates or removes a buffer of
//! that name sweeps it.

use super::draft::Draft;
use super::file::{self, Access};
use super::liveness::{DRAFT_BYTE, is_locked};
use super::mapping::Mapping;
use super::{ANONYMOUS, HugePages, Options, Owner, check, memfd, name, reserve};
use crate::header::{Header, MAGIC};
use crate::layout::HEADER_BYTES;
use crate::readers::{Lines, Readers};
use crate::{BufferError, Kind};
use core::mem::offset_of;
use icc_seqlock::primitive::step;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// What the header of such a file says.
const KIND: Kind = Kind::new("readers");
/// Header and lines.
const BYTES: u64 = (HEADER_BYTES + size_of::<Lines>()) as u64;

/// Where the readers' file of a buffer is.
pub(super) fn path_of(buffer: &Path, instance: u64) -> PathBuf {
    let mut path = buffer.as_os_str().to_owned();
    path.push(format!(".{instance:016x}{}", name::READERS));
    path.into()
}

/// A readers' file that was made and, once [`linked`](Self::link), is removed again when this is
/// dropped without [`keep`](Self::keep).
pub(super) struct Fresh {
    draft: Option<Draft>,
    linked: Option<PathBuf>,
    /// The draft's open file description, which has the lock.
    file: File,
}

/// Makes the readers' file of a buffer that is about to be created, still without a name.
pub(super) fn create(buffer: &Path, instance: u64, options: &Options) -> Result<(Readers, Fresh), BufferError> {
    let (path, mode) = (path_of(buffer, instance), options.readers_mode);
    name::check_length(&path, buffer)?;
    if mode & 0o600 != 0o600 {
        return Err(BufferError::BadMode { path, mode });
    }
    let draft = Draft::new(&path, mode)?;
    draft.hold()?;
    let duplicate = || draft.file().try_clone().map_err(|error| file::failed_io(&error, &path, "create"));
    let (readers, file) = (build(duplicate()?, &path, instance, options)?, duplicate()?);
    Ok((readers, Fresh { draft: Some(draft), linked: None, file }))
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

/// Makes the readers' memory of a buffer without a name.
pub(super) fn anonymous(instance: u64, options: &Options) -> Result<Readers, BufferError> {
    let readers = build(memfd::create(memfd::ORDINARY)?, Path::new(ANONYMOUS), instance, options)?;
    if let Some(mapping) = readers.mapping() {
        memfd::seal(mapping.descriptor().unchecked())?;
    }
    Ok(readers)
}

fn build(file: File, path: &Path, instance: u64, options: &Options) -> Result<Readers, BufferError> {
    let size = BYTES.next_multiple_of(file::granule(&file, path)?);
    let options = Options { huge_pages: HugePages::None, ..options.clone() };
    reserve::resize(&file, size, path)?;
    let mapping = Mapping::new(file, size, Access::ReadWrite, path)?;
    mapping.reserve(&options)?;
    mapping.prepare(&options)?;
    let header = header(instance);
    check::write_header(&mapping, &header);
    check::publish_header(&mapping, &header);
    Ok(over(mapping, Access::ReadWrite))
}

/// `mapping` has at least [`BYTES`], and is mapped for `access`.
fn over(mapping: Mapping, access: Access) -> Readers {
    assert!(mapping.len() as u64 >= BYTES, "the caller checked the size");
    // SAFETY: there is room for the lines behind the header, whose size is a multiple of theirs,
    // and the mapping starts at a page; it was mapped for this access. Nothing in this process
    // accesses them otherwise.
    unsafe { Readers::mapped(mapping, HEADER_BYTES, access == Access::ReadWrite) }
}

/// What the header must say: everything but when and by whom it was made.
fn header(instance: u64) -> Header {
    Header::of_lines(KIND, instance, size_of::<Lines>())
}

/// Opens the readers' file of the buffer in `mapping`, which has one: to write to it, or, if
/// `buffer` is mapped read-only and the file can only be read, to read it.
///
/// Whoever may write to it can wake or not wake readers, or truncate it. So it must belong to the
/// buffer's owner: an instance can be read, and a file of its name be forged.
pub(super) fn open(buffer: &Mapping, instance: u64, options: &Options) -> Result<Readers, BufferError> {
    let path = path_of(buffer.path(), instance);
    let owner = file::metadata(buffer.file()?, buffer.path())?.uid();
    let trusted = Options { owner: Owner::User(owner), ..options.clone() };
    let open = |access| file::open(&path, access, &trusted).map(|file| (file, access));
    let opened = match open(Access::ReadWrite) {
        Err(BufferError::PermissionDenied { .. } | BufferError::ReadOnlyFileSystem { .. })
            if buffer.access() == Access::Read =>
        {
            open(Access::Read)
        }
        opened => opened,
    };
    let (file, access) = opened.map_err(|error| match error {
        BufferError::NotFound { path } => BufferError::NoReadersFile { path, buffer: buffer.path().to_owned() },
        BufferError::ForeignOwner { path, found, expected } => BufferError::ReadersOwner { path, found, expected },
        error => error,
    })?;
    attach(file, &path, instance, access, options)
}

/// Opens the readers' memory of a buffer without a name.
pub(super) fn from_fd(descriptor: OwnedFd, instance: u64, options: &Options) -> Result<Readers, BufferError> {
    attach(memfd::sealed(descriptor)?, Path::new(ANONYMOUS), instance, Access::ReadWrite, options)
}

fn attach(file: File, path: &Path, instance: u64, access: Access, options: &Options) -> Result<Readers, BufferError> {
    let size = file::metadata(&file, path)?.len();
    if size < BYTES {
        return Err(BufferError::TooSmall { path: path.to_owned(), found: size, expected: BYTES });
    }
    let options = Options { huge_pages: HugePages::None, ..options.clone() };
    let mapping = Mapping::new(file, size, access, path)?;
    check::check_equal(&check::copy_header(&mapping), &header(instance), path)?;
    mapping.prepare_opened(&options)?;
    Ok(over(mapping, access))
}

/// Removes the readers' files of earlier buffers at `buffer` that nobody is about to use. Those
/// that cannot be removed stay.
///
/// The lock is asked for before the buffer's instance. Its creator gives the buffer its name before
/// it unlocks the file. So if it is unlocked, the name that is read then is already there, or its
/// creator is dead.
pub(super) fn sweep(buffer: &Path) {
    let Some(prefix) = buffer.file_name().map(|file| [file.as_encoded_bytes(), b"."].concat()) else { return };
    let Ok(entries) = fs::read_dir(name::directory(buffer)) else { return };
    let instance_of = |file: &[u8]| {
        let digits = file.strip_prefix(&*prefix)?.strip_suffix(name::READERS.as_bytes())?;
        let digits = str::from_utf8(digits).ok().filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16).ok()
    };
    for entry in entries.flatten() {
        let Some(instance) = instance_of(entry.file_name().as_encoded_bytes()) else { continue };
        let path = entry.path();
        let any = Options::new().owner(Owner::Anyone);
        let Ok(found) = file::open(&path, Access::Read, &any) else { continue };
        if identify(&found) != Some((KIND, instance)) || is_locked(&found, DRAFT_BYTE) != Ok(false) {
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
