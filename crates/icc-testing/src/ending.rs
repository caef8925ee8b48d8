//! Threads that go on until they are told to stop.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Sets a flag when it is dropped, also by a panic: so threads that go on until it is set end, and a failed test is told and does
/// not wait for them for ever.
#[derive(Debug)]
pub struct SetOnDrop<'flag>(pub &'flag AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_other_threads() {
        let stop = AtomicBool::new(false);
        let failed = std::panic::catch_unwind(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        std::thread::yield_now();
                    }
                });
                let _ends = SetOnDrop(&stop);
                panic!("as it should");
            });
        });
        assert!(failed.is_err());
    }
}
