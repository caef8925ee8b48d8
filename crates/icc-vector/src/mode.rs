//! Who may write a slot, and whether changes are counted: as a type for those that write, as a
//! value for those that read.

use core::marker::PhantomData;

/// How a vector is written: [`MultiWriter`] or [`SingleWriter`], each also [`Tracked`].
///
/// A property of the vector, checked when it is opened to be written: the two ways of writing never
/// meet in one vector. Readers read vectors of every mode.
pub trait Mode: sealed::Sealed + Send + Sync + 'static {
    /// This mode, as a value.
    #[doc(hidden)]
    const KIND: ModeKind;
    /// Whether a slot has one writer at a time.
    #[doc(hidden)]
    const SINGLE: bool = Self::KIND.is_single();
    /// Whether writers count changes.
    #[doc(hidden)]
    const TRACKED: bool = Self::KIND.is_tracked();
}

/// Modes in which any writer writes any slot: [`MultiWriter`], tracked or not.
pub trait Shared: Mode {}

/// Modes in which each slot has one writer at a time: [`SingleWriter`], tracked or not.
pub trait Exclusive: Mode {}

/// Any number of writers a slot. Each write begins with a compare-exchange.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "mpmc")]
pub struct MultiWriter;

/// One writer a slot at a time: one for all slots, or several for disjoint ranges. Plain stores
/// only.
///
/// The handles ensure that a slot never has two: a range that overlaps a living writer's range is
/// refused, in whatever process that writer lives.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "spmc")]
pub struct SingleWriter;

/// As `M`, and every write also counts up one of at most 1024 counters, each for a block of
/// neighbouring slots.
///
/// For large vectors of which little changes: a [`Changes`](crate::Changes) cursor then reads the
/// counters, and only the slots of blocks that changed. Writers pay for it, most where several
/// write the same block at once. So it is used only where it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Tracked<M>(PhantomData<M>);

impl Mode for MultiWriter {
    const KIND: ModeKind = ModeKind::Multi;
}

impl Mode for SingleWriter {
    const KIND: ModeKind = ModeKind::Single;
}

impl Mode for Tracked<MultiWriter> {
    const KIND: ModeKind = ModeKind::TrackedMulti;
}

impl Mode for Tracked<SingleWriter> {
    const KIND: ModeKind = ModeKind::TrackedSingle;
}

impl Shared for MultiWriter {}
impl Shared for Tracked<MultiWriter> {}
impl Exclusive for SingleWriter {}
impl Exclusive for Tracked<SingleWriter> {}

/// A mode as a value. Its number is what the header says.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ModeKind {
    Multi = 1,
    Single = 2,
    TrackedMulti = 3,
    TrackedSingle = 4,
}

impl ModeKind {
    /// What the header says.
    pub(crate) const fn word(self) -> u64 {
        self as u64
    }

    /// For people: as the type is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Multi => "MultiWriter",
            Self::Single => "SingleWriter",
            Self::TrackedMulti => "Tracked<MultiWriter>",
            Self::TrackedSingle => "Tracked<SingleWriter>",
        }
    }

    const fn is_single(self) -> bool {
        matches!(self, Self::Single | Self::TrackedSingle)
    }

    pub(crate) const fn is_tracked(self) -> bool {
        matches!(self, Self::TrackedMulti | Self::TrackedSingle)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::MultiWriter {}
    impl Sealed for super::SingleWriter {}
    impl Sealed for super::Tracked<super::MultiWriter> {}
    impl Sealed for super::Tracked<super::SingleWriter> {}
}
