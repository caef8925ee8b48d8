//! Who may write a slot, and whether changes are tracked, as a type.

use core::marker::PhantomData;

/// How a vector is written: [`MultiWriter`] or [`SingleWriter`], each also [`Tracked`].
///
/// A property of the vector, checked when it is opened: the two ways of writing never meet in one vector.
pub trait Mode: sealed::Sealed + Send + Sync + 'static {
    /// What the header says.
    #[doc(hidden)]
    const CODE: u64;
    /// For people.
    #[doc(hidden)]
    const NAME: &'static str;
    /// Whether a slot has one writer at a time.
    #[doc(hidden)]
    const SINGLE: bool;
    /// Whether writers count changes.
    #[doc(hidden)]
    const TRACKED: bool;
}

/// Modes in which any writer writes any slot: [`MultiWriter`], tracked or not.
pub trait Shared: Mode {}

/// Modes in which each slot has one writer at a time: [`SingleWriter`], tracked or not.
pub trait Exclusive: Mode {}

/// Any number of writers a slot. Each write begins with a compare-exchange.
#[derive(Clone, Copy, Debug)]
pub struct MultiWriter;

/// One writer a slot at a time: one for all slots, or several for disjoint ranges. Plain stores only.
///
/// That a slot never has two is ensured by the handles: a range that overlaps a living writer's, of whatever process, is
/// refused.
#[derive(Clone, Copy, Debug)]
pub struct SingleWriter;

/// As `M`, and every write also counts up one of at most 1024 counters, each for a block of neighbouring slots.
///
/// For large vectors of which little changes: a [`Changes`](crate::Changes) cursor then looks at the counters and at the slots
/// of those blocks that changed, not at every slot. Writers pay for it, most where several write the same block at once; that
/// is why it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Tracked<M>(PhantomData<M>);

impl Mode for MultiWriter {
    const CODE: u64 = 1;
    const NAME: &'static str = "many writers a slot";
    const SINGLE: bool = false;
    const TRACKED: bool = false;
}

impl Mode for SingleWriter {
    const CODE: u64 = 2;
    const NAME: &'static str = "one writer a slot";
    const SINGLE: bool = true;
    const TRACKED: bool = false;
}

impl Mode for Tracked<MultiWriter> {
    const CODE: u64 = 3;
    const NAME: &'static str = "many writers a slot, tracked";
    const SINGLE: bool = false;
    const TRACKED: bool = true;
}

impl Mode for Tracked<SingleWriter> {
    const CODE: u64 = 4;
    const NAME: &'static str = "one writer a slot, tracked";
    const SINGLE: bool = true;
    const TRACKED: bool = true;
}

impl Shared for MultiWriter {}
impl Shared for Tracked<MultiWriter> {}
impl Exclusive for SingleWriter {}
impl Exclusive for Tracked<SingleWriter> {}

/// What a mode's number, found in a header, stands for.
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub(crate) fn describe(code: u64) -> &'static str {
    match code {
        MultiWriter::CODE => MultiWriter::NAME,
        SingleWriter::CODE => SingleWriter::NAME,
        Tracked::<MultiWriter>::CODE => Tracked::<MultiWriter>::NAME,
        Tracked::<SingleWriter>::CODE => Tracked::<SingleWriter>::NAME,
        _ => "an unknown mode",
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::MultiWriter {}
    impl Sealed for super::SingleWriter {}
    impl Sealed for super::Tracked<super::MultiWriter> {}
    impl Sealed for super::Tracked<super::SingleWriter> {}
}
