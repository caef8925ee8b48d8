//! Hops: where messages pass through.

use crate::mode::sealed::Properties;
use crate::{Clock, Mode, On, Stamped};
use bytemuck::Pod;
use core::fmt;

/// A place where messages pass through, under a name: from [`Trace::hop`](crate::Trace::hop).
///
/// It reads the clock when a message arrives and when one leaves, and then puts the two times into the
/// system's ring. It never waits: what cannot be recorded is [dropped](Self::dropped). Between processes
/// and threads the times are comparable.
///
/// # Examples
///
/// See [the crate](crate).
// As a struct of the mode's: `Hop<Off>` has no size.
pub struct Hop<M: Mode = On> {
    pub(crate) hop: M::Hop,
}

/// A message in a hop's hand: from [`Hop::arrive`] or [`Hop::enter`]. Several messages may come of one, so it
/// can be copied.
#[derive(Clone, Copy, Debug)]
#[must_use = "a message that is neither passed on nor ended is not recorded"]
pub struct Arrival<M: Mode = On>(<M as Properties>::Arrival);

impl<M: Mode> Arrival<M> {
    /// Of what no single cause led to, such as a retry: passed on without stamps, and not recorded.
    #[inline(always)]
    pub fn untraced() -> Self {
        Self(M::UNTRACED)
    }
}

impl<M: Mode> Hop<M> {
    /// Traces only one in so many of the causes that [`enter`](Self::enter) the system here: all, if it is 0 or 1.
    ///
    /// A cause is traced on its whole way or not at all, so that the hops of each add up. What is not traced
    /// costs a hop two comparisons, and no reading of the clock.
    #[must_use]
    pub fn sampling(mut self, one_in: u16) -> Self {
        M::sample(&mut self.hop, one_in.max(1));
        self
    }

    /// A cause enters the system here, now: a packet from a venue, a timer.
    #[inline(always)]
    pub fn enter(&mut self) -> Arrival<M> {
        Arrival(M::enter(&mut self.hop, None))
    }

    /// As [`enter`](Self::enter), of a cause that was there before, such as when a network card stamped it: at `at`,
    /// in nanoseconds of this system's [`Clock`]. Until now it waited. With an `at` of 0 it is not traced.
    #[inline(always)]
    pub fn enter_at(&mut self, at: u64) -> Arrival<M> {
        Arrival(M::enter(&mut self.hop, Some(at)))
    }

    /// A message was consumed here, now.
    #[inline(always)]
    pub fn arrive<T: Pod>(&mut self, message: &Stamped<T, M>) -> Arrival<M> {
        Arrival(M::arrive(&mut self.hop, message.stamps))
    }

    /// Publishes what came of a message: `publish` gets `payload` with the stamps of its cause, and puts it into a queue,
    /// a vector or anything else. Returns what `publish` does.
    ///
    /// The time is recorded after `publish`, so that recording delays nobody.
    #[inline(always)]
    pub fn pass<T: Pod, R>(&mut self, arrival: Arrival<M>, payload: T, publish: impl FnOnce(&Stamped<T, M>) -> R) -> R {
        let stamps = M::leave(&self.hop, arrival.0);
        let result = publish(&Stamped { payload, stamps });
        M::record(&mut self.hop, arrival.0, stamps);
        result
    }

    /// The message's way ends here: nothing is published.
    #[inline(always)]
    pub fn end(&mut self, arrival: Arrival<M>) {
        let stamps = M::leave(&self.hop, arrival.0);
        M::record(&mut self.hop, arrival.0, stamps);
    }

    /// How many timings it could not record, because another hop was stopped or killed while it recorded
    /// its own, or somebody wrote garbage into the ring. What a slow reader loses, it is told itself.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        M::dropped(&self.hop)
    }
}

impl Hop {
    /// The clock that it reads.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.hop.clock
    }
}

impl<M: Mode> fmt::Debug for Hop<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop").field("hop", &self.hop).finish_non_exhaustive()
    }
}
