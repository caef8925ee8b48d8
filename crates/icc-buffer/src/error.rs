//! What can go wrong.

use crate::{ElementTypes, Kind};
use core::fmt;
use std::path::PathBuf;

/// Why a buffer could not be made, opened or removed.
///
/// Each says where, what was found and what was expected. A buffer without a name is shown as
/// `memfd:icc`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BufferError {
    /// No slots were asked for.
    #[error("a buffer cannot have 0 slots: ask for at least 1")]
    Empty,
    /// The size does not fit the address space.
    #[error("{len} slots of {stride} bytes do not fit the address space: at most {max} slots of this size do")]
    TooLarge {
        /// The slots asked for.
        len: usize,
        /// Bytes from one slot to the next.
        stride: usize,
        /// The most slots of this size that can be addressed.
        max: usize,
    },
    /// The payload's alignment is more than mapped memory has.
    #[error("the payload is aligned to {align} bytes, but shared memory to at most {max}: lower its alignment")]
    Overaligned {
        /// Of the payload.
        align: usize,
        /// The most there is.
        max: usize,
    },
    /// There is not enough memory for it, or the system refuses it.
    #[error("no memory for a buffer of {bytes} bytes: {limit}; ask for fewer slots, or free memory")]
    OutOfMemory {
        /// The bytes asked for.
        bytes: u64,
        /// The bytes that are available, if that is known.
        available: Option<u64>,
        /// What is in the way.
        limit: String,
    },
    /// The system refuses to map the file.
    #[error("no room to map the {bytes} bytes of {}: {limit}", .path.display())]
    NotMappable {
        /// Of the file.
        path: PathBuf,
        /// The bytes to map.
        bytes: u64,
        /// What is in the way, and what to do.
        limit: String,
    },
    /// This cannot name a buffer.
    #[error("{name:?} cannot name a buffer: {reason}")]
    BadName {
        /// The name given.
        name: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// This cannot name a group of readers.
    #[error("group {index} of a buffer cannot be called {name:?}: {reason}")]
    BadGroup {
        /// Which of the groups asked for.
        index: usize,
        /// The name given, or what fits of it.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The buffer has no group of this name.
    #[error("{} has no group {group:?}: its creator names the groups; or it was removed meanwhile", At(buffer))]
    NoGroup {
        /// The name asked for.
        group: String,
        /// Where the buffer is; none if it has no name.
        buffer: Option<PathBuf>,
    },
    /// Groups were asked for in a buffer without a name.
    #[error("a buffer without a name has no groups: create it with a name, or in private memory")]
    GroupsWithoutName,
    /// There is no buffer of this name.
    #[error("no buffer at {}: start its creator first, or check the name", .path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is no such directory to create a buffer in.
    #[error("no directory {} to create a buffer in: create it first", .path.display())]
    NoDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// There is already something with this name.
    #[error("{} exists: open it, or remove it first", .path.display())]
    AlreadyExists {
        /// What exists.
        path: PathBuf,
    },
    /// The mode that was asked for keeps the owner from using the buffer.
    #[error("mode {mode:03o} for {}: its owner must be allowed to read and write it; add 600", .path.display())]
    BadMode {
        /// Of the file.
        path: PathBuf,
        /// The mode asked for.
        mode: u32,
    },
    /// The file system is mounted read-only.
    #[error(
        "cannot {doing} {}: its file system is mounted read-only; mount it writable, or open the buffer to read",
        .path.display()
    )]
    ReadOnlyFileSystem {
        /// Of the file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
    },
    /// The file system has room, but takes no further file.
    #[error("no room for another file at {}: its file system has no inode left; remove files there (see `df -i`)", .path.display())]
    NoInodes {
        /// Of the file.
        path: PathBuf,
    },
    /// The file system can give a finished file its name in no way that leaves an existing one
    /// alone.
    #[error(
        "cannot put {} in place: its file system knows neither hard links nor renaming without replacing ({}); \
         use another, such as /dev/shm",
        .path.display(), std::io::Error::from_raw_os_error(*.code)
    )]
    NoLinks {
        /// Of the file.
        path: PathBuf,
        /// The system's error number.
        code: i32,
    },
    /// The file cannot be locked, so that nobody could tell which holder of an id is alive.
    #[error(
        "no locks for {}: open-file-description locks need Linux 3.15 and a file system that has them ({}); \
         use another, such as /dev/shm",
        .path.display(), std::io::Error::from_raw_os_error(*.code)
    )]
    NoLocks {
        /// Of the file.
        path: PathBuf,
        /// The system's error number.
        code: i32,
    },
    /// Nobody holds the id, but a lock that is not a holder's keeps everybody from taking it.
    #[error(
        "id {id} of {} is nobody's, but a process that may read the file has locked it for reading: \
         find it with `lslocks` and end it, or take the permission to read from its user",
        .path.display()
    )]
    Obstructed {
        /// Of the file.
        path: PathBuf,
        /// The id.
        id: u32,
    },
    /// `/proc` is needed, and not mounted.
    #[error("cannot {doing} {}: this needs /proc, which is not there; mount it", .path.display())]
    NoProc {
        /// Of the file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
    },
    /// The process or the system has as many files open as it may.
    #[error("cannot {doing} {}: {} has its maximum of open files; raise {}", .path.display(), Files(*.limit), FilesLimit(*.limit))]
    TooManyFiles {
        /// Of the file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// The process's limit; none if it is the system's that is reached.
        limit: Option<u64>,
    },
    /// Other code of this process has closed the descriptor.
    #[error(
        "the descriptor of {} was closed by other code of this process{}; \
         open the buffer after the process has become a daemon, or spare the descriptors it has open",
        .path.display(), if *.reused { ", and its number belongs to another file now" } else { "" }
    )]
    DescriptorLost {
        /// Of the file.
        path: PathBuf,
        /// Whether its number belongs to another file by now.
        reused: bool,
    },
    /// The file cannot be opened once more, which taking an id needs.
    #[error(
        "no permission to open {} once more as user {user}, which taking an id needs: the process has changed its user \
         since it opened the buffer, or somebody the file's owner or mode; give the file to that user, or take the id before",
        .path.display()
    )]
    NotReopened {
        /// Of the file.
        path: PathBuf,
        /// The user that this process runs as.
        user: u32,
    },
    /// The system's permissions do not allow it.
    #[error("no permission to {doing} {}: check its owner and mode, and the user this runs as", .path.display())]
    PermissionDenied {
        /// Of the file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
    },
    /// The name belongs to a symbolic link, which is never followed.
    #[error("{} is a symbolic link, and a buffer is never opened through one: name the file itself", .path.display())]
    Symlink {
        /// The link.
        path: PathBuf,
    },
    /// The name belongs to something other than a regular file.
    #[error("{} is {found}, not a regular file: check the name", .path.display())]
    NotRegularFile {
        /// Its path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The file belongs to another user, who could do anything to it.
    #[error(
        "{} belongs to user {found}{}, not {expected}: allow its owner in the options if you trust them",
        .path.display(), Unmapped(*.found)
    )]
    ForeignOwner {
        /// Of the file.
        path: PathBuf,
        /// The owner's user id.
        found: u32,
        /// The user id that was allowed.
        expected: u32,
    },
    /// The file system, the user's quota or the process's limit has no room for it.
    #[error("no room for {bytes} bytes at {}: {limit}{}", .path.display(), Free(*.available))]
    NoSpace {
        /// Of the file.
        path: PathBuf,
        /// The bytes needed.
        bytes: u64,
        /// The bytes that there is room for, if that is known.
        available: Option<u64>,
        /// What is in the way.
        limit: &'static str,
    },
    /// The file is shorter than what it should hold: not a buffer, or truncated.
    #[error("{} has {found} bytes, but should have at least {expected}: not a buffer, or truncated; check the name, or remove it", .path.display())]
    TooSmall {
        /// Of the file.
        path: PathBuf,
        /// Its size.
        found: u64,
        /// The least it should have.
        expected: u64,
    },
    /// The file is longer than its header says.
    #[error("{} has {found} bytes, but its header says {expected}: damaged; remove it", .path.display())]
    TooLong {
        /// Of the file.
        path: PathBuf,
        /// Its size.
        found: u64,
        /// What its header says.
        expected: u64,
    },
    /// The file does not begin as a buffer must.
    #[error("{} begins with {found:#018x}, not with {expected:#018x}: not a buffer; check the name", .path.display())]
    WrongMagic {
        /// Of the file.
        path: PathBuf,
        /// The first eight bytes, as a number.
        found: u64,
        /// What they should be.
        expected: u64,
    },
    /// The buffer was made by a version of this crate that uses another layout.
    #[error(
        "{} has layout version {found}, but this program knows only {expected}: build both with the same version of icc",
        .path.display()
    )]
    LayoutVersion {
        /// Of the file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that this crate knows.
        expected: u32,
    },
    /// The buffer was never finished. It does not come from this crate, which never shows an
    /// unfinished one.
    #[error("{} is marked {found}, not ready (1): its creator has not finished it; remove it", .path.display())]
    NotReady {
        /// Of the file.
        path: PathBuf,
        /// The mark.
        found: u32,
    },
    /// The buffer is used as something else.
    #[error("{} is a buffer of kind `{found}`, not `{expected}`: check the name, or open it as what it is", .path.display())]
    OtherKind {
        /// Of the file.
        path: PathBuf,
        /// Its kind.
        found: Kind,
        /// The kind expected.
        expected: Kind,
    },
    /// The buffer holds another type.
    #[error("{} holds {}, not {}: {}, or remove the old one", .path.display(), .types.found, .types.expected, .types.fix())]
    OtherElement {
        /// Of the file.
        path: PathBuf,
        /// Both types.
        types: Box<ElementTypes>,
    },
    /// The buffer has another number of slots.
    #[error("{} has {found} slots, not {expected}: open it without a length, or remove it first", .path.display())]
    OtherLen {
        /// Of the file.
        path: PathBuf,
        /// Its slots.
        found: u64,
        /// The slots expected.
        expected: usize,
    },
    /// The layer above made the buffer in another way than expected.
    #[error("{} has word {index} = {found}, not {expected}: open it as what it is, or remove it first", .path.display())]
    OtherWord {
        /// Of the file.
        path: PathBuf,
        /// The index of the word.
        index: usize,
        /// Its value.
        found: u64,
        /// The value expected.
        expected: u64,
    },
    /// The buffer needs features that this version of the crate does not know.
    #[error("features {unknown:#x} are needed to {doing} {}, and this program does not know them: build it with a newer version of icc", .path.display())]
    UnknownFeatures {
        /// Of the file.
        path: PathBuf,
        /// The unknown features, a bit each.
        unknown: u64,
        /// What needs them: "read" or "write".
        doing: &'static str,
    },
    /// The buffer was created without a feature that is asked for.
    #[error("{} was not created as {feature}: open it without, or remove it first", .path.display())]
    LacksFeature {
        /// Of the file.
        path: PathBuf,
        /// The feature.
        feature: &'static str,
    },
    /// The buffer is wakeable, and the file with its bell is gone.
    #[error(
        "{} is missing, in which readers of {} sleep, so its writers could not wake them: remove the buffer and create it again",
        .path.display(), .buffer.display()
    )]
    NoReadersFile {
        /// Where it was looked for.
        path: PathBuf,
        /// The buffer.
        buffer: PathBuf,
    },
    /// The file in which readers sleep belongs to another user than the buffer, who could have
    /// forged it.
    #[error(
        "{} belongs to user {found}, but its buffer to user {expected}: somebody else made it; remove it and the buffer",
        .path.display()
    )]
    ReadersOwner {
        /// Of the file.
        path: PathBuf,
        /// Its owner's user id.
        found: u32,
        /// The buffer's owner's.
        expected: u32,
    },
    /// A wakeable buffer without a name was given without the descriptor of its readers' memory.
    #[error(
        "{} is wakeable, so its writers need the descriptor of its readers' memory as well: pass both on (`readers_fd`)",
        .path.display()
    )]
    NoReadersDescriptor {
        /// What stands for the path.
        path: PathBuf,
    },
    /// The buffer was created before the machine last started, as far as can be known, so its
    /// content may be incomplete.
    #[error(
        "{} was created before this machine last started, or that cannot be ruled out, so it cannot be opened to {doing}: \
         remove it, or allow reading it with `Options::previous_boot`",
        .path.display()
    )]
    PreviousBoot {
        /// Of the file.
        path: PathBuf,
        /// What was to be done: "read" or "write".
        doing: &'static str,
    },
    /// A field of the header is not what the type and the length make it: another placement of
    /// slots, or damage.
    #[error("{} has {field} {found}, not {expected}: made with another placement of slots, or damaged; remove it", .path.display())]
    OtherLayout {
        /// Of the file.
        path: PathBuf,
        /// The field of the header.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// The payload's fields are others.
    #[error("{} holds other fields: {difference}; build both programs from one source, or remove the old one", .path.display())]
    OtherSchema {
        /// Of the file.
        path: PathBuf,
        /// How the schema found differs from the one expected.
        difference: String,
    },
    /// The schema in the options is not that of this payload.
    #[error("a schema of {schema} bytes cannot be that of the payloads of {}, which have {element}: describe that very type", .path.display())]
    SchemaSize {
        /// Of the file.
        path: PathBuf,
        /// The size that the schema speaks of.
        schema: usize,
        /// The payload's size.
        element: usize,
    },
    /// The schema in the options is empty or too long.
    #[error("the schema for {} has {len} bytes, which must be 1 to {max}: describe fewer fields, with shorter documentation", .path.display())]
    SchemaLength {
        /// Of the file.
        path: PathBuf,
        /// The schema's length.
        len: usize,
        /// The most there can be.
        max: usize,
    },
    /// A buffer of a type that is known by its description was to be created, and there can be no such
    /// type.
    #[error("no type for {} has {size} bytes and is aligned to {align}: its description is damaged", .path.display())]
    NoSuchElement {
        /// Of the file.
        path: PathBuf,
        /// Bytes of the payload.
        size: u64,
        /// Its alignment in bytes.
        align: u64,
    },
    /// The names of slots cannot be those of the buffer.
    #[error("the slots of {} cannot have such names: {reason}", .path.display())]
    BadKeys {
        /// Of the file.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// A slot has another name.
    #[error("{} calls slot {index} `{found}`, not `{expected}`: build both programs from one list, or remove the old one", .path.display())]
    OtherKey {
        /// Of the file.
        path: PathBuf,
        /// The first slot that differs.
        index: usize,
        /// Its name, escaped.
        found: String,
        /// The name expected, escaped.
        expected: String,
    },
    /// The schema behind the header is not what it should be.
    #[error("{} has a schema that cannot be read: {reason}; its creator's fault, or damage", .path.display())]
    BadSchema {
        /// Of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The descriptor's file is not sealed against resizing, so its owner could take the memory
    /// away.
    #[error("{} is not a memfd sealed against shrinking and growing: pass one from `Buffer::anonymous`", .path.display())]
    NotSealed {
        /// What stands for the path.
        path: PathBuf,
    },
    /// A latency option that was required is not available.
    #[error("{what} for {}: {reason}; use `Demand::Try` to continue without", .path.display())]
    Unavailable {
        /// Of the file.
        path: PathBuf,
        /// The option.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// The system refused something else.
    #[error("could not {doing} {}: {}", .path.display(), std::io::Error::from_raw_os_error(*.code))]
    Io {
        /// Of the file.
        path: PathBuf,
        /// What was being done to it.
        doing: &'static str,
        /// The system's error number.
        code: i32,
    },
}

/// Why a reader gets no entry. It works on unnoticed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The buffer was created without entries.
    #[error("{} was not created for readers to be seen: create it with `seen`, or go on unseen", At(path))]
    NotSeen {
        /// Where the buffer is; none if it has no name.
        path: Option<PathBuf>,
    },
    /// The buffer was created without entries that hold.
    #[error("{} was not created for readers to hold: create it with `holding`, or go on without", At(path))]
    NotHolding {
        /// Where the buffer is; none if it has no name.
        path: Option<PathBuf>,
    },
    /// Living readers have all entries.
    #[error("all {max} entries of {} belong to living readers: let one end, or go on without", At(path))]
    NoneLeft {
        /// How many there are.
        max: usize,
        /// Where the entries are; none if in private memory.
        path: Option<PathBuf>,
    },
    /// The label is too long, or has a NUL in it.
    #[error("the label {label:?} must have at most {max} bytes of UTF-8, and no NUL: give a shorter one")]
    BadLabel {
        /// The label given.
        label: String,
        /// The most bytes there can be.
        max: usize,
    },
    /// The readers' file cannot be used: no permission to write to it, no locks, or it is not there.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Names a buffer.
struct At<'a>(&'a Option<PathBuf>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(path) => write!(f, "{}", path.display()),
            None => f.write_str("the buffer"),
        }
    }
}

/// Says what a user id may mean besides.
struct Unmapped(u32);

impl fmt::Display for Unmapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What the kernel shows for every user that has no number in this user namespace.
        const OVERFLOW: u32 = 65534;
        if self.0 == OVERFLOW {
            f.write_str(" (or to any that this container's user namespace does not map)")
        } else {
            Ok(())
        }
    }
}

/// Says how much there is room for.
struct Free(Option<u64>);

impl fmt::Display for Free {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |bytes| write!(f, " ({bytes} bytes are free)"))
    }
}

/// Whose limit of open files is reached.
struct Files(Option<u64>);

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => write!(f, "the process (limit {limit})"),
            None => f.write_str("the system"),
        }
    }
}

/// Where that limit is set.
struct FilesLimit(Option<u64>);

impl fmt::Display for FilesLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "`ulimit -n`" } else { "the sysctl `fs.file-max`" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmapped_users_are_explained() {
        let says = |found| BufferError::ForeignOwner { path: "x".into(), found, expected: 0 }.to_string();
        assert!(says(65534).contains("user namespace") && !says(1000).contains("user namespace"));
    }
}
