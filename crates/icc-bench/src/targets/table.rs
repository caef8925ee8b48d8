//! Tables that are read as a whole: a vector packed or with a line a slot, private or shared, and a
//! plain slice.

use std::marker::PhantomData;

use icc_vector::{MultiWriter, Options, Packed, Padded, Placement, SeqlockVector, Writer};

use crate::link::{Message, OpenError, ReadAll, Table};

/// Values one behind the other, and nothing that guards them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainSlice;

impl Table for PlainSlice {
    const NAME: &'static str = "plain slice";
    type Values<T: Message> = Box<[T]>;

    fn open<T: Message>(len: usize) -> Result<Box<[T]>, OpenError> {
        Ok(vec![T::zeroed(); len].into())
    }
}

impl<T: Message> ReadAll<T> for Box<[T]> {
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError> {
        *self.get_mut(index).ok_or("there is no such value")? = *value;
        Ok(())
    }

    #[inline(always)]
    fn read_all(&mut self, into: &mut [T]) {
        into.copy_from_slice(std::hint::black_box(self));
    }
}

/// Read by `read_all_into`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllAtOnce;

/// Read by its iterator, each value put into its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneByOne;

/// A vector whose placement of slots is `P`, read in the way `R`.
#[derive(Debug)]
pub(crate) struct VectorTable<T: Message, P: Placement, R> {
    vector: SeqlockVector<T, MultiWriter, P>,
    writer: Writer<T, MultiWriter, P>,
    way: PhantomData<R>,
}

impl<T: Message, P: Placement, R> VectorTable<T, P, R> {
    fn new(vector: SeqlockVector<T, MultiWriter, P>) -> Result<Self, OpenError> {
        Ok(Self { writer: vector.writer()?, vector, way: PhantomData })
    }
}

impl<T: Message, P: Placement> ReadAll<T> for VectorTable<T, P, AllAtOnce> {
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError> {
        self.writer.write(index, value)?;
        Ok(())
    }

    #[inline(always)]
    fn read_all(&mut self, into: &mut [T]) {
        // The lengths agree and there is no writer; otherwise the check of the values would fail.
        let _ = std::hint::black_box(&self.vector).read_all_into(into);
    }
}

impl<T: Message, P: Placement> ReadAll<T> for VectorTable<T, P, OneByOne> {
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError> {
        self.writer.write(index, value)?;
        Ok(())
    }

    #[inline(always)]
    fn read_all(&mut self, into: &mut [T]) {
        for (value, into) in std::hint::black_box(&self.vector).iter().zip(into) {
            if let Ok(value) = value {
                *into = value;
            }
        }
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident, $name:literal, $placement:ident, $way:ident, $open:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $table;

            impl Table for $table {
                const NAME: &'static str = $name;
                type Values<T: Message> = VectorTable<T, $placement, $way>;

                fn open<T: Message>(len: usize) -> Result<Self::Values<T>, OpenError> {
                    VectorTable::new($open(len)?)
                }
            }
        )*
    };
}

tables! {
    /// Slots one behind the other.
    PackedVector, "icc-vector packed", Packed, AllAtOnce, SeqlockVector::new;
    /// The same in memory that another process could map too.
    SharedPackedVector, "icc-vector packed, shared", Packed, AllAtOnce,
        |len| SeqlockVector::anonymous(len, &Options::new());
    /// Slots one behind the other, read one by one.
    IteratedPackedVector, "icc-vector packed, iterated", Packed, OneByOne, SeqlockVector::new;
    /// A cache line or more for each slot.
    PaddedVector, "icc-vector padded", Padded, AllAtOnce, SeqlockVector::new;
    /// The same in memory that another process could map too.
    SharedPaddedVector, "icc-vector padded, shared", Padded, AllAtOnce,
        |len| SeqlockVector::anonymous(len, &Options::new());
    /// A cache line or more for each slot, read one by one.
    IteratedVector, "icc-vector padded, iterated", Padded, OneByOne, SeqlockVector::new;
}
