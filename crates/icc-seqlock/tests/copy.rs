//! The copy is exact at every size and alignment, and touches nothing outside the payload.
#![cfg(not(icc_loom))]

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};
use icc_seqlock::{Payload, Seqlock};

/// A payload of `N` bytes aligned to `A`'s alignment. `N` is a multiple of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Bytes<A, const N: usize> {
    align: [A; 0],
    bytes: [u8; N],
}

// SAFETY: an empty array and bytes; all zeros is one of their values.
unsafe impl<A: Copy + 'static, const N: usize> Zeroable for Bytes<A, N> {}
// SAFETY: every bit pattern is valid for bytes.
unsafe impl<A: Copy + 'static, const N: usize> AnyBitPattern for Bytes<A, N> {}
// SAFETY: `N` is a multiple of the alignment (checked below before any use), so no padding follows
// the bytes.
unsafe impl<A: Copy + 'static, const N: usize> NoUninit for Bytes<A, N> {}

impl<A, const N: usize> Bytes<A, N> {
    /// Every byte differs from its neighbours and from the same byte under another seed.
    fn patterned(seed: u8) -> Self {
        const { assert!(N.is_multiple_of(align_of::<A>())) };
        Self {
            align: [],
            bytes: std::array::from_fn(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) ^ (i >> 8) as u8),
        }
    }
}

/// A cell between two fences of known bytes, and a reader's buffer between two others.
#[repr(C)]
struct Fenced<T> {
    before: [u8; 64],
    inner: T,
    after: [u8; 64],
}

impl<T> Fenced<T> {
    fn new(inner: T) -> Self {
        Self { before: [0xa5; 64], inner, after: [0x5a; 64] }
    }

    fn assert_whole(&self) {
        assert_eq!((self.before, self.after), ([0xa5; 64], [0x5a; 64]), "bytes outside the payload were touched");
    }
}

fn exact<A: Copy + PartialEq + std::fmt::Debug + 'static, const N: usize>()
where
    Bytes<A, N>: Payload,
{
    let mut cell = Box::new(Fenced::new(Seqlock::new(Bytes::<A, N>::patterned(1))));
    let mut out = Box::new(Fenced::new(Bytes::<A, N>::patterned(0)));
    assert_eq!(cell.inner.read(), Bytes::patterned(1));
    for seed in 2..5 {
        let value = Bytes::patterned(seed);
        assert_eq!(cell.inner.write(&value), 2 * u64::from(seed) - 2);
        assert_eq!(cell.inner.read_into(&mut out.inner), 2 * u64::from(seed) - 2);
        assert!(out.inner == value, "{N} bytes were not read as written");
        assert!(*cell.inner.get_mut() == value, "{N} bytes do not lie as written");
    }
    let (mut writer, reader) = cell.inner.split();
    writer.write(&Bytes::patterned(9));
    assert!(reader.read() == Bytes::patterned(9));
    cell.assert_whole();
    out.assert_whole();
}

macro_rules! sizes {
    ($Align:ty: $($size:literal)*) => { $( exact::<$Align, $size>(); )* };
}

/// Ten sizes for each number of tens.
macro_rules! tens {
    ($($tens:literal)*) => { $(
        tens!(@ $tens 0 1 2 3 4 5 6 7 8 9);
    )* };
    (@ $tens:literal $($ones:literal)*) => { $( exact::<u8, { $tens * 10 + $ones }>(); )* };
}

#[test]
fn every_size_below_300() {
    tens!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29);
}

#[test]
fn large_sizes() {
    sizes!(u8: 511 512 513 1000 1023 1024 1025 1500 2047 2048 2049 3000 4095 4096 4097 6000 8191 8192 8193 16384 16385 32768 65535 65536);
}

#[test]
fn alignments() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(16))]
    struct A16;
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(32))]
    struct A32;
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(64))]
    struct A64;
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(128))]
    struct A128;
    sizes!(u16: 0 2 6 58 258 1026);
    sizes!(u32: 0 4 12 60 260 1028);
    sizes!(u64: 0 8 24 56 264 1032);
    sizes!(A16: 0 16 48 272 1040);
    sizes!(A32: 0 32 96 288 1056);
    sizes!(A64: 0 64 192 320 1088);
    sizes!(A128: 0 128 256 384 1152 65536);
}

#[test]
fn layout_is_version_then_value() {
    #[derive(Clone, Copy)]
    #[repr(align(128))]
    struct A128;
    assert_eq!((size_of::<Seqlock<()>>(), align_of::<Seqlock<()>>()), (8, 8));
    assert_eq!((size_of::<Seqlock<u8>>(), align_of::<Seqlock<u8>>()), (16, 8));
    assert_eq!((size_of::<Seqlock<[u8; 57]>>(), align_of::<Seqlock<[u8; 57]>>()), (72, 8));
    assert_eq!((size_of::<Seqlock<Bytes<A128, 128>>>(), align_of::<Seqlock<Bytes<A128, 128>>>()), (256, 128));
}
