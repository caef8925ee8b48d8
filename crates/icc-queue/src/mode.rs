//! How many producers a queue has, as a type.

use crate::{mpmc, spmc};
use icc_buffer::{Packed, Padded};

/// The number of producers of a queue: [`Spmc`] or [`Mpmc`], and nothing else.
///
/// Only what writes has a mode: [`Queue`](crate::Queue) and [`Producer`](crate::Producer). Readers
/// take any queue.
///
/// # Examples
///
/// Code that produces need not know the mode:
///
/// ```
/// use icc_queue::{Mode, Mpmc, Producer, Queue};
///
/// fn heartbeat<M: Mode>(producer: &mut Producer<u64, M>) {
///     producer.produce(&1);
/// }
///
/// let (one, many) = (Queue::<u64>::new(8)?, Queue::<u64, Mpmc>::new(8)?);
/// heartbeat(&mut one.producer()?);
/// heartbeat(&mut many.producer()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Mode: sealed::Producing {}

/// One producer at a time, any number of consumers. The cheapest: plain stores only.
///
/// Slots are packed: several small messages arrive with one cache line.
#[derive(Clone, Copy, Debug)]
pub struct Spmc;

/// Many producers, up to a number given at creation, any number of consumers. A message costs one
/// atomic addition more.
///
/// Each slot has cache lines of its own, since different cores write neighbouring ones at the same
/// time.
#[derive(Clone, Copy, Debug)]
pub struct Mpmc;

impl Mode for Spmc {}
impl Mode for Mpmc {}

impl sealed::Properties for Spmc {
    type Placement = Packed;
    type State = spmc::State;
    const CODE: u64 = 1;
    const NAME: &'static str = "one producer";
}

impl sealed::Properties for Mpmc {
    type Placement = Padded;
    type State = mpmc::State;
    const CODE: u64 = 2;
    const NAME: &'static str = "many producers";
}

/// What a mode's code, found in a header, stands for.
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub(crate) fn name_of(code: u64) -> &'static str {
    use sealed::Properties as _;
    match code {
        Spmc::CODE => Spmc::NAME,
        Mpmc::CODE => Mpmc::NAME,
        _ => "an unknown mode",
    }
}

/// What a mode is made of. Nobody else can add one: consumers rely on what producers do.
pub(crate) mod sealed {
    use crate::{ProducerError, Queue, TryProduceError};
    use core::{fmt, ops::Range, panic::RefUnwindSafe, panic::UnwindSafe};
    use icc_buffer::Placement;
    use icc_seqlock::Payload;

    pub trait Properties: Sized + Send + Sync + 'static {
        /// How the slots are placed.
        type Placement: Placement;
        /// What a producer knows beside the queue.
        type State: Send + Sync + UnwindSafe + RefUnwindSafe + fmt::Debug;
        /// What the header says.
        const CODE: u64;
        /// For people.
        const NAME: &'static str;
    }

    /// Producing. The queue's own methods document each.
    pub trait Producing: Properties {
        fn register<T: Payload>(queue: &Queue<T, Self>) -> Result<Self::State, ProducerError>
        where
            Self: super::Mode;

        fn produce<T: Payload>(queue: &Queue<T, Self>, state: &mut Self::State, message: &T) -> u64
        where
            Self: super::Mode;

        fn try_produce<T: Payload>(
            queue: &Queue<T, Self>,
            state: &mut Self::State,
            message: &T,
        ) -> Result<u64, TryProduceError>
        where
            Self: super::Mode;

        /// At least one message, and no more than the queue keeps.
        fn produce_batch<T: Payload>(queue: &Queue<T, Self>, state: &mut Self::State, messages: &[T]) -> Range<u64>
        where
            Self: super::Mode;
    }
}
