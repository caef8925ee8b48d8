//! Consuming.

use crate::array::Dtype;
use crate::error::{Failure, Kind};
use crate::handle::Handle;
use crate::tell::{Lost, Position};
use icc_queue::{Waitable as _, untyped};
use numpy::PyUntypedArray;
use pyo3::prelude::*;

/// From so many bytes on, a copy is made without the interpreter.
pub(crate) const LONG_COPY: usize = 16 * 1024;

/// The most messages that `read` takes if it is not told.
const AT_ONCE: usize = 65_536;

/// A reading end of a queue: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct Consumer {
    handle: Handle<untyped::Consumer>,
    dtype: Dtype,
    capacity: usize,
}

impl Consumer {
    pub(crate) fn over(consumer: untyped::Consumer, dtype: Dtype, capacity: usize) -> Self {
        Self { handle: Handle::new(consumer, "consumer"), dtype, capacity }
    }
}

/// Takes what is there, behind a loss that comes first. `out` has room for whole messages.
fn take(consumer: &mut untyped::Consumer, out: &mut [u8]) -> (usize, Option<Lost>) {
    if out.is_empty() {
        return (0, None);
    }
    let mut taken = consumer.try_consume_batch(out);
    if taken == Ok(0) && consumer.is_given_up(false) {
        // What is next was left out: the next poll tells.
        consumer.give_up();
        taken = consumer.try_consume_batch(out);
    }
    match taken {
        Ok(count) => (count, None),
        // If what follows was overwritten as well, the next call tells.
        Err(lost) => (consumer.try_consume_batch(out).unwrap_or(0), Some(lost.into())),
    }
}

#[pymethods]
impl Consumer {
    /// What is there, at most `max` messages, as an array of its own memory; and what was lost before them,
    /// or None. Never waits.
    #[pyo3(signature = (max = None))]
    fn read<'py>(&self, py: Python<'py>, max: Option<usize>) -> PyResult<(Bound<'py, PyAny>, Option<Lost>)> {
        let most = max.unwrap_or(AT_ONCE).min(self.capacity);
        let there = self.handle.with(py, |consumer| Ok(consumer.lag()))?;
        // One if there seems to be none, to find out about losses.
        let count = most.min(usize::try_from(there).unwrap_or(usize::MAX)).max(usize::from(most > 0));
        let mut made = self.dtype.empty(py, count)?;
        let bytes = made.bytes();
        let (count, lost) = if bytes.len() < LONG_COPY {
            self.handle.with(py, |consumer| Ok(take(consumer, bytes)))?
        } else {
            self.handle.detached(py, |consumer| Ok(take(consumer, bytes)))?
        };
        Ok((made.first(count)?, lost))
    }

    /// As `read`, into an array of the queue's dtype: fills it from its beginning, and tells with how many
    /// messages.
    fn read_into(&self, py: Python<'_>, array: &Bound<'_, PyUntypedArray>) -> PyResult<(usize, Option<Lost>)> {
        let (data, len) = self.dtype.bytes_to_fill(array)?;
        if len == 0 {
            return Ok((0, None));
        }
        // SAFETY: so many bytes are the array's, initialised, and stay while this holds it. The interpreter is
        // held, so no Python code sees them change; who writes to them without it has the duty that NumPy's
        // own functions give.
        let bytes = unsafe { core::slice::from_raw_parts_mut(data, len) };
        self.handle.with(py, |consumer| Ok(take(consumer, bytes)))
    }

    /// Waits until there is something to read, at most `timeout` seconds, or for ever with None. Tells
    /// whether there is.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        self.handle.wait(py, timeout, |consumer| consumer)
    }

    /// Ends a wait of another thread, which then returns False.
    fn interrupt(&self) {
        self.handle.interrupt();
    }

    /// Goes on with the newest message, and tells how many it leaves out.
    fn skip_to_newest(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |consumer| Ok(consumer.skip_to_newest()))
    }

    /// The place of the next message, to be noted: `Queue.at` goes on there.
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<Position> {
        self.handle.with(py, |consumer| Ok(consumer.position().into()))
    }

    /// The sequence number of the next message.
    #[getter]
    fn next_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |consumer| Ok(consumer.next_sequence()))
    }

    /// How many messages were produced that were not read yet. Takes a cache line from the producer.
    #[getter]
    fn lag(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |consumer| Ok(consumer.lag()))
    }

    /// How many more messages may be produced before one is lost.
    #[getter]
    fn headroom(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |consumer| Ok(consumer.headroom()))
    }

    /// How many messages it received.
    #[getter]
    fn received(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |consumer| Ok(consumer.received()))
    }

    /// How many messages it lost.
    #[getter]
    fn lost(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |consumer| Ok(consumer.lost()))
    }

    /// The messages' dtype.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Bound<'py, numpy::PyArrayDescr> {
        self.dtype.descr(py)
    }

    /// Lets it go. Another thread that waits with it gets a ClosedError.
    fn close(&self, py: Python<'_>) {
        self.handle.close(py);
    }

    /// Whether it was closed, or is the parent's in a forked child.
    #[getter]
    fn closed(&self) -> bool {
        !self.handle.is_open()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(unpicklable("consumer"))
    }
}

/// Why a handle cannot go to another process as it is.
pub(crate) fn unpicklable(what: &str) -> PyErr {
    let text = format!("a {what} belongs to its process: pass the buffer's name, and open it there");
    Failure::new(Kind::Argument, text).into()
}

/// A consumer of the newest `count` messages, or of as many as are kept.
pub(crate) fn newest(reader: &untyped::QueueReader, count: u64) -> untyped::Consumer {
    let produced = reader.produced();
    let first = produced.wrapping_sub(count.min(reader.capacity() as u64));
    reader.consumer_at(reader.position(first)).unwrap_or_else(|_| reader.consumer_from_oldest())
}
