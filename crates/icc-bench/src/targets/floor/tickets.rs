//! The floors of many producers where nobody polls: a ticket and a copy.

use std::marker::PhantomData;
use std::sync::Arc;
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use super::MANY_PRODUCERS;
use crate::link::{CAPACITY, ManyProducers, Message, OpenedForTwo, Polled, Receiver, Sender};
use crate::targets::plain_ring::{PlainPlaces, PlainRing};

/// A ticket, taken as if others took some too, and a plain copy.
#[derive(Debug)]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) struct TicketRing<T> {
    tickets: CachePadded<AtomicU64>,
    ring: PlainRing<T>,
}

impl<T: Message> Sender<T> for TicketRing<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // Relaxed: the number alone is handed out. The ring goes where the ticket says.
        let ticket = self.tickets.fetch_add(1, Relaxed);
        self.ring.put(ticket as usize, message);
    }
}

impl<T: Message> PlainPlaces<T> for TicketRing<T> {
    fn new() -> Self {
        Self { tickets: CachePadded::default(), ring: PlainRing::new() }
    }

    fn last(&self) -> &T {
        self.ring.last()
    }
}

/// Two cores that take tickets from one counter and write to their slots, without waiting.
///
/// A slot's words are atomics, its number comes last. A producer that stops for a whole ring in
/// the midst of a message may mix it with a later one, which is left out: what is measured ends
/// before anybody reads, and then the number that was stored last tells whose message it is. A
/// mixture under the right number would need a second producer to stop in that slot, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoProducers;

/// Words of a cache line.
const LINE: usize = 8;

#[derive(Debug, Default)]
#[repr(C, align(64))]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
struct Line([AtomicU64; LINE]);

#[derive(Debug)]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
struct Slots<T> {
    tickets: CachePadded<AtomicU64>,
    lines: Box<[Line]>,
    message: PhantomData<T>,
}

#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
impl<T: Message> Slots<T> {
    const WORDS: usize = size_of::<T>() / 8;
    const LINES: usize = (1 + Self::WORDS).div_ceil(LINE);

    /// A slot's words, its number first.
    #[inline(always)]
    fn slot(&self, number: u64) -> impl Iterator<Item = &AtomicU64> {
        let first = number as usize % CAPACITY * Self::LINES;
        self.lines[first..first + Self::LINES].iter().flat_map(|line| &line.0)
    }
}

/// One of the two.
#[derive(Debug)]
pub(crate) struct TwoSender<T>(Arc<Slots<T>>);

impl<T: Message> Sender<T> for TwoSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // Relaxed: the number alone is handed out.
        let number = self.0.tickets.fetch_add(1, Relaxed);
        let mut slot = self.0.slot(number);
        let version = slot.next();
        let words: &[u64] = bytemuck::cast_slice(std::slice::from_ref(message));
        for (word, value) in slot.zip(words) {
            word.store(*value, Relaxed);
        }
        if let Some(version) = version {
            // Release: pairs with the load in `poll`.
            version.store(number, Release);
        }
    }
}

/// The receiver, which comes when both are done.
#[derive(Debug)]
pub(crate) struct TwoReceiver<T> {
    slots: Arc<Slots<T>>,
    next: u64,
}

impl<T: Message> Receiver<T> for TwoReceiver<T> {
    fn poll(&mut self, into: &mut T) -> Polled {
        // Acquire orders nothing here; what was written is seen through the slots' numbers.
        let end = self.slots.tickets.load(Acquire);
        let first = end.saturating_sub(CAPACITY as u64).max(1);
        if first > self.next {
            let lost = first - self.next;
            self.next = first;
            return Polled::Lost(lost);
        }
        if self.next == end {
            return Polled::Empty;
        }
        let number = self.next;
        self.next += 1;
        let mut slot = self.slots.slot(number);
        // Acquire: pairs with the store in `send`.
        if slot.next().map(|version| version.load(Acquire)) != Some(number) {
            return Polled::Lost(1);
        }
        let words: &mut [u64] = bytemuck::cast_slice_mut(std::slice::from_mut(into));
        for (word, value) in words.iter_mut().zip(slot) {
            *word = value.load(Relaxed);
        }
        Polled::Message
    }
}

impl ManyProducers for TwoProducers {
    const NAME: &'static str = MANY_PRODUCERS;
    type Sender<T: Message> = TwoSender<T>;
    type Receiver<T: Message> = TwoReceiver<T>;

    fn open_for_two<T: Message>() -> OpenedForTwo<TwoSender<T>, TwoReceiver<T>> {
        let lines = (0..CAPACITY * Slots::<T>::LINES).map(|_| Line::default()).collect();
        // Numbers begin at 1: no slot holds one yet.
        let slots = Arc::new(Slots { tickets: CachePadded::new(1.into()), lines, message: PhantomData });
        let sender = || TwoSender(Arc::clone(&slots));
        Ok(([sender(), sender()], TwoReceiver { slots: Arc::clone(&slots), next: 1 }))
    }
}
