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
    let arch = std::env::consts::ARCH.try_into().expect("the filters know this processor");
    let refused = SeccompAction::Errno(libc::ENOSYS as u32);
    let filter = SeccompFilter::new(BTreeMap::from([(number, rules)]), SeccompAction::Allow, refused, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("one short rule");
    apply_filter(&program).is_ok()
}
