//! What went wrong, for the thread to which it happened.

use crate::Status;
use icc_buffer::BufferError;
use icc_queue::{ProduceAtError, ProducerError, QueueError, TryProduceError, bytes};
use icc_schema::SchemaError;
use icc_vector::{VectorError, WriteError, WriterError};
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static TEXT: RefCell<CString> = RefCell::default();
}

/// An error that a function is about to tell.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Status, String);

impl Failure {
    pub(crate) fn new(status: Status, text: impl Display) -> Self {
        Self(status, text.to_string())
    }

    pub(crate) fn invalid(text: impl Display) -> Self {
        Self::new(Status::Invalid, text)
    }
}

/// Runs what a function does, and keeps what went wrong.
pub(crate) fn guard(act: impl FnOnce() -> Result<(), Failure>) -> Status {
    // What a panic leaves behind is not used again: each call that could see it says so first.
    let done = catch_unwind(AssertUnwindSafe(act));
    let Failure(status, text) = match done {
        Ok(Ok(())) => return Status::Ok,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::new(Status::Panicked, "a mistake in the library: please report it"),
    };
    let text = CString::new(text.replace('\0', "?")).unwrap_or_default();
    // At the end of a thread it may be gone.
    let _ = TEXT.try_with(|kept| kept.replace(text));
    status
}

/// The text of the last error in this thread, or an empty one. It stays until the next error in this
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn icc_error_text() -> *const c_char {
    TEXT.try_with(|text| text.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

impl From<BufferError> for Failure {
    fn from(error: BufferError) -> Self {
        use BufferError as E;
        let status = match &error {
            E::NotFound { .. } => Status::NotFound,
            E::AlreadyExists { .. } => Status::AlreadyExists,
            E::NoSuchElement { .. } | E::SchemaSize { .. } | E::SchemaLength { .. } | E::BadMode { .. } => {
                Status::Invalid
            }
            E::OtherKind { .. }
            | E::OtherElement { .. }
            | E::OtherSchema { .. }
            | E::OtherWord { .. }
            | E::OtherLen { .. }
            | E::OtherLayout { .. }
            | E::OtherKey { .. }
            | E::LacksFeature { .. }
            | E::UnknownFeatures { .. }
            | E::WrongMagic { .. }
            | E::LayoutVersion { .. }
            | E::PreviousBoot { .. } => Status::Other,
            _ => Status::System,
        };
        Self::new(status, error)
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Buffer(error) => error.into(),
            QueueError::Capacity { .. }
            | QueueError::Producers { .. }
            | QueueError::GapsOfMany
            | QueueError::SlotSize { .. }
            | QueueError::NotOfBytes { .. } => Self::invalid(error),
            _ => Self::new(Status::Other, error),
        }
    }
}

impl From<ProducerError> for Failure {
    fn from(error: ProducerError) -> Self {
        match error {
            ProducerError::Buffer(error) => error.into(),
            error => Self::new(Status::Taken, error),
        }
    }
}

impl From<TryProduceError> for Failure {
    fn from(error: TryProduceError) -> Self {
        let status = if error == TryProduceError::Forked { Status::Forked } else { Status::Busy };
        Self::new(status, error)
    }
}

impl From<bytes::TryProduceError> for Failure {
    fn from(error: bytes::TryProduceError) -> Self {
        match error {
            bytes::TryProduceError::NoRoom(error) => error.into(),
            error => Self::invalid(error),
        }
    }
}

impl From<ProduceAtError> for Failure {
    fn from(error: ProduceAtError) -> Self {
        let status = if error == ProduceAtError::Forked { Status::Forked } else { Status::Invalid };
        Self::new(status, error)
    }
}

impl From<VectorError> for Failure {
    fn from(error: VectorError) -> Self {
        match error {
            VectorError::Buffer(error) => error.into(),
            error => Self::new(Status::Other, error),
        }
    }
}

impl From<WriterError> for Failure {
    fn from(error: WriterError) -> Self {
        match error {
            WriterError::Buffer(error) => error.into(),
            WriterError::BadRange { .. } => Self::new(Status::OutOfRange, error),
            error => Self::new(Status::Taken, error),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let status = match error {
            WriteError::Forked => Status::Forked,
            WriteError::OutOfRange(_) | WriteError::NotOwned { .. } => Status::OutOfRange,
            _ => Status::Busy,
        };
        Self::new(status, error)
    }
}

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        Self::invalid(format_args!("the schema cannot be: {error}"))
    }
}
