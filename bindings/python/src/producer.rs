//! Producing.

use crate::array::Dtype;
use crate::consumer::unpicklable;
use crate::error::{Failure, Kind, Result};
use crate::handle::Handle;
use icc_queue::TryProduceError;
use icc_queue::untyped::AnyProducer;
use numpy::PyArrayDescr;
use pyo3::prelude::*;

/// A producer of a queue: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct Producer {
    handle: Handle<AnyProducer>,
    dtype: Dtype,
}

impl Producer {
    pub(crate) fn over(producer: AnyProducer, dtype: Dtype) -> Self {
        Self { handle: Handle::new(producer, "producer"), dtype }
    }

    /// The bytes of what is to be produced.
    fn bytes(&self, py: Python<'_>, messages: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        let mut bytes = Vec::new();
        self.dtype.copy_in(py, messages, &mut bytes)?;
        Ok(bytes)
    }
}

fn only_one(bytes: &[u8], size: usize) -> Result<()> {
    if bytes.len() == size {
        return Ok(());
    }
    let found = bytes.len().checked_div(size).unwrap_or(0);
    Err(Failure::new(Kind::Argument, format_args!("{found} messages: give exactly one")))
}

#[pymethods]
impl Producer {
    /// Puts a message, or an array of them, into the queue, and returns the sequence number of the first.
    /// Waits only for another producer that is a whole ring behind, and for consumers that hold.
    fn produce(&self, py: Python<'_>, messages: &Bound<'_, PyAny>) -> PyResult<u64> {
        let bytes = self.bytes(py, messages)?;
        let size = self.dtype.size();
        let act = |producer: &mut AnyProducer| {
            if bytes.len() == size {
                return Ok(producer.produce(&bytes)?);
            }
            if producer.is_forked() {
                return Err(TryProduceError::Forked.into());
            }
            if bytes.is_empty() {
                return Ok(producer.next_sequence());
            }
            Ok(producer.produce_batch(&bytes)?.start)
        };
        let waits = self.handle.with(py, |producer| Ok(producer.may_wait()))?;
        if waits || bytes.len() > crate::consumer::LONG_COPY {
            self.handle.detached(py, act)
        } else {
            self.handle.with(py, act)
        }
    }

    /// Puts one message into the queue, and returns its sequence number. Never waits: a BusyError where
    /// that would.
    fn try_produce(&self, py: Python<'_>, message: &Bound<'_, PyAny>) -> PyResult<u64> {
        let bytes = self.bytes(py, message)?;
        only_one(&bytes, self.dtype.size())?;
        self.handle.with(py, |producer| Ok(producer.try_produce(&bytes)?))
    }

    /// Puts one message into the queue under the number `sequence`, and leaves out those before it. The
    /// queue must have been created with gaps.
    fn produce_at(&self, py: Python<'_>, sequence: u64, message: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = self.bytes(py, message)?;
        only_one(&bytes, self.dtype.size())?;
        self.handle.with(py, |producer| Ok(producer.produce_at(sequence, &bytes)?))
    }

    /// The sequence number of the next message. With many producers, another may take it first.
    #[getter]
    fn next_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |producer| Ok(producer.next_sequence()))
    }

    /// The messages' dtype.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDescr> {
        self.dtype.descr(py)
    }

    /// Lets it go, so that another may take its place.
    fn close(&self, py: Python<'_>) {
        self.handle.close(py);
    }

    /// Whether it was closed, or is the parent's in a forked child.
    #[getter]
    fn closed(&self) -> bool {
        !self.handle.is_open()
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyAny>) {
        self.handle.close(py);
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(unpicklable("producer"))
    }
}
