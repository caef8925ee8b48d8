//! Calls in all the ways in which they are written: compiled, and read as the sources of the
//! libraries are.

use std::panic::Location;
use std::sync::atomic::Ordering;

type Place = &'static Location<'static>;

/// Stands for the shim's atomic, and tells from where it is called.
struct Atomic;

impl Atomic {
    #[track_caller]
    fn load(&self, _: Ordering) -> Place {
        Location::caller()
    }

    #[track_caller]
    fn store(&self, _: u64, _: Ordering) -> Place {
        Location::caller()
    }

    fn itself(&self) -> &Self {
        self
    }
}

#[track_caller]
fn fence(_: Ordering) -> Place {
    Location::caller()
}

mod shim {
    pub(super) use super::fence;
}

impl Atomic {
    #[track_caller]
    fn load_acquire(&self) -> Place {
        _ = self.load(Ordering::Relaxed);
        fence(Ordering::Acquire)
    }

    #[track_caller]
    fn store_as(&self, order: Ordering) -> Place {
        self.store(1, order)
    }
}

#[rustfmt::skip]
pub(super) fn run() -> Vec<Place> {
    let (atomic, atomics) = (Atomic, [Atomic]);
    let mut seen = vec![atomic.load(Ordering::Relaxed)];
    seen.push(
        atomics[0]
            .itself()
            .store(1, Ordering::Release),
    );
    seen.push(fence(Ordering::Acquire));
    seen.push(shim::fence(Ordering::Acquire));
    seen.push({ /* ä: two bytes, one column */ atomic.itself() }.load(Ordering::Acquire));
    assert!({ seen.push(atomic.load(Ordering::Acquire)); true });
    seen.extend(atomics.iter().map(|atomic| atomic.load(Ordering::Acquire)));
    seen.push(atomic.itself().load_acquire());
    seen.push(Atomic::store_as(&atomic, Ordering::Release));
    seen
}
