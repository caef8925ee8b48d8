//! On and off.

use crate::files::Files;
use crate::recorder::Recorder;
use crate::stamps::{NoStamps, Stamps};
use crate::timing::{NOBODY, Timing};
use crate::{TraceError, TraceSpec};
use bytemuck::Zeroable as _;
use std::path::Path;

/// Whether a program traces: [`On`] or [`Off`]. Chosen by type, so that `Off` leaves nothing behind.
pub trait Mode: sealed::Properties {}

/// Messages are stamped, and timings recorded.
#[derive(Clone, Copy, Debug)]
pub enum On {}

/// Nothing is done: a [`Hop`](crate::Hop) has no state, and a [`Stamped`](crate::Stamped) message is its payload.
#[derive(Clone, Copy, Debug)]
pub enum Off {}

impl Mode for On {}
impl Mode for Off {}

pub(crate) mod sealed {
    use super::{Path, TraceError, TraceSpec};
    use bytemuck::Pod;
    use core::fmt::Debug;

    pub trait Properties: Copy + Debug + 'static {
        /// What a message has beside its payload.
        type Stamps: Pod + Debug;
        /// What a hop knows of the message that it has in hand.
        type Arrival: Copy + Debug;
        /// What a hop has.
        type Hop: Debug;
        /// What a system has.
        type Trace: Debug;

        /// Of a message that is not traced.
        const UNTRACED: Self::Arrival;

        fn open(name: &Path, spec: &TraceSpec) -> Result<Self::Trace, TraceError>;
        fn hop(trace: &Self::Trace, name: &str) -> Result<Self::Hop, TraceError>;
        fn sample(hop: &mut Self::Hop, every: u16);
        fn enter(hop: &mut Self::Hop, at: Option<u64>) -> Self::Arrival;
        fn arrive(hop: &mut Self::Hop, stamps: Self::Stamps) -> Self::Arrival;
        fn leave(hop: &Self::Hop, arrival: Self::Arrival) -> Self::Stamps;
        fn record(hop: &mut Self::Hop, arrival: Self::Arrival, stamps: Self::Stamps);
        fn dropped(hop: &Self::Hop) -> u64;
    }
}

/// Without padding behind any payload: see `Pod` of `Stamped`.
const _: () = {
    assert!(align_of::<Stamps>() == 1 && size_of::<Stamps>().is_multiple_of(8));
    assert!(align_of::<NoStamps>() == 1 && size_of::<NoStamps>() == 0);
};

/// What a hop knows of the message that it has in hand.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// When the cause entered the system; 0 if the message is not traced.
    origin: u64,
    /// When the hop had it.
    arrived: u64,
    /// When it was published.
    published: u64,
    every: u16,
    from: u8,
}

impl sealed::Properties for On {
    type Stamps = Stamps;
    type Arrival = Mark;
    type Hop = Recorder;
    type Trace = Files;

    const UNTRACED: Mark = Mark { origin: 0, arrived: 0, published: 0, every: 0, from: NOBODY };

    fn open(name: &Path, spec: &TraceSpec) -> Result<Files, TraceError> {
        Files::open_or_create(name, spec)
    }

    fn hop(trace: &Files, name: &str) -> Result<Recorder, TraceError> {
        trace.recorder(name)
    }

    fn sample(hop: &mut Recorder, every: u16) {
        hop.sample(every);
    }

    #[inline(always)]
    fn enter(hop: &mut Recorder, at: Option<u64>) -> Mark {
        let Some(every) = hop.next_sample() else { return Self::UNTRACED };
        let now = hop.clock.now();
        let origin = at.unwrap_or(now);
        Mark { origin, arrived: now, published: origin, every, from: NOBODY }
    }

    #[inline(always)]
    fn arrive(hop: &mut Recorder, stamps: Stamps) -> Mark {
        let Stamps { origin, published, every, hop: from } = stamps;
        if origin == 0 {
            return Self::UNTRACED;
        }
        // What does not fit was not made by a hop; the reader drops what it leads to.
        Mark { origin, arrived: hop.clock.now(), published, every: every as u16, from: from as u8 }
    }

    #[inline(always)]
    fn leave(hop: &Recorder, arrival: Mark) -> Stamps {
        if arrival.origin == 0 {
            return Stamps::zeroed();
        }
        Stamps { origin: arrival.origin, published: hop.clock.now(), every: arrival.every.into(), hop: hop.id.into() }
    }

    #[inline(always)]
    fn record(hop: &mut Recorder, arrival: Mark, stamps: Stamps) {
        if arrival.origin == 0 {
            return;
        }
        let waited = arrival.arrived.saturating_sub(arrival.published);
        hop.put(&Timing {
            origin: arrival.origin,
            arrived: arrival.arrived,
            left: stamps.published,
            waited: waited.min(u32::MAX.into()) as u32,
            every: arrival.every,
            hop: hop.id,
            from: arrival.from,
        });
    }

    fn dropped(hop: &Recorder) -> u64 {
        hop.dropped
    }
}

impl sealed::Properties for Off {
    type Stamps = NoStamps;
    type Arrival = ();
    type Hop = ();
    type Trace = ();

    const UNTRACED: () = ();

    fn open(_name: &Path, _spec: &TraceSpec) -> Result<(), TraceError> {
        Ok(())
    }

    fn hop(_trace: &(), _name: &str) -> Result<(), TraceError> {
        Ok(())
    }

    fn sample(_hop: &mut (), _every: u16) {}

    #[inline(always)]
    fn enter(_hop: &mut (), _at: Option<u64>) {}

    #[inline(always)]
    fn arrive(_hop: &mut (), _stamps: NoStamps) {}

    #[inline(always)]
    fn leave(_hop: &(), _arrival: ()) -> NoStamps {
        NoStamps {}
    }

    #[inline(always)]
    fn record(_hop: &mut (), _arrival: (), _stamps: NoStamps) {}

    fn dropped(_hop: &()) -> u64 {
        0
    }
}
