//! How many producers a queue has, as a type.

use crate::layout::{MANY_PRODUCERS, ONE_PRODUCER};

/// The number of producers of a queue: [`Spmc`](crate::Spmc) or [`Mpmc`](crate::Mpmc), and nothing
/// else.
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

/// What a mode's code stands for, for people.
pub(crate) const fn name_of(code: u64) -> &'static str {
    match code {
        ONE_PRODUCER => "one producer",
        MANY_PRODUCERS => "many producers",
        _ => "an unknown mode",
    }
}

/// What a mode is made of. Nobody else can add one: consumers rely on what producers do.
pub(crate) mod sealed {
    use crate::gate::Gate;
    use crate::{ProducerError, Queue, TryProduceError};
    use core::{fmt, ops::Range, panic::RefUnwindSafe, panic::UnwindSafe};
    use icc_buffer::{Bell, Placement};
    use icc_seqlock::{Payload, Source};

    pub trait Properties: Sized + Send + Sync + 'static {
        /// How the slots are placed.
        type Placement: Placement;
        /// What a producer knows beside the queue.
        type State: Send + Sync + UnwindSafe + RefUnwindSafe + fmt::Debug;
        /// What the header says.
        const CODE: u64;
    }

    /// Producing. The queue's own methods document each.
    pub trait Producing: Properties {
        fn register<T: Payload>(queue: &Queue<T, Self>) -> Result<Self::State, ProducerError>
        where
            Self: super::Mode;

        /// Whether the state is the copy of one in a child process made by `fork`.
        fn is_forked(state: &Self::State) -> bool;

        /// Rings the bell, if there is one.
        fn produce<T: Payload>(
            queue: &Queue<T, Self>,
            state: &mut Self::State,
            bell: Option<&Bell>,
            gate: &mut Gate<T>,
            message: impl Source<T>,
        ) -> u64
        where
            Self: super::Mode;

        /// Rings no bell.
        fn try_produce<T: Payload>(
            queue: &Queue<T, Self>,
            state: &mut Self::State,
            gate: &mut Gate<T>,
            message: impl Source<T>,
        ) -> Result<u64, TryProduceError>
        where
            Self: super::Mode;

        /// As [`produce_batch`](Self::produce_batch), if that needs no waiting.
        fn try_produce_batch<T: Payload>(
            queue: &Queue<T, Self>,
            state: &mut Self::State,
            gate: &mut Gate<T>,
            messages: impl ExactSizeIterator<Item: Source<T>>,
        ) -> Result<Range<u64>, TryProduceError>
        where
            Self: super::Mode;

        /// At least one message, and no more than the queue keeps. Rings no bell.
        fn produce_batch<T: Payload>(
            queue: &Queue<T, Self>,
            state: &mut Self::State,
            gate: &mut Gate<T>,
            messages: impl ExactSizeIterator<Item: Source<T>>,
        ) -> Range<u64>
        where
            Self: super::Mode;
    }
}
