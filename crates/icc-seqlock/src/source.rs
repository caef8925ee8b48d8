//! What a write stores: a value, or bytes.

use crate::{Payload, Seqlock};

/// What a cell of `T` can be written with: a `&T`; or, for a cell of `()` that stands for one whose
/// type is not known, [`PayloadBytes`](crate::PayloadBytes). Nothing else.
///
/// So there is one way of writing, whoever knows the type.
///
/// ```compile_fail,E0277
/// struct Mine;
/// fn source<T>(_: impl icc_seqlock::Source<T>) {}
/// source::<u64>(Mine);
/// ```
pub trait Source<T>: Copy + sealed::Store<T> {}

impl<T: Payload> Source<T> for &T {}

impl<T: Payload> sealed::Store<T> for &T {
    #[inline(always)]
    fn store_in(self, cell: &Seqlock<T>) {
        cell.storage.store(self);
    }
}

/// Nobody else can add one: the cell's accesses must all be of one kind.
pub(crate) mod sealed {
    use crate::Seqlock;

    pub trait Store<T> {
        /// Copies what it is into the cell's payload, by atomic accesses.
        fn store_in(self, cell: &Seqlock<T>);
    }
}
