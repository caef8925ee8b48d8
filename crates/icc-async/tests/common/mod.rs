//! What the tests share.

use icc_queue::{Queue, QueueSpec};
use std::fs;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

#[allow(dead_code, reason = "not by every test")]
pub(crate) fn wakeable() -> Queue<u64> {
    Queue::new(QueueSpec::new(1024).wakeable()).unwrap()
}

/// A hand-made executor of one task.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The directories of this crate's threads in `/proc`.
#[allow(dead_code, reason = "not by every test")]
pub(crate) fn threads() -> Vec<std::path::PathBuf> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path());
    tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "icc-async")).collect()
}
