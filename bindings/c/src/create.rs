//! Creating and removing.

use crate::error::{Failure, guard};
use crate::pointers::{name, text, value};
use crate::{Payload, Status};
use icc_queue::Options;
use icc_queue::untyped::AnyQueue;
use icc_vector::untyped::AnyVector;
use std::ffi::c_char;

/// What a queue is to be. All zeros but the capacity is a queue for one producer.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct QueueSpec {
    /// How many messages it keeps: a power of two, at least 2.
    pub capacity: u64,
    /// The sequence number of the first message.
    pub first: u64,
    /// The most producers at a time, up to 1,024; 0 for a queue of one producer, which is the cheapest.
    pub max_producers: u32,
    /// Whether consumers can sleep until a message wakes them. Costs producers a load a message.
    pub wakeable: bool,
    /// Whether consumers can be seen.
    pub seen: bool,
    /// Whether the one producer may leave sequence numbers out: icc_producer_produce_at.
    pub gaps: bool,
}

/// What a vector is to be. All zeros but the length is one that many may write.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct VectorSpec {
    /// The number of slots.
    pub len: u64,
    /// Whether each slot has one writer at a time, which is cheaper.
    pub single_writer: bool,
    /// Whether changes are counted, so that readers find what changed in a large vector.
    pub tracked: bool,
    /// Whether readers can sleep until a change wakes them.
    pub wakeable: bool,
    /// The names of the slots, `len` of them; or NULL.
    pub keys: *const *const c_char,
}

/// The permissions of the files. NULL in its place is 0600 for both.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Files {
    /// Of the buffer itself. Who may only read it can read it all and change nothing.
    pub mode: u32,
    /// Of the readers' file, if the buffer is wakeable or seen: who may write it can sleep and be seen.
    pub readers_mode: u32,
}

impl QueueSpec {
    /// What that is to the library.
    pub(crate) fn wanted(&self) -> Result<icc_queue::QueueSpec, Failure> {
        let mut wanted = icc_queue::QueueSpec::new(number(self.capacity, "a capacity")?).starting_at(self.first);
        if self.is_of_many() {
            wanted = wanted.max_producers(self.max_producers);
        }
        (wanted.wakeable, wanted.seen, wanted.gaps) = (self.wakeable, self.seen, self.gaps);
        Ok(wanted)
    }

    pub(crate) fn is_of_many(&self) -> bool {
        self.max_producers != 0
    }
}

/// # Safety
///
/// As the module `pointers` says.
pub(crate) unsafe fn options(files: *const Files) -> Options {
    // SAFETY: null, or valid by the caller.
    match unsafe { files.as_ref() } {
        Some(files) => Options::new().mode(files.mode).readers_mode(files.readers_mode),
        None => Options::new(),
    }
}

fn number(number: u64, what: &str) -> Result<usize, Failure> {
    usize::try_from(number).map_err(|_| Failure::invalid(format_args!("{what} of {number}")))
}

/// Creates a queue. A bare name is a file in /dev/shm; anything with a slash is a path. It stays until
/// icc_remove.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_queue_create(
    queue: *const c_char,
    payload: *const Payload,
    spec: *const QueueSpec,
    files: *const Files,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let (path, spec) = (name(queue)?, value(spec, "the spec")?);
        let described = value(payload, "the payload")?.for_new(options(files))?;
        AnyQueue::create(path, &described.element, spec.wanted()?, spec.is_of_many(), &described.options)?;
        Ok(())
    })
}

/// Creates a vector. Names are as those of queues.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_vector_create(
    vector: *const c_char,
    payload: *const Payload,
    spec: *const VectorSpec,
    files: *const Files,
) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| unsafe {
        let (path, spec) = (name(vector)?, value(spec, "the spec")?);
        let mut described = value(payload, "the payload")?.for_new(options(files))?;
        let len = number(spec.len, "a length")?;
        if !spec.keys.is_null() {
            let keys: Result<Vec<_>, Failure> = (0..len)
                .map(|index| Ok(text(spec.keys.add(index).read(), "a key")?.unwrap_or_default().to_owned()))
                .collect();
            described.options = described.options.keys(keys?);
        }
        let mut wanted = icc_vector::VectorSpec::new(len);
        wanted.wakeable = spec.wakeable;
        let mode = (spec.single_writer, spec.tracked);
        AnyVector::create(path, &described.element, wanted, mode, &described.options)?;
        Ok(())
    })
}

/// Removes a queue or vector, with the files beside it. Those who have it open keep it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn icc_remove(buffer: *const c_char) -> Status {
    // SAFETY: passed on from the caller.
    guard(|| Ok(icc_buffer::remove(unsafe { name(buffer)? })?))
}
