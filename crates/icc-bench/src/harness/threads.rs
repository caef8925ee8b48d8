//! The two threads of a round.
//!
//! Nothing here is compiled anew for each message, target and scenario: what runs on a thread is called through a
//! pointer, once a round. Where one thread times an operation of a nanosecond, the compiled loop seemed slower so,
//! and those scenarios start it themselves.

use std::sync::Barrier;

use super::pin::{Cores, PinError, pin_current_thread};
use super::placement::on_another_depth;

/// What runs on a thread.
pub(crate) type Body<'a> = &'a mut (dyn FnMut() + Send);

/// One of the threads panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a measuring thread panicked; its message is above")]
pub struct Panicked;

/// Why a body has not run to its end.
#[derive(Debug)]
pub(crate) enum Failed {
    Pin(PinError),
    Panicked,
}

impl Failed {
    pub(crate) fn into_error<E: From<PinError> + From<Panicked>>(self) -> E {
        match self {
            Self::Pin(error) => error.into(),
            Self::Panicked => Panicked.into(),
        }
    }
}

/// Runs two bodies at once, each pinned to its core and verified before either begins, each with its stack at
/// another depth than the last time. `end` is called when one has ended, or failed.
pub(crate) fn together(cores: Cores, end: &(dyn Fn() + Sync), bodies: [Body<'_>; 2]) -> [Result<(), Failed>; 2] {
    let start = Barrier::new(2);
    let [first, second] = bodies;
    std::thread::scope(|scope| {
        let threads = [(cores.first, first), (cores.second, second)].map(|(core, body)| {
            let start = &start;
            scope.spawn(move || on_core(core, start, end, body))
        });
        threads.map(|thread| thread.join().map_err(|_| Failed::Panicked)?.map_err(Failed::Pin))
    })
}

/// Calls a function when dropped, so that a thread that fails or panics takes the other one with it.
struct OnDrop<'a>(&'a (dyn Fn() + Sync));

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn on_core(core: usize, start: &Barrier, end: &(dyn Fn() + Sync), body: Body<'_>) -> Result<(), PinError> {
    let _end_both = OnDrop(end);
    let pinned = pin_current_thread(core);
    if pinned.is_err() {
        end();
    }
    // Reached whether or not the pin took, or the other thread would never leave this wait.
    start.wait();
    pinned?;
    on_another_depth(body);
    Ok(())
}
