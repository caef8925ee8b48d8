//! Errors of the library as exceptions of the package, with the library's own texts.

use icc_buffer::BufferError;
use icc_queue::{BatchTooLong, ProduceAtError, ProducerError, QueueError, StartError, TryProduceError, bytes};
use icc_schema::SchemaError;
use icc_vector::{OutOfRange, ReadError, SnapshotError, VectorError, WriteError, WriterError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;
use std::fmt::Display;

/// A class of `icc._errors`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    NotFound,
    Exists,
    Other,
    Dtype,
    Taken,
    Busy,
    Forked,
    Closed,
    Position,
    Slot,
    Argument,
    System,
}

/// An error on its way to Python.
#[derive(Debug)]
pub(crate) struct Failure(Kind, String);

pub(crate) type Result<R, E = Failure> = std::result::Result<R, E>;

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Display) -> Self {
        Self(kind, text.to_string())
    }
}

impl From<Failure> for PyErr {
    fn from(Failure(kind, text): Failure) -> Self {
        static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
        let name = match kind {
            Kind::NotFound => "NotFoundError",
            Kind::Exists => "ExistsError",
            Kind::Other => "OtherError",
            Kind::Dtype => "DtypeError",
            Kind::Taken => "TakenError",
            Kind::Busy => "BusyError",
            Kind::Forked => "ForkedError",
            Kind::Closed => "ClosedError",
            Kind::Position => "PositionError",
            Kind::Slot => "SlotError",
            Kind::Argument => "ArgumentError",
            Kind::System => "SystemRefusedError",
        };
        Python::attach(|py| {
            let module = CLASSES.get_or_try_init(py, || py.import("icc._errors").map(Bound::unbind));
            let error = module.and_then(|module| module.bind(py).getattr(name)?.call1((text,)));
            error.map_or_else(|error| error, PyErr::from_value)
        })
    }
}

impl From<BufferError> for Failure {
    fn from(error: BufferError) -> Self {
        use BufferError as E;
        let kind = match &error {
            E::NotFound { .. } => Kind::NotFound,
            E::AlreadyExists { .. } => Kind::Exists,
            E::OtherElement { .. } | E::OtherSchema { .. } | E::BadSchema { .. } => Kind::Dtype,
            E::NoSuchElement { .. } | E::SchemaSize { .. } | E::SchemaLength { .. } | E::BadMode { .. } => {
                Kind::Argument
            }
            E::BadKeys { .. } => Kind::Argument,
            E::OtherKind { .. }
            | E::OtherWord { .. }
            | E::OtherLen { .. }
            | E::OtherLayout { .. }
            | E::OtherKey { .. }
            | E::LacksFeature { .. }
            | E::UnknownFeatures { .. }
            | E::WrongMagic { .. }
            | E::LayoutVersion { .. }
            | E::TooSmall { .. }
            | E::TooLong { .. }
            | E::NotReady { .. }
            | E::PreviousBoot { .. } => Kind::Other,
            _ => Kind::System,
        };
        Self::new(kind, error)
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
            | QueueError::NotOfBytes { .. } => Self::new(Kind::Argument, error),
            error => Self::new(Kind::Other, error),
        }
    }
}

impl From<ProducerError> for Failure {
    fn from(error: ProducerError) -> Self {
        match error {
            ProducerError::Buffer(error) => error.into(),
            error => Self::new(Kind::Taken, error),
        }
    }
}

impl From<TryProduceError> for Failure {
    fn from(error: TryProduceError) -> Self {
        Self::new(if error == TryProduceError::Forked { Kind::Forked } else { Kind::Busy }, error)
    }
}

impl From<bytes::TryProduceError> for Failure {
    fn from(error: bytes::TryProduceError) -> Self {
        match error {
            bytes::TryProduceError::NoRoom(error) => error.into(),
            error => Self::new(Kind::Argument, error),
        }
    }
}

impl From<ProduceAtError> for Failure {
    fn from(error: ProduceAtError) -> Self {
        Self::new(if error == ProduceAtError::Forked { Kind::Forked } else { Kind::Argument }, error)
    }
}

impl From<BatchTooLong> for Failure {
    fn from(error: BatchTooLong) -> Self {
        Self::new(Kind::Argument, error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(Kind::Position, error)
    }
}

impl From<VectorError> for Failure {
    fn from(error: VectorError) -> Self {
        match error {
            VectorError::Buffer(error) => error.into(),
            error => Self::new(Kind::Other, error),
        }
    }
}

impl From<OutOfRange> for Failure {
    fn from(error: OutOfRange) -> Self {
        Self::new(Kind::Slot, error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::new(if matches!(error, ReadError::OutOfRange(_)) { Kind::Slot } else { Kind::Busy }, error)
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Self::new(if matches!(error, SnapshotError::OutOfRange(_)) { Kind::Slot } else { Kind::Busy }, error)
    }
}

impl From<WriterError> for Failure {
    fn from(error: WriterError) -> Self {
        match error {
            WriterError::Buffer(error) => error.into(),
            WriterError::BadRange { .. } => Self::new(Kind::Slot, error),
            error => Self::new(Kind::Taken, error),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let kind = match error {
            WriteError::Forked => Kind::Forked,
            WriteError::OutOfRange(_) | WriteError::NotOwned { .. } => Kind::Slot,
            _ => Kind::Busy,
        };
        Self::new(kind, error)
    }
}

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        Self::new(Kind::Dtype, format_args!("the schema cannot be read: {error}"))
    }
}
