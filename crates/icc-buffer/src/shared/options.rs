//! How to create and open shared memory.

use super::SchemaText;
use std::sync::Arc;

/// What to do if the system cannot fulfil an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Demand {
    /// Continue without it.
    Try,
    /// Fail without it, with [`BufferError::Unavailable`](crate::BufferError::Unavailable).
    Require,
}

/// Pages larger than the usual ones: fewer misses in the processor's address translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HugePages {
    /// The system's usual pages.
    None,
    /// Transparent huge pages, which the kernel makes of ordinary memory if its settings allow it.
    Transparent(Demand),
    /// Pages of the pool that the operator reserved. Buffers without a name get them directly,
    /// those with a name by their path: on a mounted `hugetlbfs`.
    Explicit(Demand),
}

/// Whose files are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Owner {
    /// Those of the user that this process runs as (the effective user id).
    Me,
    /// Those of the user with this id.
    User(u32),
    /// Anybody's. Their owners can garble the values, and truncate the file, which ends in a
    /// `SIGBUS`.
    Anyone,
}

/// How to create and open shared buffers.
///
/// # Examples
///
/// A buffer that the group may read, locked in memory if the limits allow it:
///
/// ```
/// use icc_buffer::{Demand, Options};
///
/// let options = Options::new().mode(0o640).lock(Some(Demand::Try));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(super) mode: u32,
    pub(super) readers_mode: u32,
    pub(super) owner: Owner,
    pub(super) prefault: Option<Demand>,
    pub(super) lock: Option<Demand>,
    pub(super) huge_pages: HugePages,
    pub(super) previous_boot: bool,
    pub(super) schema: Option<SchemaText>,
    pub(super) keys: Option<Arc<[String]>>,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// Mode 0600, also of readers' files, own files only, prefaulted, not locked, ordinary pages.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            mode: 0o600,
            readers_mode: 0o600,
            owner: Owner::Me,
            prefault: Some(Demand::Require),
            lock: None,
            huge_pages: HugePages::None,
            previous_boot: false,
            schema: None,
            keys: None,
        }
    }

    /// The permissions of a file that is created, exactly: the process's umask does not apply.
    ///
    /// Only the lower nine bits count. Creating fails with
    /// [`BufferError::BadMode`](crate::BufferError::BadMode) unless they let the owner read and
    /// write: taking an id opens the file again. A user who may write may also truncate the file,
    /// which ends every process that reads it: give others read permission at most.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode & 0o777;
        self
    }

    /// The permissions of the readers' file of a [wakeable](crate::Spec::wakeable) buffer that is
    /// created, exactly: 0600 unless given.
    ///
    /// Whoever may write to it can sleep in the kernel until a writer wakes it; others sleep for a
    /// bounded time and look again. It is also trusted: it can make writers pay a system call for
    /// each message, and truncate the file, which ends every writer with a `SIGBUS`. The lower nine
    /// bits count, and the owner must be allowed to read and write.
    #[must_use]
    pub const fn readers_mode(mut self, mode: u32) -> Self {
        self.readers_mode = mode & 0o777;
        self
    }

    /// Whose files are opened.
    #[must_use]
    pub const fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    /// Whether all pages are mapped at once, so that no later access takes a page fault.
    #[must_use]
    pub const fn prefault(mut self, prefault: Option<Demand>) -> Self {
        self.prefault = prefault;
        self
    }

    /// Whether the memory is locked (`mlock`), so that it is never swapped out. Limited by
    /// `ulimit -l`.
    #[must_use]
    pub const fn lock(mut self, lock: Option<Demand>) -> Self {
        self.lock = lock;
        self
    }

    /// What pages the memory is made of.
    #[must_use]
    pub const fn huge_pages(mut self, huge_pages: HugePages) -> Self {
        self.huge_pages = huge_pages;
        self
    }

    /// What the payload's fields are: written into a buffer that is created, and compared with that of
    /// one that is opened.
    ///
    /// If both have one, the types match if their schemas do: also those of two programs that define
    /// the same fields each for itself. A difference is
    /// [`BufferError::OtherSchema`](crate::BufferError::OtherSchema). If one of them has none, types
    /// match by name, size and alignment.
    #[must_use]
    pub fn schema(mut self, schema: SchemaText) -> Self {
        self.schema = Some(schema);
        self
    }

    /// What the slots are called, in their order: one name for each, empty where there is none. For a
    /// table such as a vector, so that a slot is found by its key.
    ///
    /// Written into a buffer that is created, and compared with the names of one that is opened if that
    /// has any: a difference is [`BufferError::OtherKey`](crate::BufferError::OtherKey). Creating fails
    /// with [`BufferError::BadKeys`](crate::BufferError::BadKeys) if there are more or fewer names than
    /// slots, one has control characters, two are the same, or all are longer than
    /// [`Keys::MAX`](crate::Keys::MAX).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Options, Padded, ReadOnlyBuffer, Spec, Expected};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// let name = format!("icc-example-keys-{}", std::process::id());
    /// let kind = Kind::new("example");
    /// let options = Options::new().keys(["EURUSD", "USDJPY"]);
    /// Buffer::<f64, Padded>::create(&name, Spec::new(kind, 2), &options)?;
    ///
    /// let rates = ReadOnlyBuffer::<f64>::open(&name, Expected::new(kind), &Options::new())?;
    /// let keys = rates.keys().expect("they were given");
    /// assert_eq!((keys.get(0), keys.find("USDJPY")), (Some("EURUSD"), Some(1)));
    /// icc_buffer::remove(&name)?;
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    #[must_use]
    pub fn keys(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.keys = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Whether a buffer that was created before the machine's last start may be opened for reading.
    /// By default it may not.
    ///
    /// Only a file on a disk can be so old. Its pages reached the disk in any order, or not at all:
    /// a value may be old or missing, and nothing shows it. It is never opened for writing.
    #[must_use]
    pub const fn previous_boot(mut self, allowed: bool) -> Self {
        self.previous_boot = allowed;
        self
    }
}
