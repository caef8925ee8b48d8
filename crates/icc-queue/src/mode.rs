//! How many producers a queue has, as a type.

use icc_buffer::{Kind, Packed, Placement};

/// The number of producers of a queue: [`Spmc`].
pub trait Mode: sealed::Sealed + Send + Sync + 'static {
    /// How the slots are placed.
    #[doc(hidden)]
    type Placement: Placement;
    /// What the header says.
    #[doc(hidden)]
    const KIND: Kind;
}

/// One producer at a time, any number of consumers. The cheapest: plain stores only.
///
/// Slots are packed: several small messages arrive with one cache line.
#[derive(Clone, Copy, Debug)]
pub struct Spmc;

impl Mode for Spmc {
    type Placement = Packed;
    const KIND: Kind = Kind::QueueSpmc;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Spmc {}
}
