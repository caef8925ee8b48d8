//! Children made by `fork` in the middle of a test.

use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work` in a child made by `fork`, with a copy of everything, and says whether it returned
/// true there.
///
/// For an [`Actor`](crate::Actor), whose process has no other thread that could hold a lock which the
/// child needs.
///
/// # Panics
///
/// When there can be no child.
pub fn in_forked_child(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: this process has one other thread, the test harness's, which waits and holds no lock
    // that the child needs.
    match unsafe { fork() }.expect("there can be one process more") {
        ForkResult::Child => {
            let fine = catch_unwind(AssertUnwindSafe(work)).unwrap_or(false);
            // SAFETY: it ends this process without running anything of the parent's.
            unsafe { libc::_exit(i32::from(!fine)) }
        }
        ForkResult::Parent { child } => {
            matches!(waitpid(child, None), Ok(WaitStatus::Exited(_, 0)))
        }
    }
}
