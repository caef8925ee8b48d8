//! What may be sent to other threads, and what may not.
#![cfg(not(icc_loom))]

use icc_buffer::{
    Buffer, BufferError, BusySpin, Counter, Expected, IdLock, Kind, Packed, Padded, ReadOnlyBuffer, Spec,
};
use icc_buffer::{SpinThenSleep, SpinThenYield, WaitStrategy, Waited};
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

/// Tells whether a type is `Send` and `Sync`, also where it is not: an inherent constant wins over
/// a trait's, where its bounds hold.
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
        Probe::<ReadOnlyBuffer<u64>>::SEND,
        Probe::<ReadOnlyBuffer<u64>>::SYNC,
    ];
    let may_not = [
        Probe::<Buffer<Bound, Packed>>::SEND,
        Probe::<Buffer<Bound, Packed>>::SYNC,
        Probe::<ReadOnlyBuffer<Bound>>::SEND,
        Probe::<ReadOnlyBuffer<Bound>>::SYNC,
    ];
    assert_eq!((may, may_not), ([true; 4], [false; 4]));
}

/// What layers do that keep their writing handle as a wrapper of their reading one.
#[test]
fn a_reading_handle_of_a_writable_buffer_leads_back_to_it() {
    let buffer = Buffer::<u64, Padded>::private(Spec::new(Kind::new("test"), 2).counters(1)).unwrap();
    let reader = buffer.read_only().clone();
    // SAFETY: a copy of what this very buffer, of this placement, derefs to.
    let writable = unsafe { reader.as_writable::<Padded>() };
    writable.slot(1).unwrap().write(&7);
    writable.counter(0).unwrap().store(3, std::sync::atomic::Ordering::Release);
    assert_eq!(buffer.slot(1).unwrap().read(), 7);
    assert_eq!(reader.counter(0).unwrap().load_acquire(), 3);
    assert_eq!(writable.instance(), buffer.instance());
}

/// A compile-time check: it holds if this compiles.
#[test]
fn handles_go_to_threads_and_survive_panics() {
    fn all<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
    all::<Buffer<u64, Packed>>();
    all::<Buffer<[f32; 3], Padded>>();
    all::<ReadOnlyBuffer<u64>>();
    all::<Counter<'_>>();
    all::<IdLock>();
    all::<(BufferError, Expected, Kind, Spec)>();
    #[cfg(target_os = "linux")]
    all::<icc_buffer::Options>();
    all::<(BusySpin, SpinThenYield, SpinThenSleep)>();
}

/// As every waiting call does.
fn waits(mut strategy: impl WaitStrategy, rounds: u64) -> Vec<Waited> {
    (0..rounds).map(|round| strategy.wait(round)).collect()
}

#[test]
fn strategies_by_reference_and_boxed() {
    let expected = [Waited::Spun, Waited::Spun, Waited::GaveUpCore];
    let mut yielding = SpinThenYield::new(2);
    assert_eq!(waits(&mut yielding, 3), expected);
    let dynamic: &mut dyn WaitStrategy = &mut yielding;
    assert_eq!(waits(dynamic, 3), expected);
    let boxed: Box<dyn WaitStrategy> = Box::new(SpinThenSleep::new(2, Duration::ZERO));
    assert_eq!(waits(boxed, 3), [Waited::Spun, Waited::Spun, Waited::Slept]);
    let mut boxed: Box<dyn WaitStrategy + Send> = Box::new(yielding);
    assert_eq!(waits(&mut boxed, 3), expected);
    assert_eq!(waits(Box::new(BusySpin), 3), [Waited::Spun; 3]);
}
