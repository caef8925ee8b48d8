//! What calls tell: losses and positions.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Messages that were overwritten, left out or not completed before they were read: those from `first` up
/// to, not including, `next`.
#[pyclass(module = "icc", frozen, eq, hash, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lost {
    /// The sequence number of the first of them.
    #[pyo3(get)]
    first: u64,
    /// The sequence number of the message after them.
    #[pyo3(get)]
    next: u64,
}

impl From<icc_queue::Lost> for Lost {
    fn from(lost: icc_queue::Lost) -> Self {
        Self { first: lost.first, next: lost.next }
    }
}

#[pymethods]
impl Lost {
    #[new]
    fn new(first: u64, next: u64) -> Self {
        Self { first, next }
    }

    /// How many.
    #[getter]
    fn count(&self) -> u64 {
        self.next.wrapping_sub(self.first)
    }

    fn __len__(&self) -> usize {
        usize::try_from(self.count()).unwrap_or(usize::MAX)
    }

    fn __repr__(&self) -> String {
        format!("Lost(first={}, next={})", self.first, self.next)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let Self { first, next } = *slf.get();
        (slf.get_type(), (first, next)).into_pyobject(slf.py())
    }
}

/// What was lost of a queue of bytes: the slots from `first` up to, not including, `next`.
#[pyclass(module = "icc", frozen, eq, hash, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BytesLost {
    /// The number of the first of the slots.
    #[pyo3(get)]
    first: u64,
    /// The number of the slot after them.
    #[pyo3(get)]
    next: u64,
    /// How many messages; None with many producers, where that cannot be known.
    #[pyo3(get)]
    messages: Option<u64>,
}

impl From<icc_queue::bytes::BytesLost> for BytesLost {
    fn from(lost: icc_queue::bytes::BytesLost) -> Self {
        Self { first: lost.slots.first, next: lost.slots.next, messages: lost.messages }
    }
}

#[pymethods]
impl BytesLost {
    #[new]
    #[pyo3(signature = (first, next, messages = None))]
    fn new(first: u64, next: u64, messages: Option<u64>) -> Self {
        Self { first, next, messages }
    }

    /// How many slots.
    #[getter]
    fn slots(&self) -> u64 {
        self.next.wrapping_sub(self.first)
    }

    fn __repr__(&self) -> String {
        let messages = self.messages.map_or_else(|| "None".to_owned(), |count| count.to_string());
        format!("BytesLost(first={}, next={}, messages={messages})", self.first, self.next)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let Self { first, next, messages } = *slf.get();
        (slf.get_type(), (first, next, messages)).into_pyobject(slf.py())
    }
}

/// A place in one queue, to be noted, also in a file, and gone on from: `Queue.at`.
#[pyclass(module = "icc", frozen, eq, hash, from_py_object)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    /// Which queue: a random number that no other one has, not even a later one of its name.
    #[pyo3(get)]
    instance: u64,
    /// The sequence number of the next message.
    #[pyo3(get)]
    sequence: u64,
}

impl From<icc_queue::Position> for Position {
    fn from(position: icc_queue::Position) -> Self {
        Self { instance: position.instance, sequence: position.sequence }
    }
}

impl From<Position> for icc_queue::Position {
    fn from(position: Position) -> Self {
        Self::new(position.instance, position.sequence)
    }
}

#[pymethods]
impl Position {
    #[new]
    fn new(instance: u64, sequence: u64) -> Self {
        Self { instance, sequence }
    }

    fn __repr__(&self) -> String {
        format!("Position(instance={:#018x}, sequence={})", self.instance, self.sequence)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let Self { instance, sequence } = *slf.get();
        (slf.get_type(), (instance, sequence)).into_pyobject(slf.py())
    }
}
