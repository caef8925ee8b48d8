//! What a buffer is, for programs that know nothing of it: a command line, a monitor.

use super::check::{self, KNOWN_TO_READ, KNOWN_TO_WRITE};
use super::file::{self, Access};
use super::{Options, Owner, name};
use crate::header::Header;
use crate::layout::HEADER_BYTES;
use crate::{BufferError, ElementType, Kind, instance};
use bytemuck::Zeroable as _;
use core::time::Duration;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads and checks the header of a buffer of any kind and type, and changes nothing.
///
/// It reads the file and maps nothing, so that whoever owns the file can at most mislead, whoever
/// that is. All that it returns was checked: sizes and offsets fit the file, and texts hold nothing
/// that could garble a terminal, except the [schema](Inspected::schema), which whoever shows it
/// escapes.
///
/// # Errors
///
/// [`BufferError::WrongMagic`] or [`BufferError::TooSmall`] if it is not a buffer;
/// [`BufferError::LayoutVersion`] if it is one of another version of this crate; others as they say.
/// A buffer that was created before the machine last started, or has features that this crate does
/// not know, is no error here: [`Inspected::boot`] and [`Inspected::unknown_to_read`] tell.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Boot, Buffer, Kind, Options, Packed, Spec};
/// # if cfg!(miri) { return Ok(()) }
///
/// let name = format!("icc-example-inspect-{}", std::process::id());
/// let spec = Spec::new(Kind::new("example"), 3).counters(1).words([7, 0, 0, 0]);
/// let buffer = Buffer::<[u64; 2], Packed>::create(&name, spec, &Options::new())?;
///
/// let found = icc_buffer::inspect(&name)?;
/// assert_eq!((found.kind.to_string().as_str(), found.len, found.words), ("example", 3, [7, 0, 0, 0]));
/// assert_eq!((found.element.name.as_str(), found.element.size), ("[u64; 2]", 16));
/// assert_eq!((found.instance, found.boot), (buffer.instance(), Boot::This));
/// icc_buffer::remove(&name)?;
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
pub fn inspect(name: impl AsRef<Path>) -> Result<Inspected, BufferError> {
    let path = name::resolve(name.as_ref())?;
    let file = file::open(&path, Access::Read, &Options::new().owner(Owner::Anyone))?;
    let metadata = file::metadata(&file, &path)?;
    let size = metadata.len();
    if size < HEADER_BYTES as u64 {
        return Err(BufferError::TooSmall { path, found: size, expected: HEADER_BYTES as u64 });
    }
    let mut header = Header::zeroed();
    read_at(&file, &path, bytemuck::bytes_of_mut(&mut header), 0)?;
    check::check_untyped(&header, size, file::granule(&file, &path)?, &path)?;
    Inspected::new(&header, &file, &metadata, &path)
}

/// Reads bytes of the file, without a way for its owner to end this process by a signal.
pub(super) fn read_at(file: &File, path: &Path, out: &mut [u8], offset: u64) -> Result<(), BufferError> {
    file.read_exact_at(out, offset).map_err(|error| match error.kind() {
        // It was truncated meanwhile.
        std::io::ErrorKind::UnexpectedEof => {
            let found = file.metadata().map_or(0, |found| found.len());
            BufferError::TooSmall { path: path.to_owned(), found, expected: offset + out.len() as u64 }
        }
        _ => file::failed_io(&error, path, "read"),
    })
}

/// In which run of the machine a buffer was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boot {
    /// In this one.
    This,
    /// In an earlier one: its content may be incomplete.
    Previous,
    /// That could not be read, now or then.
    Unknown,
}

/// What the header of a buffer says, and its file: from [`inspect`]. A copy that nobody changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// Of the file.
    pub path: PathBuf,
    /// What the slots are used as.
    pub kind: Kind,
    /// The payload's type.
    pub element: ElementType,
    /// The number of slots.
    pub len: usize,
    /// From one slot to the next, in bytes.
    pub stride: usize,
    /// The number of counters.
    pub counters: usize,
    /// Words that belong to the layer above.
    pub words: [u64; 4],
    /// Tells this buffer from every other, also of its name.
    pub instance: u64,
    /// The instance of the buffer that it repeats; 0 if it repeats none.
    pub source: u64,
    /// In which run of the machine it was created.
    pub boot: Boot,
    /// When it was created, by the creator's clock.
    pub created_at: SystemTime,
    /// The creator's process id, in its own pid namespace: for people, never to decide by.
    pub creator: u64,
    /// Features, a bit each: those that a program must know to read it, to write it, and others.
    pub features: [u64; 3],
    /// Bytes of the whole buffer.
    pub total_size: u64,
    /// What the payload's fields are, as text, if the creator said so. At most 16 KiB of UTF-8, and
    /// otherwise as it came: escape it before you show it.
    pub schema: Option<String>,
    /// The schema's hash, as its creator computed it; 0 without one.
    pub schema_hash: u64,
    /// The user that the file belongs to.
    pub owner: u32,
    /// The file's permissions, the lower nine bits.
    pub mode: u32,
}

impl Inspected {
    /// `header` was checked.
    pub(super) fn new(header: &Header, file: &File, metadata: &Metadata, path: &Path) -> Result<Self, BufferError> {
        let now = instance::boot();
        let boot = match header.boot() {
            0 => Boot::Unknown,
            _ if now == 0 => Boot::Unknown,
            created if created == now => Boot::This,
            _ => Boot::Previous,
        };
        Ok(Self {
            path: path.to_owned(),
            kind: Kind(header.kind),
            element: header.element(),
            len: header.len as usize,
            stride: header.stride as usize,
            counters: header.counters as usize,
            words: header.words,
            instance: header.instance,
            source: header.source,
            boot,
            created_at: UNIX_EPOCH.checked_add(Duration::from_nanos(header.created_at)).unwrap_or(UNIX_EPOCH),
            creator: header.creator,
            features: header.features,
            total_size: header.total_size,
            schema: read_schema(header, file, path)?,
            schema_hash: header.schema_hash,
            owner: metadata.uid(),
            mode: metadata.mode() & 0o777,
        })
    }

    /// The features that this version of the crate would have to know to read the buffer, and does
    /// not: if there are any, only its header can be read.
    #[must_use]
    pub fn unknown_to_read(&self) -> u64 {
        self.features[0] & !KNOWN_TO_READ
    }

    /// The features that this version of the crate would have to know to write the buffer, and does
    /// not.
    #[must_use]
    pub fn unknown_to_write(&self) -> u64 {
        self.features[1] & !KNOWN_TO_WRITE
    }
}

/// The schema behind a checked header, if there is one.
pub(super) fn read_schema(header: &Header, file: &File, path: &Path) -> Result<Option<String>, BufferError> {
    if header.schema_len == 0 {
        return Ok(None);
    }
    // At most `MAX_SCHEMA`, as checked.
    let mut bytes = vec![0; header.schema_len as usize];
    read_at(file, path, &mut bytes, header.schema_offset)?;
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|error| BufferError::BadSchema {
        path: path.to_owned(),
        reason: format!("it is no text from byte {} on", error.utf8_error().valid_up_to()),
    })
}
