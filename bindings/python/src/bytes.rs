//! Queues of bytes: messages of any length.

use crate::consumer::{LONG_COPY, unpicklable};
use crate::error::Result;
use crate::handle::Handle;
use crate::tell::{BytesLost, Position};
use icc_queue::bytes::{self, AnyBytesProducer, AnyBytesQueue, BytesQueueReader, TryConsumeError};
use icc_queue::{Bell, Options, QueueSpec, Waitable};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList, PyMemoryView};
use std::path::PathBuf;

/// The most messages that `read` takes if it is not told.
const AT_ONCE: usize = 65_536;

/// From so many slots on, they are read without the interpreter.
const MANY_SLOTS: usize = 64;

/// A queue of bytes to consume from, and to get producers of: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct BytesQueue {
    handle: Handle<BytesQueueReader>,
    name: PathBuf,
}

#[pymethods]
impl BytesQueue {
    #[new]
    #[pyo3(signature = (name))]
    fn new(py: Python<'_>, name: PathBuf) -> PyResult<Self> {
        let reader = py.detach(|| -> Result<_> { Ok(BytesQueueReader::open(&name, &Options::new())?) })?;
        Ok(Self { handle: Handle::new(reader, "queue"), name })
    }

    fn _consumer(&self, py: Python<'_>) -> PyResult<BytesConsumer> {
        self.reading(py, |queue| Ok(queue.consumer()))
    }

    fn _from_oldest(&self, py: Python<'_>) -> PyResult<BytesConsumer> {
        self.reading(py, |queue| Ok(queue.consumer_from_oldest()))
    }

    fn _at(&self, py: Python<'_>, position: Position) -> PyResult<BytesConsumer> {
        self.reading(py, |queue| Ok(queue.consumer_at(position.into())?))
    }

    fn _producer(&self, py: Python<'_>) -> PyResult<BytesProducer> {
        self.handle.with(py, |_| Ok(()))?;
        let name = &self.name;
        let (producer, may_wait) = py.detach(|| -> Result<_> {
            let queue = AnyBytesQueue::open(name, &Options::new())?;
            Ok((queue.producer()?, queue.may_wait()))
        })?;
        Ok(BytesProducer { handle: Handle::new(producer, "producer"), may_wait })
    }

    /// How many slots it keeps.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.with(py, |queue| Ok(queue.capacity()))
    }

    /// The bytes of a slot, of which 32 are no message's.
    #[getter]
    fn slot_size(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.with(py, |queue| Ok(queue.slot_size()))
    }

    /// The bytes of the longest message.
    #[getter]
    fn longest_message(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.with(py, |queue| Ok(queue.longest_message()))
    }

    /// How many slots were produced: the number of the next one.
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

impl BytesQueue {
    fn reading(
        &self,
        py: Python<'_>,
        open: impl FnOnce(&BytesQueueReader) -> Result<bytes::BytesConsumer>,
    ) -> PyResult<BytesConsumer> {
        let reading = self.handle.with(py, |queue| Ok(Reading { consumer: open(queue)?, untold: None }))?;
        Ok(BytesConsumer { handle: Handle::new(reading, "consumer") })
    }
}

/// A consumer, and a loss that it found behind messages and that the next read tells.
struct Reading {
    consumer: bytes::BytesConsumer,
    untold: Option<BytesLost>,
}

impl Waitable for Reading {
    fn bell(&self) -> Option<&Bell> {
        Waitable::bell(&self.consumer)
    }

    fn is_ready(&self) -> bool {
        self.untold.is_some() || self.consumer.is_ready()
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        self.consumer.is_given_up(after_silence)
    }

    fn give_up(&mut self) {
        self.consumer.give_up();
    }
}

/// Messages one behind the other, how long each is, and what was lost before them.
#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    lens: Vec<usize>,
    lost: Option<BytesLost>,
}

impl Reading {
    /// Takes what is there when this is called, at most so many messages.
    fn take(&mut self, most: usize) -> Taken {
        let Self { consumer, untold } = self;
        let mut taken = Taken { lost: untold.take(), ..Taken::default() };
        let (mut message, mut asked) = (Vec::new(), false);
        let end = consumer.next_sequence().wrapping_add(consumer.lag());
        while taken.lens.len() < most {
            match consumer.try_consume_into(&mut message) {
                Ok(_) => {
                    taken.lens.push(message.len());
                    taken.bytes.extend_from_slice(&message);
                    if end.wrapping_sub(consumer.next_sequence()).cast_signed() <= 0 {
                        break;
                    }
                }
                Err(TryConsumeError::SpedPast(lost)) if taken.lens.is_empty() && taken.lost.is_none() => {
                    taken.lost = Some(lost.into());
                }
                Err(TryConsumeError::SpedPast(lost)) => {
                    *untold = Some(lost.into());
                    break;
                }
                // The rest of a message will never come: the next poll tells.
                Err(_) if taken.lens.is_empty() && !asked && consumer.is_given_up(false) => {
                    consumer.give_up();
                    asked = true;
                }
                Err(_) => break,
            }
        }
        taken
    }
}

/// A reading end of a queue of bytes: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct BytesConsumer {
    handle: Handle<Reading>,
}

#[pymethods]
impl BytesConsumer {
    /// What is there, at most `max` messages, as a list of bytes; and what was lost before them, or None. Never
    /// waits.
    #[pyo3(signature = (max = None))]
    fn read<'py>(&self, py: Python<'py>, max: Option<usize>) -> PyResult<(Bound<'py, PyList>, Option<BytesLost>)> {
        let most = max.unwrap_or(AT_ONCE);
        let there = self.handle.with(py, |reading| Ok(reading.consumer.lag() as usize))?;
        let taken = if there.min(most) < MANY_SLOTS {
            self.handle.with(py, |reading| Ok(reading.take(most)))?
        } else {
            self.handle.detached(py, |reading| Ok(reading.take(most)))?
        };
        let mut rest = &taken.bytes[..];
        let messages = taken.lens.iter().map(|&len| {
            let (message, behind) = rest.split_at(len);
            rest = behind;
            PyBytes::new(py, message)
        });
        Ok((PyList::new(py, messages)?, taken.lost))
    }

    /// Waits until there is something to read, at most `timeout` seconds, or for ever with None. Tells
    /// whether there is.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        self.handle.wait(py, timeout, |reading| reading)
    }

    /// Ends a wait of another thread, which then returns False.
    fn interrupt(&self) {
        self.handle.interrupt();
    }

    /// Goes on with the newest message that has begun, and tells how many slots it leaves out.
    fn skip_to_newest(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |reading| Ok(reading.consumer.skip_to_newest()))
    }

    /// The place of the next message, to be noted: `BytesQueue.at` goes on there.
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<Position> {
        self.handle.with(py, |reading| Ok(reading.consumer.position().into()))
    }

    /// The number of the slot where the next message begins.
    #[getter]
    fn next_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |reading| Ok(reading.consumer.next_sequence()))
    }

    /// How many slots were produced that were not read yet. Takes a cache line from the producer.
    #[getter]
    fn lag(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |reading| Ok(reading.consumer.lag()))
    }

    /// How many more slots may be produced before one is lost.
    #[getter]
    fn headroom(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |reading| Ok(reading.consumer.headroom()))
    }

    /// How many messages it received.
    #[getter]
    fn received(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |reading| Ok(reading.consumer.received()))
    }

    /// How many messages it lost; None with many producers, where that cannot be known.
    #[getter]
    fn lost(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.handle.with(py, |reading| Ok(reading.consumer.lost_messages()))
    }

    /// How many slots it lost.
    #[getter]
    fn lost_slots(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |reading| Ok(reading.consumer.lost_slots()))
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

/// A producer of a queue of bytes: see the package.
#[pyclass(module = "icc._icc", frozen, subclass)]
pub(crate) struct BytesProducer {
    handle: Handle<AnyBytesProducer>,
    may_wait: bool,
}

#[pymethods]
impl BytesProducer {
    /// Puts a message into the queue, and returns the number of its first slot: bytes, or what has the buffer
    /// protocol. Waits only for another producer that is a whole ring behind, and for consumers that hold.
    fn produce(&self, py: Python<'_>, message: &Bound<'_, PyAny>) -> PyResult<u64> {
        let message = bytes_of(message)?;
        let act = |producer: &mut AnyBytesProducer| Ok(producer.produce(&message)?);
        if self.may_wait || message.len() > LONG_COPY {
            self.handle.detached(py, act)
        } else {
            self.handle.with(py, act)
        }
    }

    /// As `produce`, but never waits: a BusyError where that would.
    fn try_produce(&self, py: Python<'_>, message: &Bound<'_, PyAny>) -> PyResult<u64> {
        let message = bytes_of(message)?;
        self.handle.with(py, |producer| Ok(producer.try_produce(&message)?))
    }

    /// The number of the next slot. With many producers, another may take it first.
    #[getter]
    fn next_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.with(py, |producer| Ok(producer.next_sequence()))
    }

    /// The bytes of the longest message.
    #[getter]
    fn longest_message(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.with(py, |producer| Ok(producer.longest_message()))
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

/// The bytes of a message: a copy, unless it is `bytes`, which cannot change.
fn bytes_of(message: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    if let Ok(message) = message.extract::<PyBackedBytes>() {
        return Ok(message);
    }
    Ok(PyMemoryView::from(message)?.call_method0("tobytes")?.extract()?)
}

/// What a queue of bytes that is created is to be like.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct AskedOfBytes {
    capacity: usize,
    slot_size: usize,
    max_producers: Option<u32>,
    first: u64,
    wakeable: bool,
    seen: bool,
    mode: u32,
    readers_mode: u32,
}

/// Creates a queue of bytes.
#[pyfunction]
pub(crate) fn create_bytes_queue(py: Python<'_>, name: PathBuf, asked: AskedOfBytes) -> PyResult<()> {
    let mut spec = QueueSpec::new(asked.capacity).starting_at(asked.first).slot_size(asked.slot_size);
    if let Some(max) = asked.max_producers {
        spec = spec.max_producers(max);
    }
    (spec.wakeable, spec.seen) = (asked.wakeable, asked.seen);
    let options = Options::new().mode(asked.mode).readers_mode(asked.readers_mode);
    let done = py.detach(|| -> Result<()> {
        AnyBytesQueue::create(&name, spec, asked.max_producers.is_some(), &options)?;
        Ok(())
    });
    Ok(done?)
}
