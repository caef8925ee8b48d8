//! Queues, as they are opened.

use crate::array::Dtype;
use crate::consumer::{Consumer, newest, unpicklable};
use crate::error::Result;
use crate::handle::Handle;
use crate::producer::Producer;
use crate::tell::Position;
use icc_queue::Options;
use icc_queue::untyped::{AnyQueue, QueueReader};
use numpy::PyArrayDescr;
use pyo3::prelude::*;
use std::path::PathBuf;

/// A queue to consume from, and to get producers of: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct Queue {
    handle: Handle<QueueReader>,
    name: PathBuf,
    dtype: Dtype,
}

#[pymethods]
impl Queue {
    #[new]
    #[pyo3(signature = (name, dtype))]
    fn new(py: Python<'_>, name: PathBuf, dtype: &Bound<'_, PyArrayDescr>) -> PyResult<Self> {
        let reader = py.detach(|| -> Result<_> { Ok(QueueReader::open(&name, &Options::new())?) })?;
        let dtype = Dtype::new(dtype, reader.message_size())?;
        Ok(Self { handle: Handle::new(reader, "queue"), name, dtype })
    }

    fn _consumer(&self, py: Python<'_>) -> PyResult<Consumer> {
        self.reading(py, |queue| Ok(queue.consumer()))
    }

    fn _from_oldest(&self, py: Python<'_>) -> PyResult<Consumer> {
        self.reading(py, |queue| Ok(queue.consumer_from_oldest()))
    }

    fn _at(&self, py: Python<'_>, position: Position) -> PyResult<Consumer> {
        self.reading(py, |queue| Ok(queue.consumer_at(position.into())?))
    }

    fn _newest(&self, py: Python<'_>, count: u64) -> PyResult<Consumer> {
        self.reading(py, |queue| Ok(newest(queue, count)))
    }

    fn _producer(&self, py: Python<'_>) -> PyResult<Producer> {
        self.handle.with(py, |_| Ok(()))?;
        let name = &self.name;
        let producer = py.detach(|| -> Result<_> { Ok(AnyQueue::open(name, None, &Options::new())?.producer()?) })?;
        Ok(Producer::over(producer, self.dtype.clone_ref(py)))
    }

    /// How many messages it keeps.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.with(py, |queue| Ok(queue.capacity()))
    }

    /// How many messages were produced: the sequence number of the next one.
    #[getter]
    fn produced(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |queue| Ok(queue.produced()))
    }

    /// How many producers live, in all processes together.
    #[getter]
    fn living_producers(&self, py: Python<'_>) -> PyResult<u32> {
        self.handle.with(py, |queue| Ok(queue.living_producers()?))
    }

    /// The most producers at a time.
    #[getter]
    fn max_producers(&self, py: Python<'_>) -> PyResult<u32> {
        self.handle.with(py, |queue| Ok(queue.max_producers()))
    }

    /// A random number that tells this queue from every other, also from a later one of its name.
    #[getter]
    fn instance(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |queue| Ok(queue.instance()))
    }

    /// Whether producers wake those who wait.
    #[getter]
    fn wakeable(&self, py: Python<'_>) -> PyResult<bool> {
        self.handle.with(py, |queue| Ok(queue.is_wakeable()))
    }

    /// The name that it was opened by.
    #[getter]
    fn name(&self) -> PathBuf {
        self.name.clone()
    }

    /// The messages' dtype.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDescr> {
        self.dtype.descr(py)
    }

    #[getter]
    fn _schema_text(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.handle.with(py, |queue| Ok(queue.buffer().inspected().schema.clone()))
    }

    /// Lets it go. Its consumers and producers stay.
    fn close(&self, py: Python<'_>) {
        self.handle.close(py);
    }

    /// Whether it was closed, or is the parent's in a forked child.
    #[getter]
    fn closed(&self) -> bool {
        !self.handle.is_open()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(unpicklable("queue"))
    }
}

impl Queue {
    fn reading(
        &self,
        py: Python<'_>,
        open: impl FnOnce(&QueueReader) -> Result<icc_queue::untyped::Consumer>,
    ) -> PyResult<Consumer> {
        let (consumer, capacity) = self.handle.with(py, |queue| Ok((open(queue)?, queue.capacity())))?;
        Ok(Consumer::over(consumer, self.dtype.clone_ref(py), capacity))
    }
}
