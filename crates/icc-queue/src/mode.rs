//! How many producers a queue has, as a type.

use crate::{QueueReader, mpmc, spmc};
use icc_buffer::{Kind, Packed, Padded, Placement};
use icc_seqlock::Payload;
use icc_seqlock::primitive::spin_loop;

/// The number of producers of a queue: [`Spmc`] or [`Mpmc`].
pub trait Mode: sealed::Sealed + Send + Sync + 'static {
    /// How the slots are placed.
    #[doc(hidden)]
    type Placement: Placement;
    /// What a producer holds beside the queue.
    #[doc(hidden)]
    type Seat: Send;
    /// What the header says.
    #[doc(hidden)]
    const KIND: Kind;
    /// The most producers at a time.
    #[doc(hidden)]
    const PRODUCERS: u32;
    /// The counters on lines of their own: the head, and what the producers keep there.
    #[doc(hidden)]
    const LINES: usize;
    /// Whether a message can stay unwritten for good because its producer died, without another taking its place.
    #[doc(hidden)]
    const ABANDONS: bool;
    /// Whether that has happened to message `n`, which is not there: proven, not guessed.
    #[doc(hidden)]
    fn abandoned<T: Payload>(queue: &QueueReader<T, Self>, n: u64) -> bool
    where
        Self: Sized;
}

/// One producer at a time, any number of consumers. The cheapest: plain stores only.
///
/// Slots are packed: several small messages arrive with one cache line.
#[derive(Clone, Copy, Debug)]
pub struct Spmc;

impl Mode for Spmc {
    type Placement = Packed;
    type Seat = spmc::Seat;
    const KIND: Kind = Kind::QueueSpmc;
    const PRODUCERS: u32 = 1;
    const LINES: usize = 1;
    const ABANDONS: bool = false;

    fn abandoned<T: Payload>(_queue: &QueueReader<T, Self>, _n: u64) -> bool {
        false
    }
}

/// Many producers, up to 64 at a time, any number of consumers. A message costs one atomic addition more.
///
/// Each slot has cache lines of its own, since different cores write neighbouring ones at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Mpmc;

impl Mode for Mpmc {
    type Placement = Padded;
    type Seat = mpmc::Seat;
    const KIND: Kind = Kind::QueueMpmc;
    const PRODUCERS: u32 = if cfg!(icc_loom) { 2 } else { 64 };
    const LINES: usize = 1 + mpmc::LINES_EACH * Self::PRODUCERS as usize;
    const ABANDONS: bool = true;

    fn abandoned<T: Payload>(queue: &QueueReader<T, Self>, n: u64) -> bool {
        let taken = queue.produced().wrapping_sub(n).cast_signed() > 0;
        taken && !arrives(queue, n) && queue.owner_is_dead(n)
    }
}

/// Looks at the slot of a message under way before its owner is asked after: it takes far longer to ask the kernel than an
/// owner that runs takes to complete its message. A few microseconds; under loom every look is another's turn, so there is none.
const LOOKS: u32 = if cfg!(icc_loom) { 0 } else { 256 };

/// Whether message `n`, whose ticket is taken, becomes complete meanwhile.
fn arrives<T: Payload>(queue: &QueueReader<T, Mpmc>, n: u64) -> bool {
    (0..LOOKS).any(|_| {
        spin_loop();
        queue.geometry.ahead(queue.slot(n).version(), n) >= 0
    })
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Spmc {}
    impl Sealed for super::Mpmc {}
}
