//! What may be sent to other threads, and what may not.
#![cfg(not(icc_loom))]

use icc_buffer::{Buffer, Packed, ReadOnlyBuffer};
use std::marker::PhantomData;

/// Tells whether a type is `Send` and `Sync`, also where it is not: an inherent constant wins over a trait's, where its bounds
/// hold.
struct Probe<T>(PhantomData<T>);

trait Otherwise {
    const SEND: bool = false;
    const SYNC: bool = false;
}

impl<T> Otherwise for Probe<T> {}

impl<T: Send> Probe<T> {
    const SEND: bool = true;
}

impl<T: Sync> Probe<T> {
    const SYNC: bool = true;
}

/// A payload without any bytes that must stay in its thread all the same.
type Bound = PhantomData<*const u8>;

#[test]
fn a_buffer_goes_to_other_threads_only_if_its_payload_may() {
    let may = [
        Probe::<Buffer<u64, Packed>>::SEND,
        Probe::<Buffer<u64, Packed>>::SYNC,
        Probe::<ReadOnlyBuffer<u64, Packed>>::SEND,
        Probe::<ReadOnlyBuffer<u64, Packed>>::SYNC,
    ];
    let may_not = [
        Probe::<Buffer<Bound, Packed>>::SEND,
        Probe::<Buffer<Bound, Packed>>::SYNC,
        Probe::<ReadOnlyBuffer<Bound, Packed>>::SEND,
        Probe::<ReadOnlyBuffer<Bound, Packed>>::SYNC,
    ];
    assert_eq!((may, may_not), ([true; 4], [false; 4]));
}
