//! Producing messages whose type is known by a description alone.

use crate::gaps::leaves_out;
use crate::geometry::Geometry;
use crate::layout::{HEAD, UNCOUNTED};
use crate::{Options, ProduceAtError, Queue, QueueError, QueueSpec};
use core::fmt;
use icc_buffer::{ElementType, IdLock, UntypedBufferMut};
use icc_seqlock::primitive::Ordering;
use std::path::Path;

/// The one producer of a queue that it creates, whose messages are bytes: for a program that replays
/// what was recorded, whatever it is. Programs that have the type open the queue as theirs.
///
/// # Examples
///
/// ```
/// use icc_queue::{Options, Queue, QueueReader, QueueSpec, untyped};
///
/// let [one, other] = ["one", "other"].map(|one| format!("icc-queue-replay-{one}-{}", std::process::id()));
/// Queue::<u32>::create(&one, 4, &Options::new())?;
///
/// // The same, by what the header of the first says.
/// let element = icc_buffer::inspect(&one)?.element;
/// let spec = QueueSpec::new(4).starting_at(100);
/// let mut producer = untyped::Producer::create(&other, &element, spec, &Options::new())?;
/// assert_eq!(producer.produce(&7_u32.to_ne_bytes()), 100);
///
/// let mut consumer = QueueReader::<u32>::open(&other, &Options::new())?.consumer_from_oldest();
/// assert_eq!(consumer.try_consume(), Ok(7));
/// icc_queue::remove(&one)?;
/// icc_queue::remove(&other)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: the buffer has `geometry.capacity()` slots and a counter, and this is its only producer.
pub struct Producer {
    buffer: UntypedBufferMut,
    geometry: Geometry,
    next: u64,
    /// The proof of being alone.
    _lock: IdLock,
}

impl Producer {
    /// Creates a queue for one producer, as [`Queue::create`](crate::Queue::create) does, and its
    /// producer. What `element` says goes into its header, and so does the schema of the options.
    ///
    /// # Errors
    ///
    /// As [`Queue::create`](crate::Queue::create); and if no type has this size and alignment.
    pub fn create(
        name: impl AsRef<Path>,
        element: &ElementType,
        spec: impl Into<QueueSpec>,
        options: &Options,
    ) -> Result<Self, QueueError> {
        let spec = spec.into();
        let geometry = spec.geometry()?;
        // Before anybody else can open it, so that it is free.
        let mut lock = Ok(None);
        let buffer = UntypedBufferMut::create(name, element, Queue::<()>::buffer_spec(&spec)?, options, |buffer| {
            begin(buffer, geometry, spec.first);
            lock = buffer.take_id(0..1);
        })?;
        let lock = lock?.unwrap_or_else(|| unreachable!("nobody else had the buffer yet"));
        if let Some(bell) = buffer.bell() {
            bell.register_producer();
        }
        Ok(Self { buffer, geometry, next: spec.first, _lock: lock })
    }

    /// Puts a message into the queue and returns its sequence number: see
    /// [`produce`](crate::Producer::produce).
    ///
    /// # Panics
    ///
    /// If it is not as long as the element type says.
    pub fn produce(&mut self, message: &[u8]) -> u64 {
        let n = self.next;
        // SAFETY: this is the only producer, borrowed mutably, and the first that the queue has.
        unsafe { write(&self.buffer, self.geometry, n, message) };
        self.next = n.wrapping_add(1);
        if self.next.is_multiple_of(UNCOUNTED)
            && let Some(head) = self.buffer.counter_mut(HEAD)
        {
            // Release: as in `spmc::produce`.
            head.store(self.next, Ordering::Release);
        }
        if let Some(bell) = self.buffer.bell() {
            bell.ring();
        }
        n
    }

    /// Puts a message into the queue under the number `n`, and leaves out those before it: see
    /// [`produce_at`](crate::Producer::produce_at).
    ///
    /// # Errors
    ///
    /// [`ProduceAtError::Behind`] if `n` is less than the next number; [`ProduceAtError::NoGaps`] if the
    /// queue was not created for [gaps](QueueSpec::gaps).
    ///
    /// # Panics
    ///
    /// As [`produce`](Self::produce).
    pub fn produce_at(&mut self, n: u64, message: &[u8]) -> Result<(), ProduceAtError> {
        if leaves_out(self.buffer.has_gaps(), self.next, n)? {
            if let Some(head) = self.buffer.counter_mut(HEAD) {
                // Release: as in `Producer::produce_at` of a known type.
                head.store(n, Ordering::Release);
            }
            self.next = n;
        }
        self.produce(message);
        Ok(())
    }

    /// The sequence number of the next message.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next
    }
}

/// Writes message `n` into its slot.
///
/// # Safety
///
/// Nobody else writes to the queue, and all earlier writes happen before.
unsafe fn write(buffer: &UntypedBufferMut, ring: Geometry, n: u64, message: &[u8]) {
    let slot = buffer.bytes_mut(ring.index(n)).unwrap_or_else(|| unreachable!("the capacity is the buffer's length"));
    // SAFETY: passed on from the caller.
    unsafe { slot.write_at(ring.complete(n), message) };
}

/// Leaves the ring as if all messages before the first had been written, with zeros: as of a queue of
/// a known type.
fn begin(buffer: &UntypedBufferMut, ring: Geometry, first: u64) {
    let zeros = vec![0; buffer.element_size()];
    // At 0, all slots are so already.
    for back in (1..=ring.capacity()).take_while(|_| first != 0) {
        // SAFETY: nobody else has this queue yet.
        unsafe { write(buffer, ring, first.wrapping_sub(back), &zeros) };
    }
    if let Some(head) = buffer.counter_mut(HEAD) {
        head.store(first, Ordering::Relaxed);
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("buffer", &self.buffer).field("next", &self.next).finish_non_exhaustive()
    }
}
