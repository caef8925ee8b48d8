//! A system that refuses some calls, as an older kernel or a sandbox does.

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::collections::BTreeMap;

/// A call that can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// All of `futex`.
    Futex,
    /// `futex` that changes a word and wakes.
    FutexWakeOp,
    /// `futex_waitv`.
    FutexWaitv,
    /// `membarrier`.
    Membarrier,
}

/// From now on the system says to this thread, and to those that it starts, that it has no such call.
/// False if the system knows no such filters.
///
/// For an [`Actor`](crate::Actor): there is no way back.
///
/// # Panics
///
/// On a processor that the filters are not made for.
#[must_use]
pub fn refuse(call: Call) -> bool {
    let (number, rules) = match call {
        Call::Futex => (libc::SYS_futex, vec![]),
        Call::FutexWaitv => (libc::SYS_futex_waitv, vec![]),
        Call::Membarrier => (libc::SYS_membarrier, vec![]),
        Call::FutexWakeOp => {
            // Whether private or not.
            let operation = !libc::FUTEX_PRIVATE_FLAG as u64 & u64::from(u32::MAX);
            let wakes = SeccompCmpOp::MaskedEq(operation);
            let condition = SeccompCondition::new(1, SeccompCmpArgLen::Dword, wakes, libc::FUTEX_WAKE_OP as u64);
            let rule = condition.and_then(|condition| SeccompRule::new(vec![condition]));
            (libc::SYS_futex, vec![rule.expect("a call has six arguments")])
        }
    };
    filter(BTreeMap::from([(number, rules)]), SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))
}

/// Runs `calls`, in which this thread must not call the system, and ends the process: well, or by a signal at the
/// first system call, or with 101 after a panic. To read the clock is allowed, since that is a system call only where
/// the processor's counter is of no use. If the system knows no such filters, `calls` are run without.
///
/// For an [`Actor`](crate::Actor).
///
/// # Panics
///
/// On a processor that the filters are not made for.
pub fn without_system_calls(calls: impl FnOnce()) -> ! {
    // What a panic prints would be a system call.
    std::panic::set_hook(Box::new(|_| end(101)));
    let allowed = [libc::SYS_exit_group, libc::SYS_clock_gettime].map(|number| (number, vec![]));
    let _ = filter(BTreeMap::from(allowed), SeccompAction::KillProcess, SeccompAction::Allow);
    calls();
    end(0)
}

/// Ends the process at once.
fn end(code: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// From now on these calls have the one action, and all others the other. False if the system knows no filters.
fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, others: SeccompAction, these: SeccompAction) -> bool {
    let arch = std::env::consts::ARCH.try_into().expect("the filters know this processor");
    let filter = SeccompFilter::new(rules, others, these, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("short rules");
    apply_filter(&program).is_ok()
}
