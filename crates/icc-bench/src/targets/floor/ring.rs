//! The floor of rings: the lines of a message, its number last.
//!
//! A slot is a message, which begins a line, and its number behind it. The producer writes the message, then its number; a receiver
//! waits for the number, then copies the message. Nothing is marked or checked a second time,
//! because a slot is never written before every receiver has taken what is in it: receivers say now
//! and then how far they are, and the producer looks only when it would pass what it last saw. So
//! the copies are plain ones, of whatever width the compiler likes.

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::marker::PhantomData;
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use super::{MANY_PRODUCERS, ONE_PRODUCER};
use crate::link::{Broadcast, CAPACITY, Link, Message, OpenError, Polled, Receiver, Sender, Target};

/// The floor of rings with one producer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneProducer;

/// The floor of rings with many producers: a ticket first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ManyProducers;

/// A receiver says how far it is after so many messages: seldom enough to cost nothing.
const TOLD_EVERY: u64 = CAPACITY as u64 / 8;

/// The most lines that an empty poll asks for. Each is taken back from a producer that writes it.
const PREFETCHED: usize = 4;

/// Words of a cache line.
const LINE: usize = 8;

/// A cache line.
#[derive(Debug)]
#[repr(C, align(64))]
struct Line(UnsafeCell<[u64; LINE]>);

/// [`CAPACITY`] slots, short ones packed or with a line each, and how far each receiver is.
#[derive(Debug)]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) struct Ring<T, const PACKED: bool> {
    lines: Box<[Line]>,
    /// For each receiver the number of a message that it has not taken, and all before it are.
    positions: Box<[CachePadded<AtomicU64>]>,
    /// The number of the next message, where producers share it.
    tickets: CachePadded<AtomicU64>,
    message: PhantomData<T>,
}

// SAFETY: of the lines, the last word of each slot is accessed as an atomic only (`Ring::slot`),
// and the message before it by one thread at a time: see `write` and `RingReceiver::poll`. The rest
// are atomics.
unsafe impl<T: Message, const PACKED: bool> Sync for Ring<T, PACKED> {}

#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
impl<T: Message, const PACKED: bool> Ring<T, PACKED> {
    /// Words of a slot.
    const WORDS: usize = 1 + size_of::<T>() / size_of::<u64>();

    /// From one slot to the next, in words: where slots are packed, those of two words share a line.
    const STRIDE: usize = if PACKED && Self::WORDS == 2 { 2 } else { Self::WORDS.next_multiple_of(LINE) };

    fn new(receivers: usize) -> Self {
        let lines = (CAPACITY * Self::STRIDE).div_ceil(LINE);
        Self {
            lines: (0..lines).map(|_| Line(UnsafeCell::new([0; LINE]))).collect(),
            positions: (0..receivers).map(|_| CachePadded::new(AtomicU64::new(1))).collect(),
            tickets: CachePadded::new(AtomicU64::new(1)),
            message: PhantomData,
        }
    }

    /// The number in a message's slot, and where the message is. Valid as long as the ring.
    #[inline(always)]
    fn slot(&self, number: u64) -> (&AtomicU64, *mut T) {
        let first = number as usize % CAPACITY * Self::STRIDE;
        // SAFETY: `first` and the words of a slot from there on are among the `CAPACITY * STRIDE`
        // words that `new` allocated, as the stride is at least the slot's words. Line cells lie one
        // behind the other without gaps, and `UnsafeCell` lets a shared reference's pointer write.
        let (number, message) = unsafe {
            let slot = self.lines.as_ptr().cast::<u64>().cast_mut().add(first);
            (slot.add(Self::WORDS - 1), slot.cast::<T>())
        };
        // SAFETY: aligned and within the allocation, and no slot's last word is ever accessed in
        // another way.
        (unsafe { AtomicU64::from_ptr(number) }, message)
    }

    /// Asks for the lines of a slot before its last, so that they come with it and not after it.
    #[inline(always)]
    fn prefetch_rest(&self, number: u64) {
        let (_, message) = self.slot(number);
        let lines = Self::WORDS.div_ceil(LINE).min(1 + PREFETCHED);
        for line in 0..lines - 1 {
            prefetch(message.cast::<u64>().wrapping_add(line * LINE));
        }
    }

    /// Writes message `number`, and then its number.
    ///
    /// # Safety
    ///
    /// No other call has this number, and every receiver's position, loaded with Acquire, is past
    /// message `number - CAPACITY`.
    #[inline(always)]
    unsafe fn write(&self, number: u64, message: &T) {
        let (version, place) = self.slot(number);
        // SAFETY: `place` is valid for a `T`, which has the alignment of a word, and lies apart from the
        // caller's message, as nobody has a reference into the lines. No receiver
        // accesses it: those that read what was here have said so by their positions, by the
        // contract, and others wait for the number below. No producer does: the one that wrote
        // message `number - CAPACITY` had done so before a receiver took it.
        unsafe { copy(message, place) };
        // Release: pairs with the load in `RingReceiver::poll`.
        version.store(number, Release);
    }

    /// The number of the first message that there is no room for; waits until it is past `number`.
    #[cold]
    #[inline(never)]
    fn wait_for_room(&self, number: u64) -> u64 {
        loop {
            // Acquire: pairs with the store in `RingReceiver::poll`, so that what a receiver copied
            // before it is not written after it.
            let slowest = self.positions.iter().map(|position| position.load(Acquire)).min().unwrap_or(u64::MAX / 2);
            if slowest + CAPACITY as u64 > number {
                return slowest + CAPACITY as u64;
            }
            spin_loop();
        }
    }

    /// The receivers, from the first message on, and a ring without messages.
    fn restart(&mut self) {
        for number in 0..CAPACITY as u64 {
            self.slot(number).0.store(0, Relaxed);
        }
        for position in &mut self.positions {
            *position.get_mut() = 1;
        }
        *self.tickets.get_mut() = 1;
    }

    fn receivers(&self) -> Vec<RingReceiver<'_, T, PACKED>> {
        (0..self.positions.len()).map(|index| RingReceiver { ring: self, index, next: 1 }).collect()
    }
}

/// The only producer.
#[derive(Debug)]
pub(crate) struct OneSender<'ring, T, const PACKED: bool> {
    ring: &'ring Ring<T, PACKED>,
    next: u64,
    /// Messages before this one have room.
    limit: u64,
}

impl<T: Message, const PACKED: bool> Sender<T> for OneSender<'_, T, PACKED> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        if self.next >= self.limit {
            self.limit = self.ring.wait_for_room(self.next);
        }
        // SAFETY: this is the only producer, its numbers rise, and the limit is of positions that
        // were loaded with Acquire.
        unsafe { self.ring.write(self.next, message) };
        self.next += 1;
    }
}

/// One of many producers.
#[derive(Debug)]
pub(crate) struct TicketSender<'ring, T, const PACKED: bool> {
    ring: &'ring Ring<T, PACKED>,
    limit: u64,
}

impl<T: Message, const PACKED: bool> Sender<T> for TicketSender<'_, T, PACKED> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // Relaxed: the number alone is handed out.
        let number = self.ring.tickets.fetch_add(1, Relaxed);
        if number >= self.limit {
            self.limit = self.ring.wait_for_room(number);
        }
        // SAFETY: a ticket is taken once, and the limit is of positions that were loaded with
        // Acquire.
        unsafe { self.ring.write(number, message) };
    }
}

/// A receiver.
#[derive(Debug)]
pub(crate) struct RingReceiver<'ring, T: Message, const PACKED: bool> {
    ring: &'ring Ring<T, PACKED>,
    index: usize,
    next: u64,
}

impl<T: Message, const PACKED: bool> Receiver<T> for RingReceiver<'_, T, PACKED> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        let (version, place) = self.ring.slot(self.next);
        // Acquire: pairs with the store in `Ring::write`.
        if version.load(Acquire) != self.next {
            self.ring.prefetch_rest(self.next);
            return Polled::Empty;
        }
        // SAFETY: `place` is valid for a `T` and lies apart from `into`, as nobody has a reference into
        // the lines. Its writer is done, as it stored the number last, and
        // no producer writes there again before this receiver's position is past `next`.
        unsafe { copy(place, into) };
        self.next += 1;
        if self.next.is_multiple_of(TOLD_EVERY) {
            // Release: pairs with the load in `wait_for_room`.
            self.ring.positions[self.index].store(self.next, Release);
        }
        Polled::Message
    }
}

impl<T: Message, const PACKED: bool> Drop for RingReceiver<'_, T, PACKED> {
    fn drop(&mut self) {
        // Nobody waits for one that is gone. Release: as in `poll`.
        self.ring.positions[self.index].store(u64::MAX / 2, Release);
    }
}

/// A ring with one receiver.
#[derive(Debug)]
pub(crate) struct OneLink<T>(Ring<T, true>);

/// A ring for many producers, with one receiver.
#[derive(Debug)]
pub(crate) struct ManyLink<T>(Ring<T, true>);

impl Target for OneProducer {
    const NAME: &'static str = ONE_PRODUCER;
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = OneLink<T>;

    fn open<T: Message>() -> Result<OneLink<T>, OpenError> {
        Ok(OneLink(Ring::new(1)))
    }
}

impl Target for ManyProducers {
    const NAME: &'static str = MANY_PRODUCERS;
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = ManyLink<T>;

    fn open<T: Message>() -> Result<ManyLink<T>, OpenError> {
        Ok(ManyLink(Ring::new(1)))
    }
}

impl<T: Message> Link<T> for OneLink<T> {
    type Sender<'link> = OneSender<'link, T, true>;
    type Receiver<'link> = RingReceiver<'link, T, true>;

    fn ends(&mut self) -> Result<(OneSender<'_, T, true>, RingReceiver<'_, T, true>), OpenError> {
        self.0.restart();
        let receiver = self.0.receivers().pop().ok_or("it has one receiver")?;
        Ok((OneSender { ring: &self.0, next: 1, limit: 0 }, receiver))
    }
}

impl<T: Message> Link<T> for ManyLink<T> {
    type Sender<'link> = TicketSender<'link, T, true>;
    type Receiver<'link> = RingReceiver<'link, T, true>;

    fn ends(&mut self) -> Result<(TicketSender<'_, T, true>, RingReceiver<'_, T, true>), OpenError> {
        self.0.restart();
        let receiver = self.0.receivers().pop().ok_or("it has one receiver")?;
        Ok((TicketSender { ring: &self.0, limit: 0 }, receiver))
    }
}

impl Broadcast for OneProducer {
    const NAME: &'static str = ONE_PRODUCER;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = OneSender<'store, T, false>;
    type Receiver<'store, T: Message> = RingReceiver<'store, T, false>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl for<'store> FnOnce(OneSender<'store, T, false>, Vec<RingReceiver<'store, T, false>>) -> R,
    ) -> Result<R, OpenError> {
        let ring = Ring::new(consumers);
        Ok(body(OneSender { ring: &ring, next: 1, limit: 0 }, ring.receivers()))
    }
}

/// Copies a message: one of a few lines line by line, with moves and not with a call. One way at
/// 256 bytes that took 1.8 times a bare atomic instead of 3.0, at 1 KiB 4.8 instead of 3.9 (Zen 4).
///
/// # Safety
///
/// Both are valid for a `T` and lie apart.
#[inline(always)]
unsafe fn copy<T: Message>(from: *const T, to: *mut T) {
    const SHORT: usize = 128;
    const LONG: usize = 512;
    let bytes = size_of::<T>();
    if bytes <= SHORT || bytes > LONG || !bytes.is_multiple_of(size_of::<[u64; LINE]>()) {
        // SAFETY: by the contract.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 1) };
        return;
    }
    for line in 0..bytes / size_of::<[u64; LINE]>() {
        // Volatile, or the compiler makes one call of the whole. SAFETY: by the contract, the lines
        // are those of a `T`, whose words they are.
        unsafe {
            let words = from.cast::<[u64; LINE]>().add(line).read_volatile();
            to.cast::<[u64; LINE]>().add(line).write(words);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch(address: *const u64) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint to the processor, valid for any address. SSE is part of x86-64.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn prefetch(_address: *const u64) {}
