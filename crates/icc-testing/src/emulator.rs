//! What an emulator's system calls lack of the kernel's.

use crate::{RUNNER, in_forked_child};
use nix::errno::Errno;
use nix::libc;
use std::ptr::{null, null_mut};

/// Something that the kernel does and an emulator may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Pages that `fork` clears in the child.
    ClearedByFork,
    /// One wait at several futexes.
    WaitAtSeveral,
    /// Filters of system calls.
    Filters,
}

/// Whether these tests run in an emulator that has no such thing, which is then said: a test that
/// needs it has nothing to show there.
#[must_use]
pub fn emulator_lacks(feature: Feature) -> bool {
    let lacks = std::env::var_os(RUNNER).is_some() && !has(feature);
    if lacks {
        eprintln!("not tried: the emulator has none of this: {feature:?}");
    }
    lacks
}

/// Asks the system, by calls that change nothing of what others see.
fn has(feature: Feature) -> bool {
    match feature {
        Feature::ClearedByFork => {
            const PAGE: usize = 4096;
            let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            // SAFETY: a new mapping, at an address of the kernel's choice.
            let page = unsafe { libc::mmap(null_mut(), PAGE, access, flags, -1, 0) };
            if page == libc::MAP_FAILED {
                return false;
            }
            // SAFETY: the advice, the byte and the end are of that page alone. The child, whatever
            // other threads there were, only reads it.
            unsafe {
                let advised = libc::madvise(page, PAGE, libc::MADV_WIPEONFORK);
                page.cast::<u8>().write_volatile(1);
                // An emulator may take the advice and do nothing.
                let cleared = advised == 0 && in_forked_child(|| page.cast::<u8>().read_volatile() == 0);
                libc::munmap(page, PAGE);
                cleared
            }
        }
        Feature::WaitAtSeveral => {
            // SAFETY: a wait at no word at all, which is refused.
            let waited = unsafe { libc::syscall(libc::SYS_futex_waitv, null::<u8>(), 0, 0, null::<u8>(), 0) };
            waited == -1 && Errno::last() != Errno::ENOSYS
        }
        Feature::Filters => {
            // SAFETY: there is no filter at this address, so none is set.
            let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, null::<u8>()) };
            set == -1 && Errno::last() == Errno::EFAULT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Feature, has};

    #[test]
    fn this_kernel_has_all() {
        if std::env::var_os(crate::RUNNER).is_some() {
            return;
        }
        for feature in [Feature::ClearedByFork, Feature::WaitAtSeveral, Feature::Filters] {
            assert!(has(feature), "{feature:?}");
        }
    }
}
