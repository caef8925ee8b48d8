//! An executor of one task on the calling thread, for models.

use icc_seqlock::primitive::{Condvar, Mutex};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

struct Task {
    is_woken: Mutex<bool>,
    woken: Condvar,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        *self.is_woken.lock().unwrap() = true;
        self.woken.notify_one();
    }
}

/// Runs `future` to its end. Polls it only when it was woken.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let task = Arc::new(Task { is_woken: Mutex::new(false), woken: Condvar::new() });
    let waker = Waker::from(Arc::clone(&task));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let mut is_woken = task.is_woken.lock().unwrap();
        while !*is_woken {
            is_woken = task.woken.wait(is_woken).unwrap();
        }
        *is_woken = false;
    }
}
