//! The descriptors by which a buffer without a name is handed over.

use std::os::fd::OwnedFd;

/// The descriptor of a buffer's memory and, if it is [wakeable](crate::Spec::wakeable), that of the
/// memory in which its readers sleep.
///
/// A descriptor alone is one of these, and so is a pair. Writers of a wakeable buffer need both.
/// Readers who get only the first sleep for a bounded time instead of until they are woken.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Descriptors, Expected, Kind, Options, Packed, Spec};
/// # if cfg!(miri) { return Ok(()) }
///
/// const KIND: Kind = Kind::new("example");
/// let feed = Buffer::<u64, Packed>::anonymous(Spec::new(KIND, 3).wakeable(), &Options::new())?;
///
/// let buffer = feed.as_fd().expect("shared memory has one").try_clone_to_owned()?;
/// let readers = feed.readers_fd().expect("it is wakeable").try_clone_to_owned()?;
/// let writer = Buffer::<u64, Packed>::from_fd((buffer, readers), Expected::new(KIND), &Options::new())?;
/// writer.slot(0).unwrap().write(&7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Descriptors {
    pub(super) buffer: OwnedFd,
    pub(super) readers: Option<OwnedFd>,
}

impl From<OwnedFd> for Descriptors {
    fn from(buffer: OwnedFd) -> Self {
        Self { buffer, readers: None }
    }
}

impl From<(OwnedFd, OwnedFd)> for Descriptors {
    fn from((buffer, readers): (OwnedFd, OwnedFd)) -> Self {
        Self { buffer, readers: Some(readers) }
    }
}
